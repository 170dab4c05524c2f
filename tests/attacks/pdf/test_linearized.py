"""A linearized file whose parameters lead to other pages fails when they count, and before."""

from __future__ import annotations

import pytest

from kyso_pki.pdf.lint.linting import lint
from kyso_pki.pdf.reader import Reader

from . import linearized
from .attack import Attack
from .judged import assert_refused, verdict


@pytest.mark.parametrize("attack", linearized.ATTACKS, ids=lambda a: a.name)
def test_parameters_that_lead_to_other_pages_are_refused(attack: Attack) -> None:
    assert_refused(attack)


@pytest.mark.parametrize("name", linearized.HONEST)
def test_a_linearized_file_passes(name: str) -> None:
    assert verdict(linearized.HONEST[name]()) == "passed"


@pytest.mark.parametrize("size", [0, 99_999], ids=["now", "later"])
def test_the_linter_refuses_fewer_pages_though_the_first_is_none(size: int) -> None:
    now = len(linearized.base_with(1))
    pdf = linearized.base_with(size or now, (rb"/N \d+", b"/N 1"), (rb"/O \d+", b"/O 0"))
    assert "LINEARIZATION" in [stated.observation.code for stated in lint(Reader(pdf)).stated]
