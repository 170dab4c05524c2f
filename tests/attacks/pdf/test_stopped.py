"""What some readers draw only in part is refused, and the word in a text is none."""

from __future__ import annotations

import pytest

from kyso_pki.errors import FormatError
from kyso_pki.pdf.lint.linting import lint
from kyso_pki.pdf.reader import Reader
from tests.pki.pdf.samples import deflated, facts, signed, table_pdf

from . import stopped
from .attack import Attack
from .judged import assert_refused, verdict


@pytest.mark.parametrize("attack", stopped.ATTACKS, ids=lambda a: a.name)
def test_a_content_that_ends_early_for_some_is_refused(attack: Attack) -> None:
    assert_refused(attack)


@pytest.mark.parametrize("attack", stopped.ATTACKS, ids=lambda a: a.name)
def test_the_linter_refuses_it(attack: Attack) -> None:
    assert "CONTENT_STOPS" in [stated.observation.code for stated in lint(Reader(attack.make())).stated]


@pytest.mark.parametrize("name", stopped.HONEST)
def test_the_word_where_no_reader_stops_passes(name: str) -> None:
    pdf = stopped.HONEST[name]()
    assert verdict(pdf) == "passed"
    assert facts(pdf)[0].findings == ()


def test_kyso_does_not_sign_it() -> None:
    with pytest.raises(FormatError, match="page 1 holds the word endstream"):
        signed(table_pdf(stopped.page(deflated(b"endstream"))))
