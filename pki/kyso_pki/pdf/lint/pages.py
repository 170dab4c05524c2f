"""What is drawn invisibly, and what lies on what: annotations, fields, text."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

from ..filling import says
from ..lively import MARKUP, lacks_appearance
from ..objects import UNREADABLE, Dictionary, Stream, Value
from .checks import Observation
from .survey import Page, Survey, page_annotations
from .textboxes import Box, covers, rectangle, text_boxes

INVISIBLE, HIDDEN, PRINT, NO_VIEW = 1, 2, 4, 32  # annotation flags (table 167)
MIN_OVERLAP: Final = 4.0  # square points: borders that touch are no overlap
MAX_COMPARISONS: Final = 200_000  # pairs of rectangles on one page
_NOT_PRINTED = {"Link", "Popup", "TrapNet", "Movie", "Sound", "Screen", "RichMedia", "3D"}
_COVERING = {
    "FreeText", "Stamp", "Square", "Circle", "Polygon", "PolyLine", "Line", "Ink", "Redact", "Watermark", "Widget",
}  # fmt: skip
_known_annotations = _COVERING | _NOT_PRINTED | {
    "Text", "Highlight", "Underline", "Squiggly", "StrikeOut", "Caret", "FileAttachment", "PrinterMark", "Projection",
}  # fmt: skip
_invisible = re.compile(rb"(?<![\d.])[37]\s+Tr(?![A-Za-z])").search
_white = re.compile(
    rb"(?:(?<![\d.])1(?:\.0*)?\s+1(?:\.0*)?\s+1(?:\.0*)?\s+rg|(?<![\d.\s])\s+1(?:\.0*)?\s+g)(?![A-Za-z])"
)
_shows_text = re.compile(rb"(?<![A-Za-z])T[jJ](?![A-Za-z])").search
_do = re.compile(rb"[\x00\t\n\x0c\r ]Do(?![A-Za-z])").search
_text_object = re.compile(rb"(?<![A-Za-z])BT(?![A-Za-z])(.*?)(?<![A-Za-z])ET(?![A-Za-z])", re.DOTALL)


def annotation_flags(found: Survey) -> Iterator[Observation]:
    """12.5.3: what is there and not shown, or shown and not printed."""
    for page, annotation, number in page_annotations(found):
        flags = found.get(annotation, "F")
        flags = flags if isinstance(flags, int) else 0
        box = rectangle(found, annotation.get("Rect"))
        kind = found.get(annotation, "Subtype")
        if kind == "Popup" or (box is not None and not box.area):
            continue  # an invisible signature field has no area
        if flags & (HIDDEN | NO_VIEW) or (flags & INVISIBLE and kind not in _known_annotations):
            yield Observation("HIDDEN_ANNOTATION", f"{_what(found, annotation)} is hidden", number, page.number)
        elif not flags & PRINT and kind not in _NOT_PRINTED:
            text = f"{_what(found, annotation)} is shown but not printed"
            yield Observation("SCREEN_ONLY_ANNOTATION", text, number, page.number)


def overlaps(found: Survey) -> Iterator[Observation]:
    """Fields on fields, and what can cover text on text."""
    for page in found.pages:
        boxes: list[tuple[Box, Dictionary, int | None]] = []
        for item in found.items(page.dictionary.get("Annots")):
            annotation = found.dictionary(item)
            box = rectangle(found, annotation.get("Rect"))
            if box is not None and box.area and found.get(annotation, "Subtype") in _COVERING:
                boxes.append((box, annotation, getattr(item, "number", None)))
        if boxes:
            yield from _fields_on_fields(found, page, [b for b in boxes if found.get(b[1], "Subtype") == "Widget"])
            yield from _over_text(found, page, [b for b in boxes if _draws(found, b[1]) and not _signed(found, b[1])])


def _fields_on_fields(
    found: Survey, page: Page, boxes: list[tuple[Box, Dictionary, int | None]]
) -> Iterator[Observation]:
    boxes = sorted(boxes, key=lambda b: b[0].left)
    compared = 0
    for i, (box, annotation, number) in enumerate(boxes):
        for other, covered, _ in boxes[i + 1 :]:
            if other.left >= box.right:
                break
            compared += 1
            if compared > MAX_COMPARISONS:
                yield Observation("NOT_CHECKED", "too many fields lie above each other", page.object, page.number)
                return
            both_sign = all(_inherited(found, field, "FT") == "Sig" for field in (annotation, covered))
            if box.overlap(other) > MIN_OVERLAP and not both_sign:  # the seal covers a third of the signature: NĐ 30
                text = f"{_what(found, annotation)} and {_what(found, covered)} lie on each other"
                yield Observation("OVERLAPPING_FIELDS", text, number, page.number)


def _over_text(found: Survey, page: Page, boxes: list[tuple[Box, Dictionary, int | None]]) -> Iterator[Observation]:
    """Only pages with something that could cover text have their content read."""
    if not boxes:
        return
    try:
        texts = text_boxes(found, page.dictionary)
    except UNREADABLE as e:
        yield Observation("NOT_CHECKED", f"the content cannot be read: {e}", page.object, page.number)
        return
    compared = 0
    for box, annotation, number in boxes:
        compared += len(texts)
        if compared > MAX_COMPARISONS:
            yield Observation("NOT_CHECKED", "too many annotations lie on too much text", page.object, page.number)
            return
        if any(box.overlap(text) > MIN_OVERLAP for text in texts):
            text = f"{_what(found, annotation)} lies on text"
            yield Observation("ANNOTATION_OVER_TEXT", text, number, page.number)


def _signed(found: Survey, annotation: Dictionary) -> bool:
    """A signature that is there already: what it shows is its signer's, and judged by those who verify."""
    return _inherited(found, annotation, "FT") == "Sig" and _inherited(found, annotation, "V") is not None


def _draws(found: Survey, annotation: Dictionary) -> bool:
    """Whether it shows anything: an appearance that is not empty, or a background or border of its own."""
    appearance = found.dictionary(annotation.get("AP")).get("N")
    shown = found.resolve(appearance)
    if isinstance(shown, Stream):
        return shown.length > 0
    if isinstance(shown, dict):
        return bool(shown)
    return found.get(annotation, "Subtype") != "Widget" or bool(found.dictionary(annotation.get("MK")).get("BG"))


def looks(found: Survey) -> Iterator[Observation]:
    """12.5.5: an annotation that some readers draw by themselves, and others do not."""
    for page, annotation, number in page_annotations(found):
        if found.get(annotation, "Subtype") in MARKUP and lacks_appearance(annotation, found.resolve):
            text = f"{_what(found, annotation)} has no appearance, so that each viewer draws it in its own way or not"
            yield Observation("ANNOTATION_APPEARANCE", text, number, page.number)


def appearances(found: Survey) -> Iterator[Observation]:
    """12.7.4.3: a text or choice field whose appearance shows something else than its value (attack class P8)."""
    for page, widget, number in page_annotations(found):
        if found.get(widget, "Subtype") != "Widget":
            continue
        kind, value = _inherited(found, widget, "FT"), _inherited(found, widget, "V")
        shown = found.resolve(found.dictionary(widget.get("AP")).get("N"))
        if kind not in ("Tx", "Ch") or not isinstance(shown, Stream) or not isinstance(value, bytes | None):
            continue
        try:
            right = says(found.reader, shown, value)
        except UNREADABLE:
            right = False  # drawn in a way that does not tell its text
        if not right:
            text = f"{_what(found, widget)} shows another text than its value, or one that cannot be told"
            yield Observation("FIELD_APPEARANCE", text, number, page.number)


def _inherited(found: Survey, field: Dictionary, key: str) -> Value:
    """An entry of the field or of the fields above it (12.7.4.1)."""
    for _ in range(32):  # levels of a field tree, as in `fields`
        if key in field:
            return found.get(field, key)
        field = found.dictionary(field.get("Parent"))
        if not field:
            break
    return None


def drawn(found: Survey) -> Iterator[Observation]:
    """9.3.6, 8.6.8, 8.2: invisible and white text, and what is drawn over text; hints, not a rendering."""
    for page in found.pages:
        content = found.content(page.dictionary.get("Contents"))
        yield from _drawn_text(content, page.object, page.number)
        yield from _over_text_drawn(found, page, content)
    for part in found.parts:
        if part.stream is not None and part.dictionary.get("Subtype") == "Form":
            yield from _drawn_text(found.content(part.stream), part.number, None)


def _over_text_drawn(found: Survey, page: Page, content: bytes) -> Iterator[Observation]:
    """Later marks cover earlier ones. Only pages that draw an image or white areas after text are followed."""
    first = _shows_text(content)
    if first is None or (
        _image_follows(found, page, content, first.end()) is None and _white.search(content, first.end()) is None
    ):
        return
    try:
        count = covers(found, page.dictionary)
    except UNREADABLE as e:
        yield Observation("NOT_CHECKED", f"the content cannot be read: {e}", page.object, page.number)
        return
    if count:
        text = f"{count} images or white areas are drawn over text"
        yield Observation("CONTENT_OVER_TEXT", text, page.object, page.number)


def _image_follows(found: Survey, page: Page, content: bytes, position: int) -> re.Match[bytes] | None:
    """A `Do` after the first text, on a page with images (in a form XObject there may be more: those count too)."""
    xobjects = found.dictionary(found.dictionary(page.dictionary.get("Resources")).get("XObject"))
    opaque = any(not {"SMask", "Mask"} & found.dictionary(x).keys() for x in xobjects.values())
    return _do(content, position) if opaque else None


def _drawn_text(content: bytes, number: int | None, page: int | None) -> Iterator[Observation]:
    if _invisible(content) is None and _white.search(content) is None:
        return
    invisible = white = False
    for m in _text_object.finditer(content):
        invisible = invisible or _invisible(m[1]) is not None
        white = white or _white.search(m[1]) is not None
    if invisible:
        yield Observation("INVISIBLE_TEXT", "text in the rendering mode 3 or 7", number, page)
    if white:
        yield Observation("WHITE_TEXT", "text in white", number, page)


def _what(found: Survey, annotation: Dictionary) -> str:
    from ..objects import decode_text

    kind = found.get(annotation, "Subtype")
    name = found.get(annotation, "T")
    if kind == "Widget":
        return f"the field {decode_text(name)!r}" if isinstance(name, bytes) else "a field"
    return f"an annotation of the kind {kind!r}"
