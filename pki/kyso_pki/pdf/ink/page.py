"""The ink of one page."""

from __future__ import annotations

from math import isfinite

from ...errors import FormatError
from ..objects import Dictionary, Ref, Value
from ..pagetree import inherited
from ..reader import Reader
from .budget import Work
from .content import Painter
from .forms import blends_elsewhere
from .grid import Box, Ink


def page_ink(reader: Reader, number: int, revision: int, work: Work) -> Ink:
    """Every cell of a page that its content may paint. Raises `FormatError` or `LimitExceeded` for no bound."""
    page = reader.dictionary(Ref(number), revision)
    ink = Ink(_media_box(reader, inherited(reader, page, "MediaBox", revision), revision), work)
    contents = reader.resolve(page.get("Contents"), revision)
    if contents is not None:
        # An output intent has a colour profile, by which what is white in name may be printed as another colour.
        intended = page.get("OutputIntents", reader.catalog(revision).get("OutputIntents")) is not None
        white_paper = not intended and not blends_elsewhere(reader, revision, page)
        painter = Painter(reader, revision, ink, work, white_paper=white_paper)
        painter.page(contents, inherited(reader, page, "Resources", revision))
    return ink


def visible_box(reader: Reader, page: Dictionary, revision: int) -> Box:
    """What is seen of a page: its /CropBox within its /MediaBox (14.11.2). Raises `FormatError`."""
    media = _media_box(reader, inherited(reader, page, "MediaBox", revision), revision)
    crop = inherited(reader, page, "CropBox", revision)
    seen = media if crop is None else media.cut(_media_box(reader, crop, revision))
    if seen is None:
        raise FormatError("PDF: nothing of a page is seen.")
    return seen


def _media_box(reader: Reader, value: Value, revision: int) -> Box:
    items = [reader.resolve(v, revision) for v in value] if isinstance(value, list) else []
    numbers = [float(n) for n in items if isinstance(n, int | float) and not isinstance(n, bool)]
    if len(numbers) != 4 or not all(map(isfinite, numbers)):
        raise FormatError("PDF: a page has no usable /MediaBox.")
    x0, y0, x1, y1 = numbers
    box = Box(min(x0, x1), min(y0, y1), max(x0, x1), max(y0, y1))
    if not 0 < box.x1 - box.x0 < 1e6 or not 0 < box.y1 - box.y0 < 1e6:
        raise FormatError("PDF: a page has no usable /MediaBox.")
    return box
