"""Certificate requests: OpenSSL verifies ours, we read OpenSSL's, and what proves nothing is refused."""

from __future__ import annotations

import base64
import subprocess
import unicodedata
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import dsa, ec, rsa
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from cryptography.x509.oid import NameOID

from kyso_pki import oids
from kyso_pki.asn1 import der
from kyso_pki.authority.issue import encoded_name
from kyso_pki.authority.profile import Subject
from kyso_pki.authority.request import (
    EXTENSION_REQUEST,
    MAX_REQUEST_BYTES,
    Request,
    build_request,
    read_request,
    subject_from_text,
)
from kyso_pki.errors import (
    CertificateUnsuitable,
    FormatError,
    IssuanceError,
    KysoError,
    LimitExceeded,
    SignatureValueInvalid,
    UsageError,
)
from kyso_pki.testing import KeyKind, SoftwareSigningKey, software_key
from kyso_pki.x509 import certificate as x

OFFICIAL = Subject("Nguyễn Văn Mẫu", "UBND tỉnh Mẫu", ("Sở Thông tin và Truyền thông tỉnh Mẫu",))
KEY = SoftwareSigningKey.of(software_key("p256"))


def openssl(*arguments: str, data: bytes) -> str:
    done = subprocess.run(["openssl", *arguments], input=data, capture_output=True, check=False)
    assert done.returncode == 0, done.stderr.decode()
    return (done.stdout + done.stderr).decode()


def request_by(kind: KeyKind, *, pss: bool = False) -> Request:
    key = SoftwareSigningKey.of(software_key(kind), pss=pss)
    return build_request(OFFICIAL, key.public_key, key)


@pytest.mark.parametrize("kind", ["rsa2048", "rsa3072", "p256", "p384", "p521", "ed25519"])
def test_openssl_verifies_the_request_of_every_kind_of_key(kind: KeyKind) -> None:
    said = openssl("req", "-verify", "-noout", "-subject", "-nameopt", "utf8", data=request_by(kind).pem().encode())
    assert "verify OK" in said
    assert "CN=Nguyễn Văn Mẫu" in said.replace(" = ", "=")


def test_openssl_verifies_a_request_signed_with_pss() -> None:
    assert "verify OK" in openssl("req", "-verify", "-noout", data=request_by("rsa2048", pss=True).pem().encode())


def test_cryptography_reads_the_same_name_and_key() -> None:
    ours = request_by("p256")
    theirs = x509.load_der_x509_csr(ours.der)
    assert theirs.is_signature_valid
    assert [a.value for a in theirs.subject] == [text for _, text in ours.subject.attributes]
    assert theirs.public_key() == ours.public_key
    assert list(theirs.extensions) == []


def test_a_value_by_another_key_does_not_leave() -> None:
    with pytest.raises(SignatureValueInvalid):
        build_request(OFFICIAL, software_key("p256", 1).public_key(), KEY)


@pytest.mark.parametrize(
    ("subject", "why"),
    [
        (Subject("Nguyễn\0Văn"), "cannot be seen"),
        (Subject("Nguyễn Văn Mẫu\u202e"), "cannot be seen"),
        (Subject(""), "no common name"),
        (Subject("M" * 65), "at most 64"),
        (Subject("Mẫu", country="vn"), "capital letters"),
        (Subject("Mẫu", organisation=" "), "empty"),
    ],
)
def test_a_name_that_no_ca_may_certify_is_not_asked_for(subject: Subject, why: str) -> None:
    with pytest.raises(IssuanceError, match=why):
        build_request(subject, KEY.public_key, KEY)


def test_a_weak_key_does_not_ask() -> None:
    weak = SoftwareSigningKey.of(software_key("rsa1024"))
    with pytest.raises(IssuanceError, match="too weak"):
        build_request(OFFICIAL, weak.public_key, weak)


def foreign(kind: str, folder: Path, *more: str) -> bytes:
    """A request made by OpenSSL."""
    new = ["-newkey", "rsa:2048"] if kind == "rsa" else ["-newkey", "ec", "-pkeyopt", f"ec_paramgen_curve:{kind}"]
    command = ["openssl", "req", "-new", "-nodes", "-keyout", "key.pem", "-out", "r.pem", *new, "-utf8"]
    command += ["-subj", "/C=VN/O=UBND tỉnh Mẫu/CN=Nguyễn Văn Mẫu", *more]
    subprocess.run(command, cwd=folder, check=True, capture_output=True)
    return (folder / "r.pem").read_bytes()


@pytest.mark.parametrize("kind", ["rsa", "P-256"])
def test_requests_by_openssl_are_read(kind: str, tmp_path: Path) -> None:
    pem = foreign(kind, tmp_path)
    found = read_request(pem)
    assert found.subject.first("CN") == "Nguyễn Văn Mẫu"
    assert read_request(found.der) == found
    assert read_request(pem.replace(b"CERTIFICATE REQUEST", b"NEW CERTIFICATE REQUEST")) == found
    assert found.pem().encode() == pem


def test_what_a_requester_wants_beyond_name_and_key_is_only_listed(tmp_path: Path) -> None:
    """V7: requested extensions (CA:TRUE) are there to be seen, and nothing copies them."""
    wish = ("-addext", "basicConstraints=critical,CA:TRUE", "-addext", "subjectAltName=DNS:tinh-mau.example")
    found = read_request(foreign("P-256", tmp_path, *wish))
    assert set(found.extensions) >= {x.BASIC_CONSTRAINTS, x.SUBJECT_ALTERNATIVE_NAME}
    assert found.extensions[x.BASIC_CONSTRAINTS].value == bytes.fromhex("30030101ff")


def assembled(
    *,
    version: int = 0,
    name: bytes | None = None,
    spki: bytes | None = None,
    attributes: bytes = b"",
    key: SoftwareSigningKey = KEY,
    algorithm: bytes | None = None,
    flip: bool = False,
) -> bytes:
    """A request put together by hand, signed by `key`."""
    plain = KEY.public_key.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    info = der.sequence(
        der.integer(version), name or encoded_name(OFFICIAL), spki or plain, der.explicit(0, attributes)
    )
    (value,) = key.sign([key.scheme.imprint(info)])
    if flip:
        info = info.replace("Văn".encode(), "Bán".encode())
    return der.sequence(info, algorithm or key.scheme.identifier, der.bit_string(value))


def attribute(dotted: str, *values: bytes) -> bytes:
    return der.sequence(der.oid(dotted), der.set_of(values))


def name_with(value: bytes) -> bytes:
    return der.sequence(der.set_of([der.sequence(der.oid("2.5.4.3"), value)]))


def test_the_hand_that_assembles_requests_makes_good_ones() -> None:
    assert read_request(assembled()).public_key == KEY.public_key


@pytest.mark.parametrize(
    ("encoded", "why"),
    [
        (assembled(flip=True), "not by the key in it"),
        (assembled(key=SoftwareSigningKey.of(software_key("p256", 1))), "not by the key in it"),
        (assembled(key=SoftwareSigningKey.of(software_key("rsa2048"))), "not by the key in it"),
        (assembled(name=name_with(der.utf8_string("tinh-mau.example\0.attacker.example"))), "cannot be seen"),
        (assembled(name=name_with(der.tlv(der.UTF8_STRING, b"M\xe1\xba"))), "not text in the encoding"),
        (assembled(name=name_with(der.utf8_string(unicodedata.normalize("NFD", "Mẫu")))), "NFC"),
    ],
    ids=["changed", "another key", "another kind of key", "NUL", "broken text", "decomposed"],
)
def test_a_request_that_proves_nothing_or_hides_something_is_refused(encoded: bytes, why: str) -> None:
    with pytest.raises(IssuanceError, match=why):
        read_request(encoded)


def test_sha1_proves_nothing() -> None:
    key = SoftwareSigningKey.of(software_key("rsa2048"), "sha1")
    spki = key.public_key.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    with pytest.raises(IssuanceError, match="SHA-1"):
        read_request(assembled(key=key, spki=spki))


def test_weak_keys_are_refused() -> None:
    weak = SoftwareSigningKey.of(software_key("rsa1024"))
    spki = weak.public_key.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    with pytest.raises(IssuanceError, match="RSA-1024 is too weak"):
        read_request(assembled(key=weak, spki=spki))
    small = rsa.generate_private_key(public_exponent=3, key_size=2048)
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "Mẫu")])
    request = x509.CertificateSigningRequestBuilder().subject_name(name).sign(small, hashes.SHA256())
    with pytest.raises(IssuanceError, match="exponent 3"):
        read_request(request.public_bytes(Encoding.DER))
    koblitz = ec.generate_private_key(ec.SECP256K1())
    request = x509.CertificateSigningRequestBuilder().subject_name(name).sign(koblitz, hashes.SHA256())
    with pytest.raises(IssuanceError, match="secp256k1"):
        read_request(request.public_bytes(Encoding.DER))


def test_keys_that_cannot_be_used_are_refused() -> None:
    """A curve written out as parameters (CVE-2020-0601), and a kind of key that does not sign here."""
    plain = der.read(KEY.public_key.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)).children()
    written_out = der.sequence(der.sequence(der.oid(oids.EC_PUBLIC_KEY), der.sequence()), plain[1].raw)
    with pytest.raises(CertificateUnsuitable, match="named curve"):
        read_request(assembled(spki=written_out))
    other = dsa.generate_private_key(2048).public_key()
    spki = other.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    with pytest.raises((CertificateUnsuitable, IssuanceError)):
        read_request(assembled(spki=spki))


@pytest.mark.parametrize(
    ("encoded", "error"),
    [
        (b"", FormatError),
        (b"%PDF-1.7", FormatError),
        (bytes(MAX_REQUEST_BYTES + 1), LimitExceeded),
        (assembled() + b"\0", FormatError),
        (assembled()[:-1], FormatError),
        (assembled(version=1), FormatError),
        (assembled(algorithm=der.sequence(der.oid("1.2.3.4"))), FormatError),
        (assembled(attributes=attribute("1.2.3", der.null()) * 2), FormatError),
        (assembled(attributes=attribute(EXTENSION_REQUEST, der.sequence(), der.null())), FormatError),
        (b"-----BEGIN CERTIFICATE-----\nMAA=\n-----END CERTIFICATE-----\n", FormatError),
        (read_request(assembled()).pem().encode() * 2, FormatError),
    ],
)
def test_what_is_no_request_is_no_request(encoded: bytes, error: type[KysoError]) -> None:
    with pytest.raises(error):
        read_request(encoded)


def test_no_cut_or_changed_octet_is_taken_for_a_request() -> None:
    """A flip in every octet, and every cut, is refused; the value of an ECDSA signature has one encoding."""
    good = assembled()
    for i in range(0, len(good), 3):
        for bad in (good[:i], good[:i] + bytes([good[i] ^ 0x41]) + good[i + 1 :]):
            with pytest.raises(KysoError):
                read_request(bad)


def test_pem_with_broken_base64_is_refused() -> None:
    body = base64.b64encode(assembled()).decode()
    text = f"-----BEGIN CERTIFICATE REQUEST-----\n{body[:-3]}\n-----END CERTIFICATE REQUEST-----\n"
    with pytest.raises(FormatError):
        read_request(text.encode())


@pytest.mark.parametrize(
    ("text", "subject"),
    [
        ("CN=Nguyễn Văn Mẫu,O=UBND tỉnh Mẫu", Subject("Nguyễn Văn Mẫu", "UBND tỉnh Mẫu")),
        ("cn = Mẫu , o= Công ty A & B ", Subject("Mẫu", "Công ty A & B")),
        (r"CN=Mẫu\, Bình,C=VN", Subject("Mẫu, Bình")),
        (r"CN=M\E1\BA\ABu\ ,title=Chủ tịch", Subject("Mẫu ", title="Chủ tịch")),
        (r"CN=a\\,O=b\+c", Subject("a\\", "b+c")),
        ("CN=Mẫu,OU=Phòng,OU=Sở,O=UBND", Subject("Mẫu", "UBND", ("Sở", "Phòng"))),
        ("C=VN,O=UBND,OU=Sở,OU=Phòng,CN=Mẫu", Subject("Mẫu", "UBND", ("Sở", "Phòng"))),
        ("CN=Mẫu,L=tỉnh Mẫu,UID=MST:0000000000", Subject("Mẫu", locality="tỉnh Mẫu", uid="MST:0000000000")),
    ],
)
def test_subjects_are_read_as_typed(text: str, subject: Subject) -> None:
    assert subject_from_text(text) == subject


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("", "empty"),
        ("Nguyễn Văn Mẫu", "known are"),
        ("O=UBND tỉnh Mẫu", "no common name"),
        ("CN=a,CN=b", "has said"),
        ("CN=a,,O=b", "empty part"),
        ("CN=a\\", "backslash"),
        ("CN=", "empty"),
        ("CN=a+O=b", "bare"),
        ('CN="a"', "bare"),
        ("CN=#0403", "bare"),
        ("/C=VN/CN=a", "slashes"),
        ("CN=a,emailAddress=a@b", "known are"),
        ("CN=\\ff", "UTF-8"),
    ],
)
def test_a_subject_that_could_mean_something_else_is_refused(text: str, why: str) -> None:
    with pytest.raises(UsageError, match=why):
        subject_from_text(text)
