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


@cache
def _lta() -> bytes:
    """A B-LTA letter of 100 kB with all its evidence inside."""
    at = world().at
    return kyso.sign(
        inputs.pdf(SIZE),
        world().person_signer,
        level="B-LTA",
        timestamper=world().timestamper(at),
        fetcher=world().fetcher(at),
        at=at,
    )


@case("audit.lta")
def lta(bench: Bench) -> None:
    """One B-LTA file by the evidence in it, as an audit meets it: nothing is given but the anchor.

    The limit is SHA-256 of what each of the two signatures covers, and the RSA verifications of all that they rest
    on: both values, both tokens' own, each certificate, CRL and OCSP answer once.
    """
    data, trust, at = _lta(), world().trust, world().at

    def ours() -> None:
        report = kyso.verify(data, trust=trust, at=at)
        report.require_passed()
        assert report.signatures[0].level == "PAdES-B-LTA"

    bench.limit(_lta_limit(data))
    bench.ours(ours)
    bench.peer("pyhanko LTA", _pyhanko_lta(data))
    bench.note("file", f"{len(data)} bytes")


def _lta_limit(data: bytes) -> Callable[[], None]:
    home = world()
    chains = [
        (home.person, home.issuing),
        (home.tsa, home.issuing),
        (home.ocsp, home.issuing),
        (home.issuing, home.root),
        (home.root, home.root),
    ]
    values = 6  # signature, two tokens, two OCSP answers, one CRL: as many verifications with keys of the same size

    def run() -> None:
        for _ in range(2):
            hashlib.sha256(data).digest()
        for certificate, issuer in (*chains, *chains[:1] * values):
            scheme = Scheme.for_key(issuer.public_key)
            imprint = hashlib.sha256(certificate.tbs_octets).digest()
            assert scheme.verify(issuer.public_key, imprint, certificate.signature_value)

    return run


def _pyhanko_lta(data: bytes) -> Callable[[], None]:
    """pyHanko's PAdES validation with long-term data: the root for everything, nothing fetched."""
    import asyncio

    from asn1crypto import x509 as asn1_x509
    from pyhanko.pdf_utils.reader import PdfFileReader
    from pyhanko.sign.validation import policy_decl
    from pyhanko.sign.validation.ades import ades_lta_validation
    from pyhanko_certvalidator.context import CertValidationPolicySpec
    from pyhanko_certvalidator.ltv.types import ValidationTimingInfo
    from pyhanko_certvalidator.policy_decl import (
        CertRevTrustPolicy,
        RevocationCheckingPolicy,
        RevocationCheckingRule,
    )
    from pyhanko_certvalidator.registry import SimpleTrustManager

    root = asn1_x509.Certificate.load(world().root.der)
    rule = RevocationCheckingRule.CHECK_IF_DECLARED
    certificates = CertValidationPolicySpec(
        trust_manager=SimpleTrustManager.build(trust_roots=[root]),
        revinfo_policy=CertRevTrustPolicy(RevocationCheckingPolicy(rule, rule), retroactive_revinfo=True),
    )
    local = policy_decl.RevinfoOnlineFetchingRule.LOCAL_ONLY
    signature = policy_decl.SignatureValidationSpec(
        cert_validation_policy=certificates,
        ts_cert_validation_policy=certificates,
        revinfo_gathering_policy=policy_decl.RevocationInfoGatheringSpec(online_fetching_rule=local),
        local_knowledge=policy_decl.LocalKnowledge(known_certs=[root]),
    )
    policy = policy_decl.PdfSignatureValidationSpec(signature)
    at = world().at
    timing = ValidationTimingInfo(validation_time=at, best_signature_time=at, point_in_time_validation=False)

    def run() -> None:
        [embedded] = PdfFileReader(io.BytesIO(data)).embedded_regular_signatures
        result = asyncio.run(ades_lta_validation(embedded, policy, timing_info=timing))
        assert result.ades_subindic.status.name == "PASSED", result.failure_msg

    return run
