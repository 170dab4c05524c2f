"""Images of stamps: PNG and JPEG read with Pillow, put into the file pixel by pixel.

Reach for `Image.read` and `Image.embed`. A PNG keeps every pixel: its colours become a deflated image, its
transparency a soft mask (ISO 32000-2 11.6.5.2). A JPEG goes in as it is. Colours are given as CalRGB with the
white point and primaries of sRGB (8.6.5.3, IEC 61966-2-1), which needs no output intent and no profile, so that a
PDF/A stays one.
"""

from __future__ import annotations

import io
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING, Final

from ...errors import LimitExceeded, UsageError
from .extra import needed
from .objects import Link, Objects

if TYPE_CHECKING:
    from PIL.Image import Image as Pixels

MAX_IMAGE_FILE: Final = 16 << 20  # bytes; a seal scanned at 1200 dpi has under 1 MB
MAX_PIXELS: Final = 16_000_000  # 4000 x 4000: 36 mm at 2800 dpi
COLOURS: Final = [
    "CalRGB",
    {
        "WhitePoint": [0.9505, 1.0, 1.089],
        "Gamma": [2.2, 2.2, 2.2],
        "Matrix": [0.4124, 0.2126, 0.0193, 0.3576, 0.7152, 0.1192, 0.1805, 0.0722, 0.9505],
    },
]
GRAIN: Final = 128  # the coarse picture of where ink is has at most so many cells on a side
_INK: Final = 32  # of 255: what is fainter hides nothing


@dataclass(frozen=True)
class Ink:
    """Where an image is not transparent: rows of cells, top row first, 1 for ink."""

    columns: int
    rows: int
    cells: bytes

    def within(self, left: float, top: float, right: float, bottom: float) -> bool:
        """Whether there is ink in a part of the image; the sides as fractions of its width and height."""
        across = range(max(0, int(left * self.columns)), min(self.columns, int(right * self.columns) + 1))
        down = range(max(0, int(top * self.rows)), min(self.rows, int(bottom * self.rows) + 1))
        return any(
            b"\x01" in self.cells[row * self.columns + across.start : row * self.columns + across.stop]
            for row in down
            if across.start < across.stop
        )


@dataclass(frozen=True)
class Image:
    """An image that was read and can be embedded."""

    width: int
    """Pixels."""
    height: int
    colours: bytes
    """RGB, eight bits each, row by row; for a JPEG the file."""
    alpha: bytes | None
    """Eight bits a pixel; None: nothing is transparent."""
    ink: Ink
    jpeg: bool = False

    @staticmethod
    def read(data: bytes, name: str) -> Image:
        """The image in a file. Raises `UsageError`, `LimitExceeded`."""
        return _read(data, name)

    def embed(self, objects: Objects) -> Link:
        """Adds the image object."""
        entries: dict[str, object] = {
            "Type": "XObject",
            "Subtype": "Image",
            "Width": self.width,
            "Height": self.height,
            "BitsPerComponent": 8,
        }
        if self.alpha is not None:
            mask = objects.add_stream(entries | {"ColorSpace": "DeviceGray"}, self.alpha)
            entries["SMask"] = mask
        entries["ColorSpace"] = COLOURS
        if self.jpeg:
            return objects.add_stream(entries | {"Filter": "DCTDecode"}, self.colours, compress=False)
        return objects.add_stream(entries, self.colours)


@lru_cache(maxsize=8)  # a batch stamps the same seal again and again
def _read(data: bytes, name: str) -> Image:
    if len(data) > MAX_IMAGE_FILE:
        raise LimitExceeded(f"The image {name} has {len(data)} bytes; at most {MAX_IMAGE_FILE} are read.")
    with needed("An image on a stamp"):
        from PIL import Image as Pillow
        from PIL import UnidentifiedImageError
    try:
        with Pillow.open(io.BytesIO(data), formats=("PNG", "JPEG")) as opened:
            if opened.width * opened.height > MAX_PIXELS:
                raise LimitExceeded(
                    f"The image {name} is {opened.width} x {opened.height} pixels; at most {MAX_PIXELS:,} are read."
                )
            opened.load()
            return _jpeg(data, opened, name) if opened.format == "JPEG" else _png(opened, name)
    except Pillow.DecompressionBombError:
        raise LimitExceeded(f"The image {name} has too many pixels; at most {MAX_PIXELS:,} are read.") from None
    except (UnidentifiedImageError, OSError, SyntaxError, ValueError):
        raise UsageError(
            f"The image {name!r} is no PNG or JPEG, or is damaged.",
            remedy="Use a PNG; a signature or a seal with transparency.",
        ) from None


def _png(opened: Pixels, name: str) -> Image:
    if opened.mode not in ("1", "L", "LA", "P", "PA", "RGB", "RGBA"):
        raise UsageError(f"The image {name} has more than 8 bits a colour.", remedy="Save it with 8 bits a colour.")
    pixels = opened.convert("RGBA")
    alpha = pixels.getchannel("A")
    low, high = alpha.getextrema()
    if high == 0:
        raise UsageError(f"The image {name} is wholly transparent.")
    return Image(
        width=pixels.width,
        height=pixels.height,
        colours=pixels.convert("RGB").tobytes(),
        alpha=None if low == 255 else alpha.tobytes(),
        ink=_ink(alpha),
    )


def _jpeg(data: bytes, opened: Pixels, name: str) -> Image:
    if opened.mode != "RGB":
        raise UsageError(f"The image {name} is a JPEG in {opened.mode}; only RGB is taken.", remedy="Save it as PNG.")
    return Image(opened.width, opened.height, data, None, Ink(1, 1, b"\x01"), jpeg=True)


def _ink(alpha: Pixels) -> Ink:
    """Cells in which any ink is, so that a thin stroke is not lost."""
    columns, rows = min(GRAIN, alpha.width), min(GRAIN, alpha.height)
    stepped = alpha.reduce((max(1, alpha.width // columns), max(1, alpha.height // rows)))
    seen = stepped.point(_ANY if stepped.size != alpha.size else _MARKED)
    return Ink(seen.width, seen.height, seen.tobytes())


_MARKED = [0] * _INK + [1] * (256 - _INK)
_ANY = [0] * 2 + [1] * 254  # the mean over a cell: rounding apart, anything in it
