"""Numbers for new objects that nothing refers to yet: what a file promises is not delivered by accident.

Reach for `unreferred_from`. A file may refer to objects that it does not have; such a reference is null (ISO 32000-2
7.3.10) until an object of our own takes that number: a page would then show it, a form would have it as a value, and
a signature made before would be broken by ours.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from typing import Final

from ..errors import LimitExceeded
from .filters import decode
from .large import large_streams
from .objects import Stream
from .reader import REWRITE, Reader
from .references import REST, Search, Stretches, hits, search_for, stretches
from .xref import MAX_OBJECT_NUMBER, PLAIN

FEW: Final = 256  # new objects of one update, evidence included
VERY_FEW: Final = 16  # the same of a signature that shows nothing: itself, field, form, lock, cross-reference
TRIES: Final = 4  # searches for a few numbers each, before one for all references, which is ten times slower
SHORT: Final = 1 << 14  # bytes below which making a pattern takes longer than searching with a more general one


def unreferred_from(reader: Reader, first: int, room: int = FEW, *, signed: bool = True) -> int:
    """The least number from `first` on after which `room` objects can be added that nothing refers to yet.

    `signed`: the file has signatures, whose reader searches every byte (`stray_references`), and so must this. Else
    the data of large streams are passed over: there are no references in them. Object streams are searched in either
    case. `TRIES` + 1 passes at most. Raises `FormatError`, `LimitExceeded`.
    """
    searched = ((0, len(reader.data)),) if signed else outside_large_streams(reader)
    short = sum(stop - start for start, stop in searched) < SHORT
    for _ in range(TRIES):
        wanted = range(first, first + room)
        found = _referred(reader, _of_length(wanted) if short else search_for(dict.fromkeys(wanted)), searched)
        if not found:
            return first
        first = max(found) + 1
    return _beyond(_referred(reader, _any_reference, searched), first, room)


def _beyond(taken: Iterable[int], first: int, room: int) -> int:
    """The least number from `first` on after which `room` numbers are not taken. Raises `LimitExceeded`."""
    for number in [*sorted(n for n in taken if n >= first), MAX_OBJECT_NUMBER]:
        if number >= first + room:
            return first
        first = number + 1
    raise LimitExceeded("PDF: the file refers to all object numbers that a new object could get.", remedy=REWRITE)


def outside_large_streams(reader: Reader) -> Stretches:
    """The file without the data of its large streams, as stretches `[start, stop)`."""
    return stretches(large_streams(reader), len(reader.data))


def _referred(reader: Reader, search: Search, stretches: Stretches) -> set[int]:
    """Every number that a search finds, in the file and in its object streams."""
    found = {number for number, _ in search(reader.data, stretches)}
    for source in _object_streams(reader):
        found.update(number for number, _ in search(source, ((0, len(source)),)))
    return found


def _object_streams(reader: Reader) -> Iterator[bytes]:
    """What every object stream in use holds, each once; whether it is well formed tells who reads its objects."""
    seen: set[int] = set()
    for revision in reader.revisions:
        for section in revision.sections:
            for number in section.containers():
                entry = reader.entry(number, revision.index)
                if entry is None or entry.kind != PLAIN or entry.a in seen:
                    continue
                seen.add(entry.a)
                if (kept := reader.kept_stream(entry.a)) is not None:
                    yield kept.source
                    continue
                holder = reader.holder(number, entry, revision.index).value
                if isinstance(holder, Stream):
                    yield decode(holder, reader.budget)


def _of_length(wanted: range) -> Search:
    """A search for these numbers by how many digits they have: slower, but most files share its pattern."""
    least, most = len(str(wanted[0])), len(str(wanted[-1]))
    pattern = re.compile(rb"\b0*+([0-9]{%d,%d})" % (least, most) + REST)

    def search(data: bytes, stretches: Stretches) -> Iterator[tuple[int, int]]:
        return (hit for hit in hits([pattern], data, stretches) if hit[0] in wanted)

    return search


def _any_reference(data: bytes, stretches: Stretches) -> Iterator[tuple[int, int]]:
    return hits([re.compile(rb"(\d{1,10}+)" + REST)], data, stretches)
