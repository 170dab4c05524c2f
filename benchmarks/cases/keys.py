"""What does the worker process cost between a caller and its key, and what do several give?

The limit is C_SignInit and C_Sign through ctypes in this process, without asking for the size first. Ours gives
values that have been verified with the public key, which the limit leaves out.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing

from benchmarks.harness import Bench, case
from benchmarks.softhsm import hsm
from kyso_hsm.pool import Pool

IMPRINT = hashlib.sha256("Công văn".encode()).digest()
BATCH = 64


def _single(bench: Bench, label: str) -> None:
    bare, raw = hsm().bare(label), hsm().raw(label)
    signer = bench.stack.enter_context(hsm().signer(label))
    bench.limit(lambda: bare(IMPRINT))
    bench.ours(lambda: signer.sign([IMPRINT]))
    bench.peer("python-pkcs11", lambda: raw(IMPRINT))
    bench.note("limit", "C_SignInit and C_Sign in this process")


def _batch(bench: Bench, label: str) -> None:
    bare, raw = hsm().bare(label), hsm().raw(label)
    signer = bench.stack.enter_context(hsm().signer(label))
    bench.limit(lambda: [bare(IMPRINT) for _ in range(BATCH)])
    bench.ours(lambda: signer.sign([IMPRINT] * BATCH))
    bench.peer("python-pkcs11", lambda: [raw(IMPRINT) for _ in range(BATCH)])
    bench.note("limit", f"{BATCH} times C_SignInit and C_Sign in this process")


def _two_workers(bench: Bench, label: str) -> None:
    """Two batches by two callers; `one_worker…` is the same through one worker, `singles…` one imprint a call."""
    bare = hsm().bare(label)
    threads = bench.stack.enter_context(ThreadPoolExecutor(2))

    def both(workers: int, calls: int, size: int) -> Callable[[], object]:
        pool = bench.stack.enter_context(closing(Pool()))
        signer = bench.stack.enter_context(hsm().signer(label, pool, workers))

        def some() -> None:
            for _ in range(calls):
                signer.sign([IMPRINT] * size)

        return lambda: [f.result() for f in [threads.submit(some) for _ in range(2)]]

    one_signer = bench.stack.enter_context(hsm().signer(label))
    bench.limit(lambda: [bare(IMPRINT) for _ in range(2 * BATCH)])
    bench.ours(both(2, 1, BATCH))
    bench.peer("one_worker", lambda: [one_signer.sign([IMPRINT] * BATCH) for _ in range(2)])
    bench.peer("one_worker_two_callers", both(1, 1, BATCH))
    bench.peer("singles_two_workers", both(2, BATCH, 1))
    bench.peer("singles_one_worker", lambda: [one_signer.sign([IMPRINT]) for _ in range(2 * BATCH)])
    bench.note("limit", f"{2 * BATCH} times C_SignInit and C_Sign, one after the other in this process")


def _register(label: str) -> None:
    case(f"keys.softhsm.{label}.single")(lambda bench: _single(bench, label))
    case(f"keys.softhsm.{label}.batch")(lambda bench: _batch(bench, label))
    case(f"keys.softhsm.{label}.two_workers")(lambda bench: _two_workers(bench, label))


for _label in ("rsa2048", "p256"):
    _register(_label)
