"""An object with two roles is not rewritten in one of them."""

from __future__ import annotations

import pytest

from . import doubles
from .attack import Attack
from .judged import assert_refused


@pytest.mark.parametrize("attack", doubles.ATTACKS, ids=lambda a: a.name)
def test_what_has_two_roles_is_not_rewritten(attack: Attack) -> None:
    assert_refused(attack)
