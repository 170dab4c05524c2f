"""`make fuzz-pdf [SECONDS=300]`: coverage-guided fuzzing of reading, verifying and preparing PDFs.

A parent process starts a child with limits on memory and on the time of one input, and starts it again when an
input ended it. The child runs atheris (libFuzzer) with our own mutations, and saves every new failure as a file;
it goes on after each. At the end the failures are listed, and the exit code is 1 when there is one.
"""

from __future__ import annotations

import argparse
import hashlib
import os
import random
import subprocess
import sys
import time
from pathlib import Path

MAX_SIZE = 256 << 10  # bytes of one input: libFuzzer is fast on small ones, and work must be linear anyhow
MEMORY_MB = 1024  # the child's resident memory; a run needs some 250
ONE_INPUT_S = 20  # wall time of one input on a loaded machine; usual are 5 to 50 ms
_RESTARTS = 50


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=int, default=300)
    parser.add_argument("--work", type=Path, default=Path(".fuzz"), help="corpus and findings")
    parser.add_argument("--seed", type=int, default=0, help="0: another one each time")
    parser.add_argument("--child", action="store_true", help=argparse.SUPPRESS)
    args = parser.parse_args()
    if args.child:
        child(args.work, args.seconds, args.seed)
        return 0
    return parent(args.work, args.seconds, args.seed)


def parent(work: Path, seconds: int, seed: int) -> int:
    """Children one after the other until the time is over."""
    from .seeds import seeds

    corpus, findings = work / "corpus", work / "findings"
    corpus.mkdir(parents=True, exist_ok=True)
    findings.mkdir(parents=True, exist_ok=True)
    for name, data in seeds().items():
        (corpus / name).write_bytes(data)
    until = time.monotonic() + seconds
    ended = 0
    while (left := int(until - time.monotonic())) > 0 and ended < _RESTARTS:
        command = [
            sys.executable,
            "-m",
            "tests.fuzz.fuzz_pdf",
            "--child",
            "--work",
            str(work),
            "--seconds",
            str(left),
        ]
        ended += subprocess.run([*command, "--seed", str(seed + ended if seed else 0)], check=False).returncode != 0
    found = sorted(findings.iterdir())
    sys.stdout.write(f"{len(found)} findings in {findings}\n")
    for path in found:
        sys.stdout.write(f"  {path.name} ({path.stat().st_size} bytes)\n")
    return 1 if found else 0


def child(work: Path, seconds: int, seed: int) -> None:
    """Fuzzes until the time is over or an input ends the process."""
    _limit()
    try:
        import atheris
    except ImportError:
        sys.exit("atheris is missing: pip install --group fuzz (wheels exist for Linux on x86-64).")
    with atheris.instrument_imports(include=["kyso_pki"], enable_loader_override=False):
        import kyso_pki.formats
        import kyso_pki.pdf.document  # noqa: F401 - loaded here so that its branches are counted
    from .mutator import mutate
    from .oracle import failures, signer
    from .seeds import seeds, signed_ends

    signer()
    files, ends = tuple(seeds().values()), signed_ends()
    known: set[str] = set()
    findings = work / "findings"

    def one(data: bytes) -> None:
        for failure in failures(data):
            if failure.key not in known:
                known.add(failure.key)
                name = f"{failure.kind}-{hashlib.sha256(failure.key.encode()).hexdigest()[:8]}.pdf"
                if not (findings / name).exists():
                    (findings / name).write_bytes(data)
                    sys.stderr.write(f"\nFOUND {name}: {failure.place} {failure.text}\n")

    def custom(data: bytes, max_size: int, number: int) -> bytes:
        return mutate(data, random.Random(number), max_size, files, ends)  # noqa: S311 - libFuzzer's own seed

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


if __name__ == "__main__":
    raise SystemExit(main())
