"""Whether the entries of a cross-reference stand at their own objects (attack class P5), many at a time.

Reach for `astray`. An object in a file that a program wrote begins right behind the `endobj` of another one; where
that was seen too, nobody has to look for the ends of objects again (`dense`).
"""

from __future__ import annotations

import re
from bisect import bisect_left
from collections.abc import Iterator, Sequence
from typing import Final

from ..octets import release
from .columns import headers
from .objects import SPACE
from .xref import Section

AT_ONCE: Final = 512  # objects that are compared together where not all of them begin behind another one
LEAD: Final = 8  # bytes before an object in which the end of the one before is looked for
_header = re.compile(rb"(\d{1,10})[" + SPACE + rb"]++(\d{1,5})[" + SPACE + rb"]++obj(?![A-Za-z0-9])")
_lead = re.compile(rb"endobj[\r\n ]{1,2}\Z").search


def astray(
    data: bytes, section: Section, offsets: list[Sequence[int]], alone: list[int] | None = None
) -> Iterator[str]:
    """What is wrong with the entries of plain objects.

    `offsets` collects where objects are said to be; `alone`, where given, those of them that do not begin right
    behind an `endobj`.
    """
    for numbers, places, generations in section.plain():
        offsets.append(places)
        start = 0
        while start < len(numbers):  # numbers with equally many digits have headers of one length
            stop = bisect_left(numbers, 10 ** len(str(numbers[start])), start)
            part, at, own = numbers[start:stop], places[start:stop], generations[start:stop]
            if any(own):
                yield from _one_by_one(data, part, at, own)
                if alone is not None:
                    alone += at
            elif alone is None:
                if not _stand(data, part, at, b""):
                    yield from _one_by_one(data, part, at, [0] * len(part))
            else:
                yield from _behind_others(data, part, at, alone)
            start = stop
        if places and not isinstance(data, bytes):
            release(data, min(places), max(places))


def _behind_others(data: bytes, numbers: Sequence[int], places: Sequence[int], alone: list[int]) -> Iterator[str]:
    """The same of many, with what stands before each of them."""
    middle = places[len(places) // 2]
    found = _lead(data[max(middle - LEAD, 0) : middle])
    lead = found[0] if found else b""
    if lead and _stand(data, numbers, places, lead):
        return
    for first in range(0, len(numbers), AT_ONCE):
        few = slice(first, first + AT_ONCE)
        part, at = numbers[few], places[few]
        if lead and _stand(data, part, at, lead):
            continue
        alone += [o for o in at if not lead or data[max(o - len(lead), 0) : o] != lead]
        if not _stand(data, part, at, b""):
            yield from _one_by_one(data, part, at, [0] * len(part))


def _stand(data: bytes, numbers: Sequence[int], places: Sequence[int], lead: bytes) -> bool:
    """Whether each object begins with its own header, and right behind the lead."""
    expected = headers(numbers, before=lead)
    before, size = len(lead), len(expected) // len(numbers) - len(lead)
    return b"".join([data[o - before : o + size] for o in places]) == expected


def _one_by_one(
    data: bytes, numbers: Sequence[int], places: Sequence[int], generations: Sequence[int]
) -> Iterator[str]:
    for number, offset, generation in zip(numbers, places, generations, strict=True):
        m = _header.match(data, offset)
        if offset and (m is None or (int(m[1]), int(m[2])) != (number, generation)):
            there = f"object {int(m[1])} {int(m[2])}" if m else "no object"
            yield f"The cross-reference says that object {number} is at {offset}, but {there} is there."
