"""The ds:Signature that xmlsec1, python-xmlsec and Java are asked to fill: algorithms, references, objects.

Algorithm URIs are written out here and not taken from kyso's own tables: a judge must not share our mistakes.
"""

from __future__ import annotations

from dataclasses import dataclass

DS = "http://www.w3.org/2000/09/xmldsig#"
XADES = "http://uri.etsi.org/01903/v1.3.2#"
XADES141 = "http://uri.etsi.org/01903/v1.4.1#"
ENVELOPED = DS + "enveloped-signature"
BASE64 = DS + "base64"
C14N10 = "http://www.w3.org/TR/2001/REC-xml-c14n-20010315"
C14N10_COMMENTS = C14N10 + "#WithComments"
C14N11 = "http://www.w3.org/2006/12/xml-c14n11"
C14N11_COMMENTS = C14N11 + "#WithComments"
EXCLUSIVE = "http://www.w3.org/2001/10/xml-exc-c14n#"
EXCLUSIVE_COMMENTS = EXCLUSIVE + "WithComments"
MORE = "http://www.w3.org/2001/04/xmldsig-more#"
RSA_SHA256 = MORE + "rsa-sha256"
RSA_SHA384 = MORE + "rsa-sha384"
RSA_SHA512 = MORE + "rsa-sha512"
PSS_SHA256 = "http://www.w3.org/2007/05/xmldsig-more#sha256-rsa-MGF1"
PSS_SHA384 = "http://www.w3.org/2007/05/xmldsig-more#sha384-rsa-MGF1"
ECDSA_SHA256 = MORE + "ecdsa-sha256"
ECDSA_SHA384 = MORE + "ecdsa-sha384"
ECDSA_SHA512 = MORE + "ecdsa-sha512"
ED25519 = "http://www.w3.org/2021/04/xmldsig-more#eddsa-ed25519"
SHA256 = "http://www.w3.org/2001/04/xmlenc#sha256"
SHA384 = MORE + "sha384"
SHA512 = "http://www.w3.org/2001/04/xmlenc#sha512"


def xpath(expression: str) -> str:
    """An XPath transform (XMLDSIG 6.6.3)."""
    uri = "http://www.w3.org/TR/1999/REC-xpath-19991116"
    return f'<ds:Transform Algorithm="{uri}"><ds:XPath>{expression}</ds:XPath></ds:Transform>'


def xpath_filter(*steps: tuple[str, str]) -> str:
    """An XPath Filter 2.0 transform; each step is `intersect`, `subtract` or `union` with an expression."""
    uri = "http://www.w3.org/2002/06/xmldsig-filter2"
    inside = "".join(f'<f:XPath xmlns:f="{uri}" Filter="{kind}">{text}</f:XPath>' for kind, text in steps)
    return f'<ds:Transform Algorithm="{uri}">{inside}</ds:Transform>'


@dataclass(frozen=True)
class Reference:
    """What one ds:Reference is to cover; the whole document unless `uri` names a part."""

    uri: str = ""
    transforms: tuple[str, ...] = (ENVELOPED, EXCLUSIVE)
    """URIs; a transform with parameters is a whole element."""


WHOLE = Reference()


@dataclass(frozen=True)
class Template:
    method: str
    """URI of the SignatureMethod."""
    references: tuple[Reference, ...] = (WHOLE,)
    c14n: str = EXCLUSIVE
    digest: str = SHA256
    objects: str = ""
    """ds:Object elements, as they stand at the end of the Signature (the prefix ds is declared)."""

    def xml(self) -> str:
        """The Signature with empty values."""
        references = "".join(
            f'<ds:Reference URI="{r.uri}">{_transforms(r)}<ds:DigestMethod Algorithm="{self.digest}"/>'
            "<ds:DigestValue/></ds:Reference>"
            for r in self.references
        )
        return (
            f'<ds:Signature xmlns:ds="{DS}"><ds:SignedInfo><ds:CanonicalizationMethod Algorithm="{self.c14n}"/>'
            f'<ds:SignatureMethod Algorithm="{self.method}"/>{references}</ds:SignedInfo><ds:SignatureValue/>'
            f"<ds:KeyInfo><ds:X509Data/></ds:KeyInfo>{self.objects}</ds:Signature>"
        )

    def placed(self, xml: bytes) -> bytes:
        """The document with the empty Signature as last child of its root; alone when `xml` is empty."""
        end = xml.rindex(b"</") if xml else 0
        return xml[:end] + self.xml().encode() + xml[end:]


def _transforms(reference: Reference) -> str:
    if not reference.transforms:
        return ""
    listed = "".join(
        one if one.startswith("<") else f'<ds:Transform Algorithm="{one}"/>' for one in reference.transforms
    )
    return f"<ds:Transforms>{listed}</ds:Transforms>"
