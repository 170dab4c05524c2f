"""Pictures for stamps: a signature and a seal that exist nowhere, drawn here, the same octets on every run.

The seal is plainly a sample: it says so in its ring ("DẤU MẪU - KHÔNG CÓ GIÁ TRỊ") and bears no state emblem. Both
are PNG with transparency, as NĐ 30/2020, Appendix I, asks: the signature blue, the seal red.
"""

from __future__ import annotations

import io
import math
from functools import cache

from PIL import Image, ImageDraw, ImageFont

from kyso_pki.pdf.appearance.fonts import liberation_serif

BLUE = (24, 48, 160, 255)
RED = (208, 16, 28, 255)
RING = "UBND TỈNH MẪU  •  DẤU MẪU - KHÔNG CÓ GIÁ TRỊ  •  "
SMOOTH = 4  # drawn so many times larger, then reduced


def _png(picture: Image.Image) -> bytes:
    out = io.BytesIO()
    picture.save(out, "PNG")
    return out.getvalue()


@cache
def signature_png() -> bytes:
    """A handwritten signature, 40 x 20 mm at 300 dpi."""
    width, height = 472 * SMOOTH, 236 * SMOOTH
    picture = Image.new("RGBA", (width, height), (*BLUE[:3], 0))
    pen = ImageDraw.Draw(picture)
    for i in range(2600):  # a loop that drifts to the right, its height and tempo changing
        t = i / 2600
        x = 0.09 + 0.80 * t + 0.07 * math.sin(27 * t + 0.9)
        y = 0.50 - 0.44 * math.sin(27 * t) * (1 - 0.60 * t) * (0.75 + 0.25 * math.cos(7 * t)) + 0.06 * t
        r = SMOOTH * (2.2 + 1.1 * math.sin(24 * t + 1.9))
        pen.ellipse((x * width - r, y * height - r, x * width + r, y * height + r), fill=BLUE)
    for i in range(900):  # the stroke below
        t = i / 900
        x, y = 0.03 + 0.94 * t, 0.92 - 0.12 * t + 0.04 * math.sin(5 * t)
        r = SMOOTH * (2.6 - 1.4 * t)
        pen.ellipse((x * width - r, y * height - r, x * width + r, y * height + r), fill=BLUE)
    return _png(picture.resize((width // SMOOTH, height // SMOOTH), Image.Resampling.BOX))


@cache
def seal_png() -> bytes:
    """A round seal, 36 mm at 300 dpi."""
    size = 425 * SMOOTH
    picture = Image.new("RGBA", (size, size), (*RED[:3], 0))
    pen = ImageDraw.Draw(picture)
    edge = 2 * SMOOTH
    pen.ellipse((edge, edge, size - edge, size - edge), outline=RED, width=8 * SMOOTH)
    inner = 88 * SMOOTH
    pen.ellipse((inner, inner, size - inner, size - inner), outline=RED, width=3 * SMOOTH)
    font = ImageFont.truetype(io.BytesIO(liberation_serif().data), 36 * SMOOTH)
    room = 90 * SMOOTH
    turn = 0.0
    total = sum(font.getlength(c) for c in RING)
    for letter in RING:
        step = font.getlength(letter) / total * 360
        tile = Image.new("RGBA", (room, room), (*RED[:3], 0))
        middle = (room / 2, room / 2 + 12 * SMOOTH)
        ImageDraw.Draw(tile).text(middle, letter, font=font, fill=RED, anchor="ms", stroke_width=2, stroke_fill=RED)
        angle = turn + step / 2 - 122
        tile = tile.rotate(-angle, resample=Image.Resampling.BICUBIC)
        across, down = math.sin(math.radians(angle)), -math.cos(math.radians(angle))
        radius = size / 2 - 49 * SMOOTH
        place = (round(size / 2 + radius * across - room / 2), round(size / 2 + radius * down - room / 2))
        picture.alpha_composite(tile, place)
        turn += step
    words = ImageFont.truetype(io.BytesIO(liberation_serif().data), 62 * SMOOTH)
    pen.text((size / 2, size / 2), "MẪU", font=words, fill=RED, anchor="mm", stroke_width=4, stroke_fill=RED)
    for side in (-1, 1):  # two plain lines instead of an emblem
        y = size / 2 + side * 55 * SMOOTH
        pen.line((size / 2 - 60 * SMOOTH, y, size / 2 + 60 * SMOOTH, y), fill=RED, width=4 * SMOOTH)
    return _png(picture.resize((size // SMOOTH, size // SMOOTH), Image.Resampling.BOX))
