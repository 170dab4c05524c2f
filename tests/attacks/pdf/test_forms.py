"""Every variant of P8 in `forms` is refused and says why."""

from __future__ import annotations

import pytest

from . import forms
from .attack import Attack
from .judged import assert_refused


@pytest.mark.parametrize("attack", forms.ATTACKS, ids=lambda a: a.name)
def test_a_value_that_is_not_plainly_shown_is_refused(attack: Attack) -> None:
    assert_refused(attack)
