"""P9 and P11 once more: annotations and signature fields after a certification or an approval."""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import partial

from tests.pki.pdf.samples import BODIES, WORLD, append, raw, signed, stream

from .attack import Attack, attack, gap_of, hand_signed, prepared, variant, victim
from .updates import (
    COVER,
    LOOK,
    NEW,
    TINY,
    _annotated,
    _field_update,
    boxed,
    form_signed,
)

ATTACKS: list[Attack] = []
EAA = 'P9: (EAA) "certified P=3 (or 2 ...); append ... annotation with opaque /AP over text".'
SSA = 'P9: (SSA) "any visible new widget ... is reported as overlay, and the document verdict is not "valid"".'
SPOOF = 'P11: "read the dictionary from the revision it signs ..., compare with the current one: must be equal".'

# P9: evil annotations ----------------------------------------------------------------------------------------------

for _kind in (
    b"FreeText Stamp Redact Highlight Line Square Circle Polygon PolyLine Underline Squiggly StrikeOut Caret Ink "
    b"Popup Text Link FileAttachment Sound Movie Screen PrinterMark TrapNet Watermark 3D RichMedia Projection".split()
):
    _note = b"<</Type/Annot/Subtype/" + _kind + b"/Rect[0 0 595 842]/F 196/Contents(Pay 9)/AP<</N 21 0 R>>>>"
    for _level in (2, 3):
        variant(
            ATTACKS,
            f"{_kind.decode().lower()}_over_a_page_certified_at_{_level}",
            EAA,
            partial(lambda level, note: _annotated(form_signed(level), note), _level, _note),
            change="annotation",
            words=_kind.decode(),
        )

for _name, _note in (
    ("without_a_kind", b"<</Type/Annot/Rect[0 0 595 842]/AP<</N 21 0 R>>>>"),
    ("whose_kind_is_text", b"<</Type/Annot/Subtype(FreeText)/Rect[0 0 595 842]/AP<</N 21 0 R>>>>"),
    ("whose_kind_is_escaped", b"<</Type/Annot/Subtype/#46reeText/Rect[0 0 595 842]/AP<</N 21 0 R>>>>"),
    ("of_another_type", b"<</Type/Font/Subtype/FreeText/Rect[0 0 595 842]/AP<</N 21 0 R>>>>"),
    ("that_says_to_be_a_widget", b"<</Type/Annot/Subtype/Widget/Rect[0 0 595 842]/AP<</N 21 0 R>>>>"),
    ("that_is_a_stream", stream(b"", b"/Type/Annot/Subtype/FreeText/Rect[0 0 595 842]/AP<</N 21 0 R>>")),
    ("that_is_null", b"null"),
    ("that_is_a_reference", b"21 0 R"),
    ("with_a_launch_action", b"<</Type/Annot/Subtype/Link/Rect[0 0 9 9]/A<</S/Launch/F(x.exe)>>>>"),
    ("with_a_script", b"<</Type/Annot/Subtype/Link/Rect[0 0 9 9]/A<</S/JavaScript/JS(1)>>>>"),
    ("of_no_area", b"<</Type/Annot/Subtype/FreeText/Rect[0 0 0 0]/AP<</N 21 0 R>>>>"),
):
    variant(
        ATTACKS,
        f"annotation_{_name}",
        EAA,
        partial(lambda n: _annotated(form_signed(3), n), _note),
        change="annotation",
    )


def _page_annotations(text: bytes) -> bytes:
    page = re.sub(rb"/Annots ?\[(.*?)\]", b"/Annots " + text, raw(form_signed(3), 3))
    return append(form_signed(3), {3: page, 20: b"<</Type/Annot/Subtype/Stamp/Rect[0 0 9 9]>>", 22: b"[7 0 R 8 0 R]"})


for _name, _text, _change in (
    ("a_direct_annotation", b"[7 0 R 8 0 R<</Type/Annot/Subtype/Stamp/Rect[0 0 9 9]>>]", "annotation"),
    ("a_list_that_is_an_object", b"22 0 R", ""),
    ("a_list_that_is_no_list", b"20 0 R", "annotation"),
    ("a_list_of_lists", b"[7 0 R 8 0 R[20 0 R]]", "annotation"),
    ("an_annotation_before_the_others", b"[20 0 R 7 0 R 8 0 R]", "annotation"),
    ("an_annotation_twice", b"[7 0 R 8 0 R 8 0 R]", "annotation"),
):
    variant(ATTACKS, f"page_with_{_name}", EAA, partial(_page_annotations, _text), change=_change or "unexplained")


# P9: sneaky signatures ---------------------------------------------------------------------------------------------

EMPTY = b"<</Type/Sig/Contents<00>/ByteRange[0 1 2 3]>>"


def _signed_over(pdf: bytes, field: bytes, more: dict[int, bytes]) -> Callable[[], bytes]:
    """The file with a new field (object 30), whose true signature (32) is that of another agency's seal."""

    def make() -> bytes:
        form = re.search(rb"/AcroForm (\d+) 0 R", raw(pdf, 1))
        assert form
        number = int(form[1])
        fields = re.sub(rb"/Fields ?\[(.*?)\]", rb"/Fields [\1 30 0 R]", raw(pdf, number))
        page = re.sub(rb"/Annots ?\[(.*?)\]", rb"/Annots [\1 30 0 R]", raw(pdf, 3))
        bodies = {**more, 30: field, number: fields, 3: page}
        dictionary = b"<</Type/Sig/Filter/Adobe.PPKLite/SubFilter/ETSI.CAdES.detached%s>>"
        return hand_signed(prepared(dictionary, pdf, bodies, number=32), signer=WORLD.seal_signer)

    return make


for _name, _field in (
    ("opaque", NEW % (b"0 0 595 842", b"/AP<</N 31 0 R>>/V 32 0 R")),
    ("whose_corners_are_exchanged", NEW % (b"595 842 0 0", b"/AP<</N 31 0 R>>/V 32 0 R")),
    ("of_real_numbers", NEW % (b"0.0 0.0 595.5 842.25", b"/AP<</N 31 0 R>>/V 32 0 R")),
    ("without_an_area", TINY % b"/AP<</N 31 0 R>>/V 32 0 R"),
    ("without_a_place", (TINY % b"/AP<</N 31 0 R>>/V 32 0 R").replace(b"/Rect[0 0 0 0]", b"")),
    ("of_three_numbers", NEW % (b"0 0 595", b"/AP<</N 31 0 R>>/V 32 0 R")),
    ("of_names", NEW % (b"/a/b/c/d", b"/AP<</N 31 0 R>>/V 32 0 R")),
    ("with_a_background_only", NEW % (b"0 0 595 842", b"/MK<</BG[1 1 1]>>/V 32 0 R")),
    ("with_a_look_for_the_mouse", TINY % b"/AP<</N 33 0 R/D 31 0 R>>/V 32 0 R"),
    ("with_states", TINY % b"/AP<</N<</On 31 0 R>>>>/AS/On/V 32 0 R"),
    ("whose_look_is_the_page", TINY % b"/AP<</N 4 0 R>>/V 32 0 R"),
):
    for _what, _base in (("approved", victim), ("certified", form_signed)):

        def _made(field: bytes = _field, base: Callable[[], bytes] = _base) -> bytes:
            pdf = base()
            looks = {31: COVER, 33: stream(b"", b"/BBox[0 0 0 0]")}
            return _signed_over(pdf, field, {n: body for n, body in looks.items() if b"%d 0 R" % n in field})()

        variant(
            ATTACKS,
            f"true_signature_{_name}_over_an_{_what}_page",
            SSA,
            _made,
            change="overlay",
            words="lies over the page",
            verdict="failed" if _name == "with_states" else "indeterminate",  # /AS is no entry of a new field
        )


@attack(ATTACKS, change="signature", words="was added and signed")
def visible_signature_over_a_page_certified_against_changes() -> bytes:
    """P9: (SSA) "P=1: any of these must fail": even a true and visible signature."""
    return _signed_over(form_signed(1), NEW % (b"0 0 595 842", b"/AP<</N 31 0 R>>/V 32 0 R"), {31: COVER})()


@attack(ATTACKS, change="signature", words="was added and signed")
def invisible_signature_on_a_page_certified_against_changes() -> bytes:
    """P9, P12: "P=1: any of these must fail": even a true and invisible signature."""
    return _signed_over(form_signed(1), TINY % b"/V 32 0 R", {})()


@attack(ATTACKS, reported="NO_CERTIFICATE_CHAIN_FOUND", verdict="indeterminate")
def second_signature_of_a_stranger() -> bytes:
    """P9: (SSA) "a later signature by an untrusted signer makes the aggregate verdict fail"."""
    return signed(victim(), WORLD.stranger_signer)


@attack(ATTACKS, verdict="indeterminate", reported="NAME_WITHOUT_KEY")
def second_signature_of_an_impostor() -> bytes:
    """P9: (SSA) a CA of the same name with another key."""
    return signed(victim(), WORLD.impostor_signer)


def _odd_field(old: bytes, new: bytes) -> bytes:
    return _field_update(victim(), (TINY % b"/V 32 0 R").replace(old, new), {31: COVER, 32: EMPTY})


for _name, _old, _new in (
    ("an_escaped_type_of_field", b"/FT/Sig", b"/FT/Sig#20"),
    ("no_type_of_field", b"/FT/Sig", b""),
    ("a_type_of_field_that_is_text", b"/FT/Sig", b"/FT(Sig)"),
    ("no_name", b"/T(New)", b""),
    ("an_empty_name", b"/T(New)", b"/T()"),
    ("another_kind", b"/Subtype/Widget", b"/Subtype/FreeText"),
    ("another_type", b"/Type/Annot", b"/Type/Catalog"),
    ("a_parent", b"/FT/Sig", b"/FT/Sig/Parent 7 0 R"),
    ("an_action_of_its_own", b"/FT/Sig", b"/FT/Sig/A<</S/JavaScript/JS(1)>>"),
    ("a_layer", b"/FT/Sig", b"/FT/Sig/OC<</Type/OCG/Name(L)>>"),
    ("contents_of_its_own", b"/FT/Sig", b"/FT/Sig/Contents(Pay 9)"),
    ("a_key_nobody_knows", b"/FT/Sig", b"/FT/Sig/Evil 31 0 R"),
    ("a_structure_parent", b"/FT/Sig", b"/FT/Sig/StructParent 1"),
    (
        "a_kid_that_is_no_widget",
        b"/FT/Sig",
        b"/FT/Sig/Kids[<</Type/Annot/Subtype/Stamp/Rect[0 0 595 842]/AP<</N 31 0 R>>>>]",
    ),
):
    variant(
        ATTACKS,
        f"signature_field_with_{_name}",
        'P9: (SSA) "even with /Type or /FT garbled so that the panel does not list it".',
        partial(_odd_field, _old, _new),
        change="form",
    )


@attack(ATTACKS, change="structure", words="page")
def signature_field_of_a_page_that_is_none() -> bytes:
    """P9: the widget's /P names an object that is no page of the signed document."""
    return _field_update(
        victim(), (TINY % b"/V 32 0 R").replace(b"/P 3 0 R", b"/P 33 0 R"), {32: EMPTY, 33: BODIES[3]}
    )


@attack(ATTACKS, change="annotation", words="object 7")
def look_of_a_signed_field_replaced() -> bytes:
    """P9, P11: the field that was signed gets a page-wide appearance afterwards."""
    widget = next(n for n in range(5, 10) if b"/Subtype /Widget" in raw(victim(), n))
    text = raw(victim(), widget).replace(b"/Rect [0 0 0 0]", b"/Rect [0 0 595 842]/AP<</N 31 0 R>>")
    return append(victim(), {widget: text, 31: COVER})


@attack(ATTACKS, change="content|resource")
def look_of_a_signed_box_replaced() -> bytes:
    """P9, P11: the appearance stream of a signed box is exchanged."""
    pdf = boxed(b"120 10 220 60")
    look = raw(pdf, 8)[:-2] + b"/AP<</N 31 0 R>>/V 32 0 R>>"
    small = stream(b"0 0 100 50 re S", b"/Type/XObject/Subtype/Form/BBox[0 0 100 50]")
    return append(append(pdf, {8: look, 31: small, 32: EMPTY}), {31: COVER})


@attack(ATTACKS, change="annotation", words="object 8")
def signed_box_filled_and_moved() -> bytes:
    """P9: an empty box is filled, and grows over the page at the same time."""
    pdf = boxed(b"120 10 220 60")
    look = raw(pdf, 8)[:-2].replace(b"[120 10 220 60]", b"[0 0 595 842]") + b"/AP<</N 31 0 R>>/V 32 0 R>>"
    return append(pdf, {8: look, 31: COVER, 32: EMPTY})


@attack(ATTACKS, change="signature", words="no signature")
def signed_box_filled_with_something_else() -> bytes:
    """P9, P1: a box is filled with a dictionary that is no signature, and with a look."""
    pdf = boxed(b"120 10 220 60")
    look = raw(pdf, 8)[:-2] + b"/AP<</N 31 0 R>>/V 32 0 R>>"
    return append(pdf, {8: look, 31: COVER, 32: b"<</Type/Sig>>"})


# P11 ---------------------------------------------------------------------------------------------------------------


def _respelled(old: bytes, new: bytes) -> bytes:
    number = gap_of(victim()).number
    text = raw(victim(), number)
    if old not in text:
        raise ValueError(f"the dictionary does not hold {old!r}")
    return append(victim(), {number: text.replace(old, new, 1)})


for _name, _old, _new in (
    ("name", b"/Type /Sig", b"/Type /Sig /Name (Director)"),
    ("time", b"/M (D:2", b"/M (D:1"),
    ("place", b"/Type /Sig", b"/Type /Sig /Location (Elsewhere)"),
    ("contact", b"/Type /Sig", b"/Type /Sig /ContactInfo (evil@mau.example)"),
    ("filter", b"/Adobe.PPKLite", b"/Adobe.PPKMS"),
    ("format", b"/ETSI.CAdES.detached", b"/adbe.pkcs7.detached"),
    ("permissions", b"/Type /Sig", b"/Type /Sig /Reference[<</TransformMethod/DocMDP/TransformParams<</P 3>>>>]"),
    ("white_space", b"/Type /Sig", b"/Type  /Sig"),
):
    variant(
        ATTACKS,
        f"signature_with_another_{_name}",
        SPOOF,
        partial(_respelled, _old, _new),
        finding="REDEFINED",
        words="replaced",
    )


@attack(ATTACKS, change="annotation", words="object 7")
def signed_field_renamed() -> bytes:
    """P11: the field of a signature gets another name: that of another office."""
    widget = next(n for n in range(5, 10) if b"/Subtype /Widget" in raw(victim(), n))
    return append(victim(), {widget: raw(victim(), widget).replace(b"(Signature1)", b"(Minister)")})


@attack(ATTACKS, finding="REDEFINED", words="when it was signed")
def field_replaced_by_one_of_the_same_name() -> bytes:
    """P11, P5: /Fields names a new field of the old name with the old value."""
    number = gap_of(victim()).number
    form = next(n for n in range(5, 10) if b"/SigFlags" in raw(victim(), n))
    fields = re.sub(rb"/Fields \[.*?\]", b"/Fields [30 0 R]", raw(victim(), form))
    field = (TINY % (b"/V %d 0 R" % number)).replace(b"(New)", b"(Signature1)")
    return append(victim(), {form: fields, 30: field})


def remark(level: int = 3, rectangle: bytes = b"[300 300 420 330]", more: bytes = b"/F 4") -> bytes:
    """A certified page on which somebody wrote a remark."""
    look = stream(b"BT /F1 9 Tf 2 5 Td (seen) Tj ET", LOOK)
    note = b"<</Type/Annot/Subtype/FreeText/Rect%s/Contents(seen)/AP<</N 21 0 R>>%s>>" % (rectangle, more)
    pdf = form_signed(level)
    page = re.sub(rb"/Annots ?\[(.*?)\]", rb"/Annots [\1 20 0 R]", raw(pdf, 3))
    return append(pdf, {20: note, 21: look, 3: page})


for _name, _rectangle, _more in (
    ("over_text", b"[72 718 120 732]", b"/F 4"),
    ("with_a_script", b"[300 300 420 330]", b"/F 4/A<</S/JavaScript/JS(1)>>"),
    ("that_is_not_zoomed", b"[300 300 420 330]", b"/F 12"),
    ("in_a_layer", b"[300 300 420 330]", b"/F 4/OC<</Type/OCG/Name(L)>>"),
):
    variant(
        ATTACKS,
        f"remark_{_name}",
        EAA,
        partial(remark, 3, _rectangle, _more),
        change="annotation",
        words="FreeText",
    )
variant(ATTACKS, "remark_where_none_is_permitted", EAA, partial(remark, 2), change="annotation", words="FreeText")
variant(
    ATTACKS,
    "remark_on_blank_paper",
    EAA,
    remark,
    change="overlay",
    words="where it was blank",
    verdict="indeterminate",
)


NOTE = b"<</Type/Annot/Subtype/Text/Rect[300 300 320 320]/Contents(seen)/T(Mau)/Name/Comment/F 28/Popup 22 0 R%s>>"
WINDOW = b"<</Type/Annot/Subtype/Popup/Rect[400 300 500 400]/Parent 20 0 R/Open false%s>>"
ICON = stream(b"0 0 18 18 re f", b"/Type/XObject/Subtype/Form/BBox[0 0 20 20]")


def note(
    level: int = 3, written: bytes = NOTE % b"", window: bytes = WINDOW % b"", *, before: bytes | None = None
) -> bytes:
    """A certified page to which somebody pinned a sticky note, with its window; 21 is a look that it may have."""
    pdf = before or form_signed(level)
    page = re.sub(rb"/Annots ?\[(.*?)\]", rb"/Annots [\1 20 0 R 22 0 R]", raw(pdf, 3))
    return append(
        pdf,
        {20: written, 21: ICON, 22: window, 3: page}
        if b"21 0 R" in written + window
        else {20: written, 22: window, 3: page},
    )


for _name, _written, _window in (
    ("over_text", NOTE.replace(b"300 300 320 320", b"80 715 100 735"), WINDOW),
    ("beside_text", NOTE.replace(b"300 300 320 320", b"200 700 220 720"), WINDOW),
    ("beside_a_field", NOTE.replace(b"300 300 320 320", b"205 105 215 115"), WINDOW),
    ("that_is_a_page", NOTE.replace(b"300 300 320 320", b"0 0 595 842"), WINDOW),
    ("without_a_place", NOTE.replace(b"/Rect[300 300 320 320]", b""), WINDOW),
    ("that_is_open", NOTE.replace(b"/F 28", b"/F 28/Open true"), WINDOW),
    ("whose_window_is_open", NOTE, WINDOW.replace(b"false", b"true")),
    ("whose_window_has_a_look", NOTE, WINDOW.replace(b"/Open false", b"/AP<</N 21 0 R>>")),
    ("whose_window_is_a_stamp", NOTE, WINDOW.replace(b"/Popup", b"/Stamp")),
    ("whose_window_is_of_another", NOTE, WINDOW.replace(b"20 0 R", b"7 0 R")),
    ("whose_window_runs_a_script", NOTE, WINDOW.replace(b"/Open false", b"/A<</S/JavaScript/JS(1)>>")),
    ("that_runs_a_script", NOTE.replace(b"/F 28", b"/A<</S/JavaScript/JS(1)>>"), WINDOW),
    ("that_launches", NOTE.replace(b"/F 28", b"/AA<</E<</S/Launch/F(x.exe)>>>>"), WINDOW),
    ("in_a_layer", NOTE.replace(b"/F 28", b"/OC<</Type/OCG/Name(L)>>"), WINDOW),
    ("of_another_type", NOTE.replace(b"/Type/Annot", b"/Type/Page"), WINDOW),
):
    variant(ATTACKS, f"note_{_name}", EAA, partial(note, 3, _written % b"", _window % b""), change="annotation")
for _level in (1, 2):
    variant(
        ATTACKS, f"note_where_{_level}_is_permitted", EAA, partial(note, _level), change="annotation", words="Text"
    )
variant(
    ATTACKS,
    "note_with_a_look_of_its_own",
    EAA,
    partial(note, 3, NOTE % b"/AP<</N 21 0 R>>"),
    change="overlay",
    words="where it was blank",
    verdict="indeterminate",
)


@attack(ATTACKS, change="annotation", words="Text")
def notes_that_are_read_together() -> bytes:
    """P9: (EAA) icons in a row could be a word: the second one is too near to the first."""
    pdf = note()
    page = re.sub(rb"/Annots ?\[(.*?)\]", rb"/Annots [\1 23 0 R]", raw(pdf, 3))
    second = (NOTE % b"").replace(b"300 300 320 320", b"325 300 345 320").replace(b"/Popup 22 0 R", b"")
    return append(pdf, {23: second, 3: page})


@attack(ATTACKS, change="annotation", words="Popup")
def window_of_a_remark_that_was_there() -> bytes:
    """P9: a window belongs to a note that came with it."""
    pdf = note(written=NOTE.replace(b"/Popup 22 0 R", b"") % b"", window=b"null")
    page = re.sub(rb"/Annots ?\[(.*?)\]", rb"/Annots [\1 24 0 R]", raw(pdf, 3))
    return append(pdf, {24: WINDOW % b"", 3: page})
