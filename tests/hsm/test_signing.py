"""Signing with keys on SoftHSM2 that other programs made; the values are judged by `cryptography` itself."""

from __future__ import annotations

import hashlib
import sys
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, padding, rsa

from kyso_hsm.opening import Module, list_keys, open_key, open_signer, open_token
from kyso_hsm.pin import FromText, SecretRequest
from kyso_hsm.pool import Pool
from kyso_pki.errors import (
    AmbiguousKey,
    CertificateMissing,
    KeyAccessError,
    KeyNotFound,
    MechanismMissing,
    PinRequired,
    SignatureValueInvalid,
    TokenUnavailable,
    UsageError,
)
from kyso_pki.scheme import HashName
from kyso_pki.signer import Signer

from .conftest import store
from .softhsm import EC, ED, LABEL, PIN, RSA, SoftHsm, certificate, empty, program, root

MESSAGE = "Công văn số 01".encode()
SECRET = FromText(PIN)


def test_rsa_pkcs1_values_verify(hsm: SoftHsm, shared_pool: Pool) -> None:
    with open_signer(f"{hsm.uri};object={RSA}", secret=SECRET, modules=[hsm.module], pool=shared_pool) as signer:
        assert isinstance(signer, Signer)
        assert signer.scheme.name == "rsa-pkcs1-sha256"
        (value,) = signer.sign([hashlib.sha256(MESSAGE).digest()])
    key = hsm.public_key(RSA)
    assert isinstance(key, rsa.RSAPublicKey)
    key.verify(value, MESSAGE, padding.PKCS1v15(), hashes.SHA256())


@pytest.mark.parametrize(("name", "hash_"), [("sha256", hashes.SHA256()), ("sha512", hashes.SHA512())])
def test_rsa_pss_values_verify(hsm: SoftHsm, shared_pool: Pool, name: str, hash_: hashes.HashAlgorithm) -> None:
    uri = f"{hsm.uri};object={RSA}"
    hash_name: HashName = "sha256" if name == "sha256" else "sha512"
    with open_signer(
        uri, secret=SECRET, modules=[hsm.module], pss=True, hash_name=hash_name, pool=shared_pool
    ) as signer:
        (value,) = signer.sign([hashlib.new(name, MESSAGE).digest()])
    key = hsm.public_key(RSA)
    assert isinstance(key, rsa.RSAPublicKey)
    key.verify(value, MESSAGE, padding.PSS(padding.MGF1(hash_), hash_.digest_size), hash_)


def test_ecdsa_values_are_der_and_verify(hsm: SoftHsm, shared_pool: Pool) -> None:
    with open_signer(f"{hsm.uri};id=%02", secret=SECRET, modules=[hsm.module], pool=shared_pool) as signer:
        values = signer.sign([hashlib.sha256(MESSAGE + bytes([i])).digest() for i in range(20)])
    key = hsm.public_key(EC)
    assert isinstance(key, ec.EllipticCurvePublicKey)
    for i, value in enumerate(values):
        key.verify(value, MESSAGE + bytes([i]), ec.ECDSA(hashes.SHA256()))


def test_ed25519_signs_the_message_itself(hsm: SoftHsm, shared_pool: Pool) -> None:
    with open_key(f"{hsm.uri};object={ED}", secret=SECRET, modules=[hsm.module], pool=shared_pool) as key:
        assert key.scheme.name == "ed25519"
        (value,) = key.sign([MESSAGE * 1000])
        assert isinstance(key.public_key, ed25519.Ed25519PublicKey)
        key.public_key.verify(value, MESSAGE * 1000)


def test_a_large_batch_comes_back_in_order(hsm: SoftHsm, shared_pool: Pool) -> None:
    with open_signer(f"{hsm.uri};object={EC}", secret=SECRET, modules=[hsm.module], pool=shared_pool) as signer:
        imprints = [hashlib.sha256(bytes([i % 256, i // 256])).digest() for i in range(600)]
        values = signer.sign(imprints)
        assert len(values) == 600  # each was verified against its own imprint on the way
        assert signer.sign([]) == []


def test_the_chain_is_completed_from_the_token_and_from_files(hsm: SoftHsm, shared_pool: Pool) -> None:
    with open_signer(f"{hsm.uri};object={RSA}", secret=SECRET, modules=[hsm.module], pool=shared_pool) as signer:
        assert [c.subject.first("CN") for c in signer.chain] == [f"Người giữ {RSA}", "Root CA tỉnh Mẫu"]
    uri = f"{hsm.uri};object={ED}"
    with open_key(uri, secret=SECRET, modules=[hsm.module], pool=shared_pool) as key:
        assert isinstance(key.public_key, ed25519.Ed25519PublicKey)
        leaf = certificate(key.public_key, "Ed")
    with pytest.raises(CertificateMissing, match="import-cert"):
        open_signer(uri, secret=SECRET, modules=[hsm.module], pool=shared_pool)
    with open_signer(uri, secret=SECRET, modules=[hsm.module], chain=[root(), leaf], pool=shared_pool) as signer:
        assert list(signer.chain) == [leaf, root()]


def test_the_newest_certificate_of_a_key_is_used(own_hsm: SoftHsm, tmp_path: Path, pool: Pool) -> None:
    older = certificate(own_hsm.public_key(RSA), "older", days_ago=300)
    newer = certificate(own_hsm.public_key(RSA), "newer", days_ago=0)
    store(own_hsm, newer, "01", "renewed", tmp_path)
    store(own_hsm, older, "01", "old", tmp_path)
    with open_signer(f"{own_hsm.uri};object={RSA}", secret=SECRET, modules=[own_hsm.module], pool=pool) as signer:
        assert signer.chain.leaf == newer


def test_a_certificate_of_another_key_under_the_same_id_is_not_used(
    own_hsm: SoftHsm, tmp_path: Path, pool: Pool
) -> None:
    stray = certificate(own_hsm.public_key(EC), "stray", days_ago=0)
    store(own_hsm, stray, "01", "stray", tmp_path)
    with open_signer(f"{own_hsm.uri};object={RSA}", secret=SECRET, modules=[own_hsm.module], pool=pool) as signer:
        assert signer.chain.leaf.subject.first("CN") == f"Người giữ {RSA}"


def test_a_value_that_the_certificate_does_not_verify_is_not_handed_out(
    own_hsm: SoftHsm, tmp_path: Path, pool: Pool
) -> None:
    """Without a public key on the token the certificate is found by id alone; a wrong one is caught by its key."""
    own_hsm.tool_in("--delete-object", "--type", "pubkey", "--label", EC)
    own_hsm.tool_in("--delete-object", "--type", "cert", "--label", EC)
    other = ec.generate_private_key(ec.SECP256R1()).public_key()
    store(own_hsm, certificate(other, "wrong"), "02", EC, tmp_path)
    with (
        open_signer(f"{own_hsm.uri};object={EC}", secret=SECRET, modules=[own_hsm.module], pool=pool) as signer,
        pytest.raises(SignatureValueInvalid, match=LABEL),
    ):
        signer.sign([bytes(32)])


def test_keys_are_listed_without_a_pin_and_each_uri_opens(hsm: SoftHsm, shared_pool: Pool) -> None:
    listing = list_keys([hsm.module], pool=shared_pool)
    assert listing.problems == ()
    assert [(k.label, k.algorithm, k.token) for k in listing.keys] == [
        (EC, "P-256", LABEL),
        (ED, "Ed25519", LABEL),
        (RSA, "RSA-2048", LABEL),
    ]
    named = {k.label: k.certificate.subject.first("CN") if k.certificate else None for k in listing.keys}
    assert named == {RSA: f"Người giữ {RSA}", EC: f"Người giữ {EC}", ED: None}
    for info in listing.keys:
        with open_key(info.uri, secret=SECRET, modules=[hsm.module], pool=shared_pool) as key:
            key.sign([bytes(key.scheme.hash_size)])


def test_a_broken_module_is_a_line_in_the_list(hsm: SoftHsm, tmp_path: Path, shared_pool: Pool) -> None:
    text = tmp_path / "not-a-library.so"
    text.write_text("hello", encoding="utf-8")
    modules = [
        Module("/nowhere/missing.so"),
        Module(str(text)),
        hsm.module,
        Module(a_library_that_is_no_module()),
    ]
    listing = list_keys(modules, pool=shared_pool)
    assert len(listing.keys) == 3
    said = {p.path: str(p.error) for p in listing.problems}
    assert set(said) == {m.path for m in modules} - {hsm.module.path}
    assert "C_GetFunctionList" in said[modules[3].path]
    assert all(isinstance(p.error, TokenUnavailable) and p.path in str(p.error) for p in listing.problems)


def a_library_that_is_no_module() -> str:
    import _ssl

    return _ssl.__file__


def test_credentials_are_seen_without_a_pin_and_unlocked_with_one(hsm: SoftHsm, shared_pool: Pool) -> None:
    token = open_token(hsm.uri, modules=[hsm.module], pool=shared_pool)
    assert token.info.label == LABEL and token.info.needs_login
    credentials = {c.chain.leaf.subject.first("CN"): c for c in token.credentials()}
    assert set(credentials) == {f"Người giữ {RSA}", f"Người giữ {EC}"}
    credential = credentials[f"Người giữ {EC}"]
    assert credential.terms.unlock == "pin"
    with token.unlock(credential, SECRET) as signer:
        assert signer.chain == credential.chain and signer.scheme == credential.scheme
        signer.sign([bytes(32)])


def test_an_unknown_key_names_those_there_are(hsm: SoftHsm, shared_pool: Pool) -> None:
    with pytest.raises(KeyNotFound, match="kyso keys list") as e:
        open_signer(f"{hsm.uri};object=sai-ten", secret=SECRET, modules=[hsm.module], pool=shared_pool)
    assert "'sai-ten'" in str(e.value) and f"found: {EC}, {ED}, {RSA}" in str(e.value)


def test_an_unknown_token_names_those_there_are_and_broken_modules(hsm: SoftHsm, shared_pool: Pool) -> None:
    modules = [hsm.module, Module("/nowhere/missing.so")]
    with pytest.raises(TokenUnavailable, match="KYSO_PKCS11_MODULES") as e:
        open_signer("pkcs11:token=sai-ten", secret=SECRET, modules=modules, pool=shared_pool)
    assert LABEL in str(e.value) and "/nowhere/missing.so" in str(e.value)


def test_an_address_that_fits_several_keys_is_refused(hsm: SoftHsm, shared_pool: Pool) -> None:
    with pytest.raises(AmbiguousKey, match="3 keys"):
        open_key(hsm.uri, secret=SECRET, modules=[hsm.module], pool=shared_pool)


def test_two_keys_with_one_label_are_told_apart_by_id(own_hsm: SoftHsm, pool: Pool) -> None:
    own_hsm.tool_in("--keypairgen", "--key-type", "EC:prime256v1", "--id", "0a", "--label", EC)
    uri = f"{own_hsm.uri};object={EC}"
    with pytest.raises(AmbiguousKey, match="id"):
        open_key(uri, secret=SECRET, modules=[own_hsm.module], pool=pool)
    with open_key(f"{uri};id=%0A", secret=SECRET, modules=[own_hsm.module], pool=pool) as key:
        key.sign([bytes(32)])


def test_two_tokens_with_one_label_are_told_apart_by_serial(own_hsm: SoftHsm, pool: Pool) -> None:
    own_hsm.init(LABEL)
    with pytest.raises(AmbiguousKey, match="serial"):
        open_token(own_hsm.uri, modules=[own_hsm.module], pool=pool)
    with pytest.raises(AmbiguousKey) as e:
        open_token("pkcs11:", modules=[own_hsm.module], pool=pool)
    serial = str(e.value).split("serial ")[1].split(")")[0]
    assert open_token(f"pkcs11:serial={serial}", modules=[own_hsm.module], pool=pool).info.serial == serial
    with pytest.raises(AmbiguousKey):  # one of the two being open does not make the question clear
        open_token(own_hsm.uri, modules=[own_hsm.module], pool=pool)


def test_the_token_is_found_among_several_modules(
    hsm: SoftHsm, tmp_path: Path, pool: Pool, monkeypatch: pytest.MonkeyPatch
) -> None:
    other = empty(tmp_path / "other")
    other.init("kyso-khac")
    modules = [other.module, Module("/nowhere/missing.so"), hsm.module]
    with open_key(f"{hsm.uri};object={EC}", secret=SECRET, modules=modules, pool=pool) as key:
        key.sign([bytes(32)])
    assert open_token("pkcs11:token=kyso-khac", modules=modules, pool=pool).info.label == "kyso-khac"


def test_a_module_named_in_the_address_is_the_only_one(hsm: SoftHsm, pool: Pool) -> None:
    with pytest.raises(TokenUnavailable, match=r"missing\.so"):
        open_token(f"{hsm.uri}?module-path=/nowhere/missing.so", modules=[hsm.module], pool=pool)
    found = open_token(f"{hsm.uri}?module-path={hsm.module.path}", modules=[hsm.module], pool=pool)
    assert found.info.label == LABEL


def test_a_pin_is_asked_for_by_the_tokens_name(hsm: SoftHsm, pool: Pool) -> None:
    asked: list[SecretRequest] = []

    def source(request: SecretRequest) -> str:
        asked.append(request)
        return PIN

    with pytest.raises(PinRequired, match=LABEL):
        open_key(f"{hsm.uri};object={EC}", modules=[hsm.module], pool=pool)
    with open_key(f"{hsm.uri};object={EC}", secret=source, modules=[hsm.module], pool=pool) as key:
        key.sign([bytes(32)])
        key.sign([bytes(32)])
    (request,) = asked
    assert request.token == LABEL and request.purpose == "user-pin" and not request.count_low and not request.again


def test_an_algorithm_that_the_token_lacks_is_said_by_name(hsm: SoftHsm, shared_pool: Pool) -> None:
    uri = f"{hsm.uri};object={RSA}"
    options: dict[str, Any] = {"pss": True, "hash_name": "sha3_256", "modules": [hsm.module]}
    with (
        open_signer(uri, secret=SECRET, pool=shared_pool, **options) as signer,
        pytest.raises(MechanismMissing, match=r"rsa-pss with sha3_256.*CKR_MECHANISM_PARAM_INVALID"),
    ):
        signer.sign([bytes(32)])


def test_what_is_no_digest_never_reaches_the_token(hsm: SoftHsm, shared_pool: Pool) -> None:
    with (
        open_signer(f"{hsm.uri};object={RSA}", secret=SECRET, modules=[hsm.module], pool=shared_pool) as signer,
        pytest.raises(UsageError, match="32 bytes"),
    ):
        signer.sign([MESSAGE])


def test_a_key_that_may_not_sign_is_refused(own_hsm: SoftHsm, pool: Pool) -> None:
    make = f"""
import pkcs11
token = pkcs11.lib({own_hsm.module.path!r}).get_token(token_label={LABEL!r})
with token.open(rw=True, user_pin={PIN!r}) as session:
    session.generate_keypair(pkcs11.KeyType.RSA, 2048, label="decrypt-only", id=b"x", store=True,
                             capabilities=pkcs11.MechanismFlag.DECRYPT | pkcs11.MechanismFlag.ENCRYPT)
"""
    program(sys.executable, "-c", make, env=own_hsm.env())
    with pytest.raises(KeyAccessError, match="CKA_SIGN"):
        open_key(f"{own_hsm.uri};object=decrypt-only", secret=SECRET, modules=[own_hsm.module], pool=pool)


def test_a_key_that_wants_the_pin_for_each_signature_gets_it(own_hsm: SoftHsm, pool: Pool) -> None:
    own_hsm.tool_in(
        "--keypairgen",
        "--key-type",
        "EC:prime256v1",
        "--id",
        "0c",
        "--label",
        "each",
        "--always-auth",
        "--usage-sign",
    )
    with open_key(f"{own_hsm.uri};object=each", secret=SECRET, modules=[own_hsm.module], pool=pool) as key:
        assert len(key.sign([bytes(32), bytes(32)])) == 2
