"""Whether every object ends before what stands behind it (attack classes P4, P5, P7).

Reach for `open_objects`, and where nothing is appended for `open_at_the_end`. A string without its `)`, or a stream
whose /Length reaches too far, goes on into whatever is appended later: then octets that nobody signed decide what the
object is. Tens of thousands of objects are looked at in bulk: where all brackets between the start of one and that of
the next are balanced, no string runs out of it.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Sequence
from itertools import pairwise
from operator import sub
from typing import Final

from ..errors import FormatError
from ..octets import find, release
from .objects import read_value
from .reader import Reader
from .tokens import HEX, LITERAL, NONE, literal_string, tokens

LONG: Final = 1 << 15  # bytes up to the next object from which on one is read, not searched
AT_ONCE: Final = 128  # objects that are looked at together; where one is not so simple, all of them are read.
# A file of no more has them kept: it will be asked for most of them.
MANY_AT_ONCE: Final = 512  # the same where nothing but headers, names and strings without a `j` is between brackets
WINDOW: Final = 1 << 18  # bytes of so many objects that are copied at a time
MAX_NESTING: Final = 16  # brackets within brackets that are taken off in bulk
_plain_stream = re.compile(rb"\d{1,10} \d{1,5} obj[\r\n ]*(<<[^<>()%#]*>>)[\r\n ]*(stream)\r?\n").match
_length = re.compile(rb"/Length (\d{1,10})(?![0-9])(?! \d)").search
_endstream = re.compile(rb"(?:\r\n|\n|\r)?endstream[\r\n ]+endobj").match
_STREAM: Final = b"tream"  # of `stream`; Python looks for up to five bytes in a faster way than for six
_NO_BORDER: Final = bytes.maketrans(b"\0", b" ")
_ALL_BUT_BRACKETS: Final = bytes(set(range(256)) - set(b"()\\\0"))
_ALL_BUT_BRACKETS_AND_J: Final = bytes(set(range(256)) - set(b"()j"))


def open_objects(reader: Reader, revision: int, bounds: Sequence[int], no_objects: Collection[int]) -> Iterator[str]:
    """What is wrong with objects that do not end before the next one.

    `bounds`: where each object starts, and some things that are `no_objects`, ascending; the last is the end of all.
    """
    few = reader.has_few_objects
    for at in range(0, len(bounds) - 1, MANY_AT_ONCE):
        part = bounds[at : at + MANY_AT_ONCE + 1]
        if few or not _all_marked(reader.data, part, no_objects):
            yield from _open_among(reader, revision, part, no_objects, keep=few)


def _open_among(
    reader: Reader, revision: int, bounds: Sequence[int], no_objects: Collection[int], *, keep: bool
) -> Iterator[str]:
    sizes = list(map(sub, bounds[1:], bounds))
    first = 0
    for i in [*(i for i, size in enumerate(sizes) if size > LONG), len(sizes)]:
        for at in range(first, i, AT_ONCE):
            part = bounds[at : min(at + AT_ONCE, i) + 1]
            if keep or not _all_closed(reader.data, part):
                yield from _read(reader, revision, part, no_objects, keep=keep)
        if i < len(sizes) and (keep or not _is_plain(reader.data, bounds[i], bounds[i + 1])):
            yield from _read(reader, revision, bounds[i : i + 2], no_objects, keep=True)
        first = i + 1


def open_at_the_end(
    reader: Reader, revision: int, bounds: Sequence[int], no_objects: Collection[int]
) -> Iterator[str]:
    """The same where nothing is appended yet: of streams, and of strings that could go on behind the end of the file.

    Of a stream Poppler reads on by /Length into what follows, where others end at `endstream`. What is appended next
    would decide what such an object is; a verdict must not wait for that. A string that ends within the file cannot
    be completed by anybody.
    """
    data = reader.data
    for at in range(0, len(bounds) - 1, AT_ONCE):
        part = bounds[at : at + AT_ONCE + 1]
        text = data[part[0] : part[-1]] if part[-1] - part[0] <= LONG else _STREAM
        if _STREAM in text or not _all_paired(text):
            yield from _waiting(reader, revision, part, no_objects)
        if at % MANY_AT_ONCE == 0:
            release(data, bounds[max(at - MANY_AT_ONCE, 0)], part[-1])


def _waiting(reader: Reader, revision: int, bounds: Sequence[int], no_objects: Collection[int]) -> Iterator[str]:
    data = reader.data
    if reader.has_few_objects and reader.handler is None:
        yield from _read(reader, revision, bounds, no_objects, keep=True)
        return
    for start, stop in pairwise(bounds):
        at = find(data, b"stream", start, stop)
        if at >= 0 and _is_short_stream(data, start, at, stop):
            continue
        if at < 0 and (start in no_objects or (stop - start <= LONG and _all_paired(data[start:stop]))):
            continue
        if at < 0 and find(data, b"(", start, stop) < 0:
            continue
        if not _is_closed(reader, revision, start, stop, keep=False):
            yield _open(start, stop)


def _all_paired(text: bytes) -> bool:
    """Whether each `(` has its `)`, and nothing is escaped."""
    if b"(" not in text:
        return True
    return b"\\" not in text and b"(" not in paired(text.translate(None, _ALL_BUT_BRACKETS))


def paired(brackets: bytes) -> bytes:
    """What is left of brackets when those that belong together are taken off."""
    for _ in range(MAX_NESTING):
        if b"()" not in brackets:
            break
        brackets = brackets.replace(b"()", b"")
    return brackets


def _is_short_stream(data: bytes, start: int, at: int, stop: int) -> bool:
    """Whether a stream whose keyword stands at `at` has a plain dictionary, and ends where its /Length says."""
    m = _plain_stream(data, start, at + len(b"stream\r\n"))
    if m is None or m.end(2) != at + len(b"stream") or m[1].count(b"/Length ") != 1:
        return False
    length = _length(m[1])
    ended = _endstream(data, m.end() + int(length[1]), stop) if length else None
    return ended is not None


def _is_plain(data: bytes, start: int, stop: int) -> bool:
    """Whether no string with brackets and no stream begins there; of a large stream a bracket is found at once."""
    return find(data, b"(", start, stop) < 0 and find(data, b"stream", start, stop) < 0


def _all_marked(data: bytes, bounds: Sequence[int], no_objects: Collection[int]) -> bool:
    """Whether no string goes on from one object into the next: the `j` of `N G obj` is never between brackets.

    At each of these places stands such a header, as was seen before, unless it is no object.
    """
    if bounds[-1] - bounds[0] > WINDOW or not set(no_objects).isdisjoint(bounds):
        return False
    whole = data[bounds[0] : bounds[-1]]
    if _STREAM in whole or b"\\" in whole:
        return False
    left = paired(whole.translate(None, _ALL_BUT_BRACKETS_AND_J)) if b"(" in whole or b")" in whole else b""
    return not left.strip(b"j")


def _all_closed(data: bytes, bounds: Sequence[int]) -> bool:
    """Whether between these places there is no stream, nothing is escaped, and each `(` has its `)` before the next.

    Then a string, wherever one begins, ends before the next place: inside it every bracket counts.
    """
    base = bounds[0]
    whole = data[base : bounds[-1]]
    if b"stream" in whole or b"\\" in whole:
        return False
    if b"(" not in whole:
        return True
    whole = whole.translate(_NO_BORDER)
    joined = b"\0".join([whole[start - base : stop - base] for start, stop in pairwise(bounds)])
    return not paired(joined.translate(None, _ALL_BUT_BRACKETS)).strip(b"\0")


def _read(
    reader: Reader, revision: int, bounds: Sequence[int], no_objects: Collection[int], *, keep: bool
) -> Iterator[str]:
    """`keep`: the few objects of a small file, or a large one, are read once for all that look at them."""
    for start, stop in pairwise(bounds):
        if start not in no_objects and not _is_closed(reader, revision, start, stop, keep=keep):
            yield _open(start, stop)


def _open(start: int, stop: int) -> str:
    return f"The object at {start} does not end before {stop}, where something else begins."


def _is_closed(reader: Reader, revision: int, start: int, stop: int, *, keep: bool) -> bool:
    try:
        return reader.standing_at(start, revision, keep=keep).stop <= stop
    except FormatError:  # broken, which who uses it says; here it matters only how far it reaches
        return _ends(reader, revision, start, stop)


def _ends(reader: Reader, revision: int, start: int, stop: int) -> bool:
    """Whether a broken object has neither a string nor a stream that goes on behind `stop`."""
    data, position = reader.data, start
    while position < stop:
        for m in tokens(data, position):
            kind = m.lastindex or NONE
            at = m.start(kind)
            if at >= stop:
                return True
            position = m.end()
            if position > stop:  # a string without brackets or escapes, up to a `)` that stands behind
                return False
            if kind == HEX:  # whatever stands in it; so all readers take it
                closing = find(data, b">", position)
                if closing < 0:
                    return False
                position = closing + 1
                break
            if kind == LITERAL:
                try:
                    position = literal_string(data, position)[1]
                except FormatError:
                    return False
                break
            if kind == NONE and data[at : at + 6] == b"endobj":
                return True
            if kind == NONE and data[at : at + 6] == b"stream":
                return _stream_ends(reader, revision, start, at, stop)
        else:
            return True
    return position <= stop


def _stream_ends(reader: Reader, revision: int, start: int, at: int, stop: int) -> bool:
    """Whether a broken stream whose keyword stands at `at` ends before `stop`, by its /Length and by its end."""
    try:
        head, _ = read_value(reader.data, reader.data.find(b"obj", start, at) + 3)
        length = reader.resolve(head.get("Length"), revision) if isinstance(head, dict) else None
    except FormatError:
        length = None
    if type(length) is int and (length < 0 or at + len(b"stream") + length >= stop):
        return False  # of a negative length Poppler shows nothing
    return reader.data.find(b"endstream", at, stop) >= 0
