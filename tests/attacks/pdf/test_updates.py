"""Every variant of P6 to P9, P11 and P12 is refused and says why."""

from __future__ import annotations

import pytest

from . import updates
from .attack import Attack, second_victim, victim
from .judged import assert_refused, verdict


@pytest.mark.parametrize("attack", updates.ATTACKS, ids=lambda a: a.name)
def test_a_change_after_signing_is_refused(attack: Attack) -> None:
    assert_refused(attack)


@pytest.mark.parametrize("make", [victim, second_victim, updates.overlaid, updates.form_signed])
def test_the_victim_itself_passes(make: object) -> None:
    assert callable(make)
    assert verdict(make()) == "passed"
