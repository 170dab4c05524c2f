"""A later signature over what a page shows is never plain valid; one on blank paper or a seal in its place is."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from kyso_pki.ades.verify import Policy
from kyso_pki.facts import Change
from kyso_pki.formats import verify_document
from tests.pki.pdf.samples import AT, WORLD, facts, hanko_signed, signed, table_pdf

from . import overlays
from .attack import Attack, victim
from .judged import assert_refused


@pytest.mark.parametrize("attack", overlays.ATTACKS, ids=lambda a: a.name)
def test_an_overlay_is_refused(attack: Attack) -> None:
    assert_refused(attack)


def seal(pdf: bytes, name: str = "Seal") -> Change:
    """What the first signature says of the field."""
    (found,) = [c for c in facts(pdf)[0].changes_after if c.field == name]
    return found


@pytest.mark.parametrize(
    "make",
    [
        lambda: overlays.sealed(victim(), overlays.BLANK),
        lambda: overlays.sealed(victim(), b"60 690 300 713"),  # just below the line of text
        lambda: overlays.sealed(overlays.page_of(b"1 g 0 0 595 842 re f"), overlays.BLANK),
        lambda: overlays.sealed(overlays.page_of(b"", more=b"/Rotate 90"), overlays.BLANK),
        lambda: overlays.sealed(overlays.visible(), b"170 200 233 300"),  # a third of the signature, on the left
    ],
)
def test_a_seal_on_blank_paper_or_a_third_of_a_signature_is_an_allowed_signature(make: Callable[[], bytes]) -> None:
    found = seal(make())
    assert (found.kind, found.allowed, found.page) == ("signature", True, 1)


def test_a_page_that_was_changed_is_looked_at_again() -> None:
    """The second signature was made over the new text, so for it the seal is an overlay too."""
    first, second, *_ = facts(overlays.text_added_then_covered())
    for found in (first, second):
        assert "overlay" in [c.kind for c in found.changes_after if not c.allowed]


def test_an_overlay_by_a_true_signature_passes_only_for_a_caller_who_looks_at_the_page() -> None:
    from pyhanko.sign.fields import SigFieldSpec, SigSeedSubFilter
    from pyhanko.stamp import TextStampStyle

    pdf = hanko_signed(
        signed(table_pdf()),
        WORLD.seal_signer,
        field_name="Seal",
        new_field=SigFieldSpec("Seal", box=(60, 700, 160, 760)),
        stamp=TextStampStyle(),
        subfilter=SigSeedSubFilter.PADES,
    )
    strict, lenient = (
        verify_document(pdf, trust=WORLD.trust, at=AT, fetcher=WORLD.fetcher(AT), policy=Policy(accept_overlays=a))
        for a in (False, True)
    )
    assert strict.verdict == "indeterminate"
    assert strict.signatures[0].changed_after == "overlaid"
    assert [f.code for f in strict.signatures[0].findings if f.severity == "error"] == ["OVERLAY"]
    assert lenient.passed
