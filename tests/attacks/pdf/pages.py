"""P6, P7 and P8 over a document with everything: each object that is used is replaced, freed, moved."""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import cache, partial

from tests.pki.pdf.samples import append, raw, signed, stream, table_pdf

from .attack import Attack, attack, variant
from .updates import COVER, EVIL

ATTACKS: list[Attack] = []
UNEXPLAINED = 'P6: "every changed or added or freed xref entry must be explained by the allow-list".'
HIDE = 'P7: "freeing, or re-pointing an existing reference, is a change; no "unused object" exemption".'
RESOURCE = 'P8, P6: (V2) "a changed font/resource is never allowed".'
TO_UNICODE = b"/CIDInit/ProcSet findresource begin 1 beginbfchar <31><0031> endbfchar end"

IMAGE = b"/Type/XObject/Subtype/Image/Width 1/Height 1/ColorSpace/DeviceGray/BitsPerComponent 8"

RICH: dict[int, bytes] = {
    1: b"<</Type/Catalog/Pages 2 0 R/Outlines 20 0 R/Names 22 0 R/OCProperties 24 0 R/StructTreeRoot 26 0 R"
    b"/PageLabels 27 0 R/ViewerPreferences 28 0 R/OutputIntents[29 0 R]/MarkInfo<</Marked true>>/Lang(vi)"
    b"/Metadata 33 0 R>>",
    2: b"<</Type/Pages/Kids[3 0 R 4 0 R]/Count 2/MediaBox[0 0 595 842]/Resources 6 0 R>>",
    3: b"<</Type/Page/Parent 2 0 R/Contents[5 0 R 32 0 R]/Annots[31 0 R]>>",
    4: b"<</Type/Page/Parent 2 0 R/Contents 32 0 R>>",
    5: stream(b"/GS1 gs /CS1 cs BT /F1 12 Tf 72 720 Td (Pay 100 to Mau) Tj ET /X1 Do /OC/L BDC EMC"),
    6: b"<</Font 7 0 R/XObject<</X1 13 0 R/X2 14 0 R>>/ExtGState<</GS1 15 0 R>>/ColorSpace<</CS1 16 0 R>>"
    b"/Pattern<</P1 18 0 R>>/Shading<</S1 19 0 R>>/Properties<</L 25 0 R>>>>",
    7: b"<</F1 8 0 R>>",
    8: b"<</Type/Font/Subtype/TrueType/BaseFont/Mau/FirstChar 49/LastChar 49/Widths 9 0 R/FontDescriptor 10 0 R"
    b"/Encoding 11 0 R/ToUnicode 12 0 R>>",
    9: b"[500]",
    10: b"<</Type/FontDescriptor/FontName/Mau/Flags 32/FontBBox[0 0 1 1]/ItalicAngle 0/Ascent 1/Descent 0/CapHeight 1"
    b"/StemV 1/FontFile2 30 0 R>>",
    11: b"<</Type/Encoding/Differences[49/one]>>",
    12: stream(TO_UNICODE),
    13: stream(b"0", IMAGE + b"/SMask 14 0 R"),
    14: stream(b"0", IMAGE),
    15: b"<</Type/ExtGState/ca 1>>",
    16: b"[/Separation/Mau/DeviceGray 17 0 R]",
    17: b"<</FunctionType 2/Domain[0 1]/C0[1]/C1[0]/N 1>>",
    18: stream(b"q Q", b"/PatternType 1/PaintType 1/TilingType 1/BBox[0 0 1 1]/XStep 1/YStep 1/Resources<<>>"),
    19: b"<</ShadingType 2/ColorSpace/DeviceGray/Coords[0 0 1 1]/Function 17 0 R>>",
    20: b"<</Type/Outlines/First 21 0 R/Last 21 0 R/Count 1>>",
    21: b"<</Title(Part 1)/Parent 20 0 R/Dest[3 0 R/Fit]>>",
    22: b"<</Dests<</Names[(a)[3 0 R/Fit]]>>/EmbeddedFiles<</Names[(f) 23 0 R]>>>>",
    23: b"<</Type/Filespec/F(a.txt)/EF<</F 34 0 R>>>>",
    24: b"<</OCGs[25 0 R]/D<</ON[25 0 R]>>>>",
    25: b"<</Type/OCG/Name(Layer)>>",
    26: b"<</Type/StructTreeRoot/K<</Type/StructElem/S/P/ActualText(Pay 100)>>>>",
    27: b"<</Nums[0<</S/D>>]>>",
    28: b"<</DisplayDocTitle true>>",
    29: b"<</Type/OutputIntent/S/GTS_PDFA1/OutputConditionIdentifier(sRGB)/DestOutputProfile 35 0 R>>",
    30: stream(b"font program"),
    31: b"<</Type/Annot/Subtype/Text/Rect[10 10 20 20]/Contents(Note)/AP<</N 36 0 R>>>>",
    32: stream(b"BT /F1 12 Tf 72 600 Td (and no more) Tj ET"),
    33: stream(b"<x/>", b"/Type/Metadata/Subtype/XML"),
    34: stream(b"attachment", b"/Type/EmbeddedFile"),
    35: stream(b"profile", b"/N 3"),
    36: stream(b"0 0 1 1 re f", b"/Type/XObject/Subtype/Form/BBox[0 0 1 1]"),
}  # fmt: skip


@cache
def rich() -> bytes:
    """A signed document of two pages with fonts, images, layers, outlines, names, structure, attachments."""
    return signed(table_pdf(RICH))


def _changed(number: int, old: bytes, new: bytes) -> bytes:
    """The rich document with one object replaced, some of its text exchanged; the length follows."""
    body = RICH[number]
    if old not in body:
        raise ValueError(f"object {number} does not hold {old!r}")
    body = body.replace(old, new, 1)
    if b"stream\n" in body:
        dictionary, content = re.fullmatch(rb"(.*?)stream\n(.*)\nendstream", body, re.DOTALL).groups()  # type: ignore[union-attr]  # made by `stream`
        body = (
            re.sub(rb"/Length \d+", b"/Length %d" % len(content), dictionary) + b"stream\n" + content + b"\nendstream"
        )
    return append(rich(), {number: body})


_CHANGES: tuple[tuple[str, int, bytes, bytes, str], ...] = (
    ("the_text_of_a_page", 5, b"Pay 100", b"Pay 999999", "content"),
    ("the_second_part_of_a_page", 32, b"no more", b"much more", "content"),
    ("the_order_of_the_pages", 2, b"[3 0 R 4 0 R]", b"[4 0 R 3 0 R]", "content|page"),
    ("the_number_of_pages", 2, b"[3 0 R 4 0 R]/Count 2", b"[3 0 R]/Count 1", "content|page"),
    ("an_inherited_page_size", 2, b"595 842", b"595 400", "content|page"),
    ("inherited_resources", 2, b"/Resources 6 0 R", b"/Resources<<>>", "content|page"),
    ("the_resource_dictionary", 6, b"/X1 13 0 R", b"/X1 14 0 R", "content"),
    ("the_list_of_fonts", 7, b"8 0 R", b"37 0 R", "content"),
    ("an_image", 13, b"\n0\n", b"\n1\n", "content|resource"),
    ("the_mask_of_an_image", 14, b"\n0\n", b"\n1\n", "content|resource"),
    ("the_size_of_an_image", 13, b"/Width 1", b"/Width 2", "content|resource"),
    ("a_graphics_state", 15, b"/ca 1", b"/ca 0", "content|resource"),
    ("a_colour_space", 16, b"DeviceGray", b"DeviceRGB", "content"),
    ("a_tint_function", 17, b"/C1[0]", b"/C1[1]", "content"),
    ("a_pattern", 18, b"q Q", b"0 0 1 1 re f", "content"),
    ("a_shading", 19, b"[0 0 1 1]", b"[1 1 0 0]", "content"),
    ("an_outline", 21, b"Part 1", b"Part 9", "content"),
    ("a_named_destination", 22, b"[3 0 R/Fit]", b"[4 0 R/Fit]", "content"),
    ("scripts_among_the_names", 22, b"<</Dests", b"<</JavaScript<</Names[(s) 23 0 R]>>/Dests", "content"),
    ("an_attachment", 34, b"attachment", b"another one", "content"),
    ("the_name_of_an_attachment", 23, b"a.txt", b"b.exe", "content"),
    ("the_layers_that_are_on", 24, b"/ON[25 0 R]", b"/OFF[25 0 R]", "content"),
    ("the_intent_of_a_layer", 25, b"/Name(Layer)", b"/Usage<</View<</ViewState/OFF>>>>", "content"),
    ("the_structure", 26, b"Pay 100", b"Pay 999", "content|structure"),
    ("the_page_labels", 27, b"/S/D", b"/S/R", "content"),
    ("the_viewer_preferences", 28, b"true", b"false", "content"),
    ("the_output_intent", 29, b"sRGB", b"CMYK", "content"),
    ("the_output_profile", 35, b"profile", b"another", "content"),
    ("the_look_of_an_annotation", 36, b"0 0 1 1 re f", b"1 1 1 rg 0 0 900 900 re f", "content|resource"),
    ("the_text_of_an_annotation", 31, b"Note", b"Nota", "annotation"),
    ("the_place_of_an_annotation", 31, b"[10 10 20 20]", b"[0 0 595 842]", "annotation"),
    ("the_kind_of_an_annotation", 31, b"/Subtype/Text", b"/Subtype/Stamp", "annotation"),
    ("the_action_of_an_annotation", 31, b"/Contents(Note)", b"/A<</S/Launch/F(x)>>", "annotation"),
)  # fmt: skip
for _name, _number, _old, _new, _kind in _CHANGES:
    _words = f"object {_number}"
    variant(
        ATTACKS, f"changed_{_name}", UNEXPLAINED, partial(_changed, _number, _old, _new), change=_kind, words=_words
    )

for _name, _number, _old, _new in (
    ("a_width", 9, b"500", b"0"),
    ("an_encoding", 11, b"49/one", b"49/nine"),
    ("a_mapping_to_unicode", 12, b"<0031>", b"<0039>"),
    ("a_font_program", 30, b"font program", b"evil program"),
    ("a_font_descriptor", 10, b"/FontFile2 30 0 R", b""),
    ("a_font", 8, b"/TrueType", b"/Type3"),
):
    variant(
        ATTACKS,
        f"changed_{_name}",
        RESOURCE,
        partial(_changed, _number, _old, _new),
        change="content|font",
        words=f"object {_number}",
    )

for _number in sorted(RICH.keys() - {1, 2, 3, 33}):
    variant(
        ATTACKS,
        f"freed_object_{_number}",
        HIDE,
        partial(lambda n: append(rich(), {}, freed=(n,)), _number),
        change="structure",
        words=f"object {_number} (",
    )
for _name, _number in (("an_image", 13), ("a_layer", 25), ("an_annotation", 31), ("the_second_content", 32)):
    variant(
        ATTACKS,
        f"{_name}_replaced_by_null",
        HIDE,
        partial(lambda n: append(rich(), {n: b"null"}), _number),
        change="annotation" if _number == 31 else "content|resource",
        words=f"object {_number}",
    )


# The catalog and the page dictionaries -----------------------------------------------------------------------------


def _catalog(old: bytes, new: bytes) -> Callable[[], bytes]:
    def make() -> bytes:
        text = raw(rich(), 1)
        if old not in text:
            raise ValueError(f"the catalog does not hold {old!r}")
        return append(rich(), {1: text.replace(old, new, 1), 60: EVIL})

    return make


for _name, _old, _new, _key in (
    ("pages_re_pointed", b"/Pages 2 0 R", b"/Pages 60 0 R", "/Pages"),
    ("layers_removed", b"/OCProperties 24 0 R", b"", "/OCProperties"),
    ("outlines_re_pointed", b"/Outlines 20 0 R", b"/Outlines 60 0 R", "/Outlines"),
    ("names_re_pointed", b"/Names 22 0 R", b"/Names 60 0 R", "/Names"),
    ("a_script_on_closing", b"/Type/Catalog", b"/Type/Catalog/AA<</WC<</S/JavaScript/JS(1)>>>>", "/AA"),
    ("a_page_layout", b"/Type/Catalog", b"/Type/Catalog/PageMode/FullScreen", "/PageMode"),
    ("another_language", b"/Lang(vi)", b"/Lang(en)", "/Lang"),
    ("a_collection", b"/Type/Catalog", b"/Type/Catalog/Collection<</View/T>>", "/Collection"),
    ("legal_attestations", b"/Type/Catalog", b"/Type/Catalog/Legal<</JavaScriptActions 0>>", "/Legal"),
    ("a_base_address", b"/Type/Catalog", b"/Type/Catalog/URI<</Base(http://evil.example)>>", "/URI"),
    ("associated_files", b"/Type/Catalog", b"/Type/Catalog/AF[60 0 R]", "/AF"),
    ("requirements", b"/Type/Catalog", b"/Type/Catalog/Requirements[<</S/EnableJavaScripts>>]", "/Requirements"),
    ("threads", b"/Type/Catalog", b"/Type/Catalog/Threads[60 0 R]", "/Threads"),
    ("another_type", b"/Type/Catalog", b"/Type/Kalender", "/Type"),
):
    variant(ATTACKS, f"catalog_with_{_name}", UNEXPLAINED, _catalog(_old, _new), change="structure|page", words=_key)

for _name, _extra, _key in (
    ("cropped", b"/CropBox[0 0 595 600]", "/CropBox"),
    ("scaled", b"/UserUnit 0.1", "/UserUnit"),
    ("with_resources_of_its_own", b"/Resources<</Font<<>>>>", "/Resources"),
    ("with_an_action", b"/AA<</O<</S/JavaScript/JS(1)>>>>", "/AA"),
    ("with_a_group", b"/Group<</S/Transparency>>", "/Group"),
    ("of_another_size", b"/MediaBox[0 0 10 10]", "/MediaBox"),
    ("shown_for_a_moment", b"/Dur 1/Trans<</S/Wipe>>", "/Dur"),
    ("with_a_presentation", b"/PresSteps<<>>", "/PresSteps"),
):
    variant(
        ATTACKS,
        f"page_{_name}",
        UNEXPLAINED,
        partial(lambda extra: append(rich(), {4: RICH[4][:-2] + extra + b">>"}), _extra),
        change="content|page|resource",
        words=f"{_key} of the page",
    )


@attack(ATTACKS, change="content", words="/Contents of the page")
def content_added_before_the_content() -> bytes:
    """P6: one more part in the /Contents array of a page."""
    return append(rich(), {3: raw(rich(), 3).replace(b"/Contents[5", b"/Contents[60 0 R 5"), 60: EVIL})


@attack(ATTACKS, change="content", words="/Contents of the page")
def content_left_out() -> bytes:
    """P7: one part less: what was hidden under it shows."""
    return append(rich(), {3: raw(rich(), 3).replace(b"5 0 R 32 0 R", b"32 0 R")})


@attack(ATTACKS, change="annotation", words="removed or reordered")
def annotations_put_in_another_order() -> bytes:
    """P7: the order of annotations decides which lies on top."""
    number = re.search(rb"/Annots ?\[31 0 R (\d+) 0 R\]", raw(rich(), 3))
    assert number
    return append(rich(), {3: raw(rich(), 3).replace(number[0], b"/Annots[%s 0 R 31 0 R]" % number[1])})


@attack(ATTACKS, change="annotation", words="removed or reordered")
def an_annotation_taken_off_the_page() -> bytes:
    """P7: an annotation that covered something leaves the page."""
    return append(rich(), {3: raw(rich(), 3).replace(b"31 0 R", b"")})


@attack(ATTACKS, change="content", words="object 6")
def an_overlay_unnamed() -> bytes:
    """P7: the name that the content draws with is re-pointed at an empty form."""
    return append(rich(), {6: RICH[6].replace(b"/X1 13 0 R", b"/X1 60 0 R"), 60: COVER})


@attack(ATTACKS, change="unexplained", words="for no known reason")
def a_page_nobody_lists() -> bytes:
    """P6: a page that waits to be listed: "no unexplained xref"."""
    return append(rich(), {60: RICH[4]})


@attack(ATTACKS, change="metadata", words="removed or re-pointed")
def metadata_removed() -> bytes:
    """P6: XMP metadata say which standard a file follows; taking them away is no update of a date."""
    return append(rich(), {1: raw(rich(), 1).replace(b"/Metadata 33 0 R", b"")})


@attack(ATTACKS, change="metadata", words="XMP")
def metadata_replaced_by_a_drawing() -> bytes:
    """P6: metadata that are no metadata stream any more."""
    return append(rich(), {33: COVER})
