"""Every variant of P1 and P2 is judged, refused, and says why."""

from __future__ import annotations

import pytest

from .attack import Attack
from .forgery import ATTACKS
from .judged import assert_refused


@pytest.mark.parametrize("attack", ATTACKS, ids=lambda a: a.name)
def test_forgery_is_refused_with_its_reason(attack: Attack) -> None:
    assert_refused(attack)
