"""Other ways through a file than its cross-reference: the linter follows them and compares."""

from __future__ import annotations

import io
import re

import pikepdf
import pytest

from kyso_pki.pdf.lint.linting import lint
from kyso_pki.pdf.reader import Reader
from tests.pki.pdf.samples import pike, signed


def _codes(pdf: bytes) -> set[str]:
    return {s.observation.code for s in lint(Reader(pdf)).stated}


def _swapped(pdf: bytes, order: tuple[int, int, int]) -> bytes:
    """The same file with the three pages of its tree in another order; its hints are as they were."""
    found = re.search(rb"/Kids \[ (\d+ 0 R) (\d+ 0 R) (\d+ 0 R) \]", pdf)
    assert found
    kids = b" ".join(found[i] for i in order)
    return pdf[: found.start()] + b"/Kids [ " + kids + b" ]" + pdf[found.end() :]


@pytest.mark.parametrize("order", [(2, 1, 3), (1, 3, 2)])
def test_hints_to_another_page_are_refused(order: tuple[int, int, int]) -> None:
    """Poppler shows the pages in the order of the hints until something is appended, others in that of the tree."""
    assert "LINEARIZATION" in _codes(_swapped(pike(linearize=True, pages=3), order))


@pytest.mark.parametrize("pages", [1, 2, 3, 40])
@pytest.mark.parametrize("object_streams", [False, True])
def test_files_linearized_by_qpdf_are_right(pages: int, object_streams: bool) -> None:
    assert "LINEARIZATION" not in _codes(pike(linearize=True, pages=pages, object_streams=object_streams))


def test_hints_that_lead_to_no_page_are_followed_by_nobody() -> None:
    """Ghostscript counts no objects: by its hints the pages are objects 1, 2, 3."""
    pdf = pike(linearize=True, pages=3)
    assert "LINEARIZATION" not in _codes(pdf.replace(b"/O 9 ", b"/O 2 "))


def test_hints_of_an_encrypted_file_are_read() -> None:
    out = io.BytesIO()
    with pikepdf.open(io.BytesIO(pike(pages=3))) as pdf:
        pdf.save(out, linearize=True, encryption=pikepdf.Encryption(owner="chu", user="", R=6))
    assert "LINEARIZATION" not in _codes(out.getvalue())
    assert "LINEARIZATION" in _codes(_swapped(out.getvalue(), (1, 3, 2)))


def test_nobody_follows_the_hints_once_something_was_appended() -> None:
    assert "LINEARIZATION" not in _codes(signed(_swapped(pike(linearize=True, pages=3), (2, 1, 3))))
