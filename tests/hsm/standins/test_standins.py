"""Every real module that can be had here, through kyso_hsm's public doors; `cryptography` judges each value."""

from __future__ import annotations

from collections.abc import Mapping

import pytest

from kyso_hsm.module import KeyKind
from kyso_hsm.opening import generate_key, import_certificate, list_keys, open_key, open_signer
from kyso_hsm.pin import FromText, SecretSource
from kyso_hsm.pool import Pool
from kyso_hsm.provisioning import delete_key, look_at
from kyso_pki.errors import CertificateMissing, KysoError, MechanismMissing, PinRefused, UsageError

from ..softhsm import certificate
from .conftest import NAMES
from .making import Cards, Chip, Ock
from .standin import SCHEMES, StandIn, Typed, imprints, is_for, verified

CAN = {
    "softhsm": ("rsa-pkcs1", "rsa-pss", "ecdsa"),
    "nethsm": ("rsa-pkcs1", "rsa-pss", "ecdsa"),
    "cac": ("rsa-pkcs1", "rsa-pss"),
    "openpgp": ("rsa-pkcs1",),
    "tpm": ("rsa-pkcs1", "rsa-pss", "ecdsa"),
    "ock": ("rsa-pkcs1", "rsa-pss"),
    "softokn": ("rsa-pkcs1", "rsa-pss", "ecdsa"),
}
ALGORITHMS = {"rsa": "RSA-2048", "ec": "P-256", "ed": "Ed25519"}
CANNOT = {"nethsm": ("eddsa",), "openpgp": ("rsa-pss",)}


def pairs(table: Mapping[str, tuple[str, ...]]) -> list[tuple[str, str]]:
    return [(name, scheme) for name, schemes in table.items() for scheme in schemes]


def test_every_standin_is_in_the_table() -> None:
    assert set(CAN) == set(NAMES)


@pytest.mark.parametrize("standin", NAMES, indirect=True)
def test_keys_are_listed_without_a_pin(standin: StandIn, pool: Pool) -> None:
    listing = list_keys([standin.module], pool=pool)
    assert listing.problems == ()
    here = [key for key in listing.keys if key.token == standin.token]
    assert {k.algorithm for k in here} == {
        {"rsa": "RSA-2048", "ec": "P-256", "ed": "Ed25519"}[k] for k in standin.keys
    }
    for kind in standin.certificates:
        assert any(is_for(key.certificate, standin.keys[kind]) for key in here), kind
    for key in here:
        assert "serial=" in key.uri and "module-path=" in key.uri


@pytest.mark.parametrize(("standin", "scheme"), pairs(CAN), indirect=["standin"])
def test_values_verify(standin: StandIn, scheme: str, pool: Pool) -> None:
    public = standin.keys[SCHEMES[scheme]].public
    assert public is not None
    with standin.open(scheme, pool) as key:
        assert key.public_key == public
        verified(scheme, public, key.sign(imprints(5)))


@pytest.mark.parametrize(("standin", "scheme"), pairs(CANNOT), indirect=["standin"])
def test_what_a_module_lacks_is_said_by_name(standin: StandIn, scheme: str, pool: Pool) -> None:
    with standin.open(scheme, pool) as key, pytest.raises(MechanismMissing) as e:
        key.sign(imprints(1, key.scheme.hash_name))
    assert standin.token in str(e.value) and e.value.remedy
    assert scheme in str(e.value)


@pytest.mark.parametrize("name", ["tpm", "ock"])
def test_a_certificate_that_was_missing_can_be_stored(name: str, request: pytest.FixtureRequest, pool: Pool) -> None:
    one = request.getfixturevalue(name)
    assert isinstance(one, (Chip, Ock))
    token = one.token
    uri, secret, modules = token.uri("rsa"), Typed(token.pin), [token.module]
    with pytest.raises(CertificateMissing, match=token.token):
        open_signer(uri, secret=secret, modules=modules, pool=pool)
    made = certificate(token.keys["rsa"].public, "Nguyễn Văn Mẫu")  # type: ignore[arg-type]  # an RSA key
    import_certificate(uri, secret, made, modules=modules, pool=pool)
    with open_signer(uri, secret=secret, modules=modules, pool=pool) as signer:
        assert tuple(signer.chain) == (made,)
        verified("rsa-pkcs1", made.public_key, signer.sign(imprints(1)))


@pytest.mark.parametrize(
    ("standin", "kind"), [(n, k) for n in ("softhsm", "nethsm", "softokn") for k in ("rsa", "ec")] + [("cac", "rsa")],
    indirect=["standin"],
)  # fmt: skip
def test_the_certificate_of_a_key_is_found(standin: StandIn, kind: str, pool: Pool) -> None:
    with open_signer(standin.uri(kind), secret=Typed(standin.pin), modules=[standin.module], pool=pool) as signer:
        leaf = next(iter(signer.chain))
        assert is_for(leaf, standin.keys[kind])
        verified("ecdsa" if kind == "ec" else "rsa-pkcs1", leaf.public_key, signer.sign(imprints(2)))


def test_a_card_without_certificate_takes_one_from_a_file(cards: Cards, pool: Pool) -> None:
    token = cards.pgp_token
    made = certificate(token.keys["rsa"].public, "Nguyễn Văn Mẫu")  # type: ignore[arg-type]  # an RSA key
    with open_signer(
        token.uri("rsa"), secret=Typed(token.pin), modules=[token.module], chain=[made], pool=pool
    ) as signer:
        verified("rsa-pkcs1", made.public_key, signer.sign(imprints(1)))


# Wrong PINs: one try each, then the right one sets the token back -------------------------------------------


def refused(token: StandIn, pool: Pool, secret: SecretSource) -> KysoError:
    with pytest.raises(PinRefused) as e:
        token.open("rsa-pkcs1", pool, secret)
    pin = token.wrong_pin
    assert token.token in str(e.value) and e.value.remedy
    assert pin not in str(e.value) + repr(e.value) + repr(e.value.details)
    return e.value


def serves(token: StandIn, pool: Pool) -> None:
    public = token.keys["rsa"].public
    assert public is not None
    with token.open("rsa-pkcs1", pool) as key:
        verified("rsa-pkcs1", public, key.sign(imprints(1)))


@pytest.mark.parametrize(
    ("standin", "answer"),
    [
        ("softhsm", "CKR_PIN_INCORRECT"),
        ("nethsm", "CKR_PIN_INCORRECT"),
        ("cac", "CKR_GENERAL_ERROR"),
        ("softokn", "CKR_PIN_INCORRECT"),
    ],
    indirect=["standin"],
)
def test_a_wrong_pin_is_refused_and_the_right_one_serves(standin: StandIn, answer: str, pool: Pool) -> None:
    program = FromText(standin.wrong_pin)
    assert answer in str(refused(standin, pool, program))
    for _ in range(2):
        assert "One try was made" not in str(refused(standin, pool, program))
    serves(standin, pool)


def test_a_wrong_pin_costs_an_openpgp_card_one_try_however_often_it_is_typed(cards: Cards, pool: Pool) -> None:
    card, token = cards.pgp, cards.pgp_token
    assert card.tries_left == 3
    assert "CKR_USER_NOT_LOGGED_IN" in str(refused(token, pool, Typed(token.wrong_pin)))  # how this card says it
    assert card.tries_left == 2
    for _ in range(3):
        assert "no second try" in str(refused(token, pool, Typed(token.wrong_pin)))
    assert card.tries_left == 2
    serves(token, pool)
    assert card.tries_left == 3


def test_a_wrong_pin_costs_an_opencryptoki_token_one_try_and_the_answer_says_so(ock: Ock, pool: Pool) -> None:
    try:
        assert "used up" in str(refused(ock.token, pool, Typed(ock.token.wrong_pin)))
        assert "user PIN count low" in ock.system.flags
        assert "no second try" in str(refused(ock.token, pool, Typed(ock.token.wrong_pin)))
        assert "final user PIN try" not in ock.system.flags
        serves(ock.token, pool)
        assert "count low" not in ock.system.flags
    finally:
        ock.system.unlock()


def test_a_wrong_pin_costs_a_tpm_one_try(tpm: Chip, pool: Pool) -> None:
    try:
        assert "CKR_PIN_INCORRECT" in str(refused(tpm.token, pool, Typed(tpm.token.wrong_pin)))
        assert "no second try" in str(refused(tpm.token, pool, Typed(tpm.token.wrong_pin)))
        serves(tpm.token, pool)
    finally:
        tpm.chip.forgive()


@pytest.mark.parametrize(
    ("standin", "kind"),
    [
        *[(name, "rsa2048") for name in ("softhsm", "nethsm", "tpm", "ock", "softokn")],
        *[(name, "p256") for name in ("softhsm", "nethsm", "tpm", "softokn")],
    ],
    indirect=["standin"],
)
def test_a_key_made_on_the_token_signs(standin: StandIn, kind: KeyKind, pool: Pool) -> None:
    """Also where the library decides by itself what a key may do (tpm2-pkcs11)."""
    label, uri, modules = f"khóa mới {kind}", f"pkcs11:token={standin.token}", [standin.module]
    typed = Typed(standin.pin)
    public = generate_key(uri, typed, label, kind, modules=modules, pool=pool)
    with open_key(f"{uri};object={label}", secret=typed, modules=modules, pool=pool) as key:
        assert key.public_key == public
        verified("ecdsa" if kind == "p256" else "rsa-pkcs1", public, key.sign(imprints(2)))
    report = look_at(f"{uri};object={label}", secret=typed, modules=modules, pool=pool)
    (made,) = report.keys
    assert made.attributes is not None
    assert made.attributes.sensitive and made.attributes.extractable is False
    assert delete_key(f"{uri};object={label}", typed, lambda doomed: True, modules=modules, pool=pool)


def test_a_pin_longer_than_a_card_takes_is_an_error_that_names_the_card(cards: Cards, pool: Pool) -> None:
    with pytest.raises((PinRefused, UsageError), match="OpenPGP") as e:
        cards.pgp_token.open("rsa-pkcs1", pool, Typed("1" * 300))
    assert "1" * 300 not in str(e.value)
    assert cards.pgp.tries_left == 3
    serves(cards.pgp_token, pool)
