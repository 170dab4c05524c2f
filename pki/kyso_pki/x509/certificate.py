"""A certificate as received: its octets, its names and the few facts that decisions need.

Reach for `Certificate.from_der` or `certificates_from_pem`. Extensions are read one by one from the octets,
so that one odd extension (the empty issuerAltName of the G1 archives) does not make the rest unreadable;
what could not be read is listed in `oddities`, never silently dropped.
"""

from __future__ import annotations

import base64
import hashlib
import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property, lru_cache

from cryptography import x509
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.types import PublicKeyTypes

from ..asn1 import der
from ..errors import CertificateUnsuitable, FormatError, LimitExceeded
from ..scheme import Scheme, scheme_in

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
_KEY_USAGES = (
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
CERTIFICATE_POLICIES, OCSP_NO_CHECK = "2.5.29.32", "1.3.6.1.5.5.7.48.1.5"
_AD_OCSP, _AD_CA_ISSUERS = "1.3.6.1.5.5.7.48.1", "1.3.6.1.5.5.7.48.2"


@dataclass(frozen=True)
class Name:
    """A distinguished name: the octets (which is what is compared) and the attributes in order."""

    der: bytes
    attributes: tuple[tuple[str, str], ...]

    def first(self, short: str) -> str | None:
        """The first value of an attribute by its short name (`CN`, `O`, …)."""
        return next((v for k, v in self.attributes if k == short), None)

    def all(self, short: str) -> tuple[str, ...]:
        return tuple(v for k, v in self.attributes if k == short)

    def __str__(self) -> str:
        """RFC 4514 order of this field's certificates: as encoded, most general first."""
        return ", ".join(f"{k}={v}" for k, v in self.attributes)


@dataclass(frozen=True)
class Extension:
    oid: str
    critical: bool
    value: bytes  # the octets inside extnValue


class Certificate:
    """An X.509 v3 certificate. Equal when the octets are equal."""

    __slots__ = ("__dict__", "der")

    def __init__(self, encoded: bytes) -> None:
        self.der = encoded
        self._x509  # noqa: B018 - parse now, so that a broken certificate fails where it is read

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
        except ValueError as e:
            raise FormatError(f"Not an X.509 certificate: {e}") from None

    @cached_property
    def _tbs(self) -> list[der.Element]:
        """The elements of TBSCertificate from serialNumber on (RFC 5280 4.1)."""
        outer = der.read(self.der, der.SEQUENCE).reader()
        tbs = outer.take(der.SEQUENCE).children()
        return tbs[1:] if tbs and tbs[0].tag == 0xA0 else tbs

    @cached_property
    def serial(self) -> int:
        return self._x509.serial_number

    @property
    def serial_hex(self) -> str:
        return f"{self.serial:x}"

    @cached_property
    def subject(self) -> Name:
        return _name(self._tbs[4])

    @cached_property
    def issuer(self) -> Name:
        return _name(self._tbs[2])

    @cached_property
    def not_before(self) -> datetime:
        return self._x509.not_valid_before_utc

    @cached_property
    def not_after(self) -> datetime:
        return self._x509.not_valid_after_utc

    @cached_property
    def public_key(self) -> PublicKeyTypes:
        """The key. Raises `CertificateUnsuitable` for algorithms and curves that OpenSSL does not know."""
        try:
            return self._x509.public_key()
        except (ValueError, UnsupportedAlgorithm) as e:
            raise CertificateUnsuitable(f"The public key of {self.subject} cannot be used: {e}") from None

    @cached_property
    def spki(self) -> bytes:
        """SubjectPublicKeyInfo as received."""
        return self._tbs[5].raw

    @cached_property
    def public_key_bits(self) -> bytes:
        """The octets inside subjectPublicKey, as OCSP hashes them (RFC 6960 4.1.1)."""
        return self._tbs[5].children()[1].content[1:]

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

    @property
    def signature_value(self) -> bytes:
        return self._x509.signature

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
        found: dict[str, Extension] = {}
        block = next((e for e in self._tbs[6:] if e.tag == 0xA3), None)
        if block is None:
            return found
        for item in block.children()[0].expect(der.SEQUENCE).reader():
            reader = item.expect(der.SEQUENCE).reader()
            dotted = reader.take(der.OID).oid()
            critical = (e := reader.optional(der.BOOLEAN)) is not None and e.boolean()
            value = reader.take(der.OCTET_STRING).content
            if dotted in found:
                raise FormatError(f"The certificate carries extension {dotted} twice.")
            found[dotted] = Extension(dotted, critical, value)
        return found

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
            name for i, name in enumerate(_KEY_USAGES) if i // 8 < len(octets) and octets[i // 8] >> (7 - i % 8) & 1
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
            method, location = item.children()
            if location.tag == 0x86:
                out.append((method.oid(), location.text()))
        return out

    @property
    def ocsp_urls(self) -> tuple[str, ...]:
        return tuple(url for method, url in self._access if method == _AD_OCSP)

    @property
    def ca_issuer_urls(self) -> tuple[str, ...]:
        return tuple(url for method, url in self._access if method == _AD_CA_ISSUERS)

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
        """Deviations that are tolerated and must be named in a report."""
        found = []
        issuer_alt = self.extensions.get("2.5.29.18")
        if issuer_alt is not None and issuer_alt.value == b"0\x00":
            found.append("empty issuerAltName")
        return tuple(found)

    @property
    def self_issued(self) -> bool:
        return self.subject.der == self.issuer.der

    def issued_by(self, issuer: Certificate) -> bool:
        """Whether the issuer's name matches and its key verifies the signature. One signature check."""
        if self.issuer.der != issuer.subject.der:
            return False
        scheme = self.signature_scheme
        return scheme.accepts(issuer.public_key) and scheme.verify(
            issuer.public_key, scheme.imprint(self.tbs_octets), self.signature_value
        )

    def pem(self) -> str:
        body = base64.encodebytes(self.der).decode().replace("\n", "")
        lines = [body[i : i + 64] for i in range(0, len(body), 64)]
        return "\n".join(["-----BEGIN CERTIFICATE-----", *lines, "-----END CERTIFICATE-----", ""])


@lru_cache(maxsize=1024)
def _cached(encoded: bytes) -> Certificate:
    return Certificate(encoded)


def _name(element: der.Element) -> Name:
    attributes = []
    for rdn in element.expect(der.SEQUENCE).reader():
        for pair in rdn.expect(der.SET).reader():
            kind, value = pair.children()
            dotted = kind.oid()
            encoding = "utf-16-be" if value.tag == 0x1E else "latin-1" if value.tag == 0x14 else "utf-8"
            attributes.append((_NAME_OIDS.get(dotted, dotted), value.content.decode(encoding, "replace")))
    return Name(element.raw, tuple(attributes))


_PEM = re.compile(r"-----BEGIN (?:X509 |TRUSTED )?CERTIFICATE-----\s*([A-Za-z0-9+/=\s]+?)-----END", re.ASCII)


def certificates_from_pem(text: str | bytes) -> tuple[Certificate, ...]:
    """All certificates in a PEM text, in order. Raises `FormatError` when there is none."""
    if isinstance(text, bytes):
        text = text.decode("latin-1")
    found = tuple(Certificate.from_der(base64.b64decode(m.group(1))) for m in _PEM.finditer(text))
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
