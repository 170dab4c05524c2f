"""The strict view of a PDF file: its revisions, and any object as it was in any of them.

Reach for `Reader(data)`, then `fetch` and `resolve`. The chain of cross-reference sections is walked from the
last `startxref` back to the first revision; each revision is a stretch of the file that ends with its own
`%%EOF`, and each object looked up must stand where its entry says, under the same number. Nothing is
searched for and nothing is rebuilt: a file that needs that is refused (attack classes P4, P5, R1).
"""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache, cached_property
from operator import itemgetter
from typing import TYPE_CHECKING, Final

from ..errors import FormatError, LimitExceeded
from .filters import Budget
from .object_stream import ObjectStream, is_container, plain_holder
from .objects import REWRITE as REWRITE
from .objects import Dictionary, IndirectObject, Ref, Value, read_indirect, skip_space
from .xref import COMPRESSED, FREE, PLAIN, Entry, Section, last_startxref, read_closing, read_section

if TYPE_CHECKING:
    from .encryption.handler import Handler
    from .encryption.opening import Password

MAX_REVISIONS: Final = 1024  # against quadratic work; each signature is one
FREE_ENTRIES: Final = 200_000  # entries that all updates together may have, and one more for
ENTRY_BYTES: Final = 20  # so many bytes of the file: the size of a table's entry
MAX_KEPT: Final = 8 << 20  # bytes of decoded object streams that are kept at a time; one is some 20 kB
MAX_HOLDERS: Final = (
    4096  # object streams of which the dictionary is kept, some 1 kB each; a file has one for 100 objects
)
FEW_OBJECTS: Final = 128
MAX_INDIRECTIONS: Final = 8  # references to references

_version = re.compile(rb"%PDF-([12])\.(\d)").match


@dataclass(frozen=True)
class Revision:
    """One save of the file: `data[start:end]`, white space after `%%EOF` included."""

    index: int
    start: int
    eof: int
    """The offset after `%%EOF`: a signature over this revision ends here, or in the white space that follows."""
    end: int
    sections: tuple[Section, ...]
    """Newest first: one, or two in a linearized file."""
    xref_start: int
    """Where the cross-reference section that closes the revision starts."""

    @property
    def trailer(self) -> Dictionary:
        return self.sections[0].trailer

    def ends_at(self, position: int) -> bool:
        """Whether a byte range that ends at `position` covers exactly up to this revision."""
        return self.eof <= position <= self.end

    def entries(self) -> Iterator[tuple[int, Entry]]:
        """What this revision says of objects; for the revisions after a signature."""
        for section in self.sections:
            yield from section.entries()


class Reader:
    """A PDF file as bytes, read strictly. Raises `FormatError`, `EncryptedDocument`, `LimitExceeded`."""

    def __init__(self, data: bytes, password: Password | None = None) -> None:
        self.data = data
        self.handler: Handler | None = None
        """What decrypts an encrypted file; None for others."""
        self._password = None if password is None else cache(password)  # whoever types it is asked once
        self.budget = Budget(len(data))
        self._plain: dict[int, IndirectObject] = {}
        self._members: dict[tuple[int, int], IndirectObject] = {}
        self._streams: dict[int, ObjectStream] = {}
        self._kept = 0
        self._holders = 0
        self._opening: set[int] = set()
        self._catalogs: dict[int, Dictionary] = {}
        try:
            m = _version(data)
            if m is None:
                raise FormatError("PDF: the file does not start with %PDF-1.x or %PDF-2.x.")
            self.header_version: tuple[int, int] = (int(m[1]), int(m[2]))
            self.startxref = last_startxref(data)
            self.revisions = _revisions(data, self.startxref, self.budget)
        except LimitExceeded:
            raise
        except FormatError as e:
            raise FormatError(e.message, remedy=REWRITE, **e.details) from None
        self._ends = [revision.end for revision in self.revisions]
        self.last = len(self.revisions) - 1
        """The index of the last revision."""
        self.trailer = self.revisions[-1].trailer
        self._index_entries()
        if any(s.trailer.get("Encrypt") is not None for r in self.revisions for s in r.sections):
            from .encryption.opening import opened

            self.handler = opened(self, self._password)
        self.catalog()  # a file whose catalog is not where it is said to be is refused here, not later

    def _index_entries(self) -> None:
        """Puts the entries of all updates into one index; those of the first revision stay in their table."""
        self._history: dict[int, list[tuple[int, Entry]]] = {}
        original = self.revisions[0].sections
        self._original = original[0].few if len(original) == 1 else None
        updates = self.revisions[1:]
        entries = sum(section.count for revision in updates for section in revision.sections)
        if entries > FREE_ENTRIES + len(self.data) // ENTRY_BYTES:
            raise LimitExceeded(f"PDF: the updates speak of {entries} objects, more than the file can hold.")
        for revision in updates:
            for number, entry in revision.entries():
                self._history.setdefault(number, []).append((revision.index, entry))

    def updates(self) -> Iterator[tuple[int, int, Entry]]:
        """(number, index of the revision, entry) of all entries of updates."""
        return ((number, index, entry) for number, history in self._history.items() for index, entry in history)

    @property
    def password_if_encrypted(self) -> Password | None:
        """The password that fits, for other libraries that open the file anew; None for a file that has none."""
        handler = self.handler
        return None if handler is None else lambda: handler.password

    @property
    def trailing(self) -> int:
        """How many bytes follow the last revision and belong to nothing."""
        return len(self.data) - self.revisions[-1].end

    # Entries and objects

    def entry(self, number: int, revision: int | None = None) -> Entry | None:
        """The entry of an object as of a revision (default: the last); None when it has none or is free."""
        upto = self.last if revision is None else revision
        if (history := self._history.get(number)) is not None:
            i = len(history) if history[-1][0] <= upto else bisect_right(history, upto, key=itemgetter(0))
            if i:
                return history[i - 1][1] if history[i - 1][1].kind != FREE else None
        if self._original is not None:
            found = self._original.get(number)
            return found if found is not None and found.kind != FREE else None
        for section in self.revisions[0].sections:
            found = section.entry(number)
            if found is not None:
                return None if found.kind == FREE else found
        return None

    @property
    def has_few_objects(self) -> bool:
        """Whether they are so few that reading each of them costs less than finding out whether it must be read."""
        return sum(section.count for revision in self.revisions for section in revision.sections) <= FEW_OBJECTS

    def kept(self, ref: Ref, entry: Entry) -> Value:
        """What a plain object is when it has been read, and is kept; None where not. Its strings are decrypted."""
        found = self._plain.get(entry.a) if entry.kind == PLAIN else None
        same = found is not None and found.number == ref.number and found.generation == ref.generation == entry.b
        return found.value if found is not None and same else None

    def is_read(self, stream: ObjectStream, entry: Entry) -> bool:
        """Whether an object in an object stream has been read, so that to ask for it costs nothing."""
        return (stream.offset, entry.b) in self._members

    @cached_property
    def places(self) -> list[int]:
        """Where objects and tables stand by any cross-reference, ascending, each once."""
        found = {section.offset for revision in self.revisions for section in revision.sections}
        for section in self.revisions[0].sections:
            found.update(*(plain.offsets for plain in section.plain()))
        found.update([e.a for history in self._history.values() for _, e in history if e.kind == PLAIN])
        return sorted(found)

    def plain_places(self) -> dict[int, int]:
        """Where the plain objects of generation 0 stand that no update speaks of, many at a time.

        Empty where that cannot be told in bulk: two cross-references for one save, generations.
        """
        sections = self.revisions[0].sections
        found: dict[int, int] = {}
        if len(sections) > 1 or sections[0].hidden is not None:
            return found
        for numbers, places, generations in sections[0].plain():
            if any(generations):
                return {}
            found.update(zip(numbers, places, strict=True))
        for number in self._history:
            found.pop(number, None)
        return found

    def fetch(self, number: int, revision: int | None = None) -> IndirectObject | None:
        """The object as of a revision, None when there is none. Raises `FormatError`."""
        entry = self.entry(number, revision)
        return None if entry is None else self.at(number, entry, revision)

    def at(self, number: int, entry: Entry, revision: int | None = None) -> IndirectObject:
        """The object that an entry points to; it must carry the same number and generation."""
        found = self._plain.get(entry.a) if entry.kind == PLAIN else None
        if found is not None and found.number == number and found.generation == entry.b:
            return found
        try:
            return self._at(number, entry, revision)
        except FormatError as e:
            e.remedy = e.remedy or REWRITE
            raise

    def _at(self, number: int, entry: Entry, revision: int | None) -> IndirectObject:
        if entry.kind == PLAIN:
            found = self._plain.get(entry.a)
            if found is None:
                found = read_indirect(self.data, entry.a, lambda ref: self._length(ref, revision))
                if found.stop > self._end_of(entry.a):
                    raise FormatError(f"PDF: object {number} at {entry.a} goes on in what was saved after it.")
                if self.handler is not None:
                    found = self.handler.opened(found)
                self._keep_plain(entry.a, found)
            if found.number != number or found.generation != entry.b:
                raise FormatError(
                    f"PDF: the cross-reference says that object {number} {entry.b} is at {entry.a}, "
                    f"but {found.number} {found.generation} is there."
                )
            return found
        container = self.object_stream(entry.a, revision)
        key = (container.offset, entry.b)
        found = self._members.get(key)
        if found is None:
            found = self._members[key] = container.member(entry.b)
        if found.number != number:
            raise FormatError(
                f"PDF: the cross-reference says that object {number} is number {entry.b} in object stream {entry.a}, "
                f"but {found.number} is there."
            )
        return found

    def stored(self, number: int, entry: Entry, revision: int | None = None) -> IndirectObject:
        """A plain object as it stands in the file, its bytes not decrypted. Raises `FormatError`."""
        found = read_indirect(self.data, entry.a, lambda ref: self._length(ref, revision))
        if (found.number, found.generation) != (number, entry.b):
            raise FormatError(f"PDF: object {number} {entry.b} is not at {entry.a}.", remedy=REWRITE)
        return found

    def standing_at(self, offset: int, revision: int | None = None, *, keep: bool = True) -> IndirectObject:
        """The object at an offset, under whatever number, its bytes not decrypted. Raises `FormatError`."""
        found = self._plain.get(offset) if self.handler is None else None
        if found is None:
            found = read_indirect(self.data, offset, lambda ref: self._length(ref, revision))
            if keep and self.handler is None and found.stop <= self._end_of(offset):
                self._keep_plain(offset, found)
        return found

    def _keep_plain(self, offset: int, found: IndirectObject) -> None:
        """Keeps an object as read; object streams, of which a file may be full, as long as there is room."""
        if is_container(found.value):
            if self._holders >= MAX_HOLDERS:
                return
            self._holders += 1
        self._plain[offset] = found

    def _length(self, ref: Ref, revision: int | None) -> Value:
        """An indirect /Length: a plain object that is a number, read without following anything."""
        entry = self.entry(ref.number, revision)
        if entry is None:
            return None
        if entry.kind == COMPRESSED:  # the stream that holds it must not depend on it
            return self.at(ref.number, entry, revision).value
        found = read_indirect(self.data, entry.a)
        return found.value if (found.number, found.generation) == ref else None

    def object_stream(self, number: int, revision: int | None = None) -> ObjectStream:
        """The decoded object stream (ISO 32000-2 7.5.7). Raises `FormatError`."""
        entry = self.entry(number, revision)
        if entry is None or entry.kind != PLAIN:
            raise FormatError(f"PDF: the object stream {number} is missing or is itself compressed.", remedy=REWRITE)
        found = self._streams.get(entry.a)
        if found is None:
            if entry.a in self._opening or len(self._opening) >= MAX_INDIRECTIONS:
                raise FormatError(f"PDF: the object stream {number} depends on itself.", remedy=REWRITE)
            self._opening.add(entry.a)
            try:
                holder = self.holder(number, entry, revision)
            finally:
                self._opening.discard(entry.a)
            found = ObjectStream(holder, self.budget)
            self._keep(entry.a, found)
        return found

    def holder(self, number: int, entry: Entry, revision: int | None = None) -> IndirectObject:
        """As `at`, of a plain object that should be an object stream, which most programs write in one way."""
        if entry.a not in self._plain and self.handler is None:
            found = plain_holder(self.data, entry.a)
            if found is not None and found.stop <= self._end_of(entry.a):
                self._keep_plain(entry.a, found)
        return self.at(number, entry, revision)

    def kept_stream(self, offset: int) -> ObjectStream | None:
        """The decoded object stream that stands at an offset, when it is kept."""
        return self._streams.get(offset)

    @property
    def has_room(self) -> bool:
        """Whether one more object stream can be kept decoded without another one going."""
        return self._kept < MAX_KEPT // 2

    def _keep(self, offset: int, stream: ObjectStream) -> None:
        """Keeps a decoded stream; the oldest go when all take too much. To decode one again costs budget again."""
        self._streams[offset] = stream
        self._kept += stream.size
        while self._kept > MAX_KEPT and len(self._streams) > 1:
            self._kept -= self._streams.pop(next(iter(self._streams))).size

    def resolve(self, value: Value, revision: int | None = None) -> Value:
        """The value itself, after following references; a reference to nothing is null (ISO 32000-2 7.3.10)."""
        if not isinstance(value, Ref):
            return value
        for _ in range(MAX_INDIRECTIONS):
            if not isinstance(value, Ref):
                return value
            entry = self.entry(value.number, revision)
            if entry is None or _generation(entry) != value.generation:
                return None
            value = self.at(value.number, entry, revision).value
        raise FormatError("PDF: references point to references in a long chain or a circle.", remedy=REWRITE)

    def leads_nowhere(self, ref: Ref, revision: int | None = None) -> bool:
        """Whether there is no object under this number and generation."""
        entry = self.entry(ref.number, revision)
        return entry is None or _generation(entry) != ref.generation

    def dictionary(self, value: Value, revision: int | None = None) -> Dictionary:
        """The dictionary behind a value. Raises `FormatError` when it is something else."""
        found = self.resolve(value, revision)
        if isinstance(found, dict):
            return found
        raise FormatError(f"PDF: a dictionary was expected, found {type(found).__name__}.", remedy=REWRITE)

    def root_ref(self, revision: int | None = None) -> Ref:
        """The reference to the catalog in a revision's trailer."""
        trailer = self.revisions[self.last if revision is None else revision].trailer
        root = trailer.get("Root")
        if not isinstance(root, Ref):
            raise FormatError("PDF: the trailer names no catalog (/Root).", remedy=REWRITE)
        return root

    def catalog(self, revision: int | None = None) -> Dictionary:
        """The document catalog as of a revision (ISO 32000-2 7.7.2)."""
        index = self.last if revision is None else revision
        found = self._catalogs.get(index)
        if found is None:
            found = self._catalogs[index] = self.dictionary(self.root_ref(index), index)
        return found

    def _end_of(self, offset: int) -> int:
        """Where the revision ends in which an offset lies."""
        if offset >= self.revisions[-1].start:  # as in most files
            return self.revisions[-1].end
        found = self.revision_of(offset)
        return len(self.data) if found is None else found.end

    def revision_of(self, offset: int) -> Revision | None:
        """The revision in whose stretch of the file an offset lies."""
        i = bisect_right(self._ends, offset)
        return self.revisions[i] if i < len(self._ends) else None


def _generation(entry: Entry) -> int:
    """The generation of an object in use; in an object stream it is 0 (7.5.7)."""
    return entry.b if entry.kind == PLAIN else 0


def _revisions(data: bytes, startxref: int, budget: Budget) -> tuple[Revision, ...]:
    """The revisions, oldest first. Each section lies after the end of the revision before it."""
    sections = _sections(data, startxref, budget)
    first = [sections.pop()]
    if sections and sections[-1].offset < first[0].offset:  # linearized: first-page section, then the main one
        first.insert(0, sections.pop())
    revisions = [_first_revision(data, first)]
    while sections:
        section = sections.pop()
        start = revisions[-1].end
        closing = read_closing(data, section.end)
        if section.hidden is not None and section.hidden.offset > section.offset:
            raise FormatError("PDF: /XRefStm does not point before its table.")
        if section.offset < start or closing.startxref != section.offset:
            raise FormatError(
                f"PDF: the revision whose cross-reference is at {section.offset} is not a whole update."
            )
        revisions.append(
            Revision(len(revisions), start, closing.eof, closing.end, (section,), section.offset),
        )
    return tuple(revisions)


def _sections(data: bytes, startxref: int, budget: Budget) -> list[Section]:
    """All sections, newest first, along /Prev. They may not overlap, so the walk is linear in the file."""
    sections: list[Section] = []
    hidden: set[int] = set()
    offset: int | None = startxref
    while offset is not None:
        section = read_section(data, offset, budget)
        sections.append(section)
        if len(sections) > MAX_REVISIONS + 1:
            raise LimitExceeded(f"PDF: more than {MAX_REVISIONS} revisions.")
        if section.hidden is not None:
            if section.hidden.offset in hidden:  # R1: else a small file costs as if it had each entry many times
                raise FormatError(f"PDF: several cross-references name the same /XRefStm at {section.hidden.offset}.")
            hidden.add(section.hidden.offset)
        previous = section.trailer.get("Prev")
        if previous is not None and type(previous) is not int:
            raise FormatError("PDF: /Prev in a trailer is no number.")
        if len(sections) > 1 and not _in_order(sections):
            raise FormatError(f"PDF: the chain of cross-references runs in a circle or backwards at {offset}.")
        offset = previous
    return sections


def _in_order(sections: list[Section]) -> bool:
    """Whether the section just read lies before the one that names it, or is the main one of a linearized file."""
    newer, older = sections[-2:]
    if older.end <= newer.offset:
        return True
    lowest = len(sections) == 2 or newer.end <= sections[-3].offset
    behind = len(sections) == 2 or older.end <= sections[-3].offset
    return older.offset >= newer.end and "Prev" not in older.trailer and lowest and behind


def _first_revision(data: bytes, sections: list[Section]) -> Revision:
    last = sections[-1]
    for hidden in [s.hidden for s in sections if s.hidden is not None]:
        # The first-page table of a linearized file stands before all else, and so does not follow its stream.
        if hidden.offset > last.offset:
            raise FormatError("PDF: /XRefStm does not point before its table.")
    closing = read_closing(data, last.end)
    if closing.startxref != sections[0].offset:
        raise FormatError(f"PDF: the `startxref` after the cross-reference at {last.offset} points elsewhere.")
    if len(sections) == 2:
        head = read_indirect(data, skip_space(data, 0)).value
        if not isinstance(head, dict) or "Linearized" not in head:
            raise FormatError("PDF: the cross-references stand in reverse order, but the file is not linearized.")
        for number in sections[0].shared_numbers(last):
            entries = {e for s in sections if (e := s.entry(number)) is not None and e.kind != FREE}
            if len(entries) > 1:
                raise FormatError(f"PDF: the two cross-references of a linearized file disagree on object {number}.")
    return Revision(0, 0, closing.eof, closing.end, tuple(sections), last.offset)
