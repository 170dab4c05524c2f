"""A file that may be larger than memory, read through a read-only memory map.

Reach for `opened` to read a file once: small ones as bytes, large ones as a map. `Mapped` maps a file of any size and
gives it in pieces besides, for signing. A map shows what the file is at each moment. Who changes it while it is being
read would have one thing hashed and another judged; so `opened` compares its size and times afterwards and refuses a
file that moved, and `Start` opens the very file again, in this process or another, or refuses.
"""

from __future__ import annotations

import contextlib
import errno
import mmap
import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import BinaryIO

from kyso_pki.errors import EmptyInput, FormatError
from kyso_pki.octets import Octets

MAPPED_FROM = 8 << 20  # bytes; below that a copy costs nothing and cannot change under our hands
PIECE_BYTES = 1 << 20  # read and hashed at a time


@contextlib.contextmanager
def opened(path: str | os.PathLike[str]) -> Iterator[Octets]:
    """The file's octets, for as long as the block lasts. Raises `OSError`, and `FormatError` when it changed."""
    with Path(path).open("rb") as file:
        if os.fstat(file.fileno()).st_size < MAPPED_FROM:  # pipes and devices too: their size is 0
            yield file.read()
            return
        view = FileMap.of(file, path)
        try:
            yield view
        finally:
            view.done()
        if _identity(file) != view.identity:
            raise _changed(view.path)


class FileMap(mmap.mmap):
    """A read-only map that knows of which file it is."""

    path: str
    """Absolute."""
    identity: tuple[int, ...]
    """Device and number of the file, its size and its time of change when it was mapped."""

    @classmethod
    def of(cls, file: BinaryIO, path: str | os.PathLike[str], size: int = 0) -> FileMap:
        """The open file, or its first `size` bytes."""
        made = cls(file.fileno(), size, access=mmap.ACCESS_READ)
        made.path, made.identity = str(Path(path).absolute()), _identity(file)
        return made

    def start(self, size: int) -> Start:
        """Its first `size` bytes, to be opened again."""
        return Start(self.path, self.identity, size)

    def done(self) -> None:
        with contextlib.suppress(BufferError):  # somebody, an error text even, still refers to it: it goes with that
            self.close()


@dataclass(frozen=True)
class Start:
    """The first `size` bytes of a file that was mapped, to be read once more from the disk."""

    path: str
    identity: tuple[int, ...]
    size: int

    def open(self) -> BinaryIO:
        """The whole file. Raises `OSError`, and `FormatError` when there is another one under its name by now."""
        file = Path(self.path).open("rb")  # noqa: SIM115 - whoever asks for it closes it
        if _identity(file) != self.identity:
            file.close()
            raise _changed(self.path)
        return file

    def map(self) -> FileMap:
        """Those bytes as a map. Raises as `open`."""
        with self.open() as file:
            return FileMap.of(file, self.path, self.size)


class Mapped:
    """A file as a read-only memory map, and in pieces. Raises `OSError`, `EmptyInput`."""

    def __init__(self, path: str | os.PathLike[str]) -> None:
        self._file = Path(path).open("rb")  # noqa: SIM115 - closed in close
        try:
            self.size = os.fstat(self._file.fileno()).st_size
            if not self.size:
                raise EmptyInput("The input is empty (0 bytes).", remedy="Check that the file was stored completely.")
            self.map = FileMap.of(self._file, path)
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
        self.map.done()

    def __enter__(self) -> Mapped:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


def _identity(file: BinaryIO) -> tuple[int, ...]:
    found = os.fstat(file.fileno())
    return found.st_dev, found.st_ino, found.st_size, found.st_mtime_ns


def _changed(path: str) -> FormatError:
    return FormatError(
        f"{path} was changed while it was being read.",
        remedy="Verify a copy that nobody writes to.",
    )
