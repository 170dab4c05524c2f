"""A seal whose appearance may be drawn outside of its rectangle is an overlay, and not one on blank paper."""

from __future__ import annotations

import pytest

from . import looks
from .attack import Attack
from .judged import assert_overlaid


@pytest.mark.parametrize("attack", looks.ATTACKS, ids=lambda a: a.name)
def test_a_look_without_a_bound_is_an_overlay(attack: Attack) -> None:
    assert_overlaid(attack)
