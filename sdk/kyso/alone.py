"""One program at a time: a file that is locked as long as somebody works, and free again when its process has ended.

Reach for `alone`; `kyso_hsm.locking` is for who waits in a way of his own.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import IO

from kyso_hsm.locking import try_lock


@contextmanager
def alone(path: Path) -> Iterator[bool]:
    """Whether this is the only one here as long as the block lasts; the file goes with it."""
    while True:
        with os.fdopen(os.open(path, os.O_RDWR | os.O_CREAT, 0o600), "r+b") as lock:
            if not try_lock(lock):
                yield False
                return
            if _is_at(path, lock):
                try:
                    yield True
                finally:
                    # Windows removes no file that is open: it stays, and locks nobody out.
                    with suppress(OSError):
                        path.unlink()
                return
        # whoever was here before has removed the file between the two calls


def _is_at(path: Path, lock: IO[bytes]) -> bool:
    try:
        return os.path.samestat(path.stat(), os.fstat(lock.fileno()))
    except FileNotFoundError:
        return False
