"""Turns a worker's refusal into an error that names the token and says what to do.

One place, one table: whoever adds a refusal or learns what a vendor's return value means adds a line here.
"""

from __future__ import annotations

from kyso_pki.errors import (
    AmbiguousKey,
    KeyAccessError,
    KeyNotFound,
    KysoError,
    MechanismMissing,
    PinLocked,
    PinRefused,
    TokenBusy,
    TokenUnavailable,
    UsageError,
)

from . import ckr
from .module import USER_PIN_COUNT_LOW, USER_PIN_FINAL_TRY, USER_PIN_LOCKED
from .wire import Refusal

LIST_KEYS = "Run `kyso keys list` to see every key within reach."
UNLOCK = "Only the office that issued the token can unlock it; ask for an unlocking, as no program can do it."
RESET_COUNTER = "Log in once with the token's own program to set the counter back, after making sure of the PIN."
CHECK_TOKEN = "Check that the token is plugged in (or the HSM reachable) and try again."  # noqa: S105 - a sentence
_NEW_PIN = frozenset(map(ckr.number, ("PIN_LEN_RANGE", "PIN_INVALID", "PIN_TOO_WEAK")))


def error_of(refusal: Refusal, token: str, module: str) -> KysoError:
    """The error for a refusal that came from `token` (its label) through `module` (its path)."""
    if refusal.reason == "login":
        return _login(refusal, token)
    if refusal.reason == "unsafe-login":
        return unsafe_login(refusal.flags, token)
    if refusal.reason == "ckr":
        return _ckr(refusal, token, module)
    if refusal.reason == "load":
        return TokenUnavailable(
            f"The PKCS#11 module {module} cannot be loaded: {refusal.text}.",
            remedy="Install it, correct its path in the configuration, or take the line out.",
            module=module,
        )
    if refusal.reason == "no-token":
        return TokenUnavailable(
            f"Token {token!r} is not there any more (module {module}).", remedy=CHECK_TOKEN, token=token
        )
    if refusal.reason == "no-slot":
        return TokenUnavailable(f"The module {module} has no free slot for a new token.", module=module)
    if refusal.reason == "no-key":
        return KeyNotFound(f"The key is not on token {token!r} any more.", remedy=LIST_KEYS, token=token)
    if refusal.reason == "many-keys":
        return AmbiguousKey(
            f"Token {token!r} has two private keys with the same label and id.",
            remedy="Delete one of them or give it another id.",
            token=token,
        )
    if refusal.reason == "not-logged-in":
        return TokenUnavailable(f"Token {token!r} is not logged in.", remedy="Open it again.", token=token)
    if refusal.reason == "taken":
        return UsageError(f"The label is in use already on {token!r}.", remedy="Choose another label.")
    return TokenUnavailable(
        f"The worker of token {token!r} ({module}) cannot go on: {refusal.text or refusal.reason}."
    )


def unsafe_login(flags: int, token: str) -> KysoError:
    """Why no login is tried with these flags."""
    if flags & USER_PIN_LOCKED:
        return PinLocked(f"The PIN of token {token!r} is locked.", remedy=UNLOCK, token=token)
    if flags & USER_PIN_FINAL_TRY:
        return PinRefused(
            f"Token {token!r} has one try left before it locks; kyso does not use it up. The PIN was not tried.",
            remedy=RESET_COUNTER,
            token=token,
            tries_left=1,
        )
    return PinRefused(
        f"A wrong PIN was entered on token {token!r} since the last right one; kyso does not log in by itself now. "
        "The PIN was not tried.",
        remedy="Make sure of the PIN and type it at a prompt once; the token then sets its count back.",
        token=token,
    )


def _login(refusal: Refusal, token: str) -> KysoError:
    name, number = ckr.name_of(refusal.number), refusal.number
    if refusal.flags & USER_PIN_LOCKED or number == ckr.number("PIN_LOCKED"):
        return PinLocked(f"Token {token!r} refused the PIN and is locked now ({name}).", remedy=UNLOCK, token=token)
    if number == ckr.number("USER_PIN_NOT_INITIALIZED"):
        return TokenUnavailable(
            f"Token {token!r} has no user PIN yet ({name}).", remedy="Set it with the token's program.", token=token
        )
    if number in ckr.LOGIN_NOT_TRIED or number == ckr.number("DEVICE_REMOVED"):
        return TokenUnavailable(
            f"Token {token!r} could not be logged in to: {name}.", remedy=CHECK_TOKEN, token=token
        )
    if number == ckr.number("PIN_EXPIRED"):
        return PinRefused(
            f"The PIN of token {token!r} has expired.", remedy="Change it with the token's program.", token=token
        )
    left = "how many tries are left, the token does not say"
    tries: int | None = None
    if refusal.flags & USER_PIN_FINAL_TRY:
        left, tries = "ONE try is left before the token locks", 1
    elif refusal.flags & USER_PIN_COUNT_LOW:
        left = "tries have been used up; many tokens lock after three"
    return PinRefused(
        f"Token {token!r} refused the PIN ({name}); {left}. One try was made, and this PIN is not tried again.",
        remedy="Make sure of the PIN before the next try.",
        token=token,
        tries_left=tries,
    )


def _ckr(refusal: Refusal, token: str, module: str) -> KysoError:
    name, number = ckr.name_of(refusal.number), refusal.number
    where = f"token {token!r} (module {module})" if token else f"PKCS#11 module {module}"
    if number in ckr.MECHANISM:
        return MechanismMissing(
            f"The {where} cannot do {refusal.text or 'this algorithm'}: {refusal.function} answered {name}.",
            remedy="Choose another signature algorithm or another kind of key.",
            token=token,
        )
    if number in _NEW_PIN and refusal.function in ("C_SetPIN", "C_InitPIN", "C_InitToken"):
        allowed = f"; it takes {refusal.text}" if refusal.text else ""
        return UsageError(
            f"The {where} does not take the new PIN: {refusal.function} answered {name}{allowed}.",
            remedy="Choose another new PIN.",
            token=token,
        )
    if number == ckr.number("KEY_FUNCTION_NOT_PERMITTED"):
        return KeyAccessError(f"This key on {where} is not allowed to sign (CKA_SIGN is false).", remedy=LIST_KEYS)
    if number == ckr.number("SESSION_COUNT"):
        return TokenBusy(f"The {where} has no free session: {name}.", remedy="Close other programs that use it.")
    if number in ckr.RESTART | ckr.REOPEN:
        return TokenUnavailable(
            f"The {where} does not work at the moment: {refusal.function} answered {name}.",
            remedy=CHECK_TOKEN,
            token=token,
            ckr=number,
        )
    return KeyAccessError(
        f"The {where} refused: {refusal.function} answered {name}.",
        remedy="Look into the log of the token's program or HSM; it may be full, or not allow this.",
        token=token,
        ckr=number,
    )
