"""Every variant of R1 is refused in a time that follows its size."""

from __future__ import annotations

import time

import pytest

from kyso_pki.document import Intent
from kyso_pki.errors import FormatError
from kyso_pki.pdf.document import PdfDocument
from tests.pki.pdf.samples import AT, BODIES, WORLD, append, signed, table_pdf

from . import robustness
from .attack import Attack
from .judged import assert_refused

SECONDS = 4  # CPU, for files of up to 3 MB; the verdict is asked for twice


@pytest.mark.parametrize("attack", robustness.ATTACKS, ids=lambda a: a.name)
def test_a_file_that_wants_endless_work_is_refused_quickly(attack: Attack) -> None:
    attack.make()  # not part of the time: some take a while to write
    began = time.process_time()
    assert_refused(attack)
    assert time.process_time() - began < SECONDS


def test_a_page_tree_in_a_circle_is_not_followed_for_ever() -> None:
    pdf = table_pdf({**BODIES, 2: b"<</Type/Pages/Kids[2 0 R]/Count 1>>"})
    signer = WORLD.person_signer
    with pytest.raises(FormatError, match="a node, again"):
        PdfDocument(pdf).prepare(Intent(AT), signer.chain, signer.scheme)


def test_four_times_the_revisions_cost_about_four_times_the_work() -> None:
    times = []
    for count in (50, 200):
        pdf = signed(table_pdf())
        info = b"<</ModDate(D:2026)>>"
        for _ in range(count):
            pdf = append(pdf, {20: info}, trailer=b"/Info 20 0 R")
        began = time.process_time()
        (facts,) = PdfDocument(pdf).signatures()
        times.append(time.process_time() - began)
        assert facts.well_formed
    assert times[1] < 8 * times[0] + 0.05  # quadratic work would be sixteen times
