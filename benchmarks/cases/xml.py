"""XML: against parsing, canonicalising, hashing and the key operations; signxml and python-xmlsec as peers."""

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
from signxml.verifier import XMLVerifier

import kyso
from benchmarks import inputs
from benchmarks.harness import Bench, case
from kyso_pki.evidence import Evidence
from kyso_pki.scheme import Scheme
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
    """XAdES B-B over 10 kB, RSA-2048 in software; the peers write plain XMLDSIG, which is less work."""
    data = inputs.xml(10_000)
    signer = world().person_signer

    def limit() -> None:
        octets = etree.tostring(etree.fromstring(data), method="c14n", exclusive=True)
        key().sign(hashlib.sha256(octets).digest(), padding.PKCS1v15(), hashes.SHA256())

    bench.limit(limit)
    bench.ours(lambda: kyso.sign(data, signer))
    bench.peer("signxml", _signxml_sign(data))
    bench.peer("xmlsec", _xmlsec_sign(data))


@case("xml.verify.10k")
def verify_10k(bench: Bench) -> None:
    """One XAdES B-B signature over 10 kB, chain of three with its CRLs; the peers check value and digest only."""
    at = datetime.now(UTC)
    data = kyso.sign(inputs.xml(10_000), world().person_signer)
    evidence = Evidence(crls=world().crls(at))
    chain = [*world().person_signer.chain]

    def limit() -> None:
        hashlib.sha256(etree.tostring(etree.fromstring(data), method="c14n", exclusive=True)).digest()
        root = world().root
        for certificate, issuer in ((chain[0], chain[1]), (chain[1], root), (root, root)):
            scheme = Scheme.for_key(issuer.public_key)
            imprint = hashlib.sha256(certificate.tbs_octets).digest()
            assert scheme.verify(issuer.public_key, imprint, certificate.signature_value)

    def ours() -> None:
        kyso.verify(data, trust=world().trust, evidence=evidence, at=at).require_passed()

    bench.limit(limit)
    bench.ours(ours)
    bench.peer("signxml", _signxml_verify(data, chain[0].pem()))
    bench.peer("xmlsec", _xmlsec_verify(data, chain[0].pem().encode()))


def _signxml_sign(data: bytes) -> Callable[[], object]:
    signer = XMLSigner(c14n_algorithm=CanonicalizationMethod.EXCLUSIVE_XML_CANONICALIZATION_1_0)
    return lambda: etree.tostring(signer.sign(etree.fromstring(data), key=key()))  # loaded once, as ours is


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


def _signxml_verify(data: bytes, pem: str) -> Callable[[], object]:
    return lambda: XMLVerifier().verify(data, x509_cert=pem, expect_references=2)


def _xmlsec_verify(data: bytes, pem: bytes) -> Callable[[], object]:
    loaded = xmlsec.Key.from_memory(pem, xmlsec.KeyFormat.CERT_PEM)

    def run() -> None:
        root = etree.fromstring(data)
        xmlsec.tree.add_ids(root, ["Id"])
        context = xmlsec.SignatureContext()
        context.key = loaded
        context.verify(root.find(f"{DSIG}Signature"))

    return run
