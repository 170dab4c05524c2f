"""Signed attributes: built for signing, read for checking.

Reach for `signed_attributes` (what the key signs) and `SignedAttributes.read`. A signature without signed
attributes is never made here and never accepted (attack class C1).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from functools import lru_cache
from itertools import islice

from .. import oids
from ..asn1 import der
from ..errors import FormatError, KysoError, LimitExceeded
from ..scheme import HashName, Scheme, algorithm_oid, digest, hash_of_oid
from ..x509.certificate import Certificate

MAX_ATTRIBUTES = 64  # against denial of service; real signatures carry under 10
MAX_KEPT = 1 << 10  # bytes of an attribute that is the same in all signatures of one person, and is read once
MAX_VALUES = 64  # in one attribute; the same
_UNSIGNED = frozenset({oids.ID_COUNTER_SIGNATURE, oids.ID_AA_TIME_STAMP_TOKEN, oids.ID_AA_ARCHIVE_TIME_STAMP_V3})
"""They are over the value, which does not exist when attributes are signed (RFC 5652 11.4, EN 319 122-1 5.3, 5.5)."""


def signed_attributes(
    *,
    content_digest: bytes,
    leaf: Certificate,
    scheme: Scheme,
    signing_time: datetime | None = None,
    content_type: str = oids.ID_DATA,
    content_timestamps: Sequence[bytes] = (),
) -> bytes:
    """The DER SET OF Attribute that the key signs (RFC 5652 5.4, EN 319 122-1 5.1 and 5.2).

    content-type, message-digest, signing-certificate-v2 and CMS algorithm protection (RFC 6211), and
    signing-time when given: PAdES leaves it out, its claimed time is /M (EN 319 142-1 6.3). `content_timestamps`:
    tokens over the content (EN 319 122-1 5.2.8).
    """
    if len(content_digest) != scheme.hash_size:
        raise ValueError(
            f"content_digest has {len(content_digest)} bytes, {scheme.hash_name} needs {scheme.hash_size}"
        )
    if signing_time is None and not content_timestamps:
        before, after = _template(leaf, scheme, content_type)
        return before + content_digest + after
    parts = _parts(content_digest, leaf, scheme, content_type)
    if signing_time is not None:
        parts.append(_attribute(oids.ID_SIGNING_TIME, der.utc_or_generalized_time(signing_time)))
    parts += [_attribute(oids.ID_AA_CONTENT_TIME_STAMP, token) for token in content_timestamps]
    return der.set_of(parts)


def _parts(content_digest: bytes, leaf: Certificate, scheme: Scheme, content_type: str) -> list[bytes]:
    return [
        _attribute(oids.ID_CONTENT_TYPE, der.oid(content_type)),
        _attribute(oids.ID_MESSAGE_DIGEST, der.octet_string(content_digest)),
        _attribute(oids.ID_AA_SIGNING_CERTIFICATE_V2, _signing_certificate_v2(leaf)),
        _attribute(
            oids.ID_CMS_ALGORITHM_PROTECTION,
            der.sequence(scheme.digest_identifier, _retagged(0xA1, scheme.identifier)),
        ),
    ]


@lru_cache(maxsize=64)
def _template(leaf: Certificate, scheme: Scheme, content_type: str) -> tuple[bytes, bytes]:
    """What stands before and after the digest, whose value moves nothing: attributes are sorted by their types."""
    digest_ = _attribute(oids.ID_MESSAGE_DIGEST, der.octet_string(bytes(scheme.hash_size)))
    whole = der.set_of(_parts(bytes(scheme.hash_size), leaf, scheme, content_type))
    end = whole.index(digest_) + len(digest_)
    return whole[: end - scheme.hash_size], whole[end:]


def _attribute(kind: str, value: bytes) -> bytes:
    return der.sequence(der.oid(kind), der.set_of([value]))


def _signing_certificate_v2(leaf: Certificate) -> bytes:
    """SigningCertificateV2 with one ESSCertIDv2; SHA-256 is the DEFAULT and so left out (RFC 5035 4)."""
    issuer_serial = der.sequence(der.sequence(der.explicit(4, leaf.issuer.der)), der.integer(leaf.serial))
    return der.sequence(der.sequence(der.sequence(der.octet_string(digest("sha256", leaf.der)), issuer_serial)))


def _retagged(tag: int, encoded: bytes) -> bytes:
    return bytes((tag,)) + encoded[1:]


@dataclass(frozen=True)
class EssCertId:
    """The first ESSCertID or ESSCertIDv2 of one attribute: binds the signature to one certificate (RFC 5035 5)."""

    hash_name: HashName
    hash: bytes
    issuer_serial: tuple[bytes, int] | None

    def matches(self, certificate: Certificate) -> bool:
        """Whether it names this certificate by hash and, where given, by issuer and serial number."""
        own = (
            bytes.fromhex(certificate.sha256)
            if self.hash_name == "sha256"
            else digest(self.hash_name, certificate.der)
        )
        if own != self.hash:
            return False
        return self.issuer_serial in (None, (certificate.issuer.der, certificate.serial))


@dataclass(frozen=True)
class SignedAttributes:
    """The signed attributes of one SignerInfo, each once and with one value (RFC 5652 11; class C3)."""

    octets: bytes
    """What the signature covers: the received octets under the SET OF tag (RFC 5652 5.4)."""
    canonical: bool
    """Whether the received order is DER order."""
    content_type: str
    message_digest: bytes
    signing_time: datetime | None
    ess: tuple[EssCertId, ...]
    """Of signing-certificate-v2 and of its predecessor; timestamp authorities send both, and both must match."""
    algorithm_protection: tuple[str, bytes] | None
    """Digest OID and the signature AlgorithmIdentifier under a SEQUENCE tag."""
    revocation: tuple[tuple[bytes, ...], tuple[bytes, ...]]
    """CRLs and OCSP answers of Adobe's RevocationInfoArchival attribute."""
    content_timestamps: tuple[bytes, ...] = ()
    """Tokens over the content, made before it was signed (EN 319 122-1 5.2.8)."""
    policy: str | None = None
    """The signature policy that the signer names (EN 319 122-1 5.2.9.1); None: none, or only implied."""

    @classmethod
    def read(cls, element: der.Element, *, counter: bool = False) -> SignedAttributes:
        """Reads the [0] IMPLICIT element of a SignerInfo. `counter`: of a counter-signature, which must not have a
        content type (RFC 5652 11.4); it is empty then. Raises `FormatError`."""
        octets = _retagged(der.SET, element.raw)
        if not counter and (like := _like_others(octets)) is not None:
            return like
        return _read(octets, element, counter=counter)[0]


_MESSAGE_DIGEST = der.oid(oids.ID_MESSAGE_DIGEST)


def _like_others(octets: bytes) -> SignedAttributes | None:
    """Attributes that differ from others in the digest alone, as all of one signer's do, which are read once.

    None where they have to be read: too long, or their digest is not where it seems to be.
    """
    start = octets.find(_MESSAGE_DIGEST) + len(_MESSAGE_DIGEST) + 4  # behind the heads of SET and OCTET STRING
    if not len(_MESSAGE_DIGEST) + 4 <= start <= len(octets) <= MAX_KEPT:
        return None
    end = start + octets[start - 1]
    found = _with_any_digest(octets[:start], octets[end:]) if end <= len(octets) else None
    if found is None:
        return None
    return replace(found, octets=octets, message_digest=octets[start:end])


@lru_cache(maxsize=256)
def _with_any_digest(before: bytes, after: bytes) -> SignedAttributes | None:
    """What these octets are with a digest of zeros between them; None where something else is between them.

    The digest moves nothing: it is the content of a primitive element, whose length is in `before`, and nothing but
    the type of an attribute that is there once decides its place among the others.
    """
    octets = before + bytes(before[-1]) + after
    try:
        found, digest_ = _read(octets, der.read(octets, der.SET), counter=False)
    except KysoError:
        return None  # who reads it for itself is told where in the structure
    return found if (digest_.body, digest_.end) == (len(before), len(before) + before[-1]) else None


def _read(octets: bytes, element: der.Element, *, counter: bool) -> tuple[SignedAttributes, der.Element]:
    """The attributes in `element`, whose received octets under the SET OF tag are given, and the message digest."""
    values, raws = attribute_values(element)
    if misplaced := _UNSIGNED & values.keys():
        raise FormatError(f"Attribute {min(misplaced)} stands among the signed ones, where it must not be.")
    content_type = _single(values, oids.ID_CONTENT_TYPE, required=not counter)
    message_digest = _single(values, oids.ID_MESSAGE_DIGEST, required=True)
    assert message_digest is not None  # noqa: S101 - required above
    if counter and content_type is not None:
        raise FormatError("A counter-signature has a content type; it would pass for a signature over content.")
    signing_time = _single(values, oids.ID_SIGNING_TIME)
    protection = _single(values, oids.ID_CMS_ALGORITHM_PROTECTION)
    archival = _single(values, oids.ID_ADBE_REVOCATION_INFO_ARCHIVAL)
    attributes = SignedAttributes(
        octets=octets,
        canonical=raws == sorted(raws),
        content_type="" if content_type is None else content_type.oid(),
        message_digest=message_digest.octets(),
        signing_time=None if signing_time is None else signing_time.time(),
        ess=_read_ess(values),
        algorithm_protection=None if protection is None else _protection(protection),
        revocation=((), ()) if archival is None else _read_archival(archival),
        content_timestamps=tuple(
            e.expect(der.SEQUENCE).raw for group in values.get(oids.ID_AA_CONTENT_TIME_STAMP, []) for e in group
        ),
        policy=_policy(_single(values, oids.ID_AA_ETS_SIG_POLICY_ID)),
    )
    return attributes, message_digest


def _policy(element: der.Element | None) -> str | None:
    """The identifier in a SignaturePolicy, which is a CHOICE with NULL."""
    if element is None or element.tag == der.NULL:
        return None
    return element.expect(der.SEQUENCE).reader().take(der.OID).oid()


def attribute_values(element: der.Element) -> tuple[dict[str, list[list[der.Element]]], list[bytes]]:
    """Attributes by type, each occurrence with its values; and their received encodings in order."""
    values: dict[str, list[list[der.Element]]] = {}
    raws: list[bytes] = []
    for item in element.reader():
        if len(raws) == MAX_ATTRIBUTES:
            raise LimitExceeded(f"More than {MAX_ATTRIBUTES} attributes in one SignerInfo.")
        reader = item.expect(der.SEQUENCE).reader()
        kind = reader.take(der.OID).oid()
        found = list(islice(reader.take(der.SET).reader(), MAX_VALUES + 1))
        if len(found) > MAX_VALUES:
            raise LimitExceeded(f"More than {MAX_VALUES} values in attribute {kind}.")
        values.setdefault(kind, []).append(found)
        reader.finish()
        raws.append(item.raw)
    return values, raws


def _single(values: dict[str, list[list[der.Element]]], kind: str, *, required: bool = False) -> der.Element | None:
    occurrences = values.get(kind, [])
    if not occurrences and not required:
        return None
    if len(occurrences) != 1 or len(occurrences[0]) != 1:
        raise FormatError(f"Signed attribute {kind} must stand once with one value; found {len(occurrences)}.")
    return occurrences[0][0]


def _read_ess(values: dict[str, list[list[der.Element]]]) -> tuple[EssCertId, ...]:
    v2 = _single(values, oids.ID_AA_SIGNING_CERTIFICATE_V2)
    v1 = _single(values, oids.ID_AA_SIGNING_CERTIFICATE)
    found: list[EssCertId] = []
    for attribute, version in ((v2, 2), (v1, 1)):
        if attribute is not None:
            read = _kept_ess_cert_id if attribute.end - attribute.start <= MAX_KEPT else _read_ess_cert_id
            found.append(read(attribute.raw, version))
    return tuple(found)


def _read_ess_cert_id(attribute: bytes, version: int) -> EssCertId:
    """The first certificate identifier; those after it restrict the path and are not asked (RFC 5035 5.4)."""
    certs = der.read(attribute, der.SEQUENCE).reader().take(der.SEQUENCE).reader()
    first = certs.take(der.SEQUENCE).reader()
    hash_name: HashName = "sha1" if version == 1 else "sha256"
    if version == 2 and (e := first.optional(der.SEQUENCE)):
        hash_name = hash_of_oid(algorithm_oid(e))
    value = first.take(der.OCTET_STRING).content
    issuer_serial = None
    if e := first.optional(der.SEQUENCE):
        reader = e.reader()
        names = reader.take(der.SEQUENCE).children()
        serial = reader.take(der.INTEGER).integer()
        reader.finish()
        if len(names) != 1 or names[0].tag != 0xA4:
            raise FormatError("ESS issuerSerial must hold exactly one directory name.")
        issuer_serial = (names[0].reader().take(der.SEQUENCE).raw, serial)
    first.finish()
    return EssCertId(hash_name, value, issuer_serial)


_kept_ess_cert_id = lru_cache(maxsize=256)(_read_ess_cert_id)


def _read_protection(encoded: bytes) -> tuple[str, bytes]:
    reader = der.read(encoded, der.SEQUENCE).reader()
    digest_oid = algorithm_oid(reader.take(der.SEQUENCE))
    signature = reader.take(0xA1)
    reader.finish()
    return digest_oid, _retagged(der.SEQUENCE, signature.raw)


_kept_protection = lru_cache(maxsize=64)(_read_protection)


def _protection(element: der.Element) -> tuple[str, bytes]:
    return (_kept_protection if element.end - element.start <= MAX_KEPT else _read_protection)(element.raw)


def _read_archival(element: der.Element) -> tuple[tuple[bytes, ...], tuple[bytes, ...]]:
    """RevocationInfoArchival ::= SEQUENCE { crl [0] EXPLICIT SEQ OF, ocsp [1] EXPLICIT SEQ OF, … } (ISO 32000)."""
    found: dict[int, tuple[bytes, ...]] = {}
    for part in element.expect(der.SEQUENCE).reader():
        found[part.tag] = tuple(e.raw for e in part.reader().take(der.SEQUENCE).children())
        if len(found[part.tag]) > MAX_VALUES:
            raise LimitExceeded(f"More than {MAX_VALUES} CRLs or OCSP answers in one attribute.")
    return found.get(0xA0, ()), found.get(0xA1, ())
