"""A value that stands over what the page says needs a look; one on paper, a line or in a frame does not."""

from __future__ import annotations

import pytest

from . import written
from .attack import Attack
from .judged import assert_overlaid, verdict


@pytest.mark.parametrize("attack", written.ATTACKS, ids=lambda a: a.name)
def test_a_value_over_what_was_printed_is_an_overlay(attack: Attack) -> None:
    assert_overlaid(attack)


@pytest.mark.parametrize("name", written.HONEST)
def test_a_value_where_it_belongs_passes(name: str) -> None:
    assert verdict(written.HONEST[name]()) == "passed"
