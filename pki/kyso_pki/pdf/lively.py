"""What a signed file shows otherwise by itself, or on paper than on the screen (attack class P10).

Reach for `active_content`. A script, an XFA form or a layer for printers stands in the signed bytes, so that no
signature breaks when it acts: whoever reads the verdict must hear of it. The linter (`lint`) looks at all objects
before a signature is made; here only what hangs on the catalog, the fields and the annotations is looked at, which
verification reads anyway, so that the verdict costs no more. A file with layers is walked once.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from typing import Final

from ..facts import Finding
from .fields import Field
from .objects import UNREADABLE, Dictionary, Stream, Value
from .reader import Reader

MAX_NAMED: Final = 8  # things in the words of the finding; the rest is counted
_TELLING: Final = frozenset(("OPEN_ACTION", "JAVASCRIPT", "XFA", "PORTFOLIO", "HIDDEN_LAYER", "PRINT_LAYER"))
"""What the linter's checks of the catalog and of layers find that is more than a hint."""
_ENTRIES: Final = frozenset(("OpenAction", "AA", "Names", "NeedsRendering", "OCProperties", "Collection"))
_MEMBERSHIPS: Final = frozenset(("OCMD",))
"""By what the check of layers knows a dictionary that it meets in the walk over all objects."""
_MEDIA: Final = frozenset(("Sound", "Movie", "Screen", "3D", "RichMedia"))
_OTHERWISE: Final = 1 << 13 | 1 << 25  # flags of fields: password, rich text (table 231)
MARKUP: Final = frozenset((
    "FreeText", "Line", "Square", "Circle", "Polygon", "PolyLine", "Highlight", "Underline", "Squiggly", "StrikeOut",
    "Stamp", "Caret", "Ink", "Redact",
))  # fmt: skip
"""Annotations that some readers draw by themselves, and others do not, where they have no appearance (12.5.5)."""
_HIDDEN, _NO_VIEW = 2, 32  # annotation flags (ISO 32000-2 table 167)
_may_act = re.compile(
    rb"/(?:AA|Sound|Movie|Screen|3D|RichMedia|FreeText|Line|Square|Circle|Polygon|PolyLine|Highlight|Underline|Squiggly"
    rb"|StrikeOut|Stamp|Caret|Ink|Redact|Popup|Widget)(?![A-Za-z])|/F[\t\n\x0c\r ]+(?:[0-9]{3,}|3[2-9]|[4-6][0-9])"
).search


@dataclass
class Acting:
    """Pages and annotations that do something by themselves, noted while they are read for something else."""

    found: list[str] = field(default_factory=list)
    more: int = 0
    drawn: list[tuple[Dictionary, int]] = field(default_factory=list)
    """Annotations that are to have an appearance, with their numbers."""

    def glance(self, text: bytes) -> bool:
        """Whether the plain text of a page or an annotation could belong to one, so that it is to be read."""
        return _may_act(text) is not None

    def note(self, node: Dictionary, number: int) -> None:
        """`number`: of the object in which the page or the annotation stands."""
        if (what := _acts(node)) is not None:
            self.add(f"{what} in object {number}")
        kind = node.get("Subtype")
        if isinstance(kind, str) and (kind in MARKUP or (node.get("AP") is not None and _is_no_field(kind, node))):
            self.drawn.append((node, number))

    def add(self, words: str) -> None:
        if len(self.found) < MAX_NAMED:
            self.found.append(words)
        else:
            self.more += 1


def active_content(reader: Reader, fields: Iterable[Field], acting: Acting) -> tuple[Finding, ...]:
    """One warning that names everything; none where there is nothing. `acting` has what the pages hold.

    Never raises for the bytes: what cannot be read is said.
    """
    try:
        for words in _of_the_catalog(reader):
            acting.add(words)
        for node in fields:
            number = node.ref.number if node.ref else 0
            acting.note(node.dictionary, number)
            if node.type == "Tx" and "AP" in node.dictionary and _shows_another_value(reader, node):
                acting.add(f"FIELD_APPEARANCE in object {number}")
        for annotation, number in acting.drawn:
            if lacks_appearance(annotation, reader.resolve):
                acting.add(f"ANNOTATION_APPEARANCE in object {number}")
    except UNREADABLE as e:
        acting.add(f"NOT_CHECKED ({e})")
    if not acting.found:
        return ()
    named = ", ".join(acting.found) + (f" and {acting.more} more" if acting.more else "")
    text = f"What is shown can change by itself, or differ between programs or on paper: {named}."
    return (Finding("ACTIVE_CONTENT", "warning", text),)


def _of_the_catalog(reader: Reader) -> Iterator[str]:
    catalog = reader.catalog()
    form = reader.resolve(catalog.get("AcroForm"))
    if not catalog.keys() & _ENTRIES and not (isinstance(form, dict) and "XFA" in form):
        return
    from .lint.active import catalog as started  # few files need them
    from .lint.layers import layers
    from .lint.survey import Survey, survey

    found = survey(reader, _MEMBERSHIPS) if "OCProperties" in catalog else Survey(reader)
    for observe in (started, layers):
        for seen in observe(found):
            if seen.code in _TELLING:
                yield f"{seen.code} ({seen.text})"
    for unread in found.unread:
        yield f"{unread.code} ({unread.text})"
    if found.dictionary(catalog.get("AA")):
        yield "ADDITIONAL_ACTION (the document's)"


def _is_no_field(kind: str, node: Dictionary) -> bool:
    """Whether it is a widget of nothing, or the window of a note, whose looks Poppler alone draws."""
    return kind == "Popup" or (kind == "Widget" and node.keys().isdisjoint(("FT", "Parent")))


def lacks_appearance(annotation: Dictionary, resolve: Callable[[Value], Value]) -> bool:
    """Whether readers have to draw an annotation by themselves: Poppler and MuPDF do, PDFium does not, or otherwise.

    One that nobody sees, by its flags or for want of an area, needs no appearance. A window of a note has none
    (12.5.6.14); what it has all the same Poppler draws, as the look of a widget that is
    no field.
    """
    if annotation.get("Subtype") in ("Popup", "Widget"):
        return True
    flags = resolve(annotation.get("F"))
    if type(flags) is int and flags & _HIDDEN:
        return False
    corners = resolve(annotation.get("Rect"))
    if not isinstance(corners, list) or len(corners) != 4:
        return True  # a place of its own to each reader
    left, bottom, right, top = map(resolve, corners)
    if left == right and bottom == top:
        return False
    looks = resolve(annotation.get("AP"))
    normal = resolve(looks.get("N")) if isinstance(looks, dict) else None
    if isinstance(normal, dict):
        state = resolve(annotation.get("AS"))
        normal = resolve(normal.get(state)) if isinstance(state, str) else None
    return not isinstance(normal, Stream)


def _acts(node: Dictionary) -> str | None:
    """The linter's code for what a page, an annotation or a field does by itself, or shows on paper alone."""
    actions: Value = node.get("AA")
    if actions is not None and actions != {}:
        return "ADDITIONAL_ACTION"
    kind = node.get("Subtype")
    if isinstance(kind, str) and kind in _MEDIA:
        return "MULTIMEDIA"
    flags = node.get("F")
    if "Rect" in node and isinstance(flags, int) and flags & _NO_VIEW and not flags & _HIDDEN:
        return "HIDDEN_ANNOTATION (printed, not shown on the screen)" if flags & 4 else None
    return None


def _shows_another_value(reader: Reader, field: Field) -> bool:
    """Whether a text field for certain shows another text than its value, as Firefox shows and forms are read by.

    Told only in fonts that every reader has; passwords and rich text are shown otherwise by the standard.
    """
    value, flags = reader.resolve(field.value), reader.resolve(field.dictionary.get("Ff"))
    looks = reader.resolve(field.dictionary["AP"])
    shown = reader.resolve(looks.get("N")) if isinstance(looks, dict) else None
    if not isinstance(shown, Stream) or not isinstance(value, bytes) or (type(flags) is int and flags & _OTHERWISE):
        return False
    from .filling import says, shown_by  # only who verifies a filled form needs these
    from .plain_fonts import plain_font

    try:
        if says(reader, shown, value):
            return False
        resources = reader.resolve(shown.dictionary.get("Resources"))
        fonts = reader.resolve(resources.get("Font")) if isinstance(resources, dict) else None
        if not isinstance(fonts, dict) or not fonts:
            return False
        text = shown_by(reader, shown)
        for font in fonts.values():
            plain_font(reader, font, reader.last).require(text)
    except UNREADABLE:
        return False  # drawn in a way that does not tell its text; the linter says so
    return True
