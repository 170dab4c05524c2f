"""How far the glyphs of an embedded TrueType font reach, from their points (ISO/IEC 14496-22).

Reach for `read_glyphs`. What a font says of itself (head, the boxes beside each glyph) may be a lie that moves a text
to where nobody looks for it; so the points are read, and the shift that a renderer makes of them. Instructions
(hinting) are not run: they move points by fractions of a pixel in every honest font. ADR 8 says what is left open.
"""

from __future__ import annotations

import struct
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final, NamedTuple

from ...errors import FormatError
from .budget import Work
from .cmap import candidates
from .grid import Box
from .tricky import is_tricky

MAX_DEPTH: Final = 5  # composite glyphs within composite glyphs
_REFUSED: Final = frozenset((
    b"gvar", b"sbix", b"CBDT", b"COLR", b"SVG ", b"EBDT", b"bdat", b"CFF ", b"CFF2", b"GLYF", b"VARC",
))  # fmt: skip
_XY, _SCALE, _MORE, _XY_SCALE, _MATRIX, _WORDS = 0x2, 0x8, 0x20, 0x40, 0x80, 0x1
_Extent = tuple[float, float, float, float]


class Glyph(NamedTuple):
    """A glyph, or several at once, in parts of the em."""

    box: Box
    """Around the points and the origin, wherever a renderer moves them to."""
    advance: float
    """The least that the font itself states; a reader may centre the glyph in a greater width."""


@dataclass(frozen=True)
class Glyphs:
    """The glyphs of a font."""

    every: Glyph
    by_number: Mapping[int, Glyph]
    by_code: Mapping[int, Glyph]
    """Of a simple font without names of its own, whatever character map and encoding is taken."""


def read_glyphs(font: bytes, work: Work) -> Glyphs:
    """Raises `FormatError`, `LimitExceeded`."""
    try:
        return _Font(font, work).glyphs()
    except (struct.error, IndexError) as e:
        raise FormatError(f"PDF: an embedded font cannot be read ({e}).") from None


class _Font:
    def __init__(self, data: bytes, work: Work) -> None:
        self._data = data
        self._work = work
        self._tables_at = tables = self._tables()
        if is_tricky(data, tables, work):
            raise FormatError("PDF: an embedded font is one whose outlines only its programs draw.")
        head, maxp, hhea = (self._table(tables, name) for name in (b"head", b"maxp", b"hhea"))
        (self._em,) = struct.unpack_from(">H", data, head + 18)
        (long_offsets,) = struct.unpack_from(">h", data, head + 50)
        (self._count,) = struct.unpack_from(">H", data, maxp + 4)
        (self._metrics,) = struct.unpack_from(">H", data, hhea + 34)
        self._glyf = self._table(tables, b"glyf")
        self._hmtx = self._table(tables, b"hmtx")
        loca = self._table(tables, b"loca")
        if not 16 <= self._em <= 16_384 or not self._metrics:
            raise FormatError("PDF: an embedded font has no usable em or no widths.")
        work.take(self._count)
        self._offsets = struct.unpack_from(f">{self._count + 1}{'I' if long_offsets else 'H'}", data, loca)
        self._unit = 1 if long_offsets else 2
        self._known: dict[int, _Extent | None] = {}

    def _tables(self) -> dict[bytes, tuple[int, int]]:
        """Offset and length of each."""
        (count,) = struct.unpack_from(">H", self._data, 4)
        if self._data[:4] not in (b"\x00\x01\x00\x00", b"true"):
            raise FormatError("PDF: an embedded font is no TrueType font.")
        found: dict[bytes, tuple[int, int]] = {}
        for i in range(count):
            tag, _, offset, length = struct.unpack_from(">4sIII", self._data, 12 + 16 * i)
            if tag in _REFUSED or tag in found:
                raise FormatError("PDF: an embedded font has outlines of a kind that is not read here.")
            found[tag] = (offset, length)
        return found

    @staticmethod
    def _table(tables: dict[bytes, tuple[int, int]], name: bytes) -> int:
        if name not in tables:
            raise FormatError(f"PDF: an embedded font has no table {name!r}.")
        return tables[name][0]

    def glyphs(self) -> Glyphs:
        extents: dict[int, _Extent] = {}
        shifts = [0]  # of any glyph: a composite one may take over that of a part (USE_MY_METRICS)
        for glyph in range(self._count):
            if self._offsets[glyph] != self._offsets[glyph + 1] and (found := self._glyph(glyph, 0)) is not None:
                extents[glyph] = found
                shifts.append(self._left_side(glyph) - self._declared_left(glyph))
        em, left, right = self._em, min(shifts), max(shifts)
        boxes = {g: Box((a + left) / em, b / em, (c + right) / em, d / em) for g, (a, b, c, d) in extents.items()}
        found_glyphs = {
            glyph: Glyph(union([boxes[glyph]] if glyph in boxes else []), self._advance(glyph) / em)
            for glyph in range(self._count)
        }
        every = _together(found_glyphs.values())
        return Glyphs(every, found_glyphs, self._codes(found_glyphs))

    def _codes(self, glyphs: Mapping[int, Glyph]) -> dict[int, Glyph]:
        """By code; none of them where a map is in a format that is not read, or where glyphs have names to go by."""
        post = self._tables_at.get(b"post")
        named = post is not None and self._data[post[0] : post[0] + 4] != b"\x00\x03\x00\x00"
        if named or b"cmap" not in self._tables_at:
            return {}
        found = candidates(self._data, self._tables_at[b"cmap"][0], self._work)
        return {c: _together([glyphs[n] for n in numbers if n in glyphs]) for c, numbers in found.items()}

    def _advance(self, glyph: int) -> int:
        (value,) = struct.unpack_from(">H", self._data, self._hmtx + 4 * min(glyph, self._metrics - 1))
        return int(value)

    def _left_side(self, glyph: int) -> int:
        """The left side bearing, to which a renderer moves the glyph's declared left edge."""
        at = self._hmtx + (
            4 * glyph + 2 if glyph < self._metrics else 4 * self._metrics + 2 * (glyph - self._metrics)
        )
        (value,) = struct.unpack_from(">h", self._data, at)
        return int(value)

    def _declared_left(self, glyph: int) -> int:
        (value,) = struct.unpack_from(">h", self._data, self._start(glyph) + 2)
        return int(value)

    def _start(self, glyph: int) -> int:
        return self._glyf + int(self._offsets[glyph]) * self._unit

    def _glyph(self, glyph: int, depth: int) -> _Extent | None:
        """Around the points of one glyph, in units of the font; None for an empty one."""
        if depth > MAX_DEPTH or glyph >= self._count:
            raise FormatError("PDF: an embedded font has a glyph that is made of too many others.")
        if glyph not in self._known:
            self._work.take(2)
            start = self._start(glyph)
            empty = self._offsets[glyph] == self._offsets[glyph + 1]
            contours = 0 if empty else struct.unpack_from(">h", self._data, start)[0]
            if contours == 0:
                self._known[glyph] = None
            elif contours > 0:
                self._known[glyph] = self._simple(start + 10, contours)
            else:
                self._known[glyph] = self._composite(start + 10, depth)
        return self._known[glyph]

    def _simple(self, at: int, contours: int) -> _Extent:
        data = self._data
        (last,) = struct.unpack_from(">H", data, at + 2 * contours - 2)
        (instructions,) = struct.unpack_from(">H", data, at + 2 * contours)
        at += 2 * contours + 2 + instructions
        points = last + 1
        self._work.take(points)
        flags = bytearray()
        while len(flags) < points:
            flag = data[at]
            at += 1
            flags.append(flag)
            if flag & 8:
                flags += bytes((flag,)) * data[at]
                at += 1
        if len(flags) > points:
            raise FormatError("PDF: a glyph of an embedded font has more flags than points.")
        x0, x1, at = self._coordinates(flags, at, 0x02, 0x10)
        y0, y1, _ = self._coordinates(flags, at, 0x04, 0x20)
        return x0, y0, x1, y1

    def _coordinates(self, flags: bytearray, at: int, short: int, same: int) -> tuple[int, int, int]:
        """The least and the greatest coordinate along one axis, and where the next data stand."""
        data = self._data
        value = low = high = 0
        first = True
        for flag in flags:
            if flag & short:
                value += data[at] if flag & same else -data[at]
                at += 1
            elif not flag & same:
                (delta,) = struct.unpack_from(">h", data, at)
                value += delta
                at += 2
            low = value if first or value < low else low
            high = value if first or value > high else high
            first = False
        return low, high, at

    def _composite(self, at: int, depth: int) -> _Extent | None:
        data = self._data
        extents: list[_Extent] = []
        more = True
        while more:
            self._work.take(4)
            flags, part = struct.unpack_from(">HH", data, at)
            at += 4
            if not flags & _XY:
                raise FormatError("PDF: a glyph of an embedded font is placed by points.")
            dx, dy = struct.unpack_from(">hh" if flags & _WORDS else ">bb", data, at)
            at += 4 if flags & _WORDS else 2
            a, b, c, d = 1.0, 0.0, 0.0, 1.0
            if flags & _SCALE:
                a = d = struct.unpack_from(">h", data, at)[0] / 16384
                at += 2
            elif flags & _XY_SCALE:
                a, d = (n / 16384 for n in struct.unpack_from(">hh", data, at))
                at += 4
            elif flags & _MATRIX:
                a, b, c, d = (n / 16384 for n in struct.unpack_from(">4h", data, at))
                at += 8
            if (inner := self._glyph(part, depth + 1)) is not None:
                corners = [(a * x + c * y, b * x + d * y) for x in inner[::2] for y in inner[1::2]]
                # The offset may be scaled as well (SCALED_COMPONENT_OFFSET): both places are taken.
                moves = ((dx, dy), (a * dx + c * dy, b * dx + d * dy))
                extents += [(x + mx, y + my, x + mx, y + my) for x, y in corners for mx, my in moves]
            more = bool(flags & _MORE)
        return _around(extents) if extents else None


def _around(extents: Sequence[_Extent]) -> _Extent:
    return (
        min(e[0] for e in extents),
        min(e[1] for e in extents),
        max(e[2] for e in extents),
        max(e[3] for e in extents),
    )


def union(boxes: Iterable[Box]) -> Box:
    """Around all of them and the origin."""
    return Box(*_around([Box(0.0, 0.0, 0.0, 0.0), *boxes]))


def _together(glyphs: Iterable[Glyph]) -> Glyph:
    several = list(glyphs)
    return Glyph(union(g.box for g in several), min((g.advance for g in several), default=0.0))
