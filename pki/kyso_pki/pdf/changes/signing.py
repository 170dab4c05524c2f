"""New signature fields and their widgets, step 4: existing empty fields that were signed (P9, P12)."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from ...facts import ChangeKind, Place
from ..blank import draws_nothing
from ..fields import full_name
from ..objects import Dictionary, Ref, Stream, Value, decode_text, same
from ..overlay import MAX_AREA, Widget, area_of
from .appearances import follow_rewritten
from .comparison import Comparison

_FIELD_KEYS = frozenset((
    "FT", "T", "TU", "TM", "Ff", "V", "Lock", "SV", "Kids", "Type", "Subtype", "Rect", "P", "F", "AP", "MK",
    "BS", "Border", "M", "NM", "Parent", "DA", "DR", "H",
))  # fmt: skip
_WIDGET_KEYS = frozenset((
    "Type", "Subtype", "Rect", "P", "F", "AP", "MK", "BS", "Border", "M", "NM", "Parent", "DR", "H",
))  # fmt: skip
_CHARACTERISTICS = frozenset(("R", "BC", "BG", "CA"))  # of a widget, those that name no object (table 192)
_SIGNATURE_KEYS = frozenset((
    "Type", "Filter", "SubFilter", "Contents", "ByteRange", "Cert", "Reference", "Changes", "Name", "M", "Location",
    "Reason", "ContactInfo", "R", "V", "Prop_Build", "Prop_AuthTime", "Prop_AuthType",
))  # fmt: skip
_private = re.compile(r"[A-Z]{4}[_:].+").fullmatch  # a name that a developer registered for its own (Annex E)
_HIGHLIGHTS = (None, "N", "I", "O", "P", "T")  # of a widget while the mouse is pressed on it (table 191)
_LOCKED_FLAGS = 4 | 64 | 128  # Print, ReadOnly, Locked: may be set when a field is signed


@dataclass(frozen=True)
class _Signed:
    """A signature field that an update added or filled."""

    number: int
    name: str
    value: Value
    reserved: bool
    """The field existed before; else it was added."""
    visible: Sequence[Widget] = ()
    """Its widgets that got something to show."""


def new_field(c: Comparison, item: Value) -> None:
    """A field added to the form: only a new signature field, with its widget."""
    touched = c.added(item)
    value = touched.new_dictionary if touched else None
    if touched is None or value is None or value.get("FT") != "Sig":
        number = item.number if isinstance(item, Ref) else None
        c.say("form", "a form field was added that is no new signature field.", False, object=number)
        c.follow(item)
        return
    c.account(touched.number)
    partial = value.get("T")
    name = decode_text(partial) if isinstance(partial, bytes) else ""
    odd = value.keys() - _FIELD_KEYS | {"Parent"} & value.keys()
    if odd or not name or not _plain_types(value):
        words = ", ".join(sorted(odd)) or "its name or type"
        text = f"the new field {name!r} has unusual entries: {words}."
        c.say("form", text, False, object=touched.number, field=name)
    visible = _widget(c, touched.number, value) if value.get("Subtype") == "Widget" else []
    for kid in _items(c.new(value.get("Kids"))):
        visible += _kid(c, kid, name)
    _follow_field(c, touched.number, value)
    _judge(c, _Signed(touched.number, name, value.get("V"), False, visible))


def _kid(c: Comparison, kid: Value, name: str) -> list[Widget]:
    touched = c.added(kid)
    value = touched.new_dictionary if touched else None
    if touched is None or value is None or value.keys() - _WIDGET_KEYS or not _plain_types(value):
        c.say("form", "a new signature field has a kid that is no plain widget.", False, field=name)
        return []
    c.account(touched.number)
    return _widget(c, touched.number, value)


def _widget(c: Comparison, number: int, widget: Dictionary) -> list[Widget]:
    """Notes a new widget; gives it back when it shows something on a page."""
    page = widget.get("P")
    if isinstance(page, Ref):
        c.pages.add(page.number)
    c.widgets.add(number)
    _follow_field(c, number, widget)
    framed = isinstance(style := widget.get("MK"), dict) and bool(style.keys() & {"BC", "BG"})
    shows = area_of(c.reader, widget, c.index) > 0 or framed or not draws_nothing(c.reader, widget, c.index)
    return [Widget(number, widget, c.index)] if shows else []


def _follow_field(c: Comparison, number: int, field: Dictionary) -> None:
    """Explains what a new field or widget refers to, of which only its appearance may have streams.

    iText 5 and OpenPDF name those of the appearance once more, under /DR.
    """
    c.follow(field.get("AP"))
    streams = c.follow([v for k, v in field.items() if k not in ("V", "AP")])
    characteristics = field.get("MK", {})
    plain = isinstance(characteristics, dict) and characteristics.keys() <= _CHARACTERISTICS
    if streams or not plain or not _is_direct(characteristics) or not _only_new(c, field.get("DR")):
        text = "a new signature field carries a stream or objects that it has no use for."
        c.say("form", text, False, object=number)


def _only_new(c: Comparison, resources: Value) -> bool:
    """Whether resources hold nothing but objects that the update added, under their names."""
    kinds = resources if isinstance(resources, dict) else {}
    return isinstance(resources, dict | None) and all(
        isinstance(named, dict) and all(c.added(v) is not None for v in named.values()) for named in kinds.values()
    )


def _is_direct(value: Value) -> bool:
    """Whether a value holds no reference."""
    pending = [value]
    while pending:
        item = pending.pop()
        if isinstance(item, Ref | Stream):
            return False
        pending += item.values() if isinstance(item, dict) else item if isinstance(item, list) else ()
    return True


def _judge(c: Comparison, signed: _Signed) -> None:
    """The signature in a field that was added or filled."""
    name, how = signed.name, "was filled" if signed.reserved else "was added"
    page = c.paper.page_of(signed.visible[0]) if signed.visible else None

    def say(kind: ChangeKind, text: str, allowed: bool, blank: bool = False, places: tuple[Place, ...] = ()) -> None:
        c.say(kind, text, allowed, object=signed.number, field=name, page=page, blank=blank, places=places)

    touched = c.added(signed.value)
    found = touched.new.value if touched and touched.new else signed.value
    if touched is not None:
        c.account(touched.number)
    if found is None:
        say("signature", f"the empty signature field {name!r} {how}.", c.open and not signed.visible)
        return
    if not isinstance(found, dict) or not {"Contents", "ByteRange"} <= found.keys():
        say("signature", f"the signature field {name!r} {how} with something that is no signature.", False)
        return
    streams = c.follow([v for k, v in found.items() if k != "Contents"])
    if odd := sorted(k for k in found.keys() - _SIGNATURE_KEYS if not _private(k)):
        words = ", ".join(odd)
        say("signature", f"the signature in the field {name!r} {how} with unusual entries: {words}.", False)
    if streams or not _is_direct(found.get("Prop_Build")):
        say("signature", f"the signature in the field {name!r} {how} with objects that it has no use for.", False)
    stamp = found.get("SubFilter") == "ETSI.RFC3161"
    text = f"a document timestamp {how} (field {name!r})"
    if not stamp:
        text = f"the signature field {name!r} {how} and signed"
    if not stamp and c.permission.locked(name):
        say("signature", f"{text}, though an earlier signature locked it.", False)
        return
    covered = next((r for w in signed.visible if (r := c.paper.covered(w, c.visits)) is not None), None)
    kind: ChangeKind = "timestamp" if stamp else "signature"
    blank = ", visible where the page was blank or in part over an earlier signature"
    if covered is not None:
        say("overlay" if c.open else kind, f"{text}; its appearance lies over the page: {covered}.", False)
        return
    places = tuple(place for w in signed.visible for place in c.paper.places(w))
    if signed.visible and not signed.reserved:
        text = f"{text}{blank}, as far as that can be told; no place was reserved for it."
        say("overlay" if c.open else kind, text, False, c.open, places)
    else:
        text = f"{text}{blank if signed.visible else ''}."
        say(kind, text, c.open or (stamp and not signed.visible), places=places)


# 4. Existing signature fields


def compare_signed_fields(c: Comparison) -> None:
    """Empty signature fields that got a value, and perhaps an appearance."""
    for touched in list(c.touched.values()):
        old, new = touched.old_dictionary, touched.new_dictionary
        if old is None or new is None or touched.number in c.explained:
            continue
        if c.inherited(old, "FT", c.index - 1) != "Sig" or old.get("V") is not None:
            continue
        changed = {k for k in old.keys() | new.keys() if not same(old.get(k), new.get(k))}
        if "V" not in changed or not changed <= {"V", "AP", "M", "F", "P"} or not _only_locks(old, new):
            continue
        if "P" in changed and (old.get("P") is not None or not c.paper.shows(new.get("P"), touched.number)):
            continue
        if not all(isinstance(d.get("M"), bytes | None) for d in (old, new)):
            continue
        if not isinstance(c.old(old.get("AP")), dict | None) or not isinstance(c.new(new.get("AP")), dict | None):
            continue
        c.account(touched.number)
        name = full_name(c.new, new)
        area = area_of(c.reader, new, c.index)
        if "AP" in changed and area > 0 and not _new_appearance(c, new):
            text = "the appearance of a signature field was taken from elsewhere."
            c.say("content", text, False, object=touched.number, field=name)
        looks_new = "AP" in changed or follow_rewritten(c, touched.number, old, new)
        if looks_new and area > MAX_AREA:
            text = "the appearance of a signature field covers a large part of a page."
            c.say("content", text, False, object=touched.number, field=name)
        c.follow(new.get("AP"))
        shows = looks_new and (area > 0 or not draws_nothing(c.reader, new, c.index))
        visible = [Widget(touched.number, new, c.index, reserved=True)] if shows else []
        _judge(c, _Signed(touched.number, name, new.get("V"), True, visible))


def _new_appearance(c: Comparison, widget: Dictionary) -> bool:
    """Whether the normal appearance is a new object."""
    appearance = widget.get("AP")
    return isinstance(appearance, dict) and c.added(appearance.get("N")) is not None


def _only_locks(old: Dictionary, new: Dictionary) -> bool:
    before, now = old.get("F", 0), new.get("F", 0)
    return isinstance(before, int) and isinstance(now, int) and before | _LOCKED_FLAGS == now | _LOCKED_FLAGS


def _plain_types(widget: Dictionary) -> bool:
    """Whether a field or widget says to be nothing else."""
    kinds = widget.get("Type") in (None, "Annot") and widget.get("Subtype") in (None, "Widget")
    return kinds and widget.get("H") in _HIGHLIGHTS


def _items(value: Value) -> list[Value]:
    return value if isinstance(value, list) else []
