"""A certificate as received: its octets, its names and the few facts that decisions need.

Reach for `Certificate.from_der` or `certificates_from_pem`. Extensions are read one by one from the octets,
so that one odd extension (the empty issuerAltName of the G1 archives) does not make the rest unreadable;
what could not be read is listed in `oddities`, never silently dropped.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import re
import unicodedata
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property, lru_cache

from cryptography import x509
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.asymmetric.types import PublicKeyTypes

from .. import oids
from ..asn1 import der
from ..errors import CertificateUnsuitable, FormatError, LimitExceeded
from ..scheme import Scheme, scheme_in
from ..told import told

# RSA keys with which a value is verified, against the cost of it: 0.5 ms, where OpenSSL's own bounds (16,384 and 64)
# allow 4 ms. Larger ones are in no use: Go's TLS, which refuses more than 8192 bits too, found three, all of tests.
MAX_RSA_BITS, MAX_RSA_EXPONENT_BITS = 8192, 32
MAX_CERTIFICATE_BYTES = 64 * 1024  # against memory exhaustion; real ones stay under 4 kB
_NAME_OIDS = {
    "2.5.4.3": "CN",
    "2.5.4.5": "serialNumber",
    "2.5.4.6": "C",
    "2.5.4.7": "L",
    "2.5.4.8": "ST",
    "2.5.4.10": "O",
    "2.5.4.11": "OU",
    "2.5.4.12": "title",
    "0.9.2342.19200300.100.1.1": "UID",
    "1.2.840.113549.1.9.1": "emailAddress",
}
KEY_USAGES = (
    "digital_signature",
    "content_commitment",
    "key_encipherment",
    "data_encipherment",
    "key_agreement",
    "key_cert_sign",
    "crl_sign",
    "encipher_only",
    "decipher_only",
)
BASIC_CONSTRAINTS, KEY_USAGE, EXTENDED_KEY_USAGE = "2.5.29.19", "2.5.29.15", "2.5.29.37"
SUBJECT_KEY_IDENTIFIER, AUTHORITY_KEY_IDENTIFIER = "2.5.29.14", "2.5.29.35"
CRL_DISTRIBUTION_POINTS, AUTHORITY_INFO_ACCESS = "2.5.29.31", "1.3.6.1.5.5.7.1.1"
SUBJECT_ALTERNATIVE_NAME, ISSUER_ALTERNATIVE_NAME = "2.5.29.17", "2.5.29.18"
CERTIFICATE_POLICIES, OCSP_NO_CHECK = "2.5.29.32", "1.3.6.1.5.5.7.48.1.5"
AD_OCSP, AD_CA_ISSUERS = "1.3.6.1.5.5.7.48.1", "1.3.6.1.5.5.7.48.2"


@dataclass(frozen=True)
class Name:
    """A distinguished name: the octets as received and the attributes in order.

    `==` compares octets and text; `matches` compares as RFC 5280 7.1 does.
    """

    der: bytes
    attributes: tuple[tuple[str, str], ...]

    def matches(self, other: Name) -> bool:
        """Whether both name the same entity: letter case, spaces and the string type do not count.

        A match only makes a certificate worth a signature check; it proves nothing by itself.
        """
        return self.der == other.der or self.canonical == other.canonical

    @cached_property
    def canonical(self) -> tuple[frozenset[tuple[str, str]], ...]:
        """The form that RFC 5280 7.1 compares (NFKC, case folded, runs of spaces joined), RDN by RDN."""
        return tuple(
            frozenset(
                (kind, " ".join(unicodedata.normalize("NFKC", text).casefold().split())) for kind, text in _pairs(rdn)
            )
            for rdn in der.read(self.der, der.SEQUENCE).reader()
        )

    def first(self, short: str) -> str | None:
        """The first value of an attribute by its short name (`CN`, `O`, …), as `told`."""
        return next((told(v) for k, v in self.attributes if k == short), None)

    def all(self, short: str) -> tuple[str, ...]:
        """Every value of an attribute, whole: rules compare them."""
        return tuple(v for k, v in self.attributes if k == short)

    def __str__(self) -> str:
        """RFC 4514 order of this field's certificates: as encoded, most general first; as `told`."""
        return self._text

    @cached_property
    def _text(self) -> str:
        return told(", ".join(f"{k}={v}" for k, v in self.attributes))


@dataclass(frozen=True)
class Extension:
    """One extension as it is written (RFC 5280 4.1.2.9)."""

    oid: str
    critical: bool
    value: bytes  # the octets inside extnValue


class Certificate:
    """An X.509 v3 certificate. Equal when the octets are equal."""

    __slots__ = ("__dict__", "der")

    def __init__(self, encoded: bytes) -> None:
        self.der = encoded
        # Parsed now, so that a broken certificate fails where it is read and names never raise later.
        self._x509, self.subject, self.issuer, self.not_before, self.not_after  # noqa: B018 - reading is the check

    @classmethod
    def from_der(cls, data: bytes) -> Certificate:
        """Reads one certificate. Raises `FormatError`, `LimitExceeded`."""
        if len(data) > MAX_CERTIFICATE_BYTES:
            raise LimitExceeded(f"A certificate of {len(data)} bytes; at most {MAX_CERTIFICATE_BYTES} are read.")
        return _cached(bytes(data))

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Certificate) and other.der == self.der

    def __hash__(self) -> int:
        return hash(self.der)

    def __repr__(self) -> str:
        return f"<Certificate {self.subject} #{self.serial_hex}>"

    @cached_property
    def _x509(self) -> x509.Certificate:
        try:
            return x509.load_der_x509_certificate(self.der)
        except (ValueError, x509.InvalidVersion) as e:
            raise FormatError(f"Not an X.509 certificate: {e}") from None

    @cached_property
    def _tbs(self) -> list[der.Element]:
        """The elements of TBSCertificate from serialNumber on (RFC 5280 4.1)."""
        outer = der.read(self.der, der.SEQUENCE).reader()
        tbs = outer.take(der.SEQUENCE).children()
        return tbs[1:] if tbs and tbs[0].tag == 0xA0 else tbs

    @cached_property
    def version(self) -> int:
        """1 or 3 as people count; the encoding counts from 0."""
        return self._x509.version.value + 1

    @cached_property
    def serial(self) -> int:
        return self._tbs[0].integer()

    @property
    def serial_hex(self) -> str:
        return f"{self.serial:x}"

    @cached_property
    def subject(self) -> Name:
        return name_in(self._tbs[4])

    @cached_property
    def issuer(self) -> Name:
        return name_in(self._tbs[2])

    @cached_property
    def not_before(self) -> datetime:
        return self._validity(lambda: self._x509.not_valid_before_utc)

    @cached_property
    def not_after(self) -> datetime:
        return self._validity(lambda: self._x509.not_valid_after_utc)

    @staticmethod
    def _validity(read: Callable[[], datetime]) -> datetime:
        try:
            return read()
        except ValueError as e:  # the year 0
            raise FormatError(f"The certificate's validity cannot be read: {e}.") from None

    @cached_property
    def public_key(self) -> PublicKeyTypes:
        """The key. Raises `CertificateUnsuitable` for algorithms and curves that OpenSSL does not know.

        Curves written out as parameters are refused even where they equal a named one (CVE-2020-0601), and RSA keys
        with which one verification would cost more than a stated bound (class R2).
        """
        algorithm = self._tbs[5].children()[0].children()
        if algorithm[0].oid() == oids.EC_PUBLIC_KEY and (len(algorithm) != 2 or algorithm[1].tag != der.OID):
            raise CertificateUnsuitable(f"The public key of {self.subject} is not on a named curve.")
        try:
            key = self._x509.public_key()
        except (ValueError, UnsupportedAlgorithm) as e:
            raise CertificateUnsuitable(f"The public key of {self.subject} cannot be used: {e}") from None
        if isinstance(key, rsa.RSAPublicKey):
            bits, exponent = key.key_size, key.public_numbers().e.bit_length()
            if bits > MAX_RSA_BITS or exponent > MAX_RSA_EXPONENT_BITS:
                raise CertificateUnsuitable(
                    f"The public key of {self.subject} cannot be used: RSA of {bits} bits with an exponent of "
                    f"{exponent} bits; at most {MAX_RSA_BITS} and {MAX_RSA_EXPONENT_BITS} are verified with."
                )
        return key

    def takes(self, scheme: Scheme) -> bool:
        """Whether the key may be used so: one that is for RSASSA-PSS signs in no other way (RFC 4055 1.2, 3.1)."""
        return self._only is None or (scheme.padding == "pss" and self._only in ("", scheme.hash_name))

    @cached_property
    def _only(self) -> str | None:
        """The hash of a key that is for RSASSA-PSS alone; empty where it is for all, None for other keys."""
        algorithm = self._tbs[5].children()[0]
        kind, *parameters = algorithm.children()
        if kind.oid() != oids.RSASSA_PSS:
            return None
        try:
            return scheme_in(algorithm).hash_name if parameters else ""
        except FormatError:
            return "unknown"  # then it verifies nothing

    @cached_property
    def spki(self) -> bytes:
        """SubjectPublicKeyInfo as received."""
        return self._tbs[5].raw

    @cached_property
    def public_key_bits(self) -> bytes:
        """The octets inside subjectPublicKey, as OCSP hashes them (RFC 6960 4.1.1)."""
        return self._tbs[5].children()[1].content[1:]

    @cached_property
    def key_sha1(self) -> bytes:
        """KeyHash: how OCSP names a responder by its key (RFC 6960 4.2.1). It only looks a certificate up."""
        return hashlib.sha1(self.public_key_bits).digest()  # noqa: S324 - as the protocol has it

    @cached_property
    def sha256(self) -> str:
        """Fingerprint of the certificate, lower-case hex."""
        return hashlib.sha256(self.der).hexdigest()

    @cached_property
    def spki_sha256(self) -> str:
        """Fingerprint of the key, lower-case hex: what trust is pinned to."""
        return hashlib.sha256(self.spki).hexdigest()

    @property
    def tbs_octets(self) -> bytes:
        return self._x509.tbs_certificate_bytes

    @cached_property
    def signature_value(self) -> bytes:
        return whole_octets(der.read(self.der, der.SEQUENCE).children()[2])

    @cached_property
    def signature_scheme(self) -> Scheme:
        """The scheme its issuer used; inner and outer identifier must be equal (RFC 5280 4.1.1.2)."""
        outer = der.read(self.der, der.SEQUENCE).reader()
        outer.take()
        algorithm = outer.take(der.SEQUENCE)
        if algorithm.raw != self._tbs[1].raw:
            raise FormatError("The certificate names two different signature algorithms.")
        return scheme_in(algorithm)

    @cached_property
    def extensions(self) -> dict[str, Extension]:
        """Extensions by object identifier. Raises `FormatError` when one stands twice (RFC 5280 4.2)."""
        block = next((e for e in self._tbs[6:] if e.tag == 0xA3), None)
        return {} if block is None else extensions_in(block, "certificate")

    @cached_property
    def basic_constraints(self) -> tuple[bool, int | None]:
        """(is a CA, path length) — (False, None) when the extension is absent."""
        ext = self.extensions.get(BASIC_CONSTRAINTS)
        if ext is None:
            return False, None
        reader = der.read(ext.value, der.SEQUENCE).reader()
        ca = (e := reader.optional(der.BOOLEAN)) is not None and e.boolean()
        length = reader.take(der.INTEGER).integer() if reader.more else None
        reader.finish()
        if length is not None and length < 0:
            raise FormatError(f"basicConstraints with a path length of {length}.")
        return ca, length

    @property
    def is_ca(self) -> bool:
        return self.basic_constraints[0]

    @cached_property
    def key_usage(self) -> frozenset[str] | None:
        """Names as in RFC 5280 4.2.1.3 with underscores, or None when the extension is absent."""
        ext = self.extensions.get(KEY_USAGE)
        if ext is None:
            return None
        bits = der.read(ext.value, der.BIT_STRING).content
        octets = bits[1:]
        return frozenset(
            name for i, name in enumerate(KEY_USAGES) if i // 8 < len(octets) and octets[i // 8] >> (7 - i % 8) & 1
        )

    @cached_property
    def extended_key_usage(self) -> frozenset[str] | None:
        """Object identifiers, or None when the extension is absent."""
        ext = self.extensions.get(EXTENDED_KEY_USAGE)
        if ext is None:
            return None
        return frozenset(e.oid() for e in der.read(ext.value, der.SEQUENCE).reader())

    @cached_property
    def subject_key_identifier(self) -> bytes | None:
        ext = self.extensions.get(SUBJECT_KEY_IDENTIFIER)
        return der.read(ext.value, der.OCTET_STRING).content if ext else None

    @cached_property
    def authority_key_identifier(self) -> bytes | None:
        """keyIdentifier of the extension, None when absent (G1 names issuer and serial instead)."""
        ext = self.extensions.get(AUTHORITY_KEY_IDENTIFIER)
        if ext is None:
            return None
        element = der.read(ext.value, der.SEQUENCE).reader().optional(0x80)
        return element.content if element else None

    @cached_property
    def _access(self) -> list[tuple[str, str]]:
        ext = self.extensions.get(AUTHORITY_INFO_ACCESS)
        if ext is None:
            return []
        out = []
        for item in der.read(ext.value, der.SEQUENCE).reader():
            reader = item.expect(der.SEQUENCE).reader()
            method, location = reader.take(der.OID).oid(), reader.take()
            reader.finish()
            if location.tag == 0x86:
                out.append((method, location.text()))
        return out

    @property
    def ocsp_urls(self) -> tuple[str, ...]:
        return tuple(url for method, url in self._access if method == AD_OCSP)

    @property
    def ca_issuer_urls(self) -> tuple[str, ...]:
        return tuple(url for method, url in self._access if method == AD_CA_ISSUERS)

    @cached_property
    def crl_urls(self) -> tuple[str, ...]:
        """URLs of full names in the CRL distribution points."""
        ext = self.extensions.get(CRL_DISTRIBUTION_POINTS)
        if ext is None:
            return ()
        urls = []
        for point in der.read(ext.value, der.SEQUENCE).reader():
            name = point.reader().optional(0xA0)
            full = name.reader().optional(0xA0) if name else None
            urls += [e.text() for e in full.reader() if e.tag == 0x86] if full else []
        return tuple(urls)

    @cached_property
    def policies(self) -> tuple[str, ...]:
        ext = self.extensions.get(CERTIFICATE_POLICIES)
        if ext is None:
            return ()
        return tuple(p.reader().take(der.OID).oid() for p in der.read(ext.value, der.SEQUENCE).reader())

    @cached_property
    def oddities(self) -> tuple[str, ...]:
        """Deviations that are tolerated and must be named in a report. Never raises."""
        found = []
        try:
            issuer_alt = self.extensions.get(ISSUER_ALTERNATIVE_NAME)
        except FormatError as e:
            return (f"extensions cannot be read: {e}",)
        if issuer_alt is not None and issuer_alt.value == b"0\x00":
            found.append("empty issuerAltName")
        if self.serial <= 0:
            found.append("serial number is not positive")
        return tuple(found)

    @property
    def self_issued(self) -> bool:
        return self.subject.matches(self.issuer)

    def issued_by(self, issuer: Certificate) -> bool:
        """Whether the issuer's name matches and its key verifies the signature. One signature check.

        A key or an algorithm that cannot be used verifies nothing: False.
        """
        if not self.issuer.matches(issuer.subject):
            return False
        try:
            return issuer.verifies(self.signature_scheme, self._imprint, self.signature_value)
        except (FormatError, CertificateUnsuitable):
            return False

    @cached_property
    def _imprint(self) -> bytes:
        return self.signature_scheme.imprint(self.tbs_octets)

    def verifies(self, scheme: Scheme, imprint: bytes, value: bytes) -> bool:
        """Whether the value is this certificate's key's over the imprint of a certificate, a CRL or an OCSP answer.

        Remembered: each is asked about many times in one verdict, and in an archive of few signers by each file.
        Raises `CertificateUnsuitable` for a key that cannot be used.
        """
        if len(imprint) > _REMEMBERED_BYTES:  # Ed25519: the whole message
            return _verified.__wrapped__(self, scheme, imprint, value)
        return _verified(self, scheme, imprint, value)

    def pem(self) -> str:
        body = base64.encodebytes(self.der).decode().replace("\n", "")
        lines = [body[i : i + 64] for i in range(0, len(body), 64)]
        return "\n".join(["-----BEGIN CERTIFICATE-----", *lines, "-----END CERTIFICATE-----", ""])


_REMEMBERED_BYTES = 64  # a digest; 4096 of them with their values and certificates have some MB


@lru_cache(maxsize=4096)
def _verified(issuer: Certificate, scheme: Scheme, imprint: bytes, value: bytes) -> bool:
    return issuer.takes(scheme) and scheme.verify(issuer.public_key, imprint, value)


@lru_cache(maxsize=1024)
def _cached(encoded: bytes) -> Certificate:
    return Certificate(encoded)


def extensions_in(block: der.Element, what: str) -> dict[str, Extension]:
    """The Extensions inside an explicitly tagged `block`, by object identifier (RFC 5280 4.2, 5.2; RFC 6960 4.4).

    Raises `FormatError` when one stands twice; `what` is the word for the thing that carries them.
    """
    inside = block.reader()
    items = inside.take(der.SEQUENCE)
    inside.finish()
    return extensions_of(items, what)


def extensions_of(items: der.Element, what: str) -> dict[str, Extension]:
    """The same for the bare SEQUENCE OF Extension, as CRL entries have it."""
    found: dict[str, Extension] = {}
    for item in items.expect(der.SEQUENCE).reader():
        reader = item.expect(der.SEQUENCE).reader()
        dotted = reader.take(der.OID).oid()
        critical = (e := reader.optional(der.BOOLEAN)) is not None and e.boolean()
        value = reader.take(der.OCTET_STRING).content
        reader.finish()
        if dotted in found:
            raise FormatError(f"The {what} carries extension {dotted} twice.")
        found[dotted] = Extension(dotted, critical, value)
    return found


def whole_octets(element: der.Element) -> bytes:
    """The octets of a BIT STRING that holds a value; one with unused bits is refused (a second encoding)."""
    content = element.expect(der.BIT_STRING).content
    if content[:1] != b"\x00":
        raise FormatError(f"DER: the BIT STRING at offset {element.start} must hold whole octets.")
    return content[1:]


def name_in(element: der.Element) -> Name:
    """The Name that this element holds (RFC 5280 4.1.2.4)."""
    pairs = [pair for rdn in element.expect(der.SEQUENCE).reader() for pair in _pairs(rdn)]
    return Name(element.raw, tuple((_NAME_OIDS.get(dotted, dotted), text) for dotted, text in pairs))


_ENCODINGS = {0x1E: "utf-16-be", 0x1C: "utf-32-be", 0x14: "latin-1"}
"""Of BMPString, UniversalString and TeletexString (RFC 5280 4.1.2.4), as they are really written."""


def _pairs(rdn: der.Element) -> list[tuple[str, str]]:
    """(object identifier, text) of one RelativeDistinguishedName."""
    pairs = []
    for item in rdn.expect(der.SET).reader():
        reader = item.expect(der.SEQUENCE).reader()
        kind, value = reader.take(der.OID), reader.take()
        reader.finish()
        pairs.append((kind.oid(), value.content.decode(_ENCODINGS.get(value.tag, "utf-8"), "replace")))
    return pairs


_PEM = re.compile(r"-----BEGIN (?:X509 |TRUSTED )?CERTIFICATE-----\s*([A-Za-z0-9+/=\s]+?)-----END", re.ASCII)


def certificates_from_pem(text: str | bytes) -> tuple[Certificate, ...]:
    """All certificates in a PEM text, in order. Raises `FormatError` when there is none."""
    if isinstance(text, bytes):
        text = text.decode("latin-1")
    try:
        found = tuple(Certificate.from_der(base64.b64decode(m.group(1))) for m in _PEM.finditer(text))
    except binascii.Error as e:
        raise FormatError(f"The PEM text holds broken base64: {e}.") from None
    if not found:
        raise FormatError("No certificate found in the PEM text.")
    return found


def certificates_from_bytes(data: bytes) -> tuple[Certificate, ...]:
    """Certificates from PEM or from one DER certificate."""
    return certificates_from_pem(data) if b"-----BEGIN" in data else (Certificate.from_der(data),)


def ordered_chain(leaf: Certificate, others: Iterable[Certificate]) -> tuple[Certificate, ...]:
    """The leaf, then each issuer that can be found among `others` by name and signature; the root included."""
    chain = [leaf]
    pool = list(dict.fromkeys(others))
    while not (chain[-1].self_issued and chain[-1].issued_by(chain[-1])):
        issuer = next((c for c in pool if c not in chain and chain[-1].issued_by(c)), None)
        if issuer is None:
            break
        chain.append(issuer)
    return tuple(chain)
