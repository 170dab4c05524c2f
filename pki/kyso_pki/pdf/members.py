"""Whether object streams hold what the cross-reference says (attack class P5), without decoding what they hold.

Reach for `members_astray`. Poppler asks an object stream for its third member, PDFium for its member 7, MuPDF takes
over all of them: of a stream with two members 7, or another third one, each shows another object.
"""

from __future__ import annotations

import zlib
from collections.abc import Iterator, Sequence
from itertools import groupby
from typing import Final

from ..errors import FormatError
from .objects import Stream
from .reader import ObjectStream, Reader
from .xref import PLAIN

SHORT_HEAD: Final = 1 << 14  # bytes of a header that is decoded alone; usual ones have some 800
_DIGITS: Final = b"0123456789 \n"


def members_astray(reader: Reader, revision: int) -> Iterator[str]:
    """What is wrong with the entries of objects in object streams, as of a revision. Raises `FormatError`."""
    known: dict[int, Sequence[int]] = {}  # by offset: a thousand updates may all name one large stream
    for saved in reader.revisions[: revision + 1]:
        held: dict[int, Sequence[int]] = {}
        for section in saved.sections:
            for numbers, streams, indexes in section.members():
                first = 0
                for stream, group in groupby(streams):
                    stop = first + len(list(group))
                    if stream not in held:
                        held[stream] = _numbers(reader, stream, saved.index, known)
                    yield from _compared(stream, held[stream], numbers[first:stop], indexes[first:stop])
                    first = stop


def _compared(stream: int, held: Sequence[int], numbers: Sequence[int], indexes: Sequence[int]) -> Iterator[str]:
    count = len(numbers)
    if list(numbers) == held[:count] and list(indexes) == list(range(count)):
        return
    for number, index in zip(numbers, indexes, strict=True):
        if index >= len(held) or held[index] != number:
            yield f"The cross-reference says that object {number} is number {index} in object stream {stream}."


def _numbers(reader: Reader, number: int, revision: int, known: dict[int, Sequence[int]]) -> Sequence[int]:
    """The numbers of all members of an object stream, of which no two are the same."""
    entry = reader.entry(number, revision)
    if entry is None or entry.kind != PLAIN:
        raise FormatError(f"PDF: the object stream {number} is missing or is itself compressed.")
    if entry.a not in known:
        holder = reader.at(number, entry, revision)
        numbers = _short_head(holder.value) if isinstance(holder.value, Stream) else None
        known[entry.a] = ObjectStream(holder, reader.budget).numbers if numbers is None else numbers
    return known[entry.a]


def _short_head(stream: Stream) -> list[int] | None:
    """The numbers from the head of a stream of the usual kind; None where all of it must be looked at."""
    dictionary = stream.dictionary
    count, first = dictionary.get("N"), dictionary.get("First")
    usual = dictionary.get("Filter") == "FlateDecode" and "DecodeParms" not in dictionary and "F" not in dictionary
    if not usual or dictionary.get("Type") != "ObjStm" or type(first) is not int or not 0 < first <= SHORT_HEAD:
        return None
    try:
        head = zlib.decompressobj().decompress(stream.raw, first)
    except zlib.error:
        return None
    if len(head) != first or head.translate(None, _DIGITS) or type(count) is not int:
        return None
    header = list(map(int, head.split()))
    numbers, offsets = header[::2], header[1::2]
    right = (
        len(header) == 2 * count and len(set(numbers)) == count == len(set(offsets)) and offsets == sorted(offsets)
    )
    return numbers if right else None
