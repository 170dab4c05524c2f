"""The signed properties of one signature (EN 319 132-1 5.2), read from the octets that were hashed.

Reach for `read_signed_properties`. Read: signing time, signing certificate (both versions), place and claimed roles
(both versions), commitments, signature policy (implied or explicit), data object formats, content timestamps.
Certified and signed roles, and everything else, are named in a finding, not checked.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, timezone
from typing import TYPE_CHECKING, Final

from ..asn1 import der
from ..errors import FormatError, LimitExceeded
from ..facts import Finding, PolicyFacts
from ..scheme import HashName, digest
from ..x509.certificate import Certificate
from . import names
from .names import TYPE_SIGNED_PROPERTIES, ds, xades
from .parse import attributes, elements, local_name, name_of, octets_of, parse_utf8, required, text_of
from .properties_stamps import Stamp, read_container
from .properties_unsigned import not_checked, properties_in
from .xmldsig import Reference

if TYPE_CHECKING:
    from lxml.etree import _Element

MAX_CONTENT_TIMESTAMPS: Final = 16  # in one signature, against denial of service; each costs a key operation
MAX_TEXTS: Final = 64  # roles, commitments, formats each; the same
_TIME = re.compile(r"(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d)(?:\.(\d+))?(Z|[+-]\d\d:\d\d)?", re.ASCII)
VIETNAM = timezone(timedelta(hours=7))
_CONTENT_TIMESTAMPS = (xades("AllDataObjectsTimeStamp"), xades("IndividualDataObjectsTimeStamp"))
_CHECKED = tuple(
    xades(n)
    for n in (
        "SigningTime",
        "SigningCertificate",
        "SigningCertificateV2",
        "SignatureProductionPlace",
        "SignatureProductionPlaceV2",
        "SignerRole",
        "SignerRoleV2",
        "SignaturePolicyIdentifier",
        "CommitmentTypeIndication",
        "DataObjectFormat",
        "AllDataObjectsTimeStamp",
        "IndividualDataObjectsTimeStamp",
    )
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
    """What the signer said about the signature."""

    signing_time: datetime | None = None
    certificates: tuple[CertificateReference, ...] = ()
    location: str | None = None
    roles: tuple[str, ...] = ()
    commitments: tuple[str, ...] = ()
    policy: PolicyFacts | None = None
    formats: tuple[tuple[int, str], ...] = ()
    """Media types, each with the number of the reference (from 0) that it is about."""
    stamps: tuple[Stamp, ...] = ()
    """Content timestamps."""
    findings: tuple[Finding, ...] = ()

    @property
    def media_types(self) -> tuple[str, ...]:
        """Each once."""
        return tuple(dict.fromkeys(text for _, text in self.formats))


def read_signed_properties(octets: bytes, references: Sequence[Reference]) -> SignedProperties:
    """Reads SignedProperties from its canonical octets. Raises `FormatError`, `LimitExceeded`."""
    root = parse_utf8(octets)
    if root.tag != xades("SignedProperties"):
        raise FormatError(f"{name_of(root)} stands where SignedProperties must be.")
    about_signature = properties_in(root, "SignedSignatureProperties")
    about_data = properties_in(root, "SignedDataObjectProperties")
    single: dict[str, _Element] = {}
    for item in about_signature:
        if single.setdefault(str(item.tag), item) is not item:
            raise FormatError(f"{name_of(item)} stands twice.")
    findings: tuple[Finding, ...] = not_checked([*about_signature, *about_data], _CHECKED)
    time = None
    if (element := single.get(xades("SigningTime"))) is not None:
        time, time_findings = read_time(text_of(element))
        findings += time_findings
    roles, role_findings = _read_roles(single)
    stamps, stamp_findings = _read_content_timestamps(about_data, references)
    return SignedProperties(
        signing_time=time,
        certificates=_read_signing_certificate(single),
        location=_read_place(single),
        roles=roles,
        commitments=_read_commitments(about_data, references),
        policy=_read_policy(single),
        formats=_read_formats(about_data, references),
        stamps=stamps,
        findings=(*findings, *role_findings, *stamp_findings),
    )


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


# About the signer ---------------------------------------------------------------------------------------


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
    hash_name, value = read_digest(children[xades("CertDigest")])
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
    return CertificateReference(hash_name, value, issuer, serial)


def read_digest(element: _Element) -> tuple[HashName, bytes]:
    """DigestAlgAndValueType: a DigestMethod and a DigestValue."""
    pair = elements(element)
    if [e.tag for e in pair] != [ds("DigestMethod"), ds("DigestValue")]:
        raise FormatError(f"A {local_name(element)} must hold DigestMethod and DigestValue.")
    return names.hash_of_uri(required(pair[0], "Algorithm")), octets_of(pair[1])


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


def _read_roles(single: dict[str, _Element]) -> tuple[tuple[str, ...], tuple[Finding, ...]]:
    """The claimed roles of SignerRoleV2 (5.2.6) or SignerRole, in words; others are named."""
    claimed: list[str] = []
    others: set[str] = set()
    for name in ("SignerRoleV2", "SignerRole"):
        if (element := single.get(xades(name))) is None:
            continue
        for group in elements(element):
            if group.tag == xades("ClaimedRoles"):
                claimed += [" ".join("".join(map(str, r.itertext())).split()) for r in _few(elements(group))]
            else:
                others.add(name_of(group))
    if not others:
        return tuple(claimed), ()
    text = f"The signer's roles are given in a way that is not checked: {', '.join(sorted(others))}."
    return tuple(claimed), (Finding("ROLE_NOT_CHECKED", "info", text),)


def _few(items: list[_Element]) -> list[_Element]:
    if len(items) > MAX_TEXTS:
        raise LimitExceeded(f"{len(items)} entries in one signed property; at most {MAX_TEXTS} are read.")
    return items


# About the signature ------------------------------------------------------------------------------------


def _read_policy(single: dict[str, _Element]) -> PolicyFacts | None:
    """SignaturePolicyIdentifier (5.2.9): implied, or an identifier with the hash of the policy document."""
    if (element := single.get(xades("SignaturePolicyIdentifier"))) is None:
        return None
    children = elements(element)
    if [c.tag for c in children] == [xades("SignaturePolicyImplied")]:
        return PolicyFacts(None)
    if [c.tag for c in children] != [xades("SignaturePolicyId")]:
        raise FormatError("A SignaturePolicyIdentifier must hold SignaturePolicyId or SignaturePolicyImplied.")
    parts = {c.tag: c for c in elements(children[0])}
    if not {xades("SigPolicyId"), xades("SigPolicyHash")} <= parts.keys():
        raise FormatError("A SignaturePolicyId must hold SigPolicyId and SigPolicyHash.")
    hash_name, value = read_digest(parts[xades("SigPolicyHash")])
    identifier, description = _read_object_identifier(parts[xades("SigPolicyId")])
    uri = next((text_of(e).strip() for e in children[0].iter(xades("SPURI"))), None)
    return PolicyFacts(identifier, hash_name, value, ds("Transforms") not in parts, description, uri)


def _read_object_identifier(element: _Element) -> tuple[str, str | None]:
    """ObjectIdentifierType (5.1.2): the identifier, and what it means in words."""
    parts = {c.tag: c for c in elements(element)}
    if xades("Identifier") not in parts:
        raise FormatError(f"{name_of(element)} holds no Identifier.")
    identifier = text_of(parts[xades("Identifier")]).strip()
    if not identifier:
        raise FormatError(f"The Identifier of {name_of(element)} is empty.")
    described = parts.get(xades("Description"))
    return identifier, None if described is None else text_of(described).strip() or None


# About the content --------------------------------------------------------------------------------------


def _known(references: Sequence[Reference]) -> dict[str, int]:
    """What an ObjectReference may say, and the reference that it means."""
    return {f"#{r.id}": n for n, r in enumerate(references) if r.id is not None}


def _read_commitments(about_data: Sequence[_Element], references: Sequence[Reference]) -> tuple[str, ...]:
    """CommitmentTypeIndication (5.2.3): what is committed to, for the references that it names or for all."""
    found: list[str] = []
    known = _known(references)
    for item in _few([i for i in about_data if i.tag == xades("CommitmentTypeIndication")]):
        parts = elements(item)
        if not parts or parts[0].tag != xades("CommitmentTypeId"):
            raise FormatError("A CommitmentTypeIndication must start with its CommitmentTypeId.")
        for part in parts[1:]:
            if part.tag == xades("ObjectReference") and text_of(part).strip() not in known:
                raise FormatError("A CommitmentTypeIndication is about a reference that does not exist.")
        found.append(_read_object_identifier(parts[0])[0])
    return tuple(found)


def _read_formats(about_data: Sequence[_Element], references: Sequence[Reference]) -> tuple[tuple[int, str], ...]:
    found: list[tuple[int, str]] = []
    known = _known(references)
    for item in (i for i in about_data if i.tag == xades("DataObjectFormat")):
        if (number := known.get(required(item, "ObjectReference"))) is None:
            raise FormatError("A DataObjectFormat is about a reference that does not exist.")
        found += [(number, text_of(c).strip()) for c in elements(item) if c.tag == xades("MimeType")]
    return tuple(found)


def _read_content_timestamps(
    about_data: Sequence[_Element], references: Sequence[Reference]
) -> tuple[tuple[Stamp, ...], tuple[Finding, ...]]:
    """AllDataObjectsTimeStamp and IndividualDataObjectsTimeStamp (5.2.8), led to the references that they cover."""
    stamps: list[Stamp] = []
    findings: list[Finding] = []
    known = _known(references)
    for item in (i for i in about_data if i.tag in _CONTENT_TIMESTAMPS):
        container = read_container(item)
        individual = item.tag == _CONTENT_TIMESTAMPS[1]
        if container.unfollowed or (container.includes and not individual):
            text = f"A timestamp ({name_of(item)}) says in a way that is not followed what it covers."
            findings.append(Finding("TIMESTAMP_NOT_CHECKED", "warning", text))
            continue
        if individual:
            if not container.includes or any(uri not in known for uri in container.includes):
                raise FormatError("An IndividualDataObjectsTimeStamp includes a reference that does not exist.")
            covered = tuple(known[uri] for uri in container.includes)
        else:
            covered = tuple(n for n, r in enumerate(references) if r.type != TYPE_SIGNED_PROPERTIES)
        stamps.append(Stamp("content", 0, container.method, container.tokens, covered))
    if sum(len(s.tokens) for s in stamps) > MAX_CONTENT_TIMESTAMPS:
        raise LimitExceeded(f"More than {MAX_CONTENT_TIMESTAMPS} content timestamps in one signature.")
    return tuple(stamps), tuple(findings)
