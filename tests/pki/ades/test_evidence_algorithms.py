"""Algorithms with an end, on CRLs, OCSP answers, their signers and keys: at their time of use, by what is proven."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import pytest

from kyso_pki.ades.constraints import Asked
from kyso_pki.ades.policy import DEFAULT_POLICY, Policy, read_policy
from kyso_pki.ades.report import SignatureReport
from kyso_pki.ades.verify import judge
from kyso_pki.authority.ocsp import respond
from kyso_pki.document import Level
from kyso_pki.errors import UsageError
from kyso_pki.evidence import Evidence
from kyso_pki.facts import Stored
from kyso_pki.formats import open_document, verify_document
from kyso_pki.scheme import HashName
from kyso_pki.testing import SoftwareSigner, World
from kyso_pki.x509 import ocsp
from kyso_pki.x509.revocation import RevocationResult, check_revocation
from tests.pki.ades.inputs import PDF

AT = datetime(2026, 11, 23, 3, 0, tzinfo=UTC)
DAY = timedelta(days=1)
LATER = AT + 2 * DAY
WORLD = World.create(at=AT)
ENDS = read_policy(b"[algorithms]\nsha384 = 2026-11-24\n", "het-han")
"""Of the hash on one piece of evidence alone; all else has SHA-256."""


def crls(hash_name: HashName = "sha384", world: World = WORLD) -> tuple[bytes, ...]:
    return (world.crl(AT, world.issuing_signer.using(hash_name)), world.crl(AT, world.root_signer))


def answer(signer: SoftwareSigner, world: World = WORLD) -> bytes:
    return respond(
        ocsp.request(world.person, world.issuing),
        signer=signer,
        issuer=world.issuing,
        status_of=world._status,
        at=AT,
        next_update=AT + 7 * DAY,
    )


def asked(policy: Policy, *proven: bytes, at: datetime = LATER) -> Asked:
    return Asked(policy, at, frozenset((octets, AT) for octets in proven))


def status(
    constraints: Asked | None, lists: tuple[bytes, ...] = (), answers: tuple[bytes, ...] = (), world: World = WORLD
) -> RevocationResult:
    return check_revocation(
        world.person,
        world.issuing,
        at=LATER,
        crls=lists,
        ocsp=answers,
        candidates=(),
        constraints=constraints,
    )


def judged(policy: Policy, at: datetime, lists: tuple[bytes, ...]) -> SignatureReport:
    import kyso

    facts = tuple(open_document(kyso.sign(PDF, WORLD.person_signer, at=AT)).signatures())
    evidence = Evidence(crls=lists)
    return judge(
        facts, sha256="", format="pdf", trust=WORLD.trust, at=at, evidence=evidence, policy=policy
    ).signatures[0]


def test_crl_whose_hash_has_ended_says_nothing_good() -> None:
    assert judged(ENDS, AT + DAY / 2, crls()).passed
    assert judged(DEFAULT_POLICY, LATER, crls()).passed
    found = judged(ENDS, LATER, crls())
    assert (found.indication, found.sub_indication) == ("INDETERMINATE", "TRY_LATER")
    assert "signed with sha384" in found.revocation.text
    assert judged(ENDS, LATER, crls("sha256")).passed


def test_proof_that_a_list_or_an_answer_existed_before_the_end_makes_it_count() -> None:
    lists, given = crls()[:1], answer(WORLD.ocsp_signer.using("sha384"))
    assert status(asked(ENDS), lists).status == "not_checked"
    assert status(asked(ENDS, *lists), lists).status == "good"
    assert status(asked(ENDS), answers=(given,)).status == "not_checked"
    assert status(asked(ENDS, given), answers=(given,)).status == "good"
    too_late = read_policy(b"[algorithms]\nsha384 = 2026-11-22\n", "het-han")
    assert status(asked(too_late, *lists), lists).status == "not_checked"


def test_revocation_is_believed_whatever_it_is_signed_with() -> None:
    world = World.create(at=AT)
    world.revoke(world.person, AT - DAY)
    assert status(asked(ENDS), crls(world=world)[:1], world=world).status == "revoked"
    given = answer(world.ocsp_signer.using("sha384"), world)
    assert status(asked(ENDS), answers=(given,), world=world).status == "revoked"


@pytest.mark.parametrize(("bits", "expected"), [(256, "good"), (384, "not_checked")])
def test_least_size_of_keys_is_asked_of_the_responder_too(bits: int, expected: str) -> None:
    """He has P-256 here."""
    policy = read_policy(f"[keys]\nec = {bits}\n".encode(), "khoa")
    assert status(asked(policy), answers=(answer(WORLD.ocsp_signer),)).status == expected


def test_hash_on_the_certificate_of_the_responder_counts_too() -> None:
    world = World.create(at=AT)
    by = replace(world, issuing_signer=world.issuing_signer.using("sha384"))
    given = answer(by.ocsp_signer, world)
    assert status(asked(ENDS), answers=(given,), world=world).status == "not_checked"
    assert status(asked(ENDS, given), answers=(given,), world=world).status == "good"


def test_archive_timestamp_over_a_list_is_its_proof() -> None:
    import kyso

    lists = crls()
    data = kyso.sign(PDF, WORLD.person_signer, at=AT, level="B-T", timestamper=WORLD.timestamper(AT))
    data = kyso.timestamp(data, WORLD.timestamper(AT))
    signature, stamp = open_document(data).signatures()
    stored = (Stored(signature.state, (), lists),)
    both = (replace(signature, stored=stored), replace(stamp, stored=stored))
    # Whoever made the last timestamp must be good by what is known today.
    today = Evidence(crls=(WORLD.crl(LATER), WORLD.crl(LATER, WORLD.root_signer)))
    found = judge(both, sha256="", format="pdf", trust=WORLD.trust, at=LATER, evidence=today, policy=ENDS).signatures[
        0
    ]
    assert found.passed, found.findings
    alone = judge(both, sha256="", format="pdf", trust=WORLD.trust, at=LATER, policy=ENDS).signatures[0]
    assert alone.sub_indication == "TRY_LATER"


def seal(level: Level) -> bytes:
    """The seal has P-256, its CAs and the authority RSA."""
    import kyso

    tsa = None if level == "B-B" else WORLD.timestamper(AT)
    return kyso.sign(PDF, WORLD.seal_signer, at=AT, level=level, timestamper=tsa)


def sealed(policy: Policy, at: datetime, level: Level) -> SignatureReport:
    data = seal(level)
    return verify_document(data, trust=WORLD.trust, at=at, fetcher=WORLD.fetcher(at), policy=policy).signatures[0]


KEYS = read_policy(b"[keys]\nec_below = { 384 = 2026-11-24 }\n", "khoa")
NO_POE = "CRYPTO_CONSTRAINTS_FAILURE_NO_POE"


def test_key_counts_until_the_last_day_of_its_size() -> None:
    assert sealed(KEYS, AT + DAY / 2, "B-B").passed
    assert sealed(KEYS, LATER, "B-B").sub_indication == NO_POE
    ended = read_policy(b"[keys]\nec_below = { 384 = 2026-11-22 }\n", "khoa")
    assert sealed(ended, LATER, "B-T").sub_indication == "CRYPTO_CONSTRAINTS_FAILURE"


def test_proof_that_a_signature_existed_before_the_end_of_its_key_makes_it_count() -> None:
    found = sealed(KEYS, LATER, "B-T")
    assert found.passed, found.findings
    asked_in_turn = found.revocation.source or ""
    assert asked_in_turn.startswith("crl"), "his CA's responder has such a key too, and answers today"


def test_keys_of_cas_count_by_the_certificates_that_they_signed() -> None:
    """RSA-2048 signed the seal's certificate, which the timestamp proves, and its CA's, which nothing does."""
    policy = read_policy(b"[keys]\nrsa_below = { 3072 = 2026-11-24 }\n", "khoa")
    assert sealed(policy, AT + DAY / 2, "B-T").passed
    assert sealed(policy, LATER, "B-T").sub_indication == NO_POE


@pytest.mark.parametrize(
    ("text", "word"),
    [
        ("[keys.rsa_below]\nx = 2030-01-01", "rsa_below.x"),
        ("[keys.rsa_below]\n3072 = 'never'", "rsa_below.3072"),
        ("[keys.rsa_below]\n3072 = 5", "rsa_below.3072"),
        ("[keys]\nrsa_below = 3072", "rsa_below"),
        ("[keys]\ndsa_below = 3072", "dsa_below"),
    ],
)
def test_ends_of_keys_that_cannot_be_read_are_refused(text: str, word: str) -> None:
    with pytest.raises(UsageError, match=word):
        read_policy(text.encode(), "khoa")


def test_the_first_of_several_ends_counts() -> None:
    policy = read_policy(b"[keys.rsa_below]\n4096 = 2035-12-31\n3072 = 2026-11-24\n", "khoa")
    assert policy.end_of_key(WORLD.issuing.public_key) == date(2026, 11, 24)
