"""python -m benchmarks [--only PREFIX] [--rounds N] [--list]"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from benchmarks import cases
from benchmarks.harness import CASES, ROUNDS, run, table, write

LATEST = Path(__file__).parent / "latest.json"


def main() -> int:
    """Runs the chosen cases, prints the table and writes benchmarks/latest.json."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument("--only", default="", metavar="PREFIX", help="only names that start with PREFIX, as pdf.")
    parser.add_argument("--rounds", type=int, default=ROUNDS, help=f"interleaved rounds (default {ROUNDS})")
    parser.add_argument("--list", action="store_true", help="print the names and stop")
    options = parser.parse_args()
    cases.load()
    names = [n for n in sorted(CASES) if n.startswith(options.only)]
    if options.list:
        print("\n".join(names))
        return 0
    if not names:
        print(f"No benchmark starts with {options.only!r}; known: {', '.join(sorted(CASES))}", file=sys.stderr)
        return 2
    results = []
    for name in names:
        print(f"… {name}", file=sys.stderr, flush=True)
        results.append(run(name, options.rounds))
    write(results, LATEST)
    print(table(results))
    print(f"\nwritten to {LATEST.relative_to(Path.cwd()) if LATEST.is_relative_to(Path.cwd()) else LATEST}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
