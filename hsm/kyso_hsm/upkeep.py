"""What a worker does for `kyso keys` besides signing: details of token and keys, a new PIN, destroying objects.

Runs inside a worker only, loaded when first asked for. `answer` takes the requests; `check_new_pins` refuses a
new PIN whose length the token does not take, before anything is changed. The old PIN is not sent here again: it
is the one of the login, so that no second guess can reach the token.
"""

from __future__ import annotations

import ctypes
from typing import TYPE_CHECKING, Any

import pkcs11
from pkcs11 import Attribute, ObjectClass

from . import ckr, wire
from .attributes import id_of, label_of, mapper, number_of, value_of
from .cryptoki import CkrError, Cryptoki, _structure, wipe
from .pkcs11 import Refused

if TYPE_CHECKING:
    from .pkcs11 import ModuleHost

_SHOWN = {
    "sensitive": Attribute.SENSITIVE,
    "extractable": Attribute.EXTRACTABLE,
    "always_sensitive": Attribute.ALWAYS_SENSITIVE,
    "never_extractable": Attribute.NEVER_EXTRACTABLE,
    "local": Attribute.LOCAL,
    "always_authenticate": Attribute.ALWAYS_AUTHENTICATE,
    "sign": Attribute.SIGN,
}
_OTHER_USES = {  # CKA_SIGN_RECOVER is signing too, and true by default on some tokens
    "decrypt": Attribute.DECRYPT,
    "unwrap": Attribute.UNWRAP,
    "derive": Attribute.DERIVE,
}
_ENDLESS = 1024  # an upper bound above this says nothing (some libraries say 2^64 - 1)
# Answers of C_SetPIN about the new PIN; whatever else it says about a PIN is about the old one.
_ABOUT_THE_NEW = frozenset(map(ckr.number, ("PIN_LEN_RANGE", "PIN_INVALID", "PIN_TOO_WEAK")))
_ABOUT_THE_OLD = frozenset(map(ckr.number, ("PIN_INCORRECT", "PIN_LOCKED", "PIN_EXPIRED")))
_TEXTS = {"label": 32, "manufacturerID": 32, "model": 16, "serialNumber": 16}
_NUMBERS = ("flags", "maxSessions", "sessions", "maxRwSessions", "rwSessions", "maxPin", "minPin")
_MEMORY = ("totalPublic", "freePublic", "totalPrivate", "freePrivate")
_ENDS = {"hardwareVersion": 2, "firmwareVersion": 2, "utcTime": 16}
_TokenInfo = _structure(  # CK_TOKEN_INFO, PKCS#11 2.40 section 3.2
    "CK_TOKEN_INFO",
    [
        *((name, ctypes.c_ubyte * size) for name, size in _TEXTS.items()),
        *((name, ctypes.c_ulong) for name in (*_NUMBERS, *_MEMORY)),
        *((name, ctypes.c_ubyte * size) for name, size in _ENDS.items()),
    ],
)


def answer(host: ModuleHost, request: wire.ReadDetails | wire.ChangePin | wire.Delete) -> wire.Reply:
    """The reply of a host whose session is open. Raises what `ModuleHost.answer` turns into a `Refusal`."""
    if isinstance(request, wire.ReadDetails):
        return _details(host)
    return _change_pin(host, request) if isinstance(request, wire.ChangePin) else _delete(host, request)


def check_new_pins(calls: Cryptoki, slot: int, *pins: bytearray) -> None:
    """Raises `Refused` when the token in this slot takes no PIN as short or as long as one of these."""
    shortest, longest = _pin_lengths(calls, slot)
    for pin in pins:
        if len(pin) < shortest or (longest and len(pin) > longest):
            allowed = f"{shortest} to {longest} octets" if longest else f"at least {shortest} octets"
            raise Refused(wire.Refusal("ckr", ckr.number("PIN_LEN_RANGE"), "C_SetPIN", allowed))


def _pin_lengths(calls: Cryptoki, slot: int) -> tuple[int, int]:
    """Shortest and longest PIN in octets; 0 for a bound that the token does not have or does not say."""
    info = _TokenInfo()
    call = calls._function("C_GetTokenInfo", ctypes.c_ulong, ctypes.c_void_p)
    calls._check("C_GetTokenInfo", call(slot, ctypes.addressof(info)))
    shortest, longest = int(info.minPin), int(info.maxPin)
    return (shortest if shortest < _ENDLESS else 0), (longest if longest < _ENDLESS else 0)


def _details(host: ModuleHost) -> wire.Details:
    slot = host._token.slot
    shortest, longest = _pin_lengths(host._calls, slot.slot_id)
    keys = tuple(_attributes(o) for o in host._find({Attribute.CLASS: ObjectClass.PRIVATE_KEY}))
    mechanisms = sorted((_mechanism(slot, m) for m in slot.get_mechanisms()), key=lambda m: m.name)
    return wire.Details(shortest, longest, tuple(mechanisms), keys)


def _mechanism(slot: Any, mechanism: Any) -> wire.MechanismFacts:
    name = f"CKM_{mechanism.name}" if hasattr(mechanism, "name") else f"0x{int(mechanism):08x}"
    try:
        info = slot.get_mechanism_info(mechanism)
    except pkcs11.PKCS11Error as e:
        if ckr.recovery_of(number_of(e)) != "none":
            raise
        return wire.MechanismFacts(name, 0, 0)  # listed, but the library says nothing more about it
    return wire.MechanismFacts(name, int(info.min_key_length or 0), int(info.max_key_length or 0))


def _attributes(key: Any) -> wire.KeyAttributes:
    said: dict[str, Any] = {name: value_of(key, attribute) for name, attribute in _SHOWN.items()}
    uses = tuple(name for name, attribute in _OTHER_USES.items() if value_of(key, attribute))
    return wire.KeyAttributes(label_of(key), id_of(key), **said, other_uses=uses)


def _change_pin(host: ModuleHost, request: wire.ChangePin) -> wire.Reply:
    """C_SetPIN, once. A token that wants no login has no PIN to start from and is refused."""
    if not host._logged_in or (host._pin is None) != (request.pin is None):
        raise Refused(wire.Refusal("not-logged-in"))
    session = host._token.open(rw=True, attribute_mapper=mapper())
    new = None if request.pin is None else bytearray(request.pin.encode("utf-8"))
    try:
        if new is not None:
            check_new_pins(host._calls, host._token.slot.slot_id, new)
        _set_pin(host._calls, session.handle, host._pin, new)
    except CkrError as e:
        if e.number in _ABOUT_THE_OLD:
            raise Refused(wire.Refusal("login", e.number, e.function, flags=host._flags_or_zero())) from None
        raise
    finally:
        session.close()  # opened without a PIN, so this does not log out
        if new is not None:
            wipe(new)
    host._forget_pin()  # what was just changed: whoever signs next logs in with the new one
    host._logged_in = False
    host._keys.clear()
    host._calls.logout(host._session.handle)
    return wire.TokenState(host._fresh_info(), False)


def _set_pin(calls: Cryptoki, session: int, old: bytearray | None, new: bytearray | None) -> None:
    call = calls._function(
        "C_SetPIN", ctypes.c_ulong, ctypes.c_void_p, ctypes.c_ulong, ctypes.c_void_p, ctypes.c_ulong
    )
    if old is None or new is None:
        calls._check("C_SetPIN", call(session, None, 0, None, 0))  # both are typed on the token's pad
        return
    first, second = (ctypes.c_ubyte * len(old)).from_buffer(old), (ctypes.c_ubyte * len(new)).from_buffer(new)
    value = call(session, ctypes.addressof(first), len(old), ctypes.addressof(second), len(new))
    calls._check("C_SetPIN", value)


def _delete(host: ModuleHost, request: wire.Delete) -> wire.Reply:
    """The private key goes last: a run that is cut off can be repeated, because the key is still found by name."""
    session = host._token.open(rw=True, attribute_mapper=mapper())
    try:
        doomed = [
            o
            for value in request.certificates
            for o in list(session.get_objects({Attribute.CLASS: ObjectClass.CERTIFICATE, Attribute.VALUE: value}))
        ]
        for kind, addresses in (
            (ObjectClass.PUBLIC_KEY, request.public),
            (ObjectClass.PRIVATE_KEY, request.private),
        ):
            for address in addresses:
                found = list(session.get_objects({Attribute.CLASS: kind, Attribute.ID: address.id}))
                same = [o for o in found if label_of(o) == address.label]
                if len(same) != 1:
                    raise Refused(wire.Refusal("many-keys" if same else "no-key"))
                doomed += same
        for item in doomed:
            item.destroy()
    finally:
        host._keys.clear()
        session.close()
    return wire.Deleted(len(doomed))
