"""Where a page shows text, roughly: a box per string that is shown, in the page's own units.

Reach for `text_boxes`; `covers` counts what is drawn over text that was there before: images and white areas.
Widths are estimated (half the font size per character), which is enough to tell whether something lies on text.
Only positions are followed; nothing is drawn and no image is decoded.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from typing import Final, NamedTuple

from ...errors import FormatError, LimitExceeded
from ..objects import Dictionary, Ref, Stream, Value, read_value, skip_space
from .survey import Survey

MAX_OPERATORS: Final = 400_000  # of one page with its form XObjects; a dense map has some 100,000
MAX_FORM_DEPTH: Final = 6
MAX_SAVED: Final = 64  # levels of q; ISO 32000-1 Annex C.2 names 28
MAX_COMPARISONS: Final = 2_000_000  # of areas with strings on one page
_HIDDEN: Final = 0.6  # of a string's box: less is a neighbour or a background that ends there
_FILLING = frozenset((b"f", b"F", b"f*", b"B", b"B*", b"b", b"b*"))
_ADVANCE: Final = 0.5  # of the font size, per byte of a string
_operator = re.compile(rb"[A-Za-z'\"*][A-Za-z0-9*]*").match
_end_of_image = re.compile(rb"[\x00\t\n\x0c\r ]EI(?=[\x00\t\n\x0c\r ]|\Z)").search

Matrix = tuple[float, float, float, float, float, float]
IDENTITY: Final[Matrix] = (1.0, 0.0, 0.0, 1.0, 0.0, 0.0)


class Box(NamedTuple):
    left: float
    bottom: float
    right: float
    top: float

    def overlap(self, other: Box) -> float:
        """The area that both cover."""
        width = min(self.right, other.right) - max(self.left, other.left)
        height = min(self.top, other.top) - max(self.bottom, other.bottom)
        return width * height if width > 0 and height > 0 else 0.0

    @property
    def area(self) -> float:
        return max(0.0, self.right - self.left) * max(0.0, self.top - self.bottom)


def rectangle(found: Survey, value: Value) -> Box | None:
    """A rectangle of the file in any order of its corners (7.9.5), None for anything else."""
    numbers = [n for n in map(found.resolve, found.items(value)) if isinstance(n, int | float)]
    if len(numbers) != 4:
        return None
    return Box(
        min(numbers[0], numbers[2]), min(numbers[1], numbers[3]),
        max(numbers[0], numbers[2]), max(numbers[1], numbers[3]),
    )  # fmt: skip


@dataclass
class _State:
    """The part of the graphics state that places text (8.4.1, 9.3.1)."""

    matrix: Matrix = IDENTITY
    size: float = 1.0
    leading: float = 0.0
    white: bool = False
    """The colour for filling is white."""


def text_boxes(found: Survey, page: Dictionary) -> list[Box]:
    """The boxes of the strings that a page shows. Raises `FormatError`, `LimitExceeded`."""
    walk = _Walk(found)
    walk.run(found.content(page.get("Contents")), found.dictionary(page.get("Resources")), IDENTITY, 0)
    return walk.boxes


def covers(found: Survey, page: Dictionary) -> int:
    """How many images and white areas are drawn over text. Raises `FormatError`, `LimitExceeded`."""
    walk = _Walk(found)
    walk.run(found.content(page.get("Contents")), found.dictionary(page.get("Resources")), IDENTITY, 0)
    return walk.covered


class _Walk:
    def __init__(self, found: Survey) -> None:
        self.found = found
        self.boxes: list[Box] = []
        self.covered = 0
        self.compared = 0
        self.areas: list[Box] = []
        """Rectangles of the path that is being made."""
        self.left = MAX_OPERATORS
        self.forms: set[int] = set()

    def run(self, content: bytes, resources: Dictionary, matrix: Matrix, depth: int) -> None:
        state = _State(matrix)
        saved: list[_State] = []
        line = text = IDENTITY
        operands: list[Value] = []
        position = skip_space(content, 0)
        while position < len(content):
            m = _operator(content, position)
            if m is None or m[0] in (b"true", b"false", b"null"):
                value, position = read_value(content, position)
                operands.append(value)
                position = skip_space(content, position)
                continue
            self.left -= 1
            if self.left < 0:
                raise LimitExceeded(f"PDF: a page of more than {MAX_OPERATORS} operators.")
            name, position = m[0], m.end()
            numbers = [float(v) for v in operands if type(v) in (int, float)]  # type: ignore[arg-type]  # as just checked
            if name == b"q" and len(saved) < MAX_SAVED:
                saved.append(replace(state))
            elif name == b"Q" and saved:
                state = saved.pop()
            elif name == b"cm" and len(numbers) == 6:
                state.matrix = _times(_matrix(numbers), state.matrix)
            elif name == b"re" and len(numbers) == 4:
                self.areas.append(_area(state.matrix, *numbers))
            elif name in _FILLING:
                for area in self.areas if state.white else ():
                    self._cover(area)
                self.areas = []
            elif name in (b"S", b"s", b"n"):
                self.areas = []
            elif name in (b"g", b"rg", b"k", b"sc", b"scn"):
                state.white = bool(numbers) and set(numbers) == ({0.0} if name == b"k" else {1.0})
            elif name == b"BT":
                line = text = IDENTITY
            elif name == b"Tf" and numbers:
                state.size = numbers[-1]
            elif name == b"TL" and numbers:
                state.leading = numbers[-1]
            elif name == b"Tm" and len(numbers) == 6:
                line = text = _matrix(numbers)
            elif name in (b"Td", b"TD") and len(numbers) == 2:
                if name == b"TD":
                    state.leading = -numbers[1]
                line = text = _times((1, 0, 0, 1, numbers[0], numbers[1]), line)
            elif name == b"T*":
                line = text = _times((1, 0, 0, 1, 0, -state.leading), line)
            elif name in (b"Tj", b"TJ", b"'", b'"'):
                if name in (b"'", b'"'):
                    line = text = _times((1, 0, 0, 1, 0, -state.leading), line)
                text = self._show(operands, text, state)
            elif name == b"Do" and operands and isinstance(operands[-1], str):
                self._xobject(operands[-1], resources, state.matrix, depth)
            elif name == b"ID":  # the bytes of an inline image (8.9.7)
                end = _end_of_image(content, position)
                position = end.end() if end else len(content)
            operands = []
            position = skip_space(content, position)

    def _show(self, operands: list[Value], text: Matrix, state: _State) -> Matrix:
        last = operands[-1] if operands else None
        pieces = last if isinstance(last, list) else [last]
        count = sum(len(p) for p in pieces if isinstance(p, bytes))
        shift = sum(p for p in pieces if isinstance(p, int | float)) / 1000
        width = (count * _ADVANCE - shift) * state.size
        if count and any(p.strip() for p in pieces if isinstance(p, bytes)):
            whole = _times(text, state.matrix)
            self.boxes.append(_area(whole, 0.0, 0.0, width, 0.7 * state.size))
        return _times((1, 0, 0, 1, width, 0), text)

    def _cover(self, area: Box) -> None:
        """Counts an area that hides text drawn before it."""
        self.compared += len(self.boxes)
        if self.compared > MAX_COMPARISONS:
            raise LimitExceeded("PDF: too many images and areas over too much text.")
        if any(area.overlap(text) > _HIDDEN * text.area > 0 for text in self.boxes):
            self.covered += 1

    def _xobject(self, name: str, resources: Dictionary, matrix: Matrix, depth: int) -> None:
        """An image, which fills the unit square (8.9.5.1), or a form XObject (8.10).

        Each form is followed once, because the same text in a second place tells no more.
        """
        found = self.found
        reference = found.dictionary(resources.get("XObject")).get(name)
        stream = found.resolve(reference)
        if isinstance(stream, Stream) and stream.dictionary.get("Subtype") == "Image":
            if (
                not {"SMask", "Mask", "ImageMask"} & stream.dictionary.keys()
            ):  # a seal on a clear ground hides nothing
                self._cover(_area(matrix, 0.0, 0.0, 1.0, 1.0))
            return
        if not isinstance(stream, Stream) or stream.dictionary.get("Subtype") != "Form" or depth >= MAX_FORM_DEPTH:
            return
        if isinstance(reference, Ref):
            if reference.number in self.forms:
                return
            self.forms.add(reference.number)
        numbers = [
            n for n in map(found.resolve, found.items(stream.dictionary.get("Matrix"))) if isinstance(n, int | float)
        ]
        own = _matrix([float(n) for n in numbers]) if len(numbers) == 6 else IDENTITY
        inner = found.dictionary(stream.dictionary.get("Resources")) or resources
        self.run(found.content(stream), inner, _times(own, matrix), depth + 1)


def _area(matrix: Matrix, x: float, y: float, width: float, height: float) -> Box:
    """The box around a rectangle after a transformation."""
    corners = [_point(matrix, x + dx, y + dy) for dx in (0, width) for dy in (0, height)]
    xs, ys = [c[0] for c in corners], [c[1] for c in corners]
    return Box(min(xs), min(ys), max(xs), max(ys))


def _matrix(numbers: list[float]) -> Matrix:
    if len(numbers) != 6:
        raise FormatError("PDF: a matrix has six numbers.")
    return numbers[0], numbers[1], numbers[2], numbers[3], numbers[4], numbers[5]


def _times(a: Matrix, b: Matrix) -> Matrix:
    """First `a`, then `b` (8.3.4)."""
    return (
        a[0] * b[0] + a[1] * b[2],
        a[0] * b[1] + a[1] * b[3],
        a[2] * b[0] + a[3] * b[2],
        a[2] * b[1] + a[3] * b[3],
        a[4] * b[0] + a[5] * b[2] + b[4],
        a[4] * b[1] + a[5] * b[3] + b[5],
    )


def _point(m: Matrix, x: float, y: float) -> tuple[float, float]:
    return m[0] * x + m[2] * y + m[4], m[1] * x + m[3] * y + m[5]
