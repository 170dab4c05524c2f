"""Which glyphs a code of a simple TrueType font may mean: by every character map that the font has.

Reach for `candidates`. Readers do not agree on the map that they take (ISO 32000-2 9.6.5.4), so all of them count.
"""

from __future__ import annotations

import struct
from typing import Final

from ...errors import FormatError
from .budget import Work

MAX_MAPS: Final = 16
_OFFSETS: Final = (0, 0xF000, 0xF100, 0xF200)  # where symbolic fonts put their codes


def candidates(font: bytes, cmap: int, work: Work) -> dict[int, frozenset[int]]:
    """Glyphs by code, 0 to 255. Raises `FormatError` for a map in a format that is not read, `struct.error`."""
    (count,) = struct.unpack_from(">H", font, cmap + 2)
    if count > MAX_MAPS:
        raise FormatError("PDF: an embedded font has too many character maps.")
    places = {struct.unpack_from(">I", font, cmap + 4 + 8 * i + 4)[0] for i in range(count)}
    found: dict[int, set[int]] = {}
    for place in sorted(places):
        work.take(256 * len(_OFFSETS))
        glyph_of = _reader(font, cmap + place, work)
        for code in range(256):
            for offset in _OFFSETS:
                if glyph := glyph_of.get(code + offset):
                    found.setdefault(code, set()).add(glyph)
    return {code: frozenset(glyphs) for code, glyphs in found.items()}


def _reader(font: bytes, at: int, work: Work) -> dict[int, int]:
    """One map, restricted to the codes that are asked for."""
    (kind,) = struct.unpack_from(">H", font, at)
    if kind == 0:
        return dict(enumerate(struct.unpack_from(">256B", font, at + 6)))
    if kind == 6:
        first, count = struct.unpack_from(">HH", font, at + 6)
        work.take(count)
        return {first + i: g for i, g in enumerate(struct.unpack_from(f">{count}H", font, at + 10))}
    if kind == 4:
        return _segments(font, at, work)
    raise FormatError(f"PDF: an embedded font has a character map of format {kind}.")


def _segments(font: bytes, at: int, work: Work) -> dict[int, int]:
    """Format 4."""
    count = struct.unpack_from(">H", font, at + 6)[0] // 2
    work.take(4 * count)
    ends = struct.unpack_from(f">{count}H", font, at + 14)
    starts = struct.unpack_from(f">{count}H", font, at + 16 + 2 * count)
    deltas = struct.unpack_from(f">{count}H", font, at + 16 + 4 * count)
    ranges_at = at + 16 + 6 * count
    ranges = struct.unpack_from(f">{count}H", font, ranges_at)
    found: dict[int, int] = {}
    for i in range(count):
        if starts[i] > ends[i]:
            raise FormatError("PDF: the character map of an embedded font is malformed.")
        for first in _OFFSETS:
            codes = range(max(starts[i], first), min(ends[i], first + 255) + 1)
            work.take(len(codes))
            for code in codes:
                glyph = code
                if ranges[i]:
                    (glyph,) = struct.unpack_from(">H", font, ranges_at + 2 * i + ranges[i] + 2 * (code - starts[i]))
                    if not glyph:
                        continue
                found[code] = (glyph + deltas[i]) & 0xFFFF
    return found
