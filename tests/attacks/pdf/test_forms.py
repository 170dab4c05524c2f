"""Every variant of P8 in `forms` is refused and says why."""

from __future__ import annotations

import pytest

from . import forms
from .attack import Attack
from .judged import assert_refused, verdict


@pytest.mark.parametrize("attack", forms.ATTACKS, ids=lambda a: a.name)
def test_a_value_that_is_not_plainly_shown_is_refused(attack: Attack) -> None:
    assert_refused(attack)


def test_a_form_filled_in_with_a_font_of_letters_passes() -> None:
    assert verdict(forms.filled_in_honestly()) == "passed"
    assert verdict(forms.filled_in_to_be_drawn_anew()) == "passed"


def test_a_small_check_box_beside_the_text_may_be_switched_on() -> None:
    assert verdict(forms.switched_on(b"[50 715 62 730]", b"50 50 500 750 re f")) == "passed"


@pytest.mark.parametrize("name", forms.HONEST_MARKS)
def test_a_check_box_that_shows_a_mark_may_be_switched_on(name: str) -> None:
    assert verdict(forms.HONEST_MARKS[name]()) == "passed"
