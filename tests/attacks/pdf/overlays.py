"""P7 to P9: a later signature with a look of its own, laid over what a signed page shows."""

from __future__ import annotations

import re
from functools import cache

from kyso_pki.pdf.reader import Reader
from tests.pki.pdf.ink.drawing import font_program
from tests.pki.pdf.samples import BODIES, SIGNATURE_BOX, append, raw, signed, stream, table_pdf, with_fields

from .attack import Attack, attack, victim
from .sealing import truly_sealed

ATTACKS: list[Attack] = []
LOOK = stream(b"1 0 0 rg 0 0 100 100 re f", b"/Type/XObject/Subtype/Form/BBox[0 0 100 100]")
BROKEN = b"<</Type/Sig/Contents<00>/ByteRange[0 1 2 3]>>"
SEAL = b"<</Type/Annot/Subtype/Widget/FT/Sig/T(%s)/Rect[%s]/F %d/P %d 0 R/AP<</N 31 0 R>>/V 32 0 R>>"


def sealed(
    pdf: bytes, rect: bytes, *, name: bytes = b"Seal", flags: int = 132, named: int = 3, at: int = 30
) -> bytes:
    """An update with one more visible signature field (objects `at` to `at` + 2) on the page in object 3.

    The signature itself is broken: what counts is what the earlier one says of it.
    """
    form = _form(pdf)
    field = (SEAL % (name, rect, flags, named)).replace(b"31 0 R", b"%d 0 R" % (at + 1))
    field = field.replace(b"32 0 R", b"%d 0 R" % (at + 2))
    fields = re.sub(rb"/Fields ?\[(.*?)\]", rb"/Fields [\1 %d 0 R]" % at, raw(pdf, form))
    page = re.sub(rb"/Annots ?\[(.*?)\]", rb"/Annots [\1 %d 0 R]" % at, raw(pdf, 3))
    return append(pdf, {at: field, at + 1: LOOK, at + 2: BROKEN, form: fields, 3: page})


def _form(pdf: bytes) -> int:
    found = re.search(rb"/AcroForm (\d+) 0 R", raw(pdf, 1))
    assert found
    return int(found[1])


BLANK = b"300 300 400 400"
TEXT = b"60 700 160 760"  # "Pay 100 to Mau" starts at 72, 720


@attack(ATTACKS, change="overlay", words="text, lines or pictures of page 1")
def a_seal_over_a_line_of_text() -> bytes:
    """P9: "any visible new widget/annotation whose /Rect intersects existing content of a signed page"."""
    return sealed(victim(), TEXT)


@attack(ATTACKS, change="overlay", words="text, lines or pictures of page 1")
def a_seal_over_the_end_of_a_line_whose_widths_are_not_told() -> bytes:
    """P9: a standard font has no /Widths: the text reaches as far as it may."""
    return sealed(victim(), b"160 700 200 760")


@cache
def page_of(content: bytes, resources: bytes = b"", more: bytes = b"", extra: bytes = b"<<>>") -> bytes:
    """A signed page with this content; object 6 is `extra`."""
    page = BODIES[3].replace(b"/F1 5 0 R>>", b"/F1 5 0 R>>" + resources).replace(b"/Type/Page", b"/Type/Page" + more)
    return signed(table_pdf({**BODIES, 3: page, 4: stream(content), 6: extra}))


@attack(ATTACKS, change="overlay", words="text, lines or pictures")
def a_seal_over_a_picture() -> bytes:
    """P7, P9: over an image."""
    image = stream(b"\x00", b"/Type/XObject/Subtype/Image/Width 1/Height 1/BitsPerComponent 8/ColorSpace/DeviceGray")
    return sealed(page_of(b"q 200 0 0 200 250 250 cm /I Do Q", b"/XObject<</I 6 0 R>>", extra=image), BLANK)


@attack(ATTACKS, change="overlay", words="text, lines or pictures")
def a_seal_over_a_form_within_the_page() -> bytes:
    """P7, P9: text in a form XObject with a matrix of its own."""
    form = stream(
        b"BT /F1 12 Tf 0 0 Td (Pay 100) Tj ET",
        b"/Type/XObject/Subtype/Form/BBox[0 -5 100 20]/Matrix[1 0 0 1 300 350]/Resources<</Font<</F1 5 0 R>>>>",
    )
    return sealed(page_of(b"/I Do", b"/XObject<</I 6 0 R>>", extra=form), BLANK)


@attack(ATTACKS, change="overlay", words="text, lines or pictures")
def a_seal_over_text_in_white_that_is_not_white() -> bytes:
    """P9, P10: white under a blend mode is drawn as something else."""
    content = b"/G gs 1 g BT /F1 12 Tf 320 350 Td (Pay 100) Tj ET"
    return sealed(page_of(content, b"/ExtGState<</G<</BM/Difference>>>>"), BLANK)


@attack(ATTACKS, change="overlay", words="cannot be told")
def a_seal_on_a_page_with_an_inline_image() -> bytes:
    """P9: where the end of an image's data is read differently, so is what follows."""
    return sealed(page_of(b"q 9 0 0 9 9 9 cm BI /W 1 /H 1 /CS /G /BPC 8 ID \x00 EI Q"), BLANK)


@attack(ATTACKS, change="overlay", words="cannot be told")
def a_seal_on_a_page_with_a_shading() -> bytes:
    """P9: a shading paints everything within the clipping path."""
    return sealed(page_of(b"/S sh", b"/Shading<</S<<>>>>"), BLANK)


GLYPHS = b"<</Type/Font/Subtype/Type3/Encoding<</Differences[97/a]>>/CharProcs<<>>>>"


@attack(ATTACKS, change="overlay", words="cannot be told")
def a_seal_on_a_page_with_a_type_3_font() -> bytes:
    """P8, P9: the glyphs of a Type 3 font draw whatever they like, wherever."""
    return sealed(signed(table_pdf({**BODIES, 4: stream(b"BT /F1 9 Tf (a) Tj ET"), 5: GLYPHS})), BLANK)


@attack(ATTACKS, change="overlay", words="cannot be told")
def a_seal_on_a_page_with_an_unknown_filter() -> bytes:
    """P9: content that is not decoded is not blank."""
    pdf = signed(table_pdf({**BODIES, 4: stream(b"\x80", b"/Filter/RunLengthDecode")}))
    return sealed(pdf, BLANK)


def shifted_font() -> bytes:
    """The font in which every glyph is drawn ten ems to the right: by its left side bearings, which readers obey."""
    font = bytearray(font_program())
    count = int.from_bytes(font[4:6], "big")
    tables = {bytes(font[12 + 16 * i : 16 + 16 * i]): 12 + 16 * i for i in range(count)}
    place = {k: int.from_bytes(font[v + 8 : v + 12], "big") for k, v in tables.items()}
    metrics = int.from_bytes(font[place[b"hhea"] + 34 : place[b"hhea"] + 36], "big")
    for i in range(metrics):
        font[place[b"hmtx"] + 4 * i + 2 : place[b"hmtx"] + 4 * i + 4] = (20_000).to_bytes(2, "big")
    return bytes(font)


@attack(ATTACKS, change="overlay", words="text, lines or pictures")
def a_seal_over_text_that_a_font_draws_elsewhere() -> bytes:
    """P8, P9, P10: the boxes that a font states are lies; its outlines decide."""
    font = (
        b"<</Type/Font/Subtype/TrueType/BaseFont/L/FirstChar 0/LastChar 1/Widths[500 500]/FontDescriptor<<"
        b"/Type/FontDescriptor/FontName/L/Flags 4/FontBBox[0 0 1 1]/FontFile2 6 0 R>>>>"
    )
    program = shifted_font()
    bodies = {
        **BODIES,
        4: stream(b"BT /F1 12 Tf 200 350 Td <0100> Tj ET"),
        5: font,
        6: stream(program, b"/Length1 %d" % len(program)),
    }
    return sealed(signed(table_pdf(bodies)), BLANK)


@attack(ATTACKS, change="overlay", words="an annotation on page 1")
def a_seal_over_an_annotation() -> bytes:
    """P9: what a note said when the page was signed is covered."""
    note = b"<</Type/Annot/Subtype/FreeText/Rect[320 320 380 340]/Contents(Not valid)/AP<</N 7 0 R>>>>"
    page = BODIES[3].replace(b"/Type/Page", b"/Type/Page/Annots[6 0 R]")
    return sealed(signed(table_pdf({**BODIES, 3: page, 4: stream(b""), 6: note, 7: LOOK})), BLANK)


@attack(ATTACKS, change="overlay", words="an annotation on page 1")
def a_seal_beside_a_note_without_a_size_of_its_own() -> bytes:
    """P9: an annotation without an appearance is drawn by each reader's taste."""
    note = b"<</Type/Annot/Subtype/Text/Rect[280 320 290 330]/Contents(Not valid)>>"
    return sealed(page_of(b"", more=b"/Annots[6 0 R]", extra=note), BLANK)


@attack(ATTACKS, change="overlay", words="flags")
def a_seal_that_does_not_turn_or_grow_with_the_page() -> bytes:
    """P9: NoZoom and NoRotate draw a widget beside its rectangle (12.5.3)."""
    return sealed(victim(), BLANK, flags=4 | 8)


@attack(ATTACKS, change="overlay", words="larger than a signature needs to be")
def a_seal_over_a_whole_blank_page() -> bytes:
    """P9: "an opaque page-wide appearance", though nothing was there: the page would be another one."""
    return sealed(page_of(b""), b"0 0 595 842")


@attack(ATTACKS, change="overlay", words="page 1")
def a_seal_that_names_another_page_than_the_one_that_shows_it() -> bytes:
    """P9: /P names a blank page, the page with text lists the widget."""
    blank = b"<</Type/Page/Parent 2 0 R/MediaBox[0 0 595 842]>>"
    pdf = signed(table_pdf({**BODIES, 2: b"<</Type/Pages/Kids[3 0 R 6 0 R]/Count 2>>", 6: blank}))
    return sealed(pdf, TEXT, named=6)


@attack(ATTACKS, change="overlay", words="on no page")
def a_seal_on_no_page() -> bytes:
    """P9: a widget that no page lists; a reader that shows all fields may put it anywhere."""
    pdf = victim()
    field = (SEAL % (b"Seal", BLANK, 132, 3)).replace(b"/P 3 0 R", b"")
    form = _form(pdf)
    fields = re.sub(rb"/Fields ?\[(.*?)\]", rb"/Fields [\1 30 0 R]", raw(pdf, form))
    return append(pdf, {30: field, 31: LOOK, 32: BROKEN, form: fields})


@cache
def visible() -> bytes:
    """A page with one visible signature in a box of 100 points that was prepared for it."""
    box = SIGNATURE_BOX % (b"A", b"200 200 300 300", b"")
    return signed(with_fields(box), field="A")


@attack(ATTACKS, change="overlay", words="of an earlier signature")
def a_seal_over_most_of_an_earlier_signature() -> bytes:
    """P7: NĐ 30/2020 asks for a third; more than half hides who signed."""
    return sealed(visible(), b"200 200 260 300")


@attack(ATTACKS, change="overlay", words="of an earlier signature")
def two_seals_that_together_hide_an_earlier_signature() -> bytes:
    """P7: each covers two fifths."""
    once = truly_sealed(visible(), b"200 200 240 300", name=b"First")
    return sealed(once, b"240 200 280 300", name=b"Second", at=40)


@attack(ATTACKS, change="overlay", words="text, lines or pictures")
def a_prepared_box_over_text_filled_later() -> bytes:
    """P7, P9, P10: an empty box over the text is nothing to see when the page is signed."""
    pdf = signed(
        with_fields(SIGNATURE_BOX % (b"A", b"10 10 110 60", b""), SIGNATURE_BOX % (b"B", TEXT, b"")), field="A"
    )
    look = raw(pdf, 8)[:-2] + b"/AP<</N 31 0 R>>/V 32 0 R>>"
    return append(pdf, {8: look, 31: LOOK, 32: BROKEN})


def text_added_then_covered() -> bytes:
    """P6, P9: an update changes the page, a signature covers that, and a later one would find the old page blank.

    Gives the file with a second true signature after the change, and a third field over the new text.
    """
    first = signed(page_of(b""))
    changed = append(first, {4: stream(b"BT /F1 12 Tf 320 350 Td (Pay 100) Tj ET")})
    once = sealed(first, BLANK)
    assert Reader(once).last == Reader(first).last + 1
    return sealed(signed(changed), BLANK)
