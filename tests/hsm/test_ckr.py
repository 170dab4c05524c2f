"""Return values: every exception of python-pkcs11 gets back the number that it stands for."""

from __future__ import annotations

import pkcs11.exceptions
import pytest

from kyso_hsm import ckr
from kyso_hsm.attributes import number_of
from kyso_hsm.explain import error_of
from kyso_hsm.values import digest_info, ecdsa_der
from kyso_hsm.wire import Refusal
from kyso_pki.errors import KeyAccessError, KysoError, MechanismMissing, TokenBusy, TokenUnavailable

# Made by python-pkcs11 itself, not by a return value.
NOT_RETURN_VALUES = {"MultipleObjectsReturned", "MultipleTokensReturned", "NoSuchKey", "NoSuchToken", "PKCS11Error"}
CLASSES = [
    c
    for c in vars(pkcs11.exceptions).values()
    if isinstance(c, type) and issubclass(c, pkcs11.PKCS11Error) and c.__name__ not in NOT_RETURN_VALUES
]


@pytest.mark.parametrize("exception", CLASSES)
def test_each_exception_class_has_its_own_number(exception: type[pkcs11.PKCS11Error]) -> None:
    number = number_of(exception())
    assert number in ckr.NAMES
    assert (number == 0x5) == (exception.__name__ == "GeneralError")
    assert sum(number_of(other()) == number for other in CLASSES) == 1


@pytest.mark.parametrize(
    ("error", "number"),
    [
        (pkcs11.PinIncorrect(), 0xA0),
        (pkcs11.AnotherUserAlreadyLoggedIn(), 0x104),
        (pkcs11.TokenNotRecognised(), 0xE1),
        (pkcs11.PKCS11Error("Unmapped error code 0x68"), 0x68),
        (pkcs11.PKCS11Error("Unmapped error code 0x80000001"), 0x80000001),
        (pkcs11.PKCS11Error("Initialisation error (not initialized). Should never see this."), 0x190),
    ],
)
def test_numbers_are_those_of_the_standard(error: pkcs11.PKCS11Error, number: int) -> None:
    assert number_of(error) == number


@pytest.mark.parametrize(
    ("number", "recovery", "error"),
    [
        (0xB3, "reopen", TokenUnavailable),
        (0x82, "reopen", TokenUnavailable),
        (0x101, "reopen", TokenUnavailable),
        (0x30, "restart", TokenUnavailable),
        (0xE0, "restart", TokenUnavailable),
        (0x05, "restart", TokenUnavailable),
        (0x70, "none", MechanismMissing),
        (0x21, "none", KeyAccessError),
        (0xA0, "none", KeyAccessError),
        (0x68, "none", KeyAccessError),
        (0xB1, "none", TokenBusy),
        (0x80001234, "none", KeyAccessError),
    ],
)
def test_each_class_of_error_has_its_recovery(number: int, recovery: str, error: type[KysoError]) -> None:
    assert ckr.recovery_of(number) == recovery
    found = error_of(Refusal("ckr", number, "C_Sign"), "kyso-mau", "module.so")
    assert type(found) is error
    assert "kyso-mau" in str(found)


def test_a_digest_info_is_the_one_of_pkcs1() -> None:
    """RFC 8017 9.2, note 1."""
    prefix = bytes.fromhex("3031300d060960864801650304020105000420")
    assert digest_info("sha256", bytes(32)) == prefix + bytes(32)


def test_halves_become_a_der_sequence_of_positive_integers() -> None:
    assert ecdsa_der(bytes.fromhex("00ff0001")).hex() == "3007020200ff020101"
