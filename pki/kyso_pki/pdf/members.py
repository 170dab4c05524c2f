"""Whether object streams hold what the cross-reference says (attack class P5), without decoding what they hold.

Reach for `members_astray`. Poppler asks an object stream for its third member, PDFium for its member 7, MuPDF takes
over all of them: of a stream with two members 7, or another third one, each shows another object.
"""

from __future__ import annotations

import zlib
from array import array
from bisect import bisect_left
from collections.abc import Callable, Iterator, Sequence
from functools import cached_property
from itertools import groupby
from typing import Final

from ..errors import FormatError
from .columns import headers
from .object_stream import ObjectStream, plain_header
from .objects import Stream
from .reader import Reader
from .xref import PLAIN, Members

SHORT_HEAD: Final = 1 << 14  # bytes of a header that is decoded alone; usual ones have some 800


class _Held:
    """What an object stream holds: how many objects, and their numbers as text with a space between them."""

    def __init__(self, count: int, spelled: bytes) -> None:
        self.count = count
        self.spelled = spelled

    @cached_property
    def numbers(self) -> list[int]:
        """The same as numbers, for what is not listed from the first to the last."""
        return list(map(int, self.spelled.split()))


def members_astray(reader: Reader, revision: int, *, whole: bool = False) -> Iterator[str]:
    """What is wrong with the entries of objects in object streams, as of a revision. Raises `FormatError`.

    `whole`: what the streams hold is asked for next, so that they are decoded once for both while there is room.
    """
    known: dict[int, _Held] = {}  # by offset: a thousand updates may all name one large stream
    for saved in reader.revisions[: revision + 1]:
        held: dict[int, _Held] = {}

        def ask(stream: int, index: int = saved.index, held: dict[int, _Held] = held) -> _Held:
            if stream not in held:
                held[stream] = _held(reader, stream, index, known, whole=whole)
            return held[stream]

        for section in saved.sections:
            for members in section.members():
                yield from _astray(members, ask)


def _astray(members: Members, ask: Callable[[int], _Held]) -> Iterator[str]:
    """Entries that are not right; most files list one stream after the other, each from its first member on."""
    count = len(members.numbers)
    first = 0
    while first < count and members.indexes[first]:  # of a stream that begins among the entries before
        first += 1
    streams, indexes, spelled, ramp = array("Q"), array("Q"), bytearray(), array("Q")
    stop = first
    while stop < count and 0 < (held := ask(members.streams[stop])).count <= count - stop:
        streams.extend(array("Q", members.streams[stop : stop + 1]) * held.count)
        if held.count > len(ramp):
            ramp = array("Q", range(held.count))
        indexes += ramp[: held.count]
        spelled += held.spelled + b" "
        stop += held.count
    if (
        array("Q", members.streams[first:stop]) != streams
        or array("Q", members.indexes[first:stop]) != indexes
        or _spelled(members.numbers[first:stop]) != spelled
    ):
        stop = first
    for start, end in ((0, first), (stop, count)):
        yield from _one_by_one(Members(*(column[start:end] for column in members)), ask)


def _spelled(numbers: Sequence[int]) -> bytes:
    """Ascending numbers as text, a space after each."""
    parts: list[bytes] = []
    start = 0
    while start < len(numbers):
        stop = bisect_left(numbers, 10 ** len(str(numbers[start])), start)
        parts.append(headers(numbers[start:stop], b" "))
        start = stop
    return b"".join(parts)


def _one_by_one(members: Members, ask: Callable[[int], _Held]) -> Iterator[str]:
    first = 0
    for stream, group in groupby(members.streams):
        stop = first + len(list(group))
        held = ask(stream).numbers
        yield from _compared(stream, held, members.numbers[first:stop], members.indexes[first:stop])
        first = stop


def _compared(stream: int, held: Sequence[int], numbers: Sequence[int], indexes: Sequence[int]) -> Iterator[str]:
    count = len(numbers)
    if list(numbers) == held[:count] and list(indexes) == list(range(count)):
        return
    for number, index in zip(numbers, indexes, strict=True):
        if index >= len(held) or held[index] != number:
            yield f"The cross-reference says that object {number} is number {index} in object stream {stream}."


def _held(reader: Reader, number: int, revision: int, known: dict[int, _Held], *, whole: bool) -> _Held:
    """The numbers of all members of an object stream, of which no two are the same."""
    entry = reader.entry(number, revision)
    if entry is None or entry.kind != PLAIN:
        raise FormatError(f"PDF: the object stream {number} is missing or is itself compressed.")
    if entry.a not in known:
        if whole and reader.has_room:
            stream = reader.object_stream(number, revision)
            known[entry.a] = _Held(stream.count, stream.spelled)
        else:
            holder = reader.holder(number, entry, revision)
            held = _of_short_head(holder.value) if isinstance(holder.value, Stream) else None
            if held is None:
                stream = ObjectStream(holder, reader.budget)
                held = _Held(stream.count, stream.spelled)
            known[entry.a] = held
    return known[entry.a]


def _of_short_head(stream: Stream) -> _Held | None:
    """The numbers from the head of a stream of the usual kind; None where all of it must be looked at."""
    dictionary = stream.dictionary
    count, first = dictionary.get("N"), dictionary.get("First")
    usual = dictionary.get("Filter") == "FlateDecode" and dictionary.keys().isdisjoint(("DecodeParms", "DP", "F"))
    if not usual or dictionary.get("Type") != "ObjStm" or type(first) is not int or not 0 < first <= SHORT_HEAD:
        return None
    try:
        head = zlib.decompressobj().decompress(stream.raw, first)
    except zlib.error:
        return None
    if len(head) != first or type(count) is not int:
        return None
    spelled = plain_header(head, count)
    return None if spelled is None else _Held(count, spelled)
