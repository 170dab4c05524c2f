"""Every variant of R1 is refused with work that follows its size."""

from __future__ import annotations

import pytest

from kyso_pki.document import Intent
from kyso_pki.errors import FormatError
from kyso_pki.pdf.document import PdfDocument
from tests.pki.pdf.samples import AT, BODIES, WORLD, append, signed, table_pdf
from tests.work import counted

from . import robustness
from .attack import Attack
from .judged import assert_refused

CALLS_PER_BYTE = 10  # the file is made and judged twice; 100,000 references of six bytes each are the dearest


@pytest.mark.parametrize("attack", robustness.ATTACKS, ids=lambda a: a.name)
def test_a_file_that_wants_endless_work_is_refused_with_little(attack: Attack) -> None:
    size = len(attack.make())
    with counted() as work:
        assert_refused(attack)
    assert work.calls < 50_000 + CALLS_PER_BYTE * size


def test_a_page_tree_in_a_circle_is_not_followed_for_ever() -> None:
    pdf = table_pdf({**BODIES, 2: b"<</Type/Pages/Kids[2 0 R]/Count 1>>"})
    signer = WORLD.person_signer
    with pytest.raises(FormatError, match="a node, again"):
        PdfDocument(pdf).prepare(Intent(AT), signer.chain, signer.scheme)


def test_four_times_the_revisions_cost_about_four_times_the_work() -> None:
    calls = []
    for count in (50, 200):
        pdf = signed(table_pdf())
        info = b"<</ModDate(D:2026)>>"
        for _ in range(count):
            pdf = append(pdf, {20: info}, trailer=b"/Info 20 0 R")
        with counted() as work:
            (facts,) = PdfDocument(pdf).signatures()
        calls.append(work.calls)
        assert facts.well_formed
    assert calls[1] < 5 * calls[0]  # quadratic work would be sixteen times
