"""R1: small files in which finding out what lies under a seal would cost far more than their size."""

from __future__ import annotations

import struct

from tests.pki.pdf.samples import BODIES, deflated, signed, stream, table_pdf

from .attack import Attack, attack
from .sealing import truly_sealed

ATTACKS: list[Attack] = []
UNTOLD = "cannot be told without drawing it"
BLANK = b"300 300 400 400"
SEGMENTS = 32_766
FONT = (
    b"<</Type/Font/Subtype/TrueType/BaseFont/L/FirstChar 0/LastChar 0/Widths[500]/FontDescriptor<<"
    b"/Type/FontDescriptor/FontName/L/Flags 4/FontBBox[0 0 1 1]/FontFile2 6 0 R>>>>"
)


def program_with(more: dict[bytes, bytes]) -> bytes:
    """A TrueType font with one empty glyph."""
    tables = {
        b"head": struct.pack(">18xH30xh2x", 1000, 0),
        b"maxp": struct.pack(">IH26x", 0x10000, 1),
        b"hhea": struct.pack(">34xH", 1),
        b"glyf": bytes(4),
        b"hmtx": bytes(4),
        b"loca": bytes(4),
        **more,
    }
    directory, body = struct.pack(">4sH6x", b"\0\1\0\0", len(tables)), b""
    for tag, data in tables.items():
        directory += struct.pack(">4sIII", tag, 0, 12 + 16 * len(tables) + len(body), len(data))
        body += data + bytes(-len(data) % 4)
    return directory + body


@attack(ATTACKS, change="overlay", words=UNTOLD)
def a_character_map_of_segments_that_all_hold_every_code() -> bytes:
    """R1: "work stays linear in the input": each of 32,766 segments would be asked for 1,024 codes."""
    zeros = bytes(2 * SEGMENTS)
    segments = struct.pack(">7H", 4, 0, 0, 2 * SEGMENTS, 0, 0, 0) + b"\xff" * len(zeros) + bytes(2) + 3 * zeros
    program = program_with({b"cmap": struct.pack(">HHHHI", 0, 1, 3, 1, 12) + segments})
    bodies = {4: stream(b"BT /F1 1 Tf ET"), 5: FONT, 6: deflated(program, b"/Length1 %d" % len(program))}
    return truly_sealed(signed(table_pdf({**BODIES, **bodies})), BLANK)
