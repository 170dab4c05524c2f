"""A stamp drawn: sizes in points, the lines of text, and the form XObject as objects (ISO 32000-2 8.10).

Reach for `draw`. A `Drawing` is in its own coordinates, from the top left corner, y downwards; `form` turns it
into the objects of an appearance. Text that does not fit is refused, never cut off and never made smaller.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from ...errors import UsageError
from ..pages import Box
from .extra import needed
from .fonts import Font, composed, liberation_serif
from .images import COLOURS, Image, Ink
from .objects import Link, Objects, Pieces
from .stamp import Stamp
from .template import Frame, Number, Picture, QrCode, Text, filled, number

MM: Final = 72 / 25.4  # points
LEADING: Final = 1.2  # from line to line, times the type size
MAX_LINES: Final = 100  # of one text
MAX_CHARACTERS: Final = 10_000  # of one stamp's text
QUIET: Final = 4  # modules of white around a QR code (ISO/IEC 18004 5.3.8)


@dataclass(frozen=True)
class Line:
    """One line of text."""

    text: str
    x: float
    baseline: float


@dataclass(frozen=True)
class Lettering:
    """Lines in one size and colour."""

    lines: tuple[Line, ...]
    size: float
    colour: str
    box: Box


@dataclass(frozen=True)
class Shown:
    """An image in its place."""

    image: Image
    box: Box


@dataclass(frozen=True)
class Filled:
    """Rectangles in one colour: the modules of a QR code, the sides of a frame."""

    boxes: tuple[Box, ...]
    colour: str
    box: Box
    ground: bool = False
    """White below it."""


@dataclass(frozen=True)
class Area:
    """A part of the drawing that hides what is below it."""

    box: Box
    ink: Ink | None = None
    """Where in it; None: everywhere."""

    def hides(self, other: Box, tolerance: float) -> bool:
        """Whether ink would lie over a box, `tolerance` points on each side not counted."""
        if not self.box.meets(other, tolerance):
            return False
        if self.ink is None:
            return True
        inner = Box(other.left + tolerance, other.top + tolerance, other.right - tolerance, other.bottom - tolerance)
        width, height = self.box.width, self.box.height
        return self.ink.within(
            (inner.left - self.box.left) / width,
            (inner.top - self.box.top) / height,
            (inner.right - self.box.left) / width,
            (inner.bottom - self.box.top) / height,
        )


@dataclass(frozen=True)
class Drawing:
    """A stamp, ready to be placed."""

    width: float
    height: float
    parts: tuple[Lettering | Shown | Filled, ...]
    font: Font
    focus: Box
    """What is placed beside or between: the first image's own box, else everything."""

    @property
    def transparent(self) -> bool:
        """Whether it needs transparency, which PDF/A-1 forbids."""
        return any(isinstance(p, Shown) and p.image.alpha is not None for p in self.parts)

    def areas(self, scale: float, x: float, y: float) -> list[Area]:
        """What it hides when it stands at x, y in this scale."""
        return [
            Area(scaled(part.box, scale).moved(x, y), part.image.ink if isinstance(part, Shown) else None)
            for part in self.parts
        ]


def scaled(box: Box, scale: float) -> Box:
    return Box(box.left * scale, box.top * scale, box.right * scale, box.bottom * scale)


def draw(stamp: Stamp, at: datetime, signer: str, *, bare: bool = False) -> Drawing:
    """The stamp at its real size. `bare`: without its images, only as large as it will be.

    Raises `UsageError` for a missing image or setting, and for text that does not fit or has no glyph.
    """
    template, values = stamp.template, stamp.values(at, signer)
    font = Font(stamp.font) if stamp.font is not None else liberation_serif()
    parts: list[Lettering | Shown | Filled] = []
    focus: Box | None = None
    letters = 0
    for item in template.items:
        if isinstance(item, Picture):
            box = _box(item, values)
            if bare:
                focus = focus or box
                continue
            image = Image.read(_image(stamp, item.source), item.source)
            shown = Shown(image, _fitted(image, box))
            focus = focus or shown.box
            parts.append(shown)
        elif isinstance(item, Text):
            lettering = _lettering(item, values, font)
            letters += sum(len(line.text) for line in lettering.lines)
            parts += [lettering] if lettering.lines else []
        elif isinstance(item, QrCode):
            parts.append(_qr(item, values))
        else:
            parts.append(_frame(item, values))
    if letters > MAX_CHARACTERS:
        raise UsageError(f"The stamp's text has {letters} characters; at most {MAX_CHARACTERS} are set.")
    around = _around([p.box for p in parts] + ([focus] if focus else []))
    width = number(template.width, values) * MM if template.width is not None else around.right
    height = number(template.height, values) * MM if template.height is not None else around.bottom
    if width <= 0 or height <= 0:
        raise UsageError(f"The stamp {template.name!r} shows nothing.", remedy="Give it an image or a text.")
    if around.right > width + 0.01 or around.bottom > height + 0.01:
        raise UsageError(
            f"The stamp {template.name!r} is {width / MM:.1f} x {height / MM:.1f} mm, what it shows reaches to "
            f"{around.right / MM:.1f} x {around.bottom / MM:.1f} mm."
        )
    shift = 0.0 if template.width is not None else around.left
    return Drawing(
        width - shift, height, tuple(_shifted(p, -shift) for p in parts), font, (focus or around).moved(-shift, 0)
    )


def _around(boxes: list[Box]) -> Box:
    if not boxes:
        return Box(0, 0, 0, 0)
    found = boxes[0]
    for box in boxes[1:]:
        found = found.with_(box)
    return found


def _shifted(part: Lettering | Shown | Filled, x: float) -> Lettering | Shown | Filled:
    if not x:
        return part
    box = part.box.moved(x, 0)
    if isinstance(part, Lettering):
        lines = tuple(Line(line.text, line.x + x, line.baseline) for line in part.lines)
        return Lettering(lines, part.size, part.colour, box)
    if isinstance(part, Shown):
        return Shown(part.image, box)
    return Filled(tuple(b.moved(x, 0) for b in part.boxes), part.colour, box, part.ground)


def _image(stamp: Stamp, name: str) -> bytes:
    images = dict(stamp.images)
    if name not in images:
        raise UsageError(
            f"The template {stamp.template.name!r} shows the image {name!r}, which was not given.",
            remedy="Give a PNG: --image FILE.png" if name == "image" else f"Give it: --image {name}=FILE.png",
        )
    return images[name]


def _mm(value: Number, values: Mapping[str, str]) -> float:
    return number(value, values) * MM


def _box(item: Picture | Frame, values: Mapping[str, str]) -> Box:
    x, y = _mm(item.x, values), _mm(item.y, values)
    width, height = _mm(item.width, values), _mm(item.height, values)
    if width <= 0 or height <= 0:
        raise UsageError("An image or a frame of a stamp has no area.")
    return Box(x, y, x + width, y + height)


def _fitted(image: Image, box: Box) -> Box:
    """As large as fits into the box, in its middle."""
    scale = min(box.width / image.width, box.height / image.height)
    width, height = image.width * scale, image.height * scale
    left, top = box.left + (box.width - width) / 2, box.top + (box.height - height) / 2
    return Box(left, top, left + width, top + height)


# Text ---------------------------------------------------------------------------------------------------------


def _lettering(item: Text, values: Mapping[str, str], font: Font) -> Lettering:
    size = number(item.size, values)
    text = composed(filled(item.text, values))
    if item.upper:
        text = composed(text.upper())
    left, top = _mm(item.x, values), _mm(item.y, values)
    room = None if item.width is None else _mm(item.width, values)
    paragraphs = [" ".join(line.split(" ")).strip() for line in text.split("\n")]
    if room is not None:
        paragraphs = [] if room == 0 else [row for p in paragraphs for row in _wrapped(p, room, size, font)]
    rows = [p for p in paragraphs if p]
    if len(rows) > MAX_LINES or size <= 0:
        raise UsageError(f"A text of {len(rows)} lines at {size:g} pt; 1 to {MAX_LINES} lines can be set.")
    if not rows:
        return Lettering((), size, item.colour, Box(left, top, left, top))
    widths = [font.width(row, size) for row in rows]
    room = max(widths) if room is None else room
    face = font.face
    rise = max(face.ascent, face.top(rows[0])) * size / 1000
    step = LEADING * size
    tall = rise + (len(rows) - 1) * step + face.descent * size / 1000
    if item.height is not None:
        height = _mm(item.height, values)
        if tall > height + 0.01:
            raise UsageError(
                f"{rows[0]!r} and what follows need {tall / MM:.1f} mm in height; "
                f"the stamp has {height / MM:.1f} mm there.",
                remedy="Shorten the text, or use a template with more room.",
            )
        top += (height - tall) / 2
    gap = {"left": 0.0, "centre": 0.5, "right": 1.0}[item.align]
    lines = tuple(
        Line(row, left + (room - width) * gap, top + rise + i * step)
        for i, (row, width) in enumerate(zip(rows, widths, strict=True))
    )
    box = _around([Box(line.x, top, line.x + w, top + tall) for line, w in zip(lines, widths, strict=True)])
    return Lettering(lines, size, filled(item.colour, values), box)


def _wrapped(text: str, room: float, size: float, font: Font) -> list[str]:
    """The words on lines that are no longer than `room`."""
    rows: list[str] = []
    for word in text.split(" "):
        longer = f"{rows[-1]} {word}" if rows else word
        if rows and font.width(longer, size) <= room:
            rows[-1] = longer
            continue
        if font.width(word, size) > room:
            raise UsageError(
                f"{word!r} at {size:g} pt is {font.width(word, size) / MM:.1f} mm long; "
                f"the stamp has {room / MM:.1f} mm.",
                remedy="Shorten the text, or use a template with more room.",
            )
        rows.append(word)
    return rows


# QR codes and frames --------------------------------------------------------------------------------------------


def _qr(item: QrCode, values: Mapping[str, str]) -> Filled:
    with needed("A QR code"):
        import segno
    text = composed(filled(item.text, values))
    try:
        rows = [bytes(row) for row in segno.make_qr(text, error="m", boost_error=True).matrix]
    except (segno.DataOverflowError, ValueError) as e:
        raise UsageError(f"The text of {len(text)} characters does not fit into a QR code ({e}).") from None
    side = _mm(item.size, values)
    left, top = _mm(item.x, values), _mm(item.y, values)
    step = side / (len(rows) + 2 * QUIET)
    boxes: list[Box] = []
    for y, row in enumerate(rows):
        start = 0
        while (start := row.find(1, start)) >= 0:
            stop = row.find(0, start) % (len(row) + 1)
            x0, y0 = left + (QUIET + start) * step, top + (QUIET + y) * step
            boxes.append(Box(x0, y0, x0 + (stop - start) * step, y0 + step))
            start = stop
    return Filled(tuple(boxes), filled(item.colour, values), Box(left, top, left + side, top + side), ground=True)


def _frame(item: Frame, values: Mapping[str, str]) -> Filled:
    box = _box(item, values)
    line = min(_mm(item.line, values), box.width / 2, box.height / 2)
    sides = (
        Box(box.left, box.top, box.right, box.top + line),
        Box(box.left, box.bottom - line, box.right, box.bottom),
        Box(box.left, box.top + line, box.left + line, box.bottom - line),
        Box(box.right - line, box.top + line, box.right, box.bottom - line),
    )
    return Filled(sides, filled(item.colour, values), box)


# The form -----------------------------------------------------------------------------------------------------


def form(drawing: Drawing, scale: float, rotation: int, within: Box) -> tuple[Pieces, ...]:
    """The objects of the appearance, the form last.

    `within` is the widget's rectangle, measured from where the drawing starts: the drawing stands at its left top
    corner when it starts at 0, 0. `rotation` is the page's: the form is turned back, so that it is upright to the
    reader (12.5.5: the box after /Matrix is fitted to /Rect).
    """
    objects = Objects()
    text = "".join(line.text for part in drawing.parts if isinstance(part, Lettering) for line in part.lines)
    resources: dict[str, object] = {"ColorSpace": {"C": COLOURS}}
    glyphs: dict[str, int] = {}
    if text:
        font, glyphs = drawing.font.embed(objects, text)
        resources["Font"] = {"F": font}
    # From here on y goes upwards from the drawing's top edge: what is y below it is -y.
    content = [f"{_n(scale)} 0 0 {_n(scale)} {_n(-within.left)} {_n(within.bottom)} cm"]
    images: dict[str, Link] = {}
    for part in drawing.parts:
        if isinstance(part, Shown):
            name = f"I{len(images)}"
            images[name] = part.image.embed(objects)
            b = part.box
            content.append(f"q {_n(b.width)} 0 0 {_n(b.height)} {_n(b.left)} {_n(-b.bottom)} cm /{name} Do Q")
        else:
            content += _lettered(part, glyphs) if isinstance(part, Lettering) else _filled(part)
    if images:
        resources["XObject"] = images
    width, height = round(within.width, 4), round(within.height, 4)
    objects.add_stream(
        {
            "Type": "XObject",
            "Subtype": "Form",
            "BBox": [0, 0, width, height],
            "Matrix": _turned(rotation, width, height),
            "Resources": resources,
        },
        "\n".join(content).encode("ascii"),
    )
    return tuple(objects.made)


def _turned(rotation: int, width: float, height: float) -> list[float]:
    """The matrix that turns a form counterclockwise, its lower left corner staying at 0, 0."""
    turned: dict[int, list[float]] = {
        90: [0, 1, -1, 0, height, 0],
        180: [-1, 0, 0, -1, width, height],
        270: [0, -1, 1, 0, 0, width],
    }
    return turned.get(rotation, [1, 0, 0, 1, 0, 0])


def _n(value: float) -> str:
    """A number for a content stream, in ten-thousandths of a point."""
    return f"{value:.4f}".rstrip("0").rstrip(".") or "0"


def _colour(colour: str) -> str:
    try:
        parts = bytes.fromhex(colour.removeprefix("#"))
    except ValueError:
        parts = b""
    if len(parts) != 3:
        raise UsageError(f"{colour!r} is no colour; write #RRGGBB.")
    return "/C cs " + " ".join(_n(p / 255) for p in parts) + " sc"


def _lettered(part: Lettering, glyphs: Mapping[str, int]) -> list[str]:
    out = ["BT", _colour(part.colour), f"/F {_n(part.size)} Tf"]
    for line in part.lines:
        codes = "".join(f"{glyphs[c]:04X}" for c in line.text)
        out.append(f"1 0 0 1 {_n(line.x)} {_n(-line.baseline)} Tm <{codes}> Tj")
    return [*out, "ET"]


def _filled(part: Filled) -> list[str]:
    ground = [_colour("#FFFFFF"), _rectangle(part.box), "f"] if part.ground else []
    return [*ground, _colour(part.colour), *map(_rectangle, part.boxes), "f"]


def _rectangle(box: Box) -> str:
    return f"{_n(box.left)} {_n(-box.bottom)} {_n(box.width)} {_n(box.height)} re"
