"""What python-pkcs11 shows of tokens, objects and errors, in our own types. Runs inside a worker only."""

from __future__ import annotations

from typing import Any

import pkcs11
from pkcs11 import Attribute, KeyType, ObjectClass
from pkcs11.attributes import AttributeMapper

from kyso_pki import oids
from kyso_pki.asn1 import der
from kyso_pki.errors import FormatError

from . import ckr
from .module import TokenInfo

_EDWARDS25519_NAME = b"\x13\x0cedwards25519"  # CKA_EC_PARAMS may name the curve as a PrintableString (PKCS#11 3.0)


def mapper() -> AttributeMapper:
    """Attributes as usual, except that a label that is not UTF-8 is shown, not an exception."""
    mapper = AttributeMapper()
    mapper.register_handler(Attribute.LABEL, str.encode, lambda b: b.rstrip(b"\0").decode("utf-8", "replace"))
    return mapper


def token_info(token: Any) -> TokenInfo:
    serial = token.serial.rstrip(b"\0 ").decode("utf-8", "replace")
    return TokenInfo(token.label, serial, token.manufacturer_id, token.model, int(token.flags))


def value_of(item: Any, which: Attribute) -> Any:
    """An attribute's value, None when the object has none or does not show it."""
    try:
        return item[which]
    except pkcs11.PKCS11Error as e:
        if ckr.recovery_of(number_of(e)) == "none":
            return None
        raise  # the session or the device is gone: not an absent attribute
    except ValueError:
        return None  # a number that python-pkcs11's enumerations do not know (a vendor's key type)


def label_of(item: Any) -> str:
    return value_of(item, Attribute.LABEL) or ""


def id_of(item: Any) -> bytes:
    return value_of(item, Attribute.ID) or b""


def kind_of(item: Any) -> str:
    kind = value_of(item, Attribute.KEY_TYPE)
    return kind.name if isinstance(kind, KeyType) else "unknown"


def spki_of(item: Any) -> bytes | None:
    """SubjectPublicKeyInfo from a key's attributes; None when they do not say enough."""
    kind = value_of(item, Attribute.KEY_TYPE)
    if kind == KeyType.RSA:
        modulus, exponent = value_of(item, Attribute.MODULUS), value_of(item, Attribute.PUBLIC_EXPONENT)
        if not modulus or not exponent:
            return None
        numbers = der.sequence(
            der.integer(int.from_bytes(modulus, "big")), der.integer(int.from_bytes(exponent, "big"))
        )
        return der.sequence(der.sequence(der.oid(oids.RSA_ENCRYPTION), der.null()), der.bit_string(numbers))
    if kind not in (KeyType.EC, KeyType.EC_EDWARDS) or value_of(item, Attribute.CLASS) != ObjectClass.PUBLIC_KEY:
        return None  # asking a private EC key for its point is an error with some libraries
    parameters, point = value_of(item, Attribute.EC_PARAMS), value_of(item, Attribute.EC_POINT)
    if not parameters or not point:
        return None
    point = _bare_point(point)
    if kind == KeyType.EC:
        return der.sequence(der.sequence(der.oid(oids.EC_PUBLIC_KEY), parameters), der.bit_string(point))
    if parameters not in (der.oid(oids.ED25519), _EDWARDS25519_NAME):
        return None
    return der.sequence(der.sequence(der.oid(oids.ED25519)), der.bit_string(point))


def _bare_point(point: bytes) -> bytes:
    """The point without the OCTET STRING around it, which some libraries leave out (PKCS#11 2.40 errata)."""
    try:
        return der.read(point, der.OCTET_STRING).content
    except FormatError:
        return point


def number_of(error: pkcs11.PKCS11Error) -> int:
    """The return value behind one of python-pkcs11's exceptions, which carry none.

    Its classes are named after the return values (a few in other words); those without a class of their own
    say the number, or what it was, in their text.
    """
    text = str(error)
    if text.startswith("Unmapped error code "):
        return int(text.rsplit(" ", 1)[1], 16)
    for part, name in _SAID_IN_WORDS.items():
        if part in text:
            return ckr.number(name)
    class_name = _OTHER_NAMES.get(type(error).__name__, type(error).__name__)
    return _BY_CLASS.get(class_name.lower(), ckr.number("GENERAL_ERROR"))


_BY_CLASS = {name.replace("_", "").lower(): value for value, name in ckr.NAMES.items()}
_OTHER_NAMES = {
    "TokenNotRecognised": "TokenNotRecognized",
    "FunctionCancelled": "FunctionCanceled",
    "AnotherUserAlreadyLoggedIn": "UserAnotherAlreadyLoggedIn",
}
_SAID_IN_WORDS = {
    "Buffer was too small": "BUFFER_TOO_SMALL",
    "(already initialized)": "CRYPTOKI_ALREADY_INITIALIZED",
    "(not initialized)": "CRYPTOKI_NOT_INITIALIZED",
    "Parallel not supported": "SESSION_PARALLEL_NOT_SUPPORTED",
    "User type invalid": "USER_TYPE_INVALID",
}
