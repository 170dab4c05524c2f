"""What does the worker process cost between a caller and its key?"""

from __future__ import annotations

import hashlib

from benchmarks.harness import Bench, case
from benchmarks.softhsm import hsm

IMPRINT = hashlib.sha256("Công văn".encode()).digest()


def _single(bench: Bench, label: str) -> None:
    raw = hsm().raw(label)
    signer = bench.stack.enter_context(hsm().signer(label))
    bench.limit(lambda: raw(IMPRINT))
    bench.ours(lambda: signer.sign([IMPRINT]))
    bench.note("limit", "one raw C_Sign in this process")


@case("keys.softhsm.rsa2048.single")
def rsa2048_single(bench: Bench) -> None:
    """One RSA-2048 signature through the worker."""
    _single(bench, "rsa2048")


@case("keys.softhsm.p256.single")
def p256_single(bench: Bench) -> None:
    """One P-256 signature through the worker."""
    _single(bench, "p256")
