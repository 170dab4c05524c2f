"""Transformation matrices (ISO 32000-2 8.3.3) and the rectangles that they make."""

from __future__ import annotations

from math import hypot, isfinite
from typing import Final, NamedTuple

from ...errors import FormatError
from .grid import Box

MAX_COORDINATE: Final = 1e12  # beyond that nothing is a drawing


class Matrix(NamedTuple):
    a: float = 1.0
    b: float = 0.0
    c: float = 0.0
    d: float = 1.0
    e: float = 0.0
    f: float = 0.0

    def then(self, m: Matrix) -> Matrix:
        """First this one, then `m`."""
        return Matrix(
            self.a * m.a + self.b * m.c,
            self.a * m.b + self.b * m.d,
            self.c * m.a + self.d * m.c,
            self.c * m.b + self.d * m.d,
            self.e * m.a + self.f * m.c + m.e,
            self.e * m.b + self.f * m.d + m.f,
        )

    def point(self, x: float, y: float) -> tuple[float, float]:
        return self.a * x + self.c * y + self.e, self.b * x + self.d * y + self.f

    @property
    def stretch(self) -> float:
        """No length becomes longer than this many times itself."""
        return hypot(self.a, self.b, self.c, self.d)

    def box(self, x0: float, y0: float, x1: float, y1: float) -> Box:
        """The upright rectangle around a transformed one. Raises `FormatError` when it has no end."""
        return around([self.point(x, y) for x in (x0, x1) for y in (y0, y1)])


def around(points: list[tuple[float, float]]) -> Box:
    """The smallest rectangle around points. Raises `FormatError` when a coordinate has no sensible size."""
    xs, ys = [p[0] for p in points], [p[1] for p in points]
    if not all(isfinite(n) and abs(n) < MAX_COORDINATE for n in (*xs, *ys)):
        raise FormatError("PDF: a page draws at coordinates without end.")
    return Box(min(xs), min(ys), max(xs), max(ys))
