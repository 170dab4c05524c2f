"""Documents in and out: `-` is a pipe, a result is whole or not there.

`read` gives the octets of a file or of standard input. `write_whole` writes beside the target, syncs and renames
(`kyso.disk`); what stood there is replaced only when the caller says so.
"""

from __future__ import annotations

import errno
import os
import stat
import sys
from collections.abc import Sequence
from pathlib import Path

from .errors import Stop

PIPE = "-"
DISK_FAILED = {errno.ENOSPC, getattr(errno, "EDQUOT", errno.ENOSPC), errno.EIO}
"""No wrong usage: another name would not help."""
LIMIT_VARIABLE, DEFAULT_MAX_MB, MB = "KYSO_MAX_MB", 512, 1024 * 1024


def check_input(name: str, *, streamed: bool = False) -> None:
    """Refuses an input that cannot be read, before any work. `streamed`: a PDF may have any size. Raises `Stop`."""
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
    if found.st_size > max_bytes() and not (streamed and _is_pdf(Path(name))):
        raise Stop("file_too_large", path=name, limit=max_bytes() // MB)


def refused_inputs(names: Sequence[str], *, streamed: bool = False) -> dict[str, Stop]:
    """Of several inputs those that cannot be read, each with the reason: one dead link must not stop the others.

    Raises `Stop` when there is only one.
    """
    max_bytes()  # a wrong KYSO_MAX_MB is about none of them
    refused: dict[str, Stop] = {}
    for name in names:
        try:
            check_input(name, streamed=streamed)
        except Stop as e:
            if len(names) == 1:
                raise
            refused[name] = e
    return refused


def _is_pdf(path: Path) -> bool:
    from kyso_pki.formats import is_pdf

    with path.open("rb") as file:
        return is_pdf(file.read(1024))


def is_signature(path: Path) -> bool:
    """Whether a file that can be read is a CMS signature file; `check_input` says what is wrong with another."""
    from kyso_pki.formats import is_signature_file

    try:
        with path.open("rb") as file:
            return is_signature_file(file.read(64))
    except OSError:
        return False


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
    from kyso.disk import Beside

    try:
        found = target.stat() if target.exists() else None
        if found is not None and stat.S_ISDIR(found.st_mode):
            raise Stop("file_is_folder", path=target)
        if found is not None and not stat.S_ISREG(found.st_mode):
            raise Stop("output_special", path=target)
        if found is not None and not force:
            raise Stop("output_exists", path=target)
        if not target.parent.is_dir():
            raise Stop("folder_missing", path=target.parent)
        with Beside(target, mode=0o600):
            pass
    except OSError as e:
        if e.errno in DISK_FAILED:
            raise
        key = "output_name" if e.errno == errno.ENAMETOOLONG else "output_unwritable"
        raise Stop(key, path=target, why=e.strerror) from None


def output_refused(target: Path, *, force: bool, among_many: bool) -> Stop | None:
    """As `check_output`; what is about one of many targets alone is given back, so that the others are made."""
    try:
        check_output(target, force=force)
    except Stop as e:
        if among_many and e.key in ("output_name", "output_special", "file_is_folder"):
            return e
        raise
    return None


def write_whole(target: Path, data: bytes, *, force: bool = False, mode: int = 0o666) -> None:
    """Writes `data` so that `target` is either the whole file or as it was. Raises `Stop`, `OSError`.

    `mode` is what the file's permissions may be at most; the umask takes away from it.
    """
    from kyso.disk import Beside

    try:
        with Beside(target, force=force, mode=mode) as beside:
            beside.append((data,))
            beside.commit()
    except FileExistsError:
        raise Stop("output_exists", path=target) from None
