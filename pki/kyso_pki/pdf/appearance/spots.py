"""Spots: boxes on pages where a stamp may stand, by coordinates, in a field, or over a signature that is there.

Reach for `at_corner`, `in_field`, `beside_signature`; by texts: `anchors.by_texts`.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from ...errors import SigningError
from ..fields import all_fields
from ..objects import Ref, Value
from ..pages import Box, Page, all_pages, page_at, rectangle_of
from ..reader import Reader
from .layout import MM, Drawing, scaled
from .stamp import Place, Stamp
from .template import Corner

SHARE: Final = 1 / 3  # of the signature's width that the seal covers, on its left (NĐ 30/2020, Appendix I)
MAX_NAMED: Final = 12  # places named in one error
_UNSEEN: Final = 2 | 32  # the flags Hidden and NoView (ISO 32000-2 table 167)


@dataclass(frozen=True)
class Spot:
    """A box on a page where a stamp shall stand, and what it may cover there."""

    page: Page
    within: Box
    """The widget's rectangle as seen."""
    scale: float
    start: tuple[float, float]
    """Left top of the drawing as seen."""
    over: Ref | None = None
    """The signature that it stands over."""
    field: str | None = None
    """The existing field whose widget it is; None: it is made."""


def new_spot(page: Page, left: float, top: float, drawing: Drawing, scale: float, over: Ref | None = None) -> Spot:
    within = Box(left, top, left + drawing.width * scale, top + drawing.height * scale)
    return Spot(page, within, scale, (left, top), over)


def at_corner(page: Page, corner: Corner, x: float, y: float, drawing: Drawing, scale: float) -> Spot:
    width, height = page.size
    left = x if corner.endswith("left") else width - x - drawing.width * scale
    top = y if corner.startswith("top") else height - y - drawing.height * scale
    return new_spot(page, left, top, drawing, scale)


def in_field(reader: Reader, stamp: Stamp, name: str, drawing: Drawing, scale: float) -> Spot:
    """In the middle of an empty field, never larger than real size."""
    field = next((f for f in all_fields(reader) if f.name == name and f.named and f.problem is None), None)
    if field is None or field.type != "Sig" or field.value is not None or field.ref is None:
        raise SigningError(
            f"There is no empty signature field {name!r}.",
            remedy="Name an empty signature field, or place the stamp by coordinates, texts or beside a signature.",
        )
    rectangle = rectangle_of(reader, field.dictionary.get("Rect"))
    if rectangle is None or rectangle[0] == rectangle[2] or rectangle[1] == rectangle[3]:
        raise SigningError(
            f"The field {name!r} is invisible or has its widget elsewhere; a stamp cannot be shown in it.",
            remedy="Sign in it without a stamp, or place the stamp in a new field.",
        )
    page = _page_of(reader, field.ref, field.dictionary.get("P"))
    within = page.to_seen(rectangle)
    fit = min(within.width / drawing.width, within.height / drawing.height)
    if fit < scale - 0.005:
        if stamp.template.exact:
            raise SigningError(
                f"The stamp {stamp.template.name!r} is {drawing.width * scale / MM:.1f} x "
                f"{drawing.height * scale / MM:.1f} mm, the field {name!r} has "
                f"{within.width / MM:.1f} x {within.height / MM:.1f} mm.",
                remedy="Choose another size in the template's settings, or a scale.",
            )
        scale = fit
    left = within.left + (within.width - drawing.width * scale) / 2
    top = within.top + (within.height - drawing.height * scale) / 2
    return Spot(page, within, scale, (left, top), field=name)


def _page_of(reader: Reader, widget: Ref, named: Value) -> Page:
    """The page of a widget: the one that lists it, for /P may be absent or wrong (12.5.2)."""
    for page in all_pages(reader):
        listed = reader.resolve(page.dictionary.get("Annots"))
        if isinstance(listed, list) and widget in listed:
            return page
    raise SigningError(f"No page shows the widget in object {widget.number} (/P: {named!r}).")


def beside_signature(reader: Reader, said: Place, drawing: Drawing) -> Spot:
    """The seal over the left third of a signature that is there, their middles on one height."""
    page, box, ref = _signature_box(reader, said)
    return over_left(page, box, drawing, said.scale, ref)


def over_left(page: Page, signature: Box, drawing: Drawing, scale: float, ref: Ref | None) -> Spot:
    right = signature.left + signature.width * SHARE
    focus = scaled(drawing.focus, scale)
    left = right - focus.right
    top = (signature.top + signature.bottom) / 2 - (focus.top + focus.bottom) / 2
    return new_spot(page, left, top, drawing, scale, ref)


def _signature_box(reader: Reader, said: Place) -> tuple[Page, Box, Ref]:
    """The one visible signature, or that in the field named."""
    signed = {
        f.ref: f.name
        for f in all_fields(reader)
        if f.problem is None and f.type == "Sig" and f.value is not None and f.ref is not None
    }
    seen: list[tuple[str, Page, Box, Ref]] = []
    for page in all_pages(reader):
        for ref, box in visible_annotations(reader, page):
            if ref in signed and (said.beside is None or signed[ref] == said.beside):
                seen.append((signed[ref], page, box, ref))
    if said.page is not None and said.beside is None:
        wanted = page_at(reader, said.page).index
        seen = [s for s in seen if s[1].index == wanted]
    if len(seen) == 1:
        return seen[0][1:]
    if said.beside is not None:
        raise SigningError(f"The field {said.beside!r} shows no signature on any page.")
    if not seen:
        raise SigningError(
            "No visible signature is there for the seal to be placed beside.",
            remedy="Sign as the authorised person first (nguoi-ky), or place the seal by coordinates or texts.",
        )
    names = "; ".join(f"{name!r} on page {page.index + 1}" for name, page, _, _ in seen[:MAX_NAMED])
    raise SigningError(
        f"{len(seen)} visible signatures are there: {names}.",
        remedy="Name the one to place the seal beside: --beside NAME.",
    )


def visible_annotations(reader: Reader, page: Page) -> Iterator[tuple[Ref | None, Box]]:
    """The annotations that show something on a page, and where."""
    listed = reader.resolve(page.dictionary.get("Annots"))
    for item in listed if isinstance(listed, list) else []:
        found = reader.resolve(item)
        if not isinstance(found, dict) or found.get("Subtype") in ("Link", "Popup"):
            continue
        flags = reader.resolve(found.get("F"))
        if isinstance(flags, int) and flags & _UNSEEN:
            continue
        rectangle = rectangle_of(reader, found.get("Rect"))
        if rectangle and rectangle[0] < rectangle[2] and rectangle[1] < rectangle[3]:
            yield (item if isinstance(item, Ref) else None), page.to_seen(rectangle)
