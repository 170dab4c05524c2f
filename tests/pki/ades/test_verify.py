"""Verdicts over a whole PKI in memory: passed only when everything that must hold was checked and holds."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest

import kyso
from kyso_pki.ades.report import DocumentReport, SignatureReport
from kyso_pki.ades.sign import sign_document
from kyso_pki.ades.verify import Policy
from kyso_pki.document import Intent, Level
from kyso_pki.errors import (
    CertificateExpired,
    CertificateUnsuitable,
    SignatureValueInvalid,
    UsageError,
    VerificationFailed,
)
from kyso_pki.evidence import Evidence
from kyso_pki.formats import open_document, verify_document
from kyso_pki.signer import Signer
from kyso_pki.testing import World
from kyso_pki.x509.trust import TrustStore
from tests.pki.ades.inputs import PDF, XML

AT = datetime(2026, 11, 23, 3, 0, tzinfo=UTC)
LATER = AT + timedelta(hours=1)


@pytest.fixture(scope="module")
def world() -> World:
    return World.create(at=AT)


def signed(world: World, data: bytes, signer: Signer | None = None, level: Level = "B-B", at: datetime = AT) -> bytes:
    timestamper = world.timestamper(at) if level == "B-T" else None
    return sign_document(open_document(data), Intent(at, level), signer or world.person_signer, timestamper)


def judged(
    world: World,
    data: bytes,
    *,
    trust: TrustStore | None = None,
    at: datetime = LATER,
    online: bool = True,
    policy: Policy | None = None,
) -> DocumentReport:
    return verify_document(
        data,
        trust=world.trust if trust is None else trust,
        at=at,
        fetcher=world.fetcher(at) if online else None,
        policy=policy or Policy(),
    )


def only(report: DocumentReport) -> SignatureReport:
    [signature] = report.signatures
    return signature


def codes(signature: SignatureReport) -> set[str]:
    return {f.code for f in signature.findings}


@pytest.mark.parametrize("data", [PDF, XML], ids=["pdf", "xml"])
@pytest.mark.parametrize("level", ["B-B", "B-T"])
def test_a_good_signature_passes_at_the_level_it_was_made(world: World, data: bytes, level: Level) -> None:
    report = judged(world, signed(world, data, level=level))
    report.require_passed()
    signature = only(report)
    assert signature.level.endswith(level)
    assert signature.coverage.whole
    assert signature.revocation.status == "good"
    assert (signature.proven_time is not None) == (level == "B-T")
    assert [c.subject.first("CN") for c in signature.path][-1] == world.root.subject.first("CN")


def test_without_anchors_the_report_says_that_none_are_loaded(world: World) -> None:
    signature = only(judged(world, signed(world, PDF), trust=TrustStore()))
    assert (signature.indication, signature.sub_indication) == ("INDETERMINATE", "NO_CERTIFICATE_CHAIN_FOUND")
    assert "NO_TRUST_ANCHORS" in codes(signature)
    assert not signature.trust_loaded


def test_an_untrusted_issuer_is_not_the_same_as_no_anchors(world: World) -> None:
    signature = only(judged(world, signed(world, PDF, world.stranger_signer)))
    assert signature.indication == "INDETERMINATE"
    assert "NO_TRUST_ANCHORS" not in codes(signature)
    assert signature.trust_loaded


def test_the_right_name_without_the_right_key_is_told_apart(world: World) -> None:
    signature = only(judged(world, signed(world, PDF, world.impostor_signer)))
    assert signature.indication == "INDETERMINATE"
    assert "NAME_WITHOUT_KEY" in codes(signature)


def test_offline_without_evidence_nothing_passes(world: World) -> None:
    signature = only(judged(world, signed(world, PDF), online=False))
    assert (signature.indication, signature.sub_indication) == ("INDETERMINATE", "TRY_LATER")
    assert signature.revocation.status == "not_checked"


def test_a_revoked_certificate_does_not_pass() -> None:
    world = World.create(at=AT)
    data = signed(world, PDF)
    world.revoke(world.person_signer.chain.leaf, AT + timedelta(minutes=10), "keyCompromise")
    signature = only(judged(world, data))
    assert (signature.indication, signature.sub_indication) == ("INDETERMINATE", "REVOKED_NO_POE")
    assert signature.revocation.status == "revoked"


def test_a_timestamp_before_the_revocation_saves_the_signature() -> None:
    world = World.create(at=AT)
    data = signed(world, PDF, level="B-T")
    world.revoke(world.person_signer.chain.leaf, AT + timedelta(minutes=10), "cessationOfOperation")
    signature = only(judged(world, data))
    assert signature.passed
    assert "REVOKED_LATER" in codes(signature)


def test_a_timestamp_after_the_revocation_saves_nothing() -> None:
    world = World.create(at=AT)
    data = signed(world, PDF, level="B-T", at=AT + timedelta(minutes=20))
    world.revoke(world.person_signer.chain.leaf, AT + timedelta(minutes=10), "cessationOfOperation")
    assert only(judged(world, data)).sub_indication == "REVOKED_NO_POE"


def test_a_key_compromise_is_not_excused_by_a_timestamp() -> None:
    world = World.create(at=AT)
    data = signed(world, PDF, level="B-T")
    world.revoke(world.person_signer.chain.leaf, AT + timedelta(minutes=10), "keyCompromise")
    assert only(judged(world, data)).sub_indication == "REVOKED_NO_POE"


def test_a_revoked_issuing_ca_breaks_what_it_issued() -> None:
    world = World.create(at=AT)
    data = signed(world, PDF)
    world.revoke(world.issuing, AT + timedelta(minutes=10), "cACompromise")
    assert only(judged(world, data)).indication == "INDETERMINATE"


def test_an_untrusted_timestamp_proves_nothing(world: World) -> None:
    other = World.create(at=AT, number=4, name="tỉnh Khác")
    data = sign_document(open_document(PDF), Intent(AT, "B-T"), world.person_signer, other.timestamper(AT))
    signature = only(judged(world, data))
    assert signature.passed
    assert signature.level == "PAdES-B-B"
    assert signature.proven_time is None
    assert "TIMESTAMP_NOT_TRUSTED" in codes(signature)


def test_an_expired_certificate_without_proof_does_not_pass(world: World) -> None:
    data = signed(world, PDF)
    after = world.person_signer.chain.leaf.not_after + timedelta(days=1)
    signature = only(judged(world, data, at=after))
    assert signature.indication == "INDETERMINATE"
    assert "EXPIRED" in codes(signature)


def test_signing_with_an_expired_certificate_is_refused_before_the_key_moves(world: World) -> None:
    after = world.person_signer.chain.leaf.not_after + timedelta(days=1)
    with pytest.raises(CertificateExpired, match="expired"):
        signed(world, PDF, at=after)


@pytest.mark.parametrize("role", ["tsa_signer", "ocsp_signer", "issuing_signer"])
def test_a_key_that_is_not_for_documents_is_refused_before_it_moves(world: World, role: str) -> None:
    with pytest.raises(CertificateUnsuitable, match=r"not for signing|is a CA|nonRepudiation"):
        signed(world, PDF, getattr(world, role))


def test_a_value_made_by_another_key_never_leaves(world: World) -> None:
    class Crossed:
        chain = world.person_signer.chain
        scheme = world.person_signer.scheme
        sign = staticmethod(world.tsa_signer.sign)

    with pytest.raises(SignatureValueInvalid):
        signed(world, PDF, signer=Crossed())


def test_level_t_without_an_authority_is_a_usage_error(world: World) -> None:
    with pytest.raises(UsageError, match="time-stamping authority"):
        sign_document(open_document(PDF), Intent(AT, "B-T"), world.person_signer)


@pytest.mark.parametrize(
    ("data", "code"),
    [
        (b"", "format.empty"),
        (b"hello", "format.unrecognised"),
        (PDF[: len(PDF) // 2], "format"),
        (b"<a><b></a>", "format"),
    ],
    ids=["empty", "text", "truncated", "broken xml"],
)
def test_what_cannot_be_read_is_a_failed_report_with_a_code(world: World, data: bytes, code: str) -> None:
    report = judged(world, data)
    assert report.verdict == "failed"
    assert report.findings[0].code.startswith(code)
    with pytest.raises(VerificationFailed):
        report.require_passed()


@pytest.mark.parametrize("data", [PDF, XML], ids=["pdf", "xml"])
def test_an_unsigned_document_is_never_passed(world: World, data: bytes) -> None:
    report = judged(world, data)
    assert report.verdict == "failed"
    assert [f.code for f in report.findings] == ["NO_SIGNATURE"]


def test_reports_have_no_truth_value(world: World) -> None:
    report = judged(world, signed(world, PDF))
    for thing in (report, only(report)):
        with pytest.raises(TypeError, match="no truth value"):
            bool(thing)


@pytest.mark.parametrize("data", [PDF, XML], ids=["pdf", "xml"])
@pytest.mark.parametrize("level", ["B-B", "B-T"])
def test_no_flipped_byte_anywhere_passes_at_the_same_level(world: World, data: bytes, level: Level) -> None:
    """General rule of the attack classes: a verdict is about these bytes. Zero padding may not change either.

    Offline with CRLs at hand, so that no damaged issuer can be fetched anew. A damaged issuer inside a timestamp
    makes that timestamp prove nothing: the signature falls back to B-B and says so.
    """
    crls = (world.crl(LATER), world.crl(LATER, world.root_signer))
    evidence = Evidence(crls=crls)
    good = signed(world, data, level=level)
    assert verify_document(good, trust=world.trust, at=LATER, evidence=evidence).passed
    step = max(1, len(good) // 240)
    survivors = []
    for position in range(0, len(good), step):
        flipped = good[:position] + bytes((good[position] ^ 1,)) + good[position + 1 :]
        report = verify_document(flipped, trust=world.trust, at=LATER, evidence=evidence)
        if report.passed and report.signatures[0].level.endswith(level):
            survivors.append(good[position - 20 : position + 20])
    assert survivors == []


@pytest.mark.parametrize("make", [lambda w: w.person_signer, lambda w: w.seal_signer], ids=["rsa", "p256"])
def test_the_json_report_has_the_published_fields(world: World, make: Callable[[World], Signer]) -> None:
    report = judged(world, signed(world, PDF, make(world))).to_json()
    document = {"schema", "file", "sha256", "format", "verdict", "policy", "signatures", "findings", "attachments"}
    assert set(report) == document
    assert {
        "id", "format", "level", "indication", "sub_indication", "signer", "claimed_time", "proven_time",
        "certificate_valid", "intact", "coverage", "changes_after", "timestamps", "revocation", "findings",
    } <= set(report["signatures"][0])  # fmt: skip


@pytest.mark.parametrize("name", ["pdf", "xml"])
def test_content_that_no_signature_is_over_is_not_passed_over_in_silence(world: World, name: str) -> None:
    """Whoever reads "valid" with a contract named beside it must not think that the contract was signed."""
    data = kyso.sign(PDF if name == "pdf" else XML, world.person_signer, at=AT)
    for content in (None, b"Hop dong"):
        report = kyso.verify(data, trust=world.trust, at=AT, fetcher=world.fetcher(AT), content=content)
        assert [f.code for f in report.findings] == (["CONTENT_NOT_USED"] if content else [])
        assert report.verdict == ("indeterminate" if content else "passed")
        if content:
            with pytest.raises(kyso.VerificationFailed, match="beside it"):
                report.require_passed()


def test_content_that_a_signature_is_around_is_the_one_beside_it(world: World) -> None:
    """A `.xsig` may hold the file that stands beside it, as `kyso sign --format xades --attached` makes it."""
    around = kyso.sign_xml(b"mot", world.person_signer, name="a.txt", detached=False, at=AT)
    for beside, codes in ((b"mot", []), (b"hai", ["CONTENT_NOT_USED"])):
        report = kyso.verify(
            around, trust=world.trust, at=AT, fetcher=world.fetcher(AT), content=beside, detached={"a.txt": beside}
        )
        assert [f.code for f in report.findings] == codes
        assert report.verdict == ("indeterminate" if codes else "passed")


def test_content_that_no_signature_is_over_makes_no_broken_signature_better(world: World) -> None:
    data = kyso.sign(XML, world.person_signer, at=AT).replace(b"</", b" </", 1)
    report = kyso.verify(data, trust=world.trust, at=AT, content=b"Hop dong")
    assert report.verdict == "failed"


def test_detached_data_is_told_as_not_used_where_no_reference_names_it(world: World) -> None:
    fetcher = world.fetcher(AT)
    detached = kyso.sign_xml(b"mot", world.person_signer, name="a.txt", at=AT)
    report = kyso.verify(detached, trust=world.trust, at=AT, fetcher=fetcher, detached={"a.txt": b"mot"})
    assert (report.findings, report.verdict) == ((), "passed")
    report = kyso.verify(detached, trust=world.trust, at=AT, fetcher=fetcher, detached={"b.txt": b"hai"})
    assert [f.code for f in report.findings] == ["CONTENT_NOT_USED"]
    assert report.verdict == "indeterminate"
