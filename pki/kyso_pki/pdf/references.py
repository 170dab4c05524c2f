"""Who refers to an object: finds references to given numbers in what was saved before an update.

Reach for `stray_references`. A new object is harmless only when nothing that was signed already pointed at
its number: a page may hold a reference to nothing, and an update that fills it changes the page without
touching it (attack classes P6, P7). One pass over the bytes, for all updates together; object streams are
decoded and searched too.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from functools import partial
from itertools import chain
from typing import Final, NamedTuple

from ..errors import LimitExceeded
from ..octets import WINDOW, release
from .object_stream import ObjectStream
from .objects import SPACE, UNREADABLE, Stream
from .reader import Reader
from .xref import COMPRESSED

_W = rb"[" + SPACE + rb"]"
_END = rb"(?![A-Za-z0-9])"
_COMMENT = 2  # the first group of those that say that a comment stands inside the reference
REST = (  # looked at and not consumed: in `11 13 % …` the reference may begin at either number
    rb"(?=" + _W + rb"*+(?:(%)|(?<=" + _W + rb")\d{1,5}" + _W + rb"*+(?:(%)|(?<=" + _W + rb")R" + _END + rb")))"
)  # fmt: skip
# A longer comment counts as ended. A round fails only at the end of all, where Python before 3.11.5 is right too
# (gh-106052: it goes on from where a round of a possessive group stopped).
_GAP = rb"(?:" + _W + rb"++|%[^\r\n]{0,4096}+(?:[\r\n]|(?=[^\r\n])))++"
_with_comments = re.compile(rb"\d{1,16}" + _GAP + rb"\d{1,5}" + _GAP + rb"R" + _END).match
SKIPPED: Final = 1 << 16  # bytes of a file that are passed over where nothing in them ends a reference
MAX_COMMENTS: Final = 4096  # numbers followed by a comment; nobody writes references so


Stretches = Sequence[tuple[int, int]]


class Private(NamedTuple):
    """An object that an update made or rewrote, and which only `allowed` may have referred to before it."""

    number: int
    revision: int
    allowed: frozenset[int]


def stray_references(
    reader: Reader, private: Iterable[Private], quiet: Iterable[tuple[int, int]] = ()
) -> set[tuple[int, int]]:
    """(number, revision) of those that something saved before the revision refers to.

    `quiet`: what is not searched, in ascending order: the /Contents tokens of signatures, `<` and `>` included, as
    nothing but hexadecimal digits stands in them, so that no reference can begin, end or lie there; and the data of
    streams, which refer to nothing.
    """
    wanted: dict[int, dict[frozenset[int], list[int]]] = {}
    for item in private:
        wanted.setdefault(item.number, {}).setdefault(item.allowed, []).append(item.revision)
    if not wanted:
        return set()
    found: set[tuple[int, int]] = set()
    last = max(r for groups in wanted.values() for revisions in groups.values() for r in revisions)
    newest = {
        number: reader.revisions[max(map(max, groups.values()))].start for number, groups in wanted.items()
    }  # behind it a reference is what an update, or a later one, says of its own object
    search = search_for(wanted)

    def note(number: int, at: int, is_allowed: Callable[[frozenset[int]], bool]) -> None:
        """One reference to `number`, saved in revision `at`: stray for the first update after it."""
        for allowed, revisions in wanted[number].items():
            i = bisect_right(revisions, at)
            if i < len(revisions) and (number, revisions[i]) not in found and not is_allowed(allowed):
                found.add((number, revisions[i]))

    streams = StreamData(reader)
    for number, position in search(reader.data, stretches(quiet, reader.revisions[last].start)):
        revision = reader.revision_of(position) if position < newest[number] else None
        if revision is not None:
            note(number, revision.index, partial(_within, reader, streams, position, revision.index))
    for index, stream in object_streams(reader, last):
        seen = list(search(stream.source, ((0, len(stream.source)),)))
        starts = sorted(zip(stream.offsets, stream.numbers, strict=True)) if seen else []
        for number, position in seen:
            i = bisect_right(starts, (position - stream.first, 1 << 60)) - 1
            holder = starts[i][1] if i >= 0 else -1
            note(number, index, partial(_among, holder))
    return found


def stretches(quiet: Iterable[tuple[int, int]], limit: int) -> Stretches:
    """Those up to `limit` that are not quiet."""
    return tuple(_between(quiet, limit))


def _between(quiet: Iterable[tuple[int, int]], limit: int) -> Iterator[tuple[int, int]]:
    position = 0
    for start, stop in quiet:
        if start >= limit:
            break
        if start > position:
            yield position, start
        position = max(position, stop)
    yield min(position, limit), limit


def _among(holder: int, allowed: frozenset[int]) -> bool:
    return holder in allowed


class StreamData:
    """Whether a place in the file is within the data of a stream, where nothing is a reference.

    So a PDF or a text that is attached as it is refers to nothing. What object streams hold is searched for itself;
    whether a reader that searches the whole file would find objects there is told by `searching`.
    """

    def __init__(self, reader: Reader) -> None:
        self._reader = reader
        self._last = (0, 0, 0, 0)  # where the object begins and the next one does, where its data begin and end

    def __contains__(self, position: int) -> bool:
        if not self._last[0] <= position < self._last[1]:
            self._last = self._around(position)
        return self._last[2] <= position < self._last[3]

    def _around(self, position: int) -> tuple[int, int, int, int]:
        revision = self._reader.revision_of(position)
        if revision is None:
            return position, position + 1, 0, 0
        offsets = self._reader.places  # an update may point backwards, into a stream too
        i = bisect_right(offsets, position)
        start, stop = offsets[i - 1] if i else 0, offsets[i] if i < len(offsets) else revision.end
        if start == 0:
            return start, stop, 0, 0
        try:
            value = self._reader.standing_at(start, revision.index).value
        except UNREADABLE:
            return start, stop, 0, 0
        data = (value.start, value.start + value.length) if isinstance(value, Stream) else (0, 0)
        return start, stop, *data


def _within(reader: Reader, streams: StreamData, position: int, revision: int, allowed: frozenset[int]) -> bool:
    """Whether a position lies in one of these objects as saved in a revision, or in the data of a stream."""
    for number in allowed:
        entry = reader.entry(number, revision)
        if entry is not None and entry.kind != COMPRESSED:
            found = reader.at(number, entry, revision)
            if found.offset <= position < found.stop:
                return True
    return position in streams


Search = Callable[[bytes, Stretches], Iterator[tuple[int, int]]]


def search_for(wanted: Mapping[int, object]) -> Search:
    """A function that gives (number, position) of every reference to a wanted number in these stretches."""
    patterns = [re.compile(p) for p in _patterns(wanted)]

    def search(data: bytes, stretches: Stretches) -> Iterator[tuple[int, int]]:
        return (hit for hit in hits(patterns, data, stretches) if hit[0] in wanted)

    return search


def _patterns(numbers: Iterable[int]) -> Iterator[bytes]:
    """A pattern per number of digits that begins with a literal, which is searched faster; one for all others."""
    groups: dict[int, list[bytes]] = {}
    for number in numbers:
        digits = b"%d" % number
        groups.setdefault(len(digits), []).append(digits)
    others: set[int] = set()
    for length, members in groups.items():
        low, high = min(members), max(members)
        head = low[: next((i for i in range(length) if low[i] != high[i]), length)]
        if head:
            yield b"(" + head + rb"[0-9]{%d}" % (length - len(head)) + b")" + REST
        else:
            others.add(length)
    if others:
        yield rb"([0-9][0-9]{%d,%d})" % (min(others) - 1, max(others) - 1) + REST


def hits(patterns: Sequence[re.Pattern[bytes]], data: bytes, stretches: Stretches) -> Iterator[tuple[int, int]]:
    """(number, position) of every reference; digits before it make it another number, zeros do not."""
    comments = 0
    for m in chain.from_iterable(_matches(patterns, data, start, stop) for start, stop in stretches):
        at = m.start() - 1
        while at >= 0 and data[at] == 0x30 and m.start() - at < 16:
            at -= 1
        if at >= 0 and 0x30 <= data[at] <= 0x39:
            continue
        if (m.lastindex or 0) >= _COMMENT:
            comments += 1
            if comments > MAX_COMMENTS:
                raise LimitExceeded("PDF: too many comments where references may stand.")
            if _with_comments(data, m.start(), stretches[-1][1]) is None:
                continue
        yield int(m[1]), m.start()


def _matches(patterns: Sequence[re.Pattern[bytes]], data: bytes, start: int, limit: int) -> Iterator[re.Match[bytes]]:
    """All matches in `data[start:limit]`, which is searched in windows that end where no match can stand.

    Each match ends with an R or before a comment: where there is neither, as in thousands of small objects without
    references, there is nothing to search.
    """
    while start < limit:
        border = _border(data, min(start + (SKIPPED if isinstance(data, bytes) else WINDOW), limit), limit)
        stop = border.end() if border else limit
        if not isinstance(data, bytes):
            yield from chain.from_iterable(p.finditer(data, start, stop) for p in patterns)
            release(data, start, stop)
        elif data.find(b"R", start, stop) >= 0 or data.find(b"%", start, stop) >= 0:
            yield from chain.from_iterable(p.finditer(data, start, stop) for p in patterns)
        start = stop


_border = re.compile(rb"[^0-9R%" + SPACE + rb"]").search


def object_streams(reader: Reader, last: int) -> Iterator[tuple[int, ObjectStream]]:
    """Every object stream in use before a revision, each once, with the revision that brought it."""
    seen: set[int] = set()
    for revision in reader.revisions[:last]:
        for section in revision.sections:
            for number in section.containers():
                stream = reader.object_stream(number, revision.index)
                if stream.offset not in seen:
                    seen.add(stream.offset)
                    yield revision.index, stream
