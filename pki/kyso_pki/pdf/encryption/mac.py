"""The message authentication code of an encrypted file, PDF MAC (ISO/TS 32004), verified.

Reach for `check_mac`. The code stands by itself in the last trailer, or in the unsigned attributes of the signature
that the trailer names; either way it covers the whole file. Its key is wrapped under a key that is derived from
the file encryption key. Codes are not made here: a file that carries one is not signed.
"""

from __future__ import annotations

import binascii
import hashlib
import hmac
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from cryptography.hazmat.primitives.keywrap import InvalidUnwrap, aes_key_unwrap

from ... import oids
from ...asn1 import der
from ...cms.attributes import attribute_values
from ...cms.signed_data import read_signed_data
from ...errors import FormatError
from ...octets import hash_into
from ...scheme import hash_of_oid
from ..objects import Dictionary, Ref, Value

if TYPE_CHECKING:
    from ..reader import Reader
    from .handler import Handler

ID_CT_AUTH_DATA: Final = "1.2.840.113549.1.9.16.1.2"  # RFC 5652 9.1
HMAC_SHA256: Final = "1.2.840.113549.2.9"  # RFC 8018 B.1.2
AES256_WRAP: Final = "2.16.840.1.101.3.4.1.45"  # RFC 3565
ID_INTEGRITY_INFO: Final = "1.0.32004.1.0"
ID_WRAP_KDF: Final = "1.0.32004.1.1"
ID_MAC_DATA: Final = "1.0.32004.1.2"


@dataclass(frozen=True)
class _Code:
    """A code as found: its token, the bytes it covers, and the signature value that it binds."""

    token: bytes
    covered: tuple[tuple[int, int], tuple[int, int]]
    value: bytes | None


def check_mac(reader: Reader, handler: Handler) -> None:
    """Raises `FormatError` unless the file's code is there and right."""
    code = _found(reader, reader.trailer.get("AuthCode"))
    content = der.read(code.token, der.SEQUENCE).reader()
    if content.take(der.OID).oid() != ID_CT_AUTH_DATA:
        raise FormatError("The message authentication code is no CMS AuthenticatedData.")
    token = _AuthenticatedData.read(content.take(der.implicit(0, constructed=True)))
    content.finish()
    if handler.salt is None:
        raise FormatError("The encryption dictionary has no /KDFSalt for the message authentication code.")
    kek = HKDF(SHA256(), 32, handler.salt, b"PDFMAC").derive(handler.key)
    try:
        key = aes_key_unwrap(kek, token.wrapped_key)
    except (InvalidUnwrap, ValueError):
        raise FormatError("The key of the message authentication code cannot be unwrapped.") from None
    expected = hmac.digest(key, bytes((der.SET,)) + token.attributes.raw[1:], "sha256")
    if not hmac.compare_digest(expected, token.mac):
        raise FormatError("The message authentication code is not right.")
    _check_attributes(token)
    _check_info(token, code, reader.data)


# Where the code stands -------------------------------------------------------------------------------------------


def _found(reader: Reader, auth_code: Value) -> _Code:
    """/AuthCode of the last trailer (ISO/TS 32004 5.2, 5.3)."""
    if not isinstance(auth_code, dict):
        raise FormatError("The trailer has no message authentication code (/AuthCode), but the encryption wants one.")
    location = auth_code.get("MACLocation")
    if location == "Standalone":
        covered, token = _covered(reader.data, auth_code, "MAC")
        return _Code(token, covered, None)
    signature = auth_code.get("SigObjRef")
    if location != "AttachedToSig" or not isinstance(signature, Ref):
        raise FormatError(f"The message authentication code is at an unknown place ({location!r}).")
    covered, cms = _covered(reader.data, reader.dictionary(signature), "Contents")
    signers = read_signed_data(der.read_prefix(cms, der.SEQUENCE).raw).signers
    if len(signers) != 1 or signers[0].unsigned_attrs is None:
        raise FormatError("The signature carries no message authentication code, but the trailer says so.")
    values, _ = attribute_values(signers[0].unsigned_attrs)
    codes = [value for occurrence in values.get(ID_MAC_DATA, []) for value in occurrence]
    if len(codes) != 1:
        raise FormatError(f"The signature carries {len(codes)} message authentication codes, not one.")
    return _Code(codes[0].raw, covered, signers[0].value)


def _covered(data: bytes, dictionary: Dictionary, key: str) -> tuple[tuple[tuple[int, int], tuple[int, int]], bytes]:
    """The two stretches of the file around the value, which must be all of it; and the value."""
    value, ranges = dictionary.get(key), dictionary.get("ByteRange")
    numbers = [n for n in ranges if type(n) is int] if isinstance(ranges, list) else []
    if not isinstance(value, bytes) or len(numbers) != 4 or not isinstance(ranges, list) or len(ranges) != 4:
        raise FormatError("The message authentication code has no /ByteRange or no value.")
    zero, a, b, c = numbers
    gap = data[a:b] if zero == 0 < a < b and b + c == len(data) else b""
    try:
        whole = gap[:1] == b"<" and gap[-1:] == b">" and binascii.unhexlify(gap[1:-1]) == value
    except binascii.Error:
        whole = False
    if not whole:
        raise FormatError("The message authentication code does not cover the whole file.")
    return ((0, a), (b, b + c)), value


# What the code says ----------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class _AuthenticatedData:
    """RFC 5652 9.1, in the only shape that ISO/TS 32004 allows."""

    wrapped_key: bytes
    digest_algorithm: der.Element
    """[1] IMPLICIT AlgorithmIdentifier."""
    mac_algorithm: der.Element
    content: bytes
    attributes: der.Element
    """[2] IMPLICIT SET OF Attribute."""
    mac: bytes

    @classmethod
    def read(cls, outer: der.Element) -> _AuthenticatedData:
        reader = outer.reader().take(der.SEQUENCE).reader()
        reader.take(der.INTEGER)
        recipients = reader.take(der.SET).children()
        if len(recipients) != 1:
            raise FormatError("The message authentication code has not exactly one recipient.")
        mac_algorithm = reader.take(der.SEQUENCE)
        digest_algorithm = reader.take(der.implicit(1, constructed=True))
        content = reader.take(der.SEQUENCE).reader()
        if content.take(der.OID).oid() != ID_INTEGRITY_INFO:
            raise FormatError("The message authentication code is about something else than a PDF.")
        info = content.take(der.implicit(0, constructed=True)).reader().take(der.OCTET_STRING).octets()
        attributes = reader.take(der.implicit(2, constructed=True))
        mac = reader.take(der.OCTET_STRING).octets()
        reader.finish()  # no unauthenticated attributes
        if _algorithm(mac_algorithm) != HMAC_SHA256:
            raise FormatError(f"The MAC algorithm {_algorithm(mac_algorithm)} is not known; HMAC-SHA-256 is.")
        return cls(_wrapped_key(recipients[0]), digest_algorithm, mac_algorithm, info, attributes, mac)


def _wrapped_key(recipient: der.Element) -> bytes:
    """PasswordRecipientInfo (RFC 5652 6.2.4) with the derivation and wrapping of ISO/TS 32004."""
    reader = recipient.expect(der.implicit(3, constructed=True)).reader()
    reader.take(der.INTEGER)
    derivation = reader.take(der.implicit(0, constructed=True))
    wrapping = reader.take(der.SEQUENCE)
    wrapped = reader.take(der.OCTET_STRING).octets()
    reader.finish()
    if _algorithm(derivation) != ID_WRAP_KDF or _algorithm(wrapping) != AES256_WRAP:
        raise FormatError("The key of the message authentication code is wrapped in an unknown way.")
    return wrapped


def _algorithm(element: der.Element) -> str:
    return element.reader().take(der.OID).oid()


def _check_attributes(token: _AuthenticatedData) -> None:
    """The authenticated attributes name the content, its digest and the algorithms (RFC 5652 11, RFC 6211)."""
    values, _ = attribute_values(token.attributes)

    def one(kind: str) -> der.Element:
        found = [value for occurrence in values.get(kind, []) for value in occurrence]
        if len(found) != 1:
            raise FormatError(f"The message authentication code has not exactly one attribute {kind}.")
        return found[0]

    digest = hashlib.new(hash_of_oid(_algorithm(token.digest_algorithm)), token.content).digest()
    protection = one(oids.ID_CMS_ALGORITHM_PROTECTION).reader()
    protected = protection.take(der.SEQUENCE).content, protection.take(der.implicit(2, constructed=True)).content
    if (
        one(oids.ID_CONTENT_TYPE).oid() != ID_INTEGRITY_INFO
        or one(oids.ID_MESSAGE_DIGEST).octets() != digest
        or protected != (token.digest_algorithm.content, token.mac_algorithm.content)
    ):
        raise FormatError("The attributes of the message authentication code do not fit its content.")


def _check_info(token: _AuthenticatedData, code: _Code, data: bytes) -> None:
    """PdfMacIntegrityInfo: digests of the file and of the signature value."""
    reader = der.read(token.content, der.SEQUENCE).reader()
    reader.take(der.INTEGER)
    claimed = reader.take(der.OCTET_STRING).octets()
    signed = reader.optional(der.implicit(0))
    reader.finish()
    hash_name = hash_of_oid(_algorithm(token.digest_algorithm))
    running = hashlib.new(hash_name)
    for start, end in code.covered:
        hash_into(running, data, start, end)
    if running.digest() != claimed:
        raise FormatError("The file was changed: its message authentication code is of other bytes.")
    value = None if code.value is None else hashlib.new(hash_name, code.value).digest()
    if (None if signed is None else signed.content) != value:
        raise FormatError("The message authentication code is of another signature.")
