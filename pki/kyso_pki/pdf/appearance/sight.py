"""What a person sees on a page: the letters and where they stand, and pictures, through PDFium (pypdfium2).

Reach for `sight`, which opens a file with `Eyes`: PDFium in this process, unless the caller has others (`kyso.eyes`
puts it in a process of its own). PDFium is Chrome's engine and reads files leniently; what it says decides where a
stamp goes and whether it would cover something, never whether a signature is valid. Only pages that are asked for are
loaded.
"""

from __future__ import annotations

import ctypes
import math
import threading
import unicodedata
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from io import RawIOBase
from typing import TYPE_CHECKING, Any, Final, Protocol

from ...errors import FormatError, LimitExceeded, UsageError
from ..pages import Box, Page
from .extra import needed

if TYPE_CHECKING:
    from PIL.Image import Image

MAX_LETTERS: Final = 200_000  # on one page; a dense one has 10,000
MAX_PICTURE: Final = 40_000_000  # pixels of a page rendered: A0 at 150 dpi has 35 million
SCAN_DPI: Final = 50.0  # enough to see whether a line of text is there
DARK: Final = 128  # of 255: paper and stains are lighter
PLACE_DPI: Final = 100.0  # enough to see the dot of an i in a place that must be blank
FEWEST_DPI: Final = 20.0  # with fewer a letter is no pixel any more
CONTRAST: Final = 64  # of 255, in any colour: more is drawn to be seen; a watermark is paler
PAPER: Final = 8  # of 255: what differs less from white is white, whatever rounds it
_lock: Final = threading.RLock()  # PDFium is not made for threads


@dataclass(frozen=True)
class Letter:
    """One character, in NFC with its marks, and the box of its ink as seen."""

    text: str
    box: Box


@dataclass(frozen=True)
class Found:
    """A text on a page."""

    page: int
    """0 for the first."""
    box: Box
    text: str


Corners = tuple[float, float, float, float]
"""Left, bottom, right, top in user space."""


class Eyes(Protocol):
    """Who reads the file as a viewer does; pages count from 0. Raises `FormatError`, `LimitExceeded`."""

    @property
    def pages(self) -> int: ...

    def characters(self, page: int) -> Sequence[tuple[str, Corners | None]]:
        """Each character and the box of its ink; None for a blank."""

    def text(self, page: int) -> str: ...

    def picture(self, page: int, dpi: float, annotations: bool) -> tuple[int, int, bytes]:
        """Width and height in pixels, and three octets (red, green, blue) for each."""


OpenEyes = Callable[[Any, str | None], AbstractContextManager[Eyes]]
"""Opens a file, with the password of an encrypted one: its bytes, or what these eyes know of it besides."""


class Sight:
    """A file as a person sees it."""

    def __init__(self, eyes: Eyes) -> None:
        self._eyes = eyes

    @property
    def pages(self) -> int:
        return self._eyes.pages

    def letters(self, page: Page) -> list[Letter]:
        """Everything that has a box, and a blank wherever PDFium sees a gap. Raises `LimitExceeded`."""
        found: list[Letter] = []
        for character, corners in self._eyes.characters(self._index(page)):
            if corners is None:
                found.append(Letter(" ", Box(0, 0, 0, 0)))
                continue
            box = page.to_seen(corners)
            if found and unicodedata.combining(character) and found[-1].text != " ":
                base = found.pop()
                joined = unicodedata.normalize("NFC", base.text + character)
                found.append(Letter(joined, base.box.with_(box)))
            else:
                found.append(Letter(unicodedata.normalize("NFC", character), box))
        return found

    def words(self, page: Page) -> str:
        """The text of a page in NFC, blanks and line ends as one blank each; ten times faster than its letters."""
        return one_line(self._eyes.text(self._index(page)))

    def picture(self, page: Page, dpi: float, *, annotations: bool = True) -> Image:
        """The page as it is seen. Raises `LimitExceeded`."""
        with needed("A picture of a page"):
            from PIL import Image
        width, height, pixels = self._eyes.picture(self._index(page), dpi, annotations)
        return Image.frombytes("RGB", (width, height), pixels)

    def dark(self, page: Page, box: Box) -> list[Box]:
        """Where a page has dark ink within a box as seen: one small box for each pixel at 50 dots per inch."""
        dpi = _bearable(page, SCAN_DPI)
        image = self.picture(page, dpi, annotations=False).convert("L")
        return _cells(image, box, page, dpi, [grey < DARK for grey in range(256)])

    def drawn(self, page: Page, box: Box) -> list[Box]:
        """Where something can be told from the colour that most of a box as seen has; as `dark` otherwise."""
        dpi = _bearable(page, SCAN_DPI)
        image = self.picture(page, dpi, annotations=False)
        return _cells(_difference(image, box, page, dpi), box, page, dpi, [n >= CONTRAST for n in range(256)])

    def unlike_paper(self, page: Page, box: Box) -> Box | None:
        """Around all that is not white within a box as seen, annotations left out; None where it is blank.

        The outermost pixels are shared with what stands beside it, and do not count where there are others. Raises
        `LimitExceeded` for a page too large to be looked at.
        """
        dpi = _bearable(page, PLACE_DPI)
        image = self.picture(page, dpi, annotations=False)
        step = 72 * page.unit / dpi
        left, top = max(0, int(box.left / step) + 1), max(0, int(box.top / step) + 1)
        right, bottom = min(image.width, int(box.right / step)), min(image.height, int(box.bottom / step))
        if left >= right:
            left, right = left - 1, min(image.width, right + 1)
        if top >= bottom:
            top, bottom = top - 1, min(image.height, bottom + 1)
        if left >= right or top >= bottom:
            return None  # beside the page
        from PIL import ImageChops

        red, green, blue = image.crop((left, top, right, bottom)).split()
        darkest = ImageChops.darker(ImageChops.darker(red, green), blue)
        found = darkest.point([255 if n < 255 - PAPER else 0 for n in range(256)]).getbbox()
        if found is None:
            return None
        return Box(*((n + start) * step for n, start in zip(found, (left, top, left, top), strict=True)))

    def _index(self, page: Page) -> int:
        if page.index >= self.pages:
            raise FormatError("PDF: two readers count different numbers of pages; the file is ambiguous.")
        return page.index


def _pixels(box: Box, image: Image, step: float) -> tuple[int, int, int, int]:
    """The pixels that a box as seen touches; the right end is not beyond the left one where there are none."""
    left, top = max(0, int(box.left / step)), max(0, int(box.top / step))
    return left, top, min(image.width, int(box.right / step) + 1), min(image.height, int(box.bottom / step) + 1)


def _cells(image: Image, box: Box, page: Page, dpi: float, counts: Sequence[bool]) -> list[Box]:
    """A small box for each pixel of a grey image within a box as seen whose value counts."""
    step = 72 * page.unit / dpi  # PDFium shows a unit of user space as a point
    left, top, right, bottom = _pixels(box, image, step)
    if left >= right or top >= bottom:
        return []
    rows = image.crop((left, top, right, bottom)).tobytes()
    width = right - left
    cells = ((left + i % width, top + i // width) for i, grey in enumerate(rows) if counts[grey])
    return [Box(x * step, y * step, (x + 1) * step, (y + 1) * step) for x, y in cells]


def _bearable(page: Page, dpi: float) -> float:
    """So many dots per inch, or as many as a large page allows: the largest of Acrobat's (200 inches) gets 31."""
    width, height = (n / page.unit for n in page.size)
    most = 72 * math.sqrt(MAX_PICTURE / max(width * height, 1.0)) * 0.99  # pixels are whole
    if most < min(dpi, FEWEST_DPI):
        raise LimitExceeded(
            f"PDF: page {page.index + 1} is too large to see what lies under a stamp.",
            remedy="Place the stamp unseen, if you are sure of the place: --allow-overlap.",
        )
    return min(dpi, most)


def _difference(image: Image, box: Box, page: Page, dpi: float) -> Image:
    """By how much each pixel differs from the colour that most of a box has, in the colour where it does most."""
    from PIL import Image as Images
    from PIL import ImageChops

    left, top, right, bottom = _pixels(box, image, 72 * page.unit / dpi)
    if left >= right or top >= bottom:
        return image.convert("L")
    part = image.crop((left, top, right, bottom))
    colours = part.getcolors(part.width * part.height) or [(0, (255, 255, 255))]
    most: Any = max(colours)[1]  # three numbers, in RGB
    ground = Images.new("RGB", image.size, most)
    red, green, blue = ImageChops.difference(image, ground).split()
    return ImageChops.lighter(ImageChops.lighter(red, green), blue)


class _Pdfium:
    """`Eyes` in this process."""

    def __init__(self, document: Any) -> None:
        self._document = document

    @property
    def pages(self) -> int:
        return len(self._document)

    def characters(self, page: int) -> list[tuple[str, Corners | None]]:
        import pypdfium2.raw as pdfium

        found: list[tuple[str, Corners | None]] = []
        with self._text_of(page) as text:
            left, right, bottom, top = (ctypes.c_double() for _ in range(4))
            for i in range(text.count_chars()):
                character = chr(pdfium.FPDFText_GetUnicode(text, i))
                if pdfium.FPDFText_IsGenerated(text, i) == 1 or character.isspace():
                    found.append((" ", None))
                elif pdfium.FPDFText_GetCharBox(text, i, left, right, bottom, top):
                    found.append((character, (left.value, bottom.value, right.value, top.value)))
        return found

    def text(self, page: int) -> str:
        with self._text_of(page) as text:
            words: str = text.get_text_range()
            return words

    def picture(self, page: int, dpi: float, annotations: bool) -> tuple[int, int, bytes]:
        with needed("A picture of a page"):
            import PIL.Image  # noqa: F401 - pypdfium2 makes one, and says less clearly that it is missing
        if annotations and self._document.formenv is None:
            self._document.init_forms()  # else what form fields show is missing: the signatures that are there
        opened = self._page(page)
        try:
            width, height = opened.get_size()
            if width <= 0 or height <= 0:
                raise FormatError(f"PDF: page {page + 1} cannot be shown: it has no area.")
            if width * height * (dpi / 72) ** 2 > MAX_PICTURE:
                raise LimitExceeded(
                    f"PDF: page {page + 1} at {dpi:g} dpi has more than {MAX_PICTURE:,} pixels.",
                    remedy="Choose fewer dots per inch (--dpi).",
                )
            bitmap = opened.render(scale=dpi / 72, may_draw_forms=annotations, draw_annots=annotations)
            image: Image = bitmap.to_pil().convert("RGB")
            return image.width, image.height, image.tobytes()
        finally:
            opened.close()

    @contextmanager
    def _text_of(self, page: int) -> Iterator[Any]:
        opened = self._page(page)
        text = opened.get_textpage()
        try:
            if text.count_chars() > MAX_LETTERS:
                raise LimitExceeded(f"PDF: page {page + 1} has more than {MAX_LETTERS} letters.")
            yield text
        finally:
            text.close()
            opened.close()

    def _page(self, page: int) -> Any:
        import pypdfium2

        try:
            return self._document[page]
        except pypdfium2.PdfiumError as e:
            raise FormatError(f"PDF: page {page + 1} cannot be shown ({e}).") from None


@contextmanager
def pdfium(data: bytes | RawIOBase, password: str | None) -> Iterator[Eyes]:
    """`OpenEyes` in this process, one thread at a time; of a stream only what is needed is read.

    Raises `FormatError`, `UsageError` without the library.
    """
    with needed("Finding text on a page"):
        import pypdfium2
    with _lock:
        try:
            document = pypdfium2.PdfDocument(data, password=password)
        except pypdfium2.PdfiumError as e:
            raise FormatError(f"PDF: the file cannot be shown ({e}).") from None
        try:
            yield _Pdfium(document)
        finally:
            document.close()


@contextmanager
def sight(data: Any, password: Callable[[], str | None] | None = None, eyes: OpenEyes = pdfium) -> Iterator[Sight]:
    """The file, opened: its bytes, or what the eyes take. `password` is asked at once. Raises what the eyes raise."""
    with eyes(data, None if password is None else password()) as opened:
        yield Sight(opened)


def one_line(text: str) -> str:
    """The text in NFC, blanks and line ends as one blank each."""
    return " ".join(unicodedata.normalize("NFC", text).split())


def occurrences(letters: list[Letter], wanted: str, page: int) -> list[Found]:
    """Where a text stands as words of its own: same case, blanks and line ends alike."""
    words = one_line(wanted)
    if not words:
        raise UsageError("An empty text cannot be looked for.")
    text: list[str] = []
    owners: list[int] = []
    for i, letter in enumerate(letters):
        if letter.text == " " and (not text or text[-1] == " "):
            continue
        text += letter.text
        owners += [i] * len(letter.text)
    joined = "".join(text)
    found: list[Found] = []
    start = joined.find(words)
    while start >= 0:
        stop = start + len(words)
        if not (joined[start - 1 : start].isalnum() or joined[stop : stop + 1].isalnum()):
            boxes = [letters[owners[k]].box for k in range(start, stop) if joined[k] != " "]
            around = boxes[0]
            for box in boxes[1:]:
                around = around.with_(box)
            found.append(Found(page, around, words))
        start = joined.find(words, stop)
    return found
