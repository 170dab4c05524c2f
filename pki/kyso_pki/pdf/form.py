"""The form field that a signature is put into: an existing empty one or a new one (ISO 32000-2 12.7.5.5).

Reach for `chosen_field`, then `add_field` or `fill_field`. A new field is its own widget: invisible, without an
area, so that nothing on the page changes and the file keeps the conformance that it claims:

- PDF/A-1 (ISO 19005-1 6.9) wants an appearance for every field, PDF/A-2 and later (ISO 19005-2 6.3.3) exempt a
  rectangle without an area: in a file that says to be PDF/A-1 the widget has an empty one. Print is set, Hidden not.
- PDF/UA (ISO 14289-1 7.18) wants every widget in the structure tree unless it lies outside the crop box, and /Tabs
  /S on pages with annotations: in a tagged file the invisible widget lies outside, and /Tabs is set while no
  earlier signature would see a changed page. So the structure tree stays as its author made it.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

from ..document import Placed, Reserved
from ..errors import FormatError, NotPermitted, UsageError
from .appearance.objects import add_appearance, empty_form, shown
from .edit import append_items, appended, catalog_object, fetched, inner_dictionary, replace_entries
from .fields import Field, signature_fields
from .filters import decode
from .objects import Dictionary, IndirectObject, Ref, Stream, Value, encode_text, serialize
from .pages import page_at
from .pagetree import MAX_DEPTH, first_page
from .reader import REWRITE, Reader
from .update import Update

PRINTED: Final = 4  # the flag Print (ISO 32000-2 table 167)
PRINTED_AND_LOCKED: Final = 4 | 128
SIG_FLAGS: Final = 3  # SignaturesExist, AppendOnly (12.7.3, table 225)
_PDFA1: Final = re.compile(rb"""pdfaid:part(?:\s+xmlns:pdfaid="[^"<>]{0,64}")?\s*(?:=\s*["']|>)\s*1\s*["'<]""")
_NAMES: Final = "Name an empty signature field or a new one; empty now: "


@dataclass(frozen=True)
class NewField:
    """A field to be made. What stands here goes into its widget."""

    name: str
    page: IndirectObject
    rectangle: tuple[float, float, float, float]
    flags: int = PRINTED_AND_LOCKED
    entries: Mapping[str, Value] = field(default_factory=dict)
    """Further entries, such as /AP of a visible stamp or /Lock; streams as references."""
    reserved: tuple[Ref, ...] = ()
    """Empty fields that are put beside it, on the same page."""


def chosen_field(fields: list[Field], name: str | None) -> Field | str:
    """An existing empty signature field, or the name of a new one. Raises `UsageError`, `SigningError`."""
    taken = {f.name: f for f in fields if f.named or f.problem is not None}
    if name is None:
        return next(free for n in range(1, len(taken) + 2) if (free := f"Signature{n}") not in taken)
    found = taken.get(name)
    if found is None:
        if not name or "." in name:
            raise UsageError(f"{name!r} cannot be the name of a new field.", remedy="Use a name without a full stop.")
        return name
    if found.problem is not None or found.type != "Sig":
        raise NotPermitted(f"The field {name!r} is no signature field.", remedy=_NAMES + _empty_names(fields))
    if found.value is not None:
        raise NotPermitted(f"The field {name!r} is already signed.", remedy=_NAMES + _empty_names(fields))
    if found.ref is None:
        raise FormatError(f"PDF: the field {name!r} is not an object of its own.", remedy=REWRITE)
    return found


def _empty_names(fields: list[Field]) -> str:
    names = [f.name for f in fields if f.type == "Sig" and f.value is None and f.named and f.problem is None]
    return (", ".join(names[:10]) or "none") + "."


def free_name(fields: list[Field], stem: str) -> str:
    """The stem with the first number that no field has."""
    taken = {f.name for f in fields}
    return next(free for n in range(1, len(taken) + 2) if (free := f"{stem}{n}") not in taken)


def invisible_field(reader: Reader, update: Update, name: str, entries: Mapping[str, Value] = {}) -> NewField:
    """A field on the first page that shows nothing and changes nothing that its reader sees."""
    page = first_page(reader)
    more: Dictionary = dict(entries)
    if _claims_pdfa1(reader):
        more["AP"] = {"N": _empty_appearance(update)}
    if not is_tagged(reader):
        return NewField(name, page, (0, 0, 0, 0), entries=more)
    x, y = _outside(reader, page)
    return NewField(name, page, (x, y, x, y), entries={**more, "TU": encode_text(name)})


def visible_field(
    reader: Reader, update: Update, name: str, appearance: Placed, entries: Mapping[str, Value]
) -> NewField:
    """A field in the place and with the appearance that were made for it (`appearance.placing`)."""
    page = page_at(reader, appearance.page + 1).object
    look = shown(appearance.rect, appearance.rotation, add_appearance(update, appearance))
    base: Dictionary = {
        "Type": "Annot",
        "Subtype": "Widget",
        "FT": "Sig",
        "F": PRINTED,
        "P": Ref(page.number, page.generation),
    }
    reserved = tuple(_reserve(update, base, appearance.rotation, item) for item in appearance.reserved)
    return NewField(name, page, appearance.rect, entries={**entries, **look}, reserved=reserved)


def _reserve(update: Update, base: Dictionary, rotation: int, item: Reserved) -> Ref:
    """An empty field beside the one that is signed now: filling it later changes no page."""
    look = shown(item.rect, rotation, update.add(empty_form(item.rect)))
    ref = update.reserve()
    update.replace(ref, update.text(ref, base | {"T": encode_text(item.name)} | look))
    return ref


def add_field(reader: Reader, update: Update, new: NewField, signature: Ref) -> None:
    """Puts the new field with its value into the form and its widget onto the page."""
    ref = update.reserve()
    widget: Dictionary = {
        "Type": "Annot",
        "Subtype": "Widget",
        "FT": "Sig",
        "T": encode_text(new.name),
        "F": new.flags,
        "Rect": list(new.rectangle),
        "P": Ref(new.page.number, new.page.generation),
        **new.entries,
        "V": signature,
    }
    update.replace(ref, update.text(ref, widget))
    refs = [ref, *new.reserved]
    append_items(reader, update, new.page, "Annots", refs)
    if "TU" in new.entries and not signature_fields(reader) and "Tabs" not in _dictionary(new.page):
        replace_entries(update, new.page, {"Tabs": b"/S"})
    _extend_form(reader, update, refs)


def fill_field(
    reader: Reader, update: Update, existing: Field, signature: Ref, appearance: Placed | None = None
) -> None:
    """Gives the existing field its value, and what it shows from now on."""
    changes = {"V": serialize(signature)}
    if appearance is not None:
        changes["AP"] = serialize({"N": add_appearance(update, appearance)})
    replace_entries(update, fetched(reader, existing.ref), changes)
    _extend_form(reader, update, [])


def is_tagged(reader: Reader) -> bool:
    """Whether the file says that its structure tree is complete (14.7.1, table 353)."""
    marks = reader.resolve(reader.catalog().get("MarkInfo"))
    return isinstance(marks, dict) and reader.resolve(marks.get("Marked")) is True


def _claims_pdfa1(reader: Reader) -> bool:
    """Whether the XMP metadata name PDF/A-1 (ISO 19005-1 6.7.11). Metadata that cannot be read claim nothing."""
    try:
        stream = reader.resolve(reader.catalog().get("Metadata"))
        return isinstance(stream, Stream) and _PDFA1.search(decode(stream, reader.budget)) is not None
    except FormatError:
        return False


def _empty_appearance(update: Update) -> Ref:
    """A form XObject that draws nothing (8.10)."""
    ref = update.reserve()
    shape: Dictionary = {"Type": "XObject", "Subtype": "Form", "BBox": [0, 0, 0, 0], "Resources": {}}
    update.replace(ref, update.stream(ref, shape, b""))
    return ref


def _outside(reader: Reader, page: IndirectObject) -> tuple[int, int]:
    """A point one unit below and left of every box of the page."""
    node: Value = page.value
    lowest = [0.0, 0.0]
    for _ in range(MAX_DEPTH):
        if not isinstance(node, dict):
            break
        for key in ("CropBox", "MediaBox"):
            box = reader.resolve(node.get(key))
            numbers = (
                [n for n in map(reader.resolve, box) if isinstance(n, int | float)] if isinstance(box, list) else []
            )
            if len(numbers) == 4:
                lowest = [min(lowest[0], *numbers[::2]), min(lowest[1], *numbers[1::2])]
        node = reader.resolve(node.get("Parent"))
    return int(lowest[0] // 1) - 1, int(lowest[1] // 1) - 1


def _dictionary(found: IndirectObject) -> Dictionary:
    return found.value if isinstance(found.value, dict) else {}


def _extend_form(reader: Reader, update: Update, new: list[Ref]) -> None:
    """The form with /SigFlags set and these fields more (12.7.3)."""
    root = catalog_object(reader)
    form = inner_dictionary(reader, update, root, "AcroForm")
    if form is None:
        made: Dictionary = {"Fields": list(new), "SigFlags": SIG_FLAGS}
        replace_entries(update, root, {"AcroForm": serialize(update.add(serialize(made)))})
        return
    changes = appended(reader, update, form.value, form.source, form.start, "Fields", new) if new else {}
    flags = reader.resolve(form.value.get("SigFlags"))
    if not isinstance(flags, int) or flags & SIG_FLAGS != SIG_FLAGS:
        changes["SigFlags"] = serialize((flags if isinstance(flags, int) else 0) | SIG_FLAGS)
    form.set(update, changes)
