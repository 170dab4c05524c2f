"""docs/benchmarks.md names every benchmark, and no other."""

from __future__ import annotations

import itertools
import re
from pathlib import Path

from benchmarks import cases
from benchmarks.harness import CASES

TABLE = (Path(__file__).parents[1] / "docs" / "benchmarks.md").read_text("utf-8")


def _names(written: str) -> list[str]:
    """`pdf.verify.{100k,1m}` is two names."""
    parts = [part.strip("{}").split(",") for part in re.split(r"(\{[^}]*\})", written)]
    return ["".join(choice) for choice in itertools.product(*parts)]


def test_the_names_in_the_docs_are_those_of_the_code() -> None:
    cases.load()
    head = TABLE.index("| name | the limit |")
    rows = TABLE[head : TABLE.index("\n\n", head)].splitlines()[2:]
    told = [name for row in rows for name in _names(row.split("`")[1])]
    assert sorted(told) == sorted(CASES)
