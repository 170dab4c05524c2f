"""Every variant of P1 and P2 in `values` is refused and says why."""

from __future__ import annotations

import pytest

from . import values
from .attack import Attack
from .judged import assert_refused


@pytest.mark.parametrize("attack", values.ATTACKS, ids=lambda a: a.name)
def test_an_odd_value_is_judged_and_refused(attack: Attack) -> None:
    assert_refused(attack)
