"""What OpenSSL and cryptography write is read as they mean it; what we ask, OpenSSL reads."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509 import ocsp as their_ocsp

from kyso_pki.authority.revoke import Revoked, issue_crl
from kyso_pki.testing import World
from kyso_pki.x509 import ocsp
from kyso_pki.x509.certificate import Certificate
from kyso_pki.x509.crl import CertificateList
from kyso_pki.x509.revocation import RevocationResult, check_revocation
from tests.work import counted

DAY = timedelta(days=1)
ALGORITHMS = [hashes.SHA1(), hashes.SHA256(), hashes.SHA512()]  # noqa: S303 - of CertIDs, which look names up


@pytest.fixture(scope="module")
def world() -> World:
    """OpenSSL's responder stamps with the clock, so this world stands at the clock's time."""
    return World.create(at=datetime.now(UTC).replace(microsecond=0))


def theirs(certificate: Certificate) -> x509.Certificate:
    return x509.load_der_x509_certificate(certificate.der)


def check(
    world: World, certificate: Certificate, crls: tuple[bytes, ...] = (), answers: tuple[bytes, ...] = ()
) -> RevocationResult:
    return check_revocation(
        certificate, world.issuing, at=world.at + timedelta(seconds=60), crls=crls, ocsp=answers, candidates=()
    )


@pytest.fixture(scope="module")
def folder(world: World, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """What `openssl ocsp` needs to play the responder: the seal is revoked, the person is good."""
    folder = tmp_path_factory.mktemp("ocsp")
    for name in ("issuing", "ocsp", "person", "seal"):
        (folder / f"{name}.pem").write_text(getattr(world, name).pem(), encoding="utf-8")
    key = world.ocsp_signer.private_key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    (folder / "ocsp.key").write_bytes(key)

    def line(flag: str, certificate: Certificate, revoked: str = "") -> str:
        serial = f"{certificate.serial:X}".rjust(32, "0")
        return f"{flag}\t{certificate.not_after:%y%m%d%H%M%SZ}\t{revoked}\t{serial}\tunknown\t/CN=x\n"

    revoked = f"{world.at - DAY:%y%m%d%H%M%SZ},keyCompromise"
    (folder / "index.txt").write_text(line("V", world.person) + line("R", world.seal, revoked), encoding="utf-8")
    (folder / "index.txt.attr").write_text("unique_subject = no\n", encoding="utf-8")
    yield folder


def openssl_answers(folder: Path, request: bytes) -> bytes:
    (folder / "request.der").write_bytes(request)
    command = "openssl ocsp -index index.txt -CA issuing.pem -rsigner ocsp.pem -rkey ocsp.key -ndays 1"
    subprocess.run(
        [*command.split(), "-reqin", "request.der", "-respout", "response.der"],
        cwd=folder,
        check=True,
        capture_output=True,
    )
    return (folder / "response.der").read_bytes()


def test_openssl_reads_our_request(world: World, folder: Path) -> None:
    (folder / "ours.der").write_bytes(ocsp.request(world.person, world.issuing, b"8 octets"))
    done = subprocess.run(
        ["openssl", "ocsp", "-reqin", "ours.der", "-req_text"], cwd=folder, check=True, capture_output=True, text=True
    )
    assert f"{world.person.serial:X}" in done.stdout.replace(" ", "")
    assert "OCSP Nonce" in done.stdout


def test_openssls_answers_are_read_as_it_means_them(world: World, folder: Path) -> None:
    good = openssl_answers(folder, ocsp.request(world.person, world.issuing))
    assert check(world, world.person, answers=(good,)).status == "good"
    revoked = openssl_answers(folder, ocsp.request(world.seal, world.issuing))
    result = check(world, world.seal, answers=(revoked,))
    assert (result.status, result.at, result.reason) == ("revoked", world.at - DAY, "keyCompromise")
    unknown = openssl_answers(folder, ocsp.request(world.tsa, world.issuing))
    assert check(world, world.tsa, answers=(unknown,)).status == "unknown"


def test_openssl_echoes_our_nonce_and_we_see_it(world: World, folder: Path) -> None:
    data = openssl_answers(folder, ocsp.request(world.person, world.issuing, b"16 octets nonce!"))
    at = world.at + timedelta(seconds=60)
    said = ocsp.answer(data, world.person, world.issuing, at, asked=True, nonce=b"16 octets nonce!")
    assert said is not None
    assert said.status == "good"


@pytest.mark.parametrize("algorithm", ALGORITHMS, ids=lambda h: h.name)
def test_cryptographys_ocsp_answer_is_read(world: World, algorithm: hashes.HashAlgorithm) -> None:
    """The hash of the CertID may be any that we know: it only looks a name up."""
    key = world.ocsp_signer.private_key
    assert isinstance(key, ec.EllipticCurvePrivateKey)
    builder = their_ocsp.OCSPResponseBuilder().add_response(
        cert=theirs(world.person),
        issuer=theirs(world.issuing),
        algorithm=algorithm,
        cert_status=their_ocsp.OCSPCertStatus.GOOD,
        this_update=world.at,
        next_update=world.at + DAY,
        revocation_time=None,
        revocation_reason=None,
    )
    by_name = builder.responder_id(their_ocsp.OCSPResponderEncoding.NAME, theirs(world.ocsp))
    data = by_name.certificates([theirs(world.ocsp)]).sign(key, hashes.SHA256()).public_bytes(Encoding.DER)
    assert check(world, world.person, answers=(data,)).status == "good"


def test_cryptographys_crl_is_read(world: World) -> None:
    key = world.issuing_signer.private_key
    assert isinstance(key, rsa.RSAPrivateKey)
    entry = x509.RevokedCertificateBuilder(world.seal.serial, world.at - DAY).add_extension(
        x509.CRLReason(x509.ReasonFlags.superseded), critical=False
    )
    builder = (
        x509.CertificateRevocationListBuilder(theirs(world.issuing).subject, world.at, world.at + DAY)
        .add_revoked_certificate(entry.build())
        .add_extension(x509.CRLNumber(7), critical=False)
    )
    data = builder.sign(key, hashes.SHA256()).public_bytes(Encoding.DER)
    assert CertificateList.from_der(data).number == 7
    assert check(world, world.person, crls=(data,)).status == "good"
    result = check(world, world.seal, crls=(data,))
    assert (result.status, result.at, result.reason) == ("revoked", world.at - DAY, "superseded")


def test_crl_of_many_entries_is_read_once_and_in_linear_work(world: World) -> None:
    """R2: linear in its size; 50,000 entries are more than the field's."""
    revoked = [Revoked(n, world.at - DAY, "superseded") for n in range(1 << 64, (1 << 64) + 50_000)]
    signer = world.issuing_signer
    data = issue_crl(signer, world.issuing, revoked, at=world.at, next_update=world.at + DAY, number=1)
    with counted() as work:
        assert len(CertificateList.from_der(data).entries) == 50_000
    assert work.calls < 200 * 50_000
    assert CertificateList.from_der(data) is CertificateList.from_der(data[:100] + data[100:])
    assert check(world, world.person, crls=(data,)).status == "good"
