"""Every variant of P9 and P11 in `certified` is refused and says why."""

from __future__ import annotations

import pytest

from kyso_pki.ades.verify import Policy
from kyso_pki.formats import verify_document
from tests.pki.pdf.samples import AT, WORLD

from . import certified
from .attack import Attack
from .judged import assert_refused


@pytest.mark.parametrize("attack", certified.ATTACKS, ids=lambda a: a.name)
def test_what_a_certification_forbids_is_refused(attack: Attack) -> None:
    assert_refused(attack)


def test_a_remark_that_was_permitted_passes_for_who_accepts_overlays_on_blank_paper() -> None:
    policy = Policy(accept_blank_overlays=True)
    pdf = certified.remark()
    assert (
        verify_document(pdf, trust=WORLD.trust, at=AT, fetcher=WORLD.fetcher(AT), policy=policy).verdict == "passed"
    )
