"""P6 to P9, P11, P12: well-formed updates that change what a signed document shows or permits."""

from __future__ import annotations

import re
from functools import cache

from kyso_pki.pdf.reader import Reader
from tests.pki.pdf.samples import BODIES, SIGNATURE_BOX, WORLD, append, raw, signed, stream, table_pdf, with_fields

from .attack import FIELD, FORM, Attack, attack, gap_of, hand_signed, prepared, second_victim, victim

ATTACKS: list[Attack] = []
EVIL = stream(b"BT /F1 12 Tf 72 720 Td (Pay 999999 to Thief) Tj ET")
COVER = stream(b"1 g 0 0 595 842 re f", b"/Type/XObject/Subtype/Form/BBox[0 0 595 842]")
HARMLESS_STREAM = stream(b"", b"/Type/XObject/Subtype/Form/BBox[0 0 1 1]")

# P6 -------------------------------------------------------------------------------------------------------------


@attack(ATTACKS, change="content", words="object 4")
def page_content_replaced() -> bytes:
    """P6: "Update rewrites page /Contents"."""
    return append(victim(), {4: EVIL})


@attack(ATTACKS, change="content", words="object 4")
def page_content_replaced_by_a_stream_update() -> bytes:
    """P6: the same through a cross-reference stream."""
    return append(victim(), {4: EVIL}, as_stream=True)


@attack(ATTACKS, change="content", words="/Contents of the page")
def page_pointed_at_new_content() -> bytes:
    """P6: "every changed or added or freed xref entry must be explained by the allow-list"."""
    return append(victim(), {20: EVIL, 3: raw(victim(), 3).replace(b"/Contents 4 0 R", b"/Contents 20 0 R")})


@attack(ATTACKS, change="resource", words="/Resources of the page")
def page_resources_replaced() -> bytes:
    """P6: resources."""
    font = b"<</Type/Font/Subtype/Type1/BaseFont/Symbol>>"
    return append(victim(), {20: font, 3: raw(victim(), 3).replace(b"/F1 5 0 R", b"/F1 20 0 R")})


@attack(ATTACKS, change="page", words="/Rotate of the page")
def page_turned() -> bytes:
    """P6: any other key of a page."""
    return append(victim(), {3: raw(victim(), 3).replace(b"/Type/Page", b"/Type/Page/Rotate 180")})


@attack(ATTACKS, change="page", words="object 2")
def page_added() -> bytes:
    """P6: /Kids."""
    page = BODIES[3].replace(b"4 0 R", b"21 0 R")
    return append(victim(), {2: b"<</Type/Pages/Kids[3 0 R 20 0 R]/Count 2>>", 20: page, 21: EVIL})


@attack(ATTACKS, change="structure", words="/OpenAction")
def script_added_to_the_catalog() -> bytes:
    """P6: the catalog gets an action that runs when the file is opened."""
    action = b"/OpenAction<</S/JavaScript/JS(app.alert\\(1\\))>>"
    return append(victim(), {1: raw(victim(), 1)[:-2] + action + b">>"})


@attack(ATTACKS, change="structure", words="another catalog")
def another_catalog() -> bytes:
    """P6, P10: two catalogs: the trailer names another one."""
    bodies = {20: raw(victim(), 1).replace(b"2 0 R", b"21 0 R"), 21: b"<</Type/Pages/Kids[]/Count 0>>"}
    return append(victim(), bodies, root=b"20 0 R")


@attack(ATTACKS, change="structure", words="/DocChecksum in the trailer")
def an_entry_added_to_the_trailer() -> bytes:
    """P6: the trailer is compared too."""
    return append(victim(), {}, trailer=b"/DocChecksum(x)")


@attack(ATTACKS, change="structure", words="permanent file identifier")
def another_file_identifier() -> bytes:
    """P6: the first half of /ID never changes (ISO 32000-2 14.4)."""
    return append(victim(), {}, trailer=b"/ID[<99><99>]")


@attack(ATTACKS, change="unexplained", words="for no known reason")
def an_object_added_for_nobody() -> bytes:
    """P6: "no unexplained xref": an added object that nothing refers to is still not explained."""
    return append(victim(), {20: EVIL})


@attack(ATTACKS, change="metadata", words="Title")
def the_title_changed() -> bytes:
    """P6: of the document information only dates and the producer may change."""
    pdf = signed(table_pdf({**BODIES, 6: b"<</Title(Pay 100)>>"}, b"/Root 1 0 R/Info 6 0 R"))
    return append(pdf, {6: b"<</Title(Pay 999999)>>"}, trailer=b"/Info 6 0 R")


# P7 -------------------------------------------------------------------------------------------------------------


@attack(ATTACKS, change="structure", words="was deleted")
def overlay_freed() -> bytes:
    """P7: "after signing an update only *frees* ... that object": "freeing ... is a change"."""
    return append(overlaid(), {}, freed=(6,))


@cache
def overlaid() -> bytes:
    """A signed page whose true text is hidden under an overlay (object 6)."""
    page = BODIES[3].replace(b">>>>>>", b">>/XObject<</O 6 0 R>>>>>>")
    return signed(table_pdf({**BODIES, 3: page, 6: COVER}))


@attack(ATTACKS, change="resource", words="object 6")
def overlay_replaced() -> bytes:
    """P7: "no "unused object" exemption for objects present in the signed revision"."""
    return append(overlaid(), {6: HARMLESS_STREAM})


@cache
def dangling(reference: bytes) -> bytes:
    """A signed page that also draws an object which does not exist yet."""
    page = BODIES[3].replace(b"/Font", b"/XObject<</X %s>>/Font" % reference)
    content = stream(b"BT /F1 12 Tf 72 720 Td (Pay 100 to Mau) Tj ET /X Do")
    return signed(table_pdf({**BODIES, 3: page, 4: content}))


def _field_update(pdf: bytes, field: bytes, more: dict[int, bytes]) -> bytes:
    """An update that adds a signature field (object 30) in the allowed shape, with more objects."""
    form = raw(pdf, _form(pdf)).replace(b"/Fields[", b"/Fields[30 0 R ")
    fields = re.sub(rb"/Fields \[(.*?)\]", rb"/Fields [\1 30 0 R]", form)
    annotated = re.sub(rb"/Annots \[(.*?)\]", rb"/Annots [\1 30 0 R]", raw(pdf, 3))
    return append(pdf, {**more, 30: field, 3: annotated, _form(pdf): fields})


def _form(pdf: bytes) -> int:
    found = re.search(rb"/AcroForm (\d+) 0 R", raw(pdf, 1))
    assert found
    return int(found[1])


NEW = b"<</Type/Annot/Subtype/Widget/FT/Sig/T(New)/Rect[%s]/F 132/P 3 0 R%s>>"
TINY = b"<</Type/Annot/Subtype/Widget/FT/Sig/T(New)/Rect[0 0 0 0]/F 132/P 3 0 R%s>>"


@attack(ATTACKS, change="content", words="object 31 is used by what was signed")
def a_promised_object_delivered_as_an_appearance() -> bytes:
    """P6, P7: the page already refers to object 31; the update delivers it as the appearance of a field."""
    content = stream(b"BT /F1 12 Tf 72 700 Td (and 999999 to Thief) Tj ET", b"/BBox[0 0 0 0]")
    return _field_update(dangling(b"31 0 R"), TINY % b"/AP<</N 31 0 R>>", {31: content})


@attack(ATTACKS, change="content", words="object 31 is used by what was signed")
def a_promised_object_behind_a_comment() -> bytes:
    """P5, P7: the same, with a comment inside the reference."""
    page = BODIES[3].replace(b"/Contents 4 0 R", b"/Contents[4 0 R 31%x\n0%y\nR]")
    return _evidence(hand_signed(prepared(base=table_pdf({**BODIES, 3: page}))))


@attack(ATTACKS, change="content", words="object 31 is used by what was signed")
def a_promised_object_behind_its_own_number_and_a_comment() -> bytes:
    """P5, P7: the same behind a bare number, which with the next one looks like the beginning of a reference."""
    page = BODIES[3].replace(b"/Contents 4 0 R", b"/Contents[4 0 R 31 31%x\n0%y\nR]")
    return _evidence(hand_signed(prepared(base=table_pdf({**BODIES, 3: page}))))


@attack(ATTACKS, change="content", words="object 31 is used by what was signed")
def a_promised_object_delivered_as_evidence() -> bytes:
    """P13, P7: the page already refers to object 31; the update delivers it as a "certificate" in the DSS."""
    return _evidence(dangling(b"31 0 R"))


def _evidence(pdf: bytes) -> bytes:
    content = stream(b"BT /F1 12 Tf 72 700 Td (and 999999 to Thief) Tj ET")
    catalog = raw(pdf, 1)[:-2] + b"/DSS<</Certs[31 0 R]>>>>"
    return append(pdf, {1: catalog, 31: content})


@attack(ATTACKS, change="content", words="object 31 is used by what was signed")
def a_promised_object_delivered_as_metadata() -> bytes:
    """P6, P7: the page already refers to object 31; the update delivers it as XMP metadata."""
    pdf = dangling(b"31 0 R")
    content = stream(b"BT /F1 12 Tf 72 700 Td (and 999999 to Thief) Tj ET", b"/Type/Metadata/Subtype/XML")
    return append(pdf, {1: raw(pdf, 1)[:-2] + b"/Metadata 31 0 R>>", 31: content})


@attack(ATTACKS, change="content", words="object 6 is used by what was signed")
def page_content_that_is_also_metadata() -> bytes:
    """P7: an object that serves as metadata and as page content at once."""
    xmp = b"/Type/Metadata/Subtype/XML"
    bodies = {
        **BODIES,
        1: b"<</Type/Catalog/Pages 2 0 R/Metadata 6 0 R>>",
        3: BODIES[3].replace(b"/Contents 4 0 R", b"/Contents[4 0 R 6 0 R]"),
        6: stream(b"<x/>", xmp),
    }
    return append(signed(table_pdf(bodies)), {6: stream(b"BT /F1 12 Tf (Thief) Tj ET", xmp)})


@attack(ATTACKS, change="content", words="object 7 is used by what was signed")
def page_content_array_that_is_also_evidence() -> bytes:
    """P13, P7: one array serves as /Certs of the DSS and as /Contents of the page."""
    certificate = stream(b"\x30\x00")
    bodies = {
        **BODIES,
        1: b"<</Type/Catalog/Pages 2 0 R/DSS 8 0 R>>",
        3: BODIES[3].replace(b"/Contents 4 0 R", b"/Contents 7 0 R"),
        6: certificate,
        7: b"[4 0 R]",
        8: b"<</Certs 7 0 R>>",
    }
    pdf = signed(table_pdf(bodies))
    return append(pdf, {7: b"[4 0 R 31 0 R]", 31: EVIL})


@attack(ATTACKS, change="evidence", words="removed or replaced")
def evidence_replaced() -> bytes:
    """P13: evidence that was there when signed may not be exchanged."""
    bodies = {**BODIES, 1: b"<</Type/Catalog/Pages 2 0 R/DSS<</Certs[6 0 R]>>>>", 6: stream(b"\x30\x00")}
    return append(signed(table_pdf(bodies)), {6: stream(b"\x30\x01")})


@attack(ATTACKS, change="evidence", words="unknown shape")
def objects_hidden_in_the_evidence() -> bytes:
    """P13: a DSS that holds anything but evidence is none."""
    return append(victim(), {1: raw(victim(), 1)[:-2] + b"/DSS<</Kids[4 0 R]>>>>"})


@attack(ATTACKS, change="evidence", words="unknown shape")
def a_drawing_among_the_evidence() -> bytes:
    """P13: the streams of a DSS are certificates, CRLs and OCSP answers, not drawings."""
    return append(victim(), {1: raw(victim(), 1)[:-2] + b"/DSS<</Certs[31 0 R]>>>>", 31: COVER})


@attack(ATTACKS, change="evidence", words="removed or replaced")
def evidence_that_is_no_evidence() -> bytes:
    """P13: what is no DER structure proves nothing."""
    return append(victim(), {1: raw(victim(), 1)[:-2] + b"/DSS<</Certs[31 0 R]>>>>", 31: stream(b"0 0 m")})


@attack(ATTACKS, change="metadata", words="extensions")
def objects_hidden_in_the_extensions() -> bytes:
    """P6: only developer extensions may be declared."""
    return append(victim(), {1: raw(victim(), 1)[:-2] + b"/Extensions<</X 31 0 R>>>>", 31: COVER})


@attack(ATTACKS, change="structure", words="/Version")
def the_version_lowered() -> bytes:
    """P6: readers may show an older version otherwise."""
    return append(victim(), {1: raw(victim(), 1)[:-2] + b"/Version/1.0>>"})


# P8 -------------------------------------------------------------------------------------------------------------


@attack(ATTACKS, change="font", words="object 5")
def font_redefined() -> bytes:
    """P8 (V2): "later update redefines a font (glyphs swapped)": "a changed font/resource is never allowed"."""
    return append(victim(), {5: b"<</Type/Font/Subtype/Type1/BaseFont/Helvetica/Encoding<</Differences[49/nine]>>>>"})


CERTIFIED = (
    b"<</Type/Sig/Filter/Adobe.PPKLite/SubFilter/ETSI.CAdES.detached"
    b"/Reference[<</Type/SigRef/TransformMethod/DocMDP/TransformParams<</Type/TransformParams/V/1.2/P %d>>>>]%%s>>"
)
TEXT_FIELD = (
    b"<</Type/Annot/Subtype/Widget/FT/Tx/T(Amount)/V(%s)/Rect[100 100 200 120]"
    b"/P 3 0 R/F 4/DA(/F1 9 Tf)/AP<</N 9 0 R>>>>"
)
LOOK = b"/Type/XObject/Subtype/Form/BBox[0 0 100 20]/Resources<</Font<</F1 5 0 R>>>>"


def appearance(text: bytes, entries: bytes = LOOK) -> bytes:
    return stream(b"/Tx BMC q BT /F1 9 Tf 2 5 Td (%s) Tj ET Q EMC" % text, entries)


@cache
def form_signed(level: int | None = 2, value: bytes = b"100", shown: bytes = b"100") -> bytes:
    """A form with a text field (8, appearance 9), certified at `level`, or approved when None."""
    bodies = {
        1: b"<</Type/Catalog/Pages 2 0 R/AcroForm 10 0 R/Perms<</DocMDP 6 0 R>>>>",
        7: FIELD,
        8: TEXT_FIELD % value,
        9: appearance(shown),
        10: b"<</Fields[7 0 R 8 0 R]/SigFlags 3>>",
        3: BODIES[3].replace(b"/Type/Page", b"/Type/Page/Annots[7 0 R 8 0 R]"),
    }
    if level is None:
        bodies[1] = bodies[1].replace(b"/Perms<</DocMDP 6 0 R>>", b"")
        return hand_signed(prepared(bodies=bodies))
    return hand_signed(prepared(CERTIFIED % level, bodies=bodies))


def filled(pdf: bytes, value: bytes, shown: bytes, entries: bytes = LOOK) -> bytes:
    return append(pdf, {8: TEXT_FIELD % value, 9: appearance(shown, entries)})


@attack(ATTACKS, change="form", words="'Amount' was changed: '100' → '999'")
def form_filled_without_permission() -> bytes:
    """P8: "for signatures without DocMDP the default verdict is "valid, changed afterwards", not "valid"."""
    return filled(form_signed(None), b"999", b"999")


@attack(ATTACKS, change="form", words="Amount")
def form_filled_with_another_appearance() -> bytes:
    """P8 (V1): "a form-value change is only "form filling" if the new /AP is produced from the new /V"."""
    return filled(form_signed(), b"100 ", b"999")


@attack(ATTACKS, change="form", words="Amount")
def form_value_that_never_was_shown() -> bytes:
    """P8 (V1): "compare ... old /AP with old /V": the signer saw 100 while the value was 999."""
    return filled(form_signed(2, b"999", b"100"), b"999 ", b"999")


@attack(ATTACKS, change="form", words="Amount")
def form_filled_in_another_font() -> bytes:
    """P8: "fonts ... must not change"."""
    return filled(form_signed(), b"200", b"200", LOOK.replace(b"5 0 R", b"20 0 R"))


@attack(ATTACKS, change="form", words="Amount")
def form_filled_with_a_drawing() -> bytes:
    """P8: an appearance that draws more than text is not produced from the value."""
    return append(form_signed(), {8: TEXT_FIELD % b"100 ", 9: stream(b"BT (100) Tj ET /Im Do", LOOK)})


@attack(ATTACKS, change="annotation", words="object 8")
def form_field_moved() -> bytes:
    """P8: "/MK, /DA, /DR, fonts, /NeedAppearances, field flags, /Rect must not change"."""
    return append(form_signed(), {8: (TEXT_FIELD % b"100").replace(b"[100 100 200 120]", b"[72 715 200 735]")})


@attack(ATTACKS, change="form", words="NeedAppearances")
def appearances_to_be_made_by_the_reader() -> bytes:
    """P8: /NeedAppearances must not change."""
    form = b"<</Fields[7 0 R 8 0 R]/SigFlags 3/NeedAppearances true>>"
    return append(form_signed(), {10: form})


@attack(ATTACKS, change="form", words="no new signature field")
def text_field_added() -> bytes:
    """P8, P9: new fields after a certification are no form filling."""
    form = b"<</Fields[7 0 R 8 0 R 20 0 R]/SigFlags 3>>"
    return append(form_signed(), {10: form, 20: TEXT_FIELD % b"x"})


@attack(ATTACKS, change="structure", words="removed from the form")
def field_removed() -> bytes:
    """P8, P12: a field may not leave the form."""
    return append(form_signed(), {10: b"<</Fields[7 0 R]/SigFlags 3>>"})


# P9 -------------------------------------------------------------------------------------------------------------


def _annotated(pdf: bytes, annotation: bytes) -> bytes:
    page = re.sub(rb"/Annots ?\[(.*?)\]", rb"/Annots [\1 20 0 R]", raw(pdf, 3))
    return append(pdf, {20: annotation, 21: COVER, 3: page})


@attack(ATTACKS, change="annotation", words="FreeText")
def free_text_over_a_certified_page() -> bytes:
    """P9 (EAA): "certified P=3 ...; append FreeText ... annotation with opaque /AP over text"."""
    note = b"<</Type/Annot/Subtype/FreeText/Rect[0 0 595 842]/F 196/Contents(Pay 9)/AP<</N 21 0 R>>>>"
    return _annotated(form_signed(3), note)


@attack(ATTACKS, change="annotation", words="(Sticker)")
def annotation_of_an_unknown_kind() -> bytes:
    """P9 (EAA): "also by making /Subtype unknown so it is not listed"."""
    return _annotated(form_signed(3), b"<</Type/Annot/Subtype/Sticker/Rect[0 0 595 842]/AP<</N 21 0 R>>>>")


@attack(ATTACKS, change="annotation", words="Stamp")
def stamp_over_an_approved_page() -> bytes:
    """P9: an annotation after an approval signature."""
    return _annotated(victim(), b"<</Type/Annot/Subtype/Stamp/Rect[0 0 595 842]/AP<</N 21 0 R>>>>")


@attack(ATTACKS, change="annotation", words="removed or reordered")
def annotation_removed() -> bytes:
    """P9, P7: the widget of the signature leaves the page."""
    return append(victim(), {3: re.sub(rb"/Annots ?\[.*?\]", b"/Annots []", raw(victim(), 3))})


@attack(ATTACKS, change="overlay", words="lies over the page")
def signature_field_that_covers_the_page() -> bytes:
    """P9 (SSA): "add a signature field (own key) with an opaque page-wide appearance"."""
    field = NEW % (b"0 0 595 842", b"/AP<</N 31 0 R>>/V 32 0 R")
    return _field_update(victim(), field, {31: COVER, 32: b"<</Type/Sig/Contents<00>/ByteRange[0 1 2 3]>>"})


@attack(ATTACKS, change="overlay", words="lies over the page")
def signature_field_without_area_but_with_an_appearance() -> bytes:
    """P9 (SSA): a reader may show the appearance of a widget whose rectangle has no area."""
    more = {31: COVER, 32: b"<</Type/Sig/Contents<00>/ByteRange[0 1 2 3]>>"}
    return _field_update(victim(), TINY % b"/AP<</N 31 0 R>>/V 32 0 R", more)


@attack(ATTACKS, change="form", words="unusual entries: its name or type")
def signature_field_of_another_type() -> bytes:
    """P9 (SSA): "even with /Type or /FT garbled so that the panel does not list it"."""
    return _field_update(victim(), (TINY % b"").replace(b"/Type/Annot", b"/Type/Page"), {})


@attack(ATTACKS, change="form", words="no new signature field")
def signature_field_with_a_garbled_field_type() -> bytes:
    """P9 (SSA): /FT garbled."""
    return _field_update(victim(), (TINY % b"").replace(b"/FT/Sig", b"/FT/Sgi"), {})


@attack(ATTACKS, change="form", words="unusual entries: AA")
def signature_field_with_an_action() -> bytes:
    """P9: a new field carries an action."""
    return _field_update(victim(), TINY % b"/AA<</E<</S/JavaScript/JS(1)>>>>", {})


@cache
def boxed(rectangle: bytes) -> bytes:
    """A page with two signature boxes, the first of them signed by kyso."""
    pdf = with_fields(SIGNATURE_BOX % (b"A", b"10 10 110 60", b""), SIGNATURE_BOX % (b"B", rectangle, b""))
    return signed(pdf, field="A")


@attack(ATTACKS, change="content", words="covers a large part of a page")
def prepared_box_that_covers_the_page() -> bytes:
    """P9, P10: a page-wide box stood there empty when the page was signed; then it is filled with an opaque look."""
    pdf = boxed(b"0 0 595 842")
    look = raw(pdf, 8)[:-2] + b"/AP<</N 31 0 R>>/V 32 0 R>>"
    return append(pdf, {8: look, 31: COVER, 32: b"<</Type/Sig/Contents<00>/ByteRange[0 1 2 3]>>"})


@attack(ATTACKS, change="content", words="taken from elsewhere")
def prepared_box_filled_with_an_old_object() -> bytes:
    """P7, P9: the appearance of a filled box is re-pointed at an object that was signed as something else."""
    pdf = boxed(b"120 10 220 60")
    look = raw(pdf, 8)[:-2] + b"/AP<</N 4 0 R>>/V 32 0 R>>"
    return append(pdf, {8: look, 32: b"<</Type/Sig/Contents<00>/ByteRange[0 1 2 3]>>"})


# P11 ------------------------------------------------------------------------------------------------------------


@attack(ATTACKS, finding="REDEFINED", words="was replaced")
def signature_dictionary_redefined() -> bytes:
    """P11: "later revision redefines the signature dictionary object with other /Reason /Name /M"."""
    number = gap_of(victim()).number
    return append(victim(), {number: raw(victim(), number).replace(b"/Type /Sig", b"/Type /Sig /Reason (I agree)")})


@attack(ATTACKS, finding="TWO_FIELDS", words="Several fields")
def signature_shown_by_a_second_field() -> bytes:
    """P11: "a second field reuses /V"."""
    number = gap_of(victim()).number
    return _field_update(victim(), TINY % (b"/V %d 0 R" % number), {})


@attack(ATTACKS, finding="REDEFINED", words="when it was signed")
def signature_moved_to_another_field() -> bytes:
    """P11: the field did not have this signature when it was made."""
    number = gap_of(victim()).number
    widget = next(n for n in range(5, 10) if b"/Subtype /Widget" in raw(victim(), n))
    emptied = raw(victim(), widget).replace(b"/V %d 0 R" % number, b"")
    pdf = _field_update(victim(), TINY % (b"/V %d 0 R" % number), {widget: emptied})
    assert Reader(pdf).last == 2
    return pdf


@attack(ATTACKS, change="annotation", words="Annot")
def a_later_signature_removed() -> bytes:
    """P11: the second signature is taken out of its field again; the first one says so."""
    pdf = second_victim()
    number = gap_of(pdf).number
    widget = next(n for n in range(9, 14) if b"/V %d 0 R" % number in raw(pdf, n))
    return append(pdf, {widget: raw(pdf, widget).replace(b"/V %d 0 R" % number, b"")})


@attack(ATTACKS, finding="REDEFINED", words="no part of the revision")
def signature_listed_only_later() -> bytes:
    """P11: the dictionary is read from the revision that it signs: there no entry named it."""
    pdf = prepared()
    start = Reader(pdf).startxref
    entry = Reader(pdf).entry(6)
    assert entry is not None
    row = b"6 1\n%010d 00000 n \n" % entry.a
    unlisted = hand_signed(pdf[:start] + pdf[start:].replace(row, b""))
    later = append(unlisted, {})
    start = Reader(later).startxref
    return later[:start] + later[start:].replace(b"xref\n", b"xref\n" + row, 1)


# P12 ------------------------------------------------------------------------------------------------------------


@attack(ATTACKS, change="signature", words="was added and signed")
def signed_again_though_certified_against_changes() -> bytes:
    """P12, P9: "P=1: any of these must fail"."""
    field = TINY % b"/V 32 0 R"
    page = raw(form_signed(1), 3).replace(b"/Annots[7 0 R 8 0 R]", b"/Annots[7 0 R 8 0 R 30 0 R]")
    form = b"<</Fields[7 0 R 8 0 R 30 0 R]/SigFlags 3>>"
    signature = b"<</Type/Sig/Contents<00>/ByteRange[0 1 2 3]>>"
    return append(form_signed(1), {3: page, 10: form, 30: field, 32: signature})


@attack(ATTACKS, change="form", words="Amount")
def form_filled_though_certified_against_changes() -> bytes:
    """P12: form filling needs P=2."""
    return filled(form_signed(1), b"200", b"200")


@attack(ATTACKS, change="structure", words="/Perms")
def permissions_removed() -> bytes:
    """P12: "Remove or change /Perms"."""
    pdf = form_signed(1)
    return append(pdf, {1: raw(pdf, 1).replace(b"/Perms<</DocMDP 6 0 R>>", b"")})


@attack(ATTACKS, finding="CERTIFIED_LATE", words="after another signature")
def certified_after_an_approval() -> bytes:
    """P12: "only the first signature may certify"."""
    return _signed_later(CERTIFIED % 2)


def _signed_later(dictionary: bytes) -> bytes:
    """The victim with a second, true signature whose dictionary is given."""
    form = _form(victim())
    fields = re.sub(rb"/Fields \[(.*?)\]", rb"/Fields [\1 30 0 R]", raw(victim(), form))
    page = re.sub(rb"/Annots \[(.*?)\]", rb"/Annots [\1 30 0 R]", raw(victim(), 3))
    bodies = {30: TINY % b"/V 32 0 R", form: fields, 3: page}
    return hand_signed(prepared(dictionary, victim(), bodies, number=32), signer=WORLD.seal_signer)


@attack(ATTACKS, finding="PERMISSION", words="/P of a certification")
def permission_that_does_not_exist() -> bytes:
    """P12: a permission that nobody knows permits nothing."""
    return hand_signed(prepared(CERTIFIED % 7, bodies=FORM))


@attack(ATTACKS, change="form", words="Amount")
def a_locked_field_changed() -> bytes:
    """P12: "change a locked field": "locked names compared by full field name incl. kids"."""
    lock = b"<</Type/SigFieldLock/Action/Include/Fields[(Amount)]>>"
    bodies = {
        1: b"<</Type/Catalog/Pages 2 0 R/AcroForm 10 0 R/Perms<</DocMDP 6 0 R>>>>",
        7: FIELD.replace(b"/FT/Sig", b"/FT/Sig/Lock " + lock),
        8: TEXT_FIELD % b"100",
        9: appearance(b"100"),
        10: b"<</Fields[7 0 R 8 0 R]/SigFlags 3>>",
    }
    return filled(hand_signed(prepared(CERTIFIED % 2, bodies=bodies)), b"200", b"200")


@attack(ATTACKS, change="annotation", words="object 7")
def a_lock_dropped() -> bytes:
    """P12: "drop /Lock"."""
    lock = FIELD.replace(b"/FT/Sig", b"/FT/Sig/Lock<</Action/All>>")
    pdf = hand_signed(prepared(bodies={**FORM, 7: lock}))
    return append(pdf, {7: FIELD})
