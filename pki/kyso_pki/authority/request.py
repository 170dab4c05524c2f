"""Certificate requests (PKCS#10, RFC 2986): made with the key itself, and read with the proof that it was there.

Reach for `build_request` to ask a CA for a certificate, `subject_from_text` for what a person typed, and
`read_request` on the CA's side. Refused when reading (attack class V7): a signature that is not by the key in
the request, a weak key, SHA-1, a name that shows as another. What a requester asks for beyond name and key is
listed in `Request.extensions`, to be looked at; nothing of it is ever copied into a certificate.
"""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.types import PublicKeyTypes
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat, load_der_public_key

from .. import oids
from ..asn1 import der
from ..errors import (
    CertificateUnsuitable,
    FormatError,
    IssuanceError,
    LimitExceeded,
    SignatureValueInvalid,
    UsageError,
)
from ..scheme import Scheme, scheme_in
from ..signer import SigningKey
from ..x509.certificate import Extension, Name, extensions_of, name_in, whole_octets
from . import lint
from .issue import encoded_name
from .profile import Subject

MAX_REQUEST_BYTES = 64 * 1024  # against memory exhaustion; real ones stay under 4 kB
EXTENSION_REQUEST = "1.2.840.113549.1.9.14"  # RFC 2985 5.4.2

_PEM = re.compile(
    rb"-----BEGIN (NEW )?CERTIFICATE REQUEST-----\s*([A-Za-z0-9+/=\s]+?)-----END \1?CERTIFICATE REQUEST-----"
)
_EXAMPLE = "Write it like CN=Nguyễn Văn Mẫu,OU=Phòng Một,O=UBND tỉnh Mẫu,C=VN, with \\, for a comma in a value."
_FIELDS = {
    "CN": "common_name",
    "O": "organisation",
    "OU": "units",
    "L": "locality",
    "C": "country",
    "T": "title",
    "TITLE": "title",
    "UID": "uid",
}


@dataclass(frozen=True)
class Request:
    """A request whose key was proved to be in the requester's hands."""

    der: bytes
    subject: Name
    public_key: PublicKeyTypes
    scheme: Scheme
    """What it was signed with."""
    extensions: Mapping[str, Extension]
    """Asked for by the requester, by object identifier. Only to be shown: the profile decides what is issued."""

    def pem(self) -> str:
        body = base64.b64encode(self.der).decode()
        lines = [body[i : i + 64] for i in range(0, len(body), 64)]
        return "\n".join(["-----BEGIN CERTIFICATE REQUEST-----", *lines, "-----END CERTIFICATE REQUEST-----", ""])


def build_request(subject: Subject, public_key: PublicKeyTypes, key: SigningKey) -> Request:
    """A request for a certificate of `subject`, signed by `key` and read back before it leaves.

    It asks for nothing but name and key. Raises `IssuanceError` for a name or a key that no CA may certify,
    `SignatureValueInvalid` when `key` is not the private part of `public_key`, and what the key itself raises.
    """
    spki = public_key.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    name = encoded_name(subject)
    _refuse([*lint.name_problems(name_in(der.read(name))), *lint.key_problems(public_key)], "was not made")
    info = der.sequence(der.integer(0), name, spki, der.explicit(0, b""))  # RFC 2986 4.1: version 0, no attributes
    scheme = key.scheme
    imprint = scheme.imprint(info)
    (value,) = key.sign([imprint])
    if not scheme.verify(public_key, imprint, value):
        raise SignatureValueInvalid(
            "The value does not verify with the public key of the request; nothing was made.",
            remedy="Check that the private key belongs to this public key.",
        )
    return read_request(der.sequence(info, scheme.identifier, der.bit_string(value)))


def read_request(data: bytes) -> Request:
    """The request in DER or PEM, after its proof of possession was checked (RFC 2986 3).

    Raises `FormatError` for what is no request, `CertificateUnsuitable` for a key that cannot be used,
    `IssuanceError` naming every reason why it must not be granted.
    """
    encoded = _octets(data)
    outer = der.read(encoded, der.SEQUENCE).reader()
    info = outer.take(der.SEQUENCE)
    algorithm = outer.take(der.SEQUENCE)
    value = whole_octets(outer.take(der.BIT_STRING))
    outer.finish()

    inside = info.reader()
    version = inside.take(der.INTEGER).integer()
    subject = name_in(inside.take(der.SEQUENCE))
    spki = inside.take(der.SEQUENCE)
    attributes = inside.take(der.implicit(0, constructed=True))
    inside.finish()
    if version != 0:
        raise FormatError(f"A certificate request of version {version}; only 0 is defined (RFC 2986 4.1).")

    public_key = _public_key(spki)
    scheme = scheme_in(algorithm)
    found = [*lint.text_problems(subject), *lint.key_problems(public_key)]
    found += [f"{k} is not text in the encoding that it claims" for k, v in subject.attributes if "\ufffd" in v]
    if scheme.hash_name == "sha1":
        found.append("it is signed with SHA-1, which proves nothing any more")
    if not scheme.accepts(public_key) or not scheme.verify(public_key, scheme.imprint(info.raw), value):
        found.append("its signature is not by the key in it: nobody has proved to hold that key")
    _refuse(found, "is refused")
    return Request(encoded, subject, public_key, scheme, _requested(attributes))


def subject_from_text(text: str) -> Subject:
    """The subject that a person wrote as in RFC 4514: `CN=…,OU=…,O=…,C=VN`; the country is VN where none is said.

    Several OU stand lowest first when CN is the first of all (the order of RFC 4514), else highest first (the
    order of a certificate). Raises `UsageError` saying what cannot be read; multi-valued names are not written.
    """
    if text.lstrip().startswith("/"):
        raise UsageError("The subject is written in OpenSSL's old form with slashes.", remedy=_EXAMPLE)
    parts = re.findall(r"(?:\\.|[^\\,])+", text, re.DOTALL)
    if not parts or ",".join(parts) != text:
        raise UsageError("The subject is empty, or has an empty part or a backslash at its end.", remedy=_EXAMPLE)
    pairs = [_pair(part) for part in parts]
    values: dict[str, str] = {}
    units: list[str] = []
    for field, value in pairs:
        if field == "units":
            units.append(value)
        elif field in values:
            raise UsageError(f"The subject says {value!r} where it has said {values[field]!r}.", remedy=_EXAMPLE)
        else:
            values[field] = value
    if "common_name" not in values:
        raise UsageError("The subject has no common name (CN).", remedy=_EXAMPLE)
    if pairs[0][0] == "common_name":
        units.reverse()
    return Subject(units=tuple(units), **values)


def _pair(part: str) -> tuple[str, str]:
    """(field of `Subject`, text) of one `TYPE=value`."""
    kind, equals, value = part.partition("=")
    field = _FIELDS.get(kind.strip().upper())
    if not equals or field is None:
        raise UsageError(
            f"The subject holds {part.strip()[:40]!r}; known are {', '.join(sorted(_FIELDS))}.", remedy=_EXAMPLE
        )
    value = re.sub(r"(?<!\\)\s+$", "", value.lstrip())
    if re.search(r'["+;<>]', re.sub(r"\\.", "", value, flags=re.DOTALL)) or value.startswith("#"):
        raise UsageError(f'The value of {kind.strip()} holds one of " + ; < > # bare.', remedy=_EXAMPLE)
    return field, _unescaped(value, kind.strip())


def _unescaped(value: str, kind: str) -> str:
    """RFC 4514 2.4: a backslash before a special character, or before two hexadecimal digits of UTF-8."""
    octets = re.sub(
        rb"\\([0-9A-Fa-f]{2})|\\(.)",
        lambda m: bytes.fromhex(m[1].decode()) if m[1] else bytes(m[2]),
        value.encode(),
        flags=re.DOTALL,
    )
    try:
        text = octets.decode("utf-8")
    except UnicodeDecodeError:
        raise UsageError(f"The value of {kind} is not UTF-8 text.", remedy=_EXAMPLE) from None
    if not text:
        raise UsageError(f"The value of {kind} is empty.", remedy=_EXAMPLE)
    return text


def _octets(data: bytes) -> bytes:
    if len(data) > MAX_REQUEST_BYTES:
        raise LimitExceeded(f"A certificate request of {len(data)} bytes; at most {MAX_REQUEST_BYTES} are read.")
    if b"-----BEGIN" not in data:
        return data
    found = _PEM.findall(data)
    if len(found) != 1:
        raise FormatError(f"The PEM text holds {len(found)} certificate requests; exactly one is read.")
    try:
        return base64.b64decode(b"".join(found[0][1].split()), validate=True)
    except binascii.Error as e:
        raise FormatError(f"The PEM text holds broken base64: {e}.") from None


def _public_key(spki: der.Element) -> PublicKeyTypes:
    """The key. Curves written out as parameters are refused even where they equal a named one (CVE-2020-0601)."""
    algorithm = spki.reader().take(der.SEQUENCE).children()
    if not algorithm:
        raise FormatError("The public key of the request names no algorithm.")
    if algorithm[0].oid() == oids.EC_PUBLIC_KEY and (len(algorithm) != 2 or algorithm[1].tag != der.OID):
        raise CertificateUnsuitable("The public key of the request is not on a named curve.")
    try:
        return load_der_public_key(spki.raw)
    except (ValueError, UnsupportedAlgorithm) as e:
        raise CertificateUnsuitable(f"The public key of the request cannot be used: {e}") from None


def _requested(attributes: der.Element) -> dict[str, Extension]:
    """The extensions that an extensionRequest asks for. Raises `FormatError` when an attribute stands twice."""
    found: dict[str, Extension] = {}
    seen: set[str] = set()
    for item in attributes.reader():
        reader = item.expect(der.SEQUENCE).reader()
        dotted = reader.take(der.OID).oid()
        values = reader.take(der.SET).children()
        reader.finish()
        if dotted in seen:
            raise FormatError(f"The certificate request carries attribute {dotted} twice.")
        seen.add(dotted)
        if dotted == EXTENSION_REQUEST:
            if len(values) != 1:
                raise FormatError(f"The certificate request carries {len(values)} lists of extensions, not one.")
            found = extensions_of(values[0], "certificate request")
    return found


def _refuse(problems: Iterable[str], what: str) -> None:
    found = tuple(problems)
    if found:
        raise IssuanceError(
            f"The certificate request {what}: {'; '.join(found)}.",
            remedy="Correct the name or choose another key, and make the request anew.",
            problems=found,
        )
