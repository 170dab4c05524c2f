"""Every variant of P3 is refused and says why, though the octets that it names have the signed digest."""

from __future__ import annotations

import pytest

from . import wrapping
from .attack import Attack
from .judged import assert_refused


@pytest.mark.parametrize("attack", wrapping.ATTACKS, ids=lambda a: a.name)
def test_wrapping_is_refused_with_its_reason(attack: Attack) -> None:
    assert_refused(attack)


@pytest.mark.parametrize("attack", wrapping.ATTACKS, ids=lambda a: a.name)
def test_the_attack_keeps_the_signed_digest(attack: Attack) -> None:
    assert wrapping.digest_is_kept(attack.make())
