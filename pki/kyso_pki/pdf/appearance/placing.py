"""Where a stamp goes: by coordinates, into a field, by texts on the page, or over the signature that is there.

Reach for `place`. It reads the file and gives the `Placed` that goes into an `Intent`; it asks no key. The steps:

1. draw the stamp (`layout`) at its real size
2. find the page and the box on it
3. refuse what would leave the page, cover text, another annotation or anything else that is drawn there, and a place
   to be reserved that is not blank, unless the caller allows it
4. the appearance as objects, turned so that it is upright to the reader

A seal over the signature that it is placed beside is what NĐ 30/2020 asks for, not an overlap.
"""

from __future__ import annotations

from contextlib import closing
from dataclasses import replace
from datetime import datetime
from typing import Final

from ...document import Placed, Reserved
from ...errors import PlacementRefused, StampCovers, StampLeavesPage, UsageError
from ..fields import all_fields
from ..pages import Box, Page, page_at
from ..reader import Reader
from .anchors import Look, by_texts
from .archive import check_archive
from .layout import MM, Area, Drawing, draw, form, scaled
from .sight import OpenEyes, pdfium
from .spots import Spot, at_corner, beside_signature, in_field, over_left, visible_annotations
from .stamp import Place, Stamp
from .template import number

TOLERANCE: Final = 0.75  # points by which boxes may touch: accents and antialiasing
SPECKS: Final = 12  # dark pixels at 50 dpi that a stamp may cover on a scan: dust is there always
EDGES: Final = 2  # pixels at 50 dpi of what stands beside a stamp, on a page with letters
HALF: Final = 0.7  # points, of a pixel's 1.44: only pixels whose middle lies under ink count
PICTURE_DPI: Final = 110.0
_ALLOW: Final = "Place it elsewhere, make it smaller, or allow it: --allow-overlap."


def place(
    reader: Reader,
    stamp: Stamp,
    *,
    at: datetime,
    signer: str,
    field: str | None = None,
    eyes: OpenEyes = pdfium,
) -> Placed:
    """The stamp in its place. `at` is the signing time, `signer` the name in the certificate, `field` the field.

    `eyes` read the page as a viewer does.

    Raises `PlacementRefused` (with a picture), `AnchorError`, `SigningError`, `UsageError`, `FormatError`.
    """
    drawing = draw(stamp, at, signer)
    check_archive(reader, transparent=drawing.transparent)
    place_of = _completed(reader, stamp, field)
    with closing(Look(reader, eyes)) as look:
        spot = _spot(look, stamp, place_of, drawing)
        if spot.field is None and not stamp.allow_overlap:
            _check(look, drawing, spot)
        placed = placed_at(drawing, spot)
        if not stamp.reserve:
            return placed
        return replace(placed, reserved=_reserved(look, stamp, drawing, spot, at, signer))


def placed_at(drawing: Drawing, spot: Spot) -> Placed:
    """The drawing as an appearance in this spot."""
    x, y = spot.start
    rect = spot.page.to_user(spot.within)
    return Placed(
        page=spot.page.index,
        rect=(round(rect[0], 3), round(rect[1], 3), round(rect[2], 3), round(rect[3], 3)),
        rotation=spot.page.rotation,
        objects=form(drawing, spot.scale, spot.page.rotation, spot.within.moved(-x, -y)),
        field=spot.field,
    )


def _completed(reader: Reader, stamp: Stamp, field: str | None) -> Place:
    """The caller's place; where the field to be signed exists, that field."""
    said = stamp.place
    if said.field is not None and field not in (None, said.field):
        raise UsageError(f"The stamp is for the field {said.field!r}, the signature for {field!r}.")
    if field is None or not any(f.name == field and f.named and f.problem is None for f in all_fields(reader)):
        return said
    if said.x is not None or said.y is not None or said.corner is not None or said.anchors or said.beside is not None:
        raise UsageError(
            f"The field {field!r} exists and has a place of its own.",
            remedy="Leave the place out, or name a new field.",
        )
    return replace(said, field=field)


def _spot(look: Look, stamp: Stamp, said: Place, drawing: Drawing) -> Spot:
    standing = stamp.template.standing
    if said.field is not None:
        return in_field(look.reader, stamp, said.field, drawing, said.scale)
    if said.anchors:
        return by_texts(look, stamp, said, drawing)
    if said.x is not None or said.y is not None or said.corner is not None or standing.way == "corner":
        page = page_at(look.reader, said.page or standing.page)
        values = dict(stamp.template.settings) | dict(stamp.settings)
        x = said.x if said.x is not None else number(standing.x, values) * MM
        y = said.y if said.y is not None else number(standing.y, values) * MM
        return at_corner(page, said.corner or standing.corner, x, y, drawing, said.scale)
    if standing.way == "beside" or said.beside is not None:
        return beside_signature(look.reader, said, drawing)
    raise UsageError(
        f"The template {stamp.template.name!r} is placed between two texts.",
        remedy="Name the title above and the full name below: --anchor 'GIÁM ĐỐC' --anchor 'Nguyễn Văn Mẫu'; "
        "or give coordinates with --place.",
    )


def _reserved(
    look: Look, stamp: Stamp, drawing: Drawing, spot: Spot, at: datetime, signer: str
) -> tuple[Reserved, ...]:
    """Where the seals that come later will stand; the fields are made now, so that this signature covers them."""
    taken = {f.name for f in all_fields(look.reader)}
    fields: list[Reserved] = []
    for name, later in stamp.reserve:
        if not name or "." in name or name in taken:
            raise UsageError(
                f"{name!r} cannot be the name of a new field, or is taken.", remedy="Choose another name."
            )
        taken.add(name)
        bare = draw(later, at, signer, bare=True)
        signature = scaled(drawing.focus, spot.scale).moved(*spot.start)
        over = over_left(spot.page, signature, bare, later.place.scale, None)
        if not stamp.allow_overlap:
            _check_reserved(look, drawing, spot, over, name)
        rect = spot.page.to_user(over.within)
        fields.append(Reserved(name, (round(rect[0], 3), round(rect[1], 3), round(rect[2], 3), round(rect[3], 3))))
    return tuple(fields)


# What is refused -------------------------------------------------------------------------------------------


def _check_page(page: Page, box: Box, what: str) -> None:
    width, height = page.size
    if box.left < -0.01 or box.top < -0.01 or box.right > width + 0.01 or box.bottom > height + 0.01:
        raise StampLeavesPage(
            f"{what[0].upper()}{what[1:]} would leave page {page.index + 1}: it reaches from {box.left / MM:.0f}, "
            f"{box.top / MM:.0f} to {box.right / MM:.0f}, {box.bottom / MM:.0f} mm, the page has "
            f"{width / MM:.0f} x {height / MM:.0f} mm.",
            remedy=_ALLOW,
            page=page.index + 1,
        )


def _check(look: Look, drawing: Drawing, spot: Spot) -> None:
    """Refuses a stamp that leaves the page or hides something on it, with a picture of it."""
    try:
        _check_page(spot.page, spot.within, "the stamp")
        _check_covered(look, drawing, spot)
    except PlacementRefused as e:
        e.picture = _refusal(look, drawing, spot, e.details.get("boxes"))
        raise


def _check_reserved(look: Look, drawing: Drawing, spot: Spot, over: Spot, name: str) -> None:
    """Refuses to reserve a place that is not blank when it is drawn: its seal would be an overlay (ADR 23)."""
    number = spot.page.index + 1
    try:
        _check_page(spot.page, over.within, f"the field {name!r}")
        found = look.seen.unlike_paper(spot.page, over.within)
        if found is not None:
            raise StampCovers(
                f"The place of the field {name!r} on page {number} is not blank: something is drawn there, which "
                "its seal would cover.",
                remedy=_ALLOW,
                page=number,
                what="ink",
                boxes=(over.within, found),
            )
    except PlacementRefused as e:
        e.picture = _refusal(look, drawing, spot, e.details.get("boxes", (over.within,)))
        raise


def _check_covered(look: Look, drawing: Drawing, spot: Spot) -> None:
    areas = drawing.areas(spot.scale, *spot.start)
    letters = look.letters(spot.page)
    if not letters:
        _check_scan(look, areas, spot)
    covered = [
        letter
        for letter in letters
        if letter.text != " " and letter.box.meets(spot.within) and _hidden(areas, letter.box)
    ]
    if covered:
        text = "".join(letter.text for letter in covered[:40])
        raise StampCovers(
            f"The stamp would cover {len(covered)} letters on page {spot.page.index + 1}: {text!r}.",
            remedy=_ALLOW,
            page=spot.page.index + 1,
            what=text,
            boxes=tuple(letter.box for letter in covered),
        )
    others = [
        box
        for ref, box in visible_annotations(look.reader, spot.page)
        if (ref is None or ref != spot.over) and any(area.box.meets(box, TOLERANCE) for area in areas)
    ]
    if others:
        raise StampCovers(
            f"The stamp would cover another annotation or field on page {spot.page.index + 1}.",
            remedy=_ALLOW,
            page=spot.page.index + 1,
            what="annotation",
            boxes=tuple(others),
        )
    if letters:
        _check_drawn(look, areas, spot)


def _check_scan(look: Look, areas: list[Area], spot: Spot) -> None:
    """A page without letters, most likely a scan: what is dark on it counts, single specks apart."""
    dark = [box for box in look.seen.dark(spot.page, spot.within) if any(area.hides(box, 0) for area in areas)]
    if len(dark) > SPECKS:
        raise StampCovers(
            f"The stamp would cover something dark on page {spot.page.index + 1}, which has no letters (a scan?).",
            remedy=_ALLOW,
            page=spot.page.index + 1,
            what="scan",
            boxes=(_around(dark),),
        )


def _check_drawn(look: Look, areas: list[Area], spot: Spot) -> None:
    """What is drawn where no letter is said to stand: lines, pictures, glyphs that a font's program moves."""
    drawn = [b for b in look.seen.drawn(spot.page, spot.within) if any(area.hides(b, HALF) for area in areas)]
    if len(drawn) > EDGES:
        raise StampCovers(
            f"The stamp would cover something that is drawn on page {spot.page.index + 1}.",
            remedy=_ALLOW,
            page=spot.page.index + 1,
            what="ink",
            boxes=(_around(drawn),),
        )


def _around(boxes: list[Box]) -> Box:
    found = boxes[0]
    for box in boxes[1:]:
        found = found.with_(box)
    return found


def _hidden(areas: list[Area], box: Box) -> bool:
    return any(area.hides(box, TOLERANCE) for area in areas)


def _refusal(look: Look, drawing: Drawing, spot: Spot, boxes: object) -> bytes | None:
    from .preview import marked

    found = tuple(b for b in boxes if isinstance(b, Box)) if isinstance(boxes, tuple) else ()
    return marked(look.reader, placed_at(drawing, spot), spot.page, (spot.within, *found), PICTURE_DPI, look.eyes)
