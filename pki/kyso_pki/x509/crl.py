"""CRLs read strictly (RFC 5280 5): entries, scope, numbers, and the distribution points of certificates.

Reach for `CertificateList.from_der` and `points_of`. What a list says of a certificate is decided in `listing`.
"""

from __future__ import annotations

import hashlib
from collections.abc import Hashable
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property, lru_cache

from ..asn1 import der
from ..errors import CertificateUnsuitable, FormatError, LimitExceeded
from ..scheme import Scheme, scheme_in
from . import certificate as x
from .answer import REASONS, gravity
from .certificate import Certificate, Extension, Name, extensions_in, extensions_of, name_in, whole_octets

MAX_CRL_BYTES = 32 << 20  # against memory exhaustion; a CRL of half a million entries stays under it
SMALL_CRL_BYTES, TINY_CRL_BYTES = 2 << 20, 4 << 10

CRL_NUMBER, DELTA_CRL_INDICATOR, ISSUING_DISTRIBUTION_POINT = "2.5.29.20", "2.5.29.27", "2.5.29.28"
FRESHEST_CRL, EXPIRED_CERTS_ON_CRL = "2.5.29.46", "2.5.29.60"
REASON_CODE, INVALIDITY_DATE, CERTIFICATE_ISSUER = "2.5.29.21", "2.5.29.24", "2.5.29.29"
_KNOWN_IN_ENTRIES = frozenset({REASON_CODE, INVALIDITY_DATE, CERTIFICATE_ISSUER})

Canonical = tuple[frozenset[tuple[str, str]], ...]
"""`Name.canonical`."""
PointName = bytes | Canonical
"""A directory name in the form that is compared, or any other GeneralName as received."""

ALL_REASONS = frozenset(
    {
        "keyCompromise",
        "cACompromise",
        "affiliationChanged",
        "superseded",
        "cessationOfOperation",
        "certificateHold",
        "privilegeWithdrawn",
        "aACompromise",
    }
)
_REASON_FLAGS = {
    # ReasonFlags, RFC 5280 4.2.1.13; bit 0 is unused
    1: "keyCompromise",
    2: "cACompromise",
    3: "affiliationChanged",
    4: "superseded",
    5: "cessationOfOperation",
    6: "certificateHold",
    7: "privilegeWithdrawn",
    8: "aACompromise",
}


@dataclass(frozen=True)
class Entry:
    """One revokedCertificates entry."""

    revoked_at: datetime
    reason: str | None
    invalid_since: datetime | None = None
    """invalidityDate (RFC 5280 5.3.2): when the key is thought to have been lost, or the certificate to have become
    wrong."""

    @property
    def at(self) -> datetime:
        """From when on nothing counts: the earlier of the two, by the CA's own word."""
        return self.revoked_at if self.invalid_since is None else min(self.revoked_at, self.invalid_since)

    @property
    def hold(self) -> bool:
        """certificateHold, the one reason that a delta CRL may take back."""
        return self.reason == "certificateHold"

    @property
    def removal(self) -> bool:
        """removeFromCRL, which only a delta CRL may say."""
        return self.reason == "removeFromCRL"

    @property
    def weight(self) -> tuple[bool, bool, float, bool, str]:
        """The least is the one of several for one certificate that counts."""
        return (self.removal, *gravity(self.reason, self.at))


@dataclass(frozen=True)
class Scope:
    """IssuingDistributionPoint (RFC 5280 5.2.5)."""

    names: frozenset[PointName] | None
    """Of the distribution point; None when it names none."""
    users_only: bool = False
    cas_only: bool = False
    reasons: frozenset[str] = ALL_REASONS
    indirect: bool = False
    attributes_only: bool = False


@dataclass(frozen=True)
class Point:
    """One DistributionPoint of a certificate (RFC 5280 4.2.1.13)."""

    names: frozenset[PointName]
    reasons: frozenset[str]
    issuers: frozenset[Canonical]
    """cRLIssuer; empty: the certificate's own issuer."""


class CertificateList:
    """A CRL as received (RFC 5280 5.1). Equal octets are read once."""

    def __init__(self, encoded: bytes) -> None:
        self._encoded = encoded
        self.asked: dict[Hashable, bool] = {}
        """What was found out about it, for those who ask again (`ades.used`); it goes when the list goes."""
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
        if len(data) <= TINY_CRL_BYTES:
            return _cached_tiny(bytes(data))
        return (_cached_small if len(data) <= SMALL_CRL_BYTES else _cached_large)(bytes(data))

    @property
    def encoded(self) -> bytes:
        """The whole list as received."""
        return self._encoded

    @cached_property
    def sha256(self) -> str:
        """Of the whole list, lower-case hex."""
        return hashlib.sha256(self._encoded).hexdigest()

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
    def base_number(self) -> int | None:
        """BaseCRLNumber of a delta CRL (RFC 5280 5.2.4): it goes with complete CRLs from this number on."""
        ext = self.extensions.get(DELTA_CRL_INDICATOR)
        return der.read(ext.value, der.INTEGER).integer() if ext else None

    @cached_property
    def expired_kept_since(self) -> datetime | None:
        """expiredCertsOnCRL (X.509 9.5.2.8): certificates that expired from then on stay listed."""
        ext = self.extensions.get(EXPIRED_CERTS_ON_CRL)
        return der.read(ext.value, der.GENERALIZED_TIME).time() if ext else None

    @cached_property
    def scope(self) -> Scope | None:
        ext = self.extensions.get(ISSUING_DISTRIBUTION_POINT)
        return _scope(der.read(ext.value, der.SEQUENCE), self.issuer) if ext else None

    def entry_of(self, certificate: Certificate) -> Entry | None:
        """The entry for this certificate, by its issuer and serial number. Raises `FormatError`."""
        if certificate.issuer.matches(self.issuer):
            return self.entries.get(certificate.serial)
        return self._read_entries[1].get((certificate.issuer.canonical, certificate.serial))

    @property
    def entries(self) -> dict[int, Entry]:
        """Entries for the CRL issuer's own certificates, by serial number; of two the graver one.

        Raises `FormatError`.
        """
        return self._read_entries[0]

    @property
    def foreign_entry(self) -> str | None:
        """Why entries of this CRL cannot be understood: an unknown critical extension, an issuer in a direct CRL."""
        return self._read_entries[2]

    @cached_property
    def _read_entries(self) -> tuple[dict[int, Entry], dict[tuple[Canonical, int], Entry], str | None]:
        own: dict[int, Entry] = {}
        others: dict[tuple[Canonical, int], Entry] = {}
        issuer: Canonical | None = None  # None: the CRL issuer; certificateIssuer holds until the next (5.3.3)
        foreign: str | None = None
        for item in self._entries.reader() if self._entries else ():
            reader = item.expect(der.SEQUENCE).reader()
            serial, at = reader.take(der.INTEGER).integer(), reader.take().time()
            extensions = extensions_of(e, "CRL entry") if (e := reader.optional(der.SEQUENCE)) else {}
            reader.finish()
            if extensions and self.version == 1:
                raise FormatError("A CRL of version 1 has no entry extensions.")
            foreign = foreign or _unknown_in(extensions)
            if CERTIFICATE_ISSUER in extensions:
                if self.scope is None or not self.scope.indirect:
                    foreign = (
                        foreign or "an entry names another issuer (certificateIssuer), but the CRL is not indirect"
                    )
                issuer = _issuer_in(extensions[CERTIFICATE_ISSUER])
                if issuer == self.issuer.canonical:
                    issuer = None
            reason = extensions.get(REASON_CODE)
            since = extensions.get(INVALIDITY_DATE)
            entry = Entry(
                at, reason_named(reason.value) if reason else None, invalidity_date(since.value) if since else None
            )
            known = own.get(serial) if issuer is None else others.get((issuer, serial))
            if known is None or entry.weight < known.weight:
                if issuer is None:
                    own[serial] = entry
                else:
                    others[issuer, serial] = entry
        return own, others, foreign

    def signed_by(self, issuer: Certificate) -> bool:
        """Whether the issuer's name matches and its key verifies the signature. One signature check."""
        try:
            return self.issuer.matches(issuer.subject) and issuer.verifies(
                self.scheme, self._imprint, self.signature_value
            )
        except (FormatError, CertificateUnsuitable):
            return False

    @cached_property
    def _imprint(self) -> bytes:
        return self.scheme.imprint(self.tbs_octets)


# Three caches, so that many issuers fit and large lists of anybody's making cannot fill the memory (128 MiB each). A
# file may hold a thousand tiny ones, and each of its signatures asks all of them whom they are about.
_cached_tiny = lru_cache(maxsize=1024)(CertificateList)
_cached_small = lru_cache(maxsize=64)(CertificateList)
_cached_large = lru_cache(maxsize=4)(CertificateList)


def reason_named(value: bytes) -> str:
    """The name of a DER CRLReason. Raises `FormatError` for numbers that no standard knows."""
    number = der.read(value, der.ENUMERATED).integer()
    if number not in REASONS:
        raise FormatError(f"Unknown revocation reason {number}.")
    return REASONS[number]


def invalidity_date(value: bytes) -> datetime:
    """The time in a DER invalidityDate (RFC 5280 5.3.2). Raises `FormatError`."""
    return der.read(value, der.GENERALIZED_TIME).time()


def _unknown_in(extensions: dict[str, Extension]) -> str | None:
    for ext in extensions.values():
        if ext.critical and ext.oid not in _KNOWN_IN_ENTRIES:
            return f"an entry of the CRL carries an unknown critical extension ({ext.oid})"
    return None


def _issuer_in(ext: Extension) -> Canonical:
    """The directory name in a certificateIssuer extension (RFC 5280 5.3.3)."""
    names = [n for n in der.read(ext.value, der.SEQUENCE).reader() if n.tag == 0xA4]
    if len(names) != 1:  # of two the entry would be about a certificate of each
        raise FormatError(f"A certificateIssuer extension holds {len(names)} directory names instead of one.")
    return name_in(names[0].children()[0]).canonical


def _scope(element: der.Element, issuer: Name) -> Scope:
    reader = element.reader()
    names = _point_names(point, issuer.canonical) if (point := reader.optional(0xA0)) else None
    users, cas = (_flag(reader, number) for number in (1, 2))
    reasons = _reasons(reader.optional(0x83))
    indirect, attributes = (_flag(reader, number) for number in (4, 5))
    reader.finish()
    return Scope(names, users, cas, reasons, indirect, attributes)


def _flag(reader: der.Reader, number: int) -> bool:
    return (e := reader.optional(der.implicit(number))) is not None and e.boolean()


def _reasons(flags: der.Element | None) -> frozenset[str]:
    """ReasonFlags; all of them when absent."""
    if flags is None:
        return ALL_REASONS
    octets = flags.content[1:]
    return frozenset(
        name for i, name in _REASON_FLAGS.items() if i // 8 < len(octets) and octets[i // 8] >> (7 - i % 8) & 1
    )


def _point_names(point: der.Element, above: Canonical) -> frozenset[PointName]:
    """The names of a DistributionPointName; a relative one stands below `above` (RFC 5280 4.2.1.13)."""
    reader = point.reader()
    name = reader.take()
    reader.finish()
    if name.tag == 0xA1:
        relative = name_in(der.read(der.sequence(der.tlv(der.SET, name.content)), der.SEQUENCE))
        return frozenset({above + relative.canonical})
    found: set[PointName] = set()
    for e in name.expect(0xA0).reader():
        found.add(name_in(e.children()[0]).canonical if e.tag == 0xA4 else e.raw)
    return frozenset(found)


@lru_cache(maxsize=256)  # each certificate is asked about by every list, many times in one verdict
def points_of(certificate: Certificate) -> tuple[Point, ...]:
    """The distribution points; without any, the one that RFC 5280 6.3.3 assumes: the issuer's own name.

    Raises `FormatError`.
    """
    ext = certificate.extensions.get(x.CRL_DISTRIBUTION_POINTS)
    if ext is None:
        return (Point(frozenset({certificate.issuer.canonical}), ALL_REASONS, frozenset()),)
    found = []
    for item in der.read(ext.value, der.SEQUENCE).reader():
        reader = item.expect(der.SEQUENCE).reader()
        name, flags, issuers = reader.optional(0xA0), reader.optional(0x81), reader.optional(0xA2)
        reader.finish()
        others = frozenset(
            name_in(e.children()[0]).canonical for e in (issuers.reader() if issuers else ()) if e.tag == 0xA4
        )
        if issuers is not None and not others:
            raise FormatError("A distribution point names a cRLIssuer that is no directory name.")
        if len(others) > 1 and name is not None and name.children()[0].tag == 0xA1:  # below which of them?
            raise FormatError(
                "A distribution point is named relative to a cRLIssuer, and has several (RFC 5280 4.2.1.13)."
            )
        above = next(iter(others)) if others else certificate.issuer.canonical
        found.append(Point(_point_names(name, above) if name else frozenset(), _reasons(flags), others))
    return tuple(found)
