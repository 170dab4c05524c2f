"""Images of stamps: every pixel kept, transparency as a soft mask, odd files refused."""

from __future__ import annotations

import io
import zlib
from functools import cache

import pikepdf
import pytest
import segno
from PIL import Image as Pillow

from kyso_pki.errors import KysoError, UsageError
from kyso_pki.pdf.appearance.images import Image
from kyso_pki.pdf.appearance.stamp import Place, Stamp
from kyso_pki.pdf.appearance.template import read_template
from tests.documents.makers.stamps import seal_png, signature_png

from .seen import MM, page, picture, shown

ONE = read_template(b"[[image]]\nwidth = 40\nheight = 20\n", "anh")
AT = Place(corner="top-left", x=50, y=50)


def png(image: Pillow.Image, kind: str = "PNG", **more: object) -> bytes:
    out = io.BytesIO()
    image.save(out, kind, **more)
    return out.getvalue()


def embedded(data: bytes) -> pikepdf.Object:
    """The image object of a stamp that shows this file."""
    return document(data).pages[0].Annots[0].AP.N.Resources.XObject.I0


@cache  # an object lives as long as its document
def document(data: bytes) -> pikepdf.Pdf:
    return pikepdf.open(io.BytesIO(shown(page(), Stamp(ONE, (("image", data),), place=AT))))


@pytest.mark.parametrize("data", [signature_png(), seal_png()])
def test_every_pixel_and_its_transparency_are_kept(data: bytes) -> None:
    image = embedded(data)
    original = Pillow.open(io.BytesIO(data))
    assert image.read_bytes() == original.convert("RGB").tobytes()
    assert image.SMask.read_bytes() == original.getchannel("A").tobytes()
    assert (int(image.Width), int(image.Height)) == original.size


def test_a_palette_with_a_transparent_colour_is_transparent() -> None:
    image = Pillow.new("P", (4, 4), 0)
    image.putpalette([255, 255, 255, 0, 0, 200])
    image.putpixel((1, 1), 1)
    found = embedded(png(image, transparency=0))
    assert found.SMask.read_bytes() == bytes(5) + b"\xff" + bytes(10)


def test_an_opaque_image_has_no_mask() -> None:
    assert "/SMask" not in embedded(png(Pillow.new("RGB", (4, 4), (1, 2, 3))))


def test_a_jpeg_goes_in_as_it_is() -> None:
    data = png(Pillow.new("RGB", (40, 20), (200, 0, 0)), "JPEG")
    found = embedded(data)
    assert found.Filter == pikepdf.Name.DCTDecode
    assert found.read_raw_bytes() == data


def test_colours_need_no_output_intent_and_look_as_they_are() -> None:
    pdf = shown(page(), Stamp(ONE, (("image", png(Pillow.new("RGB", (40, 20), (24, 48, 160)))),), place=AT))
    seen = picture(pdf).getpixel((60, 60))
    assert isinstance(seen, tuple)
    assert all(abs(a - b) <= 12 for a, b in zip(seen, (24, 48, 160), strict=True))
    assert embedded(seal_png()).ColorSpace[0] == pikepdf.Name.CalRGB


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (b"", "no PNG or JPEG"),
        (b"GIF89a" + bytes(50), "no PNG or JPEG"),
        (png(Pillow.new("RGB", (9, 9)))[:40], "no PNG or JPEG"),
        (png(Pillow.new("I;16", (9, 9))), "more than 8 bits"),
        (png(Pillow.new("CMYK", (9, 9)), "JPEG"), "JPEG in CMYK"),
        (png(Pillow.new("RGBA", (9, 9))), "wholly transparent"),
        (bytes(17 << 20), "at most"),
    ],
)
def test_an_image_that_cannot_be_shown_is_refused_in_words(data: bytes, words: str) -> None:
    with pytest.raises(KysoError, match=words):
        Image.read(data, "image")


def test_an_image_of_too_many_pixels_is_refused_before_it_is_decoded() -> None:
    """A PNG whose header says 30,000 x 30,000; its data would be 3.6 GB."""
    header = (30_000).to_bytes(4, "big") * 2 + b"\x08\x06\x00\x00\x00"
    chunks = ((b"IHDR", header), (b"IDAT", zlib.compress(bytes(1000))), (b"IEND", b""))
    data = b"\x89PNG\r\n\x1a\n" + b"".join(
        len(d).to_bytes(4, "big") + k + d + zlib.crc32(k + d).to_bytes(4, "big") for k, d in chunks
    )
    with pytest.raises(KysoError):
        Image.read(data, "image")


def test_where_ink_is_is_known() -> None:
    image = Pillow.new("RGBA", (400, 400), (0, 0, 0, 0))
    image.putpixel((300, 100), (0, 0, 255, 255))
    found = Image.read(png(image), "image").ink
    assert found.within(0.74, 0.24, 0.76, 0.26)
    assert not found.within(0.0, 0.0, 0.7, 1.0)
    assert not found.within(0.8, 0.3, 1.0, 1.0)
    with pytest.raises(UsageError):
        Image.read(b"x", "x")


def test_a_qr_code_is_drawn_module_by_module() -> None:
    words = "https://dichvucong.example.vn/HS-2026-000123"
    side = 30 * MM
    template = read_template(f'[[qr]]\ntext = "{words}"\nsize = 30'.encode(), "ma")
    seen = picture(shown(page(), Stamp(template, place=Place(corner="top-left", x=72, y=72))), dpi=288).convert("L")
    modules = [list(row) for row in segno.make_qr(words, error="m").matrix]
    step = side / (len(modules) + 8)
    for y, row in enumerate(modules):
        for x, module in enumerate(row):
            middle = (round((72 + (x + 4.5) * step) * 4), round((72 + (y + 4.5) * step) * 4))
            grey = seen.getpixel(middle)
            assert isinstance(grey, int)
            assert (grey < 128) == bool(module), f"module {x}, {y}"
