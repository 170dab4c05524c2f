"""Every variant of P9 and P11 in `certified` is refused and says why."""

from __future__ import annotations

import pytest

from . import certified
from .attack import Attack
from .judged import assert_refused


@pytest.mark.parametrize("attack", certified.ATTACKS, ids=lambda a: a.name)
def test_what_a_certification_forbids_is_refused(attack: Attack) -> None:
    assert_refused(attack)
