"""Signature fields that a page shows and the form does not list (attack classes P1, P9).

Reach for `fields_outside`. Programs disagree about them: some show such a field as a signature, others only draw it,
and nobody who asks the form hears of it. Pages and annotations are read level by level, those of one object stream
together, and are not kept: the work is linear in the file and a file of many pages takes no memory.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass
from typing import Final

from ..errors import FormatError, LimitExceeded
from .fields import MAX_FIELD_DEPTH, Field
from .objects import UNREADABLE, Dictionary, Ref, Value, decode_text
from .pagetree import MAX_DEPTH
from .reader import MAX_INDIRECTIONS, Reader
from .xref import PLAIN, Entry

MAX_OUTSIDE: Final = 64  # fields that are named; any one of them makes the file fail
MAX_TEXT: Final = 4096  # bytes of a dictionary that is not read; larger ones are
_SPACE: Final = rb"[\t\n\x0c\r ]"
_LIST: Final = re.compile(
    rb"/(Annots|Kids)"
    + _SPACE
    + rb"*+(?:\[([0-9R\t\n\x0c\r ]*+)\]|([0-9]++"
    + _SPACE
    + rb"++[0-9]++"
    + _SPACE
    + rb"++R)(?![0-9A-Za-z]))"
)
_PLAIN: Final = bytes(set(range(0x21, 0x7F)) - set(b"#%()\\")) + b"\t\n\x0c\r "


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


def fields_outside(reader: Reader, form: Collection[Ref]) -> list[Outside]:
    """Every such field in the file as it is now; `form` are the nodes that the form lists.

    An empty field, and a widget whose value is that of a listed field above it, is none. What cannot be read counts.
    Raises `FormatError`, `LimitExceeded` where the pages themselves cannot be read.
    """
    found: list[Outside] = []
    holders: set[int] = set()  # of values: several widgets of one field are one field
    for annotation, number, page in _annotations(reader, form):
        try:
            node = annotation if isinstance(annotation, dict) else _peek(reader, annotation)
            outside = _signature(reader, node, number, page, form, holders) if isinstance(node, dict) else None
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


def nodes_of(fields: Iterable[Field]) -> set[Ref]:
    """The objects that the form lists."""
    return {field.ref for field in fields if field.ref is not None}


def _signature(
    reader: Reader, widget: Dictionary, number: int, page: int, form: Collection[Ref], holders: set[int]
) -> Outside | None:
    """The field that a widget is, or stands for, when its value is a signature or could be one in disguise."""
    node, at = widget, number
    kind: Value = None
    value: Value = None
    holder = 0
    for _ in range(MAX_FIELD_DEPTH):
        if not node.keys() & {"V", "FT", "Parent"}:
            break
        kind = _peek(reader, node.get("FT")) if kind is None else kind
        if value is None and node.get("V") is not None:
            value, holder = node["V"], at
        above = node.get("Parent")
        if not isinstance(above, Ref) or (value is not None and kind is not None):
            break
        if value is None and above in form:  # what a listed field hands down has its verdict there
            return None
        parent = _peek(reader, above)
        if not isinstance(parent, dict):
            break
        node, at = parent, above.number
    if value is None or holder in holders:
        return None
    if kind != "Sig" and not isinstance(_peek(reader, value), dict):
        return None
    if holder:
        holders.add(holder)
    return Outside(_name(reader, widget), page, number, value)


def _name(reader: Reader, node: Dictionary) -> str:
    parts: list[str] = []
    for _ in range(MAX_FIELD_DEPTH):
        partial = reader.resolve(node.get("T"))
        if isinstance(partial, bytes):
            parts.append(decode_text(partial))
        parent = reader.resolve(node.get("Parent"))
        if not isinstance(parent, dict):
            break
        node = parent
    return ".".join(reversed(parts))


# The pages --------------------------------------------------------------------------------------------------


def _annotations(reader: Reader, form: Collection[Ref]) -> Iterator[tuple[Ref | Dictionary, int, int]]:
    """(annotation, its object number, that of its page), each once, those of the form left out."""
    seen: set[Ref] = set(form)
    found: list[tuple[Entry, Ref, int]] = []
    for items, number in _pages(reader):
        for item in items:
            if isinstance(item, dict):
                yield item, 0, number
            elif isinstance(item, Ref) and item not in seen:
                seen.add(item)
                if (entry := reader.entry(item.number)) is not None:
                    found.append((entry, item, number))
    found.sort()
    for entry, ref, number in found:
        text = _plain_text(reader, entry, ref)
        if text is None or b"/V" in text or b"/Parent" in text:
            yield ref, ref.number, number


def _pages(reader: Reader) -> Iterator[tuple[list[Value], int]]:
    """The annotations of every node of the page tree, with its number; who repairs a file shows odd ones too.

    Each level is read in the order of the file, so that each object stream is decoded once.
    """
    visited: set[Ref] = set()
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
                yield _items(reader, value.get("Annots")), 0
                kids += _items(reader, value.get("Kids"))
        nodes.sort()
        for entry, ref in nodes:
            node: Value = _lists(_plain_text(reader, entry, ref))
            if node is None:
                node = _peek(reader, ref)
            if isinstance(node, dict) and node:
                if "Annots" in node:
                    yield _items(reader, node["Annots"]), ref.number
                kids += _items(reader, node.get("Kids"))
        level = kids
        if not level:
            return
    raise LimitExceeded(f"PDF: the page tree has more than {MAX_DEPTH} levels.")


def _items(reader: Reader, value: Value) -> list[Value]:
    value = _peek(reader, value)
    return value if isinstance(value, list) else []


def _peek(reader: Reader, value: Value) -> Value:
    """As `Reader.resolve`, but what is read is not kept and its strings are not decrypted."""
    for _ in range(MAX_INDIRECTIONS):
        if not isinstance(value, Ref):
            return value
        entry = reader.entry(value.number)
        if entry is None or (entry.b if entry.kind == PLAIN else 0) != value.generation:
            return None
        if entry.kind == PLAIN:
            value = reader.stored(value.number, entry).value
        else:
            member = reader.object_stream(entry.a).member(entry.b)
            if member.number != value.number:
                return reader.resolve(value)  # raises, and says what is wrong
            value = member.value
    raise FormatError("PDF: references point to references in a long chain or a circle.")


# Reading is 20 us an object, and most pages have no annotation, most annotations no field: their octets tell ----


def _plain_text(reader: Reader, entry: Entry, ref: Ref) -> bytes | None:
    """The text of a dictionary that holds no string, comment, stream or escaped name; None: it is to be read.

    Then what looks like a name is one, and the text is whole when as many dictionaries begin as end.
    """
    if entry.kind == PLAIN:
        head = b"%d %d obj" % ref
        start = entry.a + len(head)
        stop = reader.data.find(b"endobj", start, start + MAX_TEXT)
        text = reader.data[start:stop] if stop >= 0 and reader.data[entry.a : start] == head else b""
    else:
        text = reader.object_stream(entry.a).text(ref.number, entry.b)
    opened = text.count(b"<<")
    whole = opened and text.count(b"<") == text.count(b">") == 2 * opened == 2 * text.count(b">>")
    return text if whole and b"stream" not in text and not text.translate(None, _PLAIN) else None


def _lists(text: bytes | None) -> Dictionary | None:
    """/Annots and /Kids of a page tree node, those of dictionaries in it too; None: it is to be read."""
    if text is None:
        return None
    found: Dictionary = {}
    names = text.count(b"/Annots") + text.count(b"/Kids")
    for m in _LIST.finditer(text) if names else ():
        names -= 1
        parts = (m[2] if m[3] is None else m[3]).split()
        if set(parts[2::3]) - {b"R"} or len(parts) % 3 or m[1].decode() in found:
            return None
        refs: list[Value] = [Ref(int(n), int(g)) for n, g in zip(parts[::3], parts[1::3], strict=True)]
        found[m[1].decode()] = refs if m[3] is None else refs[0]
    return None if names else found
