"""The unsigned properties of one signature (EN 319 132-1 5.3 to 5.5, annex A): anybody's data, checked or named.

Reach for `read_unsigned`. Each property keeps its number: an archive timestamp covers those before it, so evidence
is protected or not by where it stands. What cannot be read is a finding; what is not checked is named in one.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

from ..errors import FormatError, LimitExceeded
from ..facts import Finding, Stored
from ..scheme import HashName, digest
from ..x509.certificate import Certificate
from . import names
from .names import ds, xades, xades141
from .parse import elements, local_name, name_of, octets_of, required
from .properties_stamps import KINDS, Canonical, Stamp, encapsulated, read_container, unsigned_stamp

if TYPE_CHECKING:
    from lxml.etree import _Element

MAX_PROPERTIES: Final = 256  # of one signature, against denial of service; fifty years of yearly renewals need 150
MAX_TIMESTAMPS: Final = 64  # the same; each costs a key operation
MAX_VALUES: Final = 512  # certificates, CRLs and OCSP answers together; the same
MAX_REFERENCES: Final = 512  # to them; the same
_VALIDATION_DATA = (xades141("TimeStampValidationData"), xades141("AnyValidationData"))
_REFERENCE_LISTS = (
    xades("CompleteCertificateRefs"),
    xades141("CompleteCertificateRefsV2"),
    xades("CompleteRevocationRefs"),
)
_CHECKED = (
    *KINDS,
    *_VALIDATION_DATA,
    *_REFERENCE_LISTS,
    xades("CertificateValues"),
    xades("RevocationValues"),
    xades("CounterSignature"),
)


@dataclass(frozen=True)
class Unsigned:
    """What stands in the unsigned signature properties."""

    stamps: tuple[Stamp, ...] = ()
    stored: tuple[Stored, ...] = ()
    """The evidence of each property, by its number."""
    names: tuple[str, ...] = ()
    """Local names of all of them, in order."""
    findings: tuple[Finding, ...] = ()

    @property
    def certificates(self) -> tuple[Certificate, ...]:
        return tuple(dict.fromkeys(c for s in self.stored for c in s.certificates))


def properties_in(parent: _Element | None, group: str) -> list[_Element]:
    """The properties in one group, which stands at most once. Raises `FormatError`."""
    groups = [] if parent is None else [g for g in elements(parent) if g.tag == xades(group)]
    if len(groups) > 1:
        raise FormatError(f"{group} stands {len(groups)} times.")
    return elements(groups[0]) if groups else []


def not_checked(properties: Sequence[_Element], checked: Sequence[str]) -> tuple[Finding, ...]:
    """What stands there but is not checked, in one finding."""
    skipped = sorted({name_of(p) for p in properties if p.tag not in checked})
    if not skipped:
        return ()
    return (Finding("PROPERTY_NOT_CHECKED", "info", f"Present, but not checked: {', '.join(skipped)}."),)


def read_unsigned(
    signature: _Element, unsigned: _Element | None, referenced: Sequence[_Element], canonical: Canonical
) -> Unsigned:
    """Reads UnsignedProperties (None: there are none). Raises `FormatError`, `LimitExceeded`."""
    properties = properties_in(unsigned, "UnsignedSignatureProperties")
    if len(properties) > MAX_PROPERTIES:
        raise LimitExceeded(f"{len(properties)} unsigned properties in one signature; at most {MAX_PROPERTIES}.")
    reading = _Reading(signature, properties, referenced, canonical)
    for position in range(1, len(properties) + 1):
        reading.take(position)
    objects = properties_in(unsigned, "UnsignedDataObjectProperties")
    return Unsigned(
        tuple(reading.stamps),
        tuple(reading.stored),
        tuple(map(local_name, properties)),
        (
            *reading.findings,
            *reading.unmet(),
            *not_checked(properties, _CHECKED),
            *not_checked(objects, ()),
        ),
    )


@dataclass
class _Reading:
    """The walk over the properties of one signature."""

    signature: _Element
    properties: Sequence[_Element]
    referenced: Sequence[_Element]
    canonical: Canonical
    stamps: list[Stamp] = field(default_factory=list)
    stored: list[Stored] = field(default_factory=list)
    findings: list[Finding] = field(default_factory=list)
    references: list[_Digest] = field(default_factory=list)

    def take(self, position: int) -> None:
        item = self.properties[position - 1]
        try:
            if item.tag in KINDS:
                self._timestamp(item, position)
            elif item.tag in _REFERENCE_LISTS:
                self.references += _references(item)
            elif (stored := _values(item, position)) is not None:
                self.stored.append(stored)
        except FormatError as e:
            if item.tag in KINDS:
                text = f"A timestamp ({name_of(item)}) cannot be read: {e.message}"
                self.findings.append(Finding("TIMESTAMP_FORMAT", "error", text))
            else:
                self.findings.append(Finding("PROPERTY_UNREADABLE", "warning", f"{name_of(item)}: {e.message}"))
        values = sum(len(_octets(s)) for s in self.stored)
        if sum(len(s.tokens) for s in self.stamps) > MAX_TIMESTAMPS or values > MAX_VALUES:
            raise LimitExceeded(f"More than {MAX_TIMESTAMPS} timestamps or {MAX_VALUES} values in one signature.")
        if len(self.references) > MAX_REFERENCES:
            raise LimitExceeded(f"More than {MAX_REFERENCES} references to evidence in one signature.")

    def _timestamp(self, item: _Element, position: int) -> None:
        container = read_container(item)
        how = container.unfollowed or ("Include elements" if container.includes else "")
        if how:
            text = f"A timestamp ({name_of(item)}) says in a way that is not followed what it covers ({how})."
            self.findings.append(Finding("TIMESTAMP_NOT_CHECKED", "warning", text))
            return
        stamp = unsigned_stamp(container, self.signature, self.properties, position, self.referenced, self.canonical)
        self.stamps.append(stamp)

    def unmet(self) -> Iterator[Finding]:
        """How many references to evidence (XAdES-C) lead to nothing in the signature; the values are what counts."""
        if not self.references:
            return
        held = [octets for stored in self.stored for octets in _octets(stored)]
        known: dict[HashName, set[bytes]] = {}
        for hash_name in {r.hash_name for r in self.references}:
            known[hash_name] = {digest(hash_name, octets) for octets in held}
        missing = sum(r.digest not in known[r.hash_name] for r in self.references)
        text = (
            f"References to evidence: {len(self.references)}, of which {missing} are to what is not in the signature."
        )
        yield Finding("EVIDENCE_REFERENCES", "info", text)


@dataclass(frozen=True)
class _Digest:
    """By which a reference names its object."""

    hash_name: HashName
    digest: bytes


def _octets(stored: Stored) -> tuple[bytes, ...]:
    return (*(c.der for c in stored.certificates), *stored.crls, *stored.ocsp)


def _values(item: _Element, position: int) -> Stored | None:
    """The evidence in one property; None when it is of another kind."""
    parts = elements(item) if item.tag in _VALIDATION_DATA else [item]
    certificates: list[Certificate] = []
    crls: list[bytes] = []
    ocsp: list[bytes] = []
    for part in parts:
        if part.tag == xades("CertificateValues"):
            found = [c for c in elements(part) if c.tag == xades("EncapsulatedX509Certificate")]
            certificates += [Certificate.from_der(encapsulated(c)) for c in found]
        elif part.tag == xades("RevocationValues"):
            for group in elements(part):
                values = elements(group)
                crls += [encapsulated(e) for e in values if e.tag == xades("EncapsulatedCRLValue")]
                ocsp += [encapsulated(e) for e in values if e.tag == xades("EncapsulatedOCSPValue")]
        else:
            return None
    return Stored(position, tuple(certificates), tuple(crls), tuple(ocsp))


def _references(item: _Element) -> list[_Digest]:
    """The digests in CompleteCertificateRefs (V1, V2) or CompleteRevocationRefs (A.1.1, A.1.2)."""
    found: list[_Digest] = []
    for child in item.iter(xades("CertDigest"), xades("DigestAlgAndValue")):
        pair = elements(child)
        if [e.tag for e in pair] != [ds("DigestMethod"), ds("DigestValue")]:
            raise FormatError(f"A {name_of(child)} must hold DigestMethod and DigestValue.")
        found.append(_Digest(names.hash_of_uri(required(pair[0], "Algorithm")), octets_of(pair[1])))
    return found


def form_of(unsigned: Sequence[str]) -> str | None:
    """The form of TS 101 903 that these unsigned properties make: `XAdES-C`, `-X`, `-X-L` or `-A`; None: another.

    It says which properties stand there, nothing about what they prove: `level` in a report does that.
    """
    has = set(unsigned)
    if not has & {"CompleteCertificateRefs", "CompleteCertificateRefsV2", "CompleteRevocationRefs"}:
        return None
    if "ArchiveTimeStamp" in has:
        return "XAdES-A"
    values = has & {"CertificateValues", "RevocationValues"}
    stamped = has & {"SigAndRefsTimeStamp", "SigAndRefsTimeStampV2", "RefsOnlyTimeStamp", "RefsOnlyTimeStampV2"}
    return "XAdES-X-L" if values else "XAdES-X" if stamped else "XAdES-C"
