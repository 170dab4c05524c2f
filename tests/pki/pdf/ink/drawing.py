"""Pages made of given content, what kyso says of their ink, and what poppler and PDFium draw."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from contextlib import closing
from functools import cache
from pathlib import Path

import pypdfium2

from kyso_pki.pdf.filters import decode
from kyso_pki.pdf.ink.budget import Work
from kyso_pki.pdf.ink.grid import Box, Ink
from kyso_pki.pdf.ink.page import page_ink
from kyso_pki.pdf.objects import Ref, Stream
from kyso_pki.pdf.reader import Reader
from tests.judges.program import run
from tests.pki.pdf.samples import BODIES, stream, table_pdf

SIDE = 200  # points: width and height of the page
LETTER = Path(__file__).resolve().parents[3] / "documents/cong-van.pdf"
GLYPHS = 100  # of the font below that are sure to be there
RESOURCES = b"/Font<</F1 5 0 R/F2 6 0 R/F3 10 0 R>>/XObject<</Im 7 0 R/Fm 8 0 R>>/ExtGState<</G 9 0 R>>"
PICTURE = stream(
    bytes(3 * 4), b"/Type/XObject/Subtype/Image/Width 2/Height 2/BitsPerComponent 8/ColorSpace/DeviceRGB"
)
FORM = stream(
    b"q 0 0 300 300 re f Q 2 w 5 5 m 60 60 l S",
    b"/Type/XObject/Subtype/Form/BBox[0 0 30 20]/Matrix[1 0.5 -0.5 1 10 10]/Resources<</XObject<</Fm 8 0 R>>>>",
)
WIDE = b"<</Type/Font/Subtype/TrueType/BaseFont/Times-Roman/FirstChar 32/LastChar 255/Widths[%s]>>"
_WIDTHS = b" ".join(b"%d" % (250 + 7 * (n % 90)) for n in range(32, 256))


@cache
def font_program() -> bytes:
    """Liberation Serif, as LibreOffice cut it down for the committed letter."""
    reader = Reader(LETTER.read_bytes())
    for number in range(1, 100):
        found = reader.resolve(Ref(number))
        if isinstance(found, dict) and str(found.get("FontName")).endswith("+LiberationSerif"):
            program = reader.resolve(found["FontFile2"])
            assert isinstance(program, Stream)
            return decode(program, reader.budget)
    raise LookupError("no font in the letter")


def embedded() -> dict[int, bytes]:
    """A composite font, Identity-H, with the outlines of the font in the committed letter, from object 10 on."""
    program = font_program()
    return {
        10: b"<</Type/Font/Subtype/Type0/BaseFont/L/Encoding/Identity-H/DescendantFonts[11 0 R]>>",
        11: b"<</Type/Font/Subtype/CIDFontType2/BaseFont/L/CIDSystemInfo<</Registry(Adobe)/Ordering(Identity)"
        b"/Supplement 0>>/FontDescriptor 12 0 R/DW 600/W[36[722 667 667]60 80 444]/CIDToGIDMap/Identity>>",
        12: b"<</Type/FontDescriptor/FontName/L/Flags 4/FontBBox[0 0 1 1]/ItalicAngle 0/Ascent 1/Descent 0"
        b"/CapHeight 1/StemV 1/FontFile2 13 0 R>>",
        13: stream(program, b"/Length1 %d" % len(program)),
    }


def page(content: bytes, resources: bytes = RESOURCES, state: bytes = b"<</Type/ExtGState/LW 3/ca 1>>") -> bytes:
    bodies = {
        **BODIES,
        3: b"<</Type/Page/Parent 2 0 R/MediaBox[0 0 %d %d]/Contents 4 0 R/Resources<<%s>>>>"
        % (SIDE, SIDE, resources),
        4: stream(content),
        6: WIDE % _WIDTHS,
        7: PICTURE,
        8: FORM,
        9: state,
        **embedded(),
    }
    return table_pdf(bodies)


def ink(pdf: bytes) -> Ink:
    """Raises `FormatError` or `LimitExceeded` where the page cannot be bounded."""
    return page_ink(Reader(pdf), 3, 0, Work(len(pdf)))


def drawn(pdf: bytes, scale: int = 2) -> Iterator[tuple[str, Box]]:
    """The squares that a reader paints in another colour than white, without smoothing of edges."""
    for reader, picture in (("poppler", _by_poppler(pdf, scale)), ("PDFium", _by_pdfium(pdf, scale))):
        width, _, pixels = picture
        for start in range(0, len(pixels), width * 3):
            line = pixels[start : start + width * 3]
            if line.strip(b"\xff"):
                for column in range(width):
                    if line[3 * column : 3 * column + 3] != b"\xff\xff\xff":
                        x, y = column / scale, SIDE - (start // (width * 3) + 1) / scale
                        yield reader, Box(x, y, x + 1 / scale, y + 1 / scale)


def _by_poppler(pdf: bytes, scale: int) -> tuple[int, int, bytes]:
    """Width, height and pixels."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "page.pdf")
        path.write_bytes(pdf)
        target = Path(folder, "out")
        arguments = ["pdftoppm", "-r", str(72 * scale), "-aa", "no", "-aaVector", "no", str(path), str(target)]
        done = run(arguments, package="poppler-utils")
        assert done.code == 0, done.text
        (picture,) = Path(folder).glob("out*.ppm")
        _, width, height, _, pixels = picture.read_bytes().split(maxsplit=4)
    return int(width), int(height), pixels


def _by_pdfium(pdf: bytes, scale: int) -> tuple[int, int, bytes]:
    with closing(pypdfium2.PdfDocument(pdf)) as document, closing(document[0]) as page_:
        smooth = {"no_smoothtext": True, "no_smoothimage": True, "no_smoothpath": True}
        picture = page_.render(scale=scale, **smooth).to_pil().convert("RGB")
    return picture.width, picture.height, picture.tobytes()
