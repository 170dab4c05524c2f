"""SignedData with one SignerInfo: written in DER, read strictly (RFC 5652 5).

Reach for `signed_data` after the key has signed `attributes.signed_attributes(...)`, `signed_data_size` to
reserve room before, and `read_signed_data` for the structure. What is intact is decided in `examine`.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache

from .. import oids
from ..asn1 import der
from ..credential import Chain
from ..errors import FormatError, LimitExceeded
from ..scheme import Scheme, algorithm_oid
from ..x509.certificate import Certificate

MAX_SIGNED_DATA_BYTES = 32 << 20  # against memory exhaustion; with CRLs inside real ones reach some MB
MAX_CERTIFICATES = 64
MAX_KEPT = 1 << 14  # bytes of a set of certificates, mostly the same in all signatures of one person: read once
MAX_SIGNERS = 16
MAX_DIGEST_ALGORITHMS = 16
MAX_REVOCATION = 256  # CRLs and OCSP answers; each is looked at for every certificate of every path
_OTHER_OCSP = "1.3.6.1.5.5.7.16.2"  # id-ri-ocsp-response, RFC 5940
_CERTIFICATE_CHOICES = (der.SEQUENCE, 0xA0, 0xA1, 0xA2, 0xA3)  # those in brackets are obsolete or of attributes
_ONE = der.integer(1)
_SIGNED_DATA = der.oid(oids.ID_SIGNED_DATA)
_SLACK = 64  # bytes for length octets that grow between the estimate and the value


def signed_data(
    signed_attrs: bytes,
    value: bytes,
    chain: Chain,
    scheme: Scheme,
    *,
    content: bytes | None = None,
    content_type: str = oids.ID_DATA,
    timestamps: Sequence[bytes] = (),
) -> bytes:
    """A DER ContentInfo holding SignedData with one signer.

    `signed_attrs` is the SET OF that was signed; `content` stays None for detached signatures;
    `timestamps` become signature-time-stamp attributes (EN 319 122-1 5.3).
    """
    if content is None and not timestamps:
        before, between = _around(chain, scheme, len(signed_attrs), len(value), content_type)
        return b"".join([before, signed_attrs[1:], between, value])
    return _signed_data(signed_attrs, value, chain, scheme, content, content_type, timestamps)


@lru_cache(maxsize=256)
def _around(
    chain: Chain, scheme: Scheme, attributes_size: int, value_size: int, content_type: str
) -> tuple[bytes, bytes]:
    """What stands before and between the signed attributes and the value, which comes last: only they differ."""
    attributes, value = bytes(attributes_size), bytes(value_size)
    whole = _signed_data(attributes, value, chain, scheme, None, content_type, ())
    end = len(whole) - len(scheme.identifier + der.octet_string(value))
    return whole[: end - attributes_size + 1], whole[end : len(whole) - value_size]


def _signed_data(
    signed_attrs: bytes,
    value: bytes,
    chain: Chain,
    scheme: Scheme,
    content: bytes | None,
    content_type: str,
    timestamps: Sequence[bytes],
) -> bytes:
    identity, certificates = _of_chain(chain)
    unsigned = b""
    if timestamps:
        attribute = der.sequence(der.oid(oids.ID_AA_TIME_STAMP_TOKEN), der.set_of(timestamps))
        unsigned = der.set_of([attribute], tag=0xA1)
    signer_info = der.sequence(
        _ONE,
        identity,
        scheme.digest_identifier,
        b"\xa0" + signed_attrs[1:],
        scheme.identifier,
        der.octet_string(value),
        unsigned,
    )
    encapsulated = der.oid(content_type)
    if content is not None:
        encapsulated += der.explicit(0, der.octet_string(content))
    body = der.sequence(
        der.integer(1 if content_type == oids.ID_DATA else 3),
        der.set_of([scheme.digest_identifier]),
        der.sequence(encapsulated),
        certificates,
        der.set_of([signer_info]),
    )
    return der.sequence(_SIGNED_DATA, der.explicit(0, body))


@lru_cache(maxsize=64)
def _of_chain(chain: Chain) -> tuple[bytes, bytes]:
    """IssuerAndSerialNumber and the CertificateSet: the same in every signature of a signer."""
    leaf = chain.leaf
    identity = der.sequence(leaf.issuer.der, der.integer(leaf.serial))
    return identity, der.set_of([c.der for c in chain.carried], tag=0xA0)


@lru_cache(maxsize=256)
def signed_data_size(chain: Chain, scheme: Scheme, signed_attrs_size: int, timestamp_size: int = 0) -> int:
    """Upper bound in bytes of what `signed_data` will give for a detached signature.

    `timestamp_size`: bytes kept free for one timestamp token, 0 for none.
    """
    filler = [b"\x04" + bytes(timestamp_size)] if timestamp_size else []
    attrs = der.tlv(der.SET, bytes(max(signed_attrs_size - 4, 0)))
    made = signed_data(attrs, bytes(_max_value_size(chain, scheme)), chain, scheme, timestamps=filler)
    return len(made) + _SLACK


def _max_value_size(chain: Chain, scheme: Scheme) -> int:
    """Bytes of the longest signature value that the leaf's key can give."""
    size = int(getattr(chain.leaf.public_key, "key_size", 512))  # Ed25519 has no key_size; its value has 64 bytes
    if scheme.key_type == "rsa":
        return (size + 7) // 8
    return 2 * ((size + 7) // 8) + 16  # DER adds two INTEGER headers, two sign octets and a SEQUENCE header


@dataclass(frozen=True)
class SignerInfo:
    """One SignerInfo as received; nothing in it is checked yet."""

    issuer_serial: tuple[bytes, int] | None
    subject_key_identifier: bytes | None
    digest_oid: str
    signed_attrs: der.Element | None
    signature_algorithm: der.Element
    value: bytes
    unsigned_attrs: der.Element | None
    signed_fields: bytes = b""
    """version to signature as received: all but the unsigned attributes (EN 319 122-1 5.5.3)."""

    def names(self, certificate: Certificate) -> bool:
        """Whether the sid names this certificate (RFC 5652 5.3)."""
        if self.issuer_serial is not None:
            return self.issuer_serial == (certificate.issuer.der, certificate.serial)
        return certificate.subject_key_identifier == self.subject_key_identifier


@dataclass(frozen=True)
class SignedData:
    """SignedData as received."""

    digest_oids: tuple[str, ...]
    content_type: str
    content: bytes | None
    certificates: tuple[Certificate, ...]
    unreadable_certificates: int
    crls: tuple[bytes, ...]
    ocsp: tuple[bytes, ...]
    signers: tuple[SignerInfo, ...]
    raw_content_type: bytes = b""
    """eContentType as received."""
    raw_certificates: tuple[bytes, ...] = ()
    """Each CertificateChoices and RevocationInfoChoice as received."""
    raw_revocation: tuple[bytes, ...] = ()


def read_signed_data(encoded: bytes) -> SignedData:
    """Reads one ContentInfo that fills `encoded`. Raises `FormatError`, `LimitExceeded`."""
    if len(encoded) > MAX_SIGNED_DATA_BYTES:
        raise LimitExceeded(f"A CMS structure of {len(encoded)} bytes; at most {MAX_SIGNED_DATA_BYTES} are read.")
    info = der.read(encoded, der.SEQUENCE).reader()
    kind = info.take(der.OID).oid()
    if kind != oids.ID_SIGNED_DATA:
        raise FormatError(f"CMS content type {kind} found, SignedData ({oids.ID_SIGNED_DATA}) needed.")
    inner = info.take(0xA0).reader()
    info.finish()
    body = inner.take(der.SEQUENCE).reader()
    inner.finish()

    body.take(der.INTEGER).integer()
    digest_oids = tuple(algorithm_oid(e) for e in _bounded(body.take(der.SET), MAX_DIGEST_ALGORITHMS))
    encapsulated = body.take(der.SEQUENCE).reader()
    kind_of_content = encapsulated.take(der.OID)
    content_type = kind_of_content.oid()
    content = None
    if e := encapsulated.optional(0xA0):
        content_reader = e.reader()
        content = content_reader.take(der.OCTET_STRING).content
        content_reader.finish()
    encapsulated.finish()
    certificate_set, revocation_set = body.optional(0xA0), body.optional(0xA1)
    certificates, unreadable, raw_certificates = _certificates(certificate_set)
    crls, ocsp = _revocation(revocation_set)
    signers = tuple(signer_info_in(e) for e in _bounded(body.take(der.SET), MAX_SIGNERS))
    body.finish()
    return SignedData(
        digest_oids,
        content_type,
        content,
        certificates,
        unreadable,
        crls,
        ocsp,
        signers,
        kind_of_content.raw,
        raw_certificates,
        tuple(e.raw for e in _bounded(revocation_set, MAX_REVOCATION)),
    )


def _bounded(element: der.Element | None, most: int) -> Iterator[der.Element]:
    """The elements inside; raises `LimitExceeded` before the one too many."""
    for number, item in enumerate(element.reader() if element else ()):
        if number == most:
            raise LimitExceeded(f"More than {most} elements in one list of the CMS structure.")
        yield item


def _certificates(element: der.Element | None) -> tuple[tuple[Certificate, ...], int, tuple[bytes, ...]]:
    """CertificateSet, and each as received; attribute certificates and what cannot be parsed are counted."""
    if element is None:
        return (), 0, ()
    return (_kept_set if element.end - element.start <= MAX_KEPT else _read_set)(element.raw)


def _read_set(encoded: bytes) -> tuple[tuple[Certificate, ...], int, tuple[bytes, ...]]:
    found: list[Certificate] = []
    unreadable = 0
    items = tuple(_bounded(der.read(encoded), MAX_CERTIFICATES))
    for item in items:
        if item.tag not in _CERTIFICATE_CHOICES:
            raise FormatError(f"Tag 0x{item.tag:02x} among the certificates is none of those of RFC 5652 10.2.2.")
        try:
            found.append(Certificate.from_der(item.expect(der.SEQUENCE).raw))
        except FormatError:
            unreadable += 1
    return tuple(dict.fromkeys(found)), unreadable, tuple(item.raw for item in items)


_kept_set = lru_cache(maxsize=256)(_read_set)


def _revocation(element: der.Element | None) -> tuple[tuple[bytes, ...], tuple[bytes, ...]]:
    """RevocationInfoChoices: CRLs, and OCSP answers as other revocation information (RFC 5940)."""
    crls: list[bytes] = []
    ocsp: list[bytes] = []
    for item in _bounded(element, MAX_REVOCATION):
        if item.tag == der.SEQUENCE:
            crls.append(item.raw)
        elif item.tag == 0xA1:
            if (answer := ocsp_in(item)) is not None:
                ocsp.append(answer)
        else:
            raise FormatError(f"Tag 0x{item.tag:02x} among revocation answers is none of those of RFC 5652 10.2.1.")
    return tuple(crls), tuple(ocsp)


def ocsp_in(choice: der.Element) -> bytes | None:
    """The OCSPResponse in a RevocationInfoChoice (RFC 5940 2); None where it is something else."""
    reader = choice.reader()
    if choice.tag != 0xA1 or reader.take(der.OID).oid() != _OTHER_OCSP:
        return None
    return reader.take(der.SEQUENCE).raw


def signer_info_in(element: der.Element) -> SignerInfo:
    """One SignerInfo (RFC 5652 5.3), a counter-signature too (11.4). Raises `FormatError`."""
    reader = element.expect(der.SEQUENCE).reader()
    version = reader.take(der.INTEGER).integer()
    issuer_serial = key_id = None
    sid = reader.take()
    if sid.tag == der.SEQUENCE and version == 1:
        parts = sid.reader()
        issuer_serial = (parts.take(der.SEQUENCE).raw, parts.take(der.INTEGER).integer())
        parts.finish()
    elif sid.tag == 0x80 and version == 3:
        key_id = sid.content
    else:
        raise FormatError(f"SignerInfo version {version} does not fit its signer identifier (RFC 5652 5.3).")
    digest_oid = algorithm_oid(reader.take(der.SEQUENCE))
    signed_attrs = reader.optional(0xA0)
    algorithm = reader.take(der.SEQUENCE)
    value = reader.take(der.OCTET_STRING)
    unsigned_attrs = reader.optional(0xA1)
    reader.finish()
    fields = element.data[element.body : value.end]
    return SignerInfo(
        issuer_serial, key_id, digest_oid, signed_attrs, algorithm, value.content, unsigned_attrs, bytes(fields)
    )
