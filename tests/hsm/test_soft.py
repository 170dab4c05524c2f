"""Key files: those of OpenSSL are opened here, those made here are judged by OpenSSL."""

from __future__ import annotations

import os
import stat
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.types import CertificatePublicKeyTypes
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from kyso_hsm.opening import KeyKind, list_keys, open_key, open_signer, open_token
from kyso_hsm.pin import FromText, SecretRequest
from kyso_hsm.soft import SoftPrivateKey, create_keystore, new_key
from kyso_pki.errors import (
    CertificateMissing,
    EmptyInput,
    FormatError,
    KeyNotFound,
    KysoError,
    LimitExceeded,
    PinRefused,
    PinRequired,
    SignatureValueInvalid,
    UsageError,
)
from kyso_pki.x509.certificate import Certificate

from .softhsm import certificate, program, root

PASSWORD = "mật-khẩu-7731"


@pytest.fixture(scope="module")
def key() -> SoftPrivateKey:
    return new_key("rsa2048")


@pytest.fixture(scope="module")
def leaf(key: SoftPrivateKey) -> Certificate:
    return certificate(_public(key), "Nguyễn Văn Mẫu")


@pytest.fixture
def keystore(tmp_path: Path, key: SoftPrivateKey, leaf: Certificate) -> Path:
    path = tmp_path / "nguyen-van-mau.p12"
    create_keystore(path, key, [leaf, root()], PASSWORD)
    return path


def _public(key: SoftPrivateKey) -> CertificatePublicKeyTypes:
    return key.public_key()


def _pem(key: SoftPrivateKey) -> str:
    return key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode()


def test_a_keystore_signs_with_its_chain(keystore: Path, leaf: Certificate) -> None:
    with open_signer(f"file:{keystore}", secret=FromText(PASSWORD)) as signer:
        assert list(signer.chain) == [leaf, root()]
        (value,) = signer.sign([signer.scheme.imprint(b"message")])
        assert signer.scheme.verify(leaf.public_key, signer.scheme.imprint(b"message"), value)


@pytest.mark.parametrize("kind", ["rsa2048", "p256", "p384", "p521", "ed25519"])
def test_openssl_verifies_what_each_kind_of_key_signs(tmp_path: Path, kind: KeyKind) -> None:
    private = new_key(kind)
    (tmp_path / "k.pem").write_text(_pem(private), encoding="utf-8")
    (tmp_path / "message").write_bytes(b"message")
    leaf = certificate(_public(private), "x")
    (tmp_path / "pub.pem").write_bytes(
        program("openssl", "x509", "-pubkey", "-noout", "-inform", "DER", "-in", _file(tmp_path, leaf))
    )
    with open_key(str(tmp_path / "k.pem")) as signing:
        (value,) = signing.sign([signing.scheme.imprint(b"message")])
    (tmp_path / "value").write_bytes(value)
    check = ["-pubin", "-inkey", str(tmp_path / "pub.pem"), "-rawin", "-in", str(tmp_path / "message")]
    digest = [] if kind == "ed25519" else ["-digest", signing.scheme.hash_name]
    program("openssl", "pkeyutl", "-verify", *check, *digest, "-sigfile", str(tmp_path / "value"))


def _file(folder: Path, item: Certificate) -> str:
    path = folder / f"{item.sha256}.crt"
    path.write_bytes(item.der)
    return str(path)


def test_pss_is_made_on_request(keystore: Path, leaf: Certificate) -> None:
    with open_signer(str(keystore), secret=FromText(PASSWORD), pss=True, hash_name="sha512") as signer:
        assert signer.scheme.name == "rsa-pss-sha512"
        (value,) = signer.sign([signer.scheme.imprint(b"m")])
        assert signer.scheme.verify(leaf.public_key, signer.scheme.imprint(b"m"), value)


def test_a_keystore_is_strongly_encrypted_and_openssl_reads_it(keystore: Path, tmp_path: Path) -> None:
    file = tmp_path / "pw"
    file.write_text(PASSWORD, encoding="utf-8")
    shown = program("openssl", "pkcs12", "-in", str(keystore), "-passin", f"file:{file}", "-nokeys")
    assert shown.count(b"BEGIN CERTIFICATE") == 2
    structure = program("openssl", "asn1parse", "-inform", "DER", "-in", str(keystore), "-strparse", "26")
    assert b"aes-256-cbc" in structure and b"hmacWithSHA256" in structure and b"PBKDF2" in structure


@pytest.mark.skipif(os.name == "nt", reason="Windows has no such modes")
def test_a_keystore_is_readable_by_its_owner_only(keystore: Path) -> None:
    assert stat.S_IMODE(keystore.stat().st_mode) == 0o600


def test_a_keystore_is_not_overwritten(keystore: Path, key: SoftPrivateKey) -> None:
    before = keystore.read_bytes()
    with pytest.raises(UsageError, match="exists"):
        create_keystore(keystore, key, [], PASSWORD)
    assert keystore.read_bytes() == before
    assert [p.name for p in keystore.parent.iterdir()] == [keystore.name]


def test_a_keystore_is_replaced_whole_on_request(keystore: Path, key: SoftPrivateKey) -> None:
    create_keystore(keystore, key, [], PASSWORD, replace=True)
    with open_key(str(keystore), secret=FromText(PASSWORD)) as opened:
        assert opened.public_key == key.public_key()
    assert [p.name for p in keystore.parent.iterdir()] == [keystore.name]


def test_a_certificate_of_another_key_is_not_stored(tmp_path: Path, leaf: Certificate) -> None:
    with pytest.raises(UsageError, match="not for this key"):
        create_keystore(tmp_path / "k.p12", new_key("p256"), [leaf], PASSWORD)


def test_a_wrong_password_is_refused_without_being_shown(keystore: Path) -> None:
    with pytest.raises(PinRefused) as e:
        open_signer(str(keystore), secret=FromText("mật-khẩu-sai"))
    assert "mật-khẩu-sai" not in repr(e.value) + str(e.value) + repr(e.value.details)
    assert e.value.__cause__ is None and e.value.__suppress_context__


def test_a_password_is_needed_only_where_there_is_one(keystore: Path, tmp_path: Path, key: SoftPrivateKey) -> None:
    def never(request: SecretRequest) -> str:
        raise AssertionError("asked for a password")

    with pytest.raises(PinRequired, match=keystore.name):
        open_signer(str(keystore))
    (tmp_path / "k.pem").write_text(_pem(key), encoding="utf-8")
    open_key(str(tmp_path / "k.pem"), secret=never).close()


@pytest.mark.parametrize("old", [["-traditional"], []])
def test_encrypted_pem_keys_of_openssl_are_opened(
    tmp_path: Path, old: list[str], leaf: Certificate, key: SoftPrivateKey
) -> None:
    (tmp_path / "plain.pem").write_text(_pem(key), encoding="utf-8")
    (tmp_path / "pw").write_text(PASSWORD, encoding="utf-8")
    out = tmp_path / "k.pem"
    arguments = [
        "-in",
        str(tmp_path / "plain.pem"),
        "-aes256",
        "-passout",
        f"file:{tmp_path / 'pw'}",
        "-out",
        str(out),
    ]
    program("openssl", "pkey", *arguments, *old)
    out.write_text(leaf.pem() + out.read_text(encoding="utf-8") + root().pem(), encoding="utf-8")
    with open_signer(f"file:{out}", secret=FromText(PASSWORD)) as signer:
        assert list(signer.chain) == [leaf, root()]
        signer.sign([signer.scheme.imprint(b"m")])
    with pytest.raises(PinRefused):
        open_signer(f"file:{out}", secret=FromText("no"))


def test_a_pkcs12_of_openssl_with_an_empty_password_needs_none(
    tmp_path: Path, leaf: Certificate, key: SoftPrivateKey
) -> None:
    (tmp_path / "all.pem").write_text(_pem(key) + leaf.pem(), encoding="utf-8")
    out = tmp_path / "k.pfx"
    program("openssl", "pkcs12", "-export", "-in", str(tmp_path / "all.pem"), "-passout", "pass:", "-out", str(out))
    with open_signer(str(out)) as signer:
        assert signer.chain.leaf == leaf


def test_a_key_without_certificate_opens_as_key_only(tmp_path: Path, leaf: Certificate, key: SoftPrivateKey) -> None:
    (tmp_path / "k.pem").write_text(_pem(key), encoding="utf-8")
    with pytest.raises(CertificateMissing, match=r"k\.pem"):
        open_signer(str(tmp_path / "k.pem"))
    with open_signer(str(tmp_path / "k.pem"), chain=[root(), leaf]) as signer:
        assert list(signer.chain) == [leaf, root()]


@pytest.mark.parametrize(
    ("content", "error"),
    [
        (b"", EmptyInput),
        (b"%PDF-1.7", KeyNotFound),
        (b"0" * 2_000_000, LimitExceeded),
        (b"-----BEGIN CERTIFICATE-----\nAA==\n-----END CERTIFICATE-----", KeyNotFound),
        (b"-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----", FormatError),
        (b"0\x03\x02\x01\x01", PinRequired),
    ],
)
def test_a_file_that_is_no_key_file_is_named(tmp_path: Path, content: bytes, error: type[KysoError]) -> None:
    file = tmp_path / "thing"
    file.write_bytes(content)
    with pytest.raises(error, match="thing"):
        open_key(str(file))


def test_a_missing_file_points_to_token_addresses(tmp_path: Path) -> None:
    with pytest.raises(KeyNotFound, match="pkcs11:token="):
        open_signer(str(tmp_path / "none.p12"))


def test_files_are_listed_without_a_password(
    keystore: Path, tmp_path: Path, leaf: Certificate, key: SoftPrivateKey
) -> None:
    (tmp_path / "open.pem").write_text(_pem(key) + leaf.pem(), encoding="utf-8")
    listing = list_keys([], [keystore, tmp_path / "open.pem", tmp_path / "none.pem"])
    by_label = {k.label: k for k in listing.keys}
    assert by_label["open"].certificate == leaf and by_label["open"].algorithm == "RSA-2048"
    locked = by_label["nguyen-van-mau"]
    assert locked.locked and locked.certificate is None and locked.algorithm == "unknown"
    open_signer(locked.uri, secret=FromText(PASSWORD)).close()
    assert [Path(p.path).name for p in listing.problems] == ["none.pem"]


def test_a_file_is_a_token_with_one_credential(tmp_path: Path, leaf: Certificate, key: SoftPrivateKey) -> None:
    (tmp_path / "k.pem").write_text(_pem(key) + leaf.pem(), encoding="utf-8")
    token = open_token(str(tmp_path / "k.pem"))
    (credential,) = token.credentials()
    assert credential.chain.leaf == leaf and credential.terms.unlock == "none"
    with token.unlock(credential) as signer:
        signer.sign([signer.scheme.imprint(b"m")])


def test_what_is_no_digest_is_not_signed(keystore: Path) -> None:
    with open_signer(str(keystore), secret=FromText(PASSWORD)) as signer, pytest.raises(UsageError, match="32 bytes"):
        signer.sign([b"a whole message"])


def test_a_closed_key_does_not_sign(keystore: Path) -> None:
    signer = open_signer(str(keystore), secret=FromText(PASSWORD))
    signer.close()
    with pytest.raises(UsageError, match="closed"):
        signer.sign([bytes(32)])


def test_a_value_of_another_key_is_never_handed_out(keystore: Path) -> None:
    """The check that stands between a broken key and a signed document, on a real mismatch."""
    from kyso_hsm.checking import check_values

    with open_signer(str(keystore), secret=FromText(PASSWORD)) as signer:
        values = signer.sign([bytes(32)])
        check_values(signer.scheme, signer.public_key, [bytes(32)], values, "file")
        for key, wrong in (
            (new_key("rsa2048").public_key(), values),
            (signer.public_key, [b""]),
            (signer.public_key, []),
        ):
            with pytest.raises(SignatureValueInvalid):
                check_values(signer.scheme, key, [bytes(32)], wrong, "file")
