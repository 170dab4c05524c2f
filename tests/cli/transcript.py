"""Runs a transcript: what a person types and sees, as a test.

    # a remark
    $ kyso sign van-ban.pdf --key "$KEY" --pin-file "$PIN"
    Signed: van-ban.pdf → van-ban.signed.pdf
    $ kyso sign missing.pdf --key "$KEY"
    Error: There is no file missing.pdf.
      Remedy: [..]
    [exit 2]

A line that starts with `$ ` is given to sh; the lines below it are what it prints, standard output and standard
error together. `[..]` stands for any text within a line, `[...]` alone for any number of lines, `[exit N]` for the
exit code (0 when it is left out). Everything else is compared as it is.
"""

from __future__ import annotations

import re
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

TIMEOUT_S = 60


@dataclass(frozen=True)
class Step:
    line: int
    command: str
    expected: tuple[str, ...]
    code: int


def parse(path: Path) -> list[Step]:
    """The steps of a transcript."""
    steps: list[Step] = []
    for number, line in enumerate(path.read_text("utf-8").splitlines(), start=1):
        if line.startswith("$ "):
            steps.append(Step(number, line[2:], (), 0))
        elif line.startswith("#") or not steps:
            assert not line or line.startswith("#"), f"{path.name}:{number}: output before the first command"
        elif match := re.fullmatch(r"\[exit (\d+)\]", line):
            last = steps[-1]
            steps[-1] = Step(last.line, last.command, last.expected, int(match.group(1)))
        else:
            last = steps[-1]
            steps[-1] = Step(last.line, last.command, (*last.expected, line), last.code)
    assert steps, f"{path.name} holds no command"
    return steps


def play(path: Path, folder: Path, environ: Mapping[str, str]) -> None:
    """Types every command in `folder` and compares what is seen."""
    for step in parse(path):
        done = subprocess.run(
            ["sh", "-c", step.command],
            cwd=folder,
            env=dict(environ),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            timeout=TIMEOUT_S,
            check=False,
            start_new_session=True,  # without a terminal to ask at
        )
        seen = done.stdout.decode("utf-8")
        where = f"{path.name}:{step.line}: $ {step.command}\n--- seen (exit {done.returncode}):\n{seen}"
        assert done.returncode == step.code, f"exit {step.code} expected\n{where}"
        expected = "\n".join(step.expected).rstrip("\n")
        assert pattern(expected).fullmatch(seen.rstrip("\n")), f"{where}\n--- expected:\n{expected}"


def pattern(expected: str) -> re.Pattern[str]:
    """The expression that matches what a transcript expects."""
    pieces = []
    for line in expected.split("\n"):
        if line == "[...]":
            pieces.append(r"(?:.*\n)*?(?:.*)")
        else:
            pieces.append(r"[^\n]*?".join(re.escape(part) for part in line.split("[..]")))
    return re.compile("\n".join(pieces))
