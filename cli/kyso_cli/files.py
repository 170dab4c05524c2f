"""Documents in and out: `-` is a pipe, a result is whole or not there.

`read` gives the octets of a file or of standard input. `write_whole` writes beside the target, syncs and
renames; what stood there is replaced only when the caller says so.
"""

from __future__ import annotations

import errno
import os
import secrets
import stat
import sys
from pathlib import Path

from .errors import Stop

PIPE = "-"
LIMIT_VARIABLE, DEFAULT_MAX_MB, MB = "KYSO_MAX_MB", 512, 1024 * 1024


def check_input(name: str, *, held: bool = True) -> None:
    """Refuses an input that cannot be read, before any work. Raises `Stop`.

    `held`: it will be held in memory, so its size is limited.
    """
    if name == PIPE:
        return
    try:
        found = Path(name).stat()
    except FileNotFoundError:
        raise Stop("file_missing", path=name) from None
    except OSError as e:
        raise Stop("file_unreadable", path=name, why=e.strerror) from None
    if stat.S_ISDIR(found.st_mode):
        raise Stop("file_is_folder", path=name)
    if not stat.S_ISREG(found.st_mode):  # a FIFO would be waited for, a device never ends
        raise Stop("file_not_regular", path=name)
    if not os.access(name, os.R_OK):
        raise Stop("file_unreadable", path=name, why=os.strerror(errno.EACCES))
    if held and found.st_size > max_bytes():
        raise Stop("file_too_large", path=name, limit=max_bytes() // MB)


def max_bytes() -> int:
    """How large an input may be: 512 MiB, or KYSO_MAX_MB. It is held in memory. Raises `Stop`."""
    text = os.environ.get(LIMIT_VARIABLE) or str(DEFAULT_MAX_MB)
    if not (text.isascii() and text.isdigit() and int(text)):
        raise Stop("environment_number", name=LIMIT_VARIABLE)
    return int(text) * MB


def read(name: str) -> bytes:
    """The whole input. Raises `OSError`, `Stop` where it is larger than `max_bytes`."""
    most = max_bytes()
    if name == PIPE:
        if sys.stdin is None:  # `<&-`
            raise OSError(errno.EBADF, os.strerror(errno.EBADF), name)
        data = sys.stdin.buffer.read(most + 1)
    else:
        with Path(name).open("rb") as file:
            data = file.read(most + 1)
    if len(data) > most:
        raise Stop("file_too_large", path=name, limit=most // MB)
    return data


def check_output(target: Path, *, force: bool) -> None:
    """Refuses a target that exists (unless `force`) or that cannot be written, before any work. Raises `Stop`.

    The folder is tried by making an empty file in it: permissions alone tell nothing of a read-only disk.
    """
    try:
        found = target.stat() if target.exists() else None
        if found is not None and stat.S_ISDIR(found.st_mode):
            raise Stop("file_is_folder", path=target)
        if found is not None and not force:
            raise Stop("output_exists", path=target)
        if not target.parent.is_dir():
            raise Stop("folder_missing", path=target.parent)
        beside = _beside(target)
        os.close(os.open(beside, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600))
        beside.unlink()
    except OSError as e:
        raise Stop("output_unwritable", path=target, why=e.strerror) from None


def _beside(target: Path) -> Path:
    """A name of our own in the same folder; not longer than need be, because the target's may be at the limit."""
    return target.with_name(f".kyso-{secrets.token_hex(4)}.part")


def write_whole(target: Path, data: bytes, *, force: bool = False, mode: int = 0o666) -> None:
    """Writes `data` so that `target` is either the whole file or as it was. Raises `Stop`, `OSError`.

    `mode` is what the file's permissions may be at most; the umask takes away from it.
    """
    beside = _beside(target)
    try:
        descriptor = os.open(beside, os.O_WRONLY | os.O_CREAT | os.O_EXCL | getattr(os, "O_BINARY", 0), mode)
        with open(descriptor, "wb") as file:  # noqa: PTH123 - from a descriptor
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        _place(beside, target, force=force)
    except OSError as e:  # a full disk names no file, and the one beside means nothing to anybody
        raise OSError(e.errno, e.strerror, str(target)) from e
    finally:
        beside.unlink(missing_ok=True)
    _sync_folder(target.parent)


def _place(beside: Path, target: Path, *, force: bool) -> None:
    """Renames; without `force` never over a file, even one that appeared a moment ago."""
    if force:
        beside.replace(target)
        return
    try:
        target.hardlink_to(beside)
    except FileExistsError:
        raise Stop("output_exists", path=target) from None
    except (OSError, NotImplementedError):  # a file system without hard links (FAT on a USB stick)
        if target.exists():
            raise Stop("output_exists", path=target) from None
        beside.replace(target)


def _sync_folder(folder: Path) -> None:
    """Makes the rename itself durable; Windows does that by itself and opens no folders."""
    if os.name == "nt":
        return
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
