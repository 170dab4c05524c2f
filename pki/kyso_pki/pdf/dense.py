"""A file of tens of thousands of small objects, looked at in one walk (attack class P5).

Reach for `survey`. To count one word in a file, or to see whether the strings in it end, costs as much as to hash it,
and of these questions there are many. So each stretch of some thousand objects is reduced once to a few telling
octets, and most questions are answered by these. What they do not answer is asked of the stretch itself, in the way
that a file of few objects is asked; the outcome is the same.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Final, NamedTuple

from ..octets import count, release
from .ends import paired
from .generations import unusual_between
from .reader import Reader

PER_OBJECT: Final = 512  # bytes for each object up to which a file is dense
MANY: Final = 4096  # objects from which on a file is dense
STRETCH: Final = 1 << 16  # bytes of small objects that are looked at together
LARGE: Final = 1 << 20  # bytes of one object from which on it is not copied
_OBJECT, _MARK, _TRAILER, _STREAM = b"obj", b"ndobj", b"trail", b"tream"
# Of `endobj`, `trailer` and `stream` five letters: Python looks for up to five bytes in a faster way than for more.
_TELLING: Final = bytes(set(range(256)) - set(b"()\\jRram"))
_LETTERS: Final = b"\\Rram"
_TAIL: Final = 16  # bytes before the next object in which the last `endobj` is looked for


class Survey(NamedTuple):
    """What a file holds besides what its cross-reference lists, at most."""

    ends: int
    """How often `endobj` stands in it."""
    seeming: int
    """How many words begin an object or a trailer, as far as the words tell."""
    unusual: bool
    """Whether what could be a reference is not plainly one of generation 0."""
    open: tuple[tuple[int, int], ...]
    """`bounds[i:j]` of objects of which one may go on in the next, so that they are to be looked at one by one."""


def is_dense(reader: Reader, revision: int) -> bool:
    """Whether tables list so many objects, and so close together, that looking at all of them at once pays."""
    saved = reader.revisions[: revision + 1]
    entries = sum(section.count for part in saved for section in part.sections if section.stream is None)
    return entries > MANY and entries * PER_OBJECT > saved[-1].end


def survey(
    data: bytes, bounds: Sequence[int], tables: Mapping[int, int], alone: Iterable[int], stretch: int = STRETCH
) -> Survey:
    """What stands in `data[:bounds[-1]]`.

    `bounds`: where objects and tables begin, ascending, and the end. At each, but for tables, stands the header
    `N G obj` of an object. `tables`: where a table begins, and where its rows end, which are digits. `alone`: objects
    of which it is not known that they begin right behind an `endobj`. `stretch`: bytes that are looked at together.
    """
    ends = seeming = 0
    unusual = False
    open_: list[tuple[int, int]] = []
    alone = sorted(alone)
    for i, j in _stretches(bounds, tables, stretch):
        start, stop = (bounds[i] if i >= 0 else 0), bounds[j]
        start = tables.get(start, start)
        holds_objects = i >= 0 and bounds[i] not in tables
        if not holds_objects or stop - start > LARGE:
            ended = count(data, _MARK, start, stop)
            ends += ended
            seeming += count(data, _OBJECT, start, stop) - ended + count(data, _TRAILER, start, stop)
            unusual = unusual or unusual_between(data, start, stop)
            open_ += [(i, j)] if holds_objects else ()
            continue
        text = data[start:stop]
        left = text.translate(None, _TELLING)
        marks = left.count(b"j")
        # Each of these objects has a `j` in its header. All but the last have one in the `endobj` before the next,
        # and the last one in its own. If that is all, there is neither another `obj` nor another `endobj`.
        if (
            marks == 2 * (j - i)
            and text[-_TAIL:].rstrip(b"\r\n ").endswith(b"endobj")
            and bisect_right(alone, bounds[i]) == bisect_left(alone, stop)
        ):
            ends += j - i
            seeming += j - i
        else:
            ended = text.count(_MARK)
            ends += ended
            seeming += text.count(_OBJECT) - ended
        words = b"ra" in left  # what `trailer` and `stream` leave
        if words:
            seeming += text.count(_TRAILER)
        references = left.count(b"R")
        if references and not unusual and text.count(b" 0 R") != references:
            unusual = unusual_between(data, start, stop)
        # Where every bracket has its partner before the next `j`, and nothing is escaped, a string that begins in an
        # object ends before the header of the next one, whatever else the brackets belong to.
        if b"\\" in left or (words and _STREAM in text) or _unpaired(left.translate(None, _LETTERS), marks):
            open_.append((i, j))
        if not isinstance(data, bytes):
            release(data, start, stop)
    return Survey(ends, seeming, unusual, tuple(open_))


def _unpaired(left: bytes, marks: int) -> bool:
    """Whether a bracket has no partner before the next `j`; in most files none stands in another."""
    return 2 * left.count(b"()") + marks != len(left) and bool(paired(left).strip(b"j"))


def _stretches(bounds: Sequence[int], tables: Mapping[int, int], size: int) -> Iterator[tuple[int, int]]:
    """`bounds[i:j]` of objects that are looked at together, a table alone; first (-1, 0), what is before all."""
    yield -1, 0
    last = len(bounds) - 1
    borders = sorted({bisect_left(bounds, table) for table in tables} | {last})
    i = 0
    for border in borders:
        while i < border:
            j = min(max(bisect_right(bounds, bounds[i] + size) - 1, i + 1), border)
            yield i, j
            i = j
        if border < last:
            yield border, border + 1
            i = border + 1
