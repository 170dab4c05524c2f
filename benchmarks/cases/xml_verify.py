"""Verifying XML: against parsing, canonicalising, hashing and three key operations; signxml and xmlsec are the peers.

Everyone checks digests, value and a chain of three up to the same root; ours checks its CRLs as well.
"""

from __future__ import annotations

import hashlib
import tempfile
from collections.abc import Callable
from datetime import UTC, datetime
from functools import cache
from pathlib import Path

import xmlsec
from lxml import etree
from signxml.verifier import XMLVerifier

import kyso
from benchmarks import inputs
from benchmarks.harness import Bench, case
from kyso_pki.evidence import Evidence
from kyso_pki.scheme import Scheme
from kyso_pki.testing import World

DSIG = "{http://www.w3.org/2000/09/xmldsig#}"


@cache
def _world() -> World:
    return World.create(at=datetime.now(UTC).replace(microsecond=0))


@case("xml.verify.10k")
def verify_10k(bench: Bench) -> None:
    """One XAdES B-B signature over 10 kB, chain of three with its CRLs."""
    _measured(bench, 10_000)


@case("xml.verify.1m")
def verify_1m(bench: Bench) -> None:
    """One XAdES B-B signature over 1 MB."""
    _measured(bench, 1_000_000)


@case("xml.verify.20m")
def verify_20m(bench: Bench) -> None:
    """One XAdES B-B signature over 20 MB."""
    _measured(bench, 20_000_000)


def _measured(bench: Bench, size: int) -> None:
    world = _world()
    evidence = Evidence(crls=world.crls(world.at))
    data = kyso.sign(inputs.xml(size), world.person_signer, at=world.at)
    bench.limit(_limit(data))
    bench.ours(lambda: kyso.verify(data, trust=world.trust, evidence=evidence, at=world.at).require_passed())
    folder = Path(bench.stack.enter_context(tempfile.TemporaryDirectory()))
    (folder / "root.pem").write_text(world.root.pem(), "ascii")
    bench.peer("signxml", _signxml(data, str(folder / "root.pem")))
    bench.peer("xmlsec", _xmlsec(data, world.root.pem().encode()))


def _limit(data: bytes) -> Callable[[], None]:
    """Parse, canonicalise, SHA-256, and three RSA verifications."""
    world = _world()
    chain = [(world.person, world.issuing), (world.issuing, world.root), (world.root, world.root)]

    def run() -> None:
        hashlib.sha256(etree.tostring(etree.fromstring(data, _lenient()), method="c14n", exclusive=True)).digest()
        for certificate, issuer in chain:
            scheme = Scheme.for_key(issuer.public_key)
            imprint = hashlib.sha256(certificate.tbs_octets).digest()
            assert scheme.verify(issuer.public_key, imprint, certificate.signature_value)

    return run


def _lenient() -> etree.XMLParser:
    """The peers get the tree as they like it, without limits."""
    return etree.XMLParser(huge_tree=True, collect_ids=False)


def _signxml(data: bytes, root: str) -> Callable[[], object]:
    return lambda: XMLVerifier().verify(data, ca_pem_file=root, expect_references=2)


def _xmlsec(data: bytes, root: bytes) -> Callable[[], object]:
    manager = xmlsec.KeysManager()
    manager.load_cert_from_memory(root, xmlsec.KeyFormat.CERT_PEM, xmlsec.constants.KeyDataTypeTrusted)

    def run() -> None:
        document = etree.fromstring(data, _lenient())
        xmlsec.tree.add_ids(document, ["Id"])
        context = xmlsec.SignatureContext(manager)
        context.verify(document.find(f"{DSIG}Signature"))

    return run
