"""A fuzzing run: a parent that starts a limited child again and again, and the child with atheris (libFuzzer).

`fuzz_pdf` and `fuzz_xml` say what is fuzzed (`Target`); the rest is the same.
"""

from __future__ import annotations

import argparse
import hashlib
import os
import random
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

MAX_SIZE = 256 << 10  # bytes of one input: libFuzzer is fast on small ones, and work must be linear anyhow
MEMORY_MB = 1024  # the child's resident memory; a run needs some 250
ONE_INPUT_S = 20  # wall time of one input on a loaded machine; usual are 5 to 50 ms
_RESTARTS = 50


class Failed(Protocol):
    """What is wrong about how kyso treats an input."""

    @property
    def kind(self) -> str: ...

    @property
    def text(self) -> str: ...

    @property
    def place(self) -> str: ...

    @property
    def key(self) -> str: ...


@dataclass(frozen=True)
class Fuzzer:
    """What a child needs, loaded after atheris was."""

    failures: Callable[[bytes], Sequence[Failed]]
    mutate: Callable[[bytes, random.Random, int], bytes]


@dataclass(frozen=True)
class Target:
    module: str
    """What `python -m` starts."""
    suffix: str
    seeds: Callable[[], dict[str, bytes]]
    load: Callable[[], Fuzzer]
    """Imports what is to be instrumented; called inside `atheris.instrument_imports`."""


def main(target: Target, doc: str | None) -> int:
    parser = argparse.ArgumentParser(description=doc)
    parser.add_argument("--seconds", type=int, default=300)
    parser.add_argument("--work", type=Path, default=Path(".fuzz"), help="corpus and findings")
    parser.add_argument("--seed", type=int, default=0, help="0: another one each time")
    parser.add_argument("--child", action="store_true", help=argparse.SUPPRESS)
    args = parser.parse_args()
    if args.child:
        child(target, args.work, args.seconds, args.seed)
        return 0
    return parent(target, args.work, args.seconds, args.seed)


def parent(target: Target, work: Path, seconds: int, seed: int) -> int:
    """Children one after the other until the time is over."""
    corpus, findings = work / "corpus", work / "findings"
    corpus.mkdir(parents=True, exist_ok=True)
    findings.mkdir(parents=True, exist_ok=True)
    for name, data in target.seeds().items():
        (corpus / name).write_bytes(data)
    until = time.monotonic() + seconds
    ended = 0
    while (left := int(until - time.monotonic())) > 0 and ended < _RESTARTS:
        command = [sys.executable, "-m", target.module, "--child", "--work", str(work), "--seconds", str(left)]
        ended += subprocess.run([*command, "--seed", str(seed + ended if seed else 0)], check=False).returncode != 0
    found = sorted(findings.iterdir())
    sys.stdout.write(f"{len(found)} findings in {findings}\n")
    for path in found:
        sys.stdout.write(f"  {path.name} ({path.stat().st_size} bytes)\n")
    return 1 if found else 0


def child(target: Target, work: Path, seconds: int, seed: int) -> None:
    """Fuzzes until the time is over or an input ends the process."""
    _limit()
    try:
        import atheris
    except ImportError:
        sys.exit("atheris is missing: pip install --group fuzz (wheels exist for Linux on x86-64).")
    with atheris.instrument_imports(include=["kyso_pki"], enable_loader_override=False):
        fuzzer = target.load()
    known: set[str] = set()
    findings = work / "findings"

    def one(data: bytes) -> None:
        for failure in fuzzer.failures(data):
            if failure.key not in known:
                known.add(failure.key)
                name = f"{failure.kind}-{hashlib.sha256(failure.key.encode()).hexdigest()[:8]}{target.suffix}"
                if not (findings / name).exists():
                    (findings / name).write_bytes(data)
                    sys.stderr.write(f"\nFOUND {name}: {failure.place} {failure.text}\n")

    def custom(data: bytes, max_size: int, number: int) -> bytes:
        return fuzzer.mutate(data, random.Random(number), max_size)  # noqa: S311 - libFuzzer's own seed

    options = [
        sys.argv[0],
        str(work / "corpus"),
        f"-max_total_time={seconds}",
        f"-max_len={MAX_SIZE}",
        f"-timeout={ONE_INPUT_S}",
        f"-rss_limit_mb={MEMORY_MB}",
        f"-artifact_prefix={findings}{os.sep}",
        "-len_control=0",
        "-print_final_stats=1",
        "-verbosity=1",
        *([f"-seed={seed}"] if seed else []),
    ]
    atheris.Setup(options, one, custom_mutator=custom)
    atheris.Fuzz()


def _limit() -> None:
    """The address space of this process, where the system has such a limit."""
    if sys.platform != "win32":
        import resource

        resource.setrlimit(resource.RLIMIT_AS, (4 * MEMORY_MB << 20, 4 * MEMORY_MB << 20))
