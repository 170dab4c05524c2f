"""Signing XML: against parsing, canonicalising, hashing and the key operations; signxml and xmlsec are the peers."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from datetime import UTC, datetime
from functools import lru_cache

import xmlsec
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import padding, rsa
from lxml import etree
from signxml.algorithms import CanonicalizationMethod
from signxml.signer import XMLSigner
from signxml.xades import XAdESSigner  # type: ignore[attr-defined]  # it is there

import kyso
from benchmarks import inputs
from benchmarks.harness import Bench, case
from kyso_pki.testing import World

DSIG = "{http://www.w3.org/2000/09/xmldsig#}"


@lru_cache(maxsize=1)
def world() -> World:
    return World.create(at=datetime.now(UTC))


@lru_cache(maxsize=1)
def key() -> rsa.RSAPrivateKey:
    """The peers' key: as large as ours, in software too."""
    return rsa.generate_private_key(65537, 2048)


def _pem() -> bytes:
    return key().private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )


@case("xml.sign.10k")
def sign_10k(bench: Bench) -> None:
    _sign(bench, 10_000)


@case("xml.sign.1m")
def sign_1m(bench: Bench) -> None:
    _sign(bench, 1_000_000)


@case("xml.sign.20m")
def sign_20m(bench: Bench) -> None:
    _sign(bench, 20_000_000)


def _sign(bench: Bench, size: int) -> None:
    """XAdES B-B, RSA-2048 in software, as signxml does; xmlsec has no XAdES and writes plain XMLDSIG, which is less
    work, and so does signxml in a row of its own."""
    data = inputs.xml(size)
    signer = world().person_signer

    def limit() -> None:
        octets = etree.tostring(etree.fromstring(data), method="c14n", exclusive=True)
        key().sign(hashlib.sha256(octets).digest(), padding.PKCS1v15(), hashes.SHA256())

    bench.limit(limit)
    bench.ours(lambda: kyso.sign(data, signer))
    bench.peer("signxml", _signxml_sign(data, xades=True))
    bench.peer("signxml-xmldsig", _signxml_sign(data, xades=False))
    bench.peer("xmlsec", _xmlsec_sign(data))


def _signxml_sign(data: bytes, *, xades: bool) -> Callable[[], object]:
    method = CanonicalizationMethod.EXCLUSIVE_XML_CANONICALIZATION_1_0
    signer = XAdESSigner(c14n_algorithm=method) if xades else XMLSigner(c14n_algorithm=method)
    own, certificate = world().person_signer.private_key, world().person_signer.certificate.pem()
    # Loaded once, as ours is.
    return lambda: etree.tostring(signer.sign(etree.fromstring(data), key=own, cert=certificate))  # type: ignore[arg-type]  # RSA


def _xmlsec_sign(data: bytes) -> Callable[[], object]:
    loaded = xmlsec.Key.from_memory(_pem(), xmlsec.KeyFormat.PEM)

    def run() -> bytes:
        root = etree.fromstring(data)
        node = xmlsec.template.create(root, xmlsec.Transform.EXCL_C14N, xmlsec.Transform.RSA_SHA256)
        root.append(node)
        reference = xmlsec.template.add_reference(node, xmlsec.Transform.SHA256, uri="")
        xmlsec.template.add_transform(reference, xmlsec.Transform.ENVELOPED)
        xmlsec.template.add_transform(reference, xmlsec.Transform.EXCL_C14N)
        context = xmlsec.SignatureContext()
        context.key = loaded
        context.sign(node)
        return etree.tostring(root)

    return run
