"""make soak: many signatures while things break at random; every request must be answered exactly once.

python -m benchmarks.soak [--count N] [--every N] [--workers N] [--seed N]

Faults, one each `--every` signatures: the worker is killed, the worker is stopped (SIGSTOP) until its deadline,
the token's folder is moved away and back, a caller with a wrong PIN is refused. Answered means: signed and
verified here once more with the public key, or refused with a reason. At the end the counts must add up and
the memory of this process must not have grown since the first quarter. No wrong PIN reaches the token more often than
the record of refused PINs allows, and the token still takes the right one.

SoftHSM writes its token's file in place at each login, so a SIGKILL at that moment leaves an empty one, and with it a
token that nobody knows any more. What the kill has destroyed is put back here as it was, and counted.
"""

from __future__ import annotations

import argparse
import collections
import hashlib
import os
import random
import signal
import sys
import tempfile
import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

from benchmarks.softhsm import PIN, TOKEN, hsm
from kyso_hsm.host import TokenHost
from kyso_hsm.opening import OpenSigner, open_signer
from kyso_hsm.pin import FromText, SecretRequest
from kyso_hsm.pool import Limits, Pool
from kyso_pki.errors import KysoError

STALL_S = 120.0  # without one signature: service does not resume
GROWTH_KIB = 16 * 1024  # allocators keep 4 MiB a thread; a leak of 1 kB a signature would be 75 MiB
CALLERS = 4


class Person:
    """Knows the PIN and types it again when asked, also after somebody's wrong one."""

    interactive = True

    def __call__(self, request: SecretRequest) -> str:
        return PIN


class Soak:
    """One run: the callers, the faults, and the book of who was answered how."""

    def __init__(self, count: int, every: int, workers: int, seed: int) -> None:
        self.count, self.every = count, every
        self.random = random.Random(seed)  # noqa: S311 - which fault comes next is no secret
        self.module = replace(hsm().module, workers=workers)
        self.pool = Pool(Limits(call_s=2.0, per_signature_s=0.05, first_pause_s=0.05, longest_pause_s=0.5))
        self.answers: collections.Counter[int] = collections.Counter()
        self.signed: collections.Counter[str] = collections.Counter()
        self.refused: collections.Counter[str] = collections.Counter()
        self.faults: collections.Counter[str] = collections.Counter()
        self.made = 0
        self.lock = threading.Lock()
        self.next = 0
        self.stalled = False
        folder = Path(self.module.env["SOFTHSM2_CONF"]).parent / "tokens"
        self.token_files = {path: path.read_bytes() for path in folder.glob("*/token.object")}

    def run(self) -> int:
        """Runs, prints the figures, and gives the exit status."""
        start = time.monotonic()
        uri = f"pkcs11:token={TOKEN};object=p256"
        signer = open_signer(uri, secret=Person(), modules=[self.module], chain=[hsm().issuing], pool=self.pool)
        host = self.pool.host_of(uri, [self.module])
        signer.sign([bytes(32)] * 500)
        for fault in (self.kill, self.stop, self.move_away, self.refuse):  # each once before memory is measured
            fault(host)
            self.settle(signer)
        before, worst = 0, 0
        with ThreadPoolExecutor(CALLERS) as threads:
            callers = [threads.submit(self.call, signer) for _ in range(CALLERS)]
            trouble = threading.Thread(target=self.trouble, args=(host,))
            trouble.start()
            made, since = 0, time.monotonic()
            while not all(c.done() for c in callers):
                time.sleep(0.2)
                if self.made > made:
                    made, since = self.made, time.monotonic()
                self.stalled = time.monotonic() - since > STALL_S
                if (
                    not before and self.done >= self.count // 4
                ):  # by then every cache and arena is as large as it gets
                    before = memory_kib(os.getpid())
                worst = max(worst, *(memory_kib(pid) for pid in host.pids), 0)
            for c in callers:
                c.result()
            trouble.join()
        if not self.stalled:
            self.settle(signer)
        after = memory_kib(os.getpid())
        signer.close()
        self.pool.close()
        return self.report(time.monotonic() - start, before, after, worst, host)

    @property
    def done(self) -> int:
        return self.made + self.refused.total()

    def call(self, signer: OpenSigner) -> None:
        """One caller: requests of one to sixteen imprints until enough have been made."""
        while True:
            with self.lock:
                number, size = self.next, self.random.choice((1, 1, 1, 1, 4, 16))
                if self.done >= self.count or self.stalled:
                    return
                self.next += 1
            imprints = [hashlib.sha256(f"{number}/{n}".encode()).digest() for n in range(size)]
            try:
                values = signer.sign(imprints)
            except KysoError as e:
                with self.lock:
                    self.answers[number] += 1
                    self.refused[e.code] += size
                time.sleep(0.02)
                continue
            good = all(signer.scheme.verify(signer.public_key, i, v) for i, v in zip(imprints, values, strict=True))
            with self.lock:
                self.answers[number] += 1
                self.signed["verified" if good else "WRONG"] += size
                self.made += size

    def trouble(self, host: TokenHost) -> None:
        """Breaks something each `every` signatures."""
        due = self.every
        faults: tuple[Callable[[TokenHost], None], ...] = (self.kill, self.stop, self.move_away, self.refuse)
        while self.done < self.count and not self.stalled:
            self.put_back()
            if self.done < due:
                time.sleep(0.002)
                continue
            due += self.every
            self.random.choice(faults)(host)

    def kill(self, host: TokenHost) -> None:
        self.faults["worker killed"] += 1
        self.strike(host, signal.SIGKILL)

    def stop(self, host: TokenHost) -> None:
        self.faults["worker stopped"] += 1
        self.strike(host, signal.SIGSTOP)

    def strike(self, host: TokenHost, how: signal.Signals) -> None:
        pids = host.pids
        if pids:
            os.kill(self.random.choice(pids), how)

    def move_away(self, host: TokenHost) -> None:
        self.faults["token moved away and back"] += 1
        tokens = Path(self.module.env["SOFTHSM2_CONF"]).parent / "tokens"
        away = tokens.with_name("away")
        tokens.rename(away)
        time.sleep(0.05)
        away.rename(tokens)

    def put_back(self) -> None:
        """A token file that a killed worker left empty; one that is empty for a moment is just being written."""
        for path, octets in self.token_files.items():
            if not empty(path):
                continue
            time.sleep(0.3)
            if empty(path):
                self.faults["token file emptied by a kill"] += 1
                path.write_bytes(octets)

    def refuse(self, host: TokenHost) -> None:
        """A caller with a wrong PIN, who is told so; the token is open, so that it is not asked."""
        self.faults["wrong PIN"] += 1
        try:
            open_signer(
                f"pkcs11:token={TOKEN};object=p256", secret=FromText("0000"), modules=[self.module], pool=self.pool
            ).close()
        except KysoError:
            return
        raise AssertionError("a wrong PIN opened the token")

    def settle(self, signer: OpenSigner) -> None:
        """Until it signs again; service must resume by itself."""
        end = time.monotonic() + 30
        while True:
            try:
                signer.sign([bytes(32)] * 8)
                return
            except KysoError:
                if time.monotonic() > end:
                    raise
                time.sleep(0.1)

    def report(self, seconds: float, before: int, after: int, worst: int, host: TokenHost) -> int:
        requests = self.next
        once = sum(1 for n in range(requests) if self.answers[n] == 1)
        print(f"{self.made} signatures in {requests} requests, {seconds:.0f} s, {CALLERS} callers")
        print(f"answered exactly once: {once} of {requests} requests")
        print(f"signed: {dict(self.signed)}; refused with a reason: {dict(self.refused)}")
        print(f"faults: {dict(self.faults)}")
        print(f"events: {dict(sorted(host.status().events.items()))}")
        print(
            f"memory of the caller: {before} KiB after a quarter, {after} KiB at the end; largest worker: {worst} KiB"
        )
        if self.stalled:
            print(f"no signature was made for {STALL_S:.0f} s")
        good = once == requests and not self.stalled and not self.signed["WRONG"] and after - before < GROWTH_KIB
        print("good" if good else "NOT GOOD")
        return 0 if good else 1


def empty(path: Path) -> bool:
    try:
        return path.stat().st_size == 0
    except FileNotFoundError:
        return False  # the folder is moved away


def memory_kib(pid: int) -> int:
    """Resident memory, 0 for a process that has ended."""
    try:
        lines = Path(f"/proc/{pid}/status").read_text(encoding="utf-8").splitlines()
    except OSError:
        return 0
    return next((int(line.split()[1]) for line in lines if line.startswith("VmRSS:")), 0)


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.soak", description=__doc__.split("\n", 1)[0])
    parser.add_argument("--count", type=int, default=100_000, help="signatures, refused ones included (100000)")
    parser.add_argument("--every", type=int, default=500, help="signatures between two faults (500)")
    parser.add_argument("--workers", type=int, default=2, help="workers of the token (2)")
    parser.add_argument("--seed", type=int, default=1, help="of the faults")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="kyso-soak-") as folder:
        os.environ["KYSO_STATE"] = folder
        return Soak(options.count, options.every, options.workers, options.seed).run()


if __name__ == "__main__":
    sys.exit(main())
