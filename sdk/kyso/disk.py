"""Results on disk: written beside the target and renamed.

`Beside` is a file that becomes the target whole or not at all: it is synced before it takes the target's name, and
without `force` it never takes the place of another file. It may be larger than memory (`mapped` reads such files).
What a killed run left is found by its name (`parts`).
"""

from __future__ import annotations

import errno
import os
import stat
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from io import FileIO
from pathlib import Path
from types import TracebackType

from .parts import name_beside

_OF_ONE_FILE = frozenset({errno.EEXIST, errno.EFBIG, errno.ENAMETOOLONG, errno.EINVAL, errno.EILSEQ})
"""What the system has against one target (its size, its name); all else it would have against the next one too."""


class TargetLost(OSError):
    """The place of the results takes nothing: full, read-only, no permission, broken. `filename` is the target.

    The next result would fare no better, so a batch stops; an input that cannot be read stays a plain `OSError`.
    """


class Beside:
    """A file beside `target`, removed at the end unless `commit` gave it the target's name.

    Raises `FileExistsError` where the target exists and `force` is not set, `TargetLost` where the place takes
    nothing, else `OSError`, each naming the target. What is no file, a device or a pipe, is never replaced.
    """

    def __init__(self, target: str | os.PathLike[str], *, force: bool = False, mode: int = 0o666) -> None:
        self.target = Path(target)
        self.path = self.target.with_name(name_beside())
        self._force = force
        self._mode = mode

    def __enter__(self) -> Beside:
        if is_special(self.target):  # a rename would take the place of /dev/null for every program
            why = "it is a device, a pipe or a socket"
            raise OSError(errno.EINVAL, why, str(self.target))
        with self._named():
            flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | getattr(os, "O_BINARY", 0)
            os.close(os.open(self.path, flags, self._mode))
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.path.unlink(missing_ok=True)

    def append(self, pieces: Iterable[bytes | memoryview]) -> None:
        """Writes at the end and syncs. An `OSError` of the pieces themselves comes as it is."""
        with self._named():
            # Never made anew: what was written before would be missing. And no buffer, or what it still holds
            # would fail once more at the close.
            flags = os.O_WRONLY | os.O_APPEND | getattr(os, "O_BINARY", 0)
            file = FileIO(os.open(self.path, flags), "ab")
        with file:
            for piece in pieces:
                with self._named():
                    _write_all(file, piece)
            with self._named():
                os.fsync(file.fileno())

    def commit(self) -> None:
        """Gives the file the target's name."""
        with self._named(replacing=self._force):
            self._place()
        with self._named():
            _sync_folder(self.target.parent)

    def _place(self) -> None:
        if self._force:
            self.path.replace(self.target)
            return
        try:
            self.target.hardlink_to(self.path)
        except FileExistsError:
            raise
        except (OSError, NotImplementedError):  # a file system without hard links (FAT on a USB stick)
            if self.target.exists():
                raise FileExistsError(errno.EEXIST, os.strerror(errno.EEXIST), str(self.target)) from None
            self.path.replace(self.target)

    @contextmanager
    def _named(self, *, replacing: bool = False) -> Iterator[None]:
        """Errors with the target's name: a full disk names no file, and the one beside means nothing to anybody."""
        try:
            yield
        except OSError as e:
            held = replacing and isinstance(e, PermissionError) and self.target.exists()  # open elsewhere (Windows)
            kind = OSError if held or e.errno in _OF_ONE_FILE else TargetLost
            raise kind(e.errno, e.strerror, str(self.target)) from e


def is_special(path: Path) -> bool:
    """Whether something stands there that is neither a file nor a folder. Raises `OSError`."""
    try:
        kind = path.stat().st_mode
    except (FileNotFoundError, NotADirectoryError):
        return False
    return not stat.S_ISREG(kind) and not stat.S_ISDIR(kind)


def _write_all(file: FileIO, piece: bytes | memoryview) -> None:
    rest = memoryview(piece)
    while rest:
        rest = rest[file.write(rest) :]


def _sync_folder(folder: Path) -> None:
    """Makes the rename itself durable; Windows does that by itself and opens no folders."""
    if os.name == "nt":
        return
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
