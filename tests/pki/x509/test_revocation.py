"""Revocation: what is at hand and what the certificate's URLs say, weighed together; silence is never good."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import Encoding

from kyso_pki.authority.profile import Subject
from kyso_pki.signer import Fetcher
from kyso_pki.testing import BASE_URL, FetchFault, World
from kyso_pki.x509 import ocsp
from kyso_pki.x509.certificate import Certificate
from kyso_pki.x509.crl import CertificateList
from kyso_pki.x509.path import find_path
from kyso_pki.x509.revocation import MAX_URLS, RevocationResult, check_path, check_revocation

AT = datetime(2026, 11, 23, 3, 0, tzinfo=UTC)
HOUR, DAY = timedelta(hours=1), timedelta(days=1)


@pytest.fixture
def world() -> World:
    return World.create(at=AT)


def check(world: World, fetcher: Fetcher | None = None, **evidence: tuple[bytes, ...]) -> RevocationResult:
    """The status of the official."""
    given = {"crls": (), "ocsp": (), **evidence}
    return check_revocation(
        world.person, world.issuing, at=AT, crls=given["crls"], ocsp=given["ocsp"], candidates=(), fetcher=fetcher
    )


def asked(world: World) -> bytes:
    return ocsp.request(world.person, world.issuing)


def test_nothing_to_ask_is_not_checked(world: World) -> None:
    assert check(world).status == "not_checked"


def test_ocsp_is_asked_first_and_crl_is_not_needed_then(world: World) -> None:
    fetcher = world.fetcher(AT)
    result = check(world, fetcher)
    assert (result.status, result.source, result.at) == ("good", f"ocsp ({BASE_URL}/ocsp)", AT)
    assert fetcher.asked == [f"{BASE_URL}/ocsp"]


def test_crl_is_asked_where_there_is_no_ocsp(world: World) -> None:
    signer = world.issue(Subject("Nguyễn Văn Mẫu"), urls=replace(world.urls, ocsp=None))
    fetcher = world.fetcher(AT)
    result = check_revocation(
        signer.certificate, world.issuing, at=AT, crls=(), ocsp=(), candidates=(), fetcher=fetcher
    )
    assert (result.status, result.source) == ("good", f"crl ({BASE_URL}/crl/issuing.crl)")


def test_the_issuer_is_asked_whatever_lies_at_hand(world: World) -> None:
    fetcher = world.fetcher(AT)
    old = world.ocsp_response(asked(world), AT - HOUR)
    result = check(world, fetcher, ocsp=(old,), crls=(world.crl(AT - 2 * HOUR),))
    assert (result.status, result.source, result.at) == ("good", f"ocsp ({BASE_URL}/ocsp)", AT)
    assert fetcher.asked == [f"{BASE_URL}/ocsp"]


def test_the_newest_good_answer_counts(world: World) -> None:
    crls = (world.crl(AT - 2 * DAY), world.crl(AT), world.crl(AT - DAY))
    result = check(world, world.fetcher(AT - HOUR), crls=crls)
    assert (result.status, result.source, result.at) == ("good", "crl (embedded)", AT)


def test_offline_an_older_answer_is_good_and_says_its_age(world: World) -> None:
    result = check(world, crls=(world.crl(AT - DAY),))
    assert (result.status, result.at) == ("good", AT - DAY)
    assert "as of 2026-11-22 03:00:00 UTC" in result.text
    assert "may be older than the signature" in result.text


@pytest.mark.parametrize("fault", ["unreachable", "stale", "refused", "junk", "foreign"])
def test_where_the_issuer_gives_no_answer_only_one_from_after_the_signature_is_good(
    world: World, fault: FetchFault
) -> None:
    def status(proven: datetime | None) -> str:
        return check_revocation(
            world.person,
            world.issuing,
            at=AT,
            crls=(world.crl(AT - DAY),),
            ocsp=(),
            candidates=(),
            fetcher=world.fetcher(AT, fault),
            proven=proven,
        ).status

    assert status(AT - DAY) == "good"
    assert status(AT - DAY / 2) == "not_checked"
    assert status(None) == "not_checked"


def test_stale_evidence_at_hand_is_replaced_by_fresh(world: World) -> None:
    old = world.ocsp_response(asked(world), AT - 9 * DAY)
    assert check(world, ocsp=(old,)).status == "not_checked"
    result = check(world, world.fetcher(AT), ocsp=(old,))
    assert (result.status, result.source) == ("good", f"ocsp ({BASE_URL}/ocsp)")


@pytest.mark.parametrize("reason", ["keyCompromise", "certificateHold", "superseded", None])
def test_revocation_is_told_with_date_and_reason(world: World, reason: str | None) -> None:
    world.revoke(world.person, AT - DAY, reason)
    for result in (
        check(world, world.fetcher(AT)),
        check(world, crls=(world.crl(AT),)),
        check(world, ocsp=(world.ocsp_response(asked(world), AT),)),
    ):
        assert (result.status, result.at, result.reason) == ("revoked", AT - DAY, reason)
        assert (reason or "Revoked") in result.text


@pytest.mark.parametrize("first", ["certificateHold", "superseded", None])
@pytest.mark.parametrize("moved", [timedelta(0), HOUR, -HOUR])
def test_a_theft_that_any_answer_tells_of_is_the_reason_in_whatever_order_they_lie(
    world: World, first: str | None, moved: timedelta
) -> None:
    """EN 319 102-1 5.5.4 spares what was signed before a revocation, attack class V5 not before a compromise: the CA
    that put the certificate on hold may tell of the theft in its next list."""
    world.revoke(world.person, AT - DAY, first)
    before = world.crl(AT - HOUR)
    world.revoked.clear()
    world.revoke(world.person, AT - DAY + moved, "keyCompromise")
    after, answer = world.crl(AT), world.ocsp_response(asked(world), AT)
    for found in (
        check(world, crls=(before, after)),
        check(world, crls=(after, before)),
        check(world, crls=(before,), ocsp=(answer,)),
        check(world, world.fetcher(AT), crls=(before,)),
    ):
        assert (found.status, found.reason, found.at) == ("revoked", "keyCompromise", AT - DAY + moved)


def test_of_two_entries_in_one_list_the_theft_counts(world: World) -> None:
    """Our own CA writes no certificate twice."""
    builder = x509.CertificateRevocationListBuilder(
        x509.load_der_x509_certificate(world.issuing.der).subject, AT - HOUR, AT + DAY
    )
    for at, flag in ((AT - DAY, x509.ReasonFlags.certificate_hold), (AT - HOUR, x509.ReasonFlags.key_compromise)):
        entry = x509.RevokedCertificateBuilder(world.person.serial, at).add_extension(x509.CRLReason(flag), False)
        builder = builder.add_revoked_certificate(entry.build())
    key = world.issuing_signer.private_key
    assert isinstance(key, rsa.RSAPrivateKey)
    listed = builder.sign(key, hashes.SHA256()).public_bytes(Encoding.DER)
    assert check(world, crls=(listed,)).reason == "keyCompromise"


def test_revoked_since_the_answer_at_hand_is_seen_online_at_once_and_offline_after_its_time(world: World) -> None:
    """Offline an answer holds until its nextUpdate: that is the freshness that its CA promises."""
    before = world.ocsp_response(asked(world), AT - HOUR)
    world.revoke(world.person, AT - HOUR / 2)
    assert check(world, ocsp=(before,)).status == "good"
    assert check(world, world.fetcher(AT), ocsp=(before,)).status == "revoked"
    later = check_revocation(
        world.person,
        world.issuing,
        at=AT + DAY,
        crls=(),
        ocsp=(before,),
        candidates=(),
        fetcher=world.fetcher(AT + DAY),
    )
    assert later.status == "revoked"


@pytest.mark.parametrize("fault", ["unreachable", "unknown", "stale", "refused", "junk", "foreign"])
def test_no_usable_source_is_never_good_and_says_why(world: World, fault: FetchFault) -> None:
    """V3: "Fail closed: no usable source = INDETERMINATE"."""
    result = check(world, world.fetcher(AT, fault))
    assert result.status == ("unknown" if fault == "unknown" else "not_checked")
    assert f"ocsp ({BASE_URL}/ocsp)" in result.text
    assert f"crl ({BASE_URL}/crl/issuing.crl)" in result.text


def test_every_certificate_of_a_path_but_the_anchor_is_asked_about(world: World) -> None:
    path = find_path(world.person, world.person_signer.chain, world.trust, AT, "signing").path
    world.revoke(world.issuing, AT - DAY, "cACompromise")
    results = check_path(path, at=AT, crls=(), ocsp=(), candidates=(), fetcher=world.fetcher(AT))
    assert [r.status for r in results] == ["good", "revoked"]


def test_fetched_answer_with_a_nonce_that_nobody_sent_is_not_believed(world: World) -> None:
    """V2: if the response has a nonce it must equal ours."""

    class Replaying:
        def ocsp(self, url: str, request: bytes) -> bytes:
            return world.ocsp_response(ocsp.request(world.person, world.issuing, b"8 octets"), AT)

        def crl(self, url: str) -> bytes:
            return b""

        def certificates(self, url: str) -> bytes:
            return b""

    result = check(world, Replaying())
    assert (result.status, "nonce" in result.text) == ("not_checked", True)


def test_nonce_that_was_sent_must_come_back(world: World) -> None:
    with_nonce = world.ocsp_response(ocsp.request(world.person, world.issuing, b"8 octets"), AT)
    without = world.ocsp_response(asked(world), AT)
    for data, nonce, status in ((with_nonce, b"8 octets", "good"), (with_nonce, b"another", "unusable")):
        said = ocsp.answer(data, world.person, world.issuing, AT, asked=True, nonce=nonce)
        assert said is not None
        assert said.status == status
    said = ocsp.answer(without, world.person, world.issuing, AT, asked=True, nonce=b"8 octets")
    assert said is not None
    assert said.status == "unusable"


def test_only_web_urls_are_followed_and_not_many(world: World) -> None:
    """V6: http(s) only, and a bound on how many."""
    points = [x509.UniformResourceIdentifier(f"http://pki.example/{n}.crl") for n in range(MAX_URLS + 3)]
    points.insert(0, x509.UniformResourceIdentifier("ldap://pki.example/cn=crl"))
    points.insert(0, x509.UniformResourceIdentifier("file:///etc/crl"))
    leaf = built_elsewhere(
        world, x509.CRLDistributionPoints([x509.DistributionPoint([p], None, None, None) for p in points])
    )
    fetcher = world.fetcher(AT)
    result = check_revocation(leaf, world.issuing, at=AT, crls=(), ocsp=(), candidates=(), fetcher=fetcher)
    assert result.status == "not_checked"
    assert fetcher.asked == [f"http://pki.example/{n}.crl" for n in range(MAX_URLS)]


def built_elsewhere(world: World, extension: x509.ExtensionType) -> Certificate:
    """A leaf of the issuing CA, built by cryptography."""
    key = world.issuing_signer.private_key
    assert isinstance(key, rsa.RSAPrivateKey)
    builder = x509.CertificateBuilder(
        issuer_name=x509.load_der_x509_certificate(world.issuing.der).subject,
        subject_name=x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "Nguyễn Văn Mẫu")]),
        public_key=key.public_key(),
        serial_number=x509.random_serial_number(),
        not_valid_before=AT - DAY,
        not_valid_after=AT + DAY,
    )
    built = builder.add_extension(extension, critical=False).sign(key, hashes.SHA256())
    return Certificate.from_der(built.public_bytes(Encoding.DER))


def test_a_thousand_tiny_answers_in_one_file_are_read_once_for_all_its_signatures(world: World) -> None:
    """R2: each of 60 signatures asked each of 900 whom it was about, and read it anew: 31 s for 2.3 MB."""
    request = ocsp.request(world.person, world.issuing)
    lists = [world.crl(AT - timedelta(seconds=n)) for n in range(400)]
    answers = [world.ocsp_response(request, AT - timedelta(seconds=n)) for n in range(400)]
    first = [*map(CertificateList.from_der, lists)], [*map(ocsp.read, answers)]
    again = [*map(CertificateList.from_der, lists)], [*map(ocsp.read, answers)]
    assert all(a is b for a, b in zip(first[0], again[0], strict=True))
    assert all(a is b for a, b in zip(first[1], again[1], strict=True))
