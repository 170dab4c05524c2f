"""What cannot be read strictly, or contradicts itself, is refused with the object; what readers take alike passes."""

from __future__ import annotations

import pytest

from kyso_pki.errors import FormatError
from kyso_pki.pdf.lint.linting import lint
from kyso_pki.pdf.reader import Reader
from tests.pki.pdf.samples import signed, table_pdf

from . import contradictions
from .attack import Attack
from .brought_back import PAGES
from .judged import assert_refused, verdict


@pytest.mark.parametrize("attack", contradictions.ATTACKS, ids=lambda a: a.name)
def test_what_readers_take_otherwise_is_refused(attack: Attack) -> None:
    assert_refused(attack)


@pytest.mark.parametrize("attack", contradictions.ATTACKS, ids=lambda a: a.name)
def test_the_linter_refuses_it(attack: Attack) -> None:
    assert [stated.observation.code for stated in lint(Reader(attack.make())).stated if stated.action == "refuse"]


@pytest.mark.parametrize("name", contradictions.HONEST)
def test_what_readers_take_alike_passes(name: str) -> None:
    assert verdict(contradictions.HONEST[name]()) == "passed"


def test_kyso_does_not_sign_it() -> None:
    with pytest.raises(FormatError, match="/Count of object 2"):
        signed(table_pdf({**PAGES, 2: b"<</Type/Pages/Kids[3 0 R 9 0 R]/Count 3>>"}))
