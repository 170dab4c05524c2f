"""Every variant of P12 in `permissions` is refused and says why."""

from __future__ import annotations

import pytest

from . import permissions
from .attack import Attack
from .judged import assert_refused


@pytest.mark.parametrize("attack", permissions.ATTACKS, ids=lambda a: a.name)
def test_a_permission_that_is_overstepped_or_unclear_is_refused(attack: Attack) -> None:
    assert_refused(attack)
