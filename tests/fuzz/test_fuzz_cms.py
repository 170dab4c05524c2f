"""What fuzzing found stays found, and a short run of it finds nothing new. `make fuzz-cms` runs it for long."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from .cms_mutator import mutate, parsed
from .cms_oracle import failures, judged, justified
from .cms_seeds import REGRESSIONS, content, seeds, signed
from .oracle import Failure

SIGNED = sorted(name for name in seeds() if not name.startswith("mo-"))
FOUND = sorted(REGRESSIONS.glob("*.p7m"))


def wrong(data: bytes) -> list[Failure]:
    """What fails, times aside: a test asserts none."""
    return [f for f in failures(data) if f.kind != "slow"]


@pytest.mark.parametrize("name", SIGNED)
def test_a_signed_seed_passes_for_what_its_signers_did(name: str) -> None:
    report = judged(seeds()[name], content())
    assert report.verdict == "passed"
    assert list(justified(seeds()[name], report, content())) == []
    assert signed()


@pytest.mark.parametrize("path", FOUND, ids=lambda p: p.stem)
def test_what_was_found_once_is_treated_rightly(path: Path) -> None:
    assert wrong(path.read_bytes()) == []


@settings(max_examples=150, deadline=None)
@given(st.integers(0, 2**64 - 1), st.sampled_from(sorted(seeds())))
def test_mutated_files_are_treated_rightly(number: int, name: str) -> None:
    files = tuple(seeds().values())
    assert wrong(mutate(seeds()[name], Random(number), 1 << 18, files)) == []  # noqa: S311 - hypothesis' own seed


@pytest.mark.parametrize("name", sorted(seeds()))
def test_the_mutator_takes_a_seed_apart_and_writes_it_again(name: str) -> None:
    tree = parsed(seeds()[name])
    assert tree is not None
    assert tree.written() == seeds()[name]


def test_the_oracle_notices_a_wrong_verdict() -> None:
    """A true report that is held against another file, another content, no signature."""
    data = seeds()["ky-thoi-gian"]
    report = judged(data, content())
    assert list(justified(data, report, content())) == []
    assert "forged" in [f.kind for f in justified(data, report, b"khac")]
    other = seeds()["ky-luu-tru"]
    assert "forged" in [f.kind for f in justified(data, replace(report, signatures=()), content())]
    assert [f.kind for f in justified(other, judged(other, content()), content())] == []
    of_another_signer = seeds()["ky-ecdsa"]
    assert "forged" in [f.kind for f in justified(of_another_signer, report, content())]
