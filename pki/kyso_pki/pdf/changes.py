"""What changed after a signature: each later revision compared with the one before it, object by object.

Reach for `changes_by_revision`. Every byte and every cross-reference entry of a later revision must be
explained by a rule; what no rule explains is a change that is not allowed (attack classes P4 to P9, P12).
The rules know only additions in an exact shape: signature fields and their invisible widgets, document
timestamps, validation evidence (DSS), metadata, and form filling where the signer's permission says so.

The work is linear: each revision is read once, for all signatures before it together.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from itertools import chain
from math import inf
from typing import Final, Literal

from ..errors import FormatError
from ..facts import Change
from .dss import Visits, is_evidence, store_members
from .filling import fills_consistently
from .filters import decode
from .objects import UNREADABLE, Dictionary, IndirectObject, Ref, Stream, Value, decode_text, same
from .permission import Permission
from .reader import Reader, Revision
from .references import Private, stray_references
from .xref import COMPRESSED, FREE, PLAIN, Entry

Kind = Literal[
    "signature",
    "overlay",
    "timestamp",
    "evidence",
    "form",
    "annotation",
    "metadata",
    "content",
    "structure",
    "unexplained",
]
MAX_CHANGES: Final = 100  # named one by one in a revision; the rest is counted
MAX_FIELD_NAME: Final = 1024  # bytes of a partial name
_FIELD_KEYS = frozenset((
    "FT", "T", "TU", "TM", "Ff", "V", "Lock", "SV", "Kids", "Type", "Subtype", "Rect", "P", "F", "AP", "MK",
    "BS", "Border", "M", "NM", "Parent", "DA",
))  # fmt: skip
_WIDGET_KEYS = frozenset((
    "Type", "Subtype", "Rect", "P", "F", "AP", "MK", "BS", "Border", "M", "NM", "Parent",
))  # fmt: skip
_SIGNATURE_KEYS = frozenset((
    "Type", "Filter", "SubFilter", "Contents", "Cert", "ByteRange", "Reference", "Changes", "Name", "M", "Location",
    "Reason", "ContactInfo", "R", "V", "Prop_Build", "Prop_AuthTime", "Prop_AuthType",
))  # fmt: skip
_INFO_KEYS = frozenset((
    "Title", "Author", "Subject", "Keywords", "Creator", "Producer", "CreationDate", "ModDate", "Trapped",
))  # fmt: skip
MAX_FILLED_AREA: Final = 125_000  # square points, a quarter of A4: larger signature boxes could replace a page
_LOCKED_FLAGS = 4 | 64 | 128  # Print, ReadOnly, Locked: may be set when a field is signed
_EXTENSION_KEYS = {"Type", "BaseVersion", "ExtensionLevel", "URL", "ExtensionRevision"}
_TRAILER_OWN = frozenset((
    "Size", "Prev", "XRefStm", "Type", "W", "Index", "Length", "Filter", "DecodeParms", "ID", "Info", "Root",
))  # fmt: skip
_BLANK_CONTENT = re.compile(rb"%[^\r\n]*|[\x00\t\n\x0c\r ]+|q(?![^\s])|Q(?![^\s])")
_blank = re.compile(rb"[\x00\t\n\x0c\r ]*+").fullmatch


def changes_by_revision(
    reader: Reader, first: int, permissions: Mapping[int, Permission]
) -> dict[int, tuple[Change, ...]]:
    """The changes that each revision after `first` makes; empty revisions are left out.

    `permissions` gives, by revision, what all signatures up to and including that revision allow. Bytes
    after the last revision are reported with it (under its index). Never raises for odd input: a revision
    that cannot be read strictly is itself a change that is not allowed.
    """
    visits = Visits(len(reader.data))
    comparisons: dict[int, _Comparison] = {}
    permission = permissions.get(first, Permission())
    for index in range(first + 1, reader.last + 1):
        comparisons[index] = _compare(reader, index, permission, visits)
        permission = permissions.get(index, permission)
    _strays(reader, comparisons)
    found = {index: c.result() for index, c in comparisons.items() if c.changes}
    if reader.trailing:
        junk = Change(
            "unexplained", f"{reader.trailing} bytes follow the last revision and belong to nothing.", False
        )
        found[reader.last + 1] = (junk,)
    return found


def _compare(reader: Reader, index: int, permission: Permission, visits: Visits) -> _Comparison:
    comparison = _Comparison(reader, index, permission, visits)
    try:
        comparison.run()
    except UNREADABLE as e:
        comparison.say("unexplained", f"it cannot be read strictly: {e}", False)
    return comparison


def _strays(reader: Reader, comparisons: Mapping[int, _Comparison]) -> None:
    """P6, P7: nothing that was saved before may already have pointed at an object that an update made."""
    private = [
        Private(number, index, allowed)
        for index, comparison in comparisons.items()
        for number, allowed in comparison.private.items()
    ]
    try:
        for number, index in sorted(stray_references(reader, private)):
            text = f"object {number} is used by what was signed before, not only by the update."
            comparisons[index].say("content", text, False)
    except UNREADABLE as e:
        comparisons[max(comparisons)].say("unexplained", f"earlier references cannot be searched: {e}", False)


@dataclass
class _Touched:
    """One object whose entry differs between two revisions."""

    number: int
    old: IndirectObject | None
    new: IndirectObject | None


class _Comparison:
    """One revision compared with the one before it."""

    def __init__(self, reader: Reader, index: int, permission: Permission, visits: Visits) -> None:
        self.visits = visits
        self.reader = reader
        self.index = index
        self.revision: Revision = reader.revisions[index]
        self.permission = permission
        self.changes: list[Change] = []
        self.touched: dict[int, _Touched] = {}
        self.explained: set[int] = set()
        self.private: dict[int, frozenset[int]] = {}
        """Objects that only the given objects may refer to in what was signed."""
        self.widgets: set[int] = set()
        """Widgets of new signature fields."""
        self.pages: set[int] = set()

    def say(self, kind: Kind, text: str, allowed: bool) -> None:
        self.changes.append(Change(kind, f"Revision {self.index + 1}: {text}", allowed))

    def run(self) -> None:
        """The numbered steps; whatever is left over at the end is a change without an explanation."""
        self._read_entries()  # 1. every byte and every entry
        self._compare_trailers()  # 2.
        self._compare_catalogs()  # 3. with the form, the DSS and metadata below them
        self._signed_fields()  # 4. empty signature fields that got a value
        self._compare_pages()  # 5. annotations of new signature fields
        self._form_values()  # 6.
        self._leftovers()  # 7.

    def result(self) -> tuple[Change, ...]:
        """The changes, those not allowed first where there are too many to name."""
        if len(self.changes) <= MAX_CHANGES:
            return tuple(self.changes)
        more = len(self.changes) - MAX_CHANGES
        rest = Change("unexplained", f"Revision {self.index + 1}: {more} more changes.", False)
        return (*sorted(self.changes, key=lambda c: c.allowed)[:MAX_CHANGES], rest)

    # Access

    def old(self, value: Value) -> Value:
        return self.reader.resolve(value, self.index - 1)

    def new(self, value: Value) -> Value:
        return self.reader.resolve(value, self.index)

    def added(self, value: Value) -> _Touched | None:
        """The touched object behind a reference when it did not exist before."""
        if not isinstance(value, Ref):
            return None
        found = self.touched.get(value.number)
        return found if found is not None and found.old is None and found.new is not None else None

    def explain(self, number: int, *referrers: int) -> None:
        """Marks an object as explained; only `referrers` may have pointed at it before."""
        self.explained.add(number)
        self.private[number] = self.private.get(number, frozenset()) | frozenset(referrers)

    def follow(self, value: Value) -> None:
        """Explains every new object that can be reached from `value` over new objects."""
        pending: list[Value] = [value]
        while pending:
            item = pending.pop()
            if isinstance(item, list):
                pending += item
            elif isinstance(item, dict):
                pending += item.values()
            elif isinstance(item, Stream):
                pending += item.dictionary.values()
            elif (touched := self.added(item)) is not None and touched.number not in self.explained:
                self.explain(touched.number)
                pending.append(touched.new.value if touched.new else None)

    # 1. Bytes and entries

    def _read_entries(self) -> None:
        reader, revision = self.reader, self.revision
        section = revision.sections[0]
        if section.hidden is not None:
            self.say("structure", "the update is a hybrid of two cross-references.", False)
        spans = {(section.offset, section.end)}
        containers: dict[int, list[tuple[int, Entry]]] = {}
        for number, entry in section.entries():
            if entry.kind == PLAIN and revision.start <= entry.a < revision.eof:
                found = reader.at(number, entry, self.index)
                spans.add((found.offset, found.stop))
                if isinstance(found.value, Stream) and b"endstream" in found.value.stored:
                    self.say("unexplained", f"the stream in object {number} holds the word endstream.", False)
            elif entry.kind == COMPRESSED:
                containers.setdefault(entry.a, []).append((number, entry))
            self._touch(number, entry)
        self._account(sorted(spans))
        for number, members in containers.items():
            self._container(number, members)
        if section.stream is not None:
            self._xref_stream(section.stream)

    def _touch(self, number: int, entry: Entry) -> None:
        reader = self.reader
        before = reader.entry(number, self.index - 1)
        now = None if entry.kind == FREE else entry
        if now is None and before is None and not _idle(number, entry, self.revision):
            self.say("structure", f"the cross-reference frees object {number}, which did not exist.", False)
        if number == 0 or before == now:
            return
        old = None if before is None else reader.at(number, before, self.index - 1)
        if now is None:
            self.touched[number] = _Touched(number, old, None)
            return
        if now.kind == PLAIN:
            inside = self.revision.start <= now.a < self.revision.eof
            generation = 0 if before is None or before.kind == COMPRESSED else before.b
            if not inside or now.b != generation:
                self.say("structure", f"object {number} is pointed at bytes that were signed before.", False)
        self.touched[number] = _Touched(number, old, reader.at(number, now, self.index))

    def _account(self, spans: list[tuple[int, int]]) -> None:
        """Between the objects, the cross-reference and the end there is only white space (P4)."""
        position = self.revision.start
        for start, stop in spans:
            if start < position:
                self.say("unexplained", f"objects overlap at offset {start}.", False)
            elif not _blank(self.reader.data, position, start):
                self.say("unexplained", f"bytes {position} to {start} belong to no object.", False)
            position = max(position, stop)
        if position != self.revision.sections[0].end:
            self.say("unexplained", "objects stand after the cross-reference.", False)

    def _container(self, number: int, members: list[tuple[int, Entry]]) -> None:
        """An object stream of an update: new, in this update, every member listed."""
        touched = self.touched.get(number)
        if touched is None or touched.new is None or touched.old is not None or touched.new.compressed:
            self.say("structure", f"objects are pointed into the earlier object stream {number}.", False)
            return
        stream = self.reader.object_stream(number, self.index)
        listed = {(n, e.b) for n, e in members}
        if listed != set(zip(stream.numbers, range(len(stream.numbers)), strict=True)):
            self.say(
                "unexplained", f"the object stream {number} holds objects that the cross-reference omits.", False
            )
        if stream.extends:
            self.say("structure", f"the object stream {number} extends another one.", False)
        self.explain(number)

    def _xref_stream(self, stream: IndirectObject) -> None:
        entry = self.reader.entry(stream.number, self.index)
        if entry is not None and entry != Entry(PLAIN, stream.offset, stream.generation):
            self.say(
                "unexplained", f"the cross-reference stream stands under the number of object {stream.number}.", False
            )
        elif stream.number in self.touched and self.touched[stream.number].old is None:
            self.explained.add(stream.number)

    # 2. Trailers

    def _compare_trailers(self) -> None:
        before, now = self.reader.revisions[self.index - 1].trailer, self.revision.trailer
        if not same(before.get("Root"), now.get("Root")):
            self.say("structure", "the trailer names another catalog.", False)
        for key in (before.keys() | now.keys()) - _TRAILER_OWN:
            if key in now and not same(before.get(key), now.get(key)):  # a private entry may be left out
                self.say("structure", f"/{key} in the trailer was changed.", False)
        ids = [t.get("ID") for t in (before, now)]
        firsts = [i[0] if isinstance(i, list) and i else None for i in ids]
        if firsts[0] is not None and firsts[1] is not None and not same(*firsts):
            self.say("structure", "the permanent file identifier was changed.", False)
        self._info(before.get("Info"), now.get("Info"))

    def _info(self, before: Value, now: Value) -> None:
        """The information dictionary: only the date of change and the producer may differ."""
        if isinstance(now, Ref) and now.number in self.touched:
            if self.added(now):
                self.explain(now.number)
            elif same(before, now):
                self.explained.add(now.number)  # what may change in it, below, makes it nothing else
        elif same(before, now):
            return
        old, new = self.old(before), self.new(now)
        old = old if isinstance(old, dict) else {}
        new = {} if now is None else new
        if not isinstance(new, dict) or any(not isinstance(v, bytes | str) for v in new.values()):
            self.say("structure", "the information dictionary was replaced by something else.", False)
            return
        changed = sorted(k for k in old.keys() | new.keys() if not _same_text(old.get(k), new.get(k)))
        if changed:
            harmless = set(changed) <= (_INFO_KEYS if before is None else {"ModDate", "Producer"})
            self.say("metadata", f"document information changed: {', '.join(changed)}.", harmless and self._open)

    @property
    def _open(self) -> bool:
        return not self.permission.closed

    # 3. Catalog

    def _compare_catalogs(self) -> None:
        reader = self.reader
        root = reader.root_ref(self.index).number
        before, now = reader.catalog(self.index - 1), reader.catalog(self.index)
        if root in self.touched:
            self.explained.add(root)
        for key in sorted(before.keys() | now.keys()) if before is not now else ():
            if key in ("AcroForm", "DSS", "Metadata") or same(before.get(key), now.get(key)):
                continue
            self._catalog_key(key, before.get(key), now.get(key))
        self._metadata(before.get("Metadata"), now.get("Metadata"), root)
        self._form(before.get("AcroForm"), now.get("AcroForm"))
        self._dss(before.get("DSS"), now.get("DSS"), root)

    def _catalog_key(self, key: str, before: Value, now: Value) -> None:
        if key == "Extensions":
            old, new = self.old(before), self.new(now)
            old = old if isinstance(old, dict) else {}
            kept = isinstance(new, dict) and all(same(v, new.get(k)) for k, v in old.items())
            plain = isinstance(new, dict) and all(k in old or self._is_extension(v) for k, v in new.items())
            self.follow(now)
            self.say("metadata", "developer extensions were declared in the catalog.", kept and plain and self._open)
        elif key == "Version" and isinstance(now, str) and self._is_later(before, now):
            self.say("metadata", f"the PDF version was set to {now}.", self._open)
        elif key == "Perms" and before is None:
            self.follow(now)
            self.say("structure", "permissions (/Perms) were added after a signature.", False)
        else:
            self.say("structure", f"/{key} in the catalog was changed.", False)

    def _is_extension(self, value: Value) -> bool:
        """A developer extensions dictionary, or an array of them (ISO 32000-2 7.12); `Type` is a key of the outer."""
        value = self.new(value)
        items = value if isinstance(value, list) else [value]
        return value == "Extensions" or all(
            isinstance(d := self.new(item), dict) and not d.keys() - _EXTENSION_KEYS for item in items
        )

    def _is_later(self, before: Value, now: str) -> bool:
        """Whether a /Version is one, and not below what held before (7.2.2)."""
        pattern = re.compile(r"([12])\.(\d)")
        new = pattern.fullmatch(now)
        old = pattern.fullmatch(before) if isinstance(before, str) else None
        floor = (int(old[1]), int(old[2])) if old else self.reader.header_version
        return new is not None and (int(new[1]), int(new[2])) >= floor

    def _metadata(self, before: Value, now: Value, root: int) -> None:
        """XMP metadata: a stream that only the catalog refers to (ISO 32000-2 14.3.2)."""
        touched = self.touched.get(now.number) if isinstance(now, Ref) else None
        if touched is None:
            if not same(before, now):
                self.say("metadata", "the metadata stream was removed or re-pointed.", False)
            return
        streams = [touched.new.value if touched.new else None] + ([touched.old.value] if touched.old else [])
        shape = all(_is_metadata(v) for v in streams) and (touched.old is None or same(before, now))
        if shape:
            self.explain(touched.number, root)
        self.say("metadata", "XMP metadata were changed.", shape and self._open)

    # 3b. Form

    def _form(self, before: Value, now: Value) -> None:
        old, new = self.old(before), self.new(now)
        if new is None and old is None:
            return
        if not isinstance(new, dict) or not isinstance(old, dict | None):
            self.say("structure", "the form was removed.", False)
            return
        self._explain_same_place(before, now, "the form")
        old = old or {}
        for key in sorted((old.keys() | new.keys()) - {"Fields"}):
            if not same(old.get(key), new.get(key)) and not (key == "SigFlags" and _flags_grew(old, new)):
                self.say("form", f"/{key} of the form was changed.", False)
        self._explain_same_place(old.get("Fields"), new.get("Fields"), "the list of fields")
        olds, news = self.old(old.get("Fields")), self.new(new.get("Fields"))
        olds = olds if isinstance(olds, list) else []
        if news is olds:
            return
        if not isinstance(news, list) or len(news) < len(olds) or not same(olds, news[: len(olds)]):
            self.say("structure", "fields were removed from the form or put in another order.", False)
            return
        for item in news[len(olds) :]:
            self._new_field(item)

    def _explain_same_place(self, before: Value, now: Value, what: str) -> None:
        """An object that is rewritten under its own number, or made new where there was none."""
        if isinstance(now, Ref) and now.number in self.touched and (self.added(now) or same(before, now)):
            self.explained.add(now.number)
        elif isinstance(before, Ref) and not same(before, now):
            self.say("structure", f"{what} was moved to another object.", False)

    def _new_field(self, item: Value) -> None:
        """A field added to the form: only a new signature field, with its widget."""
        touched = self.added(item)
        value = touched.new.value if touched and touched.new else None
        if touched is None or not isinstance(value, dict) or value.get("FT") != "Sig":
            self.say("form", "a form field was added that is no new signature field.", False)
            self.follow(item)
            return
        self.explained.add(touched.number)
        partial = value.get("T")
        name = decode_text(partial) if isinstance(partial, bytes) else ""
        odd = value.keys() - _FIELD_KEYS | {"Parent"} & value.keys()
        if odd or not name or not _plain_types(value):
            words = ", ".join(sorted(odd)) or "its name or type"
            self.say("form", f"the new field {name!r} has unusual entries: {words}.", False)
        visible = self._widget(touched.number, value) if value.get("Subtype") == "Widget" else False
        for kid in _items(self.new(value.get("Kids"))):
            visible |= self._kid(kid)
        self.follow([v for k, v in value.items() if k != "V"])
        self._new_value(name, value.get("V"), visible, "was added")

    def _kid(self, kid: Value) -> bool:
        touched = self.added(kid)
        value = touched.new.value if touched and touched.new else None
        if touched is None or not isinstance(value, dict) or value.keys() - _WIDGET_KEYS or not _plain_types(value):
            self.say("form", "a new signature field has a kid that is no plain widget.", False)
            return False
        self.explained.add(touched.number)
        return self._widget(touched.number, value)

    def _widget(self, number: int, widget: Dictionary) -> bool:
        """Notes a new widget; True: it shows something on a page."""
        page = widget.get("P")
        if isinstance(page, Ref):
            self.pages.add(page.number)
        self.widgets.add(number)
        self.follow([v for k, v in widget.items() if k != "V"])
        return self._area(widget) > 0 or self._draws(widget)

    def _area(self, widget: Dictionary) -> float:
        """The area of a widget's rectangle, in square points; endless when it cannot be read (12.5.2)."""
        rect = self.new(widget.get("Rect"))
        numbers = [n for n in map(self.new, rect) if isinstance(n, int | float)] if isinstance(rect, list) else []
        if len(numbers) != 4:
            return inf
        return float(abs(numbers[2] - numbers[0]) * abs(numbers[3] - numbers[1]))

    def _draws(self, widget: Dictionary) -> bool:
        """Whether a widget without an area has an appearance all the same, which some reader might show."""
        appearance = self.new(widget.get("AP"))
        if appearance is None:
            return False
        normal = self.new(appearance.get("N")) if isinstance(appearance, dict) else None
        if not isinstance(normal, Stream) or not isinstance(appearance, dict) or appearance.keys() != {"N"}:
            return True
        return bool(_BLANK_CONTENT.sub(b"", decode(normal, self.reader.budget)))

    def _new_value(self, name: str, value: Value, visible: bool, how: str) -> None:
        """The signature in a field that was added or filled."""
        touched = self.added(value)
        found = touched.new.value if touched and touched.new else value
        if touched is not None:
            self.explained.add(touched.number)
        if found is None:
            self.say("signature", f"the empty signature field {name!r} {how}.", self._open and not visible)
            return
        if not isinstance(found, dict) or not {"Contents", "ByteRange"} <= found.keys():
            self.say("signature", f"the signature field {name!r} {how} with something that is no signature.", False)
            return
        if touched is not None and found.keys() - _SIGNATURE_KEYS:
            self.explain(touched.number)
        self.follow([v for k, v in found.items() if k != "Contents"])
        if found.get("SubFilter") == "ETSI.RFC3161":
            self.say("timestamp", f"a document timestamp {how} (field {name!r}).", not visible)
            return
        text = f"the signature field {name!r} {how} and signed"
        if self.permission.locked(name):
            self.say("signature", f"{text}, though an earlier signature locked it.", False)
        elif visible:
            # What it hides cannot be told without rendering; NĐ 30/2020 wants the seal over a part of the signature.
            self.say("overlay" if self._open else "signature", f"{text}; its appearance lies over the page.", False)
        else:
            self.say("signature", f"{text}.", self._open)

    # 4. Existing signature fields

    def _signed_fields(self) -> None:
        for touched in list(self.touched.values()):
            old, new = _dictionaries(touched)
            if old is None or new is None or touched.number in self.explained:
                continue
            if self._inherited(old, "FT", self.index - 1) != "Sig" or old.get("V") is not None:
                continue
            changed = {k for k in old.keys() | new.keys() if not same(old.get(k), new.get(k))}
            if "V" not in changed or not changed <= {"V", "AP", "M", "F"} or not _only_locks(old, new):
                continue
            self.explained.add(touched.number)
            area = self._area(new)
            if "AP" in changed and area > 0 and not self._new_appearance(new):
                self.say("content", "the appearance of a signature field was taken from elsewhere.", False)
            if "AP" in changed and area > MAX_FILLED_AREA:
                self.say("content", "the appearance of a signature field covers a large part of a page.", False)
            self.follow(new.get("AP"))
            self._new_value(self._name(new), new.get("V"), False, "was filled")

    def _new_appearance(self, widget: Dictionary) -> bool:
        """Whether the normal appearance is a new object."""
        appearance = widget.get("AP")
        return isinstance(appearance, dict) and self.added(appearance.get("N")) is not None

    def _inherited(self, node: Dictionary, key: str, revision: int) -> Value:
        """An inheritable entry of a field (12.7.4.1)."""
        for _ in range(32):
            if node.get(key) is not None:
                return self.reader.resolve(node.get(key), revision)
            parent = self.reader.resolve(node.get("Parent"), revision)
            if not isinstance(parent, dict):
                return None
            node = parent
        return None

    def _name(self, node: Dictionary) -> str:
        parts: list[str] = []
        for _ in range(32):
            partial = self.new(node.get("T"))
            if isinstance(partial, bytes):
                if len(partial) > MAX_FIELD_NAME:
                    raise FormatError(f"PDF: a field name of {len(partial)} bytes.")
                parts.append(decode_text(partial))
            parent = self.new(node.get("Parent"))
            if not isinstance(parent, dict):
                break
            node = parent
        return ".".join(reversed(parts))

    # 5. Pages

    def _compare_pages(self) -> None:
        for touched in self.touched.values():
            old, new = _dictionaries(touched)
            if old and new and old.get("Type") == "Page" and new.get("Type") == "Page":
                self.pages.add(touched.number)
        for number in sorted(self.pages):
            before = self.reader.fetch(number, self.index - 1)
            now = self.reader.fetch(number, self.index)
            if before is None or now is None or not isinstance(before.value, dict) or not isinstance(now.value, dict):
                self.say("structure", f"a new widget names the page {number}, which did not exist.", False)
                continue
            self._page(number, before.value, now.value)

    def _page(self, number: int, before: Dictionary, now: Dictionary) -> None:
        self.explained.add(number)
        for key in sorted(before.keys() | now.keys()):
            if key != "Annots" and not same(before.get(key), now.get(key)):
                self.say("content", f"/{key} of the page in object {number} was changed.", False)
        if before.get("Annots") is None and now.get("Annots") is None:
            return
        self._explain_same_place(before.get("Annots"), now.get("Annots"), f"the annotations of page object {number}")
        olds, news = self.old(before.get("Annots")), self.new(now.get("Annots"))
        olds = olds if isinstance(olds, list) else []
        if news is olds:
            return
        if not isinstance(news, list) or len(news) < len(olds) or not same(olds, news[: len(olds)]):
            self.say("annotation", f"annotations of the page in object {number} were removed or reordered.", False)
            return
        for item in news[len(olds) :]:
            if not isinstance(item, Ref) or item.number not in self.widgets:
                self._new_annotation(item, number)

    def _new_annotation(self, item: Value, page: int) -> None:
        found = self.new(item)
        subtype = found.get("Subtype") if isinstance(found, dict) else None
        word = subtype if isinstance(subtype, str) else "unknown"
        self.follow(item)
        self.say("annotation", f"an annotation ({word}) was added to the page in object {page}.", False)

    # 3c. Evidence

    def _dss(self, before: Value, now: Value, root: int) -> None:
        if before is None and now is None:
            return
        old = store_members(self.reader, before, self.index - 1, self.visits)
        new = store_members(self.reader, now, self.index, self.visits)
        if old is None or new is None:
            self.say("evidence", "the document security store has an unknown shape.", False)
            return
        touched = [n for n in chain(new.containers, new.streams) if n in self.touched]
        if not touched and same(before, now):
            return
        good = old.streams <= new.streams
        for number in touched:
            if self.touched[number].old is None:
                self.follow(Ref(number))
                value = self.new(Ref(number))
                good &= not isinstance(value, Stream) or is_evidence(value, self.reader.budget)
            elif number in old.containers and number in new.containers:
                self.explain(number, root, *old.containers)
            else:
                good = False
        text = (
            "evidence for long-term validation (DSS) was added" if good else "evidence (DSS) was removed or replaced"
        )
        self.say("evidence", f"{text}.", good)

    # 6. Form values

    def _form_values(self) -> None:
        for touched in list(self.touched.values()):
            old, new = _dictionaries(touched)
            if old is None or new is None or touched.number in self.explained:
                continue
            kind = self._inherited(old, "FT", self.index - 1)
            changed = {k for k in old.keys() | new.keys() if not same(old.get(k), new.get(k))}
            if kind not in ("Tx", "Btn", "Ch") or not changed or not changed <= {"V", "AP", "AS", "M", "I"}:
                continue
            self.explained.add(touched.number)
            name = self._name(new)
            consistent = fills_consistently(self.reader, self.index, str(kind), old, new, self._values(old, new))
            for number in self._appearances(old, new):
                self.explain(number, touched.number)
            allowed = consistent and self.permission.form_filling and not self.permission.locked(name)
            values = " → ".join(_shown(v) for v in self._values(old, new))
            self.say("form", f"the form field {name!r} was changed: {values}.", allowed)

    def _values(self, old: Dictionary, new: Dictionary) -> tuple[Value, Value]:
        return self._inherited(old, "V", self.index - 1), self._inherited(new, "V", self.index)

    def _appearances(self, old: Dictionary, new: Dictionary) -> Iterable[int]:
        """The touched streams that are this widget's own appearance."""
        for dictionary, resolve in ((old, self.old), (new, self.new)):
            appearance = resolve(dictionary.get("AP"))
            normal = appearance.get("N") if isinstance(appearance, dict) else None
            if isinstance(normal, Ref) and normal.number in self.touched:
                yield normal.number

    # 7. The rest

    def _leftovers(self) -> None:
        for number in sorted(self.touched.keys() - self.explained):
            touched = self.touched[number]
            if touched.new is None:
                self.say("structure", f"object {number} ({_what(touched.old)}) was deleted.", False)
            elif touched.old is None:
                self.say(
                    "unexplained", f"object {number} ({_what(touched.new)}) was added for no known reason.", False
                )
            elif not same(touched.old.value, touched.new.value):
                kind: Kind = "annotation" if _what(touched.old) == "Annot" else "content"
                self.say(kind, f"object {number} ({_what(touched.old)}) was changed.", False)


def _dictionaries(touched: _Touched) -> tuple[Dictionary | None, Dictionary | None]:
    old = touched.old.value if touched.old else None
    new = touched.new.value if touched.new else None
    return (old if isinstance(old, dict) else None), (new if isinstance(new, dict) else None)


def _items(value: Value) -> list[Value]:
    return value if isinstance(value, list) else []


def _is_metadata(value: Value) -> bool:
    return (
        isinstance(value, Stream)
        and value.dictionary.get("Type") == "Metadata"
        and value.dictionary.get("Subtype") == "XML"
        and value.dictionary.keys() <= {"Type", "Subtype", "Length", "Filter", "DecodeParms"}
    )


def _same_text(a: Value, b: Value) -> bool:
    """Whether two entries of the information dictionary say the same, in whatever encoding."""
    return same(a, b) or (isinstance(a, bytes) and isinstance(b, bytes) and decode_text(a) == decode_text(b))


def _flags_grew(old: Dictionary, new: Dictionary) -> bool:
    """/SigFlags may gain SignaturesExist and AppendOnly (12.7.3, table 225)."""
    before, now = old.get("SigFlags", 0), new.get("SigFlags", 0)
    return isinstance(before, int) and isinstance(now, int) and 0 <= now <= 3 and before & now == before


def _only_locks(old: Dictionary, new: Dictionary) -> bool:
    before, now = old.get("F", 0), new.get("F", 0)
    return isinstance(before, int) and isinstance(now, int) and before | _LOCKED_FLAGS == now | _LOCKED_FLAGS


def _plain_types(widget: Dictionary) -> bool:
    """Whether a field or widget says to be nothing else."""
    return widget.get("Type") in (None, "Annot") and widget.get("Subtype") in (None, "Widget")


def _idle(number: int, entry: Entry, revision: Revision) -> bool:
    """Whether a free entry of an object that never was says nothing: in a stream it could carry bytes (P5)."""
    return revision.sections[0].stream is None or (number == 0 and entry.a == 0 and entry.b in (0, 255, 65535))


def _what(found: IndirectObject | None) -> str:
    """A word for an object: its /Type, its /Subtype or its kind."""
    value = found.value if found else None
    dictionary = value.dictionary if isinstance(value, Stream) else value
    if isinstance(dictionary, dict):
        for key in ("Type", "Subtype", "FT"):
            if isinstance(word := dictionary.get(key), str):
                return word
    return {dict: "dictionary", list: "array", Stream: "stream"}.get(type(value), "value")


def _shown(value: Value) -> str:
    if isinstance(value, bytes):
        return repr(decode_text(value)[:64])
    return "nothing" if value is None else repr(value)[:64]
