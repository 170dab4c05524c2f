"""P5: signed files of which each reader makes something else, as what they hold contradicts itself or is malformed.

Nothing comes after the signature. Each was looked at: Poppler 22.12, MuPDF 1.21 and PDFium show other sums, other
pages or none; where all three show the same, another version need not: kyso cannot say what was signed.
"""

from __future__ import annotations

import zlib
from collections.abc import Callable, Mapping
from functools import partial

from tests.pki.pdf.samples import BODIES, append, deflated, stream, table_pdf

from .attack import Attack, hand_signed, variant
from .brought_back import HUNDRED, PAGE_2, PAGES, SIGNED
from .lone import NINE as NINE_FONT

ATTACKS: list[Attack] = []
Bodies = Mapping[int, bytes]
TEXT = b"BT /F1 12 Tf 72 720 Td (Pay 100 to Mau) Tj ET"
INNER = b"<</Type/Pages/Parent 2 0 R/Kids[9 0 R]/Count 1>>"
UNDER = {2: b"<</Type/Pages/Kids[3 0 R 10 0 R]/Count 2>>", 9: PAGE_2.replace(b"2 0 R", b"10 0 R", 1), 10: INNER}
HEIR = PAGE_2.replace(b"/Resources<</Font<</F1 5 0 R>>>>", b"")
FONTS = b"/Resources<</Font<</F1 %d 0 R>>>>"


def made(bodies: Bodies) -> bytes:
    """Two pages, 3 and 9, with their contents 4 and 8; 10 to 12 are free."""
    spare = {10: b"null", 11: b"null", 12: b"null"}
    return hand_signed(append(table_pdf({**PAGES, **spare, **bodies}), SIGNED))


def _new(name: str, bodies: Bodies, finding: str, words: str) -> None:
    rule = 'P5: "a lenient and a strict reading differ": what is signed is not the same file for all readers.'
    variant(ATTACKS, name, rule, partial(made, bodies), finding=finding, words=words)


# The page tree -----------------------------------------------------------------------------------------------------

for _name, _bodies, _words in (
    ("a_count_of_too_few", {2: PAGES[2].replace(b"Count 2", b"Count 1")}, "/Count of object 2"),
    ("a_count_of_too_many", {2: PAGES[2].replace(b"Count 2", b"Count 3")}, "/Count of object 2"),
    ("a_negative_count", {2: PAGES[2].replace(b"Count 2", b"Count -2")}, "/Count of object 2"),
    ("no_count", {2: PAGES[2].replace(b"/Count 2", b"")}, "/Count of object 2"),
    ("an_inner_count_of_none", {**UNDER, 10: INNER.replace(b"Count 1", b"Count 0")}, "/Count of object 10"),
    ("an_inner_count_of_too_many", {**UNDER, 10: INNER.replace(b"Count 1", b"Count 2")}, "/Count of object 10"),
    ("a_node_that_is_a_page", {**UNDER, 10: INNER.replace(b"/Pages", b"/Page")}, "has /Kids and is of /Type"),
    ("a_node_of_another_type", {**UNDER, 10: INNER.replace(b"/Pages", b"/Foo")}, "has /Kids and is of /Type"),
    ("a_page_that_is_a_node", {9: PAGE_2.replace(b"/Page/", b"/Pages/")}, "neither a page nor a node"),
    ("a_page_that_is_a_template", {9: PAGE_2.replace(b"/Page/", b"/Template/")}, "neither a page nor a node"),
    ("a_page_with_no_kids", {9: PAGE_2.replace(b"/Page/", b"/Page/Kids null/")}, "neither a page nor a node"),
    ("a_page_with_empty_kids", {9: PAGE_2.replace(b"/Page/", b"/Page/Kids[]/")}, "has /Kids and is of /Type"),
    ("a_page_that_is_no_object", {2: PAGES[2].replace(b"9 0 R", PAGE_2)}, "no object"),
    ("a_page_that_is_a_stream", {9: stream(b"", PAGE_2[2:-2])}, "object 9"),
    ("a_page_that_is_null", {2: PAGES[2].replace(b"9 0 R", b"10 0 R 9 0 R")}, "object 10"),
    ("a_kid_that_leads_nowhere", {2: PAGES[2].replace(b"9 0 R", b"99 0 R 9 0 R")}, "object 99"),
    ("a_kid_that_is_a_number", {2: PAGES[2].replace(b"9 0 R", b"5 9 0 R")}, "no object"),
    ("a_root_that_is_a_page", {2: BODIES[3].replace(b"/Parent 2 0 R", b"")}, "neither a page nor a node"),
    (
        "a_parent_that_is_elsewhere",
        {
            9: HEIR.replace(b"2 0 R", b"10 0 R", 1),
            2: PAGES[2].replace(b"/Count", FONTS % 5 + b"/Count"),
            10: b"<</Type/Pages%s>>" % (FONTS % 11),
            11: NINE_FONT,
        },
        "/Parent of object 9",
    ),
    (
        "a_parent_above_the_node",
        {
            **UNDER,
            9: HEIR,
            2: UNDER[2].replace(b"/Count", FONTS % 5 + b"/Count"),
            10: INNER.replace(b"/Count", FONTS % 11 + b"/Count"),
            11: NINE_FONT,
        },
        "/Parent of object 9",
    ),
    (
        "a_root_with_a_parent",
        {2: PAGES[2].replace(b"/Kids", b"/Parent 10 0 R/Kids"), 10: b"<<%s>>" % (FONTS % 11), 11: NINE_FONT, 9: HEIR},
        "/Parent of object 2",
    ),
):
    _new(f"a_page_tree_with_{_name}", _bodies, "PAGE_TREE", _words)

_new(
    "a_page_tree_with_a_page_behind_two_references",
    {2: PAGES[2].replace(b"9 0 R", b"10 0 R"), 10: b"9 0 R"},
    "SEEMING_OBJECT",
    "object 10: it is nothing but a reference",
)

# Contents ----------------------------------------------------------------------------------------------------------

_FLATE = zlib.compress(TEXT)
for _name, _content in (
    ("a_length_that_is_too_short", HUNDRED.replace(b"/Length %d" % len(TEXT), b"/Length 20")),
    ("a_key_twice", HUNDRED.replace(b"<<", b"<</A 1/A 2")),
    ("two_lengths", HUNDRED.replace(b"<<", b"<</Length 9")),
    ("a_bare_return_before_it", HUNDRED.replace(b"stream\nBT", b"stream\rBT")),
    ("spaces_before_it", HUNDRED.replace(b"stream\nBT", b"stream  \nBT")),
    ("no_length", HUNDRED.replace(b"/Length", b"/Len")),
):
    _new(f"a_content_with_{_name}", {8: _content}, "SEEMING_OBJECT|CONTENT_UNREADABLE", "object 8")
for _name, _content in (
    ("a_short_name_for_its_filter", stream(TEXT.hex().encode(), b"/F/ASCIIHexDecode")),
    ("a_short_name_for_its_parameters", stream(_FLATE, b"/Filter/FlateDecode/DP<</Predictor 12/Columns 5>>")),
    ("a_short_filter", stream(_FLATE, b"/Filter/Fl")),
    ("an_unknown_filter", stream(_FLATE, b"/Filter[/FlateDecode/Foo]")),
    ("a_crypt_filter_in_a_plain_file", stream(_FLATE, b"/Filter[/Crypt/FlateDecode]")),
    ("another_checksum", stream(_FLATE[:-4] + b"abcd", b"/Filter/FlateDecode")),
    ("half_of_its_data", stream(_FLATE[:30], b"/Filter/FlateDecode")),
    ("parameters_that_do_not_fit", stream(_FLATE, b"/Filter/FlateDecode/DecodeParms<</Predictor 12/Columns 7>>")),
    ("more_than_a_reader_decodes", deflated(bytes(65 << 20))),
):
    _new(f"a_content_with_{_name}", {8: _content}, "CONTENT_UNREADABLE", "object 8")

_new(
    "a_content_with_an_item_that_is_no_stream",
    {9: PAGE_2.replace(b"8 0 R", b"[8 0 R 5 0 R]")},
    "CONTENT_UNREADABLE",
    "no stream",
)
_new(
    "a_content_with_an_item_that_is_missing",
    {9: PAGE_2.replace(b"8 0 R", b"[99 0 R 8 0 R]")},
    "CONTENT_UNREADABLE",
    "no stream",
)
_new(
    "an_image_with_short_names",
    {
        8: stream(TEXT + b" /I Do"),
        9: PAGE_2.replace(b"/Font", b"/XObject<</I 10 0 R>>/Font"),
        10: stream(b"\0", b"/Type/XObject/Subtype/Image/W 1/H 1/BPC 8/CS/DeviceGray"),
    },
    "CONTENT_UNREADABLE",
    "object 10",
)

# Objects -----------------------------------------------------------------------------------------------------------

_OWN = PAGE_2.replace(b"<</Font<</F1 5 0 R>>>>", b" 10 0 R")
for _name, _body in (
    ("a_key_twice", b"<</Font<</F1 5 0 R>>/Font<</F1 11 0 R>>>>"),
    ("a_reference_without_a_space", b"<</Font<</F1 5 0R>>>>"),
    ("a_key_with_a_space_of_PDFium", b"<</Font<</F1 5 0 R>>/Font\xff<</F1 11 0 R>>>>"),
    ("another_space_of_PDFium", b"<</Font\x80<</F1 5 0 R>>>>"),
    ("a_reference_alone", b"12 0 R"),
    ("no_end", b"<</Font<</F1 5 0 R>>\nendobj\n"),
    ("a_bare_word", b"<</Font<</F1 5 0 R>>/A b>>"),
    ("nothing_in_it", b""),
):
    _new(
        f"resources_with_{_name}",
        {9: _OWN, 10: _body, 11: NINE_FONT, 12: b"<</Font<</F1 5 0 R>>>>"},
        "SEEMING_OBJECT|OPEN_OBJECT",
        "object",
    )
_new(
    "a_font_descriptor_that_cannot_be_read",
    {5: BODIES[5].replace(b">>", b"/FontDescriptor 10 0 R>>"), 10: b"<</Flags 4/Flags 32>>"},
    "SEEMING_OBJECT",
    "object 10",
)


def _dense(bodies: Bodies) -> Callable[[], bytes]:
    """The same among so many small objects that not each is read."""
    return partial(made, {**{n: b"<</N %d>>" % n for n in range(13, 400)}, **bodies})


for _name, _bodies in (
    ("a_font_descriptor", {5: BODIES[5].replace(b">>", b"/FontDescriptor 10 0 R>>"), 10: b"<</Flags 4/Flags 32>>"}),
    ("resources", {9: _OWN, 10: b"<</Font<</F1 5 0 R>>/Font<</F1 11 0 R>>>>", 11: NINE_FONT}),
    ("a_content", {8: HUNDRED.replace(b"<<", b"<</A 1/A 2")}),
):
    variant(
        ATTACKS,
        f"{_name}_among_many_objects_that_cannot_be_read",
        "P5: what kyso cannot read, others draw.",
        _dense(_bodies),
        finding="CONTENT_UNREADABLE",
        words=f"object {max(n for n in _bodies if b'/A 1/A 2' in _bodies[n] or n == 10)}"
        if _name != "a_content"
        else "object 8",
    )

HONEST: dict[str, Callable[[], bytes]] = {
    "nothing wrong": partial(made, {}),
    "nothing wrong among many objects": _dense({}),
    "a node below the root": partial(made, UNDER),
    "a node that says no type": partial(made, {**UNDER, 10: INNER.replace(b"/Type/Pages", b"")}),
    "a page that says no type": partial(made, {9: PAGE_2.replace(b"/Type/Page", b"")}),
    "a page that names no parent": partial(made, {9: PAGE_2.replace(b"/Parent 2 0 R", b"")}),
    "a parent that lends what the root lends": partial(
        made, {9: PAGE_2.replace(b"/Parent 2 0 R", b"/Parent 10 0 R"), 10: b"<</Type/Pages/Kids[]/Count 0>>"}
    ),
    "a page that is there twice": partial(made, {2: b"<</Type/Pages/Kids[3 0 R 9 0 R 3 0 R]/Count 3>>"}),
    "a node without pages": partial(
        made,
        {2: b"<</Type/Pages/Kids[10 0 R 3 0 R 9 0 R]/Count 2>>", 10: b"<</Type/Pages/Parent 2 0 R/Kids[]/Count 0>>"},
    ),
    "a count in an object of its own": partial(made, {2: PAGES[2].replace(b"Count 2", b"Count 10 0 R"), 10: b"2"}),
    "a page without content": partial(made, {9: PAGE_2.replace(b"/Contents 8 0 R", b"")}),
    "a content that is null": partial(made, {9: PAGE_2.replace(b"8 0 R", b"10 0 R")}),
    "a filter in an object of its own": partial(made, {8: stream(_FLATE, b"/Filter 10 0 R"), 10: b"[/FlateDecode]"}),
    "a filter of a list in objects of their own": partial(
        made,
        {
            8: stream(_FLATE, b"/Filter[10 0 R]/DecodeParms[11 0 R]"),
            10: b"/FlateDecode",
            11: b"<</Predictor 12 0 R>>",
            12: b"1",
        },
    ),
}
