"""Certificates: what is tolerated is named, what is broken is refused where it is read."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kyso_pki import oids
from kyso_pki.asn1 import der
from kyso_pki.authority.issue import encoded_name, extension
from kyso_pki.authority.profile import Subject
from kyso_pki.errors import FormatError, KysoError, LimitExceeded
from kyso_pki.scheme import SCHEMES
from kyso_pki.testing import SoftwareSigningKey, World, forge, software_key
from kyso_pki.x509 import certificate as x
from kyso_pki.x509.certificate import Certificate, certificates_from_bytes, certificates_from_pem, name_in

AT = datetime(2026, 11, 23, 3, 0, tzinfo=UTC)
WORLD = World.create(at=AT)


def make(*extensions: bytes, version: int = 3) -> Certificate:
    return forge(
        Subject("Nguyễn Văn Mẫu"),
        software_key("p256", 7).public_key(),
        key=WORLD.issuing_signer,
        issuer=WORLD.issuing,
        not_before=AT - timedelta(days=1),
        not_after=AT + timedelta(days=1),
        extensions=extensions,
        version=version,
    )


def test_empty_issuer_alternative_name_is_read_and_named() -> None:
    """The G1 archives carry an empty issuerAltName, which strict parsers reject."""
    odd = make(extension(x.ISSUER_ALTERNATIVE_NAME, der.sequence()), extension(x.KEY_USAGE, b"\x03\x02\x06\xc0"))
    assert odd.oddities == ("empty issuerAltName",)
    assert odd.key_usage == frozenset({"digital_signature", "content_commitment"})
    assert WORLD.person.oddities == ()


def test_extension_that_stands_twice_is_refused() -> None:
    """RFC 5280 4.2: "MUST NOT include more than one instance of a particular extension"."""
    twice = make(*[extension(x.KEY_USAGE, b"\x03\x02\x06\xc0")] * 2)
    with pytest.raises(FormatError, match=r"2\.5\.29\.15 twice"):
        twice.extensions  # noqa: B018 - the access is the test
    assert "twice" in twice.oddities[0]


def encoded(tag: int, text: str) -> bytes:
    value = text.encode({0x1E: "utf-16-be", 0x1C: "utf-32-be"}.get(tag, "utf-8"))
    pair = der.sequence(der.oid("2.5.4.10"), der.tlv(tag, value))
    return der.sequence(der.set_of([pair]))


@pytest.mark.parametrize(
    "other",
    [
        encoded(der.UTF8_STRING, "BAN Cơ yếu  Chính phủ"),
        encoded(der.UTF8_STRING, " Ban Cơ yếu Chính phủ "),
        encoded(0x1E, "Ban Cơ yếu Chính phủ"),
        encoded(0x1C, "Ban Cơ yếu Chính phủ"),
        encoded(der.UTF8_STRING, "Ban Co\u031b yê\u0301u Chi\u0301nh phu\u0309"),
    ],
    ids=["case and spaces", "outer spaces", "BMPString", "UniversalString", "decomposed"],
)
def test_names_match_as_rfc_5280_compares_them(other: bytes) -> None:
    """RFC 5280 7.1: letter case, spaces and the string type do not count."""
    name = name_in(der.read(encoded(der.UTF8_STRING, "Ban Cơ yếu Chính phủ")))
    assert name.matches(name_in(der.read(other)))
    assert name.der != other


def test_names_with_other_letters_or_structure_do_not_match() -> None:
    name = name_in(der.read(encoded(der.UTF8_STRING, "Ban Cơ yếu Chính phủ")))
    assert not name.matches(name_in(der.read(encoded(der.UTF8_STRING, "Ban Co yeu Chinh phu"))))
    pair = [e.raw for e in der.read(name.der).reader()]
    assert not name.matches(name_in(der.read(der.sequence(*pair, *pair))))


def test_certificate_names_vietnamese_text_in_composed_form() -> None:
    """TCVN 6909: what is issued is NFC, however it was typed."""
    typed = Subject("Nguye\u0302\u0303n Va\u0306n Ma\u0302\u0303u")
    assert name_in(der.read(encoded_name(typed))).first("CN") == "Nguyễn Văn Mẫu"


def test_pem_and_der_give_the_same_certificates() -> None:
    both = WORLD.root.pem() + WORLD.person.pem()
    assert certificates_from_pem(both) == (WORLD.root, WORLD.person)
    assert certificates_from_bytes(both.encode()) == (WORLD.root, WORLD.person)
    assert certificates_from_bytes(WORLD.person.der) == (WORLD.person,)


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"junk",
        b"-----BEGIN CERTIFICATE-----\nAAA\n-----END CERTIFICATE-----",
        b"-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----",
        WORLD.person.der + b"\x00",
        WORLD.person.der[:-1],
    ],
)
def test_what_is_no_certificate_is_refused(data: bytes) -> None:
    with pytest.raises(FormatError):
        certificates_from_bytes(data)


def test_oversized_certificate_is_refused_before_it_is_read() -> None:
    with pytest.raises(LimitExceeded):
        Certificate.from_der(bytes(x.MAX_CERTIFICATE_BYTES + 1))


def read_everything(certificate: Certificate) -> None:
    """Each property that any rule asks for."""
    names = [n for n in dir(Certificate) if not n.startswith("_") and isinstance(vars(Certificate).get(n), property)]
    names += ["extensions", "basic_constraints", "key_usage", "extended_key_usage", "crl_urls", "policies"]
    names += ["subject_key_identifier", "authority_key_identifier", "signature_scheme", "public_key", "version"]
    for name in names:
        getattr(certificate, name)


def test_reading_everything_of_a_good_certificate_raises_nothing() -> None:
    read_everything(WORLD.person)


@pytest.mark.filterwarnings("ignore:Parsed a serial number")  # cryptography's own remark on some of these inputs
@settings(max_examples=600, deadline=None)
@given(st.integers(0, len(WORLD.person.der) - 1), st.integers(1, 255))
def test_certificate_with_a_flipped_byte_raises_only_errors_of_ours(position: int, flip: int) -> None:
    data = bytearray(WORLD.person.der)
    data[position] ^= flip
    try:
        certificate = Certificate.from_der(bytes(data))
        assert not certificate.issued_by(WORLD.issuing)
        read_everything(certificate)
    except KysoError:
        return


def spki_for_pss(hash_name: str | None) -> bytes:
    """SubjectPublicKeyInfo of the issuing CA's RSA key, marked as one for RSASSA-PSS (RFC 4055 1.2)."""
    bits = der.bit_string(WORLD.issuing.public_key_bits)
    if hash_name is None:
        return der.sequence(der.sequence(der.oid(oids.RSASSA_PSS)), bits)
    return der.sequence(SCHEMES[f"rsa-pss-{hash_name}"].identifier, bits)


@pytest.mark.parametrize(
    ("key_for", "scheme", "taken"),
    [
        (None, "rsa-pss-sha256", True),
        (None, "rsa-pss-sha512", True),
        (None, "rsa-pkcs1-sha256", False),
        ("sha256", "rsa-pss-sha256", True),
        ("sha256", "rsa-pss-sha512", False),
        ("sha256", "rsa-pkcs1-sha256", False),
    ],
)
def test_a_key_for_pss_signs_in_no_other_way(key_for: str | None, scheme: str, taken: bool) -> None:
    """RFC 4055 3.1: the parameters in the key bind every signature that it makes."""
    signer = SoftwareSigningKey(WORLD.issuing_signer.private_key, SCHEMES[scheme])
    holder = forge(
        Subject("CA chỉ ký PSS Mẫu"),
        spki_for_pss(key_for),
        key=WORLD.root_signer,
        issuer=WORLD.root,
        not_before=AT - timedelta(days=1),
        not_after=AT + timedelta(days=1),
    )
    below = forge(
        Subject("Nguyễn Văn Mẫu"),
        software_key("p256", 7).public_key(),
        key=signer,
        issuer=holder,
        not_before=AT - timedelta(days=1),
        not_after=AT + timedelta(days=1),
    )
    assert below.issued_by(holder) is taken
    value = signer.sign([signer.scheme.imprint(b"m")])[0]
    assert signer.scheme.verify(holder.public_key, signer.scheme.imprint(b"m"), value)  # it is the key's value
    assert holder.takes(signer.scheme) is taken
