"""The attacks on CMS, timestamps, certificates, answers and fetching are complete by class."""

from __future__ import annotations

import sys

import pytest

from .catalogue import classes, counts, summary, variants

FEWEST = 10


def test_every_class_has_its_variants(capsys: pytest.CaptureFixture[str]) -> None:
    with capsys.disabled():
        sys.stdout.write(f"\n{summary()}\n")
    assert {name for name, count in counts().items() if count < FEWEST} == set()


def test_every_variant_says_its_class() -> None:
    assert [name for name, make in variants().items() if not classes(make)] == []
