"""Policies are data: typed, named in reports, and never able to accept what is broken or not checked."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime

import pytest

from kyso_pki.ades.policy import BUILT_IN, DEFAULT_POLICY, Policy, built_in, read_policy
from kyso_pki.ades.report import SignatureReport
from kyso_pki.ades.verify import judge
from kyso_pki.errors import KysoError, UsageError
from kyso_pki.evidence import Evidence
from kyso_pki.facts import Change, SignatureFacts
from kyso_pki.formats import open_document
from kyso_pki.testing import World
from tests.pki.ades.inputs import PDF

AT = datetime(2026, 11, 28, 3, 0, tzinfo=UTC)
WORLD = World.create(at=AT)


def signed(level: str = "B-B") -> tuple[SignatureFacts, ...]:
    import kyso

    tsa = None if level == "B-B" else WORLD.timestamper(AT)
    return tuple(open_document(kyso.sign(PDF, WORLD.person_signer, at=AT, level=level, timestamper=tsa)).signatures())


def judged(facts: tuple[SignatureFacts, ...], policy: Policy, at: datetime = AT) -> SignatureReport:
    evidence = Evidence(crls=tuple(WORLD.crls(AT)))
    report = judge(facts, sha256="", format="pdf", trust=WORLD.trust, at=at, evidence=evidence, policy=policy)
    assert report.policy == policy.name
    [one] = report.signatures
    return one


def codes(report: SignatureReport) -> set[str]:
    return {f.code for f in report.findings if f.severity == "error"}


@pytest.mark.parametrize("name", BUILT_IN)
def test_built_in_policies_can_be_read_and_pass_what_is_right(name: str) -> None:
    assert judged(signed(), built_in(name)).passed


def test_default_is_the_built_in_one() -> None:
    assert built_in("kyso") == DEFAULT_POLICY


@pytest.mark.parametrize(
    ("text", "word"),
    [
        ("[algorithm]\nsha1='never'", "algorithm"),
        ("[algorithms]\nmd5='always'", "md5"),
        ("[algorithms]\nsha1='yes'", "sha1"),
        ("[algorithms]\nsha1=2016-01-01T00:00:00", "sha1"),
        ("[keys]\nrsa=1024", "2048"),
        ("[keys]\nrsa='4096'", "rsa"),
        ("[signature]\nlevel='B-X'", "B-X"),
        ("[changes]\nrefuse=['colour']", "colour"),
        ("[changes]\nrefuse='form'", "form"),
        ("[changes]\nrefuse=['form']\ntolerate=['form', 'content']", "the same changes: form"),
        ("[coverage]\nparts=1", "parts"),
        ("[revocation]\nmax_age_days=-1", "max_age_days"),
        ("[revocation]\nrequired=false", "required"),
        ("keys=1", "keys"),
        ("x", "TOML"),
        ("title='\xff'.", "TOML"),
    ],
)
def test_misspelt_policy_is_refused_by_name(text: str, word: str) -> None:
    with pytest.raises(UsageError) as caught:
        read_policy(text.encode("latin-1"), "quy-dinh")
    assert "quy-dinh" in str(caught.value) and word in str(caught.value)


def test_unknown_policy_says_which_there_are() -> None:
    with pytest.raises(UsageError, match="vietnam"):
        built_in("phap")


def test_hash_with_an_end_counts_only_where_a_time_before_it_is_proven() -> None:
    policy = replace(DEFAULT_POLICY, hash_ends=(("sha512", date(2026, 11, 28)),))

    def hashed(level: str) -> tuple[SignatureFacts, ...]:
        return tuple(replace(f, content_hash="sha512") for f in signed(level))

    later = AT.replace(day=30)
    assert judged(hashed("B-B"), policy).passed
    assert "WEAK_HASH" in codes(judged(hashed("B-B"), policy, at=later)), "nothing proves when it was made"
    assert "WEAK_HASH" not in codes(judged(hashed("B-T"), policy, at=later))
    assert "WEAK_HASH" in codes(judged(hashed("B-B"), replace(policy, hash_ends=(("sha512", date.min),))))


def test_required_level_is_asked_of_what_is_proven() -> None:
    policy = read_policy(b"[signature]\nlevel='B-T'", "co-dau")
    assert codes(judged(signed(), policy)) == {"LEVEL_TOO_LOW"}
    assert judged(signed("B-T"), policy).passed


def test_larger_keys_may_be_asked_for() -> None:
    policy = read_policy(b"[keys]\nrsa=8192\nec=521", "khoa-dai")
    assert "WEAK_KEY" in codes(judged(signed(), policy))


def test_old_answer_is_not_enough_where_the_policy_says_so() -> None:
    policy = read_policy(b"[revocation]\nmax_age_days=0", "moi-nhat")
    assert judged(signed(), policy).passed
    report = judged(signed(), policy, at=AT.replace(day=29))
    assert report.indication == "INDETERMINATE" and "REVOCATION_NOT_CHECKED" in codes(report)


@pytest.mark.parametrize(("kind", "allowed"), [("form", True), ("content", False), ("unexplained", False)])
def test_changes_are_refused_or_tolerated_by_kind(kind: str, allowed: bool) -> None:
    change = Change(kind, "trường 1", allowed)  # type: ignore[arg-type] # one of them
    facts = tuple(replace(f, changes_after=(change,)) for f in signed())
    strict, lax = Policy(refuse=frozenset({kind})), Policy(tolerate=frozenset({kind}))
    usual = judged(facts, DEFAULT_POLICY)
    assert usual.passed == allowed
    assert not judged(facts, strict).passed
    assert judged(facts, lax).passed
    if not allowed:
        assert "CHANGE_TOLERATED_BY_POLICY" in {f.code for f in judged(facts, lax).findings}


def test_no_policy_passes_what_is_broken_or_untrusted() -> None:
    lax = replace(built_in("dss"), accept_overlays=True, accept_blank_overlays=True)
    for wrong in ("references_intact", "signature_intact"):
        assert not judged(tuple(replace(f, **{wrong: False}) for f in signed()), lax).passed  # type: ignore[arg-type]
    report = judge(signed(), sha256="", format="pdf", trust=WORLD.trust, at=AT, policy=lax)
    assert report.verdict == "indeterminate", "no evidence was given"


def test_errors_are_kysos_own() -> None:
    with pytest.raises(KysoError):
        read_policy(b" " * (1 << 17), "lon")
