"""Files larger than memory: read through a map and in pieces, written beside the target and renamed.

`Mapped` opens a file without reading it. `Beside` is a file that becomes the target whole or not at all: it is synced
before it takes the target's name, and without `force` it never takes the place of another file.
"""

from __future__ import annotations

import errno
import mmap
import os
import secrets
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from types import TracebackType
from typing import BinaryIO

from kyso_pki.errors import EmptyInput

PIECE_BYTES = 1 << 20  # read and hashed at a time


class Mapped:
    """A file as a read-only memory map. Raises `OSError`, `EmptyInput`."""

    def __init__(self, path: str | os.PathLike[str]) -> None:
        self._file = Path(path).open("rb")  # noqa: SIM115 - closed in close
        try:
            self.size = os.fstat(self._file.fileno()).st_size
            if not self.size:
                raise EmptyInput("The input is empty (0 bytes).", remedy="Check that the file was stored completely.")
            self.map = mmap.mmap(self._file.fileno(), 0, access=mmap.ACCESS_READ)
        except BaseException:
            self._file.close()
            raise

    def pieces(self) -> Iterator[bytes]:
        """The file from its first byte to its last. It is read, not taken from the map, whose pages would pile up."""
        position = 0
        while position < self.size:
            self._file.seek(position)
            piece = self._file.read(min(PIECE_BYTES, self.size - position))
            if not piece:
                raise OSError(errno.EIO, "the file became shorter while it was read", self._file.name)
            position += len(piece)
            yield piece

    def close(self) -> None:
        self._file.close()
        with suppress(BufferError):  # somebody still looks at it; then it goes with him
            self.map.close()

    def __enter__(self) -> Mapped:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


class Beside:
    """A file beside `target`, removed at the end unless `commit` gave it the target's name.

    Raises `FileExistsError` where the target exists and `force` is not set, `OSError` naming the target.
    """

    def __init__(self, target: str | os.PathLike[str], *, force: bool = False, mode: int = 0o666) -> None:
        self.target = Path(target)
        # Not longer than need be, because the target's name may be at the limit.
        self.path = self.target.with_name(f".kyso-{secrets.token_hex(4)}.part")
        self._force = force
        self._mode = mode

    def __enter__(self) -> Beside:
        try:
            flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | getattr(os, "O_BINARY", 0)
            os.close(os.open(self.path, flags, self._mode))
        except OSError as e:
            raise self._named(e) from e
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.path.unlink(missing_ok=True)

    def append(self, pieces: Iterator[bytes] | tuple[bytes, ...]) -> None:
        """Writes at the end and syncs."""
        try:
            with self.path.open("ab") as file:
                self._write(file, pieces)
        except OSError as e:
            raise self._named(e) from e

    def _write(self, file: BinaryIO, pieces: Iterator[bytes] | tuple[bytes, ...]) -> None:
        for piece in pieces:
            file.write(piece)
        file.flush()
        os.fsync(file.fileno())

    def commit(self) -> None:
        """Gives the file the target's name."""
        try:
            self._place()
            _sync_folder(self.target.parent)
        except FileExistsError:
            raise
        except OSError as e:
            raise self._named(e) from e

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

    def _named(self, error: OSError) -> OSError:
        """A full disk names no file, and the one beside means nothing to anybody."""
        return OSError(error.errno, error.strerror, str(self.target))


def _sync_folder(folder: Path) -> None:
    """Makes the rename itself durable; Windows does that by itself and opens no folders."""
    if os.name == "nt":
        return
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
