"""What two readers see differently is refused, though nothing was appended to it."""

from __future__ import annotations

import pytest

from . import first_saves
from .attack import Attack
from .judged import assert_refused, verdict


@pytest.mark.parametrize("attack", first_saves.ATTACKS, ids=lambda a: a.name)
def test_what_has_two_readings_is_refused(attack: Attack) -> None:
    assert_refused(attack)


def test_members_in_any_order_are_found() -> None:
    assert verdict(first_saves.in_object_stream()) == "passed"
