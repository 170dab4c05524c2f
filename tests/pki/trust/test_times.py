"""Trust that began or ended: old signatures keep their verdict at their proven time, new ones get none."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

from kyso_pki.ades.report import SignatureReport
from kyso_pki.ades.sign import sign_document
from kyso_pki.document import Intent
from kyso_pki.formats import open_document, verify_document
from kyso_pki.x509.path import find_path
from kyso_pki.x509.trust import Anchor, TrustStore
from tests.pki.ades.inputs import PDF

from .made import AT, DAY, WORLD

STAMPED = sign_document(
    open_document(PDF), Intent(signing_time=AT, level="B-T"), WORLD.person_signer, WORLD.timestamper(AT)
)
BARE = sign_document(open_document(PDF), Intent(signing_time=AT), WORLD.person_signer, None)
STAMPS = TrustStore.of([WORLD.root], ["timestamping"])


def judged(data: bytes, anchor: Anchor, *, later: timedelta = DAY) -> SignatureReport:
    at = AT + later
    [found] = verify_document(data, trust=TrustStore((anchor,)) + STAMPS, at=at, fetcher=WORLD.fetcher(at)).signatures
    return found


def until(days: int) -> Anchor:
    return Anchor(WORLD.root, frozenset({"signing"}), None, AT + days * DAY, "bundle tinh-mau #7")


def test_a_ca_whose_trust_ended_still_serves_what_was_proven_before() -> None:
    verdict = judged(STAMPED, until(1), later=30 * DAY)
    assert verdict.indication == "TOTAL-PASSED"
    assert verdict.anchor == until(1)
    shown = verdict.to_json()["trust_anchor"]
    assert shown["source"] == "bundle tinh-mau #7"
    assert shown["trusted"] == {"from": None, "until": "2026-11-24T03:00:00Z"}
    assert shown["key"] == WORLD.root.spki_sha256
    assert verdict.to_json()["timestamps"][0]["trust_anchor"]["purposes"] == ["timestamping"]


def test_without_a_proof_the_end_of_trust_counts_now() -> None:
    assert judged(BARE, until(2)).indication == "TOTAL-PASSED"
    verdict = judged(BARE, until(1), later=DAY)
    assert (verdict.indication, verdict.sub_indication) == ("INDETERMINATE", "NO_CERTIFICATE_CHAIN_FOUND")
    [finding] = [f for f in verdict.findings if f.code == "NOT_TRUSTED_THEN"]
    assert "until 2026-11-24 03:00:00 UTC (bundle tinh-mau #7)" in finding.text
    assert verdict.anchor is None


def test_what_was_proven_after_the_end_of_trust_is_not_trusted() -> None:
    verdict = judged(STAMPED, until(-1))
    assert (verdict.indication, verdict.sub_indication) == ("INDETERMINATE", "NO_CERTIFICATE_CHAIN_FOUND")


def test_trust_that_began_later_does_not_reach_back() -> None:
    begun = Anchor(WORLD.root, frozenset({"signing"}), AT + timedelta(hours=1))
    assert judged(STAMPED, begun).sub_indication == "NO_CERTIFICATE_CHAIN_FOUND"
    assert judged(STAMPED, replace(begun, trusted_from=AT)).indication == "TOTAL-PASSED"


def test_a_gap_between_two_times_of_trust_is_a_gap() -> None:
    first, second = until(-2), replace(until(9), trusted_from=AT - DAY)
    store = TrustStore((first, second))
    for days, found in ((-3, True), (-2, False), (-1, True), (8, True), (9, False)):
        result = find_path(WORLD.person, [WORLD.issuing], store, AT + days * DAY, "signing")
        assert bool(result.path) is found


def test_an_issuing_ca_whose_trust_ended_is_not_reached_around_over_its_root() -> None:
    """The end of its trust is meant: a path over the root that still stands would undo it."""
    ended = Anchor(WORLD.issuing, trusted_until=AT - DAY)
    store = TrustStore((ended, Anchor(WORLD.root)))
    assert find_path(WORLD.person, [WORLD.issuing], TrustStore.of([WORLD.root]), AT, "signing").path
    found = find_path(WORLD.person, [WORLD.issuing], store, AT, "signing")
    assert (found.path, found.findings[0].code) == ((), "NOT_TRUSTED_THEN")


def test_a_purpose_has_its_own_times() -> None:
    signing = Anchor(WORLD.root, frozenset({"signing"}), trusted_until=AT - DAY)
    store = TrustStore((signing,)) + STAMPS
    assert not find_path(WORLD.person, [WORLD.issuing], store, AT, "signing").path
    assert find_path(WORLD.tsa, [WORLD.issuing], store, AT, "timestamping").path
