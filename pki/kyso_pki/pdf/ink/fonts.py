"""How far a text reaches: the advance of each code, and a rectangle that no glyph leaves (ISO 32000-2 9.6, 9.7).

Reach for `font_of`. Widths are those of the font dictionary, by which every reader advances; a width that some of
them round is an interval, and so is one that is missing from a standard font. Glyphs are bounded by the outlines of
an embedded TrueType font, and by what fonts of its kind never exceed: a reader may replace the font, squeeze a glyph
into its width or centre it there. Type 3 fonts, vertical writing, other encodings of composite fonts than Identity-H,
embedded outlines of other kinds (Type 1, CFF), and fonts of which readers choose widths or glyphs are refused with
`FormatError`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from math import ceil, floor
from typing import Final, NamedTuple

from ...errors import FormatError
from ..filters import decode
from ..objects import Dictionary, Ref, Stream, Value
from ..reader import Reader
from .budget import Work
from .grid import Box
from .tricky import is_tricky_name
from .truetype import Glyph, Glyphs, read_glyphs

MAX_ADVANCE: Final = 1.5  # ems; the widest glyph of the 14 standard fonts advances by 1.03
MAX_WIDTH: Final = 5000  # thousandths of an em; beyond that readers wrap, or take another width
COMMON_GLYPHS: Final = Box(-0.7, -0.5, 2.2, 1.3)  # ems: what glyphs of text fonts that are not embedded stay within
REPLACED_GLYPHS: Final = Box(-0.2, -0.25, 1.3, 0.75)  # ems: letters, not their accents, of a font that a reader
# takes in place of an embedded one
NARROW: Final = 0.2  # ems: a glyph of that width or more is replaced by one that hardly exceeds it
OVERHANG: Final = 0.15  # ems
MAX_CODES: Final = 65_536
LEADERS: Final = 8  # glyphs of one kind in a row from which on they are what something is to be written upon
LOW: Final = (-0.35, 0.2)  # ems: what dots and low lines stay within
_LOW_CODES: Final = frozenset(b"._")
_TEXT_FONTS: Final = ("Arial", "Courier", "Helvetica", "Times")  # in which these codes are what they are in ASCII
_SPACE: Final = 0x20
_BYTES_PER_STEP: Final = 64  # of a decoded font program
_COMMON = Glyph(COMMON_GLYPHS, 0.0)
_SIMPLE = ("Type1", "TrueType")
_ENCODINGS = (None, "WinAnsiEncoding", "MacRomanEncoding", "StandardEncoding")
_STANDARD = frozenset((
    "Courier", "Courier-Bold", "Courier-BoldOblique", "Courier-Oblique", "Helvetica", "Helvetica-Bold",
    "Helvetica-BoldOblique", "Helvetica-Oblique", "Symbol", "Times-Bold", "Times-BoldItalic", "Times-Italic",
    "Times-Roman", "ZapfDingbats",
))  # fmt: skip


@dataclass(frozen=True)
class Spacing:
    """The text state that moves the pen (9.3): font size, Tc, Tw, and Tz as a factor."""

    size: float
    between: float
    word: float
    scale: float


class Width(NamedTuple):
    """An advance in ems, at least and at most."""

    least: float
    most: float


@dataclass(frozen=True)
class Font:
    """How far the glyphs of a font may reach."""

    every: Glyph
    """Around any glyph, in ems."""
    code_size: int
    """Bytes of one code."""
    widths: Mapping[int, Width] = field(default_factory=dict)
    """By code."""
    default: Width | None = None
    """The width of other codes; None: a text with such a code is refused."""
    glyphs: Mapping[int, Glyph] = field(default_factory=dict)
    """Of single codes, where that is known more closely."""
    low_codes: frozenset[int] = frozenset()
    """Codes that are dots or low lines, of a font whose glyphs are not at hand."""

    def codes(self, text: bytes) -> Sequence[int]:
        """Raises `FormatError` when the string is no whole number of codes."""
        if len(text) % self.code_size:
            raise FormatError("PDF: a text ends inside a code.")
        return text if self.code_size == 1 else [text[i] << 8 | text[i + 1] for i in range(0, len(text), 2)]

    def is_leader(self, text: bytes) -> bool:
        """Whether the text is a row of dots or a low line, as forms have it where something is to be written.

        One glyph again and again: with gaps a page could draw letters of dots.
        """
        codes = self.codes(text)
        if len(codes) < LEADERS or len(set(codes)) != 1:
            return False
        glyph = self.glyphs.get(codes[0])
        if glyph is None:
            return codes[0] in self.low_codes
        return LOW[0] <= glyph.box.y0 and glyph.box.y1 <= LOW[1]

    def reach(self, text: bytes, spacing: Spacing) -> tuple[Box, float, float]:
        """A rectangle around glyphs and advances, from a pen at 0, and how far the pen moves, at least and at most.

        In units of text space, the size of the font and the scaling applied. Raises `FormatError`.
        """
        across, size, scale = spacing.size * spacing.scale, spacing.size, spacing.scale
        left = right = low = high = 0.0
        first = last = 0.0  # the pen is between these
        for code in self.codes(text):
            width = self.widths.get(code, self.default)
            if width is None:
                raise FormatError("PDF: a text has a code for which its font states no width.")
            x0, y0, x1, y1 = _drawn(self.glyphs.get(code, self.every), width)
            ends = (x0 * across, x1 * across)
            left, right = min(left, first + min(ends)), max(right, last + max(ends))
            low, high = min(low, y0), max(high, y1)
            gap = more = spacing.between
            if code == _SPACE:
                more += spacing.word
                gap = more if self.code_size == 1 else gap  # some readers give a code of two bytes its space, too
            moves = [(w * size + g) * scale for w in width for g in (gap, more)]
            first += min(moves)
            last += max(moves)
            left, right = min(left, first), max(right, last)
        return Box(left, min(low * size, high * size), right, max(low * size, high * size)), first, last


def _drawn(glyph: Glyph, width: Width) -> Box:
    """Around what a reader may draw for a code: the glyph, squeezed into its width or centred there, or another."""
    box, advance = glyph
    centred = max(0.0, width.most - advance) / 2
    replaced = width.most + OVERHANG if width.least >= NARROW else REPLACED_GLYPHS.x1
    return Box(
        min(box.x0, REPLACED_GLYPHS.x0),
        min(box.y0, REPLACED_GLYPHS.y0),
        max(box.x1 + centred, replaced, width.most),
        max(box.y1, REPLACED_GLYPHS.y1),
    )


def font_of(reader: Reader, value: Value, revision: int, work: Work) -> Font:
    """The font behind a resource. Raises `FormatError`, `LimitExceeded`."""
    font = reader.dictionary(value, revision)
    kind = reader.resolve(font.get("Subtype"), revision)
    name = reader.resolve(font.get("BaseFont"), revision)
    work.take(len(name) if isinstance(name, str) else 1)
    if not isinstance(name, str) or is_tricky_name(name):
        raise FormatError("PDF: a font has no name, or the name of one that only its programs draw.")
    if kind == "Type0":
        return _composite(reader, font, revision, work)
    if kind not in _SIMPLE:
        raise FormatError(f"PDF: how far a font of type {kind!r} draws is not known here.")
    if font.get("Widths") is None and name in _STANDARD and font.get("FontDescriptor") is None:
        _check_names(reader, font, revision)
        return Font(_COMMON, 1, {}, Width(0.0, MAX_ADVANCE), low_codes=_low_codes(name))
    widths = _simple_widths(reader, font, revision, work)
    known = _embedded(reader, font, revision, work)
    if known is None:
        _check_names(reader, font, revision)
        return Font(_COMMON, 1, widths, low_codes=_low_codes(name))
    encoding = reader.resolve(font.get("Encoding"), revision)
    return Font(known.every, 1, widths, None, known.by_code if encoding in _ENCODINGS else {})


def _low_codes(name: str) -> frozenset[int]:
    return _LOW_CODES if name.startswith(_TEXT_FONTS) else frozenset()


def _check_names(reader: Reader, font: Dictionary, revision: int) -> None:
    """Of a font that each reader replaces, /Encoding may not name single glyphs: some are as wide as a line."""
    encoding = reader.resolve(font.get("Encoding"), revision)
    if encoding is not None and not isinstance(encoding, str):
        raise FormatError("PDF: a font that is not embedded chooses its glyphs by names.")


def _simple_widths(reader: Reader, font: Dictionary, revision: int, work: Work) -> dict[int, Width]:
    items, first, last = (reader.resolve(font.get(k), revision) for k in ("Widths", "FirstChar", "LastChar"))
    if not isinstance(items, list) or type(first) is not int or type(last) is not int:
        raise FormatError("PDF: a font has no usable /Widths, /FirstChar and /LastChar.")
    if not 0 <= first <= last <= 255 or len(items) != last - first + 1:
        raise FormatError(f"PDF: a font has {len(items)} widths for the codes {first} to {last}.")
    work.take(len(items))
    return {first + i: _width(reader, item, revision) for i, item in enumerate(items)}


def _width(reader: Reader, value: Value, revision: int) -> Width:
    number = reader.resolve(value, revision)
    if isinstance(number, bool) or not isinstance(number, int | float) or not 0 <= number <= MAX_WIDTH:
        raise FormatError(f"PDF: the width of a glyph is not between 0 and {MAX_WIDTH}.")
    return Width(floor(number) / 1000, ceil(number) / 1000)  # some readers hold widths as integers


def _composite(reader: Reader, font: Dictionary, revision: int, work: Work) -> Font:
    if reader.resolve(font.get("Encoding"), revision) != "Identity-H":
        raise FormatError("PDF: how a composite font divides a text into codes is not known here.")
    descendants = reader.resolve(font.get("DescendantFonts"), revision)
    if not isinstance(descendants, list) or len(descendants) != 1:
        raise FormatError("PDF: a composite font has no one descendant.")
    inner = reader.dictionary(descendants[0], revision)
    default = _width(reader, inner.get("DW", 1000), revision)
    widths = _cid_widths(reader, inner, revision, work)
    known = _embedded(reader, inner, revision, work)
    if known is None or reader.resolve(inner.get("Subtype"), revision) != "CIDFontType2":
        raise FormatError("PDF: a composite font has no TrueType outlines of its own.")
    direct = reader.resolve(inner.get("CIDToGIDMap"), revision) == "Identity"
    return Font(known.every, 2, widths, default, known.by_number if direct else {})


def _cid_widths(reader: Reader, font: Dictionary, revision: int, work: Work) -> dict[int, Width]:
    """/W: `c [w1 w2 …]` or `first last w` (9.7.4.3), no CID twice: readers take the first or the last."""
    items = reader.resolve(font.get("W"), revision)
    if items is None:
        return {}
    if not isinstance(items, list):
        raise FormatError("PDF: the widths of a composite font are malformed.")
    work.take(len(items))
    found: dict[int, Width] = {}
    pending = iter(items)
    for item in pending:
        first, second = reader.resolve(item, revision), reader.resolve(next(pending, None), revision)
        if type(first) is int and isinstance(second, list):
            work.take(len(second))
            more = {first + i: _width(reader, w, revision) for i, w in enumerate(second)}
        elif type(first) is int and type(second) is int and 0 <= second - first < MAX_CODES:
            work.take(second - first)
            more = dict.fromkeys(range(first, second + 1), _width(reader, next(pending, None), revision))
        else:
            raise FormatError("PDF: the widths of a composite font are malformed.")
        if not found.keys().isdisjoint(more) or not all(0 <= cid < MAX_CODES for cid in more):
            raise FormatError("PDF: a composite font states a width twice, or for no code.")
        found |= more
    return found


def _embedded(reader: Reader, font: Dictionary, revision: int, work: Work) -> Glyphs | None:
    """The glyphs of an embedded font; None for a font that each reader replaces by its own."""
    descriptor = reader.resolve(font.get("FontDescriptor"), revision)
    if descriptor is None:
        return None
    if not isinstance(descriptor, dict):
        raise FormatError("PDF: a font descriptor is no dictionary.")
    name = reader.resolve(descriptor.get("FontName"), revision)
    work.take(len(name) if isinstance(name, str) else 1)
    if name is not None and (not isinstance(name, str) or is_tricky_name(name)):
        raise FormatError("PDF: a font has the name of one that only its programs draw.")
    programs = [k for k in ("FontFile", "FontFile2", "FontFile3") if descriptor.get(k) is not None]
    if not programs:
        return None
    program = reader.resolve(descriptor.get("FontFile2"), revision)
    if programs != ["FontFile2"] or not isinstance(program, Stream):
        raise FormatError("PDF: the outlines of an embedded font are of a kind that is not read here.")
    reference = descriptor["FontFile2"]
    key = (reference.number, revision) if isinstance(reference, Ref) else None
    if key is None or (known := work.glyphs.get(key)) is None:
        data = decode(program, reader.budget)
        work.take(len(data) // _BYTES_PER_STEP)
        known = read_glyphs(data, work)
        if key is not None:
            work.glyphs[key] = known
    return known
