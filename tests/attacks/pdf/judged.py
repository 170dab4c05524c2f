"""What must be true of every attack: a verdict that is not "passed", and the reason where it belongs."""

from __future__ import annotations

from kyso_pki.ades.verify import Policy
from kyso_pki.errors import FormatError
from kyso_pki.formats import verify_document
from tests.pki.pdf.samples import AT, WORLD, facts, intact

from .attack import Attack


def verdict(pdf: bytes) -> str:
    """kyso's verdict with everything at hand that it needs to say "passed"."""
    return verify_document(pdf, trust=WORLD.trust, at=AT, fetcher=WORLD.fetcher(AT)).verdict


def assert_refused(attack: Attack) -> None:
    pdf = attack.make()
    report = verify_document(pdf, trust=WORLD.trust, at=AT, fetcher=WORLD.fetcher(AT))
    every = [*report.findings, *(f for s in report.signatures for f in s.findings)]
    said = [(f.code, f.text) for f in every if f.severity == "error"]
    assert report.verdict in attack.verdict.split("|"), said
    assert "internal" not in [code for code, _ in said]
    if attack.reported:
        assert any(code == attack.reported and attack.words in text for code, text in said), said
        return
    try:
        found = facts(pdf)
    except FormatError as error:
        assert attack.finding is None, error
        assert attack.change is None, error
        assert attack.words in str(error), error
        return
    assert found
    findings = [(f.code, f.text) for facts_ in found for f in facts_.findings if f.severity == "error"]
    changes = [(c.kind, c.text) for facts_ in found for c in facts_.changes_after if not c.allowed]
    assert attack.finding or attack.change, (findings, changes)
    if attack.finding:
        assert any(code in attack.finding.split("|") and attack.words in text for code, text in findings), findings
    if attack.change:
        assert any(kind in attack.change.split("|") and attack.words in text for kind, text in changes), changes
        assert not intact(found[0])


def assert_overlaid(attack: Attack) -> None:
    """A true seal that the signed page does not bear: only a caller who looks at the page passes it."""
    pdf = attack.make()
    for policy, expected in (
        (Policy(), "indeterminate"),
        (Policy(accept_blank_overlays=True), "indeterminate"),
        (Policy(accept_overlays=True), "passed"),
    ):
        report = verify_document(pdf, trust=WORLD.trust, at=AT, fetcher=WORLD.fetcher(AT), policy=policy)
        assert report.verdict == expected, report.to_json()
    changes = [c for c in facts(pdf)[0].changes_after if not c.allowed]
    assert [c.kind for c in changes] == ["overlay"]
    assert not changes[0].blank
    assert attack.words in changes[0].text, changes[0].text
