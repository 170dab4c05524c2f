"""Where a trust store lies, and how it is read and changed: one file, written beside, synced and renamed.

Reach for `TrustFolder().read()` and `keep`. Whoever can write in this folder decides whom this user trusts: it is
made for the user alone.
"""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from kyso_hsm.locking import try_lock
from kyso_pki.errors import FormatError, UsageError
from kyso_pki.trust.kept import Kept

from ..disk import Beside

VARIABLE = "KYSO_TRUST_STORE"
FILE_NAME = "trust.json"
MAX_BYTES = 64 << 20  # against memory exhaustion; the anchors of all of Europe take some 8 MB
WAIT_S = 10.0


def trust_folder() -> Path:
    """KYSO_TRUST_STORE, else `kyso/trust` in the place that the platform has for settings."""
    if named := os.environ.get(VARIABLE):
        return Path(named)
    if sys.platform == "win32":
        return Path(os.environ.get("APPDATA") or Path.home() / "AppData" / "Roaming") / "kyso" / "trust"
    if sys.platform == "darwin":
        return Path.home() / "Library" / "Application Support" / "kyso" / "trust"
    return Path(os.environ.get("XDG_CONFIG_HOME") or Path.home() / ".config") / "kyso" / "trust"


class TrustFolder:
    """One user's trust store."""

    def __init__(self, folder: str | os.PathLike[str] | None = None) -> None:
        """`folder` None means `trust_folder()`."""
        self.path = (trust_folder() if folder is None else Path(folder)) / FILE_NAME

    def read(self) -> Kept | None:
        """What it holds; None when there is none. Raises `UsageError` for a file that cannot be read as one."""
        try:
            with self.path.open("rb") as file:
                data = file.read(MAX_BYTES + 1)
        except (FileNotFoundError, NotADirectoryError):
            return None
        except OSError as e:
            raise UsageError(f"The trust store {self.path} cannot be read: {e.strerror}.") from None
        if len(data) > MAX_BYTES:
            raise UsageError(f"The trust store {self.path} is larger than {MAX_BYTES} octets.")
        try:
            return Kept.from_bytes(data)
        except FormatError as e:
            raise UsageError(
                f"The trust store {self.path} cannot be used: {e.message}.",
                remedy="Take it from a backup, or move it away and import its bundles again.",
            ) from None

    def keep(self, kept: Kept, instead_of: Kept | None) -> None:
        """Makes `kept` the store in the place of what was read before.

        Raises `UsageError` when another program has changed it meanwhile, `OSError`.
        """
        self.path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        with self._locked():
            if self.read() != instead_of:
                raise UsageError(f"The trust store {self.path} was changed meanwhile.", remedy="Run it again.")
            with Beside(self.path, force=True, mode=0o600) as beside:
                beside.append((kept.to_bytes(),))
                beside.commit()

    @contextmanager
    def _locked(self) -> Iterator[None]:
        with os.fdopen(os.open(self.path.with_suffix(".lock"), os.O_RDWR | os.O_CREAT, 0o600), "r+b") as lock:
            end = time.monotonic() + WAIT_S
            while not try_lock(lock):
                if time.monotonic() > end:
                    raise UsageError(f"Another program is changing the trust store {self.path}.")
                time.sleep(0.02)
            yield  # closing the file gives the lock back, and so does the end of the process
