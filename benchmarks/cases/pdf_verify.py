"""Verifying PDF: against SHA-256 plus the RSA verifications, pyHanko in process, pdfsig and mutool as processes.

A process's own start is a row of its own (`pdfsig start`), so that what remains (`pdfsig without start`) can be
compared with a function call. Keys are software keys: verifying does not need the token.
"""

from __future__ import annotations

import hashlib
import io
import subprocess
import tempfile
from collections.abc import Callable
from datetime import UTC, datetime
from functools import cache
from pathlib import Path
from typing import Any

import kyso
from benchmarks import inputs
from benchmarks.harness import Bench, case
from kyso_pki.evidence import Evidence
from kyso_pki.pdf.document import PdfDocument
from kyso_pki.scheme import Scheme
from kyso_pki.testing import World
from kyso_pki.x509.certificate import Certificate


@cache
def _world() -> World:
    return World.create(at=datetime.now(UTC).replace(microsecond=0))


@cache
def _evidence() -> Evidence:
    world = _world()
    return Evidence(crls=(world.crl(world.at), world.crl(world.at, world.root_signer)))


def _signed(data: bytes, times: int = 1) -> bytes:
    for _ in range(times):
        data = kyso.sign(data, _world().person_signer, at=_world().at)
    return data


def _limit(data: bytes, signatures: int) -> Callable[[], None]:
    """SHA-256 of the file, and three RSA verifications for each signature."""
    world = _world()
    chain: list[tuple[Certificate, Certificate]] = [
        (world.person, world.issuing),
        (world.issuing, world.root),
        (world.root, world.root),
    ]

    def run() -> None:
        hashlib.sha256(data).digest()
        for _ in range(signatures):
            for certificate, issuer in chain:
                scheme = Scheme.for_key(issuer.public_key)
                imprint = hashlib.sha256(certificate.tbs_octets).digest()
                assert scheme.verify(issuer.public_key, imprint, certificate.signature_value)

    return run


def _ours(data: bytes) -> Callable[[], None]:
    trust, evidence, at = _world().trust, _evidence(), _world().at

    def run() -> None:
        kyso.verify(data, trust=trust, evidence=evidence, at=at).require_passed()

    return run


def _measured(bench: Bench, data: bytes, signatures: int = 1, *, pyhanko: bool = True) -> None:
    """All contestants over one file."""
    bench.limit(_limit(data, signatures))
    bench.ours(_ours(data))
    bench.base("facts", lambda: PdfDocument(data).signatures())
    if pyhanko:
        bench.peer("pyhanko", _pyhanko(data, changes=signatures > 1))
    folder = Path(bench.stack.enter_context(tempfile.TemporaryDirectory()))
    (folder / "signed.pdf").write_bytes(data)

    def process(*arguments: str, says: bytes = b"") -> Callable[[], None]:
        def run() -> None:
            done = subprocess.run(arguments, cwd=folder, capture_output=True, check=False)
            assert says in done.stdout + done.stderr

        return run

    bench.peer(
        "pdfsig",
        process("pdfsig", "-nocert", "signed.pdf", says=b"Signature is Valid"),
        start=process("pdfsig", "-v"),
    )
    bench.peer(
        "mutool",
        process("mutool", "sign", "-v", "signed.pdf", says=b"unchanged since signing"),
        start=process("mutool", "-v"),
    )


def _pyhanko(data: bytes, *, changes: bool) -> Callable[[], object]:
    from asn1crypto.x509 import Certificate as Asn1
    from pyhanko.pdf_utils.reader import PdfFileReader
    from pyhanko.sign.validation import validate_pdf_signature
    from pyhanko_certvalidator import ValidationContext

    roots, crls = [Asn1.load(_world().root.der)], list(_evidence().crls)

    def run() -> None:
        context: Any = ValidationContext(trust_roots=roots, crls=crls, revocation_mode="hard-fail")
        reader = PdfFileReader(io.BytesIO(data))
        for signature in reader.embedded_signatures:
            assert validate_pdf_signature(signature, context, skip_diff=not changes).bottom_line

    return run


@case("pdf.verify.100k")
def verify_100k(bench: Bench) -> None:
    """One signature over 100 kB, chain of three, both CRLs given, offline."""
    _measured(bench, _signed(inputs.pdf(100_000)))


@case("pdf.verify.1m")
def verify_1m(bench: Bench) -> None:
    """One signature over 1 MB."""
    _measured(bench, _signed(inputs.pdf(1_000_000)))


@case("pdf.verify.10m")
def verify_10m(bench: Bench) -> None:
    """One signature over 10 MB."""
    _measured(bench, _signed(inputs.pdf(10_000_000)))


@case("pdf.verify.objstm")
def verify_objstm(bench: Bench) -> None:
    """One signature over 100 kB with a cross-reference stream and object streams of 2,000 objects."""
    _measured(bench, _signed(inputs.pdf_with_object_streams()))


@case("pdf.verify.many_objects")
def verify_many_objects(bench: Bench) -> None:
    """One signature over 2 MB of 24,000 objects."""
    _measured(bench, _signed(inputs.pdf_of_many_objects()))


@case("pdf.verify.2sig")
def verify_2sig(bench: Bench) -> None:
    """Two signatures over 100 kB, with the analysis of what changed between them."""
    source = inputs.pdf(100_000)
    data = _signed(source, 2)
    _measured(bench, data, 2)
    bench.base("one signature", _ours(_signed(source)))


@case("pdf.verify.2sig_many_objects")
def verify_2sig_many_objects(bench: Bench) -> None:
    """Two signatures over 2 MB of 24,000 objects, with the analysis of what changed between them."""
    source = inputs.pdf_of_many_objects()
    data = _signed(source, 2)
    _measured(bench, data, 2, pyhanko=bench.rounds <= SLOW_ROUNDS)  # pyHanko takes seconds a time
    bench.base("one signature", _ours(_signed(source)))


@case("pdf.verify.24sig")
def verify_24sig(bench: Bench) -> None:
    """Twenty-four signatures over 100 kB, each compared with all that came later."""
    source = inputs.pdf(100_000)
    data = _signed(source, 24)
    _measured(bench, data, 24, pyhanko=bench.rounds <= SLOW_ROUNDS)
    bench.base("one signature", _ours(_signed(source)))


SLOW_ROUNDS = 5
"""With more rounds (`--rounds`) pyHanko is left out where one of its rounds takes seconds."""
