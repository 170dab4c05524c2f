"""openCryptoki counts and locks as the standard says: COUNT_LOW, FINAL_TRY, LOCKED. It is never kyso that locks."""

from __future__ import annotations

from functools import partial

from kyso_hsm.pin import FromText
from kyso_hsm.pool import Pool
from kyso_pki.errors import PinLocked, PinRefused

from ..standins.making import Ock
from ..standins.standin import Typed
from .deadlines import breaks, signs

COUNT_LOW, FINAL_TRY, LOCKED = "user PIN count low", "final user PIN try", "user PIN locked"


def test_kyso_never_takes_the_last_try_and_names_each_state(ock: Ock, pool: Pool) -> None:
    token, system = ock.token, ock.system
    system.wrong_login()
    assert COUNT_LOW in system.flags
    # After somebody's wrong PIN no program logs in by itself, not even with the right one; a person may.
    breaks(lambda: token.open("rsa-pkcs1", pool, FromText(token.pin)), token.token, PinRefused)
    assert COUNT_LOW in system.flags and FINAL_TRY not in system.flags
    system.wrong_login()
    assert FINAL_TRY in system.flags
    for pin in (token.wrong_pin, token.pin):
        error = breaks(partial(token.open, "rsa-pkcs1", pool, Typed(pin)), token.token, PinRefused)
        assert error.details["tries_left"] == 1
    assert FINAL_TRY in system.flags and LOCKED not in system.flags
    system.wrong_login()
    assert LOCKED in system.flags
    for pin in (token.wrong_pin, token.pin):
        breaks(partial(token.open, "rsa-pkcs1", pool, Typed(pin)), token.token, PinLocked)
    system.unlock()
    with token.open("rsa-pkcs1", pool) as key:
        signs(key, token)


def test_a_wrong_pin_from_a_service_leaves_the_token_open_for_its_owner(ock: Ock, pool: Pool) -> None:
    token, system = ock.token, ock.system
    for number in range(6):
        breaks(partial(token.open, "rsa-pkcs1", pool, FromText(f"90{number:02d}")), token.token, PinRefused)
    assert LOCKED not in system.flags and FINAL_TRY not in system.flags
    with token.open("rsa-pkcs1", pool) as key:
        signs(key, token)
    assert COUNT_LOW not in system.flags
