"""Every variant of P4 in `tails` is refused and says why."""

from __future__ import annotations

import pytest

from . import tails
from .attack import Attack
from .judged import assert_refused


@pytest.mark.parametrize("attack", tails.ATTACKS, ids=lambda a: a.name)
def test_an_end_that_is_not_whole_is_refused(attack: Attack) -> None:
    assert_refused(attack)
