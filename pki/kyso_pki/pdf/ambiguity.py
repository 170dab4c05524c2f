"""Whether two readers could see two files in what was signed first (attack class P5).

Reach for `ambiguities`. What comes after the first signature is compared entry by entry (`changes`); before it a file
may hold tens of thousands of objects, so it is looked at in bulk: every entry of the cross-reference stands at its
own object, and no number that is in use has a second object that the cross-reference does not list.
"""

from __future__ import annotations

import re
from bisect import bisect_left, bisect_right
from collections.abc import Collection, Iterable, Iterator, Sequence
from functools import partial
from itertools import chain, islice
from operator import sub
from typing import Final

from ..errors import FormatError
from ..facts import Finding
from ..octets import count, rfind
from .dense import Survey, is_dense, survey
from .ends import open_at_the_end, open_objects
from .linearized import other_pages
from .members import members_astray
from .objects import SPACE, read_indirect, skip_space
from .reader import Reader
from .searching import other_readings
from .standing import astray
from .stops import Contents
from .xref import MAX_OBJECT_NUMBER, shrinks

MAX_CLOSING: Final = 1024  # bytes from the last `startxref` to the end of the file: MuPDF looks no further, PDFium
# looks at 4,096; without it they search for objects, and take the last of each number
MAX_FINDINGS: Final = 4  # one is enough to refuse a file; the others help to see how it was made
LARGE: Final = 1 << 15  # bytes from one object to the next from which on its end is read instead of searched for
MANY: Final = 4096  # objects from which on counting their ends is cheaper than looking at their places
STREAM_HEAD: Final = 1 << 12  # bytes in which the dictionary of a large stream ends
_header = re.compile(rb"(\d{1,10})[" + SPACE + rb"]++(\d{1,5})[" + SPACE + rb"]++obj(?![A-Za-z0-9])")
_MARK: Final = b"ndobj"  # of `endobj`; Python looks for up to five bytes in a faster way than for six


def ambiguities(reader: Reader, revision: int, new_from: int | None = None) -> tuple[Finding, ...]:
    """Findings about revisions up to this one; a warning tells of what stands in its place. Raises `FormatError`.

    `new_from`: objects with numbers from here on are about to be added, so that an unlisted object under one of them
    counts too. What is followed by more, or will be, must not go on in it.
    """
    offsets: list[Sequence[int]] = []
    tables: dict[int, int] = {}  # where each begins, and where its rows end
    found: list[Finding] = []
    if not reader.trailing and (far := len(reader.data) - rfind(reader.data, b"startxref")) > MAX_CLOSING:
        text = f"The last `startxref` stands {far} bytes before the end of the file, where some readers do not look."
        found.append(Finding("CROSS_REFERENCE", "error", text))
    alone: list[int] | None = [] if is_dense(reader, revision) else None
    first, distinct = reader.revisions[0].sections[0], 0
    for saved in reader.revisions[: revision + 1]:
        if saved.index and shrinks(reader.revisions[saved.index - 1].trailer, saved.trailer):
            text = f"The /Size in the trailer of revision {saved.index + 1} leaves out objects of the one before."
            found.append(Finding("CROSS_REFERENCE", "error", text))
        for section in saved.sections:
            if section.stream is not None:
                offsets.append((section.stream.offset,))
                if alone is not None:
                    alone.append(section.stream.offset)
            else:
                tables[section.offset] = section.rows_end
            texts = astray(reader.data, section, offsets, alone)
            found += [Finding("CROSS_REFERENCE", "error", text) for text in texts]
            if section is first and first.stream is None and first.hidden is None:
                distinct = len(offsets)
    if not found:
        texts = members_astray(reader, revision, whole=new_from is not None)
        found += [Finding("CROSS_REFERENCE", "error", text) for text in islice(texts, 1)]
    if found:
        return tuple(found[:MAX_FINDINGS])
    end, listed = reader.revisions[revision].end, sum(map(len, offsets))
    bounds, no_objects = _bounds(offsets, distinct, tables, end), frozenset(tables)
    seen = None if alone is None else survey(reader.data, bounds, tables, alone)
    ends = seen.ends if seen else count(reader.data, _MARK, 0, end) if listed > MANY else None
    if ends is None or ends > listed or _more_begin(reader.data, seen, ends, bounds, listed):
        numbers_from = MAX_OBJECT_NUMBER + 1 if new_from is None else new_from
        second = _second_objects(reader, revision, bounds, no_objects, numbers_from)
        found = [Finding("DUPLICATE_OBJECT", "error", text) for text in second]
    if not found:
        followed = new_from is not None or revision < reader.last or reader.trailing
        open_among = partial(open_objects if followed else open_at_the_end, reader, revision, no_objects=no_objects)
        parts = [bounds] if seen is None else [bounds[i : j + 1] for i, j in seen.open]
        open_ = chain.from_iterable(open_among(bounds=part) for part in parts)
        found = [Finding("OPEN_OBJECT", "error", text) for text in dict.fromkeys(islice(open_, MAX_FINDINGS))]
    if not found:
        others = other_readings(reader, revision, bounds, seen or ends)
        found = [Finding("SEEMING_OBJECT", "error", text) for text in others]
    if not found:  # of a file that is about to grow the linter tells what is shown now
        other = other_pages(reader, len(reader.data) + (new_from is not None))
        found = [] if other is None else [Finding("LINEARIZATION", "error", f"The file is linearized, and {other}.")]
    return tuple(found[:MAX_FINDINGS]) or tuple(_drawn_otherwise(reader, revision))


def _drawn_otherwise(reader: Reader, revision: int) -> Iterator[Finding]:
    # An encrypted file may show another reader what is noise to this one: /OE can hold another key than /UE (P14).
    contents = Contents(reader, revision, thorough=reader.handler is not None)
    for seen in islice(contents.otherwise(), 1):
        yield Finding(seen.code, "error", seen.text)
    if contents.elsewhere:
        named = ", ".join(contents.elsewhere)
        text = f"What is drawn has something else in its place for some programs or on paper: {named}."
        yield Finding("ACTIVE_CONTENT", "warning", text)


def _bounds(offsets: Sequence[Sequence[int]], distinct: int, tables: Iterable[int], end: int) -> list[int]:
    """Where an object or a table starts, ascending, and the end.

    `distinct`: so many of the offsets are of one table, which has none twice: at each stands another number.
    """
    bounds = sorted(chain(*offsets[:distinct]))
    bounds = bounds[bisect_right(bounds, 0) :]  # so many programs write unused numbers; readers take them for null
    others = {*chain(*offsets[distinct:]), *tables} - {0}  # an update may list an object of before again
    bounds += [o for o in others if bisect_right(bounds, o) == bisect_left(bounds, o)]
    bounds.sort()
    bounds.append(end)
    return bounds


def _second_objects(
    reader: Reader, revision: int, bounds: list[int], no_objects: Collection[int], new_from: int
) -> Iterator[str]:
    """Objects that the cross-reference does not list, but which bear the number of one in use."""
    data = reader.data
    if len(bounds) == 1:
        return
    sizes = list(map(sub, bounds[1:], bounds))
    large = [i for i, size in enumerate(sizes) if size > LARGE] if max(sizes) > LARGE else []
    whole = [i for i in large if _fills(reader, revision, bounds[i], bounds[i + 1])]
    first = 0  # of the stretch that is searched
    for i in [*whole, len(sizes)]:
        inside = [o for o in bounds[first:i] if o not in no_objects] if no_objects else bounds[first:i]
        start, stop = bounds[first], bounds[i]
        ends = count(data, _MARK, start, stop) if inside else 0
        if inside and max(ends, _heads(data, ends, start, stop)) > len(inside):
            yield from _between(reader, revision, (bounds[first], bounds[i]), inside, new_from)
        first = i + 1


def _more_begin(data: bytes, seen: Survey | None, ends: int, bounds: Sequence[int], listed: int) -> bool:
    """Whether more objects may begin than are listed, though not more end."""
    return _heads(data, ends, 0, bounds[-1]) > listed if seen is None else seen.seeming > len(bounds) - 1


def _heads(data: bytes, ends: int, start: int, stop: int) -> int:
    """How many objects could begin there at most, when so many `endobj` are there: one may have no end."""
    return count(data, b"obj", start, stop) - ends


def _fills(reader: Reader, revision: int, start: int, stop: int) -> bool:
    """Whether the stream at `start` reaches up to `stop`, white space aside."""
    if reader.data.find(b"stream", start, start + STREAM_HEAD) < 0:
        return False  # a large array: searched faster than read
    try:
        found = reader.standing_at(start, revision)
    except FormatError:
        return False
    return skip_space(reader.data, found.stop) >= stop


def _between(
    reader: Reader, revision: int, stretch: tuple[int, int], offsets: list[int], new_from: int
) -> Iterator[str]:
    """Second objects in a stretch, between the listed ones, whose own octets may hold anything."""
    position, stop = stretch
    for offset in [*offsets, stop]:
        for m in _header.finditer(reader.data, position, offset):
            if int(m[1]) >= new_from or reader.entry(int(m[1]), revision) is not None:
                yield f"There is a second object {int(m[1])} at {m.start()}, which the cross-reference does not list."
        if offset < stop:
            try:
                position = read_indirect(reader.data, offset, lambda ref: reader.resolve(ref, revision)).stop
            except FormatError:  # it is not used, or reading it says so
                position = offset + 1
