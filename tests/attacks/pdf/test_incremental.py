"""Every variant of P4 and P5 is refused and says why."""

from __future__ import annotations

import pytest

from . import incremental
from .attack import Attack
from .judged import assert_refused


@pytest.mark.parametrize("attack", incremental.ATTACKS, ids=lambda a: a.name)
def test_what_is_appended_without_a_whole_revision_is_refused(attack: Attack) -> None:
    assert_refused(attack)
