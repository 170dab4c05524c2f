"""P12 once more: permissions that are raised, dropped or cannot be read, and locked fields that change."""

from __future__ import annotations

from functools import cache, partial

from tests.pki.pdf.samples import BODIES, WORLD, append, raw, table_pdf

from .attack import FIELD, Attack, attack, gap_of, hand_signed, prepared, variant, victim
from .updates import CERTIFIED, TEXT_FIELD, TINY, appearance, filled, form_signed

ATTACKS: list[Attack] = []


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
