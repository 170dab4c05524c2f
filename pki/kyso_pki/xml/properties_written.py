"""Qualifying properties, written (EN 319 132-1).

`signed_properties_xml` and `object_xml` are for a new signature, in which the prefixes ds and xades are declared.
Everything unsigned declares its own prefixes, whatever they mean around it, so that it can be put into a signature
that somebody else made: `stamp_xml`, `values_xml`, `validation_data_xml`.
"""

from __future__ import annotations

import html
from collections.abc import Iterable
from datetime import datetime
from typing import Literal

from ..asn1 import der
from ..evidence import Evidence
from ..scheme import digest
from ..x509.certificate import Certificate
from . import names
from .names import DS, XADES, XADES141
from .xmldsig import b64

_DECLARED = f' xmlns:xades="{XADES}" xmlns:ds="{DS}"'
_DECLARED_141 = f' xmlns:xadesv141="{XADES141}"'
ValidationData = Literal["TimeStampValidationData", "AnyValidationData"]
"""Evidence for the timestamp that stands just before it (5.5.3), and for anything (5.5.4)."""


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
