"""Every variant of P6 to P8, over a document with everything, in `pages` is refused and says why."""

from __future__ import annotations

import pytest

from . import pages
from .attack import Attack
from .judged import assert_refused


@pytest.mark.parametrize("attack", pages.ATTACKS, ids=lambda a: a.name)
def test_a_changed_freed_or_moved_object_is_refused(attack: Attack) -> None:
    assert_refused(attack)
