"""Every variant of P14 in `encrypted` is refused and says why."""

from __future__ import annotations

import pytest

from . import encrypted
from .attack import Attack
from .judged import assert_refused


@pytest.mark.parametrize("attack", encrypted.ATTACKS, ids=lambda a: a.name)
def test_what_says_to_be_encrypted_is_refused(attack: Attack) -> None:
    assert_refused(attack)
