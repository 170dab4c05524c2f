"""Qualifying properties (EN 319 132-1, XAdES 1.3.2): found where they must stand, read, and written.

When verifying: `find_properties` checks attack class X12 in the tree (one QualifyingProperties, its Target this
Signature, its SignedProperties covered by exactly one Reference of the right Type), then `read_signed_properties`
reads them from the octets that were hashed. Unsigned properties are anybody's data: evidence to be checked, never
believed. When signing: `signed_properties_xml`, `object_xml`, `timestamp_xml`.

Read at this level: signing time, signing certificate (both versions), production place, data object formats,
signature timestamps, certificate and revocation values. Everything else is named in a finding, not checked.
"""

from __future__ import annotations

import html
import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, timezone
from typing import TYPE_CHECKING

from ..asn1 import der
from ..errors import FormatError, LimitExceeded
from ..facts import Finding
from ..scheme import HashName, digest
from ..x509.certificate import Certificate
from . import names
from .c14n import INCLUSIVE, Canonicalization, canonical_element, method_of_uri
from .names import XADES, ds, xades
from .parse import attributes, elements, local_name, name_of, namespace_of, octets_of, parse_utf8, required, text_of
from .references import Target
from .xmldsig import Reference, b64

if TYPE_CHECKING:
    from lxml.etree import _Element

MAX_TIMESTAMPS = 32  # against denial of service
MAX_VALUES = 64  # certificates, CRLs and OCSP answers each; the same
VIETNAM = timezone(timedelta(hours=7))
_TIME = re.compile(r"(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d)(?:\.(\d+))?(Z|[+-]\d\d:\d\d)?", re.ASCII)
_DER_ENCODINGS = (None, "http://uri.etsi.org/01903/v1.2.2#DER")
_READ_UNSIGNED = ("SignatureTimeStamp", "CertificateValues", "RevocationValues", "CounterSignature")
_READ_SIGNED = (
    "SigningTime",
    "SigningCertificate",
    "SigningCertificateV2",
    "SignatureProductionPlace",
    "SignatureProductionPlaceV2",
    "DataObjectFormat",
)


@dataclass(frozen=True)
class CertificateReference:
    """One Cert of a SigningCertificate property: which certificate was meant."""

    hash_name: HashName
    digest: bytes
    issuer: bytes | None
    """DER Name, when it was given as such (version 2)."""
    serial: int | None

    def matches(self, certificate: Certificate) -> bool:
        """Whether it names this certificate by digest, and by issuer and serial number where given."""
        return (
            digest(self.hash_name, certificate.der) == self.digest
            and self.issuer in (None, certificate.issuer.der)
            and self.serial in (None, certificate.serial)
        )


@dataclass(frozen=True)
class SignedProperties:
    """What the signer said about the signature, read from the octets that were hashed."""

    signing_time: datetime | None = None
    certificates: tuple[CertificateReference, ...] = ()
    location: str | None = None
    findings: tuple[Finding, ...] = ()


@dataclass(frozen=True)
class Properties:
    """The qualifying properties of one signature, as far as the tree tells."""

    reference: int
    """Index of the Reference that covers SignedProperties."""
    timestamps: tuple[tuple[bytes, bytes], ...] = ()
    """SignatureTimeStamp tokens (DER), each with the octets that it must cover."""
    certificates: tuple[Certificate, ...] = ()
    crls: tuple[bytes, ...] = ()
    ocsp: tuple[bytes, ...] = ()
    findings: tuple[Finding, ...] = ()


def find_properties(signature: _Element, resolved: Sequence[tuple[_Element, Target]]) -> Properties | None:
    """The properties of this signature; None for plain XMLDSIG. Raises `FormatError` (class X12)."""
    found = [e for o in signature if o.tag == ds("Object") for e in o if e.tag == xades("QualifyingProperties")]
    typed = [n for n, (_, target) in enumerate(resolved) if target.kind == "properties"]
    if not found and not typed:
        return None
    if len(found) != 1 or len(typed) != 1:
        raise FormatError(
            f"{len(found)} QualifyingProperties and {len(typed)} references to SignedProperties; one each is needed."
        )
    qualifying = found[0]
    target = required(qualifying, "Target", ("Id",))
    if signature.get("Id") is None or target != f"#{signature.get('Id')}":
        raise FormatError(f"QualifyingProperties are for {target!r}, not for the signature that they stand in.")
    children = elements(qualifying)
    tags = [c.tag for c in children]
    if tags not in ([xades("SignedProperties")], [xades("SignedProperties"), xades("UnsignedProperties")]):
        raise FormatError("QualifyingProperties must hold SignedProperties, then at most one UnsignedProperties.")
    if resolved[typed[0]][0] is not children[0]:
        raise FormatError(
            "The reference to SignedProperties leads to an element outside this signature's properties."
        )
    return _read_unsigned(signature, children[1] if len(children) > 1 else None, typed[0])


# Unsigned properties ------------------------------------------------------------------------------------


def _read_unsigned(signature: _Element, unsigned: _Element | None, reference: int) -> Properties:
    timestamps: list[tuple[bytes, bytes]] = []
    certificates: list[Certificate] = []
    crls: list[bytes] = []
    ocsp: list[bytes] = []
    findings: list[Finding] = []
    for item in _properties(unsigned, "UnsignedSignatureProperties"):
        try:
            if item.tag == xades("SignatureTimeStamp"):
                timestamps += _read_timestamp(item, signature)
            elif item.tag == xades("CertificateValues"):
                values = [c for c in elements(item) if c.tag == xades("EncapsulatedX509Certificate")]
                certificates += [Certificate.from_der(_encapsulated(c)) for c in values]
            elif item.tag == xades("RevocationValues"):
                crls += [_encapsulated(e) for e in item.iter(xades("EncapsulatedCRLValue"))]
                ocsp += [_encapsulated(e) for e in item.iter(xades("EncapsulatedOCSPValue"))]
        except FormatError as e:
            if item.tag == xades("SignatureTimeStamp"):
                text = f"A signature timestamp cannot be read: {e.message}"
                findings.append(Finding("TIMESTAMP_FORMAT", "error", text))
            else:
                findings.append(Finding("PROPERTY_UNREADABLE", "warning", f"{name_of(item)}: {e.message}"))
    if len(timestamps) > MAX_TIMESTAMPS or max(len(certificates), len(crls), len(ocsp)) > MAX_VALUES:
        raise LimitExceeded(f"More than {MAX_TIMESTAMPS} timestamps or {MAX_VALUES} values in one signature.")
    skipped = _others(_properties(unsigned, "UnsignedSignatureProperties"), _READ_UNSIGNED)
    return Properties(
        reference, tuple(timestamps), tuple(certificates), tuple(crls), tuple(ocsp), (*findings, *skipped)
    )


def _properties(parent: _Element | None, group: str) -> list[_Element]:
    """The properties in one group, which stands at most once."""
    groups = [] if parent is None else [g for g in elements(parent) if g.tag == xades(group)]
    if len(groups) > 1:
        raise FormatError(f"{group} stands {len(groups)} times.")
    return elements(groups[0]) if groups else []


def _others(properties: Sequence[_Element], read: Sequence[str]) -> tuple[Finding, ...]:
    """What stands there but is not checked at this level, in one finding."""
    skipped = sorted({name_of(p) for p in properties if namespace_of(p) != XADES or local_name(p) not in read})
    if not skipped:
        return ()
    return (Finding("PROPERTY_NOT_CHECKED", "info", f"Present, but not checked: {', '.join(skipped)}."),)


def _read_timestamp(element: _Element, signature: _Element) -> list[tuple[bytes, bytes]]:
    """The tokens of one SignatureTimeStamp, each over the canonical SignatureValue (EN 319 132-1 5.3)."""
    method: Canonicalization = INCLUSIVE
    tokens: list[bytes] = []
    for child in elements(element):
        if child.tag == ds("CanonicalizationMethod") and not tokens:
            method = method_of_uri(required(child, "Algorithm"))
            if len(child):
                raise FormatError("Parameters inside the CanonicalizationMethod of a timestamp are not accepted.")
        elif child.tag == xades("EncapsulatedTimeStamp"):
            tokens.append(_encapsulated(child))
        else:
            raise FormatError(f"{name_of(child)} inside SignatureTimeStamp is not accepted.")
    if not tokens:
        raise FormatError("No EncapsulatedTimeStamp in it.")
    covered = canonical_element(signature[1], method, comments=method.comments)
    return [(token, covered) for token in tokens]


def _encapsulated(element: _Element) -> bytes:
    if attributes(element, {"Id", "Encoding"}).get("Encoding") not in _DER_ENCODINGS:
        raise FormatError(f"{name_of(element)} is not in DER encoding.")
    return octets_of(element)


# Signed properties --------------------------------------------------------------------------------------


def read_signed_properties(octets: bytes, references: Sequence[Reference]) -> SignedProperties:
    """Reads SignedProperties from its canonical octets. Raises `FormatError`."""
    root = parse_utf8(octets)
    if root.tag != xades("SignedProperties"):
        raise FormatError(f"{name_of(root)} stands where SignedProperties must be.")
    about_signature = _properties(root, "SignedSignatureProperties")
    about_data = _properties(root, "SignedDataObjectProperties")
    single: dict[str, _Element] = {}
    for item in about_signature:
        if single.setdefault(str(item.tag), item) is not item:
            raise FormatError(f"{name_of(item)} stands twice.")
    known_ids = {f"#{r.id}" for r in references if r.id is not None}
    for item in about_data:
        if item.tag == xades("DataObjectFormat") and required(item, "ObjectReference") not in known_ids:
            raise FormatError("A DataObjectFormat is about a reference that does not exist.")
    findings: tuple[Finding, ...] = _others([*about_signature, *about_data], _READ_SIGNED)
    time = None
    if (element := single.get(xades("SigningTime"))) is not None:
        time, time_findings = read_time(text_of(element))
        findings += time_findings
    return SignedProperties(time, _read_signing_certificate(single), _read_place(single), findings)


def read_time(text: str) -> tuple[datetime, tuple[Finding, ...]]:
    """An xs:dateTime as aware UTC. Without a zone it is taken as Vietnam's and a finding says so."""
    match = _TIME.fullmatch(text.strip(" \t\r\n"))
    try:
        if match is None:
            raise ValueError
        base, fraction, zone = match.groups()
        time = datetime.fromisoformat(f"{base}.{(fraction or '0')[:6].ljust(6, '0')}{zone or '+07:00'}")
        utc = time.astimezone(UTC)
    except (ValueError, OverflowError):
        raise FormatError(f"{text[:40]!r} is not a time.") from None
    if zone:
        return utc, ()
    said = "The signing time carries no zone and was read as Vietnam's (+07:00)."
    return utc, (Finding("SIGNING_TIME_WITHOUT_ZONE", "info", said),)


def _read_signing_certificate(single: dict[str, _Element]) -> tuple[CertificateReference, ...]:
    """SigningCertificateV2 (EN 319 132-1 5.2.2) or the SigningCertificate of XAdES 1.3.2, not both."""
    found: list[CertificateReference] = []
    for name in ("SigningCertificateV2", "SigningCertificate"):
        if (element := single.get(xades(name))) is not None:
            if found:
                raise FormatError("SigningCertificate and SigningCertificateV2 stand side by side.")
            found = [_read_cert(c) for c in elements(element)]
            if not found:
                raise FormatError(f"{name} names no certificate.")
    return tuple(found)


def _read_cert(element: _Element) -> CertificateReference:
    """CertIDType or CertIDTypeV2: CertDigest, then IssuerSerial or IssuerSerialV2."""
    attributes(element, {"URI"})
    children = {c.tag: c for c in elements(element)}
    order = [c.tag for c in element]
    if order[:1] != [xades("CertDigest")] or order[1:] not in (
        [],
        [xades("IssuerSerial")],
        [xades("IssuerSerialV2")],
    ):
        raise FormatError("A Cert must hold CertDigest, then at most one issuer and serial number.")
    pair = elements(children[xades("CertDigest")])
    if [e.tag for e in pair] != [ds("DigestMethod"), ds("DigestValue")]:
        raise FormatError("A CertDigest must hold DigestMethod and DigestValue.")
    method, value = pair
    issuer: bytes | None = None
    serial: int | None = None
    if (v2 := children.get(xades("IssuerSerialV2"))) is not None:
        issuer, serial = _read_issuer_serial(octets_of(v2))
    elif (v1 := children.get(xades("IssuerSerial"))) is not None:
        # The issuer stands there as text, in one of many spellings: only the serial number can be compared.
        texts = {c.tag: text_of(c).strip() for c in elements(v1)}
        number = texts.get(ds("X509SerialNumber"), "")
        if not re.fullmatch(r"-?[0-9]{1,60}", number):
            raise FormatError("An IssuerSerial holds no serial number.")
        serial = int(number)
    return CertificateReference(names.hash_of_uri(required(method, "Algorithm")), octets_of(value), issuer, serial)


def _read_issuer_serial(octets: bytes) -> tuple[bytes, int]:
    """IssuerSerial of RFC 5035 4: GeneralNames with one directoryName, and the serial number."""
    reader = der.read(octets, der.SEQUENCE).reader()
    general = reader.take(der.SEQUENCE).children()
    serial = reader.take(der.INTEGER).integer()
    reader.finish()
    if len(general) != 1 or general[0].tag != 0xA4:
        raise FormatError("An IssuerSerialV2 must hold exactly one directory name.")
    return general[0].reader().take(der.SEQUENCE).raw, serial


def _read_place(single: dict[str, _Element]) -> str | None:
    for name in ("SignatureProductionPlaceV2", "SignatureProductionPlace"):
        if (element := single.get(xades(name))) is not None:
            return ", ".join(filter(None, (text_of(c).strip() for c in elements(element)))) or None
    return None


# Writing ------------------------------------------------------------------------------------------------


def signed_properties_xml(
    identifier: str, *, signing_time: datetime, leaf: Certificate, reference_id: str, location: str | None
) -> str:
    """SignedProperties for level B-B (EN 319 132-1 6.3). The prefixes ds and xades are declared around it."""
    issuer_serial = der.sequence(der.sequence(der.explicit(4, leaf.issuer.der)), der.integer(leaf.serial))
    time = signing_time.isoformat(timespec="seconds").replace("+00:00", "Z")
    place = ""
    if location:
        city = f"<xades:City>{html.escape(location, quote=False)}</xades:City>"
        place = f"<xades:SignatureProductionPlaceV2>{city}</xades:SignatureProductionPlaceV2>"
    return (
        f'<xades:SignedProperties Id="{identifier}"><xades:SignedSignatureProperties>'
        f"<xades:SigningTime>{time}</xades:SigningTime>"
        "<xades:SigningCertificateV2><xades:Cert><xades:CertDigest>"
        f'<ds:DigestMethod Algorithm="{names.DIGEST_URIS["sha256"]}"/>'
        f"<ds:DigestValue>{b64(digest('sha256', leaf.der))}</ds:DigestValue></xades:CertDigest>"
        f"<xades:IssuerSerialV2>{b64(issuer_serial)}</xades:IssuerSerialV2>"
        f"</xades:Cert></xades:SigningCertificateV2>{place}"
        "</xades:SignedSignatureProperties><xades:SignedDataObjectProperties>"
        f'<xades:DataObjectFormat ObjectReference="#{reference_id}"><xades:MimeType>text/xml</xades:MimeType>'
        "</xades:DataObjectFormat></xades:SignedDataObjectProperties></xades:SignedProperties>"
    )


def object_xml(signature_id: str, properties: str) -> str:
    """The ds:Object that holds the qualifying properties of the signature with this identifier."""
    return (
        f'<ds:Object><xades:QualifyingProperties xmlns:xades="{XADES}" Target="#{signature_id}">{properties}'
        "</xades:QualifyingProperties></ds:Object>"
    )


def timestamp_xml(token: bytes) -> str:
    """UnsignedProperties with one SignatureTimeStamp over the exclusively canonicalised SignatureValue."""
    return (
        "<xades:UnsignedProperties><xades:UnsignedSignatureProperties><xades:SignatureTimeStamp>"
        f'<ds:CanonicalizationMethod Algorithm="{names.EXC_C14N}"/>'
        f"<xades:EncapsulatedTimeStamp>{b64(token)}</xades:EncapsulatedTimeStamp>"
        "</xades:SignatureTimeStamp></xades:UnsignedSignatureProperties></xades:UnsignedProperties>"
    )
