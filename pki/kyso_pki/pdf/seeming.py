"""What looks like an object to readers that search for objects instead of following the cross-reference.

Reach for `seeming_objects`. Poppler and MuPDF search the whole file as soon as one reference leads nowhere: then a
string or a stream that an update brings, and that says `5 0 obj`, takes the place of what was signed (P4, P5).
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import partial
from typing import Final

from ..octets import find
from .tokens import END

MAX_BEFORE: Final = 512  # bytes before a keyword that are looked at: two numbers, white space, a comment
MAX_LINE: Final = 200  # of white space, or of what may be a comment; longer ones are taken for a header
_SPACE: Final = b"\x00\t\n\x0c\r "
_DIGITS: Final = b"0123456789"

_ends = re.compile(END).match


def seeming_objects(data: bytes, start: int, stop: int) -> int:
    """How many headers `N G obj` and trailers stand in `data[start:stop]`, in strings, streams and comments too."""
    found = 0
    for at in _all(data, b"obj", start, stop):
        if data[at - 3 : at] != b"end" and _is_header(data, at):
            found += 1
    for at in _all(data, b"trailer", start, stop):
        found += _is_trailer(data, at + len(b"trailer"))
    return found


def _all(data: bytes, word: bytes, start: int, stop: int) -> Iterator[int]:
    search = data.find if isinstance(data, bytes) else partial(find, data)
    while (start := search(word, start, stop)) >= 0:  # some ten times as fast as a pattern
        yield start
        start += len(word)


def _is_trailer(data: bytes, end: int) -> bool:
    """Whether a dictionary, or a comment before one, follows."""
    return bytes(data[end : end + MAX_BEFORE]).lstrip(_SPACE)[:2].startswith((b"<<", b"%"))


def _is_header(data: bytes, at: int) -> bool:
    """Whether two numbers stand before the keyword, or a comment that may hide them."""
    if at and data[at - 1] not in _SPACE + _DIGITS:  # as in `endobj`
        return False
    before = bytes(data[max(0, at - MAX_BEFORE) : at])
    behind_generation = before.rstrip(_SPACE)
    if _hides(before, behind_generation):
        return _ends(data, at + len(b"obj")) is not None
    generation = behind_generation.rstrip(_DIGITS)
    number = generation.rstrip(_SPACE)
    if len(generation) == len(behind_generation):
        return False
    return _hides(generation, number) or (len(number) < len(generation) and number[-1] in _DIGITS)


def _hides(before: bytes, rest: bytes) -> bool:
    """Whether the white space after `rest` may follow a comment, or is too long to look at."""
    gap = before[len(rest) :]
    if len(gap) > MAX_LINE:
        return True
    if b"\n" not in gap and b"\r" not in gap:
        return False
    line = rest[max(rest.rfind(b"\n"), rest.rfind(b"\r")) + 1 :]
    return b"%" in line or len(line) == len(rest) > MAX_LINE
