"""P1, P9: signature fields that a page shows and the form does not list."""

from __future__ import annotations

import io
import re
from functools import partial

import pikepdf

from kyso_pki.pdf.reader import Reader
from tests.pki.pdf.samples import BODIES, append, raw, saved, table_pdf

from .attack import Attack, attack, hand_signed, prepared, second_victim, variant, victim
from .bombs import bomb

ATTACKS: list[Attack] = []
RULE = 'P1: "a field of FT /Sig whose /V is not null yields exactly one verdict", wherever it stands.'
WIDGET = b"<</Type/Annot/Subtype/Widget/FT/Sig/T(B)/Rect[100 100 200 140]/F 4/P 3 0 R/V 9 0 R>>"
VALUE = b"<</Type/Sig/Filter/Adobe.PPKLite/SubFilter/ETSI.CAdES.detached/ByteRange[0 9 99 9]/Contents<00>>>"


def _bodies() -> dict[int, bytes]:
    page = BODIES[3].replace(b"/Type/Page", b"/Type/Page/Annots[8 0 R]")
    return {**BODIES, 3: page, 6: b"null", 7: b"null", 8: WIDGET, 9: VALUE}


def base(
    annotations: bytes = b"[8 0 R]", widget: bytes = WIDGET, *, more: bytes = b"null", page: bytes = b""
) -> bytes:
    """A page with an annotation that no form lists."""
    body = BODIES[3].replace(b"/Type/Page", b"/Type/Page" + page + b"/Annots" + annotations)
    return table_pdf({**_bodies(), 3: body, 6: more, 8: widget})


def elsewhere(pdf: bytes, number: int = 10) -> bytes:
    """Signed truly in a field that the form lists and no page, by somebody who does not look at the pages."""
    root = Reader(pdf).root_ref().number
    form = raw(pdf, root).rstrip()[:-2] + b"/AcroForm<</Fields[%d 0 R]/SigFlags 3>>>>" % (number + 1)
    field = b"<</Type/Annot/Subtype/Widget/FT/Sig/T(A)/Rect[0 0 0 0]/F 132/V %d 0 R>>" % number
    return hand_signed(prepared(base=pdf, bodies={root: form, number + 1: field}, number=number))


def beside(
    annotations: bytes = b"[8 0 R]", widget: bytes = WIDGET, *, more: bytes = b"null", page: bytes = b""
) -> bytes:
    return elsewhere(base(annotations, widget, more=more, page=page))


for _name, _make in (
    ("beside_a_true_signature", beside),
    ("in_the_page_itself", partial(beside, b"[" + WIDGET + b"]")),
    ("with_its_value_in_itself", partial(beside, widget=WIDGET.replace(b"9 0 R", VALUE))),
    ("of_no_type_with_a_signature_as_value", partial(beside, widget=WIDGET.replace(b"/FT/Sig", b""))),
    ("of_a_garbled_type", partial(beside, widget=WIDGET.replace(b"/FT/Sig", b"/FT/Sgi"))),
    ("of_another_kind_of_annotation", partial(beside, widget=WIDGET.replace(b"/Subtype/Widget", b"/Subtype/Stamp"))),
    ("with_escaped_names", partial(beside, widget=WIDGET.replace(b"/FT/Sig/", b"/F#54/S#69g/"))),
    ("whose_value_is_nothing", partial(beside, widget=WIDGET.replace(b"9 0 R", b"99 0 R"))),
    ("whose_value_is_no_dictionary", partial(beside, widget=WIDGET.replace(b"9 0 R", b"(signed)"))),
    ("whose_type_stands_above", partial(
        beside, widget=WIDGET.replace(b"/FT/Sig", b"/Parent 6 0 R"), more=b"<</FT/Sig/T(Above)>>"
    )),
    ("whose_value_stands_above", partial(
        beside, widget=WIDGET.replace(b"/V 9 0 R", b"/Parent 6 0 R"), more=b"<</V 9 0 R/T(Above)>>"
    )),
    ("whose_type_is_an_object", partial(beside, widget=WIDGET.replace(b"/FT/Sig", b"/FT 6 0 R"), more=b"/Sig")),
    ("in_an_array_of_its_own", partial(beside, b" 6 0 R", more=b"[8 0 R]")),
):  # fmt: skip
    variant(ATTACKS, f"field_{_name}", RULE, _make, finding="OUTSIDE_FORM", words="page 1")

for _name, _page in (
    ("behind_a_string_that_ends_it", b"/Note(>> endobj)"),
    ("behind_a_hexadecimal_string", b"/Note<3E3E>/Other<>"),
    ("behind_a_comment_that_ends_it", b"% >> endobj\n"),
    ("behind_a_comment_that_opens_a_string", b"% (\n"),
    ("behind_four_kilobytes", b"/Note[%s]" % (b"0 " * 4096)),
    ("behind_another_list_of_that_name", b"/PieceInfo<</Mau<</Annots[]/Kids[]>>>>"),
    ("behind_an_empty_name", b"/Note/"),
):
    _made = partial(beside, b" [8 0 R]", page=_page)
    variant(ATTACKS, f"field_on_a_page_{_name}", RULE, _made, finding="OUTSIDE_FORM", words="page 1")

for _name, _list in (
    ("with_a_comment", b" [ % ]\n 8 0 R]"),
    ("of_many", b"[9 0 R 99 0 R 8 0 R 8 0 R]"),
    ("with_null_bytes", b"[\x008\x000\x00R]"),
    ("with_zeros", b"[0008 00 R]"),
):
    _made = partial(beside, _list)
    variant(ATTACKS, f"field_in_a_list_{_name}", RULE, _made, finding="OUTSIDE_FORM", words="page 1")


@attack(ATTACKS, finding="OUTSIDE_FORM", words="page 1")
def field_in_a_list_under_an_escaped_name() -> bytes:
    """P5: "names compared after #-decoding"."""
    body = _bodies()[3].replace(b"/Annots", b"/Ann#6Fts")
    return elsewhere(table_pdf({**_bodies(), 3: body}))


@attack(ATTACKS, finding="OUTSIDE_FORM", words="page 1")
def field_in_an_object_stream() -> bytes:
    """P1, P5: page, widget and value are compressed, so that nobody finds them by their octets."""
    with pikepdf.open(io.BytesIO(table_pdf(_bodies()))) as opened:
        return elsewhere(saved(opened, object_streams=True), 20)


@attack(ATTACKS, finding="OUTSIDE_FORM", words="object 8")
def field_on_a_page_that_is_no_object() -> bytes:
    """P1: the page stands directly in /Kids: who repairs shows it."""
    page = BODIES[3].replace(b"/Type/Page", b"/Type/Page/Annots[8 0 R]")
    kids = BODIES[2].replace(b"/Kids[3 0 R]/Count 1", b"/Kids[3 0 R %s]/Count 2" % page)
    return elsewhere(table_pdf({**_bodies(), 2: kids, 3: BODIES[3]}))


@attack(ATTACKS, finding="OUTSIDE_FORM", words="cannot be read")
def annotation_that_cannot_be_read() -> bytes:
    """P1: "An exception in parsing is a failed signature, never a skipped one"."""
    return beside(widget=WIDGET.replace(b"/F 4", b"/F 4/F 4"))


@attack(ATTACKS, change="annotation", finding="OUTSIDE_FORM", words="")
def field_with_a_true_signature_added_beside_the_form() -> bytes:
    """P9: SSA: a trusted seal in a field that the panel does not list, over what was signed by another."""
    pdf = victim()
    page = re.sub(rb"/Annots ?\[(.*?)\]", rb"/Annots [\1 20 0 R]", raw(pdf, 3))
    field = WIDGET.replace(b"9 0 R", b"21 0 R")
    value = b"<</Type/Sig/Filter/Adobe.PPKLite/SubFilter/ETSI.CAdES.detached%s>>"
    return hand_signed(prepared(value, base=pdf, bodies={3: page, 20: field}, number=21))


@attack(ATTACKS, change="structure", finding="OUTSIDE_FORM", words="")
def field_taken_out_of_the_form() -> bytes:
    """P7, P11: the second signature is still seen on the page; no list names it."""
    pdf = second_victim()
    form = next(n for n in range(5, 20) if b"/SigFlags" in raw(pdf, n))
    return append(pdf, {form: re.sub(rb"/Fields ?\[(\d+ 0 R) .*?\]", rb"/Fields [\1]", raw(pdf, form))})


@attack(ATTACKS, finding="OUTSIDE_FORM", words="object 8")
def field_in_a_list_that_is_also_one_of_pages() -> bytes:
    """P5: one array is the /Kids of a node and the /Annots of a page."""
    page = BODIES[3].replace(b"/Type/Page", b"/Type/Page/Annots 6 0 R")
    kids = BODIES[2].replace(b"/Kids[3 0 R]/Count 1", b"/Kids[7 0 R 3 0 R]/Count 1")
    return elsewhere(table_pdf({**_bodies(), 2: kids, 3: page, 6: b"[8 0 R]", 7: b"<</Type/Pages/Kids 6 0 R>>"}))


# R1 -----------------------------------------------------------------------------------------------------------------


@bomb(900)
def pages_that_share_their_annotations(n: int) -> bytes:
    """R1: as many pages as annotations, all in one list."""
    first = 10
    pages = {first + i: BODIES[3].replace(b"/Type/Page", b"/Type/Page/Annots 6 0 R") for i in range(n)}
    kids = b"<</Type/Pages/Kids[%s]/Count %d>>" % (b" ".join(b"%d 0 R" % i for i in pages), n)
    notes = {first + n + i: b"<</Subtype/Text/Contents(x)/V(x)>>" for i in range(n)}
    listed = b"[%s]" % b" ".join(b"%d 0 R" % i for i in notes)
    return elsewhere(table_pdf({**_bodies(), 2: kids, 3: b"null", 6: listed, **pages, **notes}), first + 2 * n)


@bomb(900)
def widgets_that_share_a_large_parent(n: int) -> bytes:
    """R1: as many widgets as entries of the field above them, which nobody lists and which has no value."""
    widgets = {10 + i: b"<</Subtype/Widget/Rect[0 0 9 9]/Parent 6 0 R>>" for i in range(n)}
    listed = b" ".join(b"%d 0 R" % i for i in widgets)
    page = BODIES[3].replace(b"/Type/Page", b"/Type/Page/Annots[%s]" % listed)
    above = b"<</T(A)/Kids[%s]>>" % listed
    return elsewhere(table_pdf({**_bodies(), 3: page, 6: above, **widgets}), 10 + n)


@bomb(1_000_000)
def signatures_whose_names_repeat_one_long_name(n: int) -> bytes:
    """R1: each unlisted signature is named by a field above that is its own parent: 32 times the same text."""
    widgets = {10 + i: WIDGET.replace(b"/T(B)", b"/Parent 6 0 R").replace(b"9 0 R", VALUE) for i in range(64)}
    listed = b" ".join(b"%d 0 R" % i for i in widgets)
    page = BODIES[3].replace(b"/Type/Page", b"/Type/Page/Annots[%s]" % listed)
    above = b"<</Parent 6 0 R/T(%s)>>" % (b"x" * n)
    return elsewhere(table_pdf({**_bodies(), 3: page, 6: above, **widgets}), 80)
