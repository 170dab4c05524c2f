"""Tokens, keys and certificates made here, judged by pkcs11-tool."""

from __future__ import annotations

import hashlib
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from kyso_hsm.opening import (
    KEY_KINDS,
    KeyKind,
    generate_key,
    import_certificate,
    init_token,
    list_keys,
    open_key,
    open_signer,
)
from kyso_hsm.pin import FromText
from kyso_hsm.pool import Pool
from kyso_pki.errors import CertificateUnsuitable, KeyNotFound, PinRefused, TokenUnavailable, UsageError

from .softhsm import EC, LABEL, PIN, RSA, SO_PIN, WRONG_PIN, SoftHsm, certificate, empty


@pytest.fixture(scope="module")
def fresh(tmp_path_factory: pytest.TempPathFactory, shared_pool: Pool) -> SoftHsm:
    """A token made here."""
    hsm = empty(tmp_path_factory.mktemp("fresh") / "hsm")
    info = init_token(hsm.module, LABEL, FromText(SO_PIN), FromText(PIN), pool=shared_pool)
    assert info.label == LABEL and info.serial
    return hsm


def test_a_new_token_takes_both_pins(fresh: SoftHsm) -> None:
    shown = fresh.tool("--list-token-slots").decode()
    assert LABEL in shown and "PIN initialized" in shown
    fresh.tool_in("--list-objects")
    fresh.tool("--login", "--login-type", "so", "--so-pin", SO_PIN, "--init-pin", "--new-pin", PIN)


def test_a_token_is_never_initialised_twice(fresh: SoftHsm, shared_pool: Pool) -> None:
    with pytest.raises(UsageError, match=LABEL):
        init_token(fresh.module, LABEL, "87654321", "9999", pool=shared_pool)
    fresh.tool_in("--list-objects")


def test_a_label_that_does_not_fit_is_refused(fresh: SoftHsm, shared_pool: Pool) -> None:
    label = "Sở Thông tin và Truyền thông"
    assert len(label) < 32 < len(label.encode())
    with pytest.raises(UsageError, match="32 bytes"):
        init_token(fresh.module, label, SO_PIN, PIN, pool=shared_pool)


@pytest.mark.parametrize("kind", [k for k in KEY_KINDS if k not in ("rsa3072", "rsa4096")])
def test_a_generated_key_cannot_leave_and_signs_only(fresh: SoftHsm, shared_pool: Pool, kind: KeyKind) -> None:
    label = f"khóa {kind}"
    public = generate_key(fresh.uri, FromText(PIN), label, kind, modules=[fresh.module], pool=shared_pool)
    shown = fresh.tool_in("--list-objects", "--type", "privkey").decode()
    entry = next(e for e in shown.split("Private Key Object") if f"label:      {label}\n" in e)
    usage, access = (next(x for x in entry.splitlines() if x.strip().startswith(n)) for n in ("Usage:", "Access:"))
    assert usage.split(":")[1].strip() == "sign"
    assert {a.strip() for a in access.split(":")[1].split(",")} >= {"sensitive", "never extractable", "local"}
    assert f"ID:         {_key_id(public)}" in entry
    with open_key(
        f"{fresh.uri};object={label}", secret=FromText(PIN), modules=[fresh.module], pool=shared_pool
    ) as key:
        assert key.public_key == public
        (value,) = key.sign([key.scheme.imprint(b"m")])
        assert key.scheme.verify(public, key.scheme.imprint(b"m"), value)


def _key_id(key: object) -> str:
    """The SHA-1 of the subjectPublicKey bits, as a certificate's subject key identifier (RFC 5280 4.2.1.2)."""
    assert isinstance(key, (rsa.RSAPublicKey, ec.EllipticCurvePublicKey, ed25519.Ed25519PublicKey))
    if isinstance(key, rsa.RSAPublicKey):
        bits = key.public_bytes(Encoding.DER, PublicFormat.PKCS1)
    elif isinstance(key, ec.EllipticCurvePublicKey):
        bits = key.public_bytes(Encoding.X962, PublicFormat.UncompressedPoint)
    else:
        bits = key.public_bytes_raw()
    return hashlib.sha1(bits).hexdigest()  # noqa: S324 - the standard's name for a key, no protection


def test_a_label_is_used_for_one_key_only(own_hsm: SoftHsm, pool: Pool) -> None:
    with pytest.raises(UsageError, match="another label"):
        generate_key(LABEL, PIN, RSA, "p256", modules=[own_hsm.module], pool=pool)


def test_a_key_may_have_an_id_of_ones_own(own_hsm: SoftHsm, pool: Pool) -> None:
    generate_key(LABEL, PIN, "moi", "p256", id=b"\x77", modules=[own_hsm.module], pool=pool)
    open_key(f"{own_hsm.uri};id=%77", secret=FromText(PIN), modules=[own_hsm.module], pool=pool).close()


def test_a_wrong_pin_makes_no_key(own_hsm: SoftHsm, pool: Pool) -> None:
    with pytest.raises(PinRefused):
        generate_key(LABEL, WRONG_PIN, "moi", "p256", modules=[own_hsm.module], pool=pool)
    assert "moi" not in {k.label for k in list_keys([own_hsm.module], pool=pool).keys}


def test_an_imported_certificate_goes_with_its_key(own_hsm: SoftHsm, pool: Pool) -> None:
    public = generate_key(LABEL, PIN, "sở-tttt", "p256", modules=[own_hsm.module], pool=pool)
    assert isinstance(public, ec.EllipticCurvePublicKey)
    leaf = certificate(public, "Sở Thông tin và Truyền thông tỉnh Mẫu")
    uri = f"{own_hsm.uri};object=sở-tttt"
    for _ in range(2):  # the second time changes nothing
        import_certificate(uri, PIN, leaf, modules=[own_hsm.module], pool=pool)
    with open_signer(uri, secret=FromText(PIN), modules=[own_hsm.module], pool=pool) as signer:
        assert signer.chain.leaf == leaf
    shown = own_hsm.tool("--list-objects", "--type", "cert").decode()
    assert shown.count("label:      sở-tttt") == 1
    assert own_hsm.tool("--read-object", "--type", "cert", "--label", "sở-tttt") == leaf.der


def test_a_certificate_of_another_key_is_not_imported(own_hsm: SoftHsm, pool: Pool) -> None:
    other = certificate(own_hsm.public_key(EC), "other")
    with pytest.raises(CertificateUnsuitable, match=RSA):
        import_certificate(f"{own_hsm.uri};object={RSA}", PIN, other, modules=[own_hsm.module], pool=pool)
    with pytest.raises(KeyNotFound):
        import_certificate(f"{own_hsm.uri};object=none", PIN, other, modules=[own_hsm.module], pool=pool)


def test_a_kind_of_key_that_is_not_made_is_refused(own_hsm: SoftHsm, pool: Pool) -> None:
    kind: KeyKind = "rsa1024"  # type: ignore[assignment]  # what a caller without a type checker may pass
    with pytest.raises(UsageError, match="rsa2048"):
        generate_key(LABEL, PIN, "weak", kind, modules=[own_hsm.module], pool=pool)


def test_a_module_without_a_free_slot_says_so(own_hsm: SoftHsm, tmp_path: Path, pool: Pool) -> None:
    """A token folder that cannot be written is as far as SoftHSM can go: it always shows a free slot."""
    own_hsm.conf.write_text(
        f"directories.tokendir = {tmp_path / 'not-there'}\nobjectstore.backend = file\n", encoding="utf-8"
    )
    with pytest.raises(TokenUnavailable):
        init_token(own_hsm.module, "kyso-moi", SO_PIN, PIN, pool=pool)
