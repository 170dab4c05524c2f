"""TrueType fonts: measured, subset with fontTools, and embedded so that their text can be read back.

Reach for `Font` (`liberation_serif()` is the one that comes with kyso: metric-compatible with Times New Roman,
SIL OFL 1.1). A font goes into the file as CIDFontType2 with Identity-H and a ToUnicode map (ISO 32000-2 9.7,
9.10.3): only the glyphs used, and every letter extracts as the NFC text that was set. There is no shaping:
Vietnamese needs none in its precomposed form; what the font has no glyph for is refused, never left out.
"""

from __future__ import annotations

import hashlib
import io
import pkgutil
import unicodedata
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache, lru_cache
from typing import TYPE_CHECKING, Final

from ...errors import KysoError, UsageError
from .extra import needed
from .objects import Link, Objects

if TYPE_CHECKING:
    from fontTools.ttLib import TTFont

MAX_FONT: Final = 64 << 20  # bytes; the largest fonts of common use (all of CJK) have 20 to 40 MB
_RESTRICTED, _NO_SUBSET, _BITMAP_ONLY = 0x0002, 0x0100, 0x0200  # OS/2 fsType
_SYMBOLIC: Final = 4  # font descriptor flag: glyphs are chosen by number, not by a standard encoding (table 121)
_DROPPED: Final = ("name", "post", "OS/2", "DSIG", "GDEF", "GPOS", "GSUB", "kern", "gasp", "FFTM", "meta")


@dataclass(frozen=True)
class Font:
    """A TrueType font as its file's octets."""

    data: bytes

    @property
    def face(self) -> _Face:
        """What is measured. Raises `UsageError` for a font that cannot be used."""
        return _face(self.data)

    def width(self, text: str, size: float) -> float:
        """How far the text goes, in points."""
        return sum(self.face.advance(c) for c in text) * size / 1000

    def embed(self, objects: Objects, text: str) -> tuple[Link, dict[str, int]]:
        """Adds the font with the glyphs of `text`; its reference, and the glyph of each character in it."""
        subset = _subset(self.data, "".join(sorted(set(text))))
        return subset.add_to(objects), subset.glyphs


@cache
def liberation_serif() -> Font:
    """Liberation Serif Regular 2.1.5, as it comes with kyso."""
    data = pkgutil.get_data(__package__, "fonts/LiberationSerif-Regular.ttf")
    assert data is not None  # noqa: S101 - the package's own data
    return Font(data)


def composed(text: str) -> str:
    """The text in NFC (TCVN 6909), without characters that cannot be drawn. Raises `UsageError`."""
    text = unicodedata.normalize("NFC", text.replace("\u00a0", " ").replace("\t", " "))
    for character in text:
        if character != "\n" and unicodedata.category(character) in ("Cc", "Cf", "Co", "Cs", "Cn"):
            raise UsageError(f"The character U+{ord(character):04X} cannot be part of a stamp's text.")
    return text


class _Face:
    """The measures of a font, in thousandths of the type size."""

    def __init__(self, data: bytes) -> None:
        font = _opened(data)
        self._scale = 1000 / font["head"].unitsPerEm
        self._names: dict[int, str] = font.getBestCmap() or {}
        self._advances = font["hmtx"].metrics
        self._outlines = font["glyf"]
        self.ascent = font["hhea"].ascent * self._scale
        self.descent = -font["hhea"].descent * self._scale

    def advance(self, character: str) -> float:
        return float(self._advances[self._glyph(character)][0] * self._scale)

    def top(self, text: str) -> float:
        """How high the ink of this text goes over the baseline."""
        names = [self._glyph(c) for c in text]
        with _reading():
            tops = [getattr(self._outlines[name], "yMax", 0) for name in names]
        return float(max(tops, default=0) * self._scale)

    def _glyph(self, character: str) -> str:
        name = self._names.get(ord(character))
        if name is None:
            raise UsageError(
                f"The font has no letter {character!r} (U+{ord(character):04X}).",
                remedy="Choose a font with all Vietnamese letters, or change the text.",
            )
        return name


@lru_cache(maxsize=8)  # an agency uses one font or two
def _face(data: bytes) -> _Face:
    with _reading():
        return _Face(data)


@contextmanager
def _reading() -> Iterator[None]:
    """Whatever fontTools raises over a damaged font is one error of ours; it reads tables when they are used."""
    try:
        yield
    except KysoError:
        raise
    except ModuleNotFoundError:
        raise
    except Exception as e:  # noqa: BLE001 - damaged tables make fontTools raise whatever Python raises
        raise UsageError(f"The font cannot be read: {e}.", remedy="Use a TrueType font, a .ttf file.") from None


def _opened(data: bytes) -> TTFont:
    """The font, checked. Timestamps are kept, so that the same font gives the same subset."""
    if len(data) > MAX_FONT:
        raise UsageError(f"The font has {len(data)} bytes; at most {MAX_FONT} are read.")
    with needed("Text on a stamp"):
        from fontTools.ttLib import TTFont
    with _reading():
        font = TTFont(io.BytesIO(data), recalcTimestamp=False, lazy=True)
        tables = set(font.keys())
        rights = int(font["OS/2"].fsType) if "OS/2" in tables else 0
        broken = not {"glyf", "loca", "head", "hhea", "hmtx", "maxp", "cmap"} <= tables
    if broken:
        raise UsageError(
            "The font has no TrueType outlines.", remedy="Use a TrueType font (.ttf), not a .otf or .ttc."
        )
    if rights & (_RESTRICTED | _BITMAP_ONLY | _NO_SUBSET):
        raise UsageError(
            "The font's maker does not allow it to be embedded in part.",
            remedy="Use another font, or none: Liberation Serif comes with kyso.",
        )
    return font


@dataclass(frozen=True)
class _Subset:
    """The part of a font that some text needs."""

    name: str
    program: bytes
    glyphs: dict[str, int]
    widths: tuple[float, ...]
    """By glyph, in thousandths."""
    box: tuple[float, ...]
    ascent: float
    descent: float
    cap_height: float
    italic_angle: float

    def add_to(self, objects: Objects) -> Link:
        """The composite font (ISO 32000-2 9.7)."""
        program = objects.add_stream({"Length1": len(self.program)}, self.program)
        count = len(self.widths)
        listed = objects.add_stream({}, _bits(count))
        descriptor = objects.add(
            {
                "Type": "FontDescriptor",
                "FontName": self.name,
                "Flags": _SYMBOLIC,
                "FontBBox": [round(n) for n in self.box],
                "ItalicAngle": self.italic_angle,
                "Ascent": round(self.ascent),
                "Descent": round(-self.descent),
                "CapHeight": round(self.cap_height),
                "StemV": 80,  # a typical value of a roman face; readers use it only when they replace the font
                "FontFile2": program,
                "CIDSet": listed,  # demanded by PDF/A-1 (ISO 19005-1 6.3.5)
            }
        )
        descendant = objects.add(
            {
                "Type": "Font",
                "Subtype": "CIDFontType2",
                "BaseFont": self.name,
                "CIDSystemInfo": {"Registry": b"Adobe", "Ordering": b"Identity", "Supplement": 0},
                "FontDescriptor": descriptor,
                "DW": 1000,
                "W": [0, list(self.widths)],
                "CIDToGIDMap": "Identity",
            }
        )
        return objects.add(
            {
                "Type": "Font",
                "Subtype": "Type0",
                "BaseFont": self.name,
                "Encoding": "Identity-H",
                "DescendantFonts": [descendant],
                "ToUnicode": objects.add_stream({}, self._to_unicode()),
            }
        )

    def _to_unicode(self) -> bytes:
        """The map back from glyphs to text (9.10.3), at most 100 in a block."""
        rows = [f"<{g:04X}> <{c.encode('utf-16-be').hex().upper()}>" for c, g in sorted(self.glyphs.items())]
        blocks = [rows[i : i + 100] for i in range(0, len(rows), 100)]
        body = "".join(f"{len(b)} beginbfchar\n" + "\n".join(b) + "\nendbfchar\n" for b in blocks)
        return (
            "/CIDInit /ProcSet findresource begin\n12 dict begin\nbegincmap\n"
            "/CIDSystemInfo << /Registry (Adobe) /Ordering (UCS) /Supplement 0 >> def\n"
            "/CMapName /Adobe-Identity-UCS def\n/CMapType 2 def\n"
            f"1 begincodespacerange\n<0000> <FFFF>\nendcodespacerange\n{body}"
            "endcmap\nCMapName currentdict /CMap defineresource pop\nend\nend\n"
        ).encode("ascii")


def _bits(count: int) -> bytes:
    """/CIDSet: one bit for each glyph, all of them there."""
    return (((1 << count) - 1) << (-count % 8)).to_bytes((count + 7) // 8, "big")


@lru_cache(maxsize=64)  # a batch sets the same letters again and again; a subset takes 20 ms
def _subset(data: bytes, characters: str) -> _Subset:
    with _reading():
        return _made(data, characters)


def _made(data: bytes, characters: str) -> _Subset:
    font = _opened(data)
    with needed("Text on a stamp"):
        from fontTools.subset import Options, Subsetter
    options = Options()
    options.drop_tables = list(_DROPPED)
    options.layout_features = []
    options.hinting = False
    options.notdef_outline = True
    options.glyph_names = True  # else the glyphs are renamed while we look for them
    options.recalc_timestamp = False
    cmap = dict(font.getBestCmap() or {})
    scale = 1000 / font["head"].unitsPerEm
    os2 = font.get("OS/2", None)
    cap_height = getattr(os2, "sCapHeight", None) or font["hhea"].ascent
    angle = float(font["post"].italicAngle) if "post" in font else 0.0
    family = _postscript_name(font)
    subsetter = Subsetter(options)
    subsetter.populate(unicodes=[ord(c) for c in characters])
    subsetter.subset(font)
    del font["cmap"]  # the glyphs are chosen by number
    out = io.BytesIO()
    font.save(out, reorderTables=True)
    order = font.getGlyphOrder()
    head, hhea = font["head"], font["hhea"]
    tag = hashlib.sha256(data + characters.encode("utf-8")).digest()
    return _Subset(
        name="".join(chr(ord("A") + b % 26) for b in tag[:6]) + "+" + family,
        program=out.getvalue(),
        glyphs={c: order.index(cmap[ord(c)]) for c in characters if c != "\n"},
        widths=tuple(round(font["hmtx"].metrics[name][0] * scale, 3) for name in order),
        box=tuple(n * scale for n in (head.xMin, head.yMin, head.xMax, head.yMax)),
        ascent=hhea.ascent * scale,
        descent=-hhea.descent * scale,
        cap_height=cap_height * scale,
        italic_angle=angle,
    )


def _postscript_name(font: TTFont) -> str:
    name = str(font["name"].getDebugName(6) or "") if "name" in font else ""
    return "".join(c for c in name if (c.isascii() and c.isalnum()) or c == "-")[:63] or "Font"
