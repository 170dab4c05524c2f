"""P7, P11: a later revision, truly signed by another, writes over what belongs to an earlier signature."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache, partial

from tests.pki.pdf.samples import BODIES, WORLD, append, raw, stream, table_pdf

from .attack import Attack, attack, hand_signed, prepared, variant
from .sealing import LOOK, NOWHERE, SIGNATURE, truly_sealed

ATTACKS: list[Attack] = []
CHANGED = 'P11, P7: "a later revision redefines"; "re-pointing an existing reference is a change", signed or not.'
GONE = "P1, P11: a signature does not disappear because a later signer took its field."
PAGE = BODIES[3].replace(b"/Type/Page", b"/Type/Page/Annots[7 0 R]")
FIELD = b"<</Type/Annot/Subtype/Widget/FT/Sig/T(A)/Rect[100 100 200 200]/F 132/P 3 0 R/V 6 0 R/AP<</N 8 0 R>>>>"
GREEN = stream(b"0 1 0 rg 0 0 100 100 re f", b"/Type/XObject/Subtype/Form/BBox[0 0 100 100]")
EMPTIED = FIELD.replace(b"/V 6 0 R", b"")
ALONE = b"<</Fields[30 0 R]/SigFlags 3>>"


@cache
def earlier() -> bytes:
    """Signed visibly: 6 is the signature, 7 the field, 8 its look, 9 the form."""
    bodies = {
        1: b"<</Type/Catalog/Pages 2 0 R/AcroForm 9 0 R>>",
        3: PAGE,
        7: FIELD,
        8: LOOK,
        9: b"<</Fields[7 0 R]/SigFlags 3>>",
    }
    return hand_signed(prepared(base=table_pdf({**BODIES, 4: stream(b"")}), bodies=bodies))


def sealed(bodies: Mapping[int, bytes]) -> bytes:
    """The agency's own invisible field, 30, and its true signature, with these objects in the same revision."""
    return truly_sealed(earlier(), NOWHERE, look=None, extra=bodies)


def sealed_in(bodies: Mapping[int, bytes], number: int = 32, base: bytes | None = None) -> bytes:
    """The agency's true signature as object `number`, in whatever field these objects make of it."""
    pdf = prepared(SIGNATURE, base=base or earlier(), bodies=dict(bodies), number=number)
    return hand_signed(pdf, signer=WORLD.seal_signer)


for _name, _bodies, _kind in (
    ("name_of_its_field", {7: FIELD.replace(b"(A)", b"(Z)")}, "annotation"),
    ("place_of_its_widget", {7: FIELD.replace(b"100 100", b"100 300")}, "annotation"),
    ("flags_of_its_widget", {7: FIELD.replace(b"/F 132", b"/F 134")}, "annotation"),
    ("page_of_its_widget", {7: FIELD.replace(b"/P 3 0 R", b"")}, "annotation"),
    ("lock_of_its_field", {7: FIELD.replace(b"/F 132", b"/F 132/Lock<</Action/All>>")}, "annotation"),
    ("look_of_its_widget", {7: FIELD.replace(b"8 0 R", b"40 0 R"), 40: GREEN}, "annotation"),
    ("picture_of_its_look", {8: GREEN}, "resource"),
    ("picture_of_its_look_for_nothing", {8: b"null"}, "resource|structure"),
):
    variant(ATTACKS, f"later_seal_changes_the_{_name}", CHANGED, partial(sealed, _bodies), change=_kind)

for _name, _number in (("null", b"null"), ("other_words", b"<</Type/Sig/Reason(x)>>")):
    _made = partial(sealed, {6: _number})
    variant(ATTACKS, f"later_seal_makes_the_signature_{_name}", CHANGED, _made, finding="REDEFINED")


@attack(ATTACKS, finding="REDEFINED")
def later_seal_writes_the_signature_once_more() -> bytes:
    """P11: the same octets in another place are another signature."""
    return sealed({6: raw(earlier(), 6)})


@attack(ATTACKS, finding="REDEFINED")
def later_seal_takes_the_place_of_the_signature() -> bytes:
    """P11: the number of the earlier signature now holds the later one."""
    return sealed_in({}, 6)


for _name, _bodies in (
    ("empties_its_field", {7: EMPTIED}),
    ("makes_its_field_null", {7: b"null"}),
    ("takes_it_out_of_form_and_page", {9: ALONE, 3: PAGE.replace(b"7 0 R", b"30 0 R")}),
    ("leaves_nothing_of_it", {9: ALONE, 3: PAGE.replace(b"7 0 R", b"30 0 R"), **dict.fromkeys((6, 7, 8), b"null")}),
):
    variant(ATTACKS, f"later_seal_{_name}", GONE, partial(sealed, _bodies), finding="REPLACED", words="object 6")


@attack(ATTACKS, finding="REPLACED", words="revision 3")
def later_seal_in_the_field_of_the_signature() -> bytes:
    """P11: "one /V, one field": the field has the agency's signature now, and the person's is gone."""
    return sealed_in({7: FIELD.replace(b"/V 6 0 R", b"/V 32 0 R")})


@attack(ATTACKS, finding="REPLACED", words="revision 3")
def field_cleared_and_then_sealed() -> bytes:
    """P11: the same in two steps."""
    return sealed_in({7: FIELD.replace(b"/V 6 0 R", b"/V 32 0 R")}, base=append(earlier(), {7: EMPTIED}))


@attack(ATTACKS, finding="REPLACED", words="revision 3")
def signature_made_null_and_its_number_sealed() -> bytes:
    """P11: between the two signatures of one number there is a revision without."""
    return sealed_in({}, 6, append(earlier(), {6: b"null"}))


@attack(ATTACKS, finding="REPLACED", words="revision 1")
def signature_of_a_file_of_one_revision_replaced() -> bytes:
    """P11: a program that saves all at once, signature and page; then another signs in its field."""
    slot = b"/ByteRange [0 1 2 3]/Contents <3003020100>"
    bodies = {
        **BODIES,
        1: b"<</Type/Catalog/Pages 2 0 R/AcroForm 9 0 R>>",
        3: PAGE,
        6: SIGNATURE.replace(b"%s", slot),
        7: FIELD,
        8: LOOK,
        9: b"<</Fields[7 0 R]/SigFlags 3>>",
    }
    return sealed_in({7: FIELD.replace(b"/V 6 0 R", b"/V 32 0 R")}, base=table_pdf(bodies))


@attack(ATTACKS, finding="REPLACED", words="object 7")
def signature_in_its_field_replaced() -> bytes:
    """P11: a signature that is no object of its own."""
    own = FIELD.replace(b"6 0 R", SIGNATURE)
    bodies = {
        1: b"<</Type/Catalog/Pages 2 0 R/AcroForm 9 0 R>>",
        3: PAGE,
        8: LOOK,
        9: b"<</Fields[7 0 R]/SigFlags 3>>",
    }
    first = hand_signed(prepared(own, base=table_pdf(), bodies=bodies, number=7))
    return sealed_in({7: FIELD.replace(b"/V 6 0 R", b"/V 32 0 R")}, base=first)
