"""The CA's public services and the TSA, judged by OpenSSL."""

from __future__ import annotations

import base64
import hashlib
import sqlite3
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from urllib.parse import quote

import httpx2
import pytest
from cryptography import x509

from kyso_pki.testing import World
from kyso_pki.tsp import timestamp_request
from kyso_pki.x509.certificate import Certificate
from kyso_server import setup
from tests.judges import openssl
from tests.judges.program import run
from tests.server.province import Province, as_x509, serve_here

pytestmark = pytest.mark.usefixtures("server")
QUERY = {"Content-Type": "application/timestamp-query"}


@pytest.fixture
def anonymous(province: Province) -> Iterator[httpx2.Client]:
    """Verifiers have no API token."""
    with httpx2.Client(base_url=province.url, timeout=60) as session:
        yield session


# Time-stamps -------------------------------------------------------------------------------------------------


def test_openssl_asks_the_tsa_and_accepts_its_answer(anonymous: httpx2.Client, province: Province) -> None:
    data = "Công văn số 1".encode()
    answer = anonymous.post("/tsa", content=openssl.ts_query(data), headers=QUERY)
    assert (answer.status_code, answer.headers["content-type"]) == (200, "application/timestamp-reply")
    verdict = openssl.ts_verify(
        answer.content, data, [as_x509(province.root)], response=True, intermediates=[as_x509(province.issuing)]
    )
    assert verdict.valid, verdict.output
    other = openssl.ts_verify(
        answer.content, b"khac", [as_x509(province.root)], response=True, intermediates=[as_x509(province.issuing)]
    )
    assert not other.valid


def test_serials_of_time_stamps_are_never_given_twice(anonymous: httpx2.Client) -> None:
    request = timestamp_request(hashlib.sha256(b"x").digest(), "sha256")

    def serial(_: int) -> str:
        answer = anonymous.post("/tsa", content=request, headers=QUERY)
        text = run(
            ["openssl", "ts", "-reply", "-in", "/dev/stdin", "-text"], package="openssl", stdin=answer.content
        ).text
        return next(line for line in text.splitlines() if line.startswith("Serial number:"))

    with ThreadPoolExecutor(4) as threads:
        serials = list(threads.map(serial, range(12)))
    assert len(set(serials)) == 12


@pytest.mark.parametrize("request_", [b"", b"\x30\x03\x02\x01\x01", b"not DER"])
def test_broken_time_stamp_request_gets_a_rejection_not_an_error(
    anonymous: httpx2.Client, province: Province, request_: bytes
) -> None:
    """And nothing is written: anybody could fill the disk."""

    def stamped() -> int:
        with sqlite3.connect(province.folder / "kyso.db") as database:
            return int(database.execute("SELECT count(*) FROM timestamps").fetchone()[0])

    before = stamped()
    answer = anonymous.post("/tsa", content=request_, headers=QUERY)
    assert answer.status_code == 200
    told = run(["openssl", "ts", "-reply", "-in", "/dev/stdin", "-text"], package="openssl", stdin=answer.content)
    assert "Rejected" in told.text
    assert stamped() == before


def test_time_stamp_request_of_another_content_type_is_415(anonymous: httpx2.Client) -> None:
    answer = anonymous.post("/tsa", content=b"x", headers={"Content-Type": "text/plain"})
    assert (answer.status_code, answer.json()["code"]) == (415, "http.media_type")


# OCSP --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("how", ["POST", "GET"])
@pytest.mark.parametrize("hash_name", ["sha1", "sha256"])
@pytest.mark.parametrize(("credential", "status"), [("nguyen-van-mau", "good"), ("thu-hoi", "revoked")])
def test_openssl_accepts_the_ocsp_answer(
    anonymous: httpx2.Client, province: Province, how: str, hash_name: str, credential: str, status: str
) -> None:
    certificate, issuer = as_x509(province.certificates[credential]), as_x509(province.issuing)
    request = openssl.ocsp_request(certificate, issuer, hash_name=hash_name)
    if how == "GET":
        answer = anonymous.get(f"/ocsp/{quote(base64.b64encode(request).decode(), safe='')}")
    else:
        answer = anonymous.post("/ocsp", content=request, headers={"Content-Type": "application/ocsp-request"})
    assert (answer.status_code, answer.headers["content-type"]) == (200, "application/ocsp-response")
    roots = [as_x509(province.root)]
    verdict = openssl.ocsp_verify(answer.content, certificate, issuer, roots, hash_name=hash_name)
    assert verdict.valid, verdict.output
    assert verdict.status == status


def test_certificate_without_a_record_is_unknown_not_good(anonymous: httpx2.Client, province: Province) -> None:
    """A certificate that bears our name and was never registered: forged, or issued past the records."""
    world = World.create(at=datetime.now(UTC))
    issuer = as_x509(province.issuing)
    stranger = as_x509(world.person)
    request = openssl.ocsp_request(as_x509(province.certificates["mem"]), issuer)
    theirs = f"{stranger.serial_number:x}".zfill(32)
    ours = province.certificates["mem"].serial_hex.zfill(32)
    forged = request.replace(bytes.fromhex(ours), bytes.fromhex(theirs[-32:]))
    assert forged != request
    answer = anonymous.post("/ocsp", content=forged)
    told = run(
        ["openssl", "ocsp", "-respin", "/dev/stdin", "-noverify", "-resp_text"],
        package="openssl",
        stdin=answer.content,
    )
    assert "Cert Status: unknown" in told.text


@pytest.mark.parametrize(
    ("request_", "words"),
    [(b"junk", "malformedrequest"), (b"", "malformedrequest"), (b"\x30\x00", "malformedrequest")],
)
def test_broken_ocsp_request_gets_an_ocsp_error(anonymous: httpx2.Client, request_: bytes, words: str) -> None:
    for answer in (anonymous.post("/ocsp", content=request_), anonymous.get("/ocsp/%25%25junk")):
        told = run(["openssl", "ocsp", "-respin", "/dev/stdin", "-noverify"], package="openssl", stdin=answer.content)
        assert words in told.text


def test_ocsp_for_another_ca_is_unauthorized(anonymous: httpx2.Client) -> None:
    world = World.create(at=datetime.now(UTC))
    request = openssl.ocsp_request(as_x509(world.person), as_x509(world.issuing))
    answer = anonymous.post("/ocsp", content=request)
    told = run(["openssl", "ocsp", "-respin", "/dev/stdin", "-noverify"], package="openssl", stdin=answer.content)
    assert "unauthorized" in told.text


# CRLs and certificates ---------------------------------------------------------------------------------------


def test_openssl_accepts_the_path_with_both_crls_and_refuses_the_revoked(
    anonymous: httpx2.Client, province: Province
) -> None:
    crls = [anonymous.get(f"/crl/{name}.crl").content for name in ("issuing", "root")]
    for credential, valid in (("nguyen-van-mau", True), ("thu-hoi", False)):
        verdict = openssl.chain_verify(
            as_x509(province.certificates[credential]),
            [as_x509(province.root)],
            intermediates=[as_x509(province.issuing)],
            crls=crls,
        )
        assert verdict.valid is valid, verdict.output


def _number(crl: bytes) -> int:
    return x509.load_der_x509_crl(crl).extensions.get_extension_for_class(x509.CRLNumber).value.crl_number


def _recorded(province: Province) -> Certificate:
    """One more certificate in the CA's records; who signed it does not matter, only its serial is looked at."""
    certificate = World.create(at=datetime.now(UTC)).person
    setup.register_certificate(province.settings, certificate, province.issuing)
    return certificate


def test_crl_is_made_anew_after_a_revocation_and_when_a_day_old(province: Province) -> None:
    time = datetime.now(UTC)

    def clock() -> datetime:
        return time

    certificate = _recorded(province)
    with serve_here(province.settings, clock) as url, httpx2.Client(base_url=url) as session:
        first = session.get("/crl/issuing.crl").content
        assert session.get("/crl/issuing.crl").content == first
        at = time - timedelta(days=3)
        assert setup.revoke_certificate(province.settings, certificate, province.issuing, reason="superseded", at=at)
        assert not setup.revoke_certificate(
            province.settings, certificate, province.issuing, reason="keyCompromise", at=time
        )
        second = session.get("/crl/issuing.crl").content
        time += timedelta(days=1)
        third = session.get("/crl/issuing.crl").content
    assert [_number(c) - _number(first) for c in (first, second, third)] == [0, 1, 2]
    listed = x509.load_der_x509_crl(second).get_revoked_certificate_by_serial_number(certificate.serial)
    assert listed is not None
    assert listed.revocation_date_utc == at.replace(microsecond=0)
    assert x509.load_der_x509_crl(second).next_update_utc is not None


@pytest.mark.parametrize("name", ["root", "issuing"])
def test_certificates_of_the_ca_are_served_in_der(anonymous: httpx2.Client, province: Province, name: str) -> None:
    answer = anonymous.get(f"/ca/{name}.crt")
    assert answer.headers["content-type"] == "application/pkix-cert"
    assert Certificate.from_der(answer.content) == getattr(province, name)


@pytest.mark.parametrize("path", ["/ca/other.crt", "/crl/other.crl", "/ca/..%2Fsecrets%2Fca.pin.crt", "/crl/%00.crl"])
def test_other_names_are_404(anonymous: httpx2.Client, path: str) -> None:
    answer = anonymous.get(path)
    assert answer.status_code == 404
    assert answer.headers["content-type"] == "application/problem+json"
