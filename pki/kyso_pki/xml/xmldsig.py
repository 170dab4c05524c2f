"""The ds:Signature element (W3C XML Signature 1.1): its structure read strictly, its value checked, its text written.

Reach for `read_signature` when verifying: it gives a `Signature` without any tree in it, whose references were read
from the canonical SignedInfo, the very octets that the value covers (attack class X3). `verifying_certificates` says
whose key verifies the value; KeyInfo is only a place where certificates may be found (X8). For signing there is
`raw_value`; the text is written by `writing`.
"""

from __future__ import annotations

import base64
import hashlib
import re
import unicodedata
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.asymmetric.types import PublicKeyTypes
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature, encode_dss_signature
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat, load_der_public_key

from ..errors import CertificateUnsuitable, FormatError, LimitExceeded
from ..scheme import DIGEST_SIZES, HashName, Scheme
from ..x509.certificate import Certificate
from . import names
from .algorithms import read_signature_method
from .c14n import canonical_element
from .names import DS11, ds
from .parse import (
    attributes,
    elements,
    name_of,
    octets_of,
    parse_utf8,
    refuse_larger,
    refuse_larger_or_hidden,
    required,
    text_of,
)
from .transforms import Transforms as Transforms
from .transforms import read_method, read_transforms

if TYPE_CHECKING:
    from lxml.etree import _Element

# Against denial of service (attack classes X6 and R2). Most signatures have up to 5 references; a batch has hundreds.
MAX_REFERENCES = 1000
MAX_CERTIFICATES = 32
MAX_SIGNED_INFO = 1 << 20  # octets; a thousand references have some 500 kB
MAX_KEY_INFO = 4 << 20  # octets; CRLs may be large

EMPTY_DIGESTS = {name: hashlib.new(name, b"").digest() for name in DIGEST_SIZES}
"""What a failed canonicalisation hashes to; never accepted as a DigestValue (X5)."""


@dataclass(frozen=True)
class Reference:
    """One ds:Reference: what was hashed, and the hash (XMLDSIG 4.4.3)."""

    id: str | None
    uri: str
    type: str | None
    transforms: Transforms
    hash_name: HashName
    digest: bytes


@dataclass(frozen=True)
class SignedInfo:
    """A ds:SignedInfo that was read from its own canonical octets."""

    octets: bytes
    """The canonical octets: what the value covers."""
    scheme: Scheme
    references: tuple[Reference, ...]


@dataclass(frozen=True)
class Hint:
    """A text in KeyInfo that names the key or its certificate. Nobody checks it when the signature is made."""

    kind: Literal["X509SubjectName", "X509IssuerSerial", "KeyName"]
    text: str
    serial: int | None = None

    def fits(self, certificate: Certificate) -> bool:
        """Whether it may name this certificate.

        Names are written in many ways (order, types, escapes, spaces), so the common name is looked for in the text.
        A KeyName may be any word.
        """
        if self.kind == "X509IssuerSerial":
            return self.serial == certificate.serial
        common = certificate.subject.first("CN")
        return common is None or "#" in self.text or _letters(common) in _letters(self.text)


def _letters(text: str) -> str:
    return "".join(c for c in unicodedata.normalize("NFC", text).casefold() if c.isalnum())


@dataclass(frozen=True)
class KeyInfo:
    """Hints to the key. Nothing in it is signed unless a reference says so."""

    certificates: tuple[Certificate, ...] = ()
    crls: tuple[bytes, ...] = ()
    public_keys: tuple[bytes, ...] = ()
    """SubjectPublicKeyInfo of each KeyValue, as OpenSSL writes it; must equal the certificate's (X8)."""
    hints: tuple[Hint, ...] = ()

    def agree_with(self, certificate: Certificate) -> bool:
        """Whether every key given is the certificate's own."""
        return all(spki == _spki_of(certificate.public_key) for spki in self.public_keys)


@dataclass(frozen=True)
class Signature:
    """One ds:Signature as read. Nothing in it is checked yet."""

    id: str | None
    info: SignedInfo
    value: bytes
    keys: KeyInfo


def parts_of(signature: _Element) -> tuple[_Element, _Element, _Element | None, list[_Element]]:
    """SignedInfo, SignatureValue, KeyInfo or None, and the Objects, in the schema's order (XMLDSIG 4.2, X3)."""
    attributes(signature, {"Id"})
    children = elements(signature)
    tags = [c.tag for c in children]
    head = 3 if len(tags) > 2 and tags[2] == ds("KeyInfo") else 2
    if tags[:2] != [ds("SignedInfo"), ds("SignatureValue")] or any(t != ds("Object") for t in tags[head:]):
        raise FormatError(
            "A Signature must hold SignedInfo, SignatureValue, at most one KeyInfo, then Objects; found "
            + ", ".join(name_of(c) for c in children[:12])
        )
    return children[0], children[1], children[2] if head == 3 else None, children[head:]


def read_signature(signature: _Element) -> Signature:
    """Reads one ds:Signature inside its document. Raises `FormatError`, `LimitExceeded`."""
    info, value, key_info, _ = parts_of(signature)
    refuse_larger(value, MAX_SIGNED_INFO)
    attributes(value, {"Id"})
    return Signature(
        id=attributes(signature, {"Id"}).get("Id"),
        info=_read_signed_info(info),
        value=octets_of(value),
        keys=KeyInfo() if key_info is None else _read_key_info(key_info),
    )


def _read_signed_info(element: _Element) -> SignedInfo:
    """SignedInfo read from its own canonical octets (XMLDSIG 3.2.2), which name their method first."""
    refuse_larger_or_hidden(element, MAX_SIGNED_INFO)
    first = elements(element)[0:1]
    if not first or first[0].tag != ds("CanonicalizationMethod"):
        raise FormatError("SignedInfo does not start with its CanonicalizationMethod.")
    method, prefixes = read_method(first[0])
    octets = canonical_element(element, method, prefixes, comments=method.comments)
    root = parse_utf8(octets)
    attributes(
        root, {"Id", *(f"{{{names.XML}}}{n}" for n in ("lang", "space", "base", "id"))}
    )  # C14N 2.4 inherits them
    children = elements(root)
    tags = [c.tag for c in children]
    wanted = [ds("CanonicalizationMethod"), ds("SignatureMethod"), ds("Reference")]
    if root.tag != ds("SignedInfo") or tags[:3] != wanted or set(tags[3:]) - {ds("Reference")}:
        raise FormatError(
            "SignedInfo must hold CanonicalizationMethod, SignatureMethod and References, in this order."
        )
    if len(children) - 2 > MAX_REFERENCES:
        raise LimitExceeded(f"{len(children) - 2} references in one signature; at most {MAX_REFERENCES} are read.")
    if read_method(children[0]) != (method, prefixes):
        raise FormatError("SignedInfo names another canonicalisation method in its canonical form.")
    if b"XPath" in octets:
        _refuse_other_prefixes(element, root)
    return SignedInfo(octets, read_signature_method(children[1]), tuple(read_reference(c) for c in children[2:]))


def _refuse_other_prefixes(written: _Element, signed: _Element) -> None:
    """Exclusive C14N leaves out a prefix that only stands in a text: anybody could bind it anew for the next reader.

    We go by what was signed; where the document says otherwise the two readings differ, which is refused.
    """
    for one, other in zip(written.iter("{*}XPath"), signed.iter("{*}XPath"), strict=True):
        if any(one.nsmap.get(prefix) != uri for prefix, uri in other.nsmap.items()):
            raise FormatError("A prefix in an XPath means something else than what was signed.")


def read_reference(element: _Element) -> Reference:
    """One ds:Reference, of SignedInfo or of a Manifest. Raises `FormatError`, `LimitExceeded`."""
    found = attributes(element, {"Id", "URI", "Type"})
    children = {c.tag: c for c in elements(element)}
    order = [t for t in (ds("Transforms"), ds("DigestMethod"), ds("DigestValue")) if t in children]
    if [c.tag for c in element] != order or len(order) < (3 if ds("Transforms") in children else 2):
        raise FormatError("A Reference must hold at most one Transforms, then DigestMethod and DigestValue.")
    if "URI" not in found:
        raise FormatError("A Reference without URI is not accepted: it does not say what it covers.")
    transforms = (
        read_transforms(children[ds("Transforms")]) if ds("Transforms") in children else Transforms(named=False)
    )
    hash_name = names.hash_of_uri(required(children[ds("DigestMethod")], "Algorithm"))
    if len(children[ds("DigestMethod")]):
        raise FormatError("Parameters inside DigestMethod are not accepted.")
    value = octets_of(children[ds("DigestValue")])
    if len(value) != DIGEST_SIZES[hash_name]:
        raise FormatError(f"A DigestValue of {len(value)} bytes is no {hash_name} digest.")
    if value == EMPTY_DIGESTS[hash_name]:
        raise FormatError("A DigestValue is the digest of nothing.")
    return Reference(found.get("Id"), found["URI"], found.get("Type"), transforms, hash_name, value)


# KeyInfo ------------------------------------------------------------------------------------------------

_CURVES: dict[str, ec.EllipticCurve] = {
    "urn:oid:1.2.840.10045.3.1.7": ec.SECP256R1(),
    "urn:oid:1.3.132.0.34": ec.SECP384R1(),
    "urn:oid:1.3.132.0.35": ec.SECP521R1(),
}
_SERIAL = re.compile(r"-?[0-9]{1,60}", re.ASCII)
_X509_HINTS = {ds("X509SKI"), ds("X509SubjectName"), f"{{{DS11}}}X509Digest"}


def _read_key_info(element: _Element) -> KeyInfo:
    """Certificates, CRLs and keys. RetrievalMethod and everything else that leads elsewhere is refused (X7)."""
    if next(element.iter(ds("Signature")), None) is not None:  # or each of many in one another is walked for each
        raise FormatError("A Signature inside KeyInfo is not accepted.")
    refuse_larger(element, MAX_KEY_INFO)
    attributes(element, {"Id"})
    certificates: list[Certificate] = []
    crls: list[bytes] = []
    keys: list[bytes] = []
    hints: list[Hint] = []
    for child in elements(element):
        if child.tag == ds("X509Data"):
            found = _read_x509_data(child)
            certificates += found.certificates
            crls += found.crls
            hints += found.hints
        elif child.tag == ds("KeyValue"):
            keys.append(_read_key_value(child))
        elif child.tag == f"{{{DS11}}}DEREncodedKeyValue":
            keys.append(_spki(octets_of(child)))
        elif child.tag == ds("KeyName"):
            hints.append(Hint("KeyName", text_of(child).strip()))
        else:
            raise FormatError(f"{name_of(child)} inside KeyInfo is not accepted.")
    if len(certificates) > MAX_CERTIFICATES:
        raise LimitExceeded(f"{len(certificates)} certificates in one KeyInfo; at most {MAX_CERTIFICATES} are read.")
    return KeyInfo(tuple(dict.fromkeys(certificates)), tuple(crls), tuple(keys), tuple(hints))


def _read_x509_data(element: _Element) -> KeyInfo:
    certificates: list[Certificate] = []
    crls: list[bytes] = []
    hints: list[Hint] = []
    for child in elements(element):
        if child.tag == ds("X509Certificate"):
            certificates.append(Certificate.from_der(octets_of(child)))
        elif child.tag == ds("X509CRL"):
            crls.append(octets_of(child))
        elif child.tag in _X509_HINTS:  # hints are not needed, the certificate itself must be there: text only
            attributes(child, {"Algorithm"} if child.tag == f"{{{DS11}}}X509Digest" else ())
            text = text_of(child)
            if child.tag == ds("X509SubjectName"):
                hints.append(Hint("X509SubjectName", text.strip()))
        elif child.tag == ds("X509IssuerSerial"):
            attributes(child, ())
            pair = elements(child)
            texts = [text_of(part).strip() for part in pair]
            if [c.tag for c in pair] != [ds("X509IssuerName"), ds("X509SerialNumber")]:
                raise FormatError("An X509IssuerSerial must hold X509IssuerName and X509SerialNumber.")
            serial = int(texts[1]) if _SERIAL.fullmatch(texts[1]) else None
            hints.append(Hint("X509IssuerSerial", f"{texts[0]}, {texts[1]}", serial))
        else:
            raise FormatError(f"{name_of(child)} inside X509Data is not accepted.")
    return KeyInfo(tuple(certificates), tuple(crls), (), tuple(hints))


def _read_key_value(element: _Element) -> bytes:
    """SubjectPublicKeyInfo made of an RSAKeyValue or a named-curve ECKeyValue (XMLDSIG 4.5.2)."""
    try:
        (child,) = elements(element)
        first, second = elements(child)
        names_of_parts = [c.tag for c in (first, second)]
        key: PublicKeyTypes
        if child.tag == ds("RSAKeyValue") and names_of_parts == [ds("Modulus"), ds("Exponent")]:
            modulus, exponent = (int.from_bytes(octets_of(part)) for part in (first, second))
            key = rsa.RSAPublicNumbers(exponent, modulus).public_key()
        elif child.tag == f"{{{DS11}}}ECKeyValue" and names_of_parts == [
            f"{{{DS11}}}NamedCurve",
            f"{{{DS11}}}PublicKey",
        ]:
            curve = _CURVES[required(first, "URI")]
            text_of(first)
            key = ec.EllipticCurvePublicKey.from_encoded_point(curve, octets_of(second))
        else:
            raise FormatError(f"{name_of(child)} with {name_of(first)} inside KeyValue is not accepted.")
    except (ValueError, KeyError):
        raise FormatError("A KeyValue cannot be read as an RSA key or a key on a named curve.") from None
    return _spki_of(key)


def _spki(octets: bytes) -> bytes:
    """The SubjectPublicKeyInfo of a DEREncodedKeyValue, written again so that it can be compared."""
    try:
        return _spki_of(load_der_public_key(octets))
    except (ValueError, UnsupportedAlgorithm):
        raise FormatError("A DEREncodedKeyValue cannot be read.") from None


def _spki_of(key: PublicKeyTypes) -> bytes:
    return key.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)


# The value ----------------------------------------------------------------------------------------------


def verifying_certificates(
    info: SignedInfo, value: bytes, certificates: Sequence[Certificate], spend: Callable[[], None] = lambda: None
) -> list[Certificate]:
    """Those among the certificates whose key verifies the value over the canonical SignedInfo.

    `spend` is told of each operation with a key, and may raise.
    """
    imprint = info.scheme.imprint(info.octets)
    tried: set[bytes] = set()
    for certificate in certificates:
        if certificate.spki in tried:
            continue
        tried.add(certificate.spki)
        spend()
        if _verifies(info.scheme, certificate, imprint, value):
            return [c for c in certificates if c.spki == certificate.spki]
    return []


def _verifies(scheme: Scheme, certificate: Certificate, imprint: bytes, value: bytes) -> bool:
    try:
        key = certificate.public_key
    except CertificateUnsuitable:
        return False
    if scheme.key_type == "ec":
        if not isinstance(key, ec.EllipticCurvePublicKey) or len(value) != 2 * _width(key):
            return False
        half = len(value) // 2
        value = encode_dss_signature(int.from_bytes(value[:half]), int.from_bytes(value[half:]))
    return certificate.takes(scheme) and scheme.verify(key, imprint, value)


def raw_value(value: bytes, scheme: Scheme, public_key: PublicKeyTypes) -> bytes:
    """The SignatureValue octets of what a key returned: ECDSA goes from DER to r and s side by side (RFC 4050 3.3).

    Raises `FormatError` for an ECDSA value that is not DER.
    """
    if scheme.key_type != "ec" or not isinstance(public_key, ec.EllipticCurvePublicKey):
        return value
    try:
        r, s = decode_dss_signature(value)
        return b"".join(n.to_bytes(_width(public_key)) for n in (r, s))
    except (ValueError, OverflowError):
        raise FormatError("The ECDSA value that the key returned is not DER.") from None


def _width(key: ec.EllipticCurvePublicKey) -> int:
    """Bytes of r and of s: those of the curve's order (XMLDSIG 6.4.3)."""
    return (key.curve.key_size + 7) // 8


# Writing ------------------------------------------------------------------------------------------------


def b64(octets: bytes) -> str:
    return base64.b64encode(octets).decode()
