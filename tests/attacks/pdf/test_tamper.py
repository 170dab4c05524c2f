"""Every variant of P0 is refused and says why."""

from __future__ import annotations

import pytest

from . import tamper
from .attack import Attack
from .judged import assert_refused


@pytest.mark.parametrize("attack", tamper.ATTACKS, ids=lambda a: a.name)
def test_a_changed_octet_is_refused_with_its_reason(attack: Attack) -> None:
    assert_refused(attack)
