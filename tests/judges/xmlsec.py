"""xmlsec1 (libxml2, OpenSSL): verifies the first signature of an XML document, and signs templates.

The key comes only from an X509Certificate that chains to the given roots, never from a bare KeyValue.
"""

from __future__ import annotations

import tempfile
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path

from cryptography import x509

from .holder import Holder, pem
from .program import Verdict, made, run

PACKAGE = "xmlsec1"
DS = "http://www.w3.org/2000/09/xmldsig#"
XADES = "http://uri.etsi.org/01903/v1.3.2#"
ID_ELEMENTS = ("DLHDon", "MCCQT", f"{DS}:Object", f"{DS}:KeyInfo", f"{XADES}:SignedProperties")
"""Elements whose `Id` attribute xmlsec1 has to be told is one (it reads no schema)."""


def verify(
    xml: bytes,
    roots: Sequence[x509.Certificate],
    *,
    at: datetime | None = None,
    id_elements: Sequence[str] = ID_ELEMENTS,
    node: str | None = None,
) -> Verdict:
    """What `xmlsec1 --verify` says; `node`: an XPath to the Signature when it is not the first."""
    with tempfile.TemporaryDirectory() as scratch:
        document, command = Path(scratch, "document.xml"), ["xmlsec1", "--verify", "--enabled-key-data", "x509"]
        document.write_bytes(xml)
        for number, root in enumerate(roots):
            anchor = Path(scratch, f"root-{number}.pem")
            anchor.write_bytes(pem([root]))
            command += ["--trusted-pem", str(anchor)]
        for name in id_elements:
            command += ["--id-attr:Id", name]
        if at is not None:
            command += ["--verification-gmt-time", at.astimezone(UTC).strftime("%Y-%m-%d %H:%M:%S")]
        if node is not None:
            command += ["--node-xpath", node]
        done = run([*command, str(document)], package=PACKAGE)
    return Verdict(done.code == 0 and "OK" in done.text.splitlines(), done.text)


def sign(xml: bytes, holder: Holder) -> bytes:
    """`xml` with an enveloped XMLDSIG over the whole document (URI=""), as last child of the root.

    Exclusive C14N, SHA-256, RSA or ECDSA by the key, the whole chain in X509Data.
    """
    end = xml.rindex(b"</")
    template = _TEMPLATE.format(method="rsa-sha256" if holder.is_rsa else "ecdsa-sha256").encode()
    with tempfile.TemporaryDirectory() as scratch:
        document, out = Path(scratch, "template.xml"), Path(scratch, "signed.xml")
        document.write_bytes(xml[:end] + template + xml[end:])
        key = Path(scratch, "key.pem")
        key.write_bytes(holder.key_pem)
        certificates = []
        for number, certificate in enumerate(holder.chain):
            path = Path(scratch, f"chain-{number}.pem")
            path.write_bytes(pem([certificate]))
            certificates.append(str(path))
        command = ["xmlsec1", "--sign", "--privkey-pem", ",".join([str(key), *certificates]), "--output", str(out)]
        made(run([*command, str(document)], package=PACKAGE))
        return out.read_bytes()


_TEMPLATE = f"""<ds:Signature xmlns:ds="{DS}"><ds:SignedInfo>
<ds:CanonicalizationMethod Algorithm="http://www.w3.org/2001/10/xml-exc-c14n#"/>
<ds:SignatureMethod Algorithm="http://www.w3.org/2001/04/xmldsig-more#{{method}}"/>
<ds:Reference URI=""><ds:Transforms><ds:Transform Algorithm="{DS}enveloped-signature"/>
<ds:Transform Algorithm="http://www.w3.org/2001/10/xml-exc-c14n#"/></ds:Transforms>
<ds:DigestMethod Algorithm="http://www.w3.org/2001/04/xmlenc#sha256"/><ds:DigestValue/></ds:Reference>
</ds:SignedInfo><ds:SignatureValue/><ds:KeyInfo><ds:X509Data/></ds:KeyInfo></ds:Signature>"""
