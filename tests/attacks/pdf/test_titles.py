"""P6: what XMP metadata call a signed document stays; the rest of them may be written anew."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kyso_pki.pdf.changes.descriptions import told

from . import titles
from .attack import Attack
from .judged import assert_refused, verdict


@pytest.mark.parametrize("attack", titles.ATTACKS, ids=lambda a: a.name)
def test_a_title_that_is_changed_is_refused(attack: Attack) -> None:
    assert_refused(attack)


@pytest.mark.parametrize("name", titles.harmless())
def test_metadata_that_name_the_document_as_before_may_be_rewritten(name: str) -> None:
    assert verdict(titles.harmless()[name]) == "passed"


@given(st.text(alphabet="<>/!\"'= dc:titlerhpf&;#x0\x00\n", max_size=60))
def test_any_octets_are_read(text: str) -> None:
    found = told(text.encode())
    assert found is None or all(value for _, value in found)
