"""Nothing that an update brings looks like an object in a place where none is."""

from __future__ import annotations

import pytest

from . import searching
from .attack import Attack
from .judged import assert_refused


@pytest.mark.parametrize("attack", searching.ATTACKS, ids=lambda a: a.name)
def test_what_looks_like_an_object_is_refused(attack: Attack) -> None:
    assert_refused(attack)
