"""Every indication and sub-indication of EN 319 102-1 that a verdict can have, each with a signature that gets it."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

import kyso_pki.ades.verify
from kyso_pki import oids
from kyso_pki.ades.policy import Policy, read_policy
from kyso_pki.ades.report import SignatureReport
from kyso_pki.ades.sign import sign_document
from kyso_pki.asn1 import der
from kyso_pki.cades.content import CmsContent
from kyso_pki.document import Intent
from kyso_pki.evidence import Evidence
from kyso_pki.facts import PolicyFacts, SignatureFacts, XmlFacts
from kyso_pki.formats import open_document, verify_document
from kyso_pki.scheme import SCHEMES, digest
from kyso_pki.testing import SoftwareSigner
from kyso_pki.tsp import ContentStamps
from kyso_pki.x509.trust import TrustStore
from tests.attacks.cms import file_forge as forge
from tests.attacks.cms import files, signatures, stamps
from tests.attacks.cms.forge import (
    AT,
    LATER,
    SIGNER,
    WORLD,
    attribute,
    report,
    set_of,
    signer_info,
    usual_attributes,
    value_over,
)

SHA1 = SoftwareSigner(SIGNER.private_key, SCHEMES["rsa-pkcs1-sha1"], SIGNER.chain)
UNTIL_YESTERDAY = read_policy(f"[algorithms]\nsha1 = {(AT - timedelta(days=1)).date()}\n".encode(), "sha1")


def _of(case: forge.Case, policy: Policy | None = None) -> SignatureReport:
    asks = case.world.fetcher(case.at) if case.world else None
    found = verify_document(
        case.cms,
        trust=case.trust,
        at=case.at,
        fetcher=asks,
        content=case.content,
        evidence=case.evidence,
        policy=policy or Policy(),
    )
    return found.signatures[-1]


def _by(signer: SoftwareSigner) -> forge.Case:
    return forge.Case(forge.made(forge.info(signer), certificates=[c.der for c in signer.chain.carried]))


def _sha1_with_a_time() -> SignatureReport:
    attrs = set_of(usual_attributes(SHA1, forge.CONTENT))
    value = value_over(attrs, SHA1)
    token = WORLD.timestamper(AT).timestamp(digest("sha256", value), "sha256")
    unsigned = [attribute(oids.ID_AA_TIME_STAMP_TOKEN, token)]
    info = signer_info(SHA1, attrs, value=value, unsigned=unsigned)
    sha1 = der.sequence(der.oid(oids.SHA1))
    return _of(forge.Case(forge.made(info, digests=[sha1])), UNTIL_YESTERDAY)


def _sha1_without_a_time() -> SignatureReport:
    sha1 = der.sequence(der.oid(oids.SHA1))
    return _of(forge.Case(forge.made(forge.info(SHA1), digests=[sha1])), UNTIL_YESTERDAY)


def _revoked(certificate: str) -> SignatureReport:
    world = replace(WORLD, revoked=dict(WORLD.revoked))
    world.revoke(WORLD.person if certificate == "person" else WORLD.issuing, AT, "superseded")
    return _of(replace(forge.honest(), world=world))


def _stamped_first(signer: SoftwareSigner, *, revoked: bool = False) -> SignatureReport:
    """5.3.4, step 4: a trusted content timestamp is from when the certificate was not good any more."""
    world = replace(WORLD, revoked=dict(WORLD.revoked))
    if revoked:
        world.revoke(signer.certificate, AT - timedelta(hours=1), "superseded")
    claimed = min(AT, signer.certificate.not_after)
    stamped = Intent(claimed, content_stamps=ContentStamps(WORLD.timestamper(AT)))
    cms = sign_document(CmsContent(forge.CONTENT, detached=True), stamped, signer)
    return _of(replace(forge.honest(), cms=cms, world=world))


def _order() -> SignatureReport:
    from tests.attacks.cms.archives import archive_timestamp_before_what_it_covers

    return archive_timestamp_before_what_it_covers().case.report().signatures[0]


def _policy_of_another_hash() -> SignatureReport:
    """The policy document is in the facts of XAdES; what is signed of it is compared with what is at hand."""
    [facts] = open_document(forge.honest().cms, content=forge.CONTENT).signatures()
    named = PolicyFacts("urn:oid:1.2.3", "sha256", bytes(32))
    result = kyso_pki.ades.verify.judge(
        [replace(facts, xml=XmlFacts("/", policy=named))],
        sha256="",
        format="cms",
        trust=WORLD.trust,
        at=LATER,
        fetcher=WORLD.fetcher(LATER),
        policy=Policy(signature_policies=(("urn:oid:1.2.3", b"a policy"),)),
    )
    return result.signatures[0]


CASES: dict[tuple[str, str | None], Callable[[], SignatureReport]] = {
    ("TOTAL-PASSED", None): lambda: _of(forge.honest()),
    ("TOTAL-FAILED", "FORMAT_FAILURE"): lambda: _of(files.timestamp_among_the_signed_attributes().case),
    ("TOTAL-FAILED", "HASH_FAILURE"): lambda: _of(files.file_with_other_line_ends().case),
    ("TOTAL-FAILED", "SIG_CRYPTO_FAILURE"): lambda: _of(
        files.own_signature_over_attributes_shown_as_attributes().case
    ),
    ("TOTAL-FAILED", "NOT_YET_VALID"): lambda: report(stamps.signature_proven_before_its_certificate()).signatures[0],
    ("TOTAL-FAILED", "REVOKED"): lambda: _stamped_first(WORLD.person_signer, revoked=True),
    ("TOTAL-FAILED", "EXPIRED"): lambda: _stamped_first(WORLD.expired_signer),
    ("INDETERMINATE", "NO_SIGNING_CERTIFICATE_FOUND"): lambda: report(signatures.no_certificate_at_all()).signatures[
        0
    ],
    ("INDETERMINATE", "NO_CERTIFICATE_CHAIN_FOUND"): lambda: _of(_by(WORLD.impostor_signer)),
    ("INDETERMINATE", "CHAIN_CONSTRAINTS_FAILURE"): lambda: _of(_by(WORLD.tsa_signer)),
    ("INDETERMINATE", "CRYPTO_CONSTRAINTS_FAILURE"): _sha1_with_a_time,
    ("INDETERMINATE", "CRYPTO_CONSTRAINTS_FAILURE_NO_POE"): _sha1_without_a_time,
    ("INDETERMINATE", "OUT_OF_BOUNDS_NO_POE"): lambda: _of(_by(WORLD.expired_signer)),
    ("INDETERMINATE", "REVOKED_NO_POE"): lambda: _revoked("person"),
    ("INDETERMINATE", "REVOKED_CA_NO_POE"): lambda: _revoked("issuing"),
    ("INDETERMINATE", "TRY_LATER"): lambda: _of(replace(forge.honest(), world=None)),
    ("INDETERMINATE", "SIG_CONSTRAINTS_FAILURE"): lambda: _of(forge.honest(), Policy(level="B-T")),
    ("INDETERMINATE", "TIMESTAMP_ORDER_FAILURE"): _order,
    ("INDETERMINATE", "POLICY_PROCESSING_ERROR"): _policy_of_another_hash,
    ("INDETERMINATE", "SIGNED_DATA_NOT_FOUND"): lambda: _of(files.content_that_nobody_has().case),
}
OF_THE_STANDARD = {
    "FORMAT_FAILURE",
    "HASH_FAILURE",
    "SIG_CRYPTO_FAILURE",
    "REVOKED",
    "EXPIRED",
    "NOT_YET_VALID",
    "SIG_CONSTRAINTS_FAILURE",
    "CHAIN_CONSTRAINTS_FAILURE",
    "CERTIFICATE_CHAIN_GENERAL_FAILURE",
    "CRYPTO_CONSTRAINTS_FAILURE",
    "POLICY_PROCESSING_ERROR",
    "SIGNATURE_POLICY_NOT_AVAILABLE",
    "TIMESTAMP_ORDER_FAILURE",
    "NO_SIGNING_CERTIFICATE_FOUND",
    "NO_CERTIFICATE_CHAIN_FOUND",
    "REVOKED_NO_POE",
    "REVOKED_CA_NO_POE",
    "OUT_OF_BOUNDS_NO_POE",
    "OUT_OF_BOUNDS_NOT_REVOKED",
    "CRYPTO_CONSTRAINTS_FAILURE_NO_POE",
    "NO_POE",
    "TRY_LATER",
    "SIGNED_DATA_NOT_FOUND",
}
"""EN 319 102-1 tables 5 and 6."""
NEVER_SAID = {
    "OUT_OF_BOUNDS_NOT_REVOKED": "who has expired has no valid path, so nobody is asked: OUT_OF_BOUNDS_NO_POE",
    "CERTIFICATE_CHAIN_GENERAL_FAILURE": "each reason has its own",
    "SIGNATURE_POLICY_NOT_AVAILABLE": "a policy that is not at hand is a finding; none is ever fetched",
    "NO_POE": "the sub-indication of the basic validation is kept, which says what the proof is missing for",
}


@pytest.mark.parametrize(
    ("expected", "make"), list(CASES.items()), ids=[" ".join(filter(None, case)) for case in CASES]
)
def test_a_signature_gets_this_indication(
    expected: tuple[str, str | None], make: Callable[[], SignatureReport]
) -> None:
    found = make()
    assert (found.indication, found.sub_indication) == expected, found.findings


def test_every_sub_indication_in_the_code_has_such_a_signature_and_no_other_is_said() -> None:
    folder = Path(kyso_pki.ades.verify.__file__).parent
    said = set()
    for name in ("acceptance", "chains", "stamps", "policy"):
        said |= (
            set(re.findall(r'"([A-Z_]{6,})"', (folder / f"{name}.py").read_text(encoding="utf-8"))) & OF_THE_STANDARD
        )
    said.add("CRYPTO_CONSTRAINTS_FAILURE_NO_POE")  # put together in policy.py
    assert said == {sub for _, sub in CASES if sub is not None}
    assert said | NEVER_SAID.keys() == OF_THE_STANDARD


def test_a_stolen_key_and_an_answer_from_before_the_theft_pass_unless_the_policy_wants_newer_answers() -> None:
    """5.6.2.2.4 and docs/validation.md: told with its age by default, refused with `after_proof`."""
    early = AT - timedelta(hours=2)
    case = replace(forge.timed(), world=None, evidence=Evidence(crls=tuple(WORLD.crls(early))), at=LATER)
    by_default = _of(case)
    assert by_default.passed
    assert "REVOCATION_AGE" in {f.code for f in by_default.findings}
    strict = read_policy(b"[revocation]\nafter_proof = true\n", "strict")
    assert _of(case, strict).sub_indication == "TRY_LATER"
    fresh = replace(case, evidence=Evidence(crls=tuple(WORLD.crls(AT + timedelta(minutes=30)))))
    assert _of(fresh, strict).passed


def test_content_that_was_stamped_before_the_revocation_says_nothing_about_when_it_was_signed() -> None:
    world = replace(WORLD, revoked=dict(WORLD.revoked))
    world.revoke(WORLD.person, AT + timedelta(minutes=1), "superseded")
    stamped = Intent(AT, content_stamps=ContentStamps(WORLD.timestamper(AT)))
    cms = sign_document(CmsContent(forge.CONTENT, detached=True), stamped, WORLD.person_signer)
    found = _of(replace(forge.honest(), cms=cms, world=world))
    assert (found.indication, found.sub_indication) == ("INDETERMINATE", "REVOKED_NO_POE")


def test_a_hash_that_had_ended_when_the_content_was_stamped_cannot_be_saved_by_an_earlier_time() -> None:
    """5.3.4, step 6."""
    stamped = Intent(AT, content_stamps=ContentStamps(WORLD.timestamper(AT)))
    cms = sign_document(CmsContent(forge.CONTENT, detached=True), stamped, SIGNER)
    ended = read_policy(f"[algorithms]\nsha256 = {(AT - timedelta(days=1)).date()}\n".encode(), "ended")
    [facts] = open_document(cms, content=forge.CONTENT).signatures()
    stamps_ = tuple(replace(t, hash_name="sha512", scheme=None) for t in facts.timestamps)

    pinned = TrustStore.of([SIGNER.chain.leaf, WORLD.tsa])  # the hash on their certificates has ended as well

    def judged(facts: SignatureFacts) -> str | None:
        report = kyso_pki.ades.verify.judge(
            [facts], sha256="", format="cms", trust=pinned, at=LATER, fetcher=WORLD.fetcher(LATER), policy=ended
        )
        return report.signatures[0].sub_indication

    assert judged(replace(facts, timestamps=stamps_)) == "CRYPTO_CONSTRAINTS_FAILURE"
    assert judged(replace(facts, timestamps=())) == "CRYPTO_CONSTRAINTS_FAILURE_NO_POE"
