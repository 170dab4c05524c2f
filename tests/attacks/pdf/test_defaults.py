"""Every variant in `defaults` is refused and says why; what programs do to honest forms passes."""

from __future__ import annotations

import pytest

from . import defaults
from .attack import Attack
from .judged import assert_refused, verdict


@pytest.mark.parametrize("attack", defaults.ATTACKS, ids=lambda a: a.name)
def test_a_default_that_something_waited_for_is_refused(attack: Attack) -> None:
    assert_refused(attack)


@pytest.mark.parametrize("name", defaults.HONEST)
def test_what_programs_add_to_a_form_passes(name: str) -> None:
    assert verdict(defaults.HONEST[name]()) == "passed"
