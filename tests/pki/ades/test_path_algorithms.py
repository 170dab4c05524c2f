"""Algorithms with an end, on the certificates of a path: at their time of use, by what is proven (TS 119 312)."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding, rsa

from kyso_pki.ades.grow import Sources, extend
from kyso_pki.ades.policy import DEFAULT_POLICY, Policy, read_policy
from kyso_pki.ades.report import SignatureReport
from kyso_pki.ades.sign import sign_document
from kyso_pki.asn1 import der
from kyso_pki.authority.issue import issue
from kyso_pki.authority.profile import ISSUING_CA, Subject, Urls
from kyso_pki.document import Intent, Level
from kyso_pki.formats import verify_document
from kyso_pki.pdf.document import PdfDocument
from kyso_pki.scheme import HashName
from kyso_pki.testing import BASE_URL, SoftwareSigner, World
from kyso_pki.x509.certificate import Certificate
from kyso_pki.x509.trust import TrustStore
from tests.pki.ades.inputs import PDF

AT = datetime(2026, 11, 23, 3, 0, tzinfo=UTC)
DAY = timedelta(days=1)
LATER = AT + 20 * DAY
ENDS = read_policy(b"[algorithms]\nsha384 = 2026-11-24\n", "het-han")
"""Of the hash on one certificate alone: signatures, timestamps, lists and the others use SHA-256."""


def world_with(*, ca: HashName = "sha256", person: HashName = "sha256") -> tuple[World, SoftwareSigner]:
    """A PKI whose issuing CA and whose person's certificate were signed with these hashes."""
    world = World.create(at=AT)
    key = world.issuing_signer
    certificate = issue(
        ISSUING_CA,
        Subject("CA cấp phát tỉnh Mẫu", organisation="UBND tỉnh Mẫu"),
        key.public_key,
        key=world.root_signer.using(ca),
        issuer=world.root,
        not_before=key.certificate.not_before,
        not_after=key.certificate.not_after,
        urls=Urls(crl=f"{BASE_URL}/crl/root.crl"),
    )
    issuing = SoftwareSigner(key.private_key, key.scheme, replace(key.chain, certificates=(certificate, world.root)))
    world = replace(world, issuing_signer=issuing, issued={})._with_known(issuing)
    by = replace(world, issuing_signer=issuing.using(person))
    signer = by.issue(Subject("Nguyễn Văn Mẫu"))
    return world, signer


def signed(world: World, signer: SoftwareSigner, level: Level) -> bytes:
    """B-LTA with a second document timestamp, which covers what the first one needs."""
    sources = Sources(AT, world.fetcher(AT), trust=world.trust)
    data = sign_document(PdfDocument(PDF), Intent(AT, level), signer, world.timestamper(AT), sources)
    if level == "B-LTA":
        more = Sources(AT + DAY / 4, world.fetcher(AT + DAY / 4), trust=world.trust)
        stamper = world.timestamper(AT + DAY / 4)
        data = extend(PdfDocument(data), "B-LTA", timestamper=stamper, sources=more).data
    return data


def judged(
    world: World, data: bytes, policy: Policy, at: datetime = LATER, trust: TrustStore | None = None
) -> SignatureReport:
    report = verify_document(data, trust=trust or world.trust, at=at, fetcher=world.fetcher(at), policy=policy)
    return report.signatures[0]


def said(report: SignatureReport) -> set[tuple[str, str | None]]:
    errors = {f.code for f in report.findings if f.severity == "error"}
    return {(code, report.sub_indication) for code in errors}


NO_POE = {("CRYPTO_CONSTRAINTS_FAILURE_NO_POE", "CRYPTO_CONSTRAINTS_FAILURE_NO_POE")}


@pytest.mark.parametrize(("ca", "person"), [("sha384", "sha256"), ("sha256", "sha384")])
def test_hash_of_a_certificate_that_has_ended_is_not_accepted_without_a_proof(ca: HashName, person: HashName) -> None:
    world, signer = world_with(ca=ca, person=person)
    data = signed(world, signer, "B-B")
    assert judged(world, data, ENDS, at=AT + DAY / 2).passed
    assert judged(world, data, DEFAULT_POLICY).passed
    found = judged(world, data, ENDS)
    assert (found.indication, said(found)) == ("INDETERMINATE", NO_POE)
    assert found.path == ()


def test_signature_timestamp_proves_the_certificate_that_the_signature_binds() -> None:
    world, signer = world_with(person="sha384")
    assert judged(world, signed(world, signer, "B-T"), ENDS).passed


def test_signature_timestamp_proves_no_certificate_of_a_ca() -> None:
    """Whoever breaks the hash later makes a CA of any date, and signs below it; the old timestamp fits that too."""
    world, signer = world_with(ca="sha384")
    found = judged(world, signed(world, signer, "B-T"), ENDS)
    assert said(found) >= NO_POE


def test_document_timestamp_proves_all_certificates_in_the_file() -> None:
    world, signer = world_with(ca="sha384", person="sha384")
    data = signed(world, signer, "B-LTA")
    pinned = world.trust + TrustStore.of([world.tsa])  # its own CA has a certificate with the same hash
    found = judged(world, data, ENDS, trust=pinned)
    assert found.passed, found.findings
    last = judged(world, data, ENDS)
    assert said(last) >= NO_POE, "nothing later proves the CA of the authority that made the last timestamp"


def test_proof_that_is_too_late_is_no_proof() -> None:
    world, signer = world_with(person="sha384")
    data = signed(world, signer, "B-T")
    found = judged(world, data, replace(ENDS, hash_ends=(("sha1", date.min), ("sha384", date(2026, 11, 22)))))
    assert said(found) == {("CRYPTO_CONSTRAINTS_FAILURE", "CRYPTO_CONSTRAINTS_FAILURE")}


def test_hash_that_was_never_accepted_is_refused_whatever_is_proven() -> None:
    world, signer = world_with(person="sha384")
    never = read_policy(b"[algorithms]\nsha384 = 'never'\n", "khong")
    found = judged(world, signed(world, signer, "B-T"), never)
    assert said(found) == {("CRYPTO_CONSTRAINTS_FAILURE", "CRYPTO_CONSTRAINTS_FAILURE")}


def test_anchor_counts_by_its_key_and_not_by_the_hash_of_its_own_signature() -> None:
    world, signer = world_with(ca="sha384")
    data = signed(world, signer, "B-B")
    assert judged(world, data, ENDS, trust=TrustStore.of([world.issuing, world.root])).passed


@pytest.mark.parametrize(("bits", "passes"), [(2048, True), (3072, False)])
def test_least_size_of_keys_is_asked_of_the_cas_too(bits: int, passes: bool) -> None:
    """The signer has P-256; her CA and its root RSA-2048, which makes her certificate."""
    world, signer = world_with()
    policy = read_policy(f"[keys]\nrsa = {bits}\n".encode(), "khoa")
    found = judged(world, signed(world, signer, "B-B"), policy, at=AT + DAY / 2)
    assert found.passed == passes
    if not passes:
        assert ("CRYPTO_CONSTRAINTS_FAILURE", "CRYPTO_CONSTRAINTS_FAILURE") in said(found)
        assert any("smaller than the policy khoa asks for" in f.text for f in found.findings)


def _with_sha1(world: World, signer: SoftwareSigner) -> tuple[World, SoftwareSigner]:
    """The person's certificate signed anew with SHA-1, which kyso itself never writes; its key is the same."""
    new, old = ("1.2.840.113549.1.1.11", "1.2.840.113549.1.1.5")  # sha256WithRSAEncryption, sha1WithRSAEncryption
    algorithm = der.sequence(der.oid(old), der.null())
    tbs = x509.load_der_x509_certificate(signer.certificate.der).tbs_certificate_bytes
    tbs = tbs.replace(der.sequence(der.oid(new), der.null()), algorithm, 1)
    key = world.issuing_signer.private_key
    assert isinstance(key, rsa.RSAPrivateKey)
    value = key.sign(tbs, padding.PKCS1v15(), hashes.SHA1())  # noqa: S303 - as the CAs did
    certificate = Certificate.from_der(der.sequence(tbs, algorithm, der.bit_string(value)))
    chain = replace(signer.chain, certificates=(certificate, *signer.chain.certificates[1:]))
    return world, replace(signer, chain=chain)


@pytest.mark.parametrize(("level", "passes"), [("B-B", False), ("B-T", True)])
def test_sha1_on_a_certificate_counts_only_where_a_policy_dates_it_and_a_proof_is_older(
    level: Level, passes: bool
) -> None:
    """The certificates of Vietnam's first generation; without a date in the policy no link has SHA-1."""
    world, signer = _with_sha1(*world_with())
    data = signed(world, signer, level)
    assert not judged(world, data, DEFAULT_POLICY).passed
    dated = read_policy(b"[algorithms]\nsha1 = 2026-11-24\n", "the-he-1")
    assert judged(world, data, dated).passed == passes
