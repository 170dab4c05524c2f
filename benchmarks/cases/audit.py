"""Auditing in bulk: 1,000 signed PDFs of 100 kB through `kyso.audit`, from the listing to the report on disk.

The limit is SHA-256 and three RSA verifications for each file, on the same processor. pyHanko validates 20 of the
files in this process, and its time is multiplied.
"""

from __future__ import annotations

import hashlib
import io
import os
import shutil
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from functools import cache
from pathlib import Path

import kyso
from benchmarks import inputs
from benchmarks.harness import Bench, case
from kyso.audit import outputs
from kyso.audit.executor import LocalPool
from kyso.audit.plan import Plan
from kyso.audit.run import Run
from kyso.audit.totals import summed
from kyso_pki.evidence import Evidence
from kyso_pki.scheme import Scheme
from kyso_pki.testing import World

FILES, SIZE, PYHANKO = 1_000, 100_000, 20


@cache
def world() -> World:
    return World.create(at=datetime.now(UTC).replace(microsecond=0))


@cache
def archive() -> tuple[tempfile.TemporaryDirectory[str], Path]:
    """1,000 files by two signers."""
    held = tempfile.TemporaryDirectory(prefix="kyso-bench-audit-")
    folder = Path(held.name) / "archive"
    folder.mkdir()
    plain = inputs.pdf(SIZE)
    signers = (world().person_signer, world().seal_signer)
    for number in range(FILES):
        signed = kyso.sign(plain, signers[number % 2], at=world().at, reason=f"số {number}")
        (folder / f"{number:04}.pdf").write_bytes(signed)
    return held, folder


@contextmanager
def on_one_core() -> Iterator[None]:
    """This process and those that it starts; elsewhere than on Linux all cores."""
    if sys.platform != "linux":
        yield
        return
    before = os.sched_getaffinity(0)
    os.sched_setaffinity(0, {min(before)})
    try:
        yield
    finally:
        os.sched_setaffinity(0, before)


def _audit(jobs: int) -> Callable[[], None]:
    folder = archive()[1]
    evidence = Evidence(crls=(world().crl(world().at), world().crl(world().at, world().root_signer)))
    plan = Plan(world().at, world().trust, evidence)

    def run() -> None:
        place = folder.parent / "run"
        shutil.rmtree(place, ignore_errors=True)
        audit = Run.begin(place, plan, [str(folder)])
        audit.work(LocalPool(jobs), lambda _: None)
        totals = summed(audit.records())
        outputs.write(folder.parent / "report.jsonl", audit.lines, totals, "")
        assert totals.verdicts["passed"] == FILES
        audit.remove()

    return run


def _limit() -> None:
    chain = [(world().person, world().issuing), (world().issuing, world().root), (world().root, world().root)]
    for path in archive()[1].iterdir():
        hashlib.sha256(path.read_bytes()).digest()
        for certificate, issuer in chain:
            scheme = Scheme.for_key(issuer.public_key)
            imprint = hashlib.sha256(certificate.tbs_octets).digest()
            assert scheme.verify(issuer.public_key, imprint, certificate.signature_value)


def _pinned(call: Callable[[], None]) -> Callable[[], None]:
    def run() -> None:
        with on_one_core():
            call()

    return run


@case("audit.bulk")
def bulk(bench: Bench) -> None:
    """One worker, and everything on one core."""
    bench.limit(_pinned(_limit))
    bench.ours(_pinned(_audit(1)))
    bench.peer(f"pyhanko ({PYHANKO} files)", _pyhanko(), times=FILES / PYHANKO)
    bench.note("limit", f"{FILES} times SHA-256 of {SIZE} bytes and three RSA verifications")


@case("audit.bulk.two_cores")
def bulk_two_cores(bench: Bench) -> None:
    """The peer is the same audit on one core."""
    bench.ours(_audit(2))
    bench.peer("one core", _pinned(_audit(1)))


def _pyhanko() -> Callable[[], None]:
    from asn1crypto import crl as asn1_crl
    from asn1crypto import x509 as asn1_x509
    from pyhanko.pdf_utils.reader import PdfFileReader
    from pyhanko.sign.validation import validate_pdf_signature
    from pyhanko_certvalidator import ValidationContext

    def parsed(der: bytes) -> asn1_x509.Certificate:
        return asn1_x509.Certificate.load(der)

    paths = sorted(archive()[1].iterdir())[:PYHANKO]
    lists = [world().crl(world().at), world().crl(world().at, world().root_signer)]
    context = ValidationContext(
        trust_roots=[parsed(world().root.der)],
        other_certs=[parsed(world().issuing.der)],
        crls=[asn1_crl.CertificateList.load(c) for c in lists],
        moment=world().at,
        revocation_mode="hard-fail",
    )

    def run() -> None:
        for path in paths:
            [signature] = PdfFileReader(io.BytesIO(path.read_bytes())).embedded_signatures
            status = validate_pdf_signature(signature, context)
            assert status.intact and status.valid and status.trusted

    return run
