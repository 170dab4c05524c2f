"""Whether readers that do not follow the cross-reference to the letter see other objects (attack class P5).

Reach for `other_readings`. A reference to nothing is null (ISO 32000-2 7.3.10). Poppler, when it meets one, searches
the whole file and takes the last object of each number, in strings and streams too; it so finds what updates freed,
as PDFium does; MuPDF and PDFium do not look at the generation of a reference at all. Whether a file holds anything
that these would see is told in bulk; only then each reference is followed.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Final, NamedTuple

from ..octets import count
from .dense import Survey
from .filters import Budget, decode
from .generations import unusual_between
from .objects import Stream
from .reader import Reader
from .seeming import seeming_objects
from .walk import lost
from .xref import FREE, PLAIN

PER_OBJECT: Final = 2048  # bytes per object from which on it is cheaper to follow references than to search
MAX_SEEMING: Final = 1 << 16  # words that could be objects, beyond the objects: more are taken for some, at 1 µs each
_MARK: Final = b"ndobj"  # of `endobj`; Python looks for up to five bytes in a faster way than for six


def other_readings(reader: Reader, revision: int, bounds: Sequence[int], seen: Survey | int | None) -> Iterator[str]:
    """Why another object may be seen than the cross-reference says; at most one reason.

    `bounds`: where the objects and tables stand, and the end; `seen`: how many `endobj` there are, and what else,
    where that was counted. A PDF that is attached as it is holds objects too, and no harm.
    """
    end, known = bounds[-1], len(bounds) - 1
    if _points_back(reader, revision):
        for number in _replaced(reader, revision).brought_back:
            yield f"Object {number} is an older one than the last under its number, which readers that search take."
            return
    walked = None
    if reader.has_few_objects or known * PER_OBJECT < end:
        walked = lost(reader)
        if not any(walked):
            return
    freed, passed_over, _ = _replaced(reader, revision)
    seeming = False
    if not (walked and walked.unread):
        seeming = _seems(reader.data, end, known, seen)
        if not (seeming or freed or passed_over or _has_unusual(reader, revision, seen)):
            return
    references, unread = walked or lost(reader)
    if unread:
        yield f"An object cannot be read, and some readers do: {unread[0]}"
        return
    for ref in references:
        if (entry := reader.entry(ref.number)) is not None:
            there = entry.b if entry.kind == PLAIN else 0
            yield f"A reference names object {ref.number} {ref.generation}, which is {ref.number} {there}."
            return
        if ref.number in freed:
            yield f"A reference names object {ref.number}, which was freed and is still in the file."
            return
    if references and (seeming or passed_over):
        found = "others in strings or streams" if seeming else f"an older object {passed_over[0]}"
        number = min(references).number
        yield f"A reader that searches for object {number}, which is missing, finds {found}."


def _has_unusual(reader: Reader, revision: int, seen: Survey | int | None) -> bool:
    if isinstance(seen, Survey):
        return seen.unusual or any(_in_members(reader, revision))
    return has_unusual_references(reader, revision)


def _seems(data: bytes, end: int, known: int, seen: Survey | int | None) -> bool:
    if isinstance(seen, Survey):
        seeming = seen.seeming
    else:
        ends = count(data, _MARK, 0, end) if seen is None else seen
        seeming = count(data, b"obj", 0, end) - ends + count(data, b"trail", 0, end)
    return seeming > known and (seeming > known + MAX_SEEMING or seeming_objects(data, 0, end) > known)


def _points_back(reader: Reader, revision: int) -> bool:
    """Whether an update up to this one names an object that it did not bring itself."""
    known: set[tuple[int, int]] = set()  # object streams that an update brought
    for _, index, entry in reader.updates():
        start = reader.revisions[index].start
        if index > revision or entry.kind == FREE or (entry.kind == PLAIN and entry.a >= start):
            continue
        if entry.kind == PLAIN or ((index, entry.a) not in known and _place_of(reader, entry.a, index) < start):
            return True
        known.add((index, entry.a))
    return False


class _Replaced(NamedTuple):
    """Numbers of objects that readers which search the file see otherwise."""

    freed: set[int]
    """They are free, but stand in the file."""
    passed_over: list[int]
    """They are in object streams, and stand in the file as they were before."""
    brought_back: list[int]
    """An older one is in use than the last in the file."""


def _replaced(reader: Reader, revision: int) -> _Replaced:
    """Those of a revision.

    A search takes the last one in the file; in object streams not every reader looks. Poppler searches, and finds
    what is free, only in a file that ends with a table; PDFium finds what any table freed. MuPDF and PDFium search
    wherever they find a file damaged, which each version sees otherwise: then what an update replaced, and another
    brought back, is what they show. No program writes that.
    """
    freed: set[int] = set()
    passed_over: list[int] = []
    brought_back: list[int] = []
    by_table: set[int] = set()  # those that a table freed
    by_stream = reader.revisions[-1].sections[0].stream is not None
    highest: dict[int, int] = {}  # where the last object of each number stands that an update speaks of; 0: none
    first = reader.revisions[0]
    for number in first.sections[0].shared_numbers(first.sections[-1]) if len(first.sections) > 1 else ():
        for section in first.sections:
            entry = section.entry(number)
            here = entry.a if entry is not None and entry.kind == PLAIN else 0
            highest[number] = max(highest.get(number, 0), here)
    for saved in reader.revisions[1 : revision + 1]:
        for number, entry in saved.entries():
            if number not in highest:
                before = reader.entry(number, 0)
                highest[number] = before.a if before is not None and before.kind == PLAIN else 0
            if entry.kind == PLAIN:
                highest[number] = max(highest[number], entry.a)
            elif entry.kind == FREE and saved.sections[0].stream is None:
                by_table.add(number)
    for number, place in highest.items():
        if place and (now := reader.entry(number, revision)) is None:
            if not by_stream or number in by_table:
                freed.add(number)
        elif place and now is not None and (now.kind != PLAIN or now.a != place):
            if (now.a if now.kind == PLAIN else _place_of(reader, now.a, revision)) < place:
                brought_back.append(number)
            elif not by_stream:
                passed_over.append(number)
    return _Replaced(freed, passed_over, brought_back)


def _place_of(reader: Reader, number: int, revision: int) -> int:
    """Where an object stream stands; 0 where that is unknown, which `members_astray` says."""
    entry = reader.entry(number, revision)
    return entry.a if entry is not None and entry.kind == PLAIN else 0


def has_unusual_references(reader: Reader, revision: int) -> bool:
    """Whether what could be a reference is not plainly one of generation 0, anywhere up to a revision."""
    return unusual_between(reader.data, 0, reader.revisions[revision].end) or any(_in_members(reader, revision))


def _in_members(reader: Reader, revision: int) -> Iterator[bool]:
    """The same of each object stream; of these the text alone is looked at."""
    seen: set[int] = set()
    budget = Budget(len(reader.data))
    for saved in reader.revisions[: revision + 1]:
        for section in saved.sections:
            for number in section.containers():
                entry = reader.entry(number, saved.index)
                if entry is None or entry.kind != PLAIN or entry.a in seen:
                    continue  # `members_astray` says what is wrong
                seen.add(entry.a)
                kept = reader.kept_stream(entry.a)
                holder = reader.holder(number, entry, saved.index).value if kept is None else None
                text = decode(holder, budget) if isinstance(holder, Stream) else kept.source if kept else b""
                yield b"R" in text and unusual_between(text, 0, len(text))
