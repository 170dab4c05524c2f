"""Return values of PKCS#11 (2.40 and 3.0): their numbers, names, and what may be done after each.

`recovery_of` is the rule of recovery: re-open the session, restart the worker, or nothing. What comes from
C_Login never has a recovery; that is decided where C_Login is called, not here.
"""

from __future__ import annotations

from typing import Literal

Recovery = Literal["none", "reopen", "restart"]

NAMES: dict[int, str] = {
    0x001: "CANCEL",
    0x002: "HOST_MEMORY",
    0x003: "SLOT_ID_INVALID",
    0x005: "GENERAL_ERROR",
    0x006: "FUNCTION_FAILED",
    0x007: "ARGUMENTS_BAD",
    0x008: "NO_EVENT",
    0x009: "NEED_TO_CREATE_THREADS",
    0x00A: "CANT_LOCK",
    0x010: "ATTRIBUTE_READ_ONLY",
    0x011: "ATTRIBUTE_SENSITIVE",
    0x012: "ATTRIBUTE_TYPE_INVALID",
    0x013: "ATTRIBUTE_VALUE_INVALID",
    0x01B: "ACTION_PROHIBITED",
    0x020: "DATA_INVALID",
    0x021: "DATA_LEN_RANGE",
    0x030: "DEVICE_ERROR",
    0x031: "DEVICE_MEMORY",
    0x032: "DEVICE_REMOVED",
    0x033: "DEVICE_UNATTACHED",
    0x040: "ENCRYPTED_DATA_INVALID",
    0x041: "ENCRYPTED_DATA_LEN_RANGE",
    0x050: "FUNCTION_CANCELED",
    0x051: "FUNCTION_NOT_PARALLEL",
    0x054: "FUNCTION_NOT_SUPPORTED",
    0x060: "KEY_HANDLE_INVALID",
    0x062: "KEY_SIZE_RANGE",
    0x063: "KEY_TYPE_INCONSISTENT",
    0x064: "KEY_NOT_NEEDED",
    0x065: "KEY_CHANGED",
    0x066: "KEY_NEEDED",
    0x067: "KEY_INDIGESTIBLE",
    0x068: "KEY_FUNCTION_NOT_PERMITTED",
    0x069: "KEY_NOT_WRAPPABLE",
    0x06A: "KEY_UNEXTRACTABLE",
    0x070: "MECHANISM_INVALID",
    0x071: "MECHANISM_PARAM_INVALID",
    0x082: "OBJECT_HANDLE_INVALID",
    0x090: "OPERATION_ACTIVE",
    0x091: "OPERATION_NOT_INITIALIZED",
    0x0A0: "PIN_INCORRECT",
    0x0A1: "PIN_INVALID",
    0x0A2: "PIN_LEN_RANGE",
    0x0A3: "PIN_EXPIRED",
    0x0A4: "PIN_LOCKED",
    0x0B0: "SESSION_CLOSED",
    0x0B1: "SESSION_COUNT",
    0x0B3: "SESSION_HANDLE_INVALID",
    0x0B4: "SESSION_PARALLEL_NOT_SUPPORTED",
    0x0B5: "SESSION_READ_ONLY",
    0x0B6: "SESSION_EXISTS",
    0x0B7: "SESSION_READ_ONLY_EXISTS",
    0x0B8: "SESSION_READ_WRITE_SO_EXISTS",
    0x0C0: "SIGNATURE_INVALID",
    0x0C1: "SIGNATURE_LEN_RANGE",
    0x0D0: "TEMPLATE_INCOMPLETE",
    0x0D1: "TEMPLATE_INCONSISTENT",
    0x0E0: "TOKEN_NOT_PRESENT",
    0x0E1: "TOKEN_NOT_RECOGNIZED",
    0x0E2: "TOKEN_WRITE_PROTECTED",
    0x0F0: "UNWRAPPING_KEY_HANDLE_INVALID",
    0x0F1: "UNWRAPPING_KEY_SIZE_RANGE",
    0x0F2: "UNWRAPPING_KEY_TYPE_INCONSISTENT",
    0x100: "USER_ALREADY_LOGGED_IN",
    0x101: "USER_NOT_LOGGED_IN",
    0x102: "USER_PIN_NOT_INITIALIZED",
    0x103: "USER_TYPE_INVALID",
    0x104: "USER_ANOTHER_ALREADY_LOGGED_IN",
    0x105: "USER_TOO_MANY_TYPES",
    0x110: "WRAPPED_KEY_INVALID",
    0x112: "WRAPPED_KEY_LEN_RANGE",
    0x113: "WRAPPING_KEY_HANDLE_INVALID",
    0x114: "WRAPPING_KEY_SIZE_RANGE",
    0x115: "WRAPPING_KEY_TYPE_INCONSISTENT",
    0x120: "RANDOM_SEED_NOT_SUPPORTED",
    0x121: "RANDOM_NO_RNG",
    0x130: "DOMAIN_PARAMS_INVALID",
    0x140: "CURVE_NOT_SUPPORTED",
    0x150: "BUFFER_TOO_SMALL",
    0x160: "SAVED_STATE_INVALID",
    0x170: "INFORMATION_SENSITIVE",
    0x180: "STATE_UNSAVEABLE",
    0x190: "CRYPTOKI_NOT_INITIALIZED",
    0x191: "CRYPTOKI_ALREADY_INITIALIZED",
    0x1A0: "MUTEX_BAD",
    0x1A1: "MUTEX_NOT_LOCKED",
    0x1B0: "NEW_PIN_MODE",
    0x1B1: "NEXT_OTP",
    0x1B5: "EXCEEDED_MAX_ITERATIONS",
    0x1B6: "FIPS_SELF_TEST_FAILED",
    0x1B7: "LIBRARY_LOAD_FAILED",
    0x1B8: "PIN_TOO_WEAK",
    0x1B9: "PUBLIC_KEY_INVALID",
    0x200: "FUNCTION_REJECTED",
}
NUMBERS: dict[str, int] = {name: number for number, name in NAMES.items()}


def number(name: str) -> int:
    """The number of a return value by its name without CKR_."""
    return NUMBERS[name]


def name_of(value: int) -> str:
    """`CKR_PIN_INCORRECT (0xa0)`, also for values that no standard names."""
    known = NAMES.get(value)
    if known:
        return f"CKR_{known} (0x{value:x})"
    return (
        f"a vendor's return value (0x{value:x})" if value & 0x80000000 else f"an unknown return value (0x{value:x})"
    )


def _numbers(*names: str) -> frozenset[int]:
    return frozenset(NUMBERS[n] for n in names)


# Session and handles are gone, the library and the device are well: one new session, one more try.
REOPEN = _numbers(
    "SESSION_HANDLE_INVALID",
    "SESSION_CLOSED",
    "USER_NOT_LOGGED_IN",
    "OBJECT_HANDLE_INVALID",
    "KEY_HANDLE_INVALID",
    "OPERATION_ACTIVE",
)
# The library has lost its device: only a new initialisation helps, and that means a new process.
RESTART = _numbers(
    "CRYPTOKI_NOT_INITIALIZED",
    "DEVICE_ERROR",
    "TOKEN_NOT_PRESENT",
    "DEVICE_REMOVED",
    "GENERAL_ERROR",
    "SLOT_ID_INVALID",
)
MECHANISM = _numbers("MECHANISM_INVALID", "MECHANISM_PARAM_INVALID", "KEY_TYPE_INCONSISTENT", "KEY_SIZE_RANGE")
MECHANISM |= _numbers("CURVE_NOT_SUPPORTED", "DOMAIN_PARAMS_INVALID")

# Answers of C_Login after which the PIN was certainly not compared, so that no try can be gone.
LOGIN_NOT_TRIED = _numbers(
    "SESSION_HANDLE_INVALID",
    "SESSION_CLOSED",
    "CRYPTOKI_NOT_INITIALIZED",
    "TOKEN_NOT_PRESENT",
    "SLOT_ID_INVALID",
    "USER_ALREADY_LOGGED_IN",
    "USER_ANOTHER_ALREADY_LOGGED_IN",
    "USER_TYPE_INVALID",
    "USER_PIN_NOT_INITIALIZED",
)


# Answers of C_Login that some tokens give for a wrong PIN (CAC) and others for a device that has gone (SoftHSM).
LOGIN_UNSURE = _numbers("GENERAL_ERROR", "FUNCTION_FAILED", "DEVICE_ERROR", "DEVICE_REMOVED", "HOST_MEMORY")


def recovery_of(value: int) -> Recovery:
    """What may be tried once after this answer (never when C_Login gave it)."""
    if value in REOPEN:
        return "reopen"
    return "restart" if value in RESTART else "none"
