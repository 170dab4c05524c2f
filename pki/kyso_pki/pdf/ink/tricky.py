"""TrueType fonts whose outlines are nothing before their programs have moved them.

FreeType runs the programs of such fonts even where a reader asks for plain outlines. It knows them by the family
name, or by length and checksum of three tables (src/truetype/ttobjs.c); MuPDF by the name in the PDF file. Names and
lengths are compared here, which refuses a little more: what these fonts draw cannot be told from their points.
"""

from __future__ import annotations

import struct
from collections.abc import Mapping
from typing import Final

from .budget import Work

_FAMILIES: Final = (
    "cpop", "DFGirl-W6-WIN-BF", "DFGothic-EB", "DFGyoSho-Lt", "DFHei", "DFHSGothic-W5", "DFHSMincho-W", "DFKaiSho-SB",
    "DFKaiShu", "DFKai-SB", "DFMing", "DLC", "HuaTian", "Ming(for ISO10646)", "MingLi", "MingMedium",
)  # fmt: skip
_NAMES: Final = frozenset((1, 4, 6, 16, 21))  # of the name table: families, the full name, the PostScript name
_BYTES_PER_STEP: Final = 8  # of names
_LENGTHS: Final = frozenset((  # of cvt, fpgm and prep
    (0x2E4, 0x87C4, 0x1E1), (0x350, 0x87A7, 0x758), (0x350, 0xBC85, 0x45), (0x350, 0x715F, 0x3BC),
    (0x350, 0x7940, 0x5FF), (0x350, 0x859B, 0x2CB), (0x350, 0x7EE1, 0x41F), (0x350, 0x9063, 0x7E),
    (0x350, 0x8998, 0x7E), (0x360, 0xC06E, 0x82), (0x350, 0x74AD, 0x37B), (0x308, 0x8E2A, 0x7A),
    (0x308, 0x676F, 0x3B8), (0x8, 0xBEA2, 0x8), (0x8, 0x17C39, 0x8), (0, 0xE5, 0x117C), (0, 0xE5, 0xF6A),
    (0, 0x19D, 0x2492), (0, 0xE5, 0x1CAA), (0, 0x19D, 0x1DE8), (0, 0x1CB, 0x1F9A), (0, 0x141, 0x2280),
    (0, 0x1F0, 0x1FCA), (0, 0x166, 0x22B0), (0, 0x19D, 0x22E0), (0, 0x1C2, 0x1E18), (0x60, 0x58AA, 0x35),
    (0x350, 0x6A4E, 0x380), (0x350, 0x70A9, 0x25C),
))  # fmt: skip


def is_tricky_name(name: str) -> bool:
    """Whether a reader may take the font for one of them by what the PDF file calls it, subset prefix included."""
    own = name.rpartition("+")[2]
    return own.startswith(("DF", "DLC")) or any(family in name for family in _FAMILIES)


def is_tricky(font: bytes, tables: Mapping[bytes, tuple[int, int]], work: Work) -> bool:
    """`tables`: offset and length of each. Raises `LimitExceeded`, `struct.error` for a malformed table of names."""
    lengths = tuple(tables[tag][1] if tag in tables else 0 for tag in (b"cvt ", b"fpgm", b"prep"))
    return lengths in _LENGTHS or any(map(is_tricky_name, _names(font, tables, work)))


def _names(font: bytes, tables: Mapping[bytes, tuple[int, int]], work: Work) -> list[str]:
    """Those that a reader may take for the family, in ASCII, whatever their encoding is."""
    if b"name" not in tables:
        return []
    start = tables[b"name"][0]
    _, count, texts = struct.unpack_from(">3H", font, start)
    work.take(count)
    found = []
    for i in range(count):
        *_, kind, length, offset = struct.unpack_from(">6H", font, start + 6 + 12 * i)
        if kind in _NAMES:
            work.take(1 + length // _BYTES_PER_STEP)
            text = font[start + texts + offset : start + texts + offset + length]
            found.append(text.replace(b"\x00", b"").decode("latin-1"))
    return found
