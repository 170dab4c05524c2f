"""CRLs: read strictly, believed only within their scope (RFC 5280 5 and 6.3, attack class V3).

Reach for `answer`. "Revoked" is believed of any CRL that the issuer signed, stale or partial; "good" only of
one that is fresh, complete and covers this certificate. Not supported and therefore not usable: indirect
CRLs, CRLs signed by another key than the certificate's, unknown critical extensions; a delta CRL or one with
some reasons only can revoke, but never says good.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cached_property, lru_cache

from ..asn1 import der
from ..errors import CertificateUnsuitable, FormatError, LimitExceeded
from ..scheme import Scheme, scheme_in
from . import certificate as x
from .answer import REASONS, Answer, freshness, unusable
from .certificate import Certificate, Extension, Name, extensions_in, extensions_of, name_in, whole_octets

MAX_CRL_BYTES = 32 << 20  # against memory exhaustion; a CRL of half a million entries stays under it
SMALL_CRL_BYTES = 2 << 20

CRL_NUMBER, DELTA_CRL_INDICATOR, ISSUING_DISTRIBUTION_POINT = "2.5.29.20", "2.5.29.27", "2.5.29.28"
FRESHEST_CRL, EXPIRED_CERTS_ON_CRL = "2.5.29.46", "2.5.29.60"
REASON_CODE, INVALIDITY_DATE, CERTIFICATE_ISSUER = "2.5.29.21", "2.5.29.24", "2.5.29.29"
_KNOWN = frozenset(
    {CRL_NUMBER, DELTA_CRL_INDICATOR, ISSUING_DISTRIBUTION_POINT, x.AUTHORITY_KEY_IDENTIFIER, EXPIRED_CERTS_ON_CRL}
)
_KNOWN_IN_ENTRIES = frozenset({REASON_CODE, INVALIDITY_DATE})


@dataclass(frozen=True)
class Entry:
    """One revokedCertificates entry."""

    at: datetime
    reason: str | None

    @property
    def removal(self) -> bool:
        """removeFromCRL, which only a delta CRL may say."""
        return self.reason == "removeFromCRL"


@dataclass(frozen=True)
class Scope:
    """IssuingDistributionPoint (RFC 5280 5.2.5)."""

    names: frozenset[bytes] | None
    """GeneralNames of the distribution point as received; None when it names none."""
    relative_name: bool
    users_only: bool
    cas_only: bool
    some_reasons: bool
    indirect: bool
    attributes_only: bool


class CertificateList:
    """A CRL as received (RFC 5280 5.1). Equal octets are read once."""

    def __init__(self, encoded: bytes) -> None:
        outer = der.read(encoded, der.SEQUENCE).reader()
        tbs = outer.take(der.SEQUENCE)
        algorithm = outer.take(der.SEQUENCE)
        self.signature_value = whole_octets(outer.take(der.BIT_STRING))
        outer.finish()
        reader = tbs.reader()
        version = e.integer() if (e := reader.optional(der.INTEGER)) else 0
        if reader.take(der.SEQUENCE).raw != algorithm.raw:
            raise FormatError("The CRL names two different signature algorithms.")
        self.tbs_octets = tbs.raw
        self.algorithm = algorithm
        self.issuer: Name = name_in(reader.take(der.SEQUENCE))
        self.this_update = reader.take().time()
        self.next_update: datetime | None = None
        if reader.more and reader.data[reader.position] in (der.UTC_TIME, der.GENERALIZED_TIME):
            self.next_update = reader.take().time()
        self._entries = reader.optional(der.SEQUENCE)
        block = reader.optional(0xA0)
        reader.finish()
        self.extensions: dict[str, Extension] = extensions_in(block, "CRL") if block else {}
        if version not in (0, 1) or (version == 0 and self.extensions):
            raise FormatError("A CRL of version 1 has no extensions, and only versions 1 and 2 are known.")
        self.version = version + 1

    @classmethod
    def from_der(cls, data: bytes) -> CertificateList:
        """Reads one CRL. Raises `FormatError`, `LimitExceeded`."""
        if len(data) > MAX_CRL_BYTES:
            raise LimitExceeded(f"A CRL of {len(data)} bytes; at most {MAX_CRL_BYTES} are read.")
        return (_cached_small if len(data) <= SMALL_CRL_BYTES else _cached_large)(bytes(data))

    @cached_property
    def scheme(self) -> Scheme:
        return scheme_in(self.algorithm)

    @cached_property
    def number(self) -> int | None:
        ext = self.extensions.get(CRL_NUMBER)
        return der.read(ext.value, der.INTEGER).integer() if ext else None

    @property
    def is_delta(self) -> bool:
        return DELTA_CRL_INDICATOR in self.extensions

    @cached_property
    def expired_kept_since(self) -> datetime | None:
        """expiredCertsOnCRL (X.509 9.5.2.8): certificates that expired from then on stay listed."""
        ext = self.extensions.get(EXPIRED_CERTS_ON_CRL)
        return der.read(ext.value, der.GENERALIZED_TIME).time() if ext else None

    @cached_property
    def scope(self) -> Scope | None:
        ext = self.extensions.get(ISSUING_DISTRIBUTION_POINT)
        return _scope(der.read(ext.value, der.SEQUENCE)) if ext else None

    @property
    def entries(self) -> dict[int, Entry]:
        """Entries by serial number; of two for one serial number the earlier revocation. Raises `FormatError`."""
        return self._read_entries[0]

    @property
    def foreign_entry(self) -> str | None:
        """Why entries of this CRL cannot be understood: an unknown critical extension, another issuer."""
        return self._read_entries[1]

    @cached_property
    def _read_entries(self) -> tuple[dict[int, Entry], str | None]:
        found: dict[int, Entry] = {}
        foreign: str | None = None
        for item in self._entries.reader() if self._entries else ():
            reader = item.expect(der.SEQUENCE).reader()
            serial, at = reader.take(der.INTEGER).integer(), reader.take().time()
            extensions = extensions_of(e, "CRL entry") if (e := reader.optional(der.SEQUENCE)) else {}
            reader.finish()
            if extensions and self.version == 1:
                raise FormatError("A CRL of version 1 has no entry extensions.")
            foreign = foreign or _foreign(extensions)
            reason = extensions.get(REASON_CODE)
            entry = Entry(at, reason_named(reason.value) if reason else None)
            known = found.get(serial)
            if known is None or (entry.removal, entry.at) < (known.removal, known.at):
                found[serial] = entry
        return found, foreign

    def signed_by(self, issuer: Certificate) -> bool:
        """Whether the issuer's name matches and its key verifies the signature. One signature check."""
        try:
            scheme, key = self.scheme, issuer.public_key
            return (
                self.issuer.matches(issuer.subject)
                and scheme.accepts(key)
                and scheme.verify(key, scheme.imprint(self.tbs_octets), self.signature_value)
            )
        except (FormatError, CertificateUnsuitable):
            return False


# Two caches, so that many issuers fit and large lists of anybody's making cannot fill the memory (128 MiB each).
_cached_small = lru_cache(maxsize=64)(CertificateList)
_cached_large = lru_cache(maxsize=4)(CertificateList)


def answer(data: bytes, certificate: Certificate, issuer: Certificate, at: datetime) -> Answer | None:
    """What this CRL says about `certificate` at `at`; None when it is another issuer's.

    `issuer` is the certificate above in a path that was validated. Never raises for what the CRL holds.
    """
    try:
        crl = CertificateList.from_der(data)
        if not crl.issuer.matches(certificate.issuer):
            return None
        return _answer(crl, certificate, issuer, at)
    except FormatError as e:
        return unusable(f"the CRL cannot be read: {e.message}")


def _answer(crl: CertificateList, certificate: Certificate, issuer: Certificate, at: datetime) -> Answer:
    if issuer.key_usage is not None and "crl_sign" not in issuer.key_usage:
        return unusable("the issuer's key usage lacks cRLSign")
    if not crl.signed_by(issuer):
        return unusable("the CRL is not signed with the issuer's key")
    if why := _not_understood(crl):
        return unusable(why)
    entry = crl.entries.get(certificate.serial)
    if entry is not None and not entry.removal:
        return Answer("revoked", "the CRL lists it", entry.at, entry.reason)
    why = (
        ("its entry is removeFromCRL" if entry is not None else None)
        or _out_of_scope(crl, certificate)
        or freshness(crl.this_update, crl.next_update, at, timedelta(0))
        or _forgotten(crl, certificate)
    )
    if why is None and crl.scheme.hash_name == "sha1":
        why = "it is signed with SHA-1"
    return unusable(f"the CRL does not count: {why}") if why else Answer("good", "not listed", crl.this_update)


def _not_understood(crl: CertificateList) -> str | None:
    """RFC 5280 5.2, 5.3: with an unknown critical extension a CRL must not be used at all."""
    for ext in crl.extensions.values():
        if ext.critical and ext.oid not in _KNOWN:
            return f"the CRL carries an unknown critical extension ({ext.oid})"
    if crl.scope is not None and crl.scope.indirect:
        return "the CRL is indirect, which is not supported"
    return crl.foreign_entry


def _out_of_scope(crl: CertificateList, certificate: Certificate) -> str | None:
    """Why silence of this CRL says nothing about this certificate (RFC 5280 6.3.3 (b))."""
    if crl.is_delta:
        return "it is a delta CRL"
    points = _distribution_points(certificate)
    if points and all(point.other_issuer for point in points):
        return "the certificate's revocations are listed by another issuer (cRLIssuer)"
    scope = crl.scope
    if scope is None:
        return None
    if scope.attributes_only or scope.some_reasons or scope.relative_name:
        return "its scope is attribute certificates, some reasons or a relative name"
    if (scope.users_only and certificate.is_ca) or (scope.cas_only and not certificate.is_ca):
        return "its scope leaves out certificates of this kind"
    direct = [p.names for p in points if not p.some_reasons and not p.other_issuer]
    if scope.names is not None and not any(scope.names & names for names in direct):
        return "its distribution point is not one of the certificate's"
    return None


def _forgotten(crl: CertificateList, certificate: Certificate) -> str | None:
    """A CA may drop entries of expired certificates (RFC 5280 3.3): then silence says nothing."""
    if certificate.not_after >= crl.this_update:
        return None
    since = crl.expired_kept_since
    return None if since and since <= certificate.not_after else "the certificate had expired before it was issued"


def _foreign(extensions: dict[str, Extension]) -> str | None:
    for ext in extensions.values():
        if ext.oid == CERTIFICATE_ISSUER:
            return "an entry of the CRL names another issuer (certificateIssuer)"
        if ext.critical and ext.oid not in _KNOWN_IN_ENTRIES:
            return f"an entry of the CRL carries an unknown critical extension ({ext.oid})"
    return None


def reason_named(value: bytes) -> str:
    """The name of a DER CRLReason. Raises `FormatError` for numbers that no standard knows."""
    number = der.read(value, der.ENUMERATED).integer()
    if number not in REASONS:
        raise FormatError(f"Unknown revocation reason {number}.")
    return REASONS[number]


def _scope(element: der.Element) -> Scope:
    reader = element.reader()
    names, relative = None, False
    if point := reader.optional(0xA0):
        names, relative = _point_names(point)
    flags = {}
    for number in (1, 2):
        flags[number] = (e := reader.optional(0x80 | number)) is not None and e.boolean()
    some_reasons = reader.optional(0x83) is not None
    for number in (4, 5):
        flags[number] = (e := reader.optional(0x80 | number)) is not None and e.boolean()
    reader.finish()
    return Scope(names, relative, flags[1], flags[2], some_reasons, flags[4], flags[5])


def _point_names(point: der.Element) -> tuple[frozenset[bytes], bool]:
    """The full names of a DistributionPointName, and whether it is a relative name instead."""
    reader = point.reader()
    name = reader.take()
    reader.finish()
    if name.tag == 0xA1:
        return frozenset(), True
    return frozenset(e.raw for e in name.expect(0xA0).reader()), False


@dataclass(frozen=True)
class _Point:
    """One DistributionPoint of a certificate (RFC 5280 4.2.1.13)."""

    names: frozenset[bytes]
    some_reasons: bool
    other_issuer: bool


def _distribution_points(certificate: Certificate) -> list[_Point]:
    ext = certificate.extensions.get(x.CRL_DISTRIBUTION_POINTS)
    found = []
    for item in der.read(ext.value, der.SEQUENCE).reader() if ext else ():
        reader = item.expect(der.SEQUENCE).reader()
        names = _point_names(e)[0] if (e := reader.optional(0xA0)) else frozenset()
        found.append(_Point(names, reader.optional(0x81) is not None, reader.optional(0xA2) is not None))
        reader.finish()
    return found
