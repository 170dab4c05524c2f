"""How long EU DSS takes for what kyso signs, warm, beside kyso: `python -m benchmarks.dss` prints a table.

Apart from `make bench`, because it needs Java and Maven (tests/judges/README.md). DSS's figure is the time inside its
JVM after `WARM_UP` turns with the same file, without the transport; kyso's is a whole `kyso.verify`. Both check the
path and revocation with the same CRLs, offline.
"""

from __future__ import annotations

import statistics
import sys
import time
from datetime import UTC, datetime, timedelta

import kyso
from benchmarks import inputs
from kyso_pki.evidence import Evidence
from kyso_pki.testing import World
from tests.flows.province import Province, plain
from tests.judges import dss

WARM_UP, ROUNDS = 6, 7


def main() -> None:
    """Prints the table."""
    at = datetime.now(UTC).replace(microsecond=0)
    province = Province(World.create(at=at))
    sizes = {"100k": 100_000, "1m": 1_000_000, "10m": 10_000_000}
    files = {f"pdf.verify.{name}": province.sign(inputs.pdf(size), "rsa2048") for name, size in sizes.items()}
    files["pdf.verify.2sig"] = _signed(province, 2)
    files["pdf.verify.24sig"] = _signed(province, 24)
    later = at + timedelta(minutes=2)
    crls = province.world.crls(later)
    sys.stdout.write("| file | DSS, ms | kyso, ms | DSS / kyso |\n| --- | --- | --- | --- |\n")
    for name, pdf in files.items():
        theirs: list[float] = []
        ours: list[float] = []
        for turn in range(WARM_UP + ROUNDS):
            verdict = dss.verify(pdf, [plain(province.world.root)], at=later, crls=crls)
            start = time.perf_counter()
            report = kyso.verify(pdf, trust=province.world.trust, at=later, evidence=Evidence(crls=crls))
            spent = 1000 * (time.perf_counter() - start)
            if not (verdict.valid and report.passed):
                sys.exit(f"{name}: not accepted: {verdict.output} {report.verdict}")
            if turn >= WARM_UP:
                theirs.append(verdict.took_ms)
                ours.append(spent)
        slow, fast = statistics.median(theirs), statistics.median(ours)
        sys.stdout.write(f"| `{name}` | {slow:.0f} | {fast:.1f} | {slow / fast:.0f} |\n")
        sys.stdout.flush()


def _signed(province: Province, times: int) -> bytes:
    pdf = inputs.pdf(100_000)
    for number in range(times):
        pdf = province.sign(pdf, ("rsa2048", "p256")[number % 2])
    return pdf


if __name__ == "__main__":
    main()
