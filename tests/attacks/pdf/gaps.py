"""P9: a seal that writes on, or into, a line of the page without lying over any of its letters."""

from __future__ import annotations

from dataclasses import replace
from functools import partial
from typing import Final

from .attack import Attack, variant
from .elaborate import program_with
from .hidden_glyphs import true_type
from .paper import Paper

ATTACKS: list[Attack] = []
BEFORE: Final = b"BT /F1 12 Tf 72 720 Td (We do) Tj ET"  # ends at 108
AROUND: Final = BEFORE[:-2] + b"66 0 Td (agree) Tj ET"  # goes on at 138
GAP: Final = b"113 717 132 731"


def line(content: bytes) -> Paper:
    """A page with a line in letters of 7.2 points each."""
    return true_type(program_with({}), content=content)


_RULE = 'P9: "amounts continued": what stands beside a text is read together with it.'


def _new(name: str, content: bytes, rect: bytes) -> None:
    paper = line(content)
    variant(
        ATTACKS,
        f"a_seal_{name}",
        _RULE,
        lambda: paper.sealed(rect),
        change="overlay",
        words="the gap in a line",
        verdict="indeterminate",
    )


_new("between_two_words", AROUND, GAP)
_new("that_goes_on_after_the_last_word", BEFORE, b"113 717 180 731")
_new("that_stands_before_the_first_word", BEFORE, b"20 717 66 731")
_new("on_the_next_line", BEFORE, b"72 690 180 707")
_new("on_the_line_above", BEFORE, b"72 740 180 760")
variant(
    ATTACKS,
    "a_reserved_seal_between_two_words",
    _RULE,
    lambda: line(AROUND).filled(GAP),
    change="overlay",
    words="the gap in a line",
    verdict="indeterminate",
)


def turned(content: bytes) -> Paper:
    """The same on a page that is turned by a quarter: its lines run along the y axis."""
    up = content.replace(b"72 720 Td", b"0 1 -1 0 300 72 Tm")
    return replace(line(up), more=b"/Rotate 90")


for _name, _content, _rect in (
    ("between_two_words_of_a_turned_page", AROUND, b"289 113 303 132"),
    ("that_goes_on_after_the_last_word_of_a_turned_page", BEFORE, b"270 113 303 180"),
):
    variant(
        ATTACKS,
        f"a_seal_{_name}",
        _RULE,
        partial(Paper.sealed, turned(_content), _rect),
        change="overlay",
        words="the gap in a line",
        verdict="indeterminate",
    )
variant(
    ATTACKS,
    "a_reserved_seal_between_two_words_of_a_turned_page",
    _RULE,
    partial(Paper.filled, turned(AROUND), b"289 113 303 132"),
    change="overlay",
    words="the gap in a line",
    verdict="indeterminate",
)
