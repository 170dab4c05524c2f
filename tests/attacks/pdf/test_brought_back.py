"""What makes readers search a file, or follow an older cross-reference, is refused; the pages before it pass."""

from __future__ import annotations

import pytest

from . import brought_back
from .attack import Attack
from .judged import assert_refused, verdict


@pytest.mark.parametrize("attack", brought_back.ATTACKS, ids=lambda a: a.name)
def test_an_older_object_and_what_would_show_a_newer_one_are_refused(attack: Attack) -> None:
    assert_refused(attack)


@pytest.mark.parametrize("as_stream", [False, True], ids=["table", "stream"])
def test_the_pages_pass_with_some_white_space_after_them(as_stream: bool) -> None:
    assert verdict(brought_back.spaced(0, as_stream=as_stream)) == "passed"
    assert verdict(brought_back.spaced(900, as_stream=as_stream)) == "passed"
