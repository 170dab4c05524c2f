"""Signature fields that a page shows and the form does not list (attack classes P1, P9).

Reach for `fields_outside`. Programs disagree about them: some show such a field as a signature, others only draw it,
and nobody who asks the form hears of it. Pages and annotations are read level by level, those of one object stream
together, and are not kept: the work is linear in the file and a file of many pages takes no memory.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass, replace
from typing import Final

from ..errors import FormatError, LimitExceeded
from ..facts import Finding, SignatureFacts, broken
from .fields import MAX_FIELD_DEPTH, Field, full_name
from .glance import node_lists, plain_text
from .lively import Acting
from .objects import UNREADABLE, Dictionary, Ref, Value
from .pagetree import MAX_DEPTH, page_objects
from .reader import MAX_INDIRECTIONS, Reader
from .xref import PLAIN, Entry

MAX_OUTSIDE: Final = 64  # fields that are named; any one of them makes the file fail


@dataclass(frozen=True)
class Outside:
    """A field with a signature as its value, on a page and not in the form."""

    name: str
    """Fully qualified (12.7.4.2), as far as it can be read; empty where it has none."""
    page: int
    """The object number of the page, 0 where the page is no object of its own."""
    object: int
    """The object number of the annotation, 0 where it stands in the page itself."""
    value: Value
    """/V as it stands."""
    problem: str | None = None
    """Why the annotation cannot be read; then a signature may hide in it."""


def fields_outside(reader: Reader, form: Collection[Ref], acting: Acting | None = None) -> list[Outside]:
    """Every such field in the file as it is now; `form` are the nodes that the form lists.

    `acting` is told of pages and annotations, besides those of the form, that do something by themselves.

    An empty field, and a widget whose value is that of a listed field above it, is none. What cannot be read counts.
    Raises `FormatError`, `LimitExceeded` where the pages themselves cannot be read.
    """
    found: list[Outside] = []
    holders: set[int] = set()  # of values: several widgets of one field are one field
    shared: dict[Ref, Value] = {}  # what many widgets may refer to is read once
    acting = Acting() if acting is None else acting
    for annotation, number, page in _annotations(reader, form, acting):
        try:
            node = annotation if isinstance(annotation, dict) else _peek(reader, annotation)
            if isinstance(node, dict):
                acting.note(node, number or page)
            outside = (
                _signature(reader, node, number, page, form, holders, shared) if isinstance(node, dict) else None
            )
        except UNREADABLE as e:
            outside = Outside("", page, number, None, str(e))
        if outside is not None:
            found.append(outside)
            if len(found) >= MAX_OUTSIDE:
                break
    return found


def refuse_outside(reader: Reader, fields: Iterable[Field]) -> None:
    """Raises `FormatError` where there is such a field: beside it every signature would be refused at once."""
    for field in fields_outside(reader, nodes_of(fields)):
        why = field.problem or "it is not listed by the form"
        raise FormatError(
            f"PDF: object {field.object or field.page} is, or hides, a signature field outside the form: {why}.",
            remedy="Sign the file as it was before that field was put on the page.",
        )


def outside_facts(reader: Reader, found: Iterable[Outside], taken: Collection[str]) -> Iterator[SignatureFacts]:
    """Each as a signature that failed; `taken` are the names in use. Raises as `fields_outside`."""
    pages = {number: page for page, number in enumerate(page_objects(reader), 1)}
    names = set(taken)
    for i, field in enumerate(found, 1):
        where = f"page {pages.get(field.page, '?')}, object {field.object or field.page}"
        name = f"{field.name or '(no name)'} (outside the form, {field.object or i})"
        while name in names:
            name += "'"
        names.add(name)
        text = f"The signature field {field.name!r} on {where}, is not listed by the form; some programs show it."
        if field.problem is not None:
            text = f"An annotation on {where}, cannot be read, so that a signature may hide in it: {field.problem}"
        unit = broken(name, "pdf", FormatError(text), where)
        yield replace(unit, findings=(Finding("OUTSIDE_FORM", "error", text),))


def nodes_of(fields: Iterable[Field]) -> set[Ref]:
    """The objects that the form lists."""
    return {field.ref for field in fields if field.ref is not None}


def _signature(
    reader: Reader,
    widget: Dictionary,
    number: int,
    page: int,
    form: Collection[Ref],
    holders: set[int],
    shared: dict[Ref, Value],
) -> Outside | None:
    """The field that a widget is, or stands for, when its value is a signature or could be one in disguise."""
    node, at = widget, number
    kind: Value = None
    value: Value = None
    holder = 0
    for _ in range(MAX_FIELD_DEPTH):
        if not node.keys() & {"V", "FT", "Parent"}:
            break
        kind = _once(reader, node.get("FT"), shared) if kind is None else kind
        if value is None and node.get("V") is not None:
            value, holder = node["V"], at
        above = node.get("Parent")
        if not isinstance(above, Ref) or (value is not None and kind is not None):
            break
        if value is None and above in form:  # what a listed field hands down has its verdict there
            return None
        parent = _once(reader, above, shared)
        if not isinstance(parent, dict):
            break
        node, at = parent, above.number
    if value is None or holder in holders:
        return None
    if kind != "Sig" and not isinstance(_once(reader, value, shared), dict):
        return None
    if holder:
        holders.add(holder)
    return Outside(full_name(reader.resolve, widget), page, number, value)


def _once(reader: Reader, value: Value, shared: dict[Ref, Value]) -> Value:
    """As `_peek`, and kept for the next one who refers to it."""
    if not isinstance(value, Ref):
        return value
    if value not in shared:
        shared[value] = _peek(reader, value)
    return shared[value]


# The pages --------------------------------------------------------------------------------------------------


def _annotations(
    reader: Reader, form: Collection[Ref], acting: Acting
) -> Iterator[tuple[Ref | Dictionary, int, int]]:
    """(annotation, its object number, that of its page), each once, those of the form left out."""
    seen: set[Ref] = set(form)
    found: list[tuple[Entry, Ref, int]] = []
    for items, number in _pages(reader, acting):
        for item in items:
            if isinstance(item, dict):
                yield item, 0, number
            elif isinstance(item, Ref) and item not in seen:
                seen.add(item)
                if (entry := reader.entry(item.number)) is not None:
                    found.append((entry, item, number))
    found.sort()
    for entry, ref, number in found:
        text = None if reader.kept(ref, entry) is not None else plain_text(reader, entry, ref)
        if text is None or b"/V" in text or b"/Parent" in text or acting.glance(text):
            yield ref, ref.number, number


def _pages(reader: Reader, acting: Acting) -> Iterator[tuple[list[Value], int]]:
    """The annotations of every node of the page tree, with its number; who repairs a file shows odd ones too.

    Each level is read in the order of the file, so that each object stream is decoded once.
    """
    visited: set[Ref] = set()
    annotations: set[Ref] = set()  # lists that several nodes name are read once
    lists: set[Ref] = set()
    level: list[Value] = [reader.catalog().get("Pages")]
    for _ in range(MAX_DEPTH + 1):
        nodes: list[tuple[Entry, Ref]] = []
        kids: list[Value] = []
        for value in level:
            if isinstance(value, Ref):
                if value not in visited and (entry := reader.entry(value.number)) is not None:
                    nodes.append((entry, value))
                    visited.add(value)
            elif isinstance(value, dict):
                acting.note(value, 0)
                yield _items(reader, value.get("Annots"), annotations), 0
                kids += _items(reader, value.get("Kids"), lists)
        nodes.sort()
        for entry, ref in nodes:
            node = reader.kept(ref, entry)
            if node is None:
                text = plain_text(reader, entry, ref)
                listed = None if text is None or acting.glance(text) else node_lists(text)
                node = _peek(reader, ref) if listed is None else listed
            if isinstance(node, dict) and node:
                acting.note(node, ref.number)
                if "Annots" in node:
                    yield _items(reader, node["Annots"], annotations), ref.number
                kids += _items(reader, node.get("Kids"), lists)
        level = kids
        if not level:
            return
    raise LimitExceeded(f"PDF: the page tree has more than {MAX_DEPTH} levels.")


def _items(reader: Reader, value: Value, visited: set[Ref]) -> list[Value]:
    """The items of a list; none where it is an object that was met before."""
    if isinstance(value, Ref):
        if value in visited:
            return []
        visited.add(value)
    value = _peek(reader, value)
    return value if isinstance(value, list) else []


def _peek(reader: Reader, value: Value) -> Value:
    """As `Reader.resolve`, but a plain object is not kept, and its strings need not be decrypted."""
    for _ in range(MAX_INDIRECTIONS):
        if not isinstance(value, Ref):
            return value
        entry = reader.entry(value.number)
        if entry is None or (entry.b if entry.kind == PLAIN else 0) != value.generation:
            return None
        kept = reader.kept(value, entry)
        if kept is not None:
            value = kept
        elif entry.kind == PLAIN:
            value = reader.stored(value.number, entry).value
        else:
            value = reader.at(value.number, entry).value  # kept: the walk from the trailer asks for it again
    raise FormatError("PDF: references point to references in a long chain or a circle.")
