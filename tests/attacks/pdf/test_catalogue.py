"""The attacks are complete by class, and each starts from a document that passes."""

from __future__ import annotations

import sys

import pytest

from .catalogue import ATTACKS, TWINS, counts, summary
from .judged import verdict

FEWEST = 10
ELSEWHERE = {"P10"}  # prepared documents are the linter's: they are refused before they are signed


def test_every_class_has_its_variants(capsys: pytest.CaptureFixture[str]) -> None:
    with capsys.disabled():
        sys.stdout.write(f"\n{summary()}\n")
    assert {name for name, count in counts().items() if count < FEWEST} <= ELSEWHERE


def test_every_variant_has_a_name_of_its_own_and_says_its_class() -> None:
    names = [attack.name for attack in ATTACKS]
    assert sorted(set(names)) == sorted(names)
    assert [attack.name for attack in ATTACKS if not attack.classes] == []


@pytest.mark.parametrize("name", TWINS)
def test_the_document_before_the_attack_passes(name: str) -> None:
    assert verdict(TWINS[name]()) == "passed"
