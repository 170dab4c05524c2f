"""P8 to P10: fonts whose glyphs or widths readers take differently, under a later true seal."""

from __future__ import annotations

import struct
from typing import Final

from tests.pki.pdf.samples import stream

from .attack import Attack
from .elaborate import program_with
from .paper import PAY, TOUCHED, Paper, on_paper

ATTACKS: list[Attack] = []
_DESCRIPTOR = b"<</Type/FontDescriptor/FontName/L/Flags 4/FontBBox[0 0 1 1]%s>>"
_SYSTEM = b"/CIDSystemInfo<</Registry(Adobe)/Ordering(Identity)/Supplement 0>>"


def simple(first: int, last: int, widths: bytes, more: bytes = b"") -> bytes:
    return b"<</Type/Font/Subtype/Type1/BaseFont/Helvetica/FirstChar %d/LastChar %d/Widths[%s]%s>>" % (
        first,
        last,
        widths,
        more,
    )


def composite(more: bytes) -> bytes:
    """A composite font with an embedded program in object 9."""
    descriptor = _DESCRIPTOR % b"/FontFile2 9 0 R"
    return (
        b"<</Type/Font/Subtype/Type0/BaseFont/L/Encoding/Identity-H/DescendantFonts[<</Type/Font/Subtype"
        b"/CIDFontType2/BaseFont/L%s%s/FontDescriptor %s>>]>>" % (_SYSTEM, more, descriptor)
    )


def embedded(program: bytes) -> bytes:
    return stream(program, b"/Length1 %d" % len(program))


def named(name: bytes) -> bytes:
    """A font program whose family has this name."""
    record = struct.pack(">3H6H", 0, 1, 18, 3, 1, 0x409, 1, 2 * len(name), 0)
    return program_with({b"name": record + b"".join(b"\x00%c" % c for c in name)})


MANY: Final = b" ".join([b"500"] * 95)
LETTERS: Final = b"BT /F1 12 Tf 310 350 Td 3 Tr <01> Tj 0 Tr (PAY 100) Tj ET"

WIDTHS: dict[str, tuple[Paper, str]] = {
    "a_width_wider_than_all_glyphs": (
        Paper([b"BT /F1 22 Tf 20 350 Td (A) Tj ET"], font=simple(65, 65, b"30000")),
        "not between 0 and 5000",
    ),
    "a_width_that_wraps_around": (
        Paper([LETTERS], font=simple(1, 95, b"65536 " + MANY[:-4])),
        "not between 0 and 5000",
    ),
    "a_negative_width": (Paper([PAY], font=simple(32, 126, MANY[:-3] + b"-99")), "not between 0 and 5000"),
    "widths_beyond_the_last_code": (Paper([PAY], font=simple(32, 65, MANY)), "95 widths for the codes 32 to 65"),
    "fewer_widths_than_codes": (Paper([PAY], font=simple(32, 255, MANY)), "95 widths for the codes 32 to 255"),
    "codes_beyond_an_octet": (Paper([PAY], font=simple(162, 256, MANY)), "95 widths for the codes"),
    "no_last_code": (
        Paper([PAY], font=simple(32, 126, MANY).replace(b"/LastChar 126", b"")),
        "no usable /Widths",
    ),
    "no_widths_for_a_font_of_its_own": (
        Paper([PAY], font=b"<</Type/Font/Subtype/TrueType/BaseFont/Wingdings>>"),
        "no usable /Widths",
    ),
    "a_code_without_a_width": (Paper([PAY], font=simple(65, 159, MANY)), "states no width"),
    "glyphs_chosen_by_name": (
        Paper([PAY], font=simple(32, 126, MANY, b"/Encoding<</Differences[240/dcroat]>>")),
        "chooses its glyphs by names",
    ),
    "a_composite_font_of_no_outlines": (
        Paper(
            [b"BT /F1 22 Tf 20 350 Td <0024> Tj ET"],
            font=composite(b"/DW 500").replace(b"/FontFile2 9 0 R", b"").replace(b"(Identity)", b"(Japan1)"),
            objects=[embedded(program_with({}))],
        ),
        "no TrueType outlines of its own",
    ),
    "a_width_told_twice": (
        Paper(
            [b"BT /F1 12 Tf 310 350 Td 3 Tr <0003> Tj 0 Tr <0024> Tj ET"],
            font=composite(b"/DW 600/W[3[0]3[4000]]"),
            objects=[embedded(program_with({}))],
        ),
        "states a width twice",
    ),
    "a_width_told_twice_by_ranges": (
        Paper([PAY], font=composite(b"/W[1 9 100 5 6 900]"), objects=[embedded(program_with({}))]),
        "states a width twice",
    ),
    "a_default_width_wider_than_all_glyphs": (
        Paper([PAY], font=composite(b"/DW 30000"), objects=[embedded(program_with({}))]),
        "not between 0 and 5000",
    ),
    "a_font_without_a_size": (Paper([PAY.replace(b" 12 Tf", b" 0 Tf")]), "without a size"),
}
_SQUEEZED = b"BT %s Tm /F1 12 Tf (Pay 100) Tj ET"
WIDTHS |= {
    "a_text_that_is_squeezed_and_turned": (Paper([_SQUEEZED % b"0 0.12 -1 2 296 330"]), "squeezed or askew"),
    "a_text_that_is_squeezed_and_slanted": (Paper([_SQUEEZED % b"1 0 2 0.12 296 330"]), "squeezed or askew"),
}
for _name, (_paper, _words) in WIDTHS.items():
    _rule = "P8, P9: by how much such a text advances, readers do not agree."
    on_paper(ATTACKS, f"a_seal_on_a_page_with_{_name}", _rule, _paper, _words)

_SIMPLE = b"<</Type/Font/Subtype/TrueType/BaseFont/%s/FirstChar 0/LastChar 255/Widths[%s]/FontDescriptor %s>>"
_WIDTHS = b" ".join([b"600"] * 256)


def true_type(
    program: bytes, name: bytes = b"L", descriptor: bytes = b"/FontFile2 9 0 R", content: bytes = PAY
) -> Paper:
    font = _SIMPLE % (name, _WIDTHS, (_DESCRIPTOR % descriptor).replace(b"/FontName/L", b"/FontName/" + name))
    return Paper([content], font=font, objects=[embedded(program)])


AWAY: Final = PAY.replace(b"310 350", b"40 100")
HUA_TIAN: Final = {b"cvt ": bytes(8), b"fpgm": bytes(0xBEA2), b"prep": bytes(8)}
TRICKY: Final = {
    "by_the_name_in_the_file": true_type(program_with({}), b"ABCDEF+MingLiU", content=AWAY),
    "by_the_beginning_of_its_name": true_type(program_with({}), b"ABCDEF+DFKai", content=AWAY),
    "by_the_family_in_the_font": true_type(named(b"PMingLiU"), content=AWAY),
    "by_the_tables_in_the_font": true_type(program_with(HUA_TIAN), content=AWAY),
}
for _name, _paper in TRICKY.items():
    on_paper(
        ATTACKS,
        f"a_seal_on_a_page_with_a_font_that_is_tricky_{_name}",
        "P8, P9, P10: FreeType always runs the programs of such a font, which move every glyph to another place.",
        _paper,
        "only its programs draw",
    )

REPLACED: Final = {
    "of_empty_glyphs": true_type(program_with({})),
    "of_empty_glyphs_drawn_from_the_right": true_type(
        program_with({}), content=b"BT /F1 12 Tf -100 Tz 415 350 Td (Pay 100) Tj ET"
    ),
}
for _name, _paper in REPLACED.items():
    on_paper(
        ATTACKS,
        f"a_seal_over_a_text_in_a_font_{_name}",
        "P8, P9: a reader that cannot load an embedded font shows the text in another.",
        _paper,
        TOUCHED,
    )
