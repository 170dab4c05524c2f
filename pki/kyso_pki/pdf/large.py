"""The data of large streams, which are passed over where references are searched for.

Reach for `large_streams`. An image of a megabyte refers to nothing, and to find out where it ends costs less than to
search it.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import pairwise
from typing import Final

from .objects import UNREADABLE, Stream
from .reader import Reader

LARGE: Final = 1 << 13  # bytes of a stream from which on to read where it ends is cheaper than to search it
DENSE: Final = 1 << 9  # bytes for each object below which no stream is worth looking for


def large_streams(reader: Reader) -> Iterator[tuple[int, int]]:
    """`[start, stop)` of the data of each, ascending: what the reader takes for them, with no listed object inside.

    `endstream` stands behind it, and `stream` before it, so that no reference lies on a border.
    """
    size = len(reader.data)
    if size < LARGE or size < DENSE * sum(section.count for saved in reader.revisions for section in saved.sections):
        return
    for start, stop in pairwise([*reader.places, size]):
        if stop - start > LARGE and (found := _stream_at(reader, start)) is not None:
            end = found.start + found.length
            if start < found.start and end <= stop:
                yield found.start, end


def _stream_at(reader: Reader, offset: int) -> Stream | None:
    saved = reader.revision_of(offset)
    try:
        found = reader.standing_at(offset, None if saved is None else saved.index).value
    except UNREADABLE:  # it is searched like anything else
        return None
    return found if isinstance(found, Stream) else None
