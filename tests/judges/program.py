"""Runs an independent program on octets. A program that is missing is an error, never a skip."""

from __future__ import annotations

import importlib
import subprocess
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

TIMEOUT_S = 120  # the slowest judge seen took 31 s on 1 MB of XML


@dataclass(frozen=True)
class Verdict:
    """What a judge said."""

    valid: bool
    output: str
    """Its own words, for the message of a failing test."""


@dataclass(frozen=True)
class Run:
    """One finished run of a program."""

    code: int
    stdout: bytes
    stderr: bytes

    @property
    def text(self) -> str:
        return (self.stdout + b"\n" + self.stderr).decode("utf-8", "replace").strip()


def run(
    command: Sequence[str], *, package: str, stdin: bytes = b"", environment: Mapping[str, str] | None = None
) -> Run:
    """The finished run, whatever its exit code. Raises `RuntimeError` naming `package` when it is missing."""
    try:
        done = subprocess.run(
            list(command), input=stdin, capture_output=True, timeout=TIMEOUT_S, env=environment, check=False
        )
    except FileNotFoundError as error:
        raise RuntimeError(f"The judge {command[0]} is not installed: install {package}.") from error
    return Run(done.returncode, done.stdout, done.stderr)


def made(run: Run) -> bytes:
    """The standard output of a run that had to succeed. Raises `RuntimeError` with the program's own words."""
    if run.code != 0:
        raise RuntimeError(f"A judge's program failed ({run.code}): {run.text}")
    return run.stdout


def need(module: str, *, package: str) -> None:
    """Raises `RuntimeError` naming `package` when the library is missing."""
    try:
        importlib.import_module(module)
    except ImportError as error:
        raise RuntimeError(f"The judge {module} is not installed: pip install {package}. ({error})") from error
