"""P9, P11 and P12 once more: annotations, signature fields and permissions after a certification or an approval."""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import cache, partial

from tests.pki.pdf.samples import BODIES, WORLD, append, raw, signed, stream, table_pdf

from .attack import FIELD, Attack, attack, gap_of, hand_signed, prepared, variant, victim
from .updates import (
    CERTIFIED,
    COVER,
    NEW,
    TEXT_FIELD,
    TINY,
    _annotated,
    _field_update,
    appearance,
    boxed,
    filled,
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


# P12 ---------------------------------------------------------------------------------------------------------------


@cache
def locked(lock: bytes) -> bytes:
    """A form with the field `Person.Amount`, certified at 2, whose signature field carries a lock."""
    bodies = {
        1: b"<</Type/Catalog/Pages 2 0 R/AcroForm 10 0 R/Perms<</DocMDP 6 0 R>>>>",
        3: BODIES[3].replace(b"/Type/Page", b"/Type/Page/Annots[7 0 R 8 0 R]"),
        7: FIELD.replace(b"/FT/Sig", b"/FT/Sig/Lock " + lock),
        8: (TEXT_FIELD % b"100").replace(b"/FT/Tx", b"/FT/Tx/Parent 11 0 R"),
        9: appearance(b"100"),
        10: b"<</Fields[7 0 R 11 0 R]/SigFlags 3>>",
        11: b"<</T(Person)/Kids[8 0 R]>>",
    }
    return hand_signed(prepared(CERTIFIED % 2, bodies=bodies))


def _fill_locked(lock: bytes) -> bytes:
    field = (TEXT_FIELD % b"200").replace(b"/FT/Tx", b"/FT/Tx/Parent 11 0 R")
    return append(locked(lock), {8: field, 9: appearance(b"200")})


for _name, _lock in (
    ("all", b"<</Type/SigFieldLock/Action/All>>"),
    ("its_full_name", b"<</Type/SigFieldLock/Action/Include/Fields[(Person.Amount)]>>"),
    ("the_field_above", b"<</Type/SigFieldLock/Action/Include/Fields[(Person)]>>"),
    ("the_others_left_out", b"<</Type/SigFieldLock/Action/Exclude/Fields[(Amount)]>>"),
    ("nothing_left_out", b"<</Type/SigFieldLock/Action/Exclude/Fields[]>>"),
    ("a_level", b"<</Type/SigFieldLock/Action/Include/Fields[(Other)]/P 1>>"),
    ("utf_16", b"<</Type/SigFieldLock/Action/Include/Fields[<FEFF0050006500720073006F006E>]>>"),
):
    variant(
        ATTACKS,
        f"field_changed_that_is_locked_by_{_name}",
        'P12: "locked names compared by full field name incl. kids".',
        partial(_fill_locked, _lock),
        change="form",
        words="Person.Amount",
    )

for _name, _lock in (
    ("of_no_action", b"<</Type/SigFieldLock/Fields[(A)]>>"),
    ("of_an_unknown_action", b"<</Type/SigFieldLock/Action/Some/Fields[(A)]>>"),
    ("of_no_fields", b"<</Type/SigFieldLock/Action/Include>>"),
    ("of_numbers", b"<</Type/SigFieldLock/Action/Include/Fields[1 2]>>"),
    ("that_is_an_array", b"[/All]"),
    ("of_level_four", b"<</Type/SigFieldLock/Action/All/P 4>>"),
):
    variant(
        ATTACKS, f"lock_{_name}", "P12: a lock that nobody understands.", partial(locked, _lock), finding="PERMISSION"
    )

for _name, _reference in (
    ("level_zero", b"[<</TransformMethod/DocMDP/TransformParams<</P 0>>>>]"),
    ("level_four", b"[<</TransformMethod/DocMDP/TransformParams<</P 4>>>>]"),
    ("a_negative_level", b"[<</TransformMethod/DocMDP/TransformParams<</P -1>>>>]"),
    ("a_real_level", b"[<</TransformMethod/DocMDP/TransformParams<</P 2.0>>>>]"),
    ("a_level_that_is_text", b"[<</TransformMethod/DocMDP/TransformParams<</P(2)>>>>]"),
    ("a_level_that_is_true", b"[<</TransformMethod/DocMDP/TransformParams<</P true>>>>]"),
    ("parameters_that_are_a_list", b"[<</TransformMethod/DocMDP/TransformParams[2]>>]"),
    ("references_that_are_no_list", b"<</TransformMethod/DocMDP/TransformParams<</P 2>>>>"),
    ("a_reference_that_is_no_dictionary", b"[/DocMDP]"),
    ("a_lock_of_unknown_action", b"[<</TransformMethod/FieldMDP/TransformParams<</Action/Some>>>>]"),
    ("a_lock_without_parameters", b"[<</TransformMethod/FieldMDP>>]"),
):
    _dictionary = b"<</Type/Sig/Filter/X/SubFilter/ETSI.CAdES.detached/Reference" + _reference + b"%s>>"
    variant(
        ATTACKS,
        f"certified_with_{_name}",
        "P12: a permission that cannot be read permits nothing.",
        partial(lambda d: hand_signed(prepared(d)), _dictionary),
        finding="PERMISSION",
    )


@cache
def indirect() -> bytes:
    """A form certified at 1, whose transform parameters are an object of their own (20)."""
    base = append(table_pdf(), {20: b"<</Type/TransformParams/V/1.2/P 1>>"})
    dictionary = (
        b"<</Type/Sig/Filter/X/SubFilter/ETSI.CAdES.detached"
        b"/Reference[<</Type/SigRef/TransformMethod/DocMDP/TransformParams 20 0 R>>]%s>>"
    )
    bodies = {
        1: b"<</Type/Catalog/Pages 2 0 R/AcroForm 10 0 R/Perms<</DocMDP 6 0 R>>>>",
        3: BODIES[3].replace(b"/Type/Page", b"/Type/Page/Annots[7 0 R 8 0 R]"),
        7: FIELD,
        8: TEXT_FIELD % b"100",
        9: appearance(b"100"),
        10: b"<</Fields[7 0 R 8 0 R]/SigFlags 3>>",
    }
    return hand_signed(prepared(dictionary, base, bodies))


@attack(ATTACKS, change="content", words="object 20")
def permission_raised_in_an_object_of_its_own() -> bytes:
    """P12: "/Reference array must be direct and inside the range": the parameters are read as they were signed."""
    return append(filled(indirect(), b"200", b"200"), {20: b"<</Type/TransformParams/V/1.2/P 3>>"})


@attack(ATTACKS, change="form", words="Amount")
def form_filled_after_the_permission_was_raised() -> bytes:
    """P12: the raised permission permits nothing to what follows it."""
    return filled(append(indirect(), {20: b"<</Type/TransformParams/V/1.2/P 3>>"}), b"200", b"200")


@attack(ATTACKS, change="form", words="Amount")
def form_filled_after_a_second_certification() -> bytes:
    """P12: "raise P by a second certification": "permissions are the minimum over all earlier signatures"."""
    field = TINY % b"/V 32 0 R"
    bodies = {
        3: raw(form_signed(1), 3).replace(b"8 0 R]", b"8 0 R 30 0 R]"),
        10: b"<</Fields[7 0 R 8 0 R 30 0 R]/SigFlags 3>>",
        30: field,
    }
    twice = hand_signed(prepared(CERTIFIED % 3, form_signed(1), bodies, number=32), signer=WORLD.seal_signer)
    return filled(twice, b"200", b"200")


@attack(ATTACKS, finding="CERTIFIED_LATE", words="after another signature")
def certified_twice() -> bytes:
    """P12: "only the first signature may certify"."""
    bodies = {
        3: raw(form_signed(2), 3).replace(b"8 0 R]", b"8 0 R 30 0 R]"),
        10: b"<</Fields[7 0 R 8 0 R 30 0 R]/SigFlags 3>>",
        30: TINY % b"/V 32 0 R",
    }
    return hand_signed(prepared(CERTIFIED % 2, form_signed(2), bodies, number=32), signer=WORLD.seal_signer)


for _name, _old, _new in (
    ("re_pointed", b"/DocMDP 6 0 R", b"/DocMDP 7 0 R"),
    ("with_usage_rights", b"/DocMDP 6 0 R", b"/DocMDP 6 0 R/UR3 6 0 R"),
    ("emptied", b"/DocMDP 6 0 R", b""),
):
    variant(
        ATTACKS,
        f"permissions_{_name}",
        'P12: "Remove or change /Perms".',
        partial(lambda old, new: append(form_signed(2), {1: raw(form_signed(2), 1).replace(old, new)}), _old, _new),
        change="structure",
        words="/Perms",
    )


@attack(ATTACKS, change="structure", words="/Perms")
def permissions_added_after_an_approval() -> bytes:
    """P12: /Perms that make an approval look like a certification."""
    number = gap_of(victim()).number
    return append(victim(), {1: raw(victim(), 1)[:-2] + b"/Perms<</DocMDP %d 0 R>>>>" % number})


@attack(ATTACKS, change="annotation", words="object 7")
def a_lock_weakened() -> bytes:
    """P12: "drop /Lock", or leave a weaker one."""
    pdf = locked(b"<</Type/SigFieldLock/Action/All>>")
    return append(pdf, {7: raw(pdf, 7).replace(b"/Action/All", b"/Action/Include/Fields[(Other)]")})
