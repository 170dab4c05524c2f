"""Unfinished files beside results: their names, and what becomes of those that a killed run left.

`name_beside` gives a name that says which process writes; `swept` removes from a folder those that nobody can be
writing any more. A file that was removed under its writer costs an error message and never a document: `kyso.disk`
does not make it anew.
"""

from __future__ import annotations

import hashlib
import os
import re
import secrets
import stat
import sys
from contextlib import suppress
from dataclasses import dataclass
from functools import cache
from pathlib import Path

QUIET_S = 24 * 3600
"""Nobody writes any more: between two writes of one result lie seconds, or a few slow answers of an authority."""
SLOW_S = 600
"""Younger ones are not spoken of: they may be somebody's work of this minute."""
_NAME = re.compile(r"\.kyso-(?:(?P<system>[0-9a-f]{8})-(?P<process>[1-9][0-9]{0,9})-)?[0-9a-f]{8}\.part")


@dataclass(frozen=True)
class Left:
    """What stopped runs left in a folder."""

    removed: tuple[Path, ...] = ()
    doubtful: tuple[Path, ...] = ()
    """Perhaps still written: on another computer, or from before this one was started anew."""


def name_beside() -> str:
    """A new name. Not longer than need be, because a path has a limit; the target's name may be at it.

    A lock would tell the living from the dead as well, but on a share (SMB) it keeps the writer's own reads out.
    """
    here = _system()
    return f".kyso-{f'{here}-{os.getpid()}-' if here else ''}{secrets.token_hex(4)}.part"


def swept(folder: Path, *, now: float) -> Left:
    """Removes what was left in `folder` and nobody can be writing; `now` in seconds since 1970.

    That is certain where the process was one of this very system and has ended, else after a day without a write.
    What another user made stays, and a folder that cannot be read has nothing.
    """
    removed: list[Path] = []
    doubtful: list[Path] = []
    with suppress(OSError), os.scandir(folder) as entries:
        for name in sorted(entry.name for entry in entries if _NAME.fullmatch(entry.name)):
            path = folder / name
            with suppress(OSError):  # another run was faster, or it is open (Windows)
                found = path.lstat()
                if not stat.S_ISREG(found.st_mode) or not _is_ours(found):
                    continue
                quiet_s = now - found.st_mtime
                lives = _lives(name)
                if lives is False or (lives is None and quiet_s >= QUIET_S):
                    path.unlink()
                    removed.append(path)
                elif lives is None and quiet_s >= SLOW_S:
                    doubtful.append(path)
    return Left(tuple(removed), tuple(doubtful))


def _lives(name: str) -> bool | None:
    """Whether the process that writes the file lives; None where this system cannot know."""
    match = _NAME.fullmatch(name)
    if sys.platform == "win32" or match is None or match["system"] is None or match["system"] != _system():
        return None
    try:
        os.kill(int(match["process"]), 0)
    except ProcessLookupError:
        return False
    except (OSError, OverflowError):
        return True  # somebody else's
    return not _has_ended(match["process"])


def _has_ended(process: str) -> bool:
    """Whether it has ended and only waits for its parent to ask how: in a container that may be never."""
    with suppress(OSError):
        return Path(f"/proc/{process}/stat").read_bytes().rpartition(b")")[2].split()[:1] in ([b"Z"], [b"X"])
    return False


def _is_ours(found: os.stat_result) -> bool:
    return sys.platform == "win32" or found.st_uid == os.geteuid()


@cache
def _system() -> str | None:
    """Tells this run of this system, and the processes that see each other's numbers (a container's own ones do
    not), from all others; None where the system does not say, as on Windows and macOS."""
    with suppress(OSError):
        boot = Path("/proc/sys/kernel/random/boot_id").read_text("ascii").strip()
        processes = Path("/proc/self/ns/pid").readlink()
        return hashlib.sha256(f"{boot} {processes}".encode()).hexdigest()[:8]
    return None
