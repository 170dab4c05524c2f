"""Timestamps that the authority makes: `openssl ts -verify` accepts them; bad requests get a reason in DER."""

from __future__ import annotations

import subprocess
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kyso_pki.asn1 import der
from kyso_pki.authority import timestamp
from kyso_pki.authority.profile import TSA, Subject
from kyso_pki.authority.timestamp import refusal, timestamp_response
from kyso_pki.errors import CertificateUnsuitable, SignatureValueInvalid, TimestampError
from kyso_pki.scheme import digest
from kyso_pki.testing import POLICY, KeyKind, SoftwareSigner, World, software_key
from kyso_pki.tsp import timestamp_facts, timestamp_request, token_from_response
from tests.pki.asn1.test_ber import shelled

AT = datetime(2026, 11, 23, 3, 0, 0, 250_000, tzinfo=UTC)
DAY = timedelta(days=1)
WORLD = World.create(at=AT)
CONTENT = "Công văn số 01/UBND-VX".encode()
REQUEST = timestamp_request(digest("sha256", CONTENT), "sha256", 4711)


def respond(request: bytes, signer: SoftwareSigner = WORLD.tsa_signer, policy: str = POLICY) -> bytes:
    return timestamp_response(request, signer=signer, at=AT, serial=1 << 64, policy=policy)


def openssl(folder: Path, command: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(["openssl", *command.split()], cwd=folder, capture_output=True, text=True, check=False)


def openssl_verifies(folder: Path, *, options: str = "-queryfile request") -> subprocess.CompletedProcess[str]:
    (folder / "root").write_text(WORLD.root.pem(), encoding="utf-8")
    (folder / "content").write_bytes(CONTENT)
    return openssl(folder, f"ts -verify -in response -CAfile root -attime {int(AT.timestamp())} {options}")


@pytest.mark.parametrize("hash_name", ["sha256", "sha384", "sha512"])
def test_openssls_query_is_answered_and_verified_by_openssl(hash_name: str, tmp_path: Path) -> None:
    (tmp_path / "content").write_bytes(CONTENT)
    query = openssl(tmp_path, f"ts -query -data content -{hash_name} -cert -tspolicy {POLICY} -out request")
    assert query.returncode == 0, query.stderr
    (tmp_path / "response").write_bytes(respond((tmp_path / "request").read_bytes()))
    for options in ("-queryfile request", "-data content"):
        done = openssl_verifies(tmp_path, options=options)
        assert "Verification: OK" in done.stdout, done.stderr


@pytest.mark.parametrize("kind", ["rsa2048", "p256", "p384"])
def test_authority_may_have_any_usual_kind_of_key(kind: KeyKind, tmp_path: Path) -> None:
    signer = WORLD.issue(Subject("TSA khác"), TSA, software_key(kind, 5))
    (tmp_path / "request").write_bytes(REQUEST)
    (tmp_path / "response").write_bytes(respond(REQUEST, signer))
    assert "Verification: OK" in openssl_verifies(tmp_path).stdout


def test_openssl_refuses_the_answer_for_another_request(tmp_path: Path) -> None:
    (tmp_path / "request").write_bytes(timestamp_request(digest("sha256", b"other"), "sha256", 4711))
    (tmp_path / "response").write_bytes(respond(REQUEST))
    assert openssl_verifies(tmp_path).returncode != 0


def test_openssl_shows_what_was_stamped(tmp_path: Path) -> None:
    (tmp_path / "response").write_bytes(respond(REQUEST))
    text = openssl(tmp_path, "ts -reply -in response -text").stdout
    for line in (
        "Status: Granted.",
        f"Policy OID: {POLICY}",
        "Hash Algorithm: sha256",
        "Time stamp: Nov 23 03:00:00 2026 GMT",
        "Accuracy: 0x01 seconds",
        "Nonce: 0x1267",
        "Serial number: 0x010000000000000000",
    ):
        assert line in text


def test_certificates_go_along_only_when_asked_for(tmp_path: Path) -> None:
    """RFC 3161 2.4.1: without certReq the certificates field MUST not be present."""
    silent = REQUEST[:-3]  # certReq is the last element
    silent = der.sequence(silent[2:])
    response = respond(silent)
    assert WORLD.tsa.der not in response
    assert WORLD.tsa.der in respond(REQUEST)
    (tmp_path / "request").write_bytes(silent)
    (tmp_path / "response").write_bytes(response)
    (tmp_path / "chain").write_text(WORLD.tsa.pem() + WORLD.issuing.pem(), encoding="utf-8")
    assert "Verification: OK" in openssl_verifies(tmp_path, options="-queryfile request -untrusted chain").stdout
    assert openssl_verifies(tmp_path).returncode != 0


def test_token_is_intact_for_our_own_verifier() -> None:
    imprint = digest("sha256", CONTENT)
    token = token_from_response(respond(REQUEST), imprint=imprint, hash_name="sha256", nonce=4711)
    facts = timestamp_facts(token, lambda name: digest(name, CONTENT), "signature")
    assert facts.intact
    assert (facts.time, facts.serial, facts.policy) == (AT.replace(microsecond=0), 1 << 64, POLICY)
    assert facts.certificate == WORLD.tsa


def request_of(*parts: bytes, hash_oid: str = "2.16.840.1.101.3.4.2.1", size: int = 32, version: int = 1) -> bytes:
    imprint = der.sequence(der.sequence(der.oid(hash_oid), der.null()), der.octet_string(bytes(size)))
    return der.sequence(der.integer(version), imprint, *parts)


BAD_REQUESTS = {
    "empty": (b"", "badDataFormat"),
    "junk": (b"junk", "badDataFormat"),
    "trailing": (REQUEST + b"\0", "badDataFormat"),
    "too long": (bytes(100_000), "badDataFormat"),
    "version 2": (request_of(version=2), "badDataFormat"),
    "short imprint": (request_of(size=31), "badDataFormat"),
    "sha1": (request_of(hash_oid="1.3.14.3.2.26", size=20), "badAlg"),
    "md5": (request_of(hash_oid="1.2.840.113549.2.5", size=16), "badAlg"),
    "policy": (request_of(der.oid("1.3.6.1.4.1.99999.2")), "unacceptedPolicy"),
    "nonce": (request_of(der.integer(1 << 600)), "badRequest"),
    "extensions": (
        request_of(der.tlv(0xA0, der.sequence(der.oid("1.3.6.1.4.1.99999.9"), der.octet_string(b"")))),
        "unacceptedExtension",
    ),
}
OPENSSLS_WORDS = {
    "badDataFormat": "the data submitted has the wrong format",
    "badAlg": "unrecognized or unsupported algorithm identifier",
    "unacceptedPolicy": "the requested TSA policy is not supported by the TSA",
    "badRequest": "transaction not permitted or supported",
    "unacceptedExtension": "the requested extension is not supported by the TSA",
}


@pytest.mark.parametrize(("request_", "failure"), BAD_REQUESTS.values(), ids=BAD_REQUESTS)
def test_bad_request_gets_a_rejection_that_says_why(request_: bytes, failure: str, tmp_path: Path) -> None:
    (tmp_path / "response").write_bytes(respond(request_))
    text = openssl(tmp_path, "ts -reply -in response -text").stdout
    assert "Status: Rejected." in text
    assert OPENSSLS_WORDS[failure] in text
    with pytest.raises(TimestampError, match="rejection"):
        token_from_response(respond(request_), imprint=bytes(32), hash_name="sha256", nonce=None)


def test_system_failure_can_be_told(tmp_path: Path) -> None:
    (tmp_path / "response").write_bytes(refusal(timestamp.SYSTEM_FAILURE, "The clock is not synchronised."))
    text = openssl(tmp_path, "ts -reply -in response -text").stdout
    assert "the request cannot be handled due to system failure" in text
    assert "The clock is not synchronised." in text


@settings(max_examples=300, deadline=None)
@given(st.binary(max_size=200))
def test_any_bytes_get_a_rejection(data: bytes) -> None:
    status = der.read(respond(data)).children()[0].children()[0].integer()
    assert status == 2


@pytest.mark.parametrize(
    "signer",
    [
        WORLD.person_signer,
        WORLD.ocsp_signer,
        WORLD.issue(Subject("TSA cũ"), TSA, not_before=AT - 9 * DAY, not_after=AT - DAY),
    ],
    ids=["official", "responder", "expired"],
)
def test_token_that_verifiers_must_refuse_is_not_made(signer: SoftwareSigner) -> None:
    """T2, T3."""
    with pytest.raises(CertificateUnsuitable):
        respond(REQUEST, signer)


def test_key_that_is_not_the_authoritys_stamps_nothing() -> None:
    with pytest.raises(SignatureValueInvalid):
        respond(REQUEST, replace(WORLD.tsa_signer, private_key=WORLD.person_signer.private_key))


@pytest.mark.parametrize("levels", range(1, 4))
def test_a_token_in_shells_of_indefinite_length_is_read_and_kept_as_it_is(levels: int) -> None:
    """As BouncyCastle writes it, and as it stands in XAdES by DSS."""
    token = shelled(der.read(granted()), levels)
    facts = timestamp_facts(token, lambda name: digest(name, CONTENT), "signature")
    assert (facts.intact, facts.findings, facts.token) == (True, (), token)


@pytest.mark.parametrize(
    "change", [lambda t: t + b"\x00", lambda t: t[:-1], lambda t: t[:-2], lambda t: t[:40] + t[41:]]
)
def test_a_token_whose_shells_do_not_end_where_it_ends_is_refused(change: Callable[[bytes], bytes]) -> None:
    facts = timestamp_facts(change(shelled(der.read(granted()), 2)), lambda name: digest(name, CONTENT), "signature")
    assert (facts.intact, [f.code for f in facts.findings]) == (False, ["TIMESTAMP_FORMAT"])


def granted() -> bytes:
    return token_from_response(respond(REQUEST), imprint=digest("sha256", CONTENT), hash_name="sha256", nonce=4711)
