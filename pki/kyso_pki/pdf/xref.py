"""Cross-reference sections as they stand: classic tables and streams (ISO 32000-2 7.5.4, 7.5.8).

Reach for `read_section`. A section is kept as bytes and an entry is taken out when it is asked for, so a
file of many objects costs a few slices. Everything that is not exactly in the form of the standard is
refused; a table is never rebuilt by searching for objects.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Iterator, Sequence
from functools import partial
from itertools import chain
from typing import Final, NamedTuple

from ..errors import FormatError, LimitExceeded
from ..octets import rfind
from .brief import brief_dictionary
from .columns import FEW, decimals, unsigned
from .filters import Budget, decode
from .objects import SPACE, Dictionary, IndirectObject, Stream, read_indirect, read_value, skip_space

FREE, PLAIN, COMPRESSED = 0, 1, 2
MAX_OBJECT_NUMBER: Final = 8_388_607  # ISO 32000-1 Annex C.2
MAX_FIELD_WIDTH: Final = 8  # bytes of one field of a cross-reference stream

_table = re.compile(
    rb"(?:\r\n|\r|\n)?xref[ \t]*(?:\r\n|\r|\n)"
).match  # node-signpdf points at the end of the line before
_subsection = re.compile(rb"(\d{1,10}) (\d{1,10})[ \t]?(?:\r\n|\r|\n)").match  # after two MuPDF is lost, and searches
_trailer = re.compile(rb"[" + SPACE + rb"]*trailer").match
_closing = re.compile(
    rb"[" + SPACE + rb"]*startxref[\t\n\x0c\r ]{1,32}+(\d{1,20})[\t\n\x0c\r ]{1,32}+%%EOF([" + SPACE + rb"]*+)"
).match
# `%iText-Core-8.0.1` and the like, a few lines of a program's name, with no word that a searching reader looks for.
_remarks = re.compile(
    rb"(?:[" + SPACE + rb"]{0,32}"
    rb"%(?!.{0,100}(?:obj|xref|trailer|stream|EOF))[A-Za-z][A-Za-z0-9 .,:;()_+-]{0,100}[\r\n]){0,4}"
).match
_RUNS = {kind: re.compile(re.escape(bytes((kind,))) + b"+").finditer for kind in (PLAIN, COMPRESSED, 0x6E)}
_few_rows = re.compile(rb"(?:[0-9]{10} [0-9]{5} [nf](?: [\r\n]|\r\n))*").fullmatch
_LINE_ENDS: Final = (b" \n", b" \r", b"\r\n")
_AS_IN_USE: Final = bytes.maketrans(b"123456789f", b"000000000n")
_ENTRY = 20  # bytes of a classic entry
_AT_ONCE = 1 << 14  # entries that are taken apart at a time
MAX_MET: Final = 1 << 16  # entries kept as read, some 10 MB
_CHECKED = _ENTRY << 16  # bytes of a table that are checked at a time: each check makes copies


class Entry(NamedTuple):
    """`FREE`, `PLAIN` (a: offset, b: generation) or `COMPRESSED` (a: number of the object stream, b: index)."""

    kind: int
    a: int
    b: int


_new_entry = partial(tuple.__new__, Entry)  # of three values; half the time of `Entry(…)`


class Plain(NamedTuple):
    """Objects that are not in an object stream: their numbers, where they stand, and their generations."""

    numbers: Sequence[int]
    """Ascending."""
    offsets: Sequence[int]
    generations: Sequence[int]
    """Empty where all are 0."""


class Members(NamedTuple):
    """Objects that are in object streams: their numbers, those of the streams, and which member each is."""

    numbers: Sequence[int]
    streams: Sequence[int]
    indexes: Sequence[int]


class Run(NamedTuple):
    """Consecutive object numbers `first` to `stop - 1` whose entries stand from `at` on in the section's rows."""

    first: int
    stop: int
    at: int


class Section:
    """One cross-reference section with its trailer, `data[offset:end]`."""

    __slots__ = (
        "_containers",
        "_few",
        "_firsts",
        "_met",
        "_own",
        "_rows",
        "_runs",
        "_widths",
        "end",
        "hidden",
        "offset",
        "stream",
        "trailer",
    )

    def __init__(
        self,
        bounds: tuple[int, int],
        trailer: Dictionary,
        rows: bytes,
        runs: list[Run],
        widths: tuple[int, int, int] | None,
        stream: IndirectObject | None,
    ) -> None:
        self.offset, self.end = bounds
        self.trailer = trailer
        self.stream = stream
        """The object that a cross-reference stream is; None for a classic table."""
        self.hidden: Section | None = None
        """The stream that /XRefStm of a hybrid file names; asked after the table (7.5.8.4)."""
        self._containers: frozenset[int] | None = None
        self._rows = rows
        self._widths = widths
        self._runs = sorted(runs)
        self._firsts = [r.first for r in self._runs]
        self._own = sum([r.stop - r.first for r in self._runs])
        self._met: dict[int, Entry] = {}
        """Entries that were asked for: nobody asks for one only once."""
        self._few = self._all_of_few() if widths is None and self._own <= FEW else None
        for a, b in zip(self._runs, self._runs[1:], strict=False):
            if a.stop > b.first:
                raise FormatError(f"PDF: object {b.first} stands twice in the cross-reference at {self.offset}.")

    def _all_of_few(self) -> dict[int, Entry]:
        """Every entry of a small table, ascending; each is two numbers and a letter, as was seen when it was read."""
        rows = b"".join([self._rows[r.at : r.at + (r.stop - r.first) * _ENTRY] for r in self._runs]).split()
        numbers = chain.from_iterable([range(r.first, r.stop) for r in self._runs])
        return {
            n: _new_entry((PLAIN if kind == b"n" else FREE, int(at), int(generation)))
            for n, at, generation, kind in zip(numbers, rows[::3], rows[1::3], rows[2::3], strict=True)
        }

    @property
    def rows_end(self) -> int:
        """Where the rows of a classic table end, and all that stands before them in it, digits and `n` or `f`."""
        return max([r.at + (r.stop - r.first) * _ENTRY for r in self._runs], default=self.offset)

    @property
    def count(self) -> int:
        """How many entries there are, those of a hybrid's stream included."""
        return self._own + (self.hidden.count if self.hidden else 0)

    @property
    def few(self) -> dict[int, Entry] | None:
        """All that this section says of objects, of a small table without a hybrid's stream; else None."""
        return None if self.hidden is not None else self._few

    def entry(self, number: int) -> Entry | None:
        """The entry of an object, None when this section does not speak of it."""
        own = self.own_entry(number)
        if self.hidden is not None and (own is None or own.kind == FREE):
            return self.hidden.entry(number) or own
        return own

    def own_entry(self, number: int) -> Entry | None:
        """The entry without what a hybrid's stream says."""
        if self._few is not None:
            return self._few.get(number)
        if (found := self._met.get(number)) is not None:
            return found
        i = bisect_right(self._firsts, number) - 1
        if i >= 0 and number < self._runs[i].stop:
            found = self._at(self._runs[i], number - self._runs[i].first)
            if len(self._met) < MAX_MET:
                self._met[number] = found
        return found

    def shared_numbers(self, other: Section) -> Iterator[int]:
        """Numbers that both sections have an entry for."""
        for a in self._runs:
            for b in other._runs:
                yield from range(max(a.first, b.first), min(a.stop, b.stop))

    def entries(self) -> Iterator[tuple[int, Entry]]:
        """All entries; for the sections of updates, which are short."""
        numbers = chain.from_iterable(range(r.first, r.stop) for r in self._runs)
        if self.hidden is not None:
            numbers = chain(dict.fromkeys(chain(numbers, (n for n, _ in self.hidden.entries()))))
        for number in numbers:
            entry = self.entry(number)
            if entry is not None:
                yield number, entry

    def plain(self) -> Iterator[Plain]:
        """All plain objects, a hybrid's stream included, many at a time."""
        if self.hidden is not None:
            yield from self.hidden.plain()
        if self._few is not None:
            yield self._plain_of_few(self._few)
            return
        for run in self._runs:
            for first in range(run.first, run.stop, _AT_ONCE):
                part = range(first, min(first + _AT_ONCE, run.stop))
                yield self._plain_rows(run, part) if self._widths is None else self._plain_fields(run, part)

    def _plain_of_few(self, few: dict[int, Entry]) -> Plain:
        in_use = [(n, e.a, e.b) for n, e in few.items() if e.kind == PLAIN]
        numbers, places, generations = zip(*in_use, strict=True) if in_use else ((), (), ())
        return Plain(numbers, places, generations if any(generations) else ())

    def _plain_rows(self, run: Run, part: range) -> Plain:
        at = run.at + (part.start - run.first) * _ENTRY
        rows = self._rows[at : at + len(part) * _ENTRY]
        numbers, rows = _in_use(rows[17::_ENTRY], 0x6E, part, rows, _ENTRY)
        generations: list[int] = []
        zeros = b"0" * (len(rows) // _ENTRY)
        if any(rows[k::_ENTRY] != zeros for k in range(11, 16)):
            generations = [int(rows[i : i + 5]) for i in range(11, len(rows), _ENTRY)]
        return Plain(numbers, decimals(rows, 0, _ENTRY).tolist(), generations)

    def _plain_fields(self, run: Run, part: range) -> Plain:
        w0, w1, w2 = self._widths or (0, 0, 0)
        width = w0 + w1 + w2
        at = run.at + (part.start - run.first) * width
        rows = self._rows[at : at + len(part) * width]
        numbers, rows = _in_use(rows[::width], PLAIN, part, rows, width) if w0 else (part, rows)
        return Plain(numbers, unsigned(rows, w0, w1, width), unsigned(rows, w0 + w1, w2, width) if w2 else [])

    def containers(self) -> frozenset[int]:
        """The numbers of the object streams that this section's entries point into."""
        if self._containers is None:
            found = self.hidden.containers() if self.hidden is not None else frozenset()
            self._containers = found.union(*(members.streams for members in self._members()))
        return self._containers

    def members(self) -> Iterator[Members]:
        """All objects that are in an object stream, a hybrid's stream included, many at a time."""
        if self.hidden is not None:
            yield from self.hidden.members()
        yield from self._members()

    def _members(self) -> Iterator[Members]:
        if self._widths is None or not self._widths[0]:
            return
        w0, w1, w2 = self._widths
        width = w0 + w1 + w2
        for run in self._runs:
            for first in range(run.first, run.stop, _AT_ONCE):
                part = range(first, min(first + _AT_ONCE, run.stop))
                at = run.at + (part.start - run.first) * width
                rows = self._rows[at : at + len(part) * width]
                numbers, rows = _in_use(rows[::width], COMPRESSED, part, rows, width)
                indexes = unsigned(rows, w0 + w1, w2, width) if w2 else [0] * len(numbers)
                yield Members(numbers, unsigned(rows, w0, w1, width), indexes)

    def _at(self, run: Run, index: int) -> Entry:
        if self._widths is None:
            at = run.at + index * _ENTRY
            row = self._rows[at : at + _ENTRY]
            return _new_entry((PLAIN if row[17] == 0x6E else FREE, int(row[:10]), int(row[11:16])))
        w0, w1, w2 = self._widths
        at = run.at + index * (w0 + w1 + w2)
        rows = self._rows
        kind = int.from_bytes(rows[at : at + w0], "big") if w0 else PLAIN
        at += w0
        a = int.from_bytes(rows[at : at + w1], "big")
        b = int.from_bytes(rows[at + w1 : at + w1 + w2], "big")
        if kind > COMPRESSED:
            raise FormatError(f"PDF: a cross-reference entry of the unknown type {kind}.")
        return _new_entry((kind, a, b))


def _in_use(kinds: bytes, wanted: int, part: range, rows: bytes, stride: int) -> tuple[Sequence[int], bytes]:
    """The numbers and rows of those entries whose kind is the wanted one."""
    count = kinds.count(wanted)
    if count == len(part):
        return part, rows
    if kinds.find(wanted) == len(part) - count:  # those before it are free, as number 0 always is
        return part[-count:], rows[-count * stride :]
    runs = [m.span() for m in _RUNS[wanted](kinds)] if count else []
    numbers = list(chain.from_iterable([part[a:b] for a, b in runs]))
    return numbers, b"".join([rows[a * stride : b * stride] for a, b in runs])


def read_section(data: bytes, offset: int, budget: Budget) -> Section:
    """The section that starts exactly at `offset`, a hybrid's stream included. Raises `FormatError`."""
    if not 0 < offset < len(data):
        raise FormatError(f"PDF: the cross-reference is said to be at {offset}, the file has {len(data)} bytes.")
    if data[offset] not in b"x\r\n":
        return _read_stream(data, offset, budget)
    section = _read_table(data, offset)
    hidden = section.trailer.get("XRefStm")
    if hidden is not None:
        if type(hidden) is not int or not 0 < hidden < len(data) or offset <= hidden < section.end:
            raise FormatError("PDF: /XRefStm does not point before its table.")  # where else it may: `reader`
        section.hidden = _read_stream(data, hidden, budget)
        for number, entry in section.hidden.entries():
            own = section.own_entry(number)
            if own is not None and own.kind != FREE and own != entry:
                raise FormatError(f"PDF: the two cross-references of a hybrid file disagree on object {number}.")
    return section


def _read_table(data: bytes, offset: int) -> Section:
    m = _table(data, offset)
    if m is None:
        raise FormatError(f"PDF: no cross-reference table at offset {offset}.")
    position = m.end()
    runs: list[Run] = []
    while (m := _subsection(data, position)) is not None:
        first, count = int(m[1]), int(m[2])
        position = m.end()
        if count * _ENTRY > len(data) - position or first + count - 1 > MAX_OBJECT_NUMBER:
            raise FormatError(
                f"PDF: the cross-reference table at {offset} counts {count} entries that are not there."
            )
        if count == 1 and _few_rows(data, position, position + _ENTRY):  # as in updates, where most runs are short
            runs.append(Run(first, first + 1, position))
            position += _ENTRY
        elif count:
            for at in range(position, position + count * _ENTRY, _CHECKED):
                _check_rows(data[at : min(at + _CHECKED, position + count * _ENTRY)], at)
            runs.append(Run(first, first + count, position))
            position += count * _ENTRY
    m = _trailer(data, position)
    if m is None:
        raise FormatError(f"PDF: the cross-reference table at {offset} is malformed at {position}.")
    trailer, end = brief_dictionary(data, skip_space(data, m.end()), b"startxref") or read_value(data, m.end())
    if not isinstance(trailer, dict):
        raise FormatError(f"PDF: the trailer of the table at {offset} is no dictionary.")
    _check_size(trailer, runs)
    return Section((offset, end), trailer, data, runs, None, None)


def _check_rows(rows: bytes, position: int) -> None:
    """Every entry is `nnnnnnnnnn ggggg n` and two bytes of line end (7.5.4); in most tables all end alike."""
    count = len(rows) // _ENTRY
    if count <= FEW and _few_rows(rows):
        return
    ending = rows[-2:]
    if ending in _LINE_ENDS and rows.translate(_AS_IN_USE) == (b"0000000000 00000 n" + ending) * count:
        return
    marks = rows.translate(None, b"0123456789")
    spaces = b" " * count
    if (
        len(marks) != 5 * count
        or rows[10::_ENTRY] != spaces
        or rows[16::_ENTRY] != spaces
        or rows[17::_ENTRY].translate(None, b"nf")
        or not _line_ends(rows[18::_ENTRY], rows[19::_ENTRY], spaces)
    ):
        raise FormatError(f"PDF: the cross-reference table has a malformed entry after offset {position}.")


def _line_ends(first: bytes, second: bytes, spaces: bytes) -> bool:
    """SP CR, SP LF or CR LF, and nothing else."""
    if first == spaces:
        return not second.translate(None, b"\r\n")
    return set(zip(first, second, strict=True)) <= {(0x20, 0x0D), (0x20, 0x0A), (0x0D, 0x0A)}


def _read_stream(data: bytes, offset: int, budget: Budget) -> Section:
    found = read_indirect(data, offset)
    stream = found.value
    if not isinstance(stream, Stream) or stream.dictionary.get("Type") != "XRef":
        raise FormatError(f"PDF: object {found.number} at {offset} is no cross-reference stream.")
    trailer = stream.dictionary
    if "XRefStm" in trailer:  # of tables only (7.5.8.4); MuPDF follows it from here too, to older entries
        raise FormatError(f"PDF: the cross-reference stream at {offset} names another one (/XRefStm).")
    widths = _widths(trailer)
    rows = decode(stream, budget)
    width = sum(widths)
    runs: list[Run] = []
    at = 0
    for first, count in _index(trailer):
        runs.append(Run(first, first + count, at))
        at += count * width
    if at != len(rows):
        raise FormatError(f"PDF: the cross-reference stream at {offset} has {len(rows)} bytes, its /Index asks {at}.")
    _check_size(trailer, runs)
    return Section((offset, found.stop), trailer, rows, runs, widths, found)


def _widths(trailer: Dictionary) -> tuple[int, int, int]:
    widths = trailer.get("W")
    whole = [w for w in widths if type(w) is int] if isinstance(widths, list) and len(widths) == 3 else []
    if len(whole) == 3:
        a, b, c = whole
        if 0 <= a <= 1 and 1 <= b <= MAX_FIELD_WIDTH and 0 <= c <= MAX_FIELD_WIDTH:
            return a, b, c
    raise FormatError(f"PDF: the cross-reference stream has the field widths {widths!r}.")


def _index(trailer: Dictionary) -> list[tuple[int, int]]:
    index = trailer.get("Index")
    if index is None:
        size = trailer.get("Size")
        index = [0, size]
    if not isinstance(index, list) or len(index) % 2:
        raise FormatError("PDF: the /Index of a cross-reference stream is malformed.")
    pairs: list[tuple[int, int]] = []
    for first, count in zip(index[::2], index[1::2], strict=True):
        if type(first) is not int or type(count) is not int or first < 0 or count < 0:
            raise FormatError("PDF: the /Index of a cross-reference stream is malformed.")
        if first + count - 1 > MAX_OBJECT_NUMBER:
            raise LimitExceeded(f"PDF: object numbers up to {first + count - 1}; at most {MAX_OBJECT_NUMBER}.")
        if count:
            pairs.append((first, count))
    return pairs


def _check_size(trailer: Dictionary, runs: list[Run]) -> None:
    size = trailer.get("Size")
    if type(size) is not int or not 0 < size <= MAX_OBJECT_NUMBER + 1:
        raise FormatError(f"PDF: a trailer has the /Size {size!r}.")
    last = max((r.stop for r in runs), default=0)
    if last > size:
        raise FormatError(f"PDF: the cross-reference speaks of object {last - 1}, /Size allows up to {size - 1}.")


def shrinks(before: Dictionary, now: Dictionary) -> bool:
    """Whether an update's /Size, which counts all that came before too (7.5.5), is smaller than the one before.

    Poppler takes what lies beyond it for missing, and searches the file for objects.
    """
    old, new = before.get("Size"), now.get("Size")
    return not isinstance(old, int) or not isinstance(new, int) or new < old


class Closing(NamedTuple):
    """`startxref NUMBER %%EOF` after a section: the number, the end of the mark, the end of white space after it."""

    startxref: int
    eof: int
    end: int


def read_closing(data: bytes, position: int) -> Closing:
    """What closes the section that ends at `position` (7.5.5). Raises `FormatError`.

    Before it a program may say its name in a comment: iText does in every file with a table.
    """
    m = _closing(data, position)
    if m is None and (remarks := _remarks(data, position)) is not None:
        m = _closing(data, remarks.end())
    if m is None:
        raise FormatError(f"PDF: no `startxref` and `%%EOF` after the cross-reference that ends at {position}.")
    return Closing(int(m[1]), m.start(2), m.end())


def last_startxref(data: bytes) -> int:
    """The offset that the last `startxref` of the file names. Raises `FormatError`."""
    at = rfind(data, b"startxref")
    m = _closing(data, at) if at >= 0 else None
    if m is None:
        raise FormatError("PDF: the file does not end with `startxref`, an offset and `%%EOF`; it may be cut off.")
    return int(m[1])
