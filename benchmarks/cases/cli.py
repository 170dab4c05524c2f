"""Does the command feel instant?"""

from __future__ import annotations

import subprocess
import sys

from benchmarks.harness import Bench, case


@case("cli.help")
def cli_help(bench: Bench) -> None:
    """`kyso --help` against a Python that does nothing; the bound is 6 (ADR 1)."""
    script = "import sys; sys.argv = ['kyso', '--help']; from kyso_cli.main import main; main()"

    def run(*arguments: str) -> None:
        done = subprocess.run([sys.executable, *arguments], capture_output=True, check=False)
        assert done.returncode == 0, done.stderr.decode()

    bench.limit(lambda: run("-c", "pass"))
    bench.ours(lambda: run("-c", script))
