"""Makes ds:Signature elements with a true value around whatever an attack needs, without using kyso's own writer.

`signature([Ref(...)])` hashes what it is told to hash, writes what it is told to write, and signs the canonical
SignedInfo with a key: every structure that kyso must refuse is refused for its structure, not for a bad value.
"""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature
from lxml import etree

from kyso_pki.testing import SoftwareSigner
from tests.pki.xml.made import PERSON

DS = "http://www.w3.org/2000/09/xmldsig#"
XADES = "http://uri.etsi.org/01903/v1.3.2#"
EXCLUSIVE = "http://www.w3.org/2001/10/xml-exc-c14n#"
ENVELOPED = DS + "enveloped-signature"
SIGNED_PROPERTIES = "http://uri.etsi.org/01903#SignedProperties"
RSA = "http://www.w3.org/2001/04/xmldsig-more#rsa-sha256"
ECDSA = "http://www.w3.org/2001/04/xmldsig-more#ecdsa-sha256"
DIGESTS = {
    "sha1": DS + "sha1",
    "sha256": "http://www.w3.org/2001/04/xmlenc#sha256",
    "md5": "http://www.w3.org/2001/04/xmldsig-more#md5",
}


def b64(octets: bytes) -> str:
    return base64.b64encode(octets).decode()


def canonical(xml: bytes) -> bytes:
    """Exclusive C14N of a document that stands alone."""
    return bytes(
        etree.tostring(etree.fromstring(xml).getroottree(), method="c14n", exclusive=True, with_comments=False)
    )


@dataclass(frozen=True)
class Ref:
    """One Reference: where it leads, and the XML that is hashed for it (canonicalised here, unless `raw`)."""

    uri: str | None
    covered: bytes
    type: str | None = None
    envelope: bool = False
    digest: str = "sha256"
    transforms: str | None = None
    """The content of Transforms, in place of enveloped-signature and exclusive C14N."""
    raw: bool = False
    value: str | None = None
    """The content of DigestValue, in place of the true digest."""
    extra: str = ""
    """More attributes."""

    def xml(self) -> str:
        octets = self.covered if self.raw else canonical(self.covered)
        algorithms = ([ENVELOPED] if self.envelope else []) + [EXCLUSIVE]
        steps = "".join(f'<ds:Transform Algorithm="{a}"/>' for a in algorithms)
        uri = "" if self.uri is None else f' URI="{self.uri}"'
        kind = "" if self.type is None else f' Type="{self.type}"'
        value = b64(hashlib.new(self.digest, octets).digest()) if self.value is None else self.value
        steps = steps if self.transforms is None else self.transforms
        chain = f"<ds:Transforms>{steps}</ds:Transforms>" if steps else ""
        return (
            f"<ds:Reference{self.extra}{kind}{uri}>{chain}"
            f'<ds:DigestMethod Algorithm="{DIGESTS[self.digest]}"/><ds:DigestValue>{value}</ds:DigestValue>'
            "</ds:Reference>"
        )


def signature(
    references: Sequence[Ref],
    *,
    signer: SoftwareSigner = PERSON,
    identifier: str | None = None,
    method: str | None = None,
    method_content: str = "",
    c14n: str = EXCLUSIVE,
    key_info: str | None = None,
    objects: str = "",
    value_of: Callable[[bytes], bytes] | None = None,
    before: Callable[[str], str] = lambda xml: xml,
    change: Callable[[str], str] = lambda xml: xml,
) -> str:
    """A ds:Signature over these references. `value_of` makes the value from the canonical SignedInfo; `before` is
    done to what stands in SignedInfo before it is signed, `change` to SignedInfo afterwards."""
    default = RSA if signer.scheme.key_type == "rsa" else ECDSA
    algorithm = default if method is None else method
    info = before(
        f'<ds:CanonicalizationMethod Algorithm="{c14n}"/><ds:SignatureMethod Algorithm="{algorithm}">{method_content}'
        f"</ds:SignatureMethod>{''.join(r.xml() for r in references)}"
    )
    info += "</ds:SignedInfo>"
    octets = canonical(f'<ds:SignedInfo xmlns:ds="{DS}">{info}'.encode())
    value = value_of(octets) if value_of is not None else true_value(signer, octets)
    about = "" if identifier is None else f' Id="{identifier}"'
    return (
        f'<ds:Signature xmlns:ds="{DS}"{about}>{change("<ds:SignedInfo>" + info)}'
        f"<ds:SignatureValue>{b64(value)}</ds:SignatureValue>"
        f"{x509_data(signer) if key_info is None else key_info}{objects}</ds:Signature>"
    )


def true_value(signer: SoftwareSigner, octets: bytes) -> bytes:
    value = signer.sign([signer.scheme.imprint(octets)])[0]
    if isinstance(signer.private_key, ec.EllipticCurvePrivateKey):
        size = (signer.private_key.key_size + 7) // 8
        value = b"".join(n.to_bytes(size) for n in decode_dss_signature(value))
    return value


def x509_data(signer: SoftwareSigner = PERSON) -> str:
    listed = "".join(f"<ds:X509Certificate>{b64(c.der)}</ds:X509Certificate>" for c in signer.chain)
    return f"<ds:KeyInfo><ds:X509Data>{listed}</ds:X509Data></ds:KeyInfo>"


def enveloped(xml: bytes, make: Callable[[bytes], str]) -> bytes:
    """`xml` with the signature that `make` gives for it as last child of the root."""
    end = xml.rindex(b"</")
    return xml[:end] + make(xml).encode() + xml[end:]
