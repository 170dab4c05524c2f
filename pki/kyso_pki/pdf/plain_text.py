"""The text that the appearance of a form field plainly shows (ISO 32000-2 12.7.4.3; attack class P8).

Reach for `plain_text`. Whoever fills in a form writes its appearance too, and could hide the value, draw it out of
order or beside it: so only what programs that fill in forms write is read, one line under the other, from left to
right, upright, dark, of a legible size, inside the box. Everything else is refused, never guessed at.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Final

from ..errors import FormatError
from .filters import decode
from .objects import Stream, Value, read_value, skip_space
from .plain_fonts import PlainFont, plain_font
from .reader import Reader

MAX_OPERATIONS: Final = 20_000  # operators in one appearance; a text field has a dozen
LEGIBLE: Final = (2.0, 200.0)  # sizes of text, in points
DARK: Final = 0.6  # luminance of the lightest text: white on white is not shown
MAX_SHIFT: Final = 250.0  # thousandths of the size by which a number in TJ may move; kerning stays under 150
MAX_SPACING: Final = 50.0  # points between letters; comb fields use 10 to 20
NARROW, USUAL = 0.2, 0.6  # widths of a letter, in sizes: what it covers at least, and in the mean
SLACK: Final = 2.0  # points by which text may leave its box: bearings and borders
_FORM_KEYS = frozenset(
    ("Type", "Subtype", "FormType", "BBox", "Matrix", "Resources", "Length", "Filter", "DecodeParms")
)
_operator = re.compile(rb"[A-Za-z'\"*][A-Za-z0-9*]*").match


@dataclass(frozen=True)
class Box:
    """A rectangle, lower left to upper right."""

    left: float
    low: float
    right: float
    high: float

    def within(self, other: Box) -> Box:
        return Box(
            max(self.left, other.left),
            max(self.low, other.low),
            min(self.right, other.right),
            min(self.high, other.high),
        )


def plain_text(reader: Reader, appearance: Stream, revision: int) -> str:
    """The text, in the order in which it is read. Raises `FormatError` where it cannot be said for certain."""
    dictionary = appearance.dictionary
    if dictionary.keys() - _FORM_KEYS or dictionary.get("Subtype") != "Form":
        raise FormatError("PDF: an appearance is more than a form of text.")
    if dictionary.get("Matrix") not in (None, [1, 0, 0, 1, 0, 0]):
        raise FormatError("PDF: an appearance is turned or moved by a /Matrix.")
    resources = reader.resolve(dictionary.get("Resources"), revision)
    fonts = reader.resolve(resources.get("Font"), revision) if isinstance(resources, dict) else None
    if isinstance(resources, dict) and "ColorSpace" in resources:
        raise FormatError("PDF: an appearance has colour spaces of its own.")
    box = _box(reader.resolve(dictionary.get("BBox"), revision))
    pen = _Pen(box, fonts if isinstance(fonts, dict) else {}, lambda font: plain_font(reader, font, revision))
    for operator, operands in operations(decode(appearance, reader.budget)):
        step = _STEPS.get(operator)
        if step is None:
            raise FormatError(f"PDF: the appearance of a field uses the operator {operator!r}.")
        step(pen, operands)
    return bytes(pen.shown).decode("cp1252", "replace")


def require_plain_default(
    reader: Reader, default: bytes, fonts: Mapping[str, Value], text: str, revision: int
) -> None:
    """Raises `FormatError` unless a default appearance (/DA) shows the text plainly; a size of 0 is the reader's."""
    pen = _Pen(Box(0, 0, 0, 0), fonts, lambda font: plain_font(reader, font, revision))
    for operator, operands in operations(default):
        if operator not in (b"Tf", b"g", b"rg", b"k"):
            raise FormatError(f"PDF: the default appearance of a field uses the operator {operator!r}.")
        _STEPS[operator](pen, operands)
    low, high = LEGIBLE
    if pen.font is None or not pen.dark or (pen.size and not low <= pen.size <= high):
        raise FormatError("PDF: the default appearance of a field shows text that cannot be seen.")
    try:
        pen.font.require("".join(text.split()).encode("cp1252"))
    except UnicodeEncodeError:
        raise FormatError("PDF: the font of a default appearance lacks a letter of the value.") from None


def operations(content: bytes) -> list[tuple[bytes, list[Value]]]:
    """The operators of a content stream with their operands. Raises `FormatError`."""
    found: list[tuple[bytes, list[Value]]] = []
    operands: list[Value] = []
    position = skip_space(content, 0)
    while position < len(content):
        m = _operator(content, position)
        if m is None or m[0] in (b"true", b"false", b"null"):
            value, position = read_value(content, position)
            operands.append(value)
        else:
            found.append((m[0], operands))
            operands = []
            position = m.end()
            if len(found) > MAX_OPERATIONS:
                raise FormatError("PDF: the appearance has too many operators.")
        position = skip_space(content, position)
    return found


def strings(operands: list[Value]) -> bytes:
    """What a text-showing operator shows."""
    last = operands[-1] if operands else None
    if isinstance(last, list):
        return b"".join(v for v in last if isinstance(v, bytes))
    return last if isinstance(last, bytes) else b""


def _box(value: Value) -> Box:
    numbers = _numbers(value if isinstance(value, list) else [], 4)
    return Box(min(numbers[::2]), min(numbers[1::2]), max(numbers[::2]), max(numbers[1::2]))


def _numbers(operands: list[Value], count: int) -> list[float]:
    numbers = [float(n) for n in operands if isinstance(n, int | float) and type(n) is not bool and abs(n) < 1e6]
    if len(numbers) != count or len(operands) != count:
        raise FormatError("PDF: an operator of an appearance has other operands than it needs.")
    return numbers


class _Pen:
    """Where text is shown next, and what was shown."""

    def __init__(self, box: Box, fonts: Mapping[str, Value], plain: Callable[[Value], PlainFont]) -> None:
        self.box = box
        self.fonts = fonts
        self.plain = plain
        self.font: PlainFont | None = None
        self.shown = bytearray()
        self.size = 0.0
        self.leading = 0.0
        self.dark = True
        self.colour: Callable[[_Pen, list[Value]], None] = _grey
        """What reads the operands of `sc`."""
        self.scale = 1.0
        self.spacing = 0.0
        self.x = self.y = 0.0
        self.start = (0.0, 0.0)
        """Where the line begins (9.4.2)."""
        self.last: tuple[float, float] | None = None
        """Where the text that was shown last ends at least, and its line."""
        self.clip: Box | None = None

    def move(self, x: float, y: float) -> None:
        self.x, self.y = x, y

    def show(self, operands: list[Value]) -> None:
        text = strings(operands)
        if not text.strip():
            return
        low, high = LEGIBLE
        if not low <= self.size <= high or not self.dark:
            raise FormatError("PDF: an appearance shows text that cannot be seen.")
        if self.font is None:
            raise FormatError("PDF: an appearance shows text without a font.")
        self.font.require(text)
        for item in operands[-1] if isinstance(operands[-1], list) else []:
            if not isinstance(item, bytes):
                _bounded(_numbers([item], 1)[0], -MAX_SHIFT, MAX_SHIFT)
        if self.last is not None and (self.y > self.last[1] or (self.y == self.last[1] and self.x < self.last[0])):
            raise FormatError("PDF: an appearance shows its text in another order than it is written.")
        letter = self.size * self.scale
        box = self.box
        if (
            self.x < box.left - SLACK
            or self.x + len(text) * (USUAL * letter + self.spacing) > box.right + letter + SLACK
            or self.y < box.low - SLACK
            or self.y + self.size * USUAL > box.high + SLACK
        ):
            raise FormatError("PDF: an appearance shows text outside of its box.")
        self.shown += text
        self.last = (self.x + len(text) * NARROW * letter, self.y)
        self.x += len(text) * NARROW * letter  # a second string goes on somewhere behind this


def _bounded(value: float, low: float, high: float) -> float:
    if not low <= value <= high:
        raise FormatError("PDF: an appearance shifts or scales its text.")
    return value


def _no_operands(pen: _Pen, operands: list[Value]) -> None:
    _numbers(operands, 0)


def _marked(pen: _Pen, operands: list[Value]) -> None:
    if operands != ["Tx"]:
        raise FormatError("PDF: an appearance marks content as something else than the field's text.")


def _any_numbers(count: int) -> Callable[[_Pen, list[Value]], None]:
    """An operator that has no effect on filled text."""

    def step(pen: _Pen, operands: list[Value]) -> None:
        _numbers(operands, count)

    return step


def _grey(pen: _Pen, operands: list[Value]) -> None:
    pen.dark = _numbers(operands, 1)[0] <= DARK


def _rgb(pen: _Pen, operands: list[Value]) -> None:
    red, green, blue = _numbers(operands, 3)
    pen.dark = 0.3 * red + 0.59 * green + 0.11 * blue <= DARK


def _cmyk(pen: _Pen, operands: list[Value]) -> None:
    cyan, magenta, yellow, black = _numbers(operands, 4)
    pen.dark = 1 - min(1.0, 0.3 * cyan + 0.59 * magenta + 0.11 * yellow + black) <= DARK


def _space(pen: _Pen, operands: list[Value]) -> None:
    name = operands[0] if len(operands) == 1 else None
    if not isinstance(name, str) or name not in _COLOURS:
        raise FormatError("PDF: an appearance uses a colour space that is no device's.")
    pen.colour = _COLOURS[name]
    pen.dark = True  # the initial colour of each is black (8.6.3)


def _colour(pen: _Pen, operands: list[Value]) -> None:
    pen.colour(pen, operands)


def _font(pen: _Pen, operands: list[Value]) -> None:
    name = operands[0] if operands else None
    if not isinstance(name, str) or name not in pen.fonts:
        raise FormatError("PDF: an appearance uses a font that it does not name.")
    pen.font = pen.plain(pen.fonts[name])
    pen.size = _numbers(operands[1:], 1)[0]


def _mode(pen: _Pen, operands: list[Value]) -> None:
    _bounded(_numbers(operands, 1)[0], 0, 0)


def _width(pen: _Pen, operands: list[Value]) -> None:
    pen.scale = _bounded(_numbers(operands, 1)[0], 50, 200) / 100


def _rise(pen: _Pen, operands: list[Value]) -> None:
    _bounded(_numbers(operands, 1)[0], 0, 0)


def _letters(pen: _Pen, operands: list[Value]) -> None:
    pen.spacing = _bounded(_numbers(operands, 1)[0], 0, MAX_SPACING)


def _words(pen: _Pen, operands: list[Value]) -> None:
    _bounded(_numbers(operands, 1)[0], 0, MAX_SPACING)


def _leading(pen: _Pen, operands: list[Value]) -> None:
    pen.leading = _bounded(_numbers(operands, 1)[0], 0, LEGIBLE[1])


def _matrix(pen: _Pen, operands: list[Value]) -> None:
    a, b, c, d, x, y = _numbers(operands, 6)
    if (a, b, c, d) != (1, 0, 0, 1):
        raise FormatError("PDF: an appearance turns or scales its text.")
    pen.start = (x, y)
    pen.move(x, y)


def _begin(pen: _Pen, operands: list[Value]) -> None:
    _numbers(operands, 0)
    pen.start = (0.0, 0.0)
    pen.move(0, 0)


def _next(pen: _Pen, operands: list[Value]) -> None:
    x, y = _numbers(operands, 2)
    pen.start = (pen.start[0] + x, pen.start[1] + y)
    pen.move(*pen.start)


def _next_leading(pen: _Pen, operands: list[Value]) -> None:
    _next(pen, operands)
    pen.leading = -_numbers(operands, 2)[1]


def _line(pen: _Pen, operands: list[Value]) -> None:
    _numbers(operands, 0)
    _next(pen, [0, -pen.leading])


def _show(pen: _Pen, operands: list[Value]) -> None:
    if len(operands) != 1:
        raise FormatError("PDF: an operator of an appearance has other operands than it needs.")
    pen.show(operands)


def _line_show(pen: _Pen, operands: list[Value]) -> None:
    _line(pen, [])
    _show(pen, operands)


def _rectangle(pen: _Pen, operands: list[Value]) -> None:
    x, y, width, height = _numbers(operands, 4)
    if pen.clip is not None:
        raise FormatError("PDF: an appearance draws more than one rectangle at once.")
    pen.clip = _box([x, y, x + width, y + height])


def _clip(pen: _Pen, operands: list[Value]) -> None:
    _numbers(operands, 0)
    if pen.clip is None:
        raise FormatError("PDF: an appearance clips its text by something else than a rectangle.")
    pen.box = pen.box.within(pen.clip)


def _end_path(pen: _Pen, operands: list[Value]) -> None:
    _numbers(operands, 0)
    pen.clip = None


_COLOURS: Final = {"DeviceGray": _grey, "DeviceRGB": _rgb, "DeviceCMYK": _cmyk}
_STEPS: dict[bytes, Callable[[_Pen, list[Value]], None]] = {
    b"q": _no_operands,
    b"Q": _no_operands,
    b"EMC": _no_operands,
    b"BMC": _marked,
    b"BT": _begin,
    b"ET": _no_operands,
    b"g": _grey,
    b"rg": _rgb,
    b"k": _cmyk,
    b"cs": _space,
    b"sc": _colour,
    b"G": _any_numbers(1),
    b"RG": _any_numbers(3),
    b"K": _any_numbers(4),
    b"w": _any_numbers(1),
    b"J": _any_numbers(1),
    b"j": _any_numbers(1),
    b"Tf": _font,
    b"Tr": _mode,
    b"Tz": _width,
    b"Ts": _rise,
    b"Tc": _letters,
    b"Tw": _words,
    b"TL": _leading,
    b"Tm": _matrix,
    b"Td": _next,
    b"TD": _next_leading,
    b"T*": _line,
    b"Tj": _show,
    b"TJ": _show,
    b"'": _line_show,
    b"re": _rectangle,
    b"W": _clip,
    b"n": _end_path,
}
"""What programs that fill in forms write; `cm`, `gs`, `Do`, `BDC` and everything that paints is not among it."""
