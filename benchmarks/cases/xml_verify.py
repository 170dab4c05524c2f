"""Verifying XML: against parsing, canonicalising, hashing and three key operations; signxml and xmlsec are the peers.

Everyone checks digests, value and a chain of three up to the same root; ours checks its CRLs as well.
"""

from __future__ import annotations

import hashlib
import subprocess
import sys
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
from kyso_pki.ades.verify import DEFAULT_POLICY, Policy
from kyso_pki.document import Intent
from kyso_pki.evidence import Evidence
from kyso_pki.scheme import Scheme
from kyso_pki.testing import World
from kyso_pki.xml.document import XmlDocument

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
    """One XAdES B-B signature over 20 MB, and the memory that it takes in a process of its own."""
    data = _measured(bench, 20_000_000)
    path = Path(bench.stack.enter_context(tempfile.TemporaryDirectory())) / "signed.xml"
    path.write_bytes(data)
    read, mapped = (_peak_octets(path, way) / len(data) for way in ("bytes", "path"))
    bench.note("memory", f"{read:.1f} times the file from bytes, {mapped:.1f} times from a path")


@case("xml.verify.50refs")
def verify_50refs(bench: Bench) -> None:
    """One XAdES B-B signature with a reference to each of 50 parts."""
    _referenced(bench, 50)


@case("xml.verify.500refs")
def verify_500refs(bench: Bench) -> None:
    """The same with 500, and how many times longer that takes than 50."""
    _referenced(bench, 500)
    bench.base("50 references", _ours(_signed_parts(50), Policy(accept_parts=True)))


def _referenced(bench: Bench, count: int) -> None:
    data = _signed_parts(count)
    bench.limit(_limit(data))
    bench.ours(_ours(data, Policy(accept_parts=True)))
    root = _world().root.pem()
    folder = Path(bench.stack.enter_context(tempfile.TemporaryDirectory()))
    (folder / "root.pem").write_text(root, "ascii")
    bench.peer("signxml", _signxml(data, str(folder / "root.pem"), count + 1))
    bench.peer("xmlsec", _xmlsec(data, root.encode()))


def _signed_parts(count: int) -> bytes:
    """A list of small parts, each with an identifier, all referenced by one signature."""
    line = '<HHDVu Id="h{}"><THHDVu>Giấy in A4</THHDVu><SLuong>10</SLuong><DGia>65000</DGia></HHDVu>\n'
    lines = "".join(line.format(n) for n in range(count))
    document = XmlDocument(f'<HDon xmlns="urn:mau:hoa-don"><DSHHDVu>{lines}</DSHHDVu></HDon>'.encode())
    signer = _world().person_signer
    names = [f"h{n}" for n in range(count)]
    pending = document.prepare_parts(Intent(_world().at), signer.chain, signer.scheme, names)
    return pending.finish(signer.sign([pending.imprint])[0])


_PEAK = """
import sys
from pathlib import Path
import kyso, kyso_pki.xml.document, lxml.etree
def peak():
    return int(Path("/proc/self/status").read_text().partition("VmHWM:")[2].split()[0])
before = peak()
path = Path(sys.argv[1])
report = kyso.verify(path if sys.argv[2] == "path" else path.read_bytes())
assert report.signatures[0].references_intact
print(1024 * (peak() - before))
"""


def _peak_octets(path: Path, way: str) -> int:
    """By how much the memory of a process grows that verifies the file, as Linux counts it."""
    done = subprocess.run([sys.executable, "-c", _PEAK, str(path), way], capture_output=True, text=True, check=True)
    return int(done.stdout)


def _measured(bench: Bench, size: int) -> bytes:
    world = _world()
    data = kyso.sign(inputs.xml(size), world.person_signer, at=world.at)
    bench.limit(_limit(data))
    bench.ours(_ours(data))
    folder = Path(bench.stack.enter_context(tempfile.TemporaryDirectory()))
    (folder / "root.pem").write_text(world.root.pem(), "ascii")
    bench.peer("signxml", _signxml(data, str(folder / "root.pem")))
    bench.peer("xmlsec", _xmlsec(data, world.root.pem().encode()))
    return data


def _ours(data: bytes, policy: Policy = DEFAULT_POLICY) -> Callable[[], None]:
    world = _world()
    trust, evidence = world.trust, Evidence(crls=world.crls(world.at))  # once, as the peers load their root

    def run() -> None:
        kyso.verify(data, trust=trust, evidence=evidence, at=world.at, policy=policy).require_passed()

    return run


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


def _signxml(data: bytes, root: str, references: int = 2) -> Callable[[], object]:
    return lambda: XMLVerifier().verify(data, ca_pem_file=root, expect_references=references)


def _xmlsec(data: bytes, root: bytes) -> Callable[[], object]:
    manager = xmlsec.KeysManager()
    manager.load_cert_from_memory(root, xmlsec.KeyFormat.CERT_PEM, xmlsec.constants.KeyDataTypeTrusted)

    def run() -> None:
        document = etree.fromstring(data, _lenient())
        xmlsec.tree.add_ids(document, ["Id"])
        context = xmlsec.SignatureContext(manager)
        context.verify(document.find(f"{DSIG}Signature"))

    return run
