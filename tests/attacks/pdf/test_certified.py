"""Every variant of P9 and P11 in `certified` is refused and says why."""

from __future__ import annotations

import re

import pytest

from kyso_pki.ades.verify import Policy
from kyso_pki.formats import verify_document
from tests.pki.pdf.samples import AT, WORLD, append, facts, raw, signed

from . import certified
from .attack import Attack
from .judged import assert_refused, verdict
from .updates import form_signed


@pytest.mark.parametrize("attack", certified.ATTACKS, ids=lambda a: a.name)
def test_what_a_certification_forbids_is_refused(attack: Attack) -> None:
    assert_refused(attack)


def test_a_remark_that_was_permitted_passes_for_who_accepts_overlays_on_blank_paper() -> None:
    policy = Policy(accept_blank_overlays=True)
    pdf = certified.remark()
    assert (
        verify_document(pdf, trust=WORLD.trust, at=AT, fetcher=WORLD.fetcher(AT), policy=policy).verdict == "passed"
    )


@pytest.mark.parametrize(
    "more", [b"", b"/C[1 1 0]/CA 1/RC(seen)/Subj(Note)", b"/IRT 7 0 R/RT/R/State(Accepted)/StateModel(Review)"]
)
def test_a_plain_note_with_its_window_passes_where_annotations_are_permitted(more: bytes) -> None:
    pdf = certified.note(written=certified.NOTE % more)
    assert verdict(pdf) == "passed"
    changes = [c for c in facts(pdf)[0].changes_after if c.kind == "annotation"]
    assert [c.allowed for c in changes] == [True, True]
    assert [c.page for c in changes] == [1, 1]


def test_a_plain_note_after_a_mere_approval_is_a_change_that_nobody_permitted() -> None:
    assert verdict(certified.note(before=form_signed(None))) == "failed"


def test_two_notes_far_from_each_other_pass() -> None:
    pdf = certified.note()
    page = re.sub(rb"/Annots ?\[(.*?)\]", rb"/Annots [\1 23 0 R]", raw(pdf, 3))
    second = (certified.NOTE % b"").replace(b"300 300 320 320", b"500 500 520 520").replace(b"/Popup 22 0 R", b"")
    assert verdict(append(pdf, {23: second, 3: page})) == "passed"


def test_a_certified_page_with_a_note_is_signed_once_more() -> None:
    assert verdict(signed(certified.note(), WORLD.seal_signer)) == "passed"
