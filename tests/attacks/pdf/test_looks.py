"""A seal whose appearance may be drawn outside of its rectangle is an overlay, and not one on blank paper."""

from __future__ import annotations

import pytest

from tests.pki.pdf.samples import BODIES, facts, signed, stream, table_pdf

from . import looks
from .attack import Attack
from .judged import assert_overlaid
from .sealing import truly_sealed


@pytest.mark.parametrize("attack", looks.ATTACKS, ids=lambda a: a.name)
def test_a_look_without_a_bound_is_an_overlay(attack: Attack) -> None:
    assert_overlaid(attack)


def test_several_seals_that_together_are_the_page_are_not_on_blank_paper() -> None:
    """P9: each takes a fifth of a blank page."""
    pdf = signed(table_pdf({**BODIES, 4: stream(b"")}))
    for i in range(5):
        low = i * 168
        pdf = truly_sealed(pdf, b"0 %d 595 %d" % (low, low + 168), name=b"S%d" % i, at=30 + 10 * i)
    changes = [c for c in facts(pdf)[0].changes_after if c.kind == "overlay"]
    assert [c.blank for c in changes] == [True, False, False, False, False]
