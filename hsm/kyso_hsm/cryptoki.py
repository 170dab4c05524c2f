"""The few PKCS#11 calls that python-pkcs11 0.10.1 lacks or makes unsafely, called through ctypes.

Runs inside a worker only. Why it exists: python-pkcs11 calls C_Initialize(NULL) ("one thread only", which
some libraries refuse); its `Token.open(user_pin=…)` leaks the session after a wrong PIN, and closing the
session it gives logs out every other; it has no C_InitToken. Here each call is one C call, and its return
value comes back as a number.
"""

from __future__ import annotations

import ctypes
import os
from collections.abc import Callable

from . import ckr

CKU_SO, CKU_USER, CKU_CONTEXT_SPECIFIC = 0, 1, 2
CKF_OS_LOCKING_OK = 2
# CK_SESSION_INFO.state, PKCS#11 2.40 section 3.3
CKS_LOGGED_IN = (1, 3, 4)  # RO user, RW user, RW security officer

# Places in CK_FUNCTION_LIST, in the order of pkcs11f.h (the same in every 2.x and 3.x).
_PLACES = {
    "C_Initialize": 0,
    "C_Finalize": 1,
    "C_GetTokenInfo": 6,
    "C_InitToken": 9,
    "C_InitPIN": 10,
    "C_SetPIN": 11,
    "C_CloseAllSessions": 14,
    "C_GetSessionInfo": 15,
    "C_Login": 18,
    "C_Logout": 19,
    "C_SignInit": 42,
    "C_Sign": 43,
}
LARGEST_VALUE = 8192  # octets; RSA-16384 needs 2048
# On Windows the PKCS#11 headers pack structures to one octet; elsewhere natural alignment holds.
_PACK = {"_pack_": 1} if os.name == "nt" else {}


def _structure(name: str, members: list[tuple[str, type]]) -> type[ctypes.Structure]:
    return type(name, (ctypes.Structure,), {**_PACK, "_fields_": members})


_FunctionList = _structure("CK_FUNCTION_LIST", [("version", ctypes.c_ubyte * 2), ("functions", ctypes.c_void_p * 68)])
_InitializeArgs = _structure(
    "CK_C_INITIALIZE_ARGS",
    [
        *((n, ctypes.c_void_p) for n in ("CreateMutex", "DestroyMutex", "LockMutex", "UnlockMutex")),
        ("flags", ctypes.c_ulong),
        ("pReserved", ctypes.c_void_p),
    ],
)
_SessionInfo = _structure(
    "CK_SESSION_INFO", [(n, ctypes.c_ulong) for n in ("slotID", "state", "flags", "ulDeviceError")]
)
_Mechanism = _structure(
    "CK_MECHANISM",
    [("mechanism", ctypes.c_ulong), ("pParameter", ctypes.c_void_p), ("ulParameterLen", ctypes.c_ulong)],
)
_PssParameters = _structure("CK_RSA_PKCS_PSS_PARAMS", [(n, ctypes.c_ulong) for n in ("hashAlg", "mgf", "sLen")])


class CkrError(Exception):
    """A call answered something other than CKR_OK."""

    def __init__(self, function: str, number: int) -> None:
        super().__init__(f"{function}: {ckr.name_of(number)}")
        self.function = function
        self.number = number


class Cryptoki:
    """One library's function list. Raises `OSError` when it cannot be loaded, `AttributeError` when it is none."""

    def __init__(self, path: str) -> None:
        self._library = ctypes.CDLL(path)
        get_list = self._library.C_GetFunctionList
        get_list.restype = ctypes.c_ulong
        pointer = ctypes.POINTER(_FunctionList)()
        value = get_list(ctypes.byref(pointer))
        if value or not pointer:
            raise CkrError("C_GetFunctionList", value or ckr.number("GENERAL_ERROR"))
        self._list = pointer.contents
        self.initialized = False

    def use_list_of(self, library: object, base: type) -> None:
        """Calls through the function list that python-pkcs11's `library` object holds.

        p11-kit's client gives a new list, with a connection of its own, at each C_GetFunctionList; calls through
        two lists would be calls of two strangers. `base` is the object's class that begins with the three
        pointers to lists (python-pkcs11 0.10.1, which is pinned); in any other layout nothing is changed.
        """
        if base.__basicsize__ != object.__basicsize__ + 3 * ctypes.sizeof(ctypes.c_void_p):
            return
        address = ctypes.c_void_p.from_address(id(library) + object.__basicsize__).value
        if address and address != ctypes.addressof(self._list):
            self._list = _FunctionList.from_address(address)

    def _function(self, name: str, *arguments: type) -> Callable[..., int]:
        address = self._list.functions[_PLACES[name]]
        if not address:
            raise CkrError(name, ckr.number("FUNCTION_NOT_SUPPORTED"))
        return ctypes.CFUNCTYPE(ctypes.c_ulong, *arguments)(address)

    def _check(self, name: str, value: int) -> None:
        if value:
            raise CkrError(name, value)

    def initialize(self) -> None:
        """C_Initialize, asking for the system's locks; without, where the library cannot lock."""
        call = self._function("C_Initialize", ctypes.c_void_p)
        arguments = _InitializeArgs(flags=CKF_OS_LOCKING_OK)
        value = call(ctypes.addressof(arguments))
        if value in (ckr.number("CANT_LOCK"), ckr.number("ARGUMENTS_BAD")):
            value = call(None)  # safe all the same: one thread of this process calls the library
        if value != ckr.number("CRYPTOKI_ALREADY_INITIALIZED"):
            self._check("C_Initialize", value)
        self.initialized = True

    def finalize(self) -> None:
        if self.initialized:
            self.initialized = False
            self._check("C_Finalize", self._function("C_Finalize", ctypes.c_void_p)(None))

    def logged_in(self, session: int) -> bool:
        """Whether somebody is logged in on this session (C_GetSessionInfo)."""
        info = _SessionInfo()
        call = self._function("C_GetSessionInfo", ctypes.c_ulong, ctypes.c_void_p)
        self._check("C_GetSessionInfo", call(session, ctypes.addressof(info)))
        return info.state in CKS_LOGGED_IN

    def login(self, session: int, user: int, pin: bytearray | None) -> None:
        """One C_Login; `pin` None means the token's pad."""
        call = self._function("C_Login", ctypes.c_ulong, ctypes.c_ulong, ctypes.c_void_p, ctypes.c_ulong)
        if pin is None:
            value = call(session, user, None, 0)
        else:
            octets = (ctypes.c_ubyte * len(pin)).from_buffer(pin)
            value = call(session, user, ctypes.addressof(octets), len(pin))
        self._check("C_Login", value)

    def logout(self, session: int) -> None:
        self._check("C_Logout", self._function("C_Logout", ctypes.c_ulong)(session))

    def close_all_sessions(self, slot: int) -> None:
        self._check("C_CloseAllSessions", self._function("C_CloseAllSessions", ctypes.c_ulong)(slot))

    def init_token(self, slot: int, so_pin: bytearray, label: bytes) -> None:
        """C_InitToken; `label` must be 32 octets, padded with spaces."""
        call = self._function("C_InitToken", ctypes.c_ulong, ctypes.c_void_p, ctypes.c_ulong, ctypes.c_char_p)
        octets = (ctypes.c_ubyte * len(so_pin)).from_buffer(so_pin)
        self._check("C_InitToken", call(slot, ctypes.addressof(octets), len(so_pin), label))

    def init_pin(self, session: int, pin: bytearray) -> None:
        call = self._function("C_InitPIN", ctypes.c_ulong, ctypes.c_void_p, ctypes.c_ulong)
        octets = (ctypes.c_ubyte * len(pin)).from_buffer(pin)
        self._check("C_InitPIN", call(session, ctypes.addressof(octets), len(pin)))

    def signing(
        self,
        session: int,
        key: int,
        mechanism: int,
        pss: tuple[int, int, int] | None = None,
        login: Callable[[], None] | None = None,
    ) -> Callable[[bytes], bytes]:
        """C_SignInit and C_Sign with this key, ready to be made many times; `login` is called between the two.

        The value goes into a buffer that is large enough for any, so that the library is not asked for the size
        first: that is a whole round trip with a network HSM.
        """
        start = self._function("C_SignInit", ctypes.c_ulong, ctypes.c_void_p, ctypes.c_ulong)
        pointer, number = ctypes.c_void_p, ctypes.c_ulong
        finish = self._function("C_Sign", number, ctypes.c_char_p, number, pointer, pointer)
        parameters = _PssParameters(*pss) if pss else None
        described = _Mechanism(
            mechanism,
            ctypes.addressof(parameters) if parameters else None,
            ctypes.sizeof(parameters) if parameters else 0,
        )
        buffer, length = (ctypes.c_ubyte * LARGEST_VALUE)(), ctypes.c_ulong()
        kept = (parameters, described, buffer, length)  # alive as long as `sign`, which uses their addresses
        what, value_at, length_at = ctypes.addressof(described), ctypes.addressof(buffer), ctypes.addressof(length)

        def sign(data: bytes, _kept: object = kept) -> bytes:
            if answer := start(session, what, key):
                raise CkrError("C_SignInit", answer)
            if login is not None:
                login()
            length.value = LARGEST_VALUE
            if answer := finish(session, data, len(data), value_at, length_at):
                raise CkrError("C_Sign", answer)
            return ctypes.string_at(value_at, min(length.value, LARGEST_VALUE))

        return sign


def wipe(secret: bytearray) -> None:
    """Overwrites the octets in place."""
    secret[:] = bytes(len(secret))
