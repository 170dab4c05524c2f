"""P5: what lenient readers see is looked for in bulk; only what could be a reference counts."""

from __future__ import annotations

import random

import pytest

from kyso_pki.pdf.ambiguity import ambiguities
from kyso_pki.pdf.reader import Reader
from kyso_pki.pdf.searching import MAX_SEEMING, has_unusual_references
from kyso_pki.pdf.walk import lost
from tests.pki.pdf.samples import BODIES, SHAPES, deflated, shaped, stream, table_pdf


def unusual(text: bytes) -> bool:
    reader = Reader(table_pdf({**BODIES, 6: b"<</A(%s)>>" % text}))
    return has_unusual_references(reader, reader.last)


@pytest.mark.parametrize(
    "text", [b"5 1 R", b"5 1\nR", b"5\t10 R", b"5 00003\0R", b"5%x\n1 R", b"5 0%x\rR", b"5 0 %x\n%y\n R"]
)
def test_a_reference_of_another_generation_is_seen(text: bytes) -> None:
    assert unusual(text)


@pytest.mark.parametrize(
    "text", [b"5 0 R", b"5\n00\nR", b"5 1 Rg", b"1 R", b"x1 R", b"5.1 R", b"/A R", b"/R R", b"50 R"]
)
def test_what_is_no_such_reference_is_not(text: bytes) -> None:
    assert not unusual(text)


@pytest.mark.parametrize("shape", SHAPES)
def test_an_honest_file_has_none_and_loses_nothing(shape: str) -> None:
    reader = Reader(shaped(shape))
    assert not has_unusual_references(reader, reader.last)
    assert not any(lost(reader))


def test_a_megabyte_of_noise_has_none() -> None:
    noise = random.Random(4).randbytes(1 << 20)  # noqa: S311 - not a secret
    reader = Reader(table_pdf({**BODIES, 6: stream(noise)}))
    assert not has_unusual_references(reader, reader.last)


def test_what_leads_nowhere_is_told_with_what_cannot_be_read() -> None:
    catalog = b"<</Type/Catalog/Pages 2 0 R/A 9 0 R/B 5 2 R/C[6 0 R]/D 7 0 R>>"
    reader = Reader(table_pdf({**BODIES, 1: catalog, 6: b"<</A ]>>", 7: deflated(b"", b"/X<</Y 8 0 R>>")}))
    found = lost(reader)
    assert sorted(found.references) == [(5, 2), (8, 0), (9, 0)]
    assert len(found.unread) == 1


@pytest.mark.parametrize("word", [b"obj", b"\nobj", b"0 obj", b"trailer"])
def test_a_file_full_of_the_word_is_searched_only_so_far(word: bytes) -> None:
    full = stream(word * (MAX_SEEMING + 9))
    catalog = b"<</Type/Catalog/Pages 2 0 R/A 99 0 R/B 6 0 R>>"
    assert list(readings(table_pdf({**BODIES, 6: full}))) == []
    (said,) = readings(table_pdf({**BODIES, 1: catalog, 6: full}))
    assert "object 99, which is missing" in said


def readings(pdf: bytes) -> list[str]:
    return [f.text for f in ambiguities(Reader(pdf), Reader(pdf).last) if f.code == "SEEMING_OBJECT"]
