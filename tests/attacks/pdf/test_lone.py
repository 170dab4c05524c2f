"""A file that readers see in two ways fails with nothing appended too; what only looks like one passes."""

from __future__ import annotations

import pytest

from kyso_pki.errors import FormatError
from kyso_pki.pdf.lint.linting import lint
from kyso_pki.pdf.reader import Reader
from tests.pki.pdf.samples import BODIES, signed, stream, table_pdf

from . import lone
from .attack import Attack
from .judged import assert_refused, verdict


@pytest.mark.parametrize("attack", lone.ATTACKS, ids=lambda a: a.name)
def test_a_file_that_was_prepared_for_two_readings_is_refused(attack: Attack) -> None:
    assert_refused(attack)


@pytest.mark.parametrize("attack", lone.ATTACKS, ids=lambda a: a.name)
def test_the_linter_refuses_it(attack: Attack) -> None:
    report = lint(Reader(attack.make()))
    assert "SEEMING_OBJECT" in [stated.observation.code for stated in report.stated]


@pytest.mark.parametrize("name", lone.HONEST)
def test_what_every_reader_shows_alike_passes(name: str) -> None:
    assert verdict(lone.HONEST[name]()) == "passed"


def test_kyso_does_not_sign_what_it_would_refuse_at_once() -> None:
    bodies = {**BODIES, 3: BODIES[3].replace(b"4 0 R", b"[4 0 R 99 0 R]"), 6: stream(b"\n5 0 obj\nnull\nendobj\n")}
    with pytest.raises(FormatError, match="99, which is missing"):
        signed(table_pdf(bodies))


def test_a_reference_of_another_generation_hides_nothing_from_the_linter() -> None:
    script = b"<</S/JavaScript/JS(app.alert\\(1\\))>>"
    catalog = b"<</Type/Catalog/Pages 2 0 R/OpenAction 6 0 R/A 6 1 R/Z 6 1 R>>"
    report = lint(Reader(table_pdf({**BODIES, 1: catalog, 6: script})))
    assert "JAVASCRIPT" in [stated.observation.code for stated in report.stated]
