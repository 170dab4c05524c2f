"""P5, P6, P8 and P9 behind what iText, OpenPDF and PDFBox leave in a file that they sign or fill in.

`signed_by_itext` is the honest shape; each attack differs from it in one word.
"""

from __future__ import annotations

import zlib
from functools import cache, partial

from kyso_pki.pdf.reader import Reader
from tests.pki.pdf.samples import BODIES, append, raw, signed, stream, table_pdf

from .attack import FIELD, Attack, attack, hand_signed, prepared, variant, victim
from .sealing import NOWHERE, truly_sealed
from .updates import CERTIFIED, LOOK, appearance, form_signed

ATTACKS: list[Attack] = []
NOTHING = stream(b"", b"/Type/XObject/Subtype/Form/BBox[0 0 0 0]/Resources<<>>")
LAYER = stream(b"% DSBlank\n", b"/Type/XObject/Subtype/Form/BBox[0 0 100 100]/Resources<<>>")
UNUSED_FONT = b"<</Type/Font/Subtype/Type1/BaseFont/Helvetica/Encoding/WinAnsiEncoding>>"
DRAWS = stream(b"1 g 0 0 595 842 re f", b"/Type/XObject/Subtype/Form/BBox[0 0 595 842]")
FORM = b"<</Fields[7 0 R 8 0 R]/SigFlags 3/DA(/F1 9 Tf 0 g)/DR<</Font<</F1 5 0 R/Pale 11 0 R>>>>>>"
FIELD_WITHOUT_DEFAULT = (
    b"<</Type/Annot/Subtype/Widget/FT/Tx/T(Amount)/V(%s)/Rect[100 100 200 120]/P 3 0 R/F 4/AP<</N %d 0 R>>%s>>"
)


def signed_by_itext(more: bytes = b"/H/N/DR<<>>", unused: bytes = UNUSED_FONT, layer: bytes = LAYER) -> bytes:
    """A second, invisible signature as iText makes it: object 30, with a font and a layer that nothing uses."""
    return truly_sealed(form_signed(2), NOWHERE, look=NOTHING, more=more, extra={40: unused, 41: layer})


def _freed(rows: dict[int, tuple[int, int]]) -> bytes:
    """An update that only frees numbers that never were, each with its next number and generation."""
    pdf, own = victim(), 29
    entries = {number: b"\x00" + a.to_bytes(4, "big") + b.to_bytes(2, "big") for number, (a, b) in rows.items()}
    entries[own] = b"\x01" + len(pdf).to_bytes(4, "big") + b"\x00\x00"
    index = b" ".join(b"%d 1" % n for n in sorted(entries))
    head = b"/Type/XRef/Size 30/W[1 4 2]/Index[%s]/Root 1 0 R/Prev %d" % (index, Reader(pdf).startxref)
    body = stream(b"".join(entries[n] for n in sorted(entries)), head)
    return b"%s%d 0 obj\n%s\nendobj\nstartxref\n%d\n%%%%EOF\n" % (pdf, own, body, len(pdf))


def free_numbers() -> bytes:
    """Numbers that were taken and left, in a list (7.5.4)."""
    return _freed({22: (28, 1), 28: (0, 1)})


for _name, _rows in (
    ("linked_to_a_used_object", {22: (4, 1)}),
    ("linked_to_nothing", {22: (23, 1)}),
    ("of_an_odd_generation", {22: (28, 1), 28: (0, 0x6162)}),
):
    variant(
        ATTACKS,
        f"free_numbers_{_name}",
        "P5: free entries are no place for bytes.",
        partial(_freed, _rows),
        change="structure",
        words="which did not exist",
    )

for _name, _unused in (
    ("that_has_a_descriptor", UNUSED_FONT[:-2] + b"/FontDescriptor 4 0 R>>"),
    ("that_has_widths", UNUSED_FONT[:-2] + b"/Widths[1 2 3]>>"),
    ("whose_encoding_differs", UNUSED_FONT.replace(b"/WinAnsiEncoding", b"<</Differences[49/nine]>>")),
    ("that_is_a_catalog", b"<</Type/Catalog/Pages 2 0 R>>"),
    ("that_is_a_page", BODIES[3]),
):
    variant(
        ATTACKS,
        f"unused_object_{_name}",
        'P6: "every changed or added or freed xref entry must be explained by the allow-list".',
        partial(signed_by_itext, unused=_unused),
        change="unexplained",
        words="object 40",
    )

for _name, _layer in (
    ("that_draws", DRAWS),
    ("with_resources", LAYER.replace(b"/Resources<<>>", b"/Resources<</Font<</F1 5 0 R>>>>")),
    ("with_an_action", LAYER.replace(b"/Resources<<>>", b"/AA<</E<</S/Launch/F(x)>>>>")),
):
    variant(
        ATTACKS,
        f"unused_layer_{_name}",
        'P6: "every changed or added or freed xref entry must be explained by the allow-list".',
        partial(signed_by_itext, layer=_layer),
        change="unexplained",
        words="object 41",
    )

for _name, _more, _words in (
    ("highlights_by_an_unknown_word", b"/H/Evil", "its name or type"),
    ("highlights_by_a_dictionary", b"/H<</S/JavaScript>>", "its name or type"),
    ("whose_resources_are_signed_objects", b"/DR<</XObject<</FRM 4 0 R>>>>", "no use for"),
    ("whose_resources_hold_a_stream", b"/DR<</XObject<</FRM 41 0 R>>>>", "no use for"),
    ("whose_resources_are_direct", b"/DR<</Font<</F<</Type/Font>>>>>>", "no use for"),
):
    variant(
        ATTACKS,
        f"a_field_that_{_name}" if "highlights" in _name else f"a_field_{_name}",
        "P9: a new field has nothing that it has no use for.",
        partial(signed_by_itext, _more),
        change="form",
        words=_words,
    )


@attack(ATTACKS, change="content", words="object 41 is used by what was signed")
def a_layer_that_was_waited_for() -> bytes:
    """P6, P7: the signed page draws object 41, which is none yet; a layer without a mark is what it gets."""
    page = (
        BODIES[3].replace(b"/Font<<", b"/XObject<</X 41 0 R>>/Font<<").replace(b"/Type/Page", b"/Type/Page/Annots[]")
    )
    bodies = {1: b"<</Type/Catalog/Pages 2 0 R/AcroForm 10 0 R>>", 3: page, 7: FIELD, 10: b"<</Fields[7 0 R]>>"}
    pdf = hand_signed(prepared(bodies=bodies))
    return truly_sealed(pdf, NOWHERE, look=NOTHING, extra={41: LAYER})


def pointed_at_the_line_before() -> bytes:
    """An update by a program that counts the line end before `xref` to it, as node-signpdf does."""
    pdf = append(victim(), {1: raw(victim(), 1)})
    at = pdf.rindex(b"startxref\n") + 10
    return pdf[:at] + b"%d\n%%%%EOF\n" % pdf.rindex(b"\nxref\n")


# Extensions ------------------------------------------------------------------------------------------------------


@cache
def _declared() -> bytes:
    catalog = b"<</Type/Catalog/Pages 2 0 R/AcroForm<</Fields[7 0 R]/SigFlags 3>>/Extensions<</ESIC %s>>>>"
    return hand_signed(prepared(bodies={1: catalog % b"<</BaseVersion/1.7/ExtensionLevel 2>>", 7: FIELD}))


def extension(value: bytes) -> bytes:
    """An update that writes another declaration of ESIC."""
    old = b"<</BaseVersion/1.7/ExtensionLevel 2>>"
    return append(_declared(), {1: raw(_declared(), 1).replace(old, value)})


for _name, _value in (
    ("lowered", b"<</BaseVersion/1.7/ExtensionLevel 1>>"),
    ("of_another_version", b"<</BaseVersion/1.3/ExtensionLevel 5>>"),
    ("with_more", b"<</BaseVersion/1.7/ExtensionLevel 5/URL(x)>>"),
    ("without_a_level", b"<</BaseVersion/1.7>>"),
    ("elsewhere", b"4 0 R"),
):
    variant(
        ATTACKS,
        f"an_extension_{_name}",
        "P6: a declared extension may only rise.",
        partial(extension, _value),
        change="metadata",
        words="developer extensions",
    )


# Filling in ------------------------------------------------------------------------------------------------------


@cache
def _form() -> bytes:
    """A certified form whose text field has its default appearance from the form."""
    bodies = {
        1: b"<</Type/Catalog/Pages 2 0 R/AcroForm 10 0 R/Perms<</DocMDP 6 0 R>>>>",
        7: FIELD,
        8: FIELD_WITHOUT_DEFAULT % (b"100", 9, b""),
        9: appearance(b"100"),
        10: FORM,
        11: b"<</Type/Font/Subtype/Type3>>",
        3: BODIES[3].replace(b"/Type/Page", b"/Type/Page/Annots[7 0 R 8 0 R]"),
    }
    return hand_signed(prepared(CERTIFIED % 2, bodies=bodies))


def _packed(text: bytes) -> bytes:
    return zlib.compress(b"/Tx BMC q BT /F1 9 Tf 2 5 Td (%s) Tj ET Q EMC" % text)


def filled_by_itext(default: bytes = b"/DA(/F1 9 Tf)", draft: bytes | None = None) -> bytes:
    """Filled in as iText 7 does: a /DA of the field's own, and the content once more as a stream without a use."""
    look = LOOK + b"/Matrix[1 0 0 1 0 0]/Filter/FlateDecode"
    spare = stream(_packed(b"200") if draft is None else draft, b"/Filter/FlateDecode")
    return append(
        _form(),
        {
            8: FIELD_WITHOUT_DEFAULT % (b"200", 21, default),
            20: spare,
            21: stream(_packed(b"200"), look),
        },
    )


for _name, _default in (
    ("white", b"/DA(/F1 9 Tf 1 g)"),
    ("tiny", b"/DA(/F1 0.1 Tf)"),
    ("in_a_font_of_drawings", b"/DA(/Pale 9 Tf)"),
    ("in_a_font_that_is_not_there", b"/DA(/Gone 9 Tf)"),
    ("with_other_operators", b"/DA(/F1 9 Tf 3 Tr)"),
    ("that_is_no_string", b"/DA/Helv"),
):
    variant(
        ATTACKS,
        f"filled_in_with_a_default_{_name}",
        'P8: "/MK, /DA, /DR, fonts ... must not change": readers that draw the field anew would show something else.',
        partial(filled_by_itext, _default),
        change="form|annotation",
        words="Amount",
    )


@attack(ATTACKS, change="unexplained", words="object 20")
def a_spare_content_that_differs() -> bytes:
    """P6: only the very bytes of the appearance show nothing else."""
    return filled_by_itext(draft=_packed(b"999"))


# The default resources of the form ---------------------------------------------------------------------------------


def _drawn_by_the_form(look: bytes, added: bytes, entries: bytes = b"") -> bytes:
    field = FIELD_WITHOUT_DEFAULT % (b"100", 9, b"")
    bodies = {
        1: b"<</Type/Catalog/Pages 2 0 R/AcroForm 10 0 R>>",
        7: FIELD,
        8: field,
        9: stream(look, b"/Type/XObject/Subtype/Form/BBox[0 0 100 20]" + entries),
        10: b"<</Fields[7 0 R 8 0 R]/SigFlags 3/DR<</Font<</F1 5 0 R>>>>>>",
        3: BODIES[3].replace(b"/Type/Page", b"/Type/Page/Annots[7 0 R 8 0 R]"),
    }
    pdf = hand_signed(prepared(bodies=bodies))
    form = raw(pdf, 10).replace(b"/DR<<", b"/DR<<" + added)
    return append(pdf, {10: form, 20: DRAWS})


@attack(ATTACKS, change="form", words="/DR of the form")
def a_form_that_an_appearance_waited_for() -> bytes:
    """P8: the signed appearance draws /FRM, which some readers look for in the form's resources."""
    return _drawn_by_the_form(b"/FRM Do", b"/XObject<</FRM 20 0 R>>")


@attack(ATTACKS, change="form", words="/DR of the form")
def a_form_that_an_appearance_waited_for_by_another_spelling() -> bytes:
    """P8: /#46RM is /FRM."""
    return _drawn_by_the_form(b"/#46RM Do", b"/XObject<</FRM 20 0 R>>")


@attack(ATTACKS, change="form", words="/DR of the form")
def a_form_by_the_name_of_a_font() -> bytes:
    """P8: the signed appearance has a font /FRM and draws the form /FRM, which it has not."""
    return _drawn_by_the_form(b"/FRM Do", b"/XObject<</FRM 20 0 R>>", b"/Resources<</Font<</FRM 5 0 R>>>>")


@attack(ATTACKS, change="form", words="/DR of the form")
def patterns_added_to_the_form() -> bytes:
    """P8: of what was not there, only fonts and forms may be added."""
    return _drawn_by_the_form(b"", b"/Pattern<</P 20 0 R>>")


def form_added_to_resources() -> bytes:
    """The honest twin: nothing has the name."""
    return _drawn_by_the_form(b"", b"/XObject<</FRM 20 0 R>>")


def defaulted(default: bytes) -> bytes:
    """An update that gives the form a default appearance; its field has its own, or none."""
    field = FIELD_WITHOUT_DEFAULT % (b"100", 9, default)
    bodies = {
        1: b"<</Type/Catalog/Pages 2 0 R/AcroForm 10 0 R>>",
        7: FIELD,
        8: field,
        9: appearance(b"100"),
        10: b"<</Fields[7 0 R 8 0 R]/SigFlags 3>>",
        3: BODIES[3].replace(b"/Type/Page", b"/Type/Page/Annots[7 0 R 8 0 R]"),
    }
    pdf = hand_signed(prepared(bodies=bodies))
    return append(pdf, {10: raw(pdf, 10).replace(b"/SigFlags", b"/DA(/Helv 0 Tf 0 g)/SigFlags")})


@attack(ATTACKS, change="form", words="/DA of the form")
def form_with_another_default_appearance() -> bytes:
    """P8: "/DA ... must not change": readers that draw the field anew have nothing else to draw it by."""
    return defaulted(b"")


# The identifier of the file ----------------------------------------------------------------------------------------


def identified(now: bytes, trailer: bytes = b"") -> bytes:
    """An update whose trailer has this permanent identifier; before it was `0123456789abcdef0123`."""
    pdf = signed(table_pdf(trailer=b"/Root 1 0 R/ID[(0123456789abcdef0123)<00>]"))
    return append(pdf, {1: raw(pdf, 1)}, trailer=b"/ID[(%s)<01>]%s" % (now, trailer))


for _name, _now in (
    ("cut_short", b"0123456789"),
    ("cut_behind", b"456789abcdef0123"),
    ("that_is_another", b"0123456789abcdeg"),
):
    variant(
        ATTACKS,
        f"an_identifier_{_name}",
        "P6: the permanent identifier is what it was, or its first 16 bytes.",
        partial(identified, _now),
        change="structure",
        words="permanent file identifier",
    )
