"""The older forms of XAdES (TS 101 903), written here by hand: properties, and the octets that timestamps are over.

`added` puts one more unsigned property into the only signature of a document; `stamped` writes a timestamp over
octets. Nothing of kyso's own writing is used; the octets are taken from the parsed document as the standard lists
them.
"""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Sequence
from datetime import datetime

from lxml import etree

from kyso_pki.x509.certificate import Certificate

from .made import AT, WORLD

DS = "http://www.w3.org/2000/09/xmldsig#"
XADES = "http://uri.etsi.org/01903/v1.3.2#"
XADES141 = "http://uri.etsi.org/01903/v1.4.1#"
SHA256 = "http://www.w3.org/2001/04/xmlenc#sha256"
EXCLUSIVE = "http://www.w3.org/2001/10/xml-exc-c14n#"
DECLARED = f'xmlns:ds="{DS}" xmlns:xades="{XADES}" xmlns:v="{XADES141}"'


def b64(octets: bytes) -> str:
    return base64.b64encode(octets).decode()


def added(xml: bytes, property_xml: str) -> bytes:
    """`xml` with the property as the last unsigned one of its only signature."""
    end = b"</xades:UnsignedSignatureProperties>"
    if end in xml:
        return xml.replace(end, property_xml.encode() + end)
    end = b"</xades:QualifyingProperties>"
    opening = "<xades:UnsignedProperties><xades:UnsignedSignatureProperties>"
    closing = "</xades:UnsignedSignatureProperties></xades:UnsignedProperties>"
    return xml.replace(end, f"{opening}{property_xml}{closing}".encode() + end)


def octets_of(xml: bytes, paths: Sequence[str], *, exclusive: bool = False) -> bytes:
    """The canonical elements that these XPaths give, one after the other."""
    root = etree.fromstring(xml)
    names = {"ds": DS, "xades": XADES, "v": XADES141}
    found = b""
    for path in paths:
        elements = root.xpath(path, namespaces=names)
        assert elements, path
        for element in elements:
            alone = etree.fromstring(etree.tostring(element, with_tail=False)).getroottree()
            found += etree.tostring(alone, method="c14n", exclusive=exclusive)
    return found


def stamped(name: str, octets: bytes, at: datetime = AT, *, exclusive: bool = False, include: str = "") -> str:
    """A timestamp property with a token over these octets."""
    token = WORLD.timestamper(at).timestamp(hashlib.sha256(octets).digest(), "sha256")
    method = f'<ds:CanonicalizationMethod Algorithm="{EXCLUSIVE}"/>' if exclusive else ""
    return (
        f"<{name} {DECLARED}>{include}{method}"
        f"<xades:EncapsulatedTimeStamp>{b64(token)}</xades:EncapsulatedTimeStamp></{name}>"
    )


def digest_xml(octets: bytes) -> str:
    value = b64(hashlib.sha256(octets).digest())
    return f'<ds:DigestMethod Algorithm="{SHA256}"/><ds:DigestValue>{value}</ds:DigestValue>'


def certificate_refs(certificates: Sequence[Certificate], *, v2: bool = False) -> str:
    """CompleteCertificateRefs (A.1.1)."""
    name = "v:CompleteCertificateRefsV2" if v2 else "xades:CompleteCertificateRefs"
    refs = "v:CertRefs" if v2 else "xades:CertRefs"
    certs = "".join(
        f"<xades:Cert><xades:CertDigest>{digest_xml(c.der)}</xades:CertDigest>"
        + (
            ""
            if v2
            else "<xades:IssuerSerial><ds:X509IssuerName>CN=CA</ds:X509IssuerName>"
            f"<ds:X509SerialNumber>{c.serial}</ds:X509SerialNumber></xades:IssuerSerial>"
        )
        + "</xades:Cert>"
        for c in certificates
    )
    return f"<{name} {DECLARED}><{refs}>{certs}</{refs}></{name}>"


def revocation_refs(crls: Sequence[bytes]) -> str:
    """CompleteRevocationRefs (A.1.2)."""
    refs = "".join(
        f"<xades:CRLRef><xades:DigestAlgAndValue>{digest_xml(crl)}</xades:DigestAlgAndValue></xades:CRLRef>"
        for crl in crls
    )
    inner = f"<xades:CRLRefs>{refs}</xades:CRLRefs>"
    return f"<xades:CompleteRevocationRefs {DECLARED}>{inner}</xades:CompleteRevocationRefs>"


def values(certificates: Sequence[Certificate], crls: Sequence[bytes]) -> str:
    """CertificateValues and RevocationValues."""
    certs = "".join(
        f"<xades:EncapsulatedX509Certificate>{b64(c.der)}</xades:EncapsulatedX509Certificate>" for c in certificates
    )
    lists = "".join(f"<xades:EncapsulatedCRLValue>{b64(crl)}</xades:EncapsulatedCRLValue>" for crl in crls)
    return (
        f"<xades:CertificateValues {DECLARED}>{certs}</xades:CertificateValues>"
        f"<xades:RevocationValues {DECLARED}><xades:CRLValues>{lists}</xades:CRLValues></xades:RevocationValues>"
    )


VALUE = "//ds:SignatureValue"
SIGNATURE_STAMP = "//xades:SignatureTimeStamp"
REFERENCES = ("//xades:CompleteCertificateRefs", "//xades:CompleteRevocationRefs")
REFERENCES_V2 = ("//v:CompleteCertificateRefsV2", "//xades:CompleteRevocationRefs")


def form_t(xml: bytes) -> bytes:
    return added(xml, stamped("xades:SignatureTimeStamp", octets_of(xml, [VALUE])))


def form_c(xml: bytes, *, v2: bool = False) -> bytes:
    certificates, crls = [WORLD.issuing, WORLD.root], WORLD.crls(AT)
    return added(form_t(xml), certificate_refs(certificates, v2=v2) + revocation_refs(crls))


def form_x(xml: bytes, kind: int = 1, *, v2: bool = False) -> bytes:
    """Kind 1: over value, timestamps and references; kind 2: over the references."""
    xml = form_c(xml, v2=v2)
    paths = [*((VALUE, SIGNATURE_STAMP) if kind == 1 else ()), *(REFERENCES_V2 if v2 else REFERENCES)]
    name = "SigAndRefsTimeStamp" if kind == 1 else "RefsOnlyTimeStamp"
    return added(xml, stamped(f"v:{name}V2" if v2 else f"xades:{name}", octets_of(xml, paths)))


def form_x_l(xml: bytes, kind: int = 1, *, v2: bool = False) -> bytes:
    return added(form_x(xml, kind, v2=v2), values([WORLD.issuing, WORLD.tsa], WORLD.crls(AT)))


def form_a(xml: bytes, content: bytes, *, old: bool = True, exclusive: bool = False, at: datetime = AT) -> bytes:
    """With one ArchiveTimeStamp more, of 1.3.2 or of 1.4.1; `content`: the octets of the references."""
    paths = ["//ds:SignedInfo", VALUE, "//ds:KeyInfo", "//xades:UnsignedSignatureProperties/*"]
    objects = "//ds:Signature/ds:Object[not(xades:QualifyingProperties)]"
    if etree.fromstring(xml).xpath(objects, namespaces={"ds": DS, "xades": XADES}):
        paths.append(objects)
    covered = content + octets_of(xml, paths, exclusive=exclusive)
    return added(
        xml, stamped("xades:ArchiveTimeStamp" if old else "v:ArchiveTimeStamp", covered, at, exclusive=exclusive)
    )


def content_of(letter: bytes, signed: bytes) -> bytes:
    """What the references of a kyso XAdES over the whole document hash: the document as it was, the properties."""
    whole = etree.tostring(etree.fromstring(letter).getroottree(), method="c14n", exclusive=True)
    return bytes(whole) + octets_of(signed, ["//xades:SignedProperties"], exclusive=True)
