"""No run of kyso can lock a token: what C_Login sees is read from the log of OpenSC's pkcs11-spy."""

from __future__ import annotations

import os
import signal
import threading
from pathlib import Path

import pytest

from kyso_hsm.explain import error_of, unsafe_login
from kyso_hsm.opening import open_signer
from kyso_hsm.pin import FromText, SecretRequest
from kyso_hsm.pool import Pool
from kyso_hsm.wire import Refusal
from kyso_pki.errors import KysoError, PinLocked, PinRefused, TokenTimeout, TokenUnavailable

from .softhsm import COUNT_LOW, EC, FINAL_TRY, LABEL, LOCKED, PIN, RSA, WRONG_PIN, SoftHsm

GOOD, WRONG = FromText(PIN, given_now=True), FromText(WRONG_PIN, given_now=True)


def logins(log: Path) -> int:
    return log.read_text(errors="replace", encoding="utf-8").count(": C_Login\n") if log.exists() else 0


def test_a_wrong_pin_is_tried_once_and_never_again(own_hsm: SoftHsm, tmp_path: Path, pool: Pool) -> None:
    log = tmp_path / "calls"
    uri, modules = f"{own_hsm.uri};object={EC}", [own_hsm.spied(log)]
    with pytest.raises(PinRefused, match="One try was made") as e:
        open_signer(uri, secret=WRONG, modules=modules, pool=pool)
    assert WRONG_PIN not in repr(e.value) + str(e.value) + repr(e.value.details)
    assert "CKR_PIN_INCORRECT" in str(e.value) and "tries have been used up" in str(e.value)
    assert logins(log) == 1
    for _ in range(3):
        with pytest.raises(PinRefused, match="no second try"):
            open_signer(uri, secret=WRONG, modules=modules, pool=pool)
    assert logins(log) == 1
    with open_signer(uri, secret=GOOD, modules=modules, pool=pool) as signer:
        signer.sign([bytes(32)])
    assert logins(log) == 2


def test_a_refused_pin_is_refused_through_another_module_too(own_hsm: SoftHsm, tmp_path: Path, pool: Pool) -> None:
    log = tmp_path / "calls"
    uri = f"{own_hsm.uri};object={EC}"
    with pytest.raises(PinRefused, match="One try"):
        open_signer(uri, secret=WRONG, modules=[own_hsm.module], pool=pool)
    with pytest.raises(PinRefused, match="no second try"):
        open_signer(uri, secret=WRONG, modules=[own_hsm.spied(log)], pool=pool)
    assert logins(log) == 0


def test_many_threads_with_one_wrong_pin_make_one_try(own_hsm: SoftHsm, tmp_path: Path, pool: Pool) -> None:
    log = tmp_path / "calls"
    errors: list[BaseException] = []

    def attempt() -> None:
        try:
            open_signer(f"{own_hsm.uri};object={EC}", secret=WRONG, modules=[own_hsm.spied(log)], pool=pool)
        except PinRefused as e:
            errors.append(e)

    threads = [threading.Thread(target=attempt) for _ in range(6)]
    for t in threads:
        t.start()
    for t in threads:
        t.join()
    assert len(errors) == 6
    assert logins(log) == 1


def test_who_opens_an_open_token_must_know_its_pin(own_hsm: SoftHsm, tmp_path: Path, pool: Pool) -> None:
    log = tmp_path / "calls"
    modules = [own_hsm.spied(log)]
    with open_signer(f"{own_hsm.uri};object={EC}", secret=GOOD, modules=modules, pool=pool) as first:
        with pytest.raises(PinRefused, match="not asked"):
            open_signer(f"{own_hsm.uri};object={RSA}", secret=WRONG, modules=modules, pool=pool)
        with open_signer(f"{own_hsm.uri};object={RSA}", secret=GOOD, modules=modules, pool=pool) as second:
            second.sign([bytes(32)])
        first.sign([bytes(32)])  # the second one's end did not log the first out
        assert logins(log) == 1


def test_the_last_signer_logs_the_token_out(own_hsm: SoftHsm, tmp_path: Path, pool: Pool) -> None:
    log = tmp_path / "calls"
    uri, modules = f"{own_hsm.uri};object={EC}", [own_hsm.spied(log)]
    open_signer(uri, secret=GOOD, modules=modules, pool=pool).close()
    assert log.read_text(errors="replace", encoding="utf-8").count(": C_Logout\n") == 1
    open_signer(uri, secret=GOOD, modules=modules, pool=pool).close()
    assert logins(log) == 2


@pytest.mark.parametrize(("flags", "error"), [(FINAL_TRY, PinRefused), (LOCKED, PinLocked)])
def test_a_token_about_to_lock_is_not_logged_in_to(
    own_hsm: SoftHsm, tmp_path: Path, pool: Pool, flags: int, error: type[KysoError]
) -> None:
    """Even the right PIN is not sent, because nobody here can know that it is right."""
    log = tmp_path / "calls"
    own_hsm.set_flags(COUNT_LOW | flags)

    def never(request: SecretRequest) -> str:
        raise AssertionError("asked for a PIN")

    with pytest.raises(error, match=LABEL) as e:
        open_signer(f"{own_hsm.uri};object={EC}", secret=never, modules=[own_hsm.spied(log)], pool=pool)
    assert e.value.remedy
    assert logins(log) == 0


def test_the_flags_are_read_again_after_the_pin_was_typed(own_hsm: SoftHsm, tmp_path: Path, pool: Pool) -> None:
    log = tmp_path / "calls"

    def slow_typist(request: SecretRequest) -> str:
        own_hsm.set_flags(COUNT_LOW | FINAL_TRY)
        return PIN

    with pytest.raises(PinRefused, match="one try left"):
        open_signer(f"{own_hsm.uri};object={EC}", secret=slow_typist, modules=[own_hsm.spied(log)], pool=pool)
    assert logins(log) == 0


def test_a_pin_that_was_not_tried_may_be_tried_later(own_hsm: SoftHsm, pool: Pool) -> None:
    uri = f"{own_hsm.uri};object={EC}"
    own_hsm.set_flags(COUNT_LOW | FINAL_TRY)
    with pytest.raises(PinRefused):
        open_signer(uri, secret=GOOD, modules=[own_hsm.module], pool=pool)
    own_hsm.set_flags(0)
    open_signer(uri, secret=GOOD, modules=[own_hsm.module], pool=pool).close()


def test_a_person_is_told_of_earlier_wrong_pins(own_hsm: SoftHsm, pool: Pool) -> None:
    asked: list[SecretRequest] = []

    class Person:
        interactive = True

        def __call__(self, request: SecretRequest) -> str:
            asked.append(request)
            return PIN

    own_hsm.set_flags(COUNT_LOW)
    open_signer(f"{own_hsm.uri};object={EC}", secret=Person(), modules=[own_hsm.module], pool=pool).close()
    assert asked[0].count_low and "before" in asked[0].words


def test_after_somebodys_wrong_pin_no_program_logs_in_again_by_itself(
    own_hsm: SoftHsm, tmp_path: Path, pool: Pool
) -> None:
    log = tmp_path / "calls"
    with open_signer(f"{own_hsm.uri};object={EC}", secret=GOOD, modules=[own_hsm.spied(log)], pool=pool) as signer:
        signer.sign([bytes(32)])
        own_hsm.set_flags(COUNT_LOW)
        pool.close()  # the worker ends; the next signature would need a login
        with pytest.raises(PinRefused, match="by itself"):
            signer.sign([bytes(32)])
        assert logins(log) == 1


def test_a_login_without_an_answer_is_not_repeated(own_hsm: SoftHsm, impatient: Pool) -> None:
    """The worker is stopped between the look at the flags and the login: the fate of the PIN is unknown."""
    uri, modules = f"{own_hsm.uri};object={EC}", [own_hsm.module]
    host = impatient.host_of(uri, modules)

    def stopping(request: SecretRequest) -> str:
        assert host.pid
        os.kill(host.pid, signal.SIGSTOP)
        return PIN

    with pytest.raises(TokenTimeout):
        open_signer(uri, secret=stopping, modules=modules, pool=impatient)
    with pytest.raises(PinRefused, match="fate is unknown"):
        open_signer(uri, secret=GOOD, modules=modules, pool=impatient)


@pytest.mark.parametrize(
    ("number", "flags", "error", "words"),
    [
        (0xA0, 0, PinRefused, "does not say"),
        (0xA0, COUNT_LOW, PinRefused, "used up"),
        (0xA0, COUNT_LOW | FINAL_TRY, PinRefused, "ONE try"),
        (0xA0, LOCKED, PinLocked, "locked"),
        (0xA4, 0, PinLocked, "CKR_PIN_LOCKED"),
        (0x101, 0, PinRefused, "CKR_USER_NOT_LOGGED_IN"),  # how an OpenPGP card says "wrong PIN"
        (0x05, 0, PinRefused, "CKR_GENERAL_ERROR"),  # how a CAC says it
        (0xA3, 0, PinRefused, "expired"),
        (0x102, 0, TokenUnavailable, "no user PIN"),
        (0xE0, 0, TokenUnavailable, "CKR_TOKEN_NOT_PRESENT"),
        (0x80001234, 0, PinRefused, "vendor"),
    ],
)
def test_each_answer_of_c_login_has_its_error(number: int, flags: int, error: type[KysoError], words: str) -> None:
    found = error_of(Refusal("login", number, "C_Login", flags=flags), LABEL, "module.so")
    assert type(found) is error
    assert words in str(found) and LABEL in str(found)


def test_every_unsafe_login_names_token_and_remedy() -> None:
    for flags in (LOCKED, FINAL_TRY, COUNT_LOW):
        error = unsafe_login(flags, LABEL)
        assert LABEL in error.message and error.remedy
