"""A font that does not say which letters are meant, and a page without a shape, fail; ordinary ones pass."""

from __future__ import annotations

import pytest

from kyso_pki.errors import FormatError
from kyso_pki.pdf.lint.linting import lint
from kyso_pki.pdf.reader import Reader
from tests.pki.pdf.samples import signed, table_pdf

from . import letters_and_boxes
from .attack import Attack
from .brought_back import PAGES
from .judged import assert_refused, verdict


def refused(pdf: bytes) -> set[str]:
    return {stated.observation.code for stated in lint(Reader(pdf)).stated if stated.action == "refuse"}


@pytest.mark.parametrize("attack", letters_and_boxes.ATTACKS, ids=lambda a: a.name)
def test_what_each_reader_shows_otherwise_fails(attack: Attack) -> None:
    assert_refused(attack)


@pytest.mark.parametrize("attack", letters_and_boxes.ATTACKS, ids=lambda a: a.name)
def test_the_linter_refuses_it(attack: Attack) -> None:
    assert attack.finding in refused(attack.make())


@pytest.mark.parametrize("name", letters_and_boxes.HONEST)
def test_an_ordinary_one_passes(name: str) -> None:
    pdf = letters_and_boxes.HONEST[name]()
    assert verdict(pdf) == "passed"
    assert refused(pdf) == set()


def test_kyso_does_not_sign_it() -> None:
    with pytest.raises(FormatError, match="other parts of page 1"):
        signed(table_pdf({**PAGES, 3: PAGES[3].replace(b"842", b"")}))
