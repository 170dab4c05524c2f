"""What a later signer writes over an earlier signature is told of that one, and it does not pass."""

from __future__ import annotations

import pytest

from kyso_cli.rewriting import repaired
from kyso_pki.errors import FormatError
from tests.pki.pdf.samples import WORLD, append, facts, intact, signed, table_pdf

from . import replaced
from .attack import FIELD, FORM, Attack
from .judged import assert_refused, verdict
from .sealing import LOOK


@pytest.mark.parametrize("attack", replaced.ATTACKS, ids=lambda a: a.name)
def test_a_later_signature_over_an_earlier_one_is_refused(attack: Attack) -> None:
    assert_refused(attack)


@pytest.mark.parametrize("attack", replaced.ATTACKS, ids=lambda a: a.name)
def test_what_was_done_is_a_change_after_the_earlier_signature(attack: Attack) -> None:
    changes = [c for f in facts(attack.make()) for c in f.changes_after if not c.allowed]
    assert changes


@pytest.mark.parametrize("bodies", [{}, {7: replaced.FIELD}, {8: LOOK}])
def test_a_later_seal_that_writes_the_same_again_does_no_harm(bodies: dict[int, bytes]) -> None:
    assert verdict(replaced.sealed(bodies)) == "passed"


def test_the_replaced_signature_is_told_with_its_field_and_both_revisions() -> None:
    later, earlier = facts(replaced.field_cleared_and_then_sealed())
    assert intact(later)
    assert earlier.id == "A (revision 2)"
    (change,) = earlier.changes_after
    assert (change.revision, change.object, change.field) == (3, 6, "A")


def test_an_empty_slot_that_was_given_up_is_no_signature() -> None:
    slot = b"<</Type/Sig/ByteRange[0 0 0 0]/Contents<%s>>>" % (b"0" * 400)
    given_up = append(append(table_pdf(), {**FORM, 6: slot}), {7: FIELD.replace(b"/V 6 0 R", b"")})
    assert verdict(signed(given_up)) == "passed"


def test_a_file_with_a_cleared_signature_is_signed_only_when_that_was_dropped() -> None:
    cleared = append(replaced.earlier(), {7: replaced.EMPTIED})
    with pytest.raises(FormatError, match="taken away later"):
        signed(cleared)
    assert verdict(signed(repaired(cleared, drop_signatures=True).data)) == "passed"


def test_hundreds_of_replaced_signatures_are_named_up_to_a_bound() -> None:
    pdf = table_pdf()
    contents = b"<</Type/Sig/ByteRange[0 1 2 3]/Contents<3003020100>>>"
    for i in range(100):
        pdf = append(pdf, {20 + i: contents})
    found = facts(replaced.sealed_in({
        1: b"<</Type/Catalog/Pages 2 0 R/AcroForm<</Fields[7 0 R]/SigFlags 3>>>>",
        7: replaced.FIELD.replace(b"6 0 R", b"200 0 R").replace(b"/AP<</N 8 0 R>>", b""),
    }, 200, pdf))  # fmt: skip
    assert intact(found[0])
    assert len(found) == 65
    assert WORLD.seal == found[0].certificate
