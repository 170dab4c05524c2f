"""XAdES in other people's handwriting: other prefixes, other canonicalisation, other unsigned properties."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass

from lxml import etree

from tests.attacks.xml.forge import true_value

from .forms import DS, EXCLUSIVE, SHA256, XADES, b64
from .made import LETTER, PERSON

INCLUSIVE = "http://www.w3.org/TR/2001/REC-xml-c14n-20010315"
UNSIGNED = {
    "none": "",
    "an empty tag": "<{x}UnsignedProperties/>",
    "an empty group": "<{x}UnsignedProperties><{x}UnsignedSignatureProperties></{x}UnsignedSignatureProperties>"
    "</{x}UnsignedProperties>",
    "an empty group as an empty tag": "<{x}UnsignedProperties><{x}UnsignedSignatureProperties  />"
    "</{x}UnsignedProperties >",
    "properties of data alone": "<{x}UnsignedProperties><{x}UnsignedDataObjectProperties>\n"
    "</{x}UnsignedDataObjectProperties></{x}UnsignedProperties>",
    "both groups": "<{x}UnsignedProperties>\n <{x}UnsignedSignatureProperties>\n"
    "  <{x}AttributeRevocationValues Id='/>'/>\n </{x}UnsignedSignatureProperties>\n"
    " <{x}UnsignedDataObjectProperties/>\n</{x}UnsignedProperties>\n",
}


@dataclass(frozen=True)
class Hand:
    """One handwriting."""

    ds: str = "ds"
    xades: str = "xades"
    method: str = EXCLUSIVE
    indent: bool = False
    unsigned: str = "none"

    def sign(self, xml: bytes = LETTER) -> bytes:
        """`xml` with an enveloped signature over all of it, by the person."""
        end = xml.rindex(b"</")
        text = xml[:end] + self._signature().encode() + xml[end:]
        exclusive = self.method == EXCLUSIVE
        tree = etree.fromstring(xml).getroottree()
        whole = etree.tostring(tree, method="c14n", exclusive=exclusive, with_comments=False)
        text = text.replace(b"DIGEST-OF-DOCUMENT", _digest(whole))
        text = text.replace(b"DIGEST-OF-PROPERTIES", _digest(self._canonical(text, f"{{{XADES}}}SignedProperties")))
        value = true_value(PERSON, self._canonical(text, f"{{{DS}}}SignedInfo"))
        return text.replace(b"SIGNATURE-VALUE", b64(value).encode())

    def _canonical(self, xml: bytes, name: str) -> bytes:
        element = next(etree.fromstring(xml).iter(name))
        alone = etree.fromstring(etree.tostring(element, encoding="utf-8", with_tail=False)).getroottree()
        return bytes(etree.tostring(alone, method="c14n", exclusive=self.method == EXCLUSIVE))

    def _signature(self) -> str:
        d, x = (f"{p}:" if p else "" for p in (self.ds, self.xades))
        declared = [f"xmlns{':' + p if p else ''}" for p in (self.ds, self.xades)]
        certificates = "".join(f"<{d}X509Certificate>{b64(c.der)}</{d}X509Certificate>" for c in PERSON.chain)
        # A prefix for ds that still means ds inside the properties, whatever the signature itself uses.
        digest = f'<q:DigestMethod xmlns:q="{DS}" Algorithm="{SHA256}"/><q:DigestValue xmlns:q="{DS}">'
        cert = f"{digest}{_digest(PERSON.certificate.der).decode()}</q:DigestValue>"
        method = f'Algorithm="{self.method}"'
        text = f"""<{d}Signature {declared[0]}="{DS}" Id="ky-1">
<{d}SignedInfo><{d}CanonicalizationMethod {method}/>
<{d}SignatureMethod Algorithm="http://www.w3.org/2001/04/xmldsig-more#rsa-sha256"/>
<{d}Reference Id="r-1" URI=""><{d}Transforms><{d}Transform Algorithm="{DS}enveloped-signature"/>
<{d}Transform {method}/></{d}Transforms><{d}DigestMethod Algorithm="{SHA256}"/>
<{d}DigestValue>DIGEST-OF-DOCUMENT</{d}DigestValue></{d}Reference>
<{d}Reference Type="http://uri.etsi.org/01903#SignedProperties" URI="#p-1"><{d}Transforms>
<{d}Transform {method}/></{d}Transforms><{d}DigestMethod Algorithm="{SHA256}"/>
<{d}DigestValue>DIGEST-OF-PROPERTIES</{d}DigestValue></{d}Reference></{d}SignedInfo>
<{d}SignatureValue>SIGNATURE-VALUE</{d}SignatureValue>
<{d}KeyInfo><{d}X509Data>{certificates}</{d}X509Data></{d}KeyInfo>
<{d}Object><{x}QualifyingProperties {declared[1]}="{XADES}" Target="#ky-1">
<{x}SignedProperties Id="p-1"><{x}SignedSignatureProperties>
<{x}SigningTime>2026-11-23T03:00:00Z</{x}SigningTime>
<{x}SigningCertificateV2><{x}Cert><{x}CertDigest>{cert}</{x}CertDigest></{x}Cert></{x}SigningCertificateV2>
</{x}SignedSignatureProperties></{x}SignedProperties>{UNSIGNED[self.unsigned].replace("{x}", x)}
</{x}QualifyingProperties></{d}Object></{d}Signature>"""
        return text if self.indent else text.replace(">\n<", "><")


def _digest(octets: bytes) -> bytes:
    return b64(hashlib.sha256(octets).digest()).encode()
