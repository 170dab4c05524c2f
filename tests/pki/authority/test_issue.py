"""Certificates that the CA makes: OpenSSL and cryptography read them as meant; what must not be, is refused."""

from __future__ import annotations

import subprocess
import unicodedata
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import rsa

from kyso_pki import oids
from kyso_pki.authority.issue import issue, new_serial
from kyso_pki.authority.profile import (
    AGENCY_SEAL,
    DEVICE,
    ISSUING_CA,
    OCSP_RESPONDER,
    PERSON,
    ROOT_CA,
    TSA,
    Profile,
    Subject,
    Urls,
)
from kyso_pki.errors import IssuanceError, SignatureValueInvalid
from kyso_pki.scheme import SCHEMES
from kyso_pki.testing import KeyKind, SoftwareSigningKey, World, software_key
from kyso_pki.x509.certificate import Certificate

AT = datetime(2026, 11, 23, 3, 0, tzinfo=UTC)
DAY = timedelta(days=1)
WORLD = World.create(at=AT)
OFFICIAL = Subject(
    "Nguyễn Văn Mẫu", "UBND tỉnh Mẫu", ("Sở Thông tin và Truyền thông tỉnh Mẫu", "Phòng 1"), "tỉnh Mẫu"
)
LEAVES = [PERSON, AGENCY_SEAL, DEVICE, TSA, OCSP_RESPONDER]


def below_issuing(profile: Profile = PERSON, subject: Subject = OFFICIAL, **options: Any) -> Certificate:
    """A certificate of the issuing CA; options replace the plain ones."""
    given = {
        "public_key": software_key("p256", 5).public_key(),
        "key": WORLD.issuing_signer,
        "issuer": WORLD.issuing,
        "not_before": AT,
        "not_after": AT + 365 * DAY,
        "urls": WORLD.urls,
        **options,
    }
    return issue(profile, subject, given.pop("public_key"), **given)


def text_of(certificate: Certificate, folder: Path) -> str:
    (folder / "c.der").write_bytes(certificate.der)
    command = ["openssl", "x509", "-in", "c.der", "-noout", "-text", "-nameopt", "utf8,sep_comma_plus"]
    return subprocess.run(command, cwd=folder, check=True, capture_output=True, text=True).stdout


@pytest.mark.parametrize("profile", LEAVES, ids=lambda p: p.kind)
@pytest.mark.parametrize("kind", ["rsa2048", "p256", "p384", "ed25519"])
def test_openssl_verifies_every_kind_of_certificate(profile: Profile, kind: KeyKind, tmp_path: Path) -> None:
    leaf = below_issuing(profile, public_key=software_key(kind, 5).public_key())
    for name, certificate in (("leaf", leaf), ("issuing", WORLD.issuing), ("root", WORLD.root)):
        (tmp_path / name).write_text(certificate.pem(), encoding="utf-8")
    command = f"openssl verify -x509_strict -attime {int(AT.timestamp())} -CAfile root -untrusted issuing leaf"
    subprocess.run(command.split(), cwd=tmp_path, check=True, capture_output=True)


@pytest.mark.parametrize("kind", ["rsa2048", "rsa3072", "p256", "p384", "p521", "ed25519"])
def test_ca_may_have_any_kind_of_key(kind: KeyKind, tmp_path: Path) -> None:
    key = SoftwareSigningKey.of(software_key(kind, 6))
    root = issue(
        ROOT_CA, Subject("CA gốc"), key.public_key, key=key, issuer=None, not_before=AT, not_after=AT + 900 * DAY
    )
    (tmp_path / "root").write_text(root.pem(), encoding="utf-8")
    command = f"openssl verify -x509_strict -check_ss_sig -attime {int(AT.timestamp())} -CAfile root root"
    subprocess.run(command.split(), cwd=tmp_path, check=True, capture_output=True)


def test_openssl_shows_the_name_and_the_extensions_as_meant(tmp_path: Path) -> None:
    text = text_of(below_issuing(replace(PERSON, policies=("2.16.704.1.1.1.1.1",))), tmp_path)
    assert (
        "Subject: C=VN,O=UBND tỉnh Mẫu,OU=Sở Thông tin và Truyền thông tỉnh Mẫu,OU=Phòng 1,"
        "L=tỉnh Mẫu,CN=Nguyễn Văn Mẫu" in text
    )
    for line in (
        "Digital Signature, Non Repudiation",
        "CA:FALSE",
        "E-mail Protection",
        "OCSP - URI:http://pki.tinh-mau.example/ocsp",
        "CA Issuers - URI:http://pki.tinh-mau.example/ca/issuing.crt",
        "URI:http://pki.tinh-mau.example/crl/issuing.crl",
        "Policy: 2.16.704.1.1.1.1.1",
    ):
        assert line in text


def test_cryptography_reads_the_same_names_and_extensions() -> None:
    ours = below_issuing(TSA)
    theirs = x509.load_der_x509_certificate(ours.der)
    assert [a.value for a in theirs.subject] == [value for _, value in ours.subject.attributes]
    usage = theirs.extensions.get_extension_for_class(x509.ExtendedKeyUsage)
    assert usage.critical
    assert [u.dotted_string for u in usage.value] == [oids.KP_TIME_STAMPING]
    constraints = theirs.extensions.get_extension_for_class(x509.BasicConstraints).value
    assert (constraints.ca, constraints.path_length) == (False, None)
    theirs.verify_directly_issued_by(x509.load_der_x509_certificate(WORLD.issuing.der))


def test_root_signs_itself_and_carries_its_limits(tmp_path: Path) -> None:
    assert WORLD.root.issued_by(WORLD.root)
    assert WORLD.root.basic_constraints == (True, None)
    assert WORLD.issuing.basic_constraints == (True, 0)
    assert "Certificate Sign, CRL Sign" in text_of(WORLD.root, tmp_path)


def test_serial_numbers_are_random_positive_and_of_127_bits() -> None:
    serials = {new_serial() for _ in range(1000)}
    assert len(serials) == 1000
    assert {s.bit_length() for s in serials} == {127}


def test_names_are_composed_whatever_was_typed() -> None:
    typed = Subject(unicodedata.normalize("NFD", "Nguyễn Văn Mẫu"))
    assert below_issuing(subject=typed).subject.first("CN") == "Nguyễn Văn Mẫu"


def refused(*args: Any, **options: Any) -> str:
    with pytest.raises(IssuanceError) as caught:
        below_issuing(*args, **options)
    return str(caught.value)


def test_validity_beyond_the_issuers_is_refused_and_not_shortened() -> None:
    """V7: not > issuer validity."""
    assert "its validity leaves the issuer's" in refused(ISSUING_CA, not_after=WORLD.issuing.not_after + DAY)
    assert "its validity leaves the issuer's" in refused(not_before=WORLD.issuing.not_before - DAY)


def test_term_beyond_the_decrees_is_refused() -> None:
    """NĐ 68/2024: a new certificate of a subscriber, at most 5 years."""
    assert below_issuing(not_after=AT.replace(year=AT.year + 5)).not_after.year == AT.year + 5
    assert "for at most 1827" in refused(not_after=AT.replace(year=AT.year + 5) + 2 * DAY)


def test_validity_that_ends_before_it_begins_is_refused() -> None:
    assert "ends before it begins" in refused(not_after=AT - DAY)


@pytest.mark.parametrize(
    ("subject", "word"),
    [
        (Subject(""), "no common name"),
        (Subject("  "), "CN is empty"),
        (Subject(" Nguyễn Văn Mẫu"), "begins or ends with a space"),
        (Subject("Nguyễn Văn Mẫu\0.example"), "cannot be seen"),
        (Subject("Nguyễn \u202evăn Mẫu"), "cannot be seen"),
        (Subject("M" * 65), "65 characters"),
        (Subject("Nguyễn Văn Mẫu", country="vn"), "capital letters"),
        (Subject("Nguyễn Văn Mẫu", country="VNM"), "capital letters"),
        (Subject("CA cấp phát tỉnh Mẫu", organisation="UBND tỉnh Mẫu"), "bear the same name"),
    ],
)
def test_name_that_could_mislead_is_refused(subject: Subject, word: str) -> None:
    """V7: names as they are shown, and no NUL in them."""
    assert word in refused(subject=subject)


@pytest.mark.filterwarnings("ignore:Parsed a serial number")  # cryptography's own remark on these inputs
@pytest.mark.parametrize("serial", [0, -5, 1, 1 << 62, 1 << 160])
def test_serial_number_that_is_guessable_or_too_long_is_refused(serial: int) -> None:
    """V7: serial >= 64 bit; RFC 5280 4.1.2.2: at most 20 octets."""
    assert "serial number" in refused(serial=serial)


def with_exponent(exponent: int) -> rsa.RSAPublicKey:
    key = software_key("rsa2048", 5).public_key()
    assert isinstance(key, rsa.RSAPublicKey)
    return rsa.RSAPublicNumbers(exponent, key.public_numbers().n).public_key()


@pytest.mark.parametrize(
    ("key", "word"),
    [
        (software_key("rsa1024").public_key(), "RSA-1024"),
        (with_exponent(3), "exponent 3"),
        (with_exponent((1 << 33) + 1), "an exponent of 34 bits"),
        (WORLD.issuing.public_key, "issuer's own"),
    ],
    ids=["short", "small exponent", "large exponent", "issuer's"],
)
def test_weak_or_borrowed_key_is_refused(key: object, word: str) -> None:
    assert word in refused(public_key=key)


@pytest.mark.parametrize(
    ("profile", "word"),
    [
        (replace(PERSON, ca=True), "keyCertSign"),
        (replace(PERSON, key_usage=frozenset({"digital_signature", "key_cert_sign"})), "keyCertSign"),
        (replace(TSA, extended_key_usage=(oids.KP_TIME_STAMPING, oids.KP_DOCUMENT_SIGNING)), "only extended key"),
        (replace(TSA, extended_key_usage_critical=False), "only extended key"),
        (replace(PERSON, ocsp_no_check=True), "nocheck"),
        (ISSUING_CA, "pathLenConstraint 0"),
    ],
    ids=["ca", "keyCertSign", "two usages", "uncritical", "nocheck", "sub-CA"],
)
def test_profile_that_gives_too_much_is_refused(profile: Profile, word: str) -> None:
    """V7: CA:TRUE, EKU."""
    assert word in refused(profile)


def test_signer_issues_nothing() -> None:
    assert "not a CA" in refused(key=WORLD.person_signer, issuer=WORLD.person)


def test_only_a_ca_signs_itself() -> None:
    key = SoftwareSigningKey.of(software_key("p256", 5))
    assert "must have an issuer" in refused(key=key, public_key=key.public_key, issuer=None, urls=Urls())


def test_url_that_is_not_of_the_web_is_refused() -> None:
    assert "not an http or https URL" in refused(urls=Urls(crl="ldap://pki.example/cn=crl"))
    assert "not an http or https URL" in refused(urls=Urls(ocsp="http://pki.example/a b"))


def test_sha1_is_never_written() -> None:
    assert "SHA-1" in refused(key=replace(WORLD.issuing_signer, scheme=SCHEMES["rsa-pkcs1-sha1"]))


def test_every_problem_is_named_at_once() -> None:
    with pytest.raises(IssuanceError) as caught:
        below_issuing(subject=Subject("", country="x"), serial=1, not_after=AT - DAY)
    assert len(caught.value.details["problems"]) >= 4  # type: ignore[arg-type] # a tuple of texts


def test_key_that_is_not_the_issuers_issues_nothing() -> None:
    with pytest.raises(SignatureValueInvalid):
        below_issuing(key=WORLD.root_signer)


def test_signature_with_pss_is_issued_and_verified_by_openssl(tmp_path: Path) -> None:
    leaf = below_issuing(key=WORLD.issuing_signer.using("sha384", pss=True))
    assert leaf.signature_scheme.name == "rsa-pss-sha384"
    assert "rsassaPss" in text_of(leaf, tmp_path)
    x509.load_der_x509_certificate(leaf.der).verify_directly_issued_by(
        x509.load_der_x509_certificate(WORLD.issuing.der)
    )
