"""References of another generation than 0, of which readers make different things (attack class P5).

Reach for `unusual_between`. MuPDF and PDFium do not look at the generation of a reference; a file that has only plain
ones, as nearly all have, is the same to all.
"""

from __future__ import annotations

import re
from typing import Final

from ..octets import WINDOW, release
from .tokens import SPACE

MAX_BEFORE: Final = 512  # bytes before the R of a reference that are looked at, as in `seeming`
_W: Final = rb"[" + SPACE + rb"]"
_unusual = re.compile(rb"R(?<=" + _W + rb"R)(?<! 0 R)(?![A-Za-z0-9])").finditer
_comment = re.compile(rb"(?:^|[0-9])" + _W + rb"*%").search
_DIGITS: Final = b"0123456789"
_SPACE: Final = b"\x00\t\n\x0c\r "


def unusual_between(data: bytes, begin: int, end: int) -> bool:
    """Whether what could be a reference in `data[begin:end]` is not plainly one of generation 0.

    What stands before it, and behind the R, is looked at beyond these bounds too.
    """
    for start in range(begin, end, WINDOW):
        stop = min(start + WINDOW, end)
        if any(_is_unusual(data, m.start()) for m in _unusual(data, start, min(stop + 1, end))):
            return True
        if not isinstance(data, bytes):
            release(data, start, stop)
    return False


def _is_unusual(data: bytes, at: int) -> bool:
    """Whether a generation other than 0 stands before an R, or a comment that may hide one."""
    before = data[max(0, at - MAX_BEFORE) : at]
    rest = before.rstrip(_SPACE)
    digits = len(rest) - len(rest.rstrip(_DIGITS))
    if digits:  # and before it a number, or a comment behind one
        number = rest[:-digits].rstrip(_SPACE)
        return bool(rest[-digits:].strip(b"0")) and len(number) + digits < len(rest) and _named(number)
    gap = before[len(rest) :]
    if len(gap) == len(before):
        return True  # more white space than is looked at
    return (b"\n" in gap or b"\r" in gap) and _comment(_last_line(rest)) is not None


def _named(number: bytes) -> bool:
    """Whether digits end there, or what may be a comment."""
    return not number or number[-1] in _DIGITS or _comment(_last_line(number)) is not None


def _last_line(text: bytes) -> bytes:
    return text[max(text.rfind(b"\n"), text.rfind(b"\r")) + 1 :]
