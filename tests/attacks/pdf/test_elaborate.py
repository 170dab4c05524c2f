"""What would cost too much to look at is not called blank, and a font is read once, however often it is named."""

from __future__ import annotations

import pytest

from kyso_pki.pdf.ink.budget import FREE_STEPS, Work
from kyso_pki.pdf.ink.page import page_ink
from kyso_pki.pdf.reader import Reader
from tests.pki.pdf.samples import BODIES, deflated, stream, table_pdf

from . import elaborate
from .attack import Attack
from .judged import assert_overlaid


@pytest.mark.parametrize("attack", elaborate.ATTACKS, ids=lambda a: a.name)
def test_what_costs_too_much_is_an_overlay(attack: Attack) -> None:
    assert_overlaid(attack)


def test_a_font_that_stands_in_the_resources_is_read_once() -> None:
    """R1: 1,000 times 1 MiB, decoded anew each time, would be 1 GiB of work."""
    page = BODIES[3].replace(b"/F1 5 0 R", b"/F1 " + elaborate.FONT)
    program = elaborate.program_with({b"junk": bytes(1 << 20)})
    pdf = table_pdf({**BODIES, 3: page, 4: deflated(b"/F1 1 Tf\n" * 1000), 5: b"<<>>", 6: stream(program)})
    work = Work(0)
    page_ink(Reader(pdf), 3, 0, work)
    assert FREE_STEPS - work.left < 2 * (1 << 20) // 64
    assert len(work.glyphs) == 1
