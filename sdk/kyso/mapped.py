"""A file to be read once: small ones as bytes, large ones as a memory map, so that memory stays constant.

A map shows what the file is at each moment. Who changes it while it is being read would have one thing hashed and
another judged; so its size and times are compared afterwards, and a file that moved is refused.
"""

from __future__ import annotations

import contextlib
import mmap
import os
from collections.abc import Iterator
from pathlib import Path

from kyso_pki.errors import FormatError
from kyso_pki.octets import Octets

MAPPED_FROM = 8 << 20  # bytes; below that a copy costs nothing and cannot change under our hands


@contextlib.contextmanager
def opened(path: str | os.PathLike[str]) -> Iterator[Octets]:
    """The file's octets, for as long as the block lasts. Raises `OSError`, and `FormatError` when it changed."""
    with Path(path).open("rb") as file:
        before = os.fstat(file.fileno())
        if before.st_size < MAPPED_FROM:  # pipes and devices too: their size is 0
            yield file.read()
            return
        view = mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ)
        try:
            yield view
        finally:
            with contextlib.suppress(BufferError):  # an error text may still refer to it; then it goes with that
                view.close()
        after = os.fstat(file.fileno())
        if (before.st_size, before.st_mtime_ns) != (after.st_size, after.st_mtime_ns):
            raise FormatError(
                f"{path} was changed while it was being read.",
                remedy="Verify a copy that nobody writes to.",
            )
