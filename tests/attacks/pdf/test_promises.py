"""An object that the signed revision waited for is never delivered by an update, whatever the update says it is."""

from __future__ import annotations

import pytest

from . import promises
from .attack import Attack
from .judged import assert_refused


@pytest.mark.parametrize("attack", promises.ATTACKS, ids=lambda a: a.name)
def test_what_was_promised_is_refused(attack: Attack) -> None:
    assert_refused(attack)
