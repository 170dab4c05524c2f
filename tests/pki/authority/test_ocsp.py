"""OCSP answers that the CA makes: OpenSSL verifies them; junk gets an honest refusal."""

from __future__ import annotations

import subprocess
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Literal

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509 import ocsp as theirs
from hypothesis import given, settings
from hypothesis import strategies as st

from kyso_pki.asn1 import der
from kyso_pki.authority.issue import extension
from kyso_pki.authority.ocsp import GOOD, MAX_REQUESTS, CertificateStatus, refusal, respond
from kyso_pki.authority.profile import OCSP_RESPONDER, Subject
from kyso_pki.errors import IssuanceError, SignatureValueInvalid, UsageError
from kyso_pki.testing import SoftwareSigner, World
from kyso_pki.x509 import ocsp
from kyso_pki.x509.certificate import Certificate

AT = datetime(2026, 11, 23, 3, 0, tzinfo=UTC)
DAY = timedelta(days=1)
WORLD = World.create(at=AT)
ALGORITHMS = [hashes.SHA1(), hashes.SHA256(), hashes.SHA512()]  # noqa: S303 - of CertIDs, which look names up
STATUS = theirs.OCSPResponseStatus
REQUEST = ocsp.request(WORLD.person, WORLD.issuing, b"16 octets nonce!")


def answered(request: bytes) -> theirs.OCSPResponse:
    return theirs.load_der_ocsp_response(WORLD.ocsp_response(request, AT))


def openssl_verifies(folder: Path, world: World, certificate: Certificate, response: bytes) -> str:
    """What `openssl ocsp` says of `certificate` after it verified the answer to its own request."""
    (folder / "response").write_bytes(response)
    for name in ("root", "issuing"):
        (folder / name).write_text(getattr(world, name).pem(), encoding="utf-8")
    (folder / "leaf").write_text(certificate.pem(), encoding="utf-8")
    command = (
        f"openssl ocsp -issuer issuing -cert leaf -respin response -CAfile root -verify_other issuing "
        f"-attime {int(world.at.timestamp())} -no_nonce"
    )
    done = subprocess.run(command.split(), cwd=folder, check=True, capture_output=True, text=True)
    assert "Response verify OK" in done.stderr + done.stdout
    return done.stdout


def test_openssl_believes_good_and_revoked(tmp_path: Path) -> None:
    """OpenSSL compares thisUpdate with the clock, so this world stands at the clock's time."""
    world = World.create(at=datetime.now(UTC).replace(microsecond=0))
    world.revoke(world.seal, world.at - DAY, "keyCompromise")
    good = world.ocsp_response(ocsp.request(world.person, world.issuing), world.at)
    assert "leaf: good" in openssl_verifies(tmp_path, world, world.person, good)
    revoked = world.ocsp_response(ocsp.request(world.seal, world.issuing), world.at)
    said = openssl_verifies(tmp_path, world, world.seal, revoked)
    assert "leaf: revoked" in said
    assert "Reason: keyCompromise" in said


def test_openssls_request_is_answered(tmp_path: Path) -> None:
    (tmp_path / "issuing").write_text(WORLD.issuing.pem(), encoding="utf-8")
    (tmp_path / "leaf").write_text(WORLD.person.pem(), encoding="utf-8")
    command = "openssl ocsp -issuer issuing -cert leaf -sha256 -serial 0x1234567890 -reqout request"
    subprocess.run(command.split(), cwd=tmp_path, check=True, capture_output=True)
    response = answered((tmp_path / "request").read_bytes())
    assert [r.certificate_status.name for r in response.responses] == ["GOOD", "UNKNOWN"]


def test_answer_names_the_responder_by_key_and_echoes_the_nonce() -> None:
    """RFC 9654: the nonce comes back as it came."""
    response = answered(REQUEST)
    assert response.response_status is STATUS.SUCCESSFUL
    assert response.responder_key_hash is not None
    nonce = response.extensions.get_extension_for_class(x509.OCSPNonce).value.nonce
    assert nonce == b"16 octets nonce!"
    assert [c.public_bytes(Encoding.DER) for c in response.certificates] == [WORLD.ocsp.der]
    (single,) = response.responses
    assert (single.this_update_utc, single.next_update_utc) == (AT, AT + DAY)


@pytest.mark.parametrize("algorithm", ALGORITHMS, ids=lambda h: h.name)
def test_cert_id_of_any_known_hash_is_answered(algorithm: hashes.HashAlgorithm) -> None:
    person, issuing = (x509.load_der_x509_certificate(c.der) for c in (WORLD.person, WORLD.issuing))
    request = theirs.OCSPRequestBuilder().add_certificate(person, issuing, algorithm).build()
    (single,) = answered(request.public_bytes(Encoding.DER)).responses
    assert single.certificate_status is theirs.OCSPCertStatus.GOOD
    assert single.hash_algorithm.name == algorithm.name


def test_serial_number_that_was_never_issued_is_unknown() -> None:
    """RFC 6960 2.2: good only for what the CA issued."""
    stranger = World.create(at=AT).person  # the same CA keys, but this world did not issue it
    (single,) = answered(ocsp.request(stranger, WORLD.issuing)).responses
    assert single.certificate_status is theirs.OCSPCertStatus.UNKNOWN


@pytest.mark.parametrize(
    "request_",
    [
        b"",
        b"junk",
        REQUEST + b"\0",
        der.sequence(der.sequence(der.sequence())),
        der.sequence(der.sequence(der.explicit(0, der.integer(1)), der.sequence())),
        bytes(100_000),
    ],
    ids=["empty", "junk", "trailing", "about nothing", "version 2", "long"],
)
def test_request_that_cannot_be_read_is_malformed(request_: bytes) -> None:
    assert answered(request_).response_status is STATUS.MALFORMED_REQUEST


def request_with(*extensions: bytes, count: int = 1) -> bytes:
    wanted = der.sequence(*[der.sequence(ocsp.cert_id(WORLD.person, WORLD.issuing))] * count)
    block = der.explicit(2, der.sequence(*extensions)) if extensions else b""
    return der.sequence(der.sequence(wanted, block))


@pytest.mark.parametrize(
    "request_",
    [
        request_with(extension("1.3.6.1.4.1.99999.9", der.null(), critical=True)),
        request_with(extension(ocsp.NONCE, der.octet_string(b""))),
        request_with(extension(ocsp.NONCE, der.octet_string(bytes(129)))),
        request_with(extension(ocsp.NONCE, b"junk")),
        request_with(*[extension(ocsp.NONCE, der.octet_string(b"1"))] * 2),
        request_with(count=MAX_REQUESTS + 1),
    ],
    ids=["critical", "empty nonce", "long nonce", "broken nonce", "two nonces", "too many"],
)
def test_request_that_asks_too_much_is_malformed(request_: bytes) -> None:
    assert answered(request_).response_status is STATUS.MALFORMED_REQUEST


def test_unknown_extension_that_is_not_critical_is_passed_over() -> None:
    request = request_with(extension("1.3.6.1.4.1.99999.9", der.null()))
    assert answered(request).response_status is STATUS.SUCCESSFUL


def test_certificates_of_other_issuers_are_not_ours_to_answer_for() -> None:
    """RFC 5019 2.2.3: unauthorized."""
    foreign = WORLD.impostor_signer.chain.certificates
    assert answered(ocsp.request(foreign[0], foreign[1])).response_status is STATUS.UNAUTHORIZED


def test_issuer_may_answer_itself() -> None:
    data = respond(
        REQUEST,
        signer=WORLD.issuing_signer,
        issuer=WORLD.issuing,
        status_of=lambda serial: GOOD,
        at=AT,
        next_update=AT + DAY,
    )
    said = ocsp.answer(data, WORLD.person, WORLD.issuing, AT)
    assert said is not None
    assert said.status == "good"


@pytest.mark.parametrize(
    "signer",
    [
        WORLD.person_signer,
        WORLD.impostor_signer,
        WORLD.issue(Subject("OCSP cũ"), OCSP_RESPONDER, not_before=AT - 9 * DAY, not_after=AT - DAY),
    ],
    ids=["official", "impostor", "expired"],
)
def test_answer_that_verifiers_must_refuse_is_not_made(signer: SoftwareSigner) -> None:
    """V1."""
    with pytest.raises(IssuanceError):
        respond(
            REQUEST,
            signer=signer,
            issuer=WORLD.issuing,
            status_of=lambda serial: GOOD,
            at=AT,
            next_update=AT + DAY,
        )


def test_key_that_is_not_the_responders_answers_nothing() -> None:
    wrong = replace(WORLD.ocsp_signer, private_key=WORLD.seal_signer.private_key)
    with pytest.raises(SignatureValueInvalid):
        respond(
            REQUEST, signer=wrong, issuer=WORLD.issuing, status_of=lambda serial: GOOD, at=AT, next_update=AT + DAY
        )


def test_revoked_needs_a_date_and_only_revoked_has_one() -> None:
    with pytest.raises(UsageError):
        CertificateStatus("revoked")
    with pytest.raises(UsageError):
        CertificateStatus("good", AT)


@pytest.mark.parametrize("status", ["malformedRequest", "internalError", "tryLater", "unauthorized"])
def test_refusals_are_what_cryptography_reads(status: Literal["internalError", "tryLater"]) -> None:
    read = theirs.load_der_ocsp_response(refusal(status)).response_status
    assert read.name.replace("_", "").lower() == status.lower()


@settings(max_examples=300, deadline=None)
@given(st.binary(max_size=200))
def test_any_bytes_get_an_answer(data: bytes) -> None:
    assert answered(data).response_status is STATUS.MALFORMED_REQUEST


@settings(max_examples=300, deadline=None)
@given(st.integers(0, len(REQUEST) - 1), st.integers(1, 255))
def test_request_with_any_flipped_byte_gets_an_answer(position: int, flip: int) -> None:
    data = bytearray(REQUEST)
    data[position] ^= flip
    assert answered(bytes(data)).response_status in (STATUS.MALFORMED_REQUEST, STATUS.UNAUTHORIZED, STATUS.SUCCESSFUL)
