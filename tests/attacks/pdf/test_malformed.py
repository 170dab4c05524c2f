"""A content of which readers draw different parts fails, or is refused before it is signed; ordinary ones pass."""

from __future__ import annotations

import pytest

from kyso_pki.errors import FormatError
from kyso_pki.pdf.lint.linting import lint
from kyso_pki.pdf.reader import Reader
from tests.pki.pdf.samples import signed, stream, table_pdf

from . import malformed
from .attack import Attack
from .brought_back import PAGES
from .judged import assert_refused, verdict


def refused(pdf: bytes) -> list[str]:
    return [stated.observation.code for stated in lint(Reader(pdf)).stated if stated.action == "refuse"]


@pytest.mark.parametrize("attack", malformed.ATTACKS, ids=lambda a: a.name)
def test_a_content_without_an_end_fails(attack: Attack) -> None:
    assert_refused(attack)


@pytest.mark.parametrize("name", [*malformed.FAILING, *malformed.TOLD])
def test_the_linter_refuses_a_malformed_content(name: str) -> None:
    middle = {**malformed.FAILING, **malformed.TOLD}[name]
    assert refused(malformed.page(malformed.between(middle))) == ["CONTENT_MALFORMED"]


@pytest.mark.parametrize("name", malformed.HONEST)
def test_an_ordinary_content_passes(name: str) -> None:
    pdf = malformed.HONEST[name]()
    assert verdict(pdf) == "passed"
    assert refused(pdf) == []


def test_kyso_does_not_sign_it() -> None:
    with pytest.raises(FormatError, match="content of page 2 is malformed"):
        signed(table_pdf({**PAGES, 8: stream(malformed.between(b"<<"))}))
