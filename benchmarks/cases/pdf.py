"""PDF: against SHA-256 plus the key operations, pyHanko on the same key, and pdfsig as a process."""

from __future__ import annotations

import hashlib
import io
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import kyso
from benchmarks import inputs
from benchmarks.harness import Bench, case
from benchmarks.softhsm import hsm
from kyso_pki.credential import Chain
from kyso_pki.scheme import Scheme


def _sign_case(bench: Bench, data: bytes) -> None:
    """PAdES B-B with RSA-2048 on the token: the key in this process, and through kyso's worker beside it."""
    bare = hsm().bare("rsa2048")
    with hsm().signer("rsa2048") as worker:
        chain, scheme = worker.chain, worker.scheme
    signer = InProcess(chain, scheme, bare)
    through_worker = bench.stack.enter_context(hsm().signer("rsa2048"))
    bench.limit(lambda: bare(hashlib.sha256(data).digest()))
    bench.ours(lambda: kyso.sign(data, signer))
    bench.peer("worker", lambda: kyso.sign(data, through_worker))
    bench.peer("pyhanko", _pyhanko_sign(data))
    bench.note("limit", "SHA-256 of the file + one bare C_Sign; ours: the same C_Sign, in this process")


@dataclass(frozen=True)
class InProcess:
    """A signer that calls the token in this process, as peers do; the product keeps the library in a worker."""

    chain: Chain
    scheme: Scheme
    bare: Callable[[bytes], bytes]

    def sign(self, imprints: Sequence[bytes]) -> list[bytes]:
        return [self.bare(imprint) for imprint in imprints]


@case("pdf.sign.softhsm.100k")
def sign_100k(bench: Bench) -> None:
    _sign_case(bench, inputs.pdf(100_000))


@case("pdf.sign.softhsm.1m")
def sign_1m(bench: Bench) -> None:
    _sign_case(bench, inputs.pdf(1_000_000))


@case("pdf.sign.softhsm.10m")
def sign_10m(bench: Bench) -> None:
    _sign_case(bench, inputs.pdf(10_000_000))


@case("pdf.sign.softhsm.objstm")
def sign_objstm(bench: Bench) -> None:
    """A file of 20,000 objects in object streams behind a cross-reference stream."""
    _sign_case(bench, inputs.objstm(20_000))


def _pyhanko_sign(data: bytes) -> Callable[[], object]:
    from pyhanko.pdf_utils.incremental_writer import IncrementalPdfFileWriter
    from pyhanko.sign.fields import SigSeedSubFilter
    from pyhanko.sign.pkcs11 import PKCS11Signer
    from pyhanko.sign.signers import PdfSignatureMetadata, sign_pdf

    signer = PKCS11Signer(
        hsm().session(), cert_label="rsa2048", key_label="rsa2048", ca_chain=[_asn1(hsm().issuing.der)]
    )
    meta = PdfSignatureMetadata(field_name="Signature1", subfilter=SigSeedSubFilter.PADES)

    def run() -> object:
        return sign_pdf(IncrementalPdfFileWriter(io.BytesIO(data)), meta, signer=signer)

    return run


def _asn1(der: bytes) -> Any:
    from asn1crypto.x509 import Certificate

    return Certificate.load(der)
