"""Every variant of P5 in `differentials` is refused and says why."""

from __future__ import annotations

import pytest

from . import differentials
from .attack import Attack
from .judged import assert_refused


@pytest.mark.parametrize("attack", differentials.ATTACKS, ids=lambda a: a.name)
def test_what_two_parsers_read_differently_is_refused(attack: Attack) -> None:
    assert_refused(attack)
