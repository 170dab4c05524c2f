"""python-xmlsec: the same library as xmlsec1, newer (its wheels carry xmlsec 1.3), over lxml's trees.

It takes no verification time: the machine's clock counts.
"""

from __future__ import annotations

import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from cryptography import x509

from .holder import Holder, pem
from .program import Verdict, need
from .template import DS, ECDSA_SHA256, RSA_SHA256, Template


def verify(xml: bytes, roots: Sequence[x509.Certificate]) -> Verdict:
    """What it says of every ds:Signature; the key comes only from a certificate that chains to the roots."""
    xmlsec, manager = _library(), None
    manager = xmlsec.KeysManager()
    for root in roots:
        manager.load_cert_from_memory(pem([root]), xmlsec.KeyFormat.CERT_PEM, xmlsec.KeyDataType.TRUSTED)
    try:
        document = _parsed(xml)
        signatures = list(document.iter(f"{{{DS}}}Signature"))
        for signature in signatures:
            context = xmlsec.SignatureContext(manager)
            context.set_enabled_key_data([xmlsec.KeyData.X509])
            context.verify(signature)
    except Exception as error:  # noqa: BLE001 - whatever a judge trips over is its verdict: not valid, in its words
        return Verdict(False, f"{type(error).__name__}: {error}")
    return Verdict(bool(signatures), f"{len(signatures)} signature(s) verified")


def sign(xml: bytes, holder: Holder, template: Template | None = None) -> bytes:
    """`xml` with the template filled as last child of the root (alone when `xml` is empty), the chain in X509Data."""
    from lxml import etree

    xmlsec = _library()
    template = template or Template(RSA_SHA256 if holder.is_rsa else ECDSA_SHA256)
    document = _parsed(template.placed(xml))
    (signature,) = document.iter(f"{{{DS}}}Signature")
    with tempfile.TemporaryDirectory() as scratch:
        Path(scratch, "key.pem").write_bytes(holder.key_pem)
        key = xmlsec.Key.from_file(str(Path(scratch, "key.pem")), xmlsec.KeyFormat.PEM)
        for number, certificate in enumerate(holder.chain):
            path = Path(scratch, f"chain-{number}.pem")
            path.write_bytes(pem([certificate]))
            key.load_cert_from_file(str(path), xmlsec.KeyFormat.PEM)
        context = xmlsec.SignatureContext()
        context.key = key
        context.sign(signature)
    return etree.tostring(document.getroottree())


def _library() -> Any:
    need("xmlsec", package="xmlsec")
    import xmlsec

    return xmlsec


def _parsed(xml: bytes) -> Any:
    from lxml import etree

    document = etree.fromstring(xml, etree.XMLParser(resolve_entities=False, no_network=True))
    _library().tree.add_ids(document, ["Id", "ID", "id"])
    return document
