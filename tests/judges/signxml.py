"""signxml: verifies and signs XMLDSIG and XAdES, with paths judged by the `cryptography` library."""

from __future__ import annotations

import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any, Literal

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ed25519

from .holder import Holder, pem
from .program import Verdict, need

Method = Literal["enveloped", "enveloping", "detached"]


@dataclass(frozen=True)
class SignxmlVerdict(Verdict):
    """`valid`: signxml raised nothing. A good verdict says nothing about coverage, so that is handed back too."""

    signed: tuple[bytes, ...] = ()
    """The canonical octets of each reference, in order."""


def verify(
    xml: bytes,
    roots: Sequence[x509.Certificate],
    *,
    at: datetime | None = None,
    references: int | bool = True,
    field: bool = False,
) -> SignxmlVerdict:
    """What signxml's XMLVerifier says; `references`: how many to expect (True: at least one).

    `field`: for e-invoices as the field signs them. Their SigningTime stands in the dsig namespace against its
    schema, and lxml's canonical form of an element inside its tree has spurious `xmlns=""`, which signxml can be told
    to cut out.
    """
    need("signxml", package="signxml")
    from signxml.verifier import SignatureConfiguration, XMLVerifier

    expected = SignatureConfiguration(expect_references=references, verification_time=at)
    verifier = XMLVerifier()
    verifier.excise_empty_xmlns_declarations = field
    return _judged(verifier, xml, roots, expected, schema=not field)


def verify_xades(
    xml: bytes, roots: Sequence[x509.Certificate], *, at: datetime | None = None, references: int | bool = 2
) -> SignxmlVerdict:
    """What signxml's XAdESVerifier says: also checks SigningCertificate and that SignedProperties are referenced."""
    need("signxml", package="signxml")
    from signxml.xades.xades import XAdESSignatureConfiguration, XAdESVerifier

    expected = XAdESSignatureConfiguration(expect_references=references, verification_time=at)
    return _judged(XAdESVerifier(), xml, roots, expected)


def sign(
    xml: bytes,
    holder: Holder,
    *,
    method: Method = "enveloped",
    algorithm: str | None = None,
    digest: str = "sha256",
    c14n: str = "http://www.w3.org/2001/10/xml-exc-c14n#",
    parts: Sequence[str] | None = None,
) -> bytes:
    """An XMLDSIG over the whole document (enveloped or enveloping), or over the parts with these identifiers."""
    need("signxml", package="signxml")
    from lxml import etree
    from signxml.signer import XMLSigner

    signer = XMLSigner(
        method=_method(method),
        signature_algorithm=algorithm or ("rsa-sha256" if holder.is_rsa else "ecdsa-sha256"),
        digest_algorithm=digest,
        c14n_algorithm=c14n,
    )
    uris = None if parts is None else [f"#{part}" for part in parts]
    signed = signer.sign(_parsed(xml), key=_key(holder), cert=list(holder.chain), reference_uri=uris)
    return etree.tostring(signed)


def sign_xades(xml: bytes, holder: Holder) -> bytes:
    """An enveloped XAdES over the whole document, inclusive C14N 1.1 (exclusive fails signxml's own verifier)."""
    need("signxml", package="signxml")
    from lxml import etree
    from signxml.xades.xades import XAdESSigner

    signer = XAdESSigner(
        method=_method("enveloped"),
        signature_algorithm="rsa-sha256" if holder.is_rsa else "ecdsa-sha256",
        digest_algorithm="sha256",
        c14n_algorithm="http://www.w3.org/2006/12/xml-c14n11",
    )
    return etree.tostring(signer.sign(_parsed(xml), key=_key(holder), cert=list(holder.chain)))


def _judged(
    verifier: Any, xml: bytes, roots: Sequence[x509.Certificate], expected: Any, *, schema: bool = True
) -> SignxmlVerdict:
    with tempfile.TemporaryDirectory() as scratch:
        anchors = Path(scratch, "roots.pem")
        anchors.write_bytes(pem(roots))
        try:
            results = verifier.verify(
                _parsed(xml), ca_pem_file=str(anchors), expect_config=expected, validate_schema=schema
            )
        except Exception as error:  # noqa: BLE001 - whatever a judge trips over is its verdict: not valid, in its words
            return SignxmlVerdict(False, f"{type(error).__name__}: {error}")
    listed = results if isinstance(results, list) else [results]
    return SignxmlVerdict(True, f"{len(listed)} reference(s) verified", tuple(r.signed_data for r in listed))


def _key(holder: Holder) -> Any:
    if isinstance(holder.key, ed25519.Ed25519PrivateKey):
        raise TypeError("signxml does not sign with Ed25519.")
    return holder.key


def _method(name: Method) -> Any:
    from signxml.algorithms import SignatureConstructionMethod

    return SignatureConstructionMethod[name]


def _parsed(xml: bytes) -> Any:
    from lxml import etree

    return etree.fromstring(xml, etree.XMLParser(resolve_entities=False, no_network=True))
