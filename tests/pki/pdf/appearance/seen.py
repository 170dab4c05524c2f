"""What other programs see of a stamp: poppler's pictures, text and fonts; and pages of every shape to put one on."""

from __future__ import annotations

import io
import subprocess
import tempfile
from datetime import datetime, timedelta, timezone
from pathlib import Path

from PIL import Image, ImageChops

from kyso_pki.document import Placed
from kyso_pki.pdf.appearance.placing import place
from kyso_pki.pdf.appearance.preview import stamped
from kyso_pki.pdf.appearance.stamp import Place, Stamp
from kyso_pki.pdf.appearance.template import built_in, read_template
from kyso_pki.pdf.pages import Box
from kyso_pki.pdf.reader import Reader
from tests.documents.makers.stamps import seal_png, signature_png
from tests.pki.pdf.samples import BODIES, stream, table_pdf

CONG_VAN = (Path(__file__).resolve().parents[3] / "documents" / "cong-van.pdf").read_bytes()
NINE_FIFTEEN = datetime(2026, 11, 16, 9, 15, tzinfo=timezone(timedelta(hours=7)))
AGENCY = "Sở Thông tin và Truyền thông tỉnh Mẫu"
MM = 72 / 25.4
BLOCK = b'title = "Block"\n[[frame]]\nwidth = 30\nheight = 12\nline = 6\ncolour = "#FF0000"\n'
"""A red rectangle of 30 x 12 mm: ink without gaps."""


def block(place_: Place, **more: bool) -> Stamp:
    return Stamp(read_template(BLOCK, "block"), place=place_, allow_overlap=more.get("allow_overlap", False))


def stamp(name: str, place_: Place | None = None, **settings: str) -> Stamp:
    """A built-in stamp with its picture."""
    template = built_in(name)
    picture = seal_png() if name == "con-dau" else signature_png()
    images = tuple((n, picture) for n in template.images)
    return Stamp(template, images, tuple(settings.items()), place_ or Place())


def text_stamp(name: str) -> Stamp:
    """A stamp that is text alone."""
    return stamp(name, document="1234/STTTT-CNTT") if name == "phu-luc" else stamp(name)


def placed(pdf: bytes, what: Stamp) -> Placed:
    return place(Reader(pdf), what, at=NINE_FIFTEEN, signer=AGENCY)


def shown(pdf: bytes, what: Stamp) -> bytes:
    """The document with the stamp on it, unsigned."""
    return stamped(Reader(pdf), placed(pdf, what))


def page(entries: bytes = b"", box: bytes = b"0 0 595 842", content: bytes = b"") -> bytes:
    """A file of one page with these entries, without text unless `content` has some."""
    own = b"<</Type/Page/Parent 2 0 R/MediaBox[%s]/Contents 4 0 R/Resources<</Font<</F1 5 0 R>>>>%s>>"
    return table_pdf({**BODIES, 3: own % (box, entries), 4: stream(content)})


def picture(pdf: bytes, number: int = 1, dpi: int = 72) -> Image.Image:
    """A page as poppler shows it: CropBox and rotation applied."""
    made = poppler(pdf, "pdftoppm", "-r", str(dpi), "-f", str(number), "-l", str(number), "-cropbox", "-png")
    return Image.open(io.BytesIO(made)).convert("RGB")


def ink(before: bytes, after: bytes, number: int = 1, dpi: int = 72) -> Box:
    """Where the two differ on a page, in points as seen."""
    difference = ImageChops.difference(picture(before, number, dpi), picture(after, number, dpi))
    found = difference.convert("L").point([0] * 24 + [255] * 232).getbbox()
    assert found is not None, "nothing is seen of the stamp"
    left, top, right, bottom = (n * 72 / dpi for n in found)
    return Box(left, top, right, bottom)


def poppler(pdf: bytes, *command: str) -> bytes:
    """What one of poppler's programs writes to standard output."""
    with tempfile.TemporaryDirectory() as scratch:
        path = Path(scratch, "document.pdf")
        path.write_bytes(pdf)
        end = [str(path), "-"] if command[0] == "pdftotext" else [str(path)]
        return subprocess.run([*command, *end], check=True, capture_output=True).stdout


def text(pdf: bytes, *more: str) -> str:
    return poppler(pdf, "pdftotext", *more).decode("utf-8")


def close(a: Box, b: Box, points: float = 1.2) -> bool:
    return all(abs(x - y) <= points for x, y in zip(a, b, strict=True))
