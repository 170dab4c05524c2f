"""Which glyphs a code of a simple TrueType font may mean: by every character map that the font has.

Reach for `candidates`. Readers do not agree on the map that they take, nor on the encoding by which a code becomes a
character (ISO 32000-2 9.6.5.4), so all of them count.
"""

from __future__ import annotations

import struct
from bisect import bisect_left, bisect_right
from collections.abc import Sequence
from functools import cache
from typing import Final

from ...errors import FormatError
from .budget import Work

MAX_MAPS: Final = 16
_PLACES: Final = (0xF000, 0xF100, 0xF200)  # where symbolic fonts put their codes
_ENCODINGS: Final = ("cp1252", "mac_roman", "latin-1")
_STANDARD: Final = dict(zip(  # StandardEncoding where it differs from all of these (Annex D.2)
    (0x27, 0x60, 0xA4, 0xA6, 0xA8, 0xA9, 0xAA, 0xAC, 0xAD, 0xAE, 0xAF, 0xB1, 0xB2, 0xB3, 0xB4, 0xB7, 0xB8, 0xB9, 0xBA,
     0xBC, 0xBD, 0xC1, 0xC2, 0xC3, 0xC4, 0xC5, 0xC6, 0xC7, 0xC8, 0xCA, 0xCB, 0xCD, 0xCE, 0xCF, 0xD0, 0xE1, 0xE3, 0xE8,
     0xE9, 0xEA, 0xEB, 0xF1, 0xF5, 0xF8, 0xF9, 0xFA, 0xFB),
    "’‘⁄ƒ¤'“‹›ﬁﬂ–†‡·•‚„”…‰`´ˆ˜¯˘˙¨˚¸˝˛ˇ—ÆªŁØŒºæıłøœß",
    strict=True,
))  # fmt: skip


@cache
def _keys() -> tuple[frozenset[int], ...]:
    """What each code may be looked up as in a character map: itself, a character, or that one's code elsewhere."""
    found = []
    for code in range(256):
        octet = bytes((code,))
        characters = {octet.decode(e, "ignore") for e in _ENCODINGS} | {_STANDARD.get(code, "")}
        codes = {c.encode(e, "ignore") for c in characters for e in _ENCODINGS}
        keys = {ord(c) for c in characters if c} | {c[0] for c in codes if c}
        found.append(frozenset({code, *keys, *(place + code for place in _PLACES)}))
    return tuple(found)


def candidates(font: bytes, cmap: int, work: Work) -> dict[int, frozenset[int]]:
    """Glyphs by code, 0 to 255; none at all where one map is in a format that is not read here.

    Raises `FormatError` for a malformed map, `struct.error`.
    """
    (count,) = struct.unpack_from(">H", font, cmap + 2)
    if count > MAX_MAPS:
        raise FormatError("PDF: an embedded font has too many character maps.")
    places = {struct.unpack_from(">I", font, cmap + 4 + 8 * i + 4)[0] for i in range(count)}
    wanted = sorted(frozenset().union(*_keys()))
    found: dict[int, set[int]] = {}
    for place in sorted(places):
        work.take(2048)
        glyph_of = _read(font, cmap + place, wanted, work)
        if glyph_of is None:
            return {}
        for code, keys in enumerate(_keys()):
            if glyphs := {g for k in keys if (g := glyph_of.get(k))}:
                found.setdefault(code, set()).update(glyphs)
    return {code: frozenset(glyphs) for code, glyphs in found.items()}


def _read(font: bytes, at: int, wanted: Sequence[int], work: Work) -> dict[int, int] | None:
    """One map, restricted to what is asked for."""
    (kind,) = struct.unpack_from(">H", font, at)
    if kind == 0:
        return dict(enumerate(struct.unpack_from(">256B", font, at + 6)))
    if kind == 6:
        first, count = struct.unpack_from(">HH", font, at + 6)
        work.take(count)
        return {first + i: g for i, g in enumerate(struct.unpack_from(f">{count}H", font, at + 10))}
    if kind == 4:
        return _segments(font, at, wanted, work)
    return None


def _segments(font: bytes, at: int, wanted: Sequence[int], work: Work) -> dict[int, int]:
    """Format 4."""
    count = struct.unpack_from(">H", font, at + 6)[0] // 2
    work.take(4 * count)
    ends = struct.unpack_from(f">{count}H", font, at + 14)
    starts = struct.unpack_from(f">{count}H", font, at + 16 + 2 * count)
    deltas = struct.unpack_from(f">{count}H", font, at + 16 + 4 * count)
    ranges_at = at + 16 + 6 * count
    ranges = struct.unpack_from(f">{count}H", font, ranges_at)
    found: dict[int, int] = {}
    last = -1
    for i in range(count):
        if not last < starts[i] <= ends[i]:
            raise FormatError("PDF: the character map of an embedded font is malformed.")
        last = ends[i]
        for code in wanted[bisect_left(wanted, starts[i]) : bisect_right(wanted, ends[i])]:
            glyph = code
            if ranges[i]:
                (glyph,) = struct.unpack_from(">H", font, ranges_at + 2 * i + ranges[i] + 2 * (code - starts[i]))
                if not glyph:
                    continue
            found[code] = (glyph + deltas[i]) & 0xFFFF
    return found
