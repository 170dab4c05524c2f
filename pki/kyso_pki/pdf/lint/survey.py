"""One walk over the file for all checks: which objects there are, which of them the trailer reaches, the pages.

Reach for `survey`. The work is linear in the file: each object is read once, each page-tree node met once; what
cannot be read is noted, never skipped in silence.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Final, NamedTuple

from ...errors import LimitExceeded
from ..filters import Budget, decode
from ..objects import UNREADABLE, Dictionary, Ref, Stream, Value
from ..reader import Reader
from ..walk import references_in
from ..xref import FREE
from .checks import Observation
from .dull import Dull

MAX_PARTS: Final = 4_000_000  # values in all objects together; a scanned volume of 1,000 pages has some 100,000
MAX_PAGES: Final = 100_000
MAX_TREE_DEPTH: Final = 64
_ATTACHED = ("Resources", "MediaBox")  # what a page has from the nodes above it (7.7.3.4)


class Part(NamedTuple):
    """A dictionary of the file (of a stream: its own), the object in which it stands, and the stream if it is one."""

    dictionary: Dictionary
    number: int | None
    stream: Stream | None


@dataclass(frozen=True)
class Page:
    """One page as the linter sees it."""

    number: int
    """Counted from 1."""
    object: int | None
    dictionary: Dictionary
    """With /Resources and /MediaBox from above where it has none."""


@dataclass
class Survey:
    """What the walk found; checks read it and ask `reader` for more."""

    reader: Reader
    parts: list[Part] = field(default_factory=list)
    """Every dictionary that the trailer reaches, nested ones included, but for those that no check looks at."""
    unreached: list[tuple[int, Value]] = field(default_factory=list)
    """Objects in use that nothing reaches."""
    pages: list[Page] = field(default_factory=list)
    unread: list[Observation] = field(default_factory=list)
    budget: Budget = field(init=False)
    """For content streams; the reader's own is left to whoever signs afterwards."""

    def __post_init__(self) -> None:
        self.budget = Budget(len(self.reader.data))

    def get(self, dictionary: Dictionary, key: str) -> Value:
        """The value behind an entry, references followed; null where it cannot be read (which is noted)."""
        return self.resolve(dictionary.get(key))

    def resolve(self, value: Value) -> Value:
        try:
            return self.reader.resolve(value)
        except UNREADABLE as e:
            self.note(value.number if isinstance(value, Ref) else None, e)
            return None

    def dictionary(self, value: Value) -> Dictionary:
        """The dictionary behind a value (of a stream: its own); empty for anything else."""
        found = self.resolve(value)
        if isinstance(found, Stream):
            return found.dictionary
        return found if isinstance(found, dict) else {}

    def items(self, value: Value) -> list[Value]:
        found = self.resolve(value)
        return found if isinstance(found, list) else []

    def content(self, value: Value) -> bytes:
        """The decoded bytes of a content stream or an array of them; what cannot be decoded is noted."""
        found = self.resolve(value)
        pieces = found if isinstance(found, list) else [value]
        out = []
        for piece in pieces:
            stream = self.resolve(piece)
            if isinstance(stream, Stream):
                try:
                    out.append(decode(stream, self.budget, drawn=True))
                except UNREADABLE as e:
                    self.note(piece.number if isinstance(piece, Ref) else None, e)
        return b"\n".join(out)

    def note(self, number: int | None, error: Exception) -> None:
        seen = Observation("NOT_CHECKED", str(error), number)
        if seen not in self.unread[-20:]:
            self.unread.append(seen)


def survey(reader: Reader, telling: frozenset[str] | None = None) -> Survey:
    """The walk; `telling` are the names by which a check knows a dictionary of `parts`, None: all are wanted.

    Raises `LimitExceeded` for a file whose parts are too many to look at.
    """
    found = Survey(reader)
    dull = Dull(reader, telling)
    reached = _reach(found, dull)
    _unreached(found, reached, dull)
    _pages(found)
    return found


def _reach(found: Survey, dull: Dull) -> set[int]:
    reader = found.reader
    reached: set[int] = set()
    named: set[Ref] = set()  # `5 3 R` leads nowhere and must not hide what `5 0 R` leads to
    count = 0
    pending: list[tuple[Value, int | None]] = [
        (v, None) for v in reader.trailer.values() if isinstance(v, Ref | dict)
    ]
    while pending:
        value, number = pending.pop()
        count += 1
        if count > MAX_PARTS:
            raise LimitExceeded(f"PDF: more than {MAX_PARTS} parts; the file is too large to be looked through.")
        if isinstance(value, Ref):
            if value in named:
                continue
            named.add(value)
            number = value.number
            if (references := dull.references(value)) is not None:
                reached.add(number)
                pending += [(ref, number) for ref in references]
                continue
            if reader.leads_nowhere(value):
                continue  # `readings` says whether that does harm
            reached.add(number)
            value = found.resolve(value)
        if isinstance(value, dict):
            found.parts.append(Part(value, number, None))
            pending += [(v, number) for v in value.values() if isinstance(v, Ref | dict | list)]
        elif isinstance(value, Stream):
            found.parts.append(Part(value.dictionary, number, value))
            pending += [(v, number) for v in value.dictionary.values() if isinstance(v, Ref | dict | list)]
        elif isinstance(value, list):
            pending += [(v, number) for v in value if isinstance(v, Ref | dict | list)]
        elif isinstance(value, Ref):  # a reference to a reference
            pending.append((value, number))
    return reached


def _unreached(found: Survey, reached: set[int], dull: Dull) -> None:
    reader = found.reader
    containers = {n for r in reader.revisions for s in r.sections for n in s.containers()}
    done = reached | containers | {0}
    seen: set[int] = set()
    for revision in reversed(reader.revisions):
        whole = revision.index == 0 and revision.sections[0].stream is None  # all that it has are plain
        bulk = dull.numbers if whole else None
        numbers = sorted(bulk.keys() - done) if bulk else [n for n, _ in revision.entries()]
        for number in numbers:
            if number in seen or number in done:
                continue
            seen.add(number)
            try:
                holder = reader.fetch(number)
            except UNREADABLE as e:
                found.note(number, e)
                continue
            if holder is not None and not _of_the_file(holder.value):
                found.unreached.append((number, holder.value))


def left_by_updates(found: Survey) -> set[int]:
    """Of the unreached objects those that an earlier revision reached: an update replaced what referred to them."""
    unreached = dict(found.unreached)
    left: set[int] = set()
    pending = [ref for value in _replaced(found) for ref in references_in(value)]
    while pending:
        number = pending.pop().number
        if number in unreached and number not in left:
            left.add(number)
            pending += references_in(unreached[number])
    return left


def _replaced(found: Survey) -> Iterator[Value]:
    """What objects were before an update replaced them."""
    reader = found.reader
    for revision in reader.revisions:
        for number, entry in revision.entries():
            if entry.kind != FREE and entry != reader.entry(number):
                try:
                    yield reader.at(number, entry, revision.index).value
                except UNREADABLE as e:
                    found.note(number, e)


def _of_the_file(value: Value) -> bool:
    """Objects that belong to the file's own structure, to which nothing need refer."""
    if isinstance(value, Stream):
        kind = value.dictionary.get("Type")
        hints = "S" in value.dictionary and kind is None  # the hint stream of a linearized file (Annex F.3)
        return kind in ("XRef", "ObjStm") or hints
    return value is None or (isinstance(value, dict) and "Linearized" in value)


def _pages(found: Survey) -> None:
    """The pages in their order, by the page tree (7.7.3)."""
    try:
        root = found.reader.catalog().get("Pages")
    except UNREADABLE as e:
        found.note(None, e)
        return
    visited: set[int] = set()
    pending: list[tuple[Value, Dictionary, int]] = [(root, {}, 0)]
    while pending:
        value, above, depth = pending.pop()
        if isinstance(value, Ref):
            if value.number in visited:
                continue
            visited.add(value.number)
        node = found.dictionary(value)
        passed = {**above, **{k: node[k] for k in _ATTACHED if k in node}}
        if "Kids" in node and depth < MAX_TREE_DEPTH:
            pending += [(kid, passed, depth + 1) for kid in reversed(found.items(node.get("Kids")))]
        elif node:
            if len(found.pages) >= MAX_PAGES:
                raise LimitExceeded(f"PDF: more than {MAX_PAGES} pages; the file is too large to be looked through.")
            number = value.number if isinstance(value, Ref) else None
            found.pages.append(Page(len(found.pages) + 1, number, {**passed, **node}))


def page_annotations(found: Survey) -> Iterator[tuple[Page, Dictionary, int | None]]:
    """Every annotation with its page and object number."""
    for page in found.pages:
        for item in found.items(page.dictionary.get("Annots")):
            annotation = found.dictionary(item)
            if annotation:
                yield page, annotation, item.number if isinstance(item, Ref) else page.object
