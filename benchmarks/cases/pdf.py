"""Signing PDF: against SHA-256 plus the key operations, and pyHanko on the same key."""

from __future__ import annotations

import hashlib
import io
from collections.abc import Callable
from typing import Any

import kyso
from benchmarks import inputs
from benchmarks.harness import Bench, case
from benchmarks.softhsm import hsm


@case("pdf.sign.softhsm.100k")
def sign_100k(bench: Bench) -> None:
    """PAdES B-B over 100 kB with RSA-2048 on the token."""
    data = inputs.pdf(100_000)
    raw = hsm().raw("rsa2048")
    signer = bench.stack.enter_context(hsm().signer("rsa2048"))
    bench.limit(lambda: raw(hashlib.sha256(data).digest()))
    bench.ours(lambda: kyso.sign(data, signer))
    bench.peer("pyhanko", _pyhanko_sign(data))


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
