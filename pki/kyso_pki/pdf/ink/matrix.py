"""Transformation matrices (ISO 32000-2 8.3.3), with how far readers may be apart that compute with them.

Readers hold numbers in single or double precision, some with five decimals only (ISO 32000-2 Annex C). What they make
of the same matrices differs by little, but a page may add up many small differences or enlarge one of them; so each
matrix carries a bound of its error.
"""

from __future__ import annotations

from math import hypot, isfinite
from typing import Final, NamedTuple

from ...errors import FormatError
from .grid import Box

MAX_COORDINATE: Final = 100_000.0  # points; beyond that readers clamp what they draw
MIN_EVEN: Final = 0.05  # determinant to squared lengths; half when nothing is stretched or askew
DECIMAL: Final = 1e-5  # what may be lost of a number that is no integer
ULP: Final = 2.0**-22  # what may be lost of a result in single precision, relative to it


class Matrix(NamedTuple):
    a: float = 1.0
    b: float = 0.0
    c: float = 0.0
    d: float = 1.0
    e: float = 0.0
    f: float = 0.0
    blur: float = 0.0
    """How far a, b, c and d may be off."""
    shift: float = 0.0
    """How far e and f may be off."""

    @classmethod
    def read(cls, numbers: list[float]) -> Matrix:
        """Of six numbers as they stand in a file."""
        a, b, c, d, e, f = map(float, numbers)
        blur, shift = (0.0 if all(map(float.is_integer, part)) else DECIMAL for part in ((a, b, c, d), (e, f)))
        return cls(a, b, c, d, e, f, blur, shift)

    def then(self, m: Matrix) -> Matrix:
        """First this one, then `m`."""
        a, b, c, d, e, f, blur, shift = self
        rows = max(abs(a) + abs(b), abs(c) + abs(d))
        columns = max(abs(m.a) + abs(m.c), abs(m.b) + abs(m.d))
        far = abs(e) + abs(f)
        return Matrix(
            a * m.a + b * m.c,
            a * m.b + b * m.d,
            c * m.a + d * m.c,
            c * m.b + d * m.d,
            e * m.a + f * m.c + m.e,
            e * m.b + f * m.d + m.f,
            rows * m.blur + (columns + 2 * m.blur) * blur + ULP * rows * columns,
            far * m.blur + (columns + 2 * m.blur) * shift + m.shift + ULP * (far * columns + max(abs(m.e), abs(m.f))),
        )

    @property
    def stretch(self) -> float:
        """No length becomes longer than this many times itself."""
        return hypot(self.a, self.b, self.c, self.d) + 2 * self.blur

    def is_thick(self, least: float) -> bool:
        """Whether it keeps the unit square upright, or makes it at least so thick everywhere."""
        a, b, c, d = self[:4]
        return (b == c == 0) or (a == d == 0) or abs(a * d - b * c) >= least * max(hypot(a, b), hypot(c, d))

    def is_even(self, across: float) -> bool:
        """Whether letters, stretched so many times along their line, are neither squeezed to a tenth nor askew."""
        a, b, c, d = self.a * across, self.b * across, self.c, self.d
        return abs(a * d - b * c) >= MIN_EVEN * (a * a + b * b + c * c + d * d)

    def box(self, x0: float, y0: float, x1: float, y1: float) -> Box:
        """The upright rectangle around a transformed one. Raises `FormatError` when it has no sensible size."""
        a, b, c, d, e, f, blur, shift = self
        left, right = (a * x0, a * x1) if a * x0 < a * x1 else (a * x1, a * x0)
        low, high = (b * x0, b * x1) if b * x0 < b * x1 else (b * x1, b * x0)
        left2, right2 = (c * y0, c * y1) if c * y0 < c * y1 else (c * y1, c * y0)
        low2, high2 = (d * y0, d * y1) if d * y0 < d * y1 else (d * y1, d * y0)
        far = max(abs(x0), abs(x1)) + max(abs(y0), abs(y1))
        off = far * (blur + ULP * max(abs(a), abs(b), abs(c), abs(d))) + shift + ULP * max(abs(e), abs(f))
        box = Box(left + left2 + e - off, low + low2 + f - off, right + right2 + e + off, high + high2 + f + off)
        if not all(isfinite(n) and abs(n) < MAX_COORDINATE for n in box):
            raise FormatError("PDF: a page draws at coordinates beyond what readers draw alike.")
        return box
