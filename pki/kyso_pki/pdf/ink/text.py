"""Text objects (ISO 32000-2 9.4): where the pen stands, and the rectangle around what is shown there.

The pen is an interval, because the widths of a font are not always known to the last digit.
"""

from __future__ import annotations

from typing import Final

from ...errors import FormatError
from .fonts import Spacing
from .grid import Box
from .matrix import ULP, Matrix
from .state import State

MIN_SIZE: Final = 0.01  # readers take smaller sizes of a font for none, or for another


class TextObject:
    """What lies between BT and ET."""

    def __init__(self) -> None:
        self.place(Matrix())

    def place(self, matrix: Matrix) -> None:
        self._matrix = self._line = matrix
        self._pen = (0.0, 0.0)

    def move(self, x: float, y: float) -> None:
        self.place(Matrix.read([1.0, 0.0, 0.0, 1.0, x, y]).then(self._line))

    def skip(self, thousandths: float, state: State) -> None:
        """The number of a TJ array (9.4.3)."""
        by = -thousandths / 1000 * state.size * state.scale
        self._pen = (self._pen[0] + by, self._pen[1] + by)

    def show(self, text: bytes, state: State) -> Box:
        """Around what the text may paint, without the width of lines. Raises `FormatError`."""
        if state.font is None or state.foreign:
            raise FormatError("PDF: a text is shown in a font or a text state that readers do not take alike.")
        if abs(state.size) < MIN_SIZE:
            raise FormatError("PDF: a text is shown in a font without a size.")
        spacing = Spacing(state.size, state.between, state.word, state.scale)
        box, least, most = state.font.reach(text, spacing)
        first, last = self._pen
        off = len(text) * ULP * (abs(first) + abs(last) + abs(least) + abs(most))
        self._pen = (first + least - off, last + most + off)
        placed = self._matrix.then(state.ctm)
        if not placed.is_even(state.scale):
            raise FormatError("PDF: a text is squeezed or askew so far that PDFium draws it elsewhere.")
        return placed.box(first + box.x0 - off, state.rise + box.y0, last + box.x1 + off, state.rise + box.y1)
