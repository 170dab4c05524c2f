"""P5: fonts and pages of which each reader shows other letters, or another part; the second page has one of them.

Each was drawn with Poppler 22.12, MuPDF 1.21, PDFium and Ghostscript 10.00, which do not show the same; ADR 41.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial

from tests.pki.pdf.samples import append, deflated, stream, table_pdf

from .attack import Attack, hand_signed, variant
from .brought_back import PAGE_2, PAGES, SIGNED
from .elaborate import program_with

ATTACKS: list[Attack] = []
HONEST: dict[str, Callable[[], bytes]] = {}
FONT_RULE = 'P5: "a lenient and a strict reading differ": each reader shows other letters in such a font.'
SHAPE_RULE = 'P5: "a lenient and a strict reading differ": each reader cuts off another part of such a page.'
NOTHING = dict.fromkeys(range(10, 16), b"null")


def signed_page(bodies: Mapping[int, bytes]) -> bytes:
    """Two pages; objects 8 (content) and 9 (page) are those of the second, 10 to 15 are free."""
    return hand_signed(append(table_pdf({**PAGES, **NOTHING, **bodies}), SIGNED))


# Fonts ------------------------------------------------------------------------------------------------------

IN_ANOTHER_FONT = PAGE_2.replace(b"/F1 5 0 R", b"/F1 10 0 R")
SYSTEM = b"/CIDSystemInfo<</Registry(Adobe)/Ordering(Identity)/Supplement 0>>"
ENCODING = b"/Encoding/Identity-H"
BELOW = b"/DescendantFonts[11 0 R]"
COMPOSITE = b"<</Type/Font/Subtype/Type0/BaseFont/L" + ENCODING + BELOW + b">>"
DESCENDANT = b"<</Type/Font/Subtype/CIDFontType2/BaseFont/L/DW 500" + SYSTEM + b"/FontDescriptor 12 0 R>>"
DESCRIPTOR = (
    b"<</Type/FontDescriptor/FontName/L/Flags 4/FontBBox[0 -200 1000 900]/ItalicAngle 0/Ascent 900/Descent -200"
    b"/CapHeight 700/StemV 80/FontFile2 13 0 R>>"
)
SIMPLE = b"<</Type/Font/Subtype/Type1/BaseFont/Helvetica%s>>"
SPACE_OF_CODES = b"1 begincodespacerange <0000> <ffff> endcodespacerange\n"
CIDS = b"1 begincidrange <0000> <ffff> 0 endcidrange\n"


def in_font(font: bytes, more: Mapping[int, bytes] | None = None) -> bytes:
    return signed_page({9: IN_ANOTHER_FONT, 10: font, **(more or {})})


def composite(more: Mapping[int, bytes] | None = None) -> bytes:
    """Letters by the numbers of the glyphs of an embedded TrueType font."""
    program = program_with({})
    content = deflated(b"BT /F1 12 Tf 72 720 Td <002400250026> Tj ET")
    bodies = {11: DESCENDANT, 12: DESCRIPTOR, 13: deflated(program, b"/Length1 %d" % len(program)), 8: content}
    return signed_page({9: IN_ANOTHER_FONT, 10: COMPOSITE, **bodies, **(more or {})})


def mapped(cmap: bytes, entries: bytes = b"") -> bytes:
    """The same, by a CMap in the file."""
    head = b"/CIDInit/ProcSet findresource begin 12 dict begin begincmap /CMapType 1 def\n"
    data = head + cmap + b"endcmap end end"
    font = COMPOSITE.replace(ENCODING, b"/Encoding 14 0 R")
    return composite({10: font, 14: deflated(data, b"/Type/CMap/CMapName/X" + SYSTEM + entries)})


def _font(name: str, make: Callable[[], bytes], words: str) -> None:
    variant(ATTACKS, f"a_font_{name}", FONT_RULE, make, finding="FONT_MALFORMED", words=words)


for _name, _old, _new, _words in (
    ("with_an_encoding_nobody_knows", ENCODING, b"/Encoding/Identity-X", "/Encoding is 'Identity-X'"),
    ("with_the_encoding_of_no_direction", ENCODING, b"/Encoding/Identity", "/Encoding is 'Identity'"),
    ("with_an_encoding_of_simple_ones", ENCODING, b"/Encoding/WinAnsiEncoding", "/Encoding is"),
    ("with_a_dictionary_for_its_encoding", ENCODING, b"/Encoding<</Differences[1/A]>>", "no /Encoding"),
    ("with_text_for_its_encoding", ENCODING, b"/Encoding(Identity-H)", "no /Encoding"),
    ("without_an_encoding", ENCODING, b"", "no /Encoding"),
    ("of_two_descendants", BELOW, b"/DescendantFonts[11 0 R 14 0 R]", "no array of one font"),
    ("of_no_descendant", BELOW, b"/DescendantFonts[]", "no array of one font"),
    ("without_descendants", BELOW, b"", "no array of one font"),
    ("whose_descendant_is_no_array", BELOW, b"/DescendantFonts 11 0 R", "no array of one font"),
    ("whose_descendant_is_null", BELOW, b"/DescendantFonts[null]", "below it is none"),
):
    _font(_name, partial(composite, {10: COMPOSITE.replace(_old, _new), 14: DESCENDANT}), _words)
for _name, _old, _new, _words in (
    ("whose_descendant_is_simple", b"/CIDFontType2", b"/TrueType", "of the /Subtype 'TrueType'"),
    ("whose_descendant_is_composite", b"/CIDFontType2", b"/Type0", "of the /Subtype 'Type0'"),
    ("whose_descendant_has_no_kind", b"/Subtype/CIDFontType2", b"", "of the /Subtype None"),
    ("whose_descendant_is_no_font", b"/Type/Font", b"", "below it is none"),
    ("of_no_collection", SYSTEM, b"", "no /CIDSystemInfo"),
    ("with_an_unknown_map", SYSTEM, SYSTEM + b"/CIDToGIDMap/Other", "a /CIDToGIDMap that is none"),
    ("of_glyph_numbers_that_is_not_in_the_file", b"/FontDescriptor 12 0 R", b"", "numbers of glyphs"),
    ("for_another_collection_that_is_not_in_the_file", b"/FontDescriptor 12 0 R", b"", "another collection"),
):
    _bodies = {11: DESCENDANT.replace(_old, _new)}
    if "another_collection" in _name:
        _bodies[11] = _bodies[11].replace(b"(Identity)", b"(GB1)")
        _bodies[10] = COMPOSITE.replace(b"/Identity-H", b"/UniJIS-UCS2-H")
    _font(_name, partial(composite, _bodies), _words)
for _name, _cmap, _entries, _words in (
    ("whose_map_uses_another", b"/Identity-H usecmap\n" + CIDS, b"", "goes on in another one"),
    ("whose_map_names_another", SPACE_OF_CODES + CIDS, b"/UseCMap/Identity-H", "goes on in another one"),
    ("whose_map_has_cids_in_hexadecimal", SPACE_OF_CODES + CIDS.replace(b" 0 ", b" <0000> "), b"", "no range"),
    ("whose_map_has_characters", SPACE_OF_CODES + b"1 beginbfchar <0024> <0025> endbfchar\n", b"", "no range"),
    ("whose_map_has_another_count", SPACE_OF_CODES + CIDS.replace(b"1 b", b"2 b"), b"", "more or fewer"),
    ("whose_map_has_no_codes", SPACE_OF_CODES, b"", "has no codes"),
    ("whose_map_has_no_space_of_codes", CIDS, b"", "has no codes"),
    ("whose_map_is_empty", b"", b"", "has no codes"),
    ("whose_map_has_two_directions", SPACE_OF_CODES + CIDS, b"/WMode 1", "in two directions"),
    (
        "whose_map_has_codes_of_two_lengths",
        b"2 begincodespacerange <00> <00> <0000> <ffff> endcodespacerange\n" + CIDS,
        b"",
        "two lengths",
    ),
    (
        "whose_map_has_all_codes_of_four_octets",
        b"1 begincodespacerange <00000000> <ffffffff> endcodespacerange\n"
        b"1 begincidrange <00000000> <ffffffff> 0 endcidrange\n",
        b"",
        "more codes than there are characters",
    ),
):
    _font(_name, partial(mapped, _cmap, _entries), _words)
for _glyph in ("uni0039", "u0039", "nine.alt", "a57", "G39", "nineoldstyle", "afii10017", ".notdef", "Dcroat"):
    _entry = b"/Encoding<</Type/Encoding/Differences[49/%s]>>" % _glyph.encode()
    _called = _glyph.strip(".").replace(".", "_").lower()
    _font(f"whose_one_is_{_called}", partial(in_font, SIMPLE % _entry), f"of the name '{_glyph}'")
_font(
    "whose_digit_above_ascii_has_a_number",
    partial(in_font, SIMPLE % b"/Encoding<</Differences[185/uni0039]>>"),
    "of the name 'uni0039'",
)
for _name, _entry, _words in (
    ("for_experts", b"/Encoding/MacExpertEncoding", "few readers have"),
    ("with_a_real_code", b"/Encoding<</Differences[49.0/nine]>>", "codes and names"),
    ("with_a_glyph_that_is_null", b"/Encoding<</Differences[49 null/nine]>>", "codes and names"),
    ("with_a_dictionary_of_glyphs", b"/Encoding<</Differences<</A/nine>>>>", "are no array"),
):
    _font(_name, partial(in_font, SIMPLE % _entry), _words)
for _name, _body, _words in (
    ("without_a_name", (SIMPLE % b"").replace(b"/BaseFont/Helvetica", b""), "has no name"),
    ("whose_name_is_text", (SIMPLE % b"").replace(b"/Helvetica", b"(Helvetica)"), "has no name"),
    ("that_says_to_draw_its_glyphs", (SIMPLE % b"").replace(b"/Type1", b"/Type3"), "of Type 3"),
    ("that_says_to_be_composite", (SIMPLE % b"").replace(b"/Type1", b"/Type0"), "no array of one font"),
    ("of_no_kind", (SIMPLE % b"").replace(b"/Type1", b"/Other"), "its /Subtype is"),
    (
        "of_signs_and_letters",
        SIMPLE.replace(b"Type1", b"TrueType").replace(b"Helvetica", b"Symbol") % b"/Encoding/WinAnsiEncoding",
        "signs by its name",
    ),
):
    _font(_name, partial(in_font, _body), _words)


for _name, _body in (
    ("that_is_an_array", b"[1]"),
    ("that_is_a_name", b"/Helvetica"),
    ("that_is_null", b"null"),
    ("that_is_a_stream", stream(b"", (SIMPLE % b"")[2:-2])),
):
    variant(
        ATTACKS,
        f"a_font_{_name}",
        FONT_RULE,
        partial(in_font, _body),
        finding="CONTENT_MALFORMED",
        words="there is no font /F1",
    )


def in_a_state() -> bytes:
    """A font that a graphics state chooses (table 57)."""
    page = PAGE_2.replace(b"/Font<<", b"/ExtGState<</G<</Font[10 0 R 12]>>>>/Font<<")
    return signed_page({9: page, 10: SIMPLE % b"/Encoding/MacExpertEncoding"})


def met_before() -> bytes:
    """The resources of the second page are named as a form by the first one."""
    first = PAGES[3].replace(b"/Font<<", b"/XObject<</X 11 0 R>>/Font<<")
    second = PAGE_2[: PAGE_2.index(b"/Resources")] + b"/Resources 11 0 R>>"
    return signed_page(
        {3: first, 9: second, 10: SIMPLE % b"/Encoding/MacExpertEncoding", 11: b"<</Font<</F1 10 0 R>>>>"}
    )


_font("in_a_graphics_state", in_a_state, "few readers")
_font("in_resources_that_were_met_before", met_before, "few readers")

HONEST |= {
    "a composite font": composite,
    "a composite font with a map of its glyphs": lambda: composite(
        {11: DESCENDANT.replace(SYSTEM, SYSTEM + b"/CIDToGIDMap/Identity")}
    ),
    "a composite font whose descendant stands in it": lambda: composite(
        {10: COMPOSITE.replace(b"[11 0 R]", b"[" + DESCENDANT + b"]")}
    ),
    "a composite font with a CMap": lambda: mapped(SPACE_OF_CODES + CIDS),
    "a composite font with a CMap of one octet": lambda: mapped(
        b"1 begincodespacerange <00> <FF> endcodespacerange 1 begincidrange <00> <FF> 0 endcidrange\n"
    ),
    "a composite font with a CMap of two lengths": lambda: mapped(
        b"2 begincodespacerange <00> <7f>\n<8000> <ffff> endcodespacerange\n"
        b"1 begincidrange <00> <7f> 0 endcidrange 2 begincidchar <8000> 200 <8001> 201 endcidchar\n"
        b"1 beginnotdefrange <00> <1f> 1 endnotdefrange\n"
    ),
    "a composite font for Chinese that is not in the file": lambda: composite(
        {
            10: COMPOSITE.replace(b"/Identity-H", b"/UniGB-UCS2-H"),
            11: DESCENDANT.replace(b"(Identity)", b"(GB1)").replace(b"/FontDescriptor 12 0 R", b""),
        }
    ),
    "glyphs by their names": lambda: in_font(
        SIMPLE % b"/Encoding<</Type/Encoding/BaseEncoding/WinAnsiEncoding/Differences[39/quotesingle 128/Euro]>>"
    ),
    "glyphs of another code page": lambda: in_font(
        SIMPLE % b"/Encoding<</Differences[128/Euro 140/Sacute/Tcaron 208/Dcroat 240/dcroat/.notdef/uhorn]>>"
    ),
    "signs": lambda: in_font(SIMPLE.replace(b"Helvetica", b"Symbol") % b"/Encoding<</Differences[65/alpha]>>"),
    "a font that is null and not asked for": lambda: signed_page({9: PAGE_2.replace(b"/F1", b"/F2 10 0 R/F1")}),
}

# Boxes ------------------------------------------------------------------------------------------------------

MEDIA = b"/MediaBox[0 0 595 842]"


def shaped(old: bytes, new: bytes) -> bytes:
    return signed_page({9: PAGE_2.replace(old, new), 10: b"0"})


def _shape(name: str, entry: bytes, words: str) -> None:
    """`entry` takes the place of /MediaBox where it is one, or nothing."""
    new = entry if not entry or entry.startswith(b"/MediaBox") else MEDIA + entry
    variant(ATTACKS, f"a_page_{name}", SHAPE_RULE, partial(shaped, MEDIA, new), finding="PAGE_SHAPE", words=words)


for _name, _entry in (
    ("without_a_box", b""),
    ("of_three_numbers", b"/MediaBox[0 0 595]"),
    ("of_six_numbers", b"/MediaBox[0 0 595 300 595 842]"),
    ("without_an_area", b"/MediaBox[0 0 595 0]"),
    ("of_names", b"/MediaBox[/A 0 595 842]"),
    ("of_null", b"/MediaBox[null 0 595 842]"),
    ("of_a_truth", b"/MediaBox[false 0 595 842]"),
    ("of_text", b"/MediaBox[(0) (0) (595) (842)]"),
    ("whose_box_is_a_number", b"/MediaBox 10 0 R"),
    ("whose_box_is_a_dictionary", b"/MediaBox<</A 1>>"),
    ("larger_than_readers_count", b"/MediaBox[0 0 595 99999999999]"),
):
    _shape(_name, _entry, "its /MediaBox is missing or no rectangle")
for _name, _entry, _words in (
    ("cropped_by_three_numbers", b"/CropBox[0 700 595]", "/CropBox is no rectangle"),
    ("cropped_by_five_numbers", b"/CropBox[0 700 595 842 1]", "/CropBox is no rectangle"),
    ("cropped_by_names", b"/CropBox[/A 700 595 842]", "/CropBox is no rectangle"),
    ("cropped_by_nothing", b"/CropBox[]", "/CropBox is no rectangle"),
    ("cropped_to_a_line", b"/CropBox[0 700 595 700]", "/CropBox is no rectangle"),
    ("cropped_to_what_is_beside_it", b"/CropBox[1000 1000 2000 2000]", "leaves nothing of it"),
    ("cropped_to_its_edge", b"/CropBox[595 0 900 842]", "leaves nothing of it"),
    ("turned_by_an_eighth", b"/Rotate 45", "no multiple of 90"),
    ("turned_by_a_real_number", b"/Rotate 90.0", "no multiple of 90"),
    ("turned_more_often_than_readers_count", b"/Rotate 9000000090", "no multiple of 90"),
    ("of_units_of_nothing", b"/UserUnit 0", "/UserUnit is no size"),
    ("of_negative_units", b"/UserUnit -1", "/UserUnit is no size"),
):
    _shape(_name, _entry, _words)

FORM = b"/Type/XObject/Subtype/Form/Resources<</Font<</F1 5 0 R>>>>"


def drawn(entries: bytes) -> bytes:
    """The second page draws a form of these entries."""
    page = PAGE_2.replace(b"/Font<<", b"/XObject<</X 10 0 R>>/Font<<")
    text = b"BT /F1 12 Tf 72 600 Td (Pay 900) Tj ET"
    return signed_page({8: deflated(b"/X Do"), 9: page, 10: deflated(text, FORM + entries)})


for _name, _entry, _words in (
    ("of_a_box_of_five_numbers", b"/BBox[0 0 595 842 4]", "/BBox of a form is not 4 numbers"),
    ("of_a_box_of_three_numbers", b"/BBox[0 0 595]", "/BBox of a form is not 4 numbers"),
    ("of_a_box_of_names", b"/BBox[/A 0 595 842]", "/BBox of a form is not 4 numbers"),
    ("of_a_box_that_is_a_number", b"/BBox 842", "/BBox of a form is not 4 numbers"),
    ("of_a_matrix_of_five_numbers", b"/BBox[0 0 595 842]/Matrix[1 0 0 1 0]", "/Matrix of a form is not 6 numbers"),
):
    variant(
        ATTACKS, f"a_form_{_name}", SHAPE_RULE, partial(drawn, _entry), finding="CONTENT_UNREADABLE", words=_words
    )

HONEST |= {
    "a form": partial(drawn, b"/BBox[0 0 595 842]/Matrix[1 0 0 1 0 0]"),
    "a form of real numbers elsewhere": lambda: drawn(b"/BBox[0.5 0 595.3 842]/Matrix null"),
    "a page whose corners are exchanged": partial(shaped, MEDIA, b"/MediaBox[595 842 0 0]"),
    "a page of real numbers": partial(shaped, MEDIA, b"/MediaBox[-0.5 .0 595.276 841.89]"),
    "a page of numbers elsewhere": partial(shaped, MEDIA, b"/MediaBox[10 0 R 10 0 R 595 842]"),
    "a page with its box from above": lambda: signed_page(
        {2: PAGES[2].replace(b"/Type/Pages", b"/Type/Pages" + MEDIA), 9: PAGE_2.replace(MEDIA, b"/MediaBox null")}
    ),
    "a page that is cropped": partial(shaped, MEDIA, MEDIA + b"/CropBox[-100 400 900 900]"),
    "a page that is cropped by null": partial(shaped, MEDIA, MEDIA + b"/CropBox null/Rotate null"),
    "a page that is turned": partial(shaped, MEDIA, MEDIA + b"/Rotate -90"),
    "a page that is not turned, in real numbers": partial(shaped, MEDIA, MEDIA + b"/Rotate 0.0"),
    "a page of large units": partial(shaped, MEDIA, MEDIA + b"/UserUnit 2.5"),
}
