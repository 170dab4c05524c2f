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
from .template import DS as DS
from .template import ECDSA_SHA256, RSA_SHA256, Template
from .template import XADES as XADES

PACKAGE = "xmlsec1"
ID_ELEMENTS = (
    *("DLHDon", "MCCQT", "DLTBao", "HSoKhaiThue@id"),
    *(f"{DS}:Object", f"{DS}:KeyInfo", f"{DS}:SignatureValue", f"{XADES}:SignedProperties"),
)
"""Elements whose `Id` attribute (or the one after @) xmlsec1 has to be told is one: it reads no schema."""


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
        command += _identifiers(id_elements)
        if at is not None:
            command += ["--verification-gmt-time", at.astimezone(UTC).strftime("%Y-%m-%d %H:%M:%S")]
        if node is not None:
            command += ["--node-xpath", node]
        done = run([*command, str(document)], package=PACKAGE)
    return Verdict(done.code == 0 and "OK" in done.text.splitlines(), done.text)


def sign(xml: bytes, holder: Holder, template: Template | None = None) -> bytes:
    """`xml` with the template filled as last child of the root (alone when `xml` is empty), the chain in X509Data.

    Without a template: enveloped, over the whole document (URI=""), exclusive C14N, SHA-256, RSA or ECDSA by the key.
    """
    template = template or Template(RSA_SHA256 if holder.is_rsa else ECDSA_SHA256)
    with tempfile.TemporaryDirectory() as scratch:
        document, out = Path(scratch, "template.xml"), Path(scratch, "signed.xml")
        document.write_bytes(template.placed(xml))
        key = Path(scratch, "key.pem")
        key.write_bytes(holder.key_pem)
        certificates = []
        for number, certificate in enumerate(holder.chain):
            path = Path(scratch, f"chain-{number}.pem")
            path.write_bytes(pem([certificate]))
            certificates.append(str(path))
        command = ["xmlsec1", "--sign", "--privkey-pem", ",".join([str(key), *certificates]), "--output", str(out)]
        made(run([*command, *_identifiers(ID_ELEMENTS), str(document)], package=PACKAGE))
        return out.read_bytes()


def _identifiers(elements: Sequence[str]) -> list[str]:
    named = [(name.partition("@")[0], name.partition("@")[2] or "Id") for name in elements]
    return [word for name, attribute in named for word in (f"--id-attr:{attribute}", name)]
