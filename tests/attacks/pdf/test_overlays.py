"""A later signature in a place that was not reserved, or over what a page shows, is never plain valid."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from pyhanko.sign.fields import SigFieldSpec, SigSeedSubFilter
from pyhanko.stamp import TextStampStyle

from kyso_pki.ades.verify import Policy
from kyso_pki.facts import Change
from kyso_pki.formats import verify_document
from tests.pki.pdf.samples import AT, SIGNATURE_BOX, WORLD, facts, hanko_signed, signed, table_pdf, with_fields

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
        lambda: overlays.sealed(victim(), b"60 640 300 700"),  # a line below the text
        lambda: overlays.sealed(overlays.page_of(b"1 g 0 0 595 842 re f"), overlays.BLANK),
        lambda: overlays.sealed(overlays.page_of(b"", more=b"/Rotate 90"), overlays.BLANK),
        lambda: overlays.sealed(overlays.visible(), b"170 200 233 300"),  # a third of the signature, on the left
    ],
)
def test_a_new_seal_on_blank_paper_or_a_third_of_a_signature_is_an_overlay_on_blank(
    make: Callable[[], bytes],
) -> None:
    found = seal(make())
    assert (found.kind, found.allowed, found.blank, found.page) == ("overlay", False, True, 1)


@pytest.mark.parametrize(("at", "over"), [((300, 300), False), ((60, 700), True)])
def test_filling_a_reserved_field_passes_only_where_the_page_was_blank(at: tuple[int, int], over: bool) -> None:
    box = b"%d %d %d %d" % (*at, at[0] + 100, at[1] + 60)
    prepared = with_fields(SIGNATURE_BOX % (b"A", b"10 10 110 60", b""), SIGNATURE_BOX % (b"Seal", box, b""))
    pdf = hanko_signed(
        signed(prepared, field="A"),
        WORLD.seal_signer,
        field_name="Seal",
        stamp=TextStampStyle(),
        subfilter=SigSeedSubFilter.PADES,
    )
    report = verify_document(pdf, trust=WORLD.trust, at=AT, fetcher=WORLD.fetcher(AT))
    assert report.verdict == ("indeterminate" if over else "passed")
    found = seal(pdf)
    assert (found.kind, found.allowed) == (("overlay", False) if over else ("signature", True))


def test_a_page_that_was_changed_is_looked_at_again() -> None:
    """The second signature was made over the new text, so for it the seal is an overlay too."""
    first, second, *_ = facts(overlays.text_added_then_covered())
    for found in (first, second):
        assert "overlay" in [c.kind for c in found.changes_after if not c.allowed]


@pytest.mark.parametrize(
    ("box", "policy", "verdict"),
    [
        ((60, 700, 160, 760), Policy(), "indeterminate"),
        ((60, 700, 160, 760), Policy(accept_blank_overlays=True), "indeterminate"),
        ((60, 700, 160, 760), Policy(accept_overlays=True), "passed"),
        ((300, 300, 400, 360), Policy(), "indeterminate"),
        ((300, 300, 400, 360), Policy(accept_blank_overlays=True), "passed"),
        ((300, 300, 400, 360), Policy(accept_overlays=True), "passed"),
    ],
)
def test_a_new_seal_by_a_true_signature_passes_only_as_far_as_the_caller_says(
    box: tuple[int, int, int, int], policy: Policy, verdict: str
) -> None:
    pdf = hanko_signed(
        signed(table_pdf()),
        WORLD.seal_signer,
        field_name="Seal",
        new_field=SigFieldSpec("Seal", box=box),
        stamp=TextStampStyle(),
        subfilter=SigSeedSubFilter.PADES,
    )
    report = verify_document(pdf, trust=WORLD.trust, at=AT, fetcher=WORLD.fetcher(AT), policy=policy)
    first = report.signatures[0]
    assert report.verdict == verdict
    assert first.changed_after == "overlaid"
    severity = "warning" if verdict == "passed" else "error"
    assert [f.code for f in first.findings if f.severity == severity and f.code == "OVERLAY"] == ["OVERLAY"]
    assert report.signatures[1].passed
