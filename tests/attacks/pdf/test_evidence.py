"""Every variant of P13 in `evidence` and `evidence_grown` is refused and says why."""

from __future__ import annotations

import pytest

from . import evidence, evidence_grown
from .attack import Attack
from .judged import assert_refused


@pytest.mark.parametrize("attack", [*evidence.ATTACKS, *evidence_grown.ATTACKS], ids=lambda a: a.name)
def test_a_game_with_timestamps_or_evidence_is_refused(attack: Attack) -> None:
    assert_refused(attack)
