"""How far a text reaches: the advance of each code, and a rectangle that no glyph leaves (ISO 32000-2 9.6, 9.7).

Reach for `font_of`. Widths are those of the font dictionary, which every reader uses to advance; where they are
missing, an advance is an interval. Glyphs are bounded by the outlines of an embedded TrueType font; of a font that is
not embedded by what fonts of its kind never exceed. Type 3 fonts, vertical writing, other encodings of composite
fonts than Identity-H, and embedded outlines of other kinds (Type 1, CFF) are refused with `FormatError`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

from ...errors import FormatError
from ..filters import decode
from ..objects import Dictionary, Ref, Stream, Value
from ..reader import Reader
from .budget import Work
from .grid import Box
from .truetype import Outlines, outlines

MAX_ADVANCE: Final = 1.5  # ems; the widest glyph of the 14 standard fonts advances by 1.03
COMMON_GLYPHS: Final = Box(-0.7, -0.5, 2.2, 1.3)  # ems: what glyphs of text fonts that are not embedded stay within
MAX_WIDTHS: Final = 70_000  # entries of a /W array
_SPACE: Final = 0x20
_BYTES_PER_STEP: Final = 64  # of a decoded font program
_SIMPLE = ("Type1", "MMType1", "TrueType")


@dataclass(frozen=True)
class Spacing:
    """The text state that moves the pen (9.3): font size, Tc, Tw, and Tz as a factor."""

    size: float
    between: float
    word: float
    scale: float


@dataclass(frozen=True)
class Font:
    glyphs: Box
    """In ems, around the origin of each glyph."""
    code_size: int
    """Bytes of one code."""
    widths: Mapping[int, float] = field(default_factory=dict)
    """Ems by code."""
    default: float | None = None
    """The width of other codes; None: between nothing and `MAX_ADVANCE`."""
    boxes: Mapping[int, Box] = field(default_factory=dict)
    """Around the glyphs of single codes, where that is known more closely."""

    def codes(self, text: bytes) -> Sequence[int]:
        """Raises `FormatError` when the string is no whole number of codes."""
        if len(text) % self.code_size:
            raise FormatError("PDF: a text ends inside a code.")
        return text if self.code_size == 1 else [text[i] << 8 | text[i + 1] for i in range(0, len(text), 2)]

    def reach(self, text: bytes, spacing: Spacing) -> tuple[Box, float, float]:
        """A rectangle around the glyphs, from a pen at 0, and how far the pen moves, at least and at most.

        In units of text space, the size of the font and the scaling applied. Raises `FormatError`.
        """
        codes = self.codes(text)
        size, scale = spacing.size, spacing.scale
        across = size * scale
        first = last = 0.0  # the pen is between these
        found = Box(0.0, 0.0, 0.0, 0.0)
        for code in codes:
            glyph = self.boxes.get(code, self.glyphs)
            left, right = sorted((glyph.x0 * across, glyph.x1 * across))
            low, high = sorted((glyph.y0 * size, glyph.y1 * size))
            found = Box(
                min(found.x0, first + left),
                min(found.y0, low),
                max(found.x1, last + right),
                max(found.y1, high),
            )
            width = self.widths.get(code, self.default)
            gap = spacing.between + (spacing.word if code == _SPACE and self.code_size == 1 else 0.0)
            least = ((width or 0.0) * size + gap) * scale
            most = ((MAX_ADVANCE if width is None else width) * size + gap) * scale
            first += min(least, most)
            last += max(least, most)
        return found, first, last


def font_of(reader: Reader, value: Value, revision: int, work: Work) -> Font:
    """The font behind a resource. Raises `FormatError`, `LimitExceeded`."""
    font = reader.dictionary(value, revision)
    kind = reader.resolve(font.get("Subtype"), revision)
    if kind == "Type0":
        return _composite(reader, font, revision, work)
    if kind not in _SIMPLE:
        raise FormatError(f"PDF: how far a font of type {kind!r} draws is not known here.")
    widths, default = _simple_widths(reader, font, revision)
    known = _outlines(reader, font, revision, work)
    if known is None:
        return Font(COMMON_GLYPHS, 1, widths, default)
    encoded = reader.resolve(font.get("Encoding"), revision) is not None
    return Font(known.all, 1, widths, default, {} if encoded else known.by_code)


def _simple_widths(reader: Reader, font: Dictionary, revision: int) -> tuple[dict[int, float], float | None]:
    items = reader.resolve(font.get("Widths"), revision)
    first = reader.resolve(font.get("FirstChar"), revision)
    if items is None:
        return {}, None  # one of the 14 standard fonts
    if not isinstance(items, list) or type(first) is not int or len(items) > 256:
        raise FormatError("PDF: the widths of a font are malformed.")
    widths = {first + i: _width(reader, item, revision) for i, item in enumerate(items)}
    descriptor = reader.resolve(font.get("FontDescriptor"), revision)
    missing = descriptor.get("MissingWidth") if isinstance(descriptor, dict) else None
    return widths, None if missing is None else _width(reader, missing, revision)


def _width(reader: Reader, value: Value, revision: int) -> float:
    number = reader.resolve(value, revision)
    if isinstance(number, bool) or not isinstance(number, int | float) or not 0 <= number < 1e6:
        raise FormatError("PDF: the width of a glyph is no sensible number.")
    return number / 1000


def _composite(reader: Reader, font: Dictionary, revision: int, work: Work) -> Font:
    if reader.resolve(font.get("Encoding"), revision) != "Identity-H":
        raise FormatError("PDF: how a composite font divides a text into codes is not known here.")
    descendants = reader.resolve(font.get("DescendantFonts"), revision)
    if not isinstance(descendants, list) or len(descendants) != 1:
        raise FormatError("PDF: a composite font has no one descendant.")
    inner = reader.dictionary(descendants[0], revision)
    default = _width(reader, inner.get("DW", 1000), revision)
    widths = _cid_widths(reader, inner, revision, work)
    known = _outlines(reader, inner, revision, work)
    if known is None:
        return Font(COMMON_GLYPHS, 2, widths, default)
    direct = reader.resolve(inner.get("CIDToGIDMap"), revision) in (None, "Identity")
    return Font(known.all, 2, widths, default, known.by_glyph if direct else {})


def _cid_widths(reader: Reader, font: Dictionary, revision: int, work: Work) -> dict[int, float]:
    """/W: `c [w1 w2 …]` or `first last w` (9.7.4.3)."""
    items = reader.resolve(font.get("W"), revision)
    if items is None:
        return {}
    if not isinstance(items, list):
        raise FormatError("PDF: the widths of a composite font are malformed.")
    work.take(len(items))
    found: dict[int, float] = {}
    pending = iter(items)
    for item in pending:
        first, second = reader.resolve(item, revision), reader.resolve(next(pending, None), revision)
        if type(first) is int and isinstance(second, list):
            work.take(len(second))
            found.update((first + i, _width(reader, w, revision)) for i, w in enumerate(second))
        elif type(first) is int and type(second) is int and 0 <= second - first < MAX_WIDTHS:
            work.take(second - first)
            found |= dict.fromkeys(range(first, second + 1), _width(reader, next(pending, None), revision))
        else:
            raise FormatError("PDF: the widths of a composite font are malformed.")
    return found


def _outlines(reader: Reader, font: Dictionary, revision: int, work: Work) -> Outlines | None:
    """The outlines of an embedded font; None for one that each reader replaces by its own."""
    descriptor = reader.resolve(font.get("FontDescriptor"), revision)
    if descriptor is None:
        return None
    if not isinstance(descriptor, dict):
        raise FormatError("PDF: a font descriptor is no dictionary.")
    programs = [k for k in ("FontFile", "FontFile2", "FontFile3") if descriptor.get(k) is not None]
    if not programs:
        return None
    program = reader.resolve(descriptor.get("FontFile2"), revision)
    if programs != ["FontFile2"] or not isinstance(program, Stream):
        raise FormatError("PDF: the outlines of an embedded font are of a kind that is not read here.")
    reference = descriptor["FontFile2"]
    key = (reference.number, revision) if isinstance(reference, Ref) else None
    if key is None or (known := work.outlines.get(key)) is None:
        data = decode(program, reader.budget)
        work.take(len(data) // _BYTES_PER_STEP)
        known = outlines(data, work)
        if key is not None:
            work.outlines[key] = known
    return known
