"""A page as it will be seen with the stamp on it, as PNG; no key is asked and no signature is made.

Reach for `preview`. The page is rendered from the document with one annotation more, which carries the very
objects that signing would add.
"""

from __future__ import annotations

import io
from datetime import datetime
from typing import TYPE_CHECKING, Final

from ...document import Placed
from ...errors import FormatError, KysoError, UsageError
from ..encryption.rights import check_signing
from ..objects import Dictionary, Ref, Value, serialize, value_spans
from ..pages import Box, Page, page_at
from ..reader import REWRITE, Reader
from ..update import Update, with_entries
from .objects import add_appearance, shown
from .placing import place
from .sight import OpenEyes, pdfium, sight
from .stamp import Stamp

if TYPE_CHECKING:
    from PIL.Image import Image

DPI: Final = 110.0
MIN_DPI, MAX_DPI = 10.0, 600.0


def preview(
    reader: Reader,
    stamp: Stamp,
    *,
    at: datetime,
    signer: str,
    field: str | None = None,
    dpi: float = DPI,
    eyes: OpenEyes = pdfium,
) -> bytes:
    """The page with the stamp, as PNG.

    Raises what `place` raises (`PlacementRefused` brings its own picture), and `FormatError`, `NotPermitted` for a
    file that would not be signed.
    """
    if not MIN_DPI <= dpi <= MAX_DPI:
        raise UsageError(f"{dpi:g} dots per inch; {MIN_DPI:g} to {MAX_DPI:g} are allowed.")
    if reader.trailing:  # what would not be signed is not drawn as if it would
        raise FormatError(f"PDF: {reader.trailing} bytes follow the end of the file.", remedy=REWRITE)
    check_signing(reader, existing_field=field is not None)
    placed = place(reader, stamp, at=at, signer=signer, field=field, eyes=eyes)
    return _png(_picture(reader, placed, dpi, eyes))


def marked(
    reader: Reader, placed: Placed, page: Page, boxes: tuple[Box, ...], dpi: float, eyes: OpenEyes
) -> bytes | None:
    """The page with the stamp, and with these boxes outlined; None where it cannot be drawn."""
    try:
        picture = _picture(reader, placed, dpi, eyes)
    except KysoError:  # the refusal stands without its picture
        return None
    from PIL import ImageDraw

    pen = ImageDraw.Draw(picture)
    for i, box in enumerate(boxes):
        corners = [n / page.unit * dpi / 72 for n in box]
        outline = (0, 90, 200) if i == 0 else (230, 90, 0)
        pen.rectangle((corners[0] - 1, corners[1] - 1, corners[2] + 1, corners[3] + 1), outline=outline, width=2)
    return _png(picture)


def stamped(reader: Reader, placed: Placed) -> bytes:
    """The document with an annotation that shows what the signature will show; it is signed by nobody."""
    update = Update(reader)
    page = page_at(reader, placed.page + 1)
    annotation: Dictionary = {"Type": "Annot", "Subtype": "Stamp", "F": 4, "P": page.ref}
    annotation |= shown(placed.rect, 0, add_appearance(update, placed))
    ref = update.add(serialize(annotation))
    listed = reader.resolve(page.dictionary.get("Annots"))
    if listed is not None and not isinstance(listed, list):
        raise FormatError("PDF: /Annots is no array.", remedy=REWRITE)
    items: list[Value] = [*(listed or []), ref]
    found = page.object
    value_spans(found.source, found.start)  # refuses a page that is no dictionary before it is edited
    text = with_entries(found.source, found.start, {"Annots": serialize(items)})
    update.replace(Ref(found.number, found.generation), text)
    return reader.data + update.render(b"preview")[0]


def _picture(reader: Reader, placed: Placed, dpi: float, eyes: OpenEyes) -> Image:
    data = stamped(reader, placed)
    with sight(data, reader.password_if_encrypted, eyes) as seen:
        return seen.picture(page_at(reader, placed.page + 1), dpi)


def _png(picture: Image) -> bytes:
    out = io.BytesIO()
    picture.save(out, "PNG", optimize=False)
    return out.getvalue()
