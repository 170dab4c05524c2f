"""Qualifying properties, written (EN 319 132-1).

`signed_properties_xml` and `object_xml` are for a new signature, in which the prefixes ds and xades are declared.
Everything unsigned declares its own prefixes, whatever they mean around it, so that it can be put into a signature
that somebody else made: `stamp_xml`, `values_xml`, `validation_data_xml`.
"""

from __future__ import annotations

import html
import re
from collections.abc import Iterable, Sequence
from datetime import datetime
from functools import lru_cache
from typing import Literal

from ..asn1 import der
from ..claims import Claims, ProductionPlace, SignaturePolicy
from ..errors import UsageError
from ..evidence import Evidence
from ..scheme import HashName, digest
from ..x509.certificate import Certificate
from . import names
from .names import DS, XADES, XADES141
from .xmldsig import b64

_DECLARED = f' xmlns:xades="{XADES}" xmlns:ds="{DS}"'
_DECLARED_141 = f' xmlns:xadesv141="{XADES141}"'
_NO_CHARACTER = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")  # XML 1.0 2.2
ValidationData = Literal["TimeStampValidationData", "AnyValidationData"]
"""Evidence for the timestamp that stands just before it (5.5.3), and for anything (5.5.4)."""


def signed_properties_xml(
    identifier: str,
    *,
    signing_time: datetime,
    leaf: Certificate,
    reference_ids: Sequence[str],
    location: str | None,
    claims: Claims | None = None,
    media_type: str | None = "text/xml",
    stamps: str = "",
) -> str:
    """SignedProperties for level B-B (EN 319 132-1 6.3). The prefixes ds and xades are declared around it.

    `media_type`: of what the references cover, each of which has a DataObjectFormat of its own, else it is no
    baseline signature (6.3); None: nothing is said of them. `stamps`: what `content_stamp_xml` gave. Raises
    `UsageError` when a place is given twice.
    """
    said = claims or Claims()
    if location and said.place is not None:
        raise UsageError("A location and a place are both given.", remedy="Say the place once.")
    place = ProductionPlace(city=location) if location else said.place
    time = signing_time.isoformat(timespec="seconds").replace("+00:00", "Z")
    formats = [_format(reference, media_type) for reference in reference_ids]
    about_data = "".join((*formats, *map(_commitment, said.commitment_uris), stamps))
    if about_data:
        about_data = f"<xades:SignedDataObjectProperties>{about_data}</xades:SignedDataObjectProperties>"
    return (
        f'<xades:SignedProperties Id="{identifier}"><xades:SignedSignatureProperties>'
        f"<xades:SigningTime>{time}</xades:SigningTime>"
        f"{_signing_certificate(leaf)}{_policy(said.policy)}{_place(place)}{_roles(said.roles)}"
        f"</xades:SignedSignatureProperties>{about_data}</xades:SignedProperties>"
    )


@lru_cache(maxsize=64)
def _signing_certificate(leaf: Certificate) -> str:
    """SigningCertificateV2 (5.2.2), the same in every signature of one signer."""
    issuer_serial = der.sequence(der.sequence(der.explicit(4, leaf.issuer.der)), der.integer(leaf.serial))
    return (
        f"<xades:SigningCertificateV2><xades:Cert><xades:CertDigest>{_digest('sha256', digest('sha256', leaf.der))}"
        f"</xades:CertDigest><xades:IssuerSerialV2>{b64(issuer_serial)}</xades:IssuerSerialV2>"
        "</xades:Cert></xades:SigningCertificateV2>"
    )


def _text(name: str, text: str | None) -> str:
    """An element with this text, none for none. Raises `UsageError` for what XML cannot hold (XML 1.0 2.2)."""
    if text and (bad := _NO_CHARACTER.search(text)) is not None:
        raise UsageError(
            f"The character U+{ord(bad[0]):04X} in the text for {name} cannot stand in XML.",
            remedy="Leave control characters, and what is no UTF-8, out of the text.",
        )
    return f"<xades:{name}>{html.escape(text, quote=False)}</xades:{name}>" if text else ""


def _digest(hash_name: HashName, value: bytes) -> str:
    method = f'<ds:DigestMethod Algorithm="{names.DIGEST_URIS[hash_name]}"/>'
    return f"{method}<ds:DigestValue>{b64(value)}</ds:DigestValue>"


def _policy(policy: SignaturePolicy | Literal["implied"] | None) -> str:
    """SignaturePolicyIdentifier (5.2.9)."""
    if policy is None:
        return ""
    if policy == "implied":
        inner = "<xades:SignaturePolicyImplied/>"
    else:
        uri = (
            f"<xades:SigPolicyQualifier>{_text('SPURI', policy.uri)}</xades:SigPolicyQualifier>" if policy.uri else ""
        )
        named = _text("Identifier", policy.identifier) + _text("Description", policy.description)
        inner = (
            f"<xades:SignaturePolicyId><xades:SigPolicyId>{named}</xades:SigPolicyId>"
            f"<xades:SigPolicyHash>{_digest(policy.hash_name, policy.digest)}</xades:SigPolicyHash>"
            + (f"<xades:SigPolicyQualifiers>{uri}</xades:SigPolicyQualifiers>" if uri else "")
            + "</xades:SignaturePolicyId>"
        )
    return f"<xades:SignaturePolicyIdentifier>{inner}</xades:SignaturePolicyIdentifier>"


def _place(place: ProductionPlace | None) -> str:
    """SignatureProductionPlaceV2 (5.2.5)."""
    if place is None:
        return ""
    inner = (
        _text("City", place.city)
        + _text("StreetAddress", place.street)
        + _text("StateOrProvince", place.province)
        + _text("PostalCode", place.postal_code)
        + _text("CountryName", place.country)
    )
    return f"<xades:SignatureProductionPlaceV2>{inner}</xades:SignatureProductionPlaceV2>" if inner else ""


def _roles(roles: Sequence[str]) -> str:
    """SignerRoleV2 with claimed roles (5.2.6)."""
    if not roles:
        return ""
    claimed = "".join(_text("ClaimedRole", role) for role in roles)
    return f"<xades:SignerRoleV2><xades:ClaimedRoles>{claimed}</xades:ClaimedRoles></xades:SignerRoleV2>"


def _format(reference_id: str, media_type: str | None) -> str:
    """DataObjectFormat (5.2.4)."""
    if media_type is None:
        return ""
    inner = _text("MimeType", media_type)
    return f'<xades:DataObjectFormat ObjectReference="#{reference_id}">{inner}</xades:DataObjectFormat>'


def _commitment(uri: str) -> str:
    """CommitmentTypeIndication for all that is signed (5.2.3)."""
    named = f"<xades:CommitmentTypeId>{_text('Identifier', uri)}</xades:CommitmentTypeId>"
    return f"<xades:CommitmentTypeIndication>{named}<xades:AllSignedDataObjects/></xades:CommitmentTypeIndication>"


def content_stamp_xml(token: bytes, method: str, reference_id: str | None) -> str:
    """An AllDataObjectsTimeStamp (5.2.8.1), or an IndividualDataObjectsTimeStamp over one reference's data (5.2.8.2).

    `method`: of canonicalisation, where what is covered is XML.
    """
    name = "AllDataObjectsTimeStamp" if reference_id is None else "IndividualDataObjectsTimeStamp"
    included = "" if reference_id is None else f'<xades:Include URI="#{reference_id}" referencedData="true"/>'
    return (
        f'<xades:{name}>{included}<ds:CanonicalizationMethod Algorithm="{method}"/>'
        f"<xades:EncapsulatedTimeStamp>{b64(token)}</xades:EncapsulatedTimeStamp></xades:{name}>"
    )


def object_xml(signature_id: str, properties: str) -> str:
    """The ds:Object that holds the qualifying properties of the signature with this identifier."""
    return (
        f'<ds:Object><xades:QualifyingProperties xmlns:xades="{XADES}" Target="#{signature_id}">{properties}'
        "</xades:QualifyingProperties></ds:Object>"
    )


# Unsigned -----------------------------------------------------------------------------------------------


def unsigned_xml(properties: str) -> str:
    """UnsignedProperties with these unsigned signature properties."""
    inner = unsigned_signature_xml(properties)
    return f'<xades:UnsignedProperties xmlns:xades="{XADES}">{inner}</xades:UnsignedProperties>'


def unsigned_signature_xml(properties: str) -> str:
    """UnsignedSignatureProperties with these properties."""
    return (
        f'<xades:UnsignedSignatureProperties xmlns:xades="{XADES}">{properties}</xades:UnsignedSignatureProperties>'
    )


def stamp_xml(kind: Literal["signature", "archive"], token: bytes) -> str:
    """A SignatureTimeStamp (5.3) or an ArchiveTimeStamp of version 1.4.1 (5.5.2), with exclusive C14N."""
    name = "xades:SignatureTimeStamp" if kind == "signature" else "xadesv141:ArchiveTimeStamp"
    declared = _DECLARED if kind == "signature" else _DECLARED_141 + _DECLARED
    return (
        f'<{name}{declared}><ds:CanonicalizationMethod Algorithm="{names.EXC_C14N}"/>'
        f"<xades:EncapsulatedTimeStamp>{b64(token)}</xades:EncapsulatedTimeStamp></{name}>"
    )


def values_xml(evidence: Evidence) -> str:
    """CertificateValues and RevocationValues (5.4.1, 5.4.2) as far as there is something to put into them."""
    certificates = _each("EncapsulatedX509Certificate", (c.der for c in evidence.certificates))
    crls, ocsp = _each("EncapsulatedCRLValue", evidence.crls), _each("EncapsulatedOCSPValue", evidence.ocsp)
    written = ""
    if certificates:
        written += f'<xades:CertificateValues xmlns:xades="{XADES}">{certificates}</xades:CertificateValues>'
    if crls or ocsp:
        lists = f"<xades:CRLValues>{crls}</xades:CRLValues>" if crls else ""
        answers = f"<xades:OCSPValues>{ocsp}</xades:OCSPValues>" if ocsp else ""
        written += f'<xades:RevocationValues xmlns:xades="{XADES}">{lists}{answers}</xades:RevocationValues>'
    return written


def validation_data_xml(name: ValidationData, evidence: Evidence) -> str:
    """A container of evidence; empty when there is none."""
    values = values_xml(evidence)
    return f"<xadesv141:{name}{_DECLARED_141}>{values}</xadesv141:{name}>" if values else ""


def _each(name: str, values: Iterable[bytes]) -> str:
    return "".join(f"<xades:{name}>{b64(value)}</xades:{name}>" for value in values)
