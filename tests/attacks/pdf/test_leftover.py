"""What other programs leave in a file passes in their shape, and not in another."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from tests.pki.pdf.samples import facts

from . import leftover
from .attack import Attack
from .judged import assert_refused, verdict


@pytest.mark.parametrize("attack", leftover.ATTACKS, ids=lambda a: a.name)
def test_what_only_looks_like_a_leftover_is_refused(attack: Attack) -> None:
    assert_refused(attack)


@pytest.mark.parametrize(
    "make",
    [
        leftover.signed_by_itext,
        leftover.free_numbers,
        leftover.filled_by_itext,
        leftover.form_added_to_resources,
        leftover.pointed_at_the_line_before,
        lambda: leftover.defaulted(b"/DA(/F1 9 Tf)"),
        lambda: leftover.identified(b"0123456789abcdef"),
        lambda: leftover.extension(b"<</BaseVersion/1.7/ExtensionLevel 5>>"),
    ],
    ids=[
        "signed by iText",
        "free numbers",
        "filled in by iText 7",
        "a form in /DR",
        "startxref",
        "a default appearance",
        "an identifier of 16 bytes",
        "a raised extension",
    ],
)
def test_what_other_programs_write_is_no_change_of_the_document(make: Callable[[], bytes]) -> None:
    pdf = make()
    assert [c.text for f in facts(pdf) for c in f.changes_after if not c.allowed] == []
    assert verdict(pdf) == "passed"


def test_an_object_that_nothing_uses_is_told() -> None:
    told = [c.text for c in facts(leftover.signed_by_itext())[0].changes_after]
    assert "Revision 3: object 40 (Font) was added, which shows nothing." in told
