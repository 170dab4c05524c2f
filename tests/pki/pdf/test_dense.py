"""P5: what is asked of many objects at once is what would be asked of each of them."""

from __future__ import annotations

from collections.abc import Sequence

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from kyso_pki.pdf.ambiguity import ambiguities
from kyso_pki.pdf.dense import MANY, Survey, is_dense, survey
from kyso_pki.pdf.ends import open_at_the_end, open_objects
from kyso_pki.pdf.generations import unusual_between
from kyso_pki.pdf.reader import Reader
from kyso_pki.pdf.standing import astray
from tests.pki.pdf.samples import BODIES, append, stream, table_pdf

PIECES = st.sampled_from((
    b"obj", b" 7 0 obj ", b"endobj", b"\nendobj\n", b"j", b"ndobj", b"trailer<<", b"trail", b"tra", b"ra", b"stream",
    b"/Stream", b"(", b")", b"()", b"\\", b"((a)b)", b"(j)", b"R", b" 0 R", b" 1 R", b"\n0 R", b"5 0 R", b"5 3 R",
    b"%x\n", b"R R", b"5 0 %x\nR", b" ", b"a", b"<</A 1>>", b"xref", b"%%EOF",
))  # fmt: skip
ODD = st.lists(PIECES, max_size=6).map(b"".join)


def seen(reader: Reader, stretch: int) -> tuple[Survey, list[int], dict[int, int]]:
    """What a survey of a file tells, and where its objects and tables stand."""
    offsets: list[Sequence[int]] = []
    alone: list[int] = []
    tables: dict[int, int] = {}
    for revision in reader.revisions:
        for section in revision.sections:
            tables[section.offset] = section.rows_end
            assert list(astray(reader.data, section, offsets, alone)) == []
    end = reader.revisions[-1].end
    bounds = [*sorted({*tables, *(o for places in offsets for o in places)}), end]
    return survey(reader.data, bounds, tables, alone, stretch), bounds, tables


@given(
    st.dictionaries(st.integers(6, 99), ODD, max_size=4), st.sampled_from([300, 2000, 1 << 17]), st.booleans(), ODD
)
@example({9: b"<<>> endobj 7 0 obj <<>>"}, 300, False, b"")
@example({9: b"(stream)"}, 2000, True, b"")
@settings(deadline=None, max_examples=300)
def test_a_survey_tells_what_each_object_tells(
    odd: dict[int, bytes], stretch: int, more: bool, update: bytes
) -> None:
    bodies = {n: BODIES.get(n) or odd.get(n, b"<</N %d/A(b)>>" % n) for n in range(1, 100)}
    data = table_pdf(bodies)
    if more:
        data = append(data, {5: update or b"7", 100: b"<</B 5 0 R>>"})
    reader = Reader(data)
    found, bounds, tables = seen(reader, stretch)
    end = bounds[-1]
    assert found.ends == data.count(b"ndobj", 0, end)
    assert found.seeming == data.count(b"obj", 0, end) - found.ends + data.count(b"trail", 0, end)
    assert found.unusual is unusual_between(data, 0, end)
    told = {i for i, j in found.open for i in range(i, j)}
    for look in (open_objects, open_at_the_end):
        for i, start in enumerate(bounds[:-1]):
            if i not in told and start not in tables:
                assert list(look(reader, reader.last, bounds[i : i + 2], frozenset(tables))) == []


@pytest.mark.parametrize("lead", [b"\n", b"\r\n", b"\r", b" \n", b"\n\n", b"\n%comment\n", b"\n     \n"])
@pytest.mark.parametrize("backwards", [False, True])
def test_neither_the_ends_of_lines_nor_the_order_of_objects_matter(lead: bytes, backwards: bool) -> None:
    out, places = bytearray(b"%PDF-1.7\n"), {}
    for n in sorted(range(1, 200), reverse=backwards):
        places[n] = len(out)
        out += b"%d 0 obj\n%s\nendobj" % (n, BODIES.get(n, b"<</N %d>>" % n)) + lead
    rows = b"".join(b"%010d 00000 n\r\n" % places[n] for n in range(1, 200))
    trailer = b"trailer\n<</Size 200/Root 1 0 R>>\nstartxref\n%d\n%%%%EOF\n" % len(out)
    reader = Reader(bytes(out + b"xref\n0 200\n0000000000 65535 f\r\n" + rows + trailer))
    found, _, _ = seen(reader, 1000)
    assert (found.ends, found.seeming, found.unusual) == (199, 200, False)
    assert len(found.open) == 1  # where the one stream is


USUAL = {n: BODIES.get(n, b"<</N %d/P 1 0 R/S(a(b)c)>>" % n) for n in range(1, MANY + 200)}


def codes(changed: dict[int, bytes]) -> list[str]:
    reader = Reader(table_pdf(USUAL | changed))
    assert is_dense(reader, reader.last)
    return [f.code for f in ambiguities(reader, reader.last)]


@pytest.mark.parametrize(
    ("changed", "told"),
    [
        ({}, []),
        ({4000: b"(5 0 obj)", 4001: b"[9999 0 R]"}, []),  # nothing leads there
        ({1: b"<</Type/Catalog/Pages 2 0 R/A 9999 0 R>>"}, []),
        ({1: b"<</Type/Catalog/Pages 2 0 R/A 9999 0 R>>", 4000: b"(5 0 obj)"}, ["SEEMING_OBJECT"]),
        ({1: b"<</Type/Catalog/Pages 2 0 R/A 9999 0 R>>", 4000: b"(trailer <<)"}, ["SEEMING_OBJECT"]),
        ({1: b"<</Type/Catalog/Pages 2 0 R/A 9999 0 R>>", 4000: b"(trail obj)/XObject"}, []),
        ({1: b"<</Type/Catalog/Pages 2 0 R/A 4000 3 R>>"}, ["SEEMING_OBJECT"]),
        ({1: b"<</Type/Catalog/Pages 2 0 R/A 4000 00 R>>"}, []),
        ({4000: b"<<>>\nendobj\n7 0 obj\n<<>>"}, ["DUPLICATE_OBJECT"]),
        ({4000: b"<<>>\nendobj 7 0 obj <<>>"}, ["DUPLICATE_OBJECT"]),
        ({4000: b"(a"}, ["OPEN_OBJECT"]),
        ({4000: b"(a", 4001: b"b)"}, []),  # closed within the file, and nothing follows
        ({4000: b"(\\)"}, ["OPEN_OBJECT"]),
        ({4000: b"<</Length 9999999>>stream\nendstream"}, ["OPEN_OBJECT"]),
        ({4000: stream(b"a stream (\\")}, []),
    ],
)  # fmt: skip
def test_one_odd_object_among_thousands_is_told(changed: dict[int, bytes], told: list[str]) -> None:
    assert codes(changed) == told


def test_an_object_that_ends_without_its_word_does_not_hide_a_second_one() -> None:
    """An `endobj` less and an object more: the count of `endobj` is right."""
    data = table_pdf({**USUAL, 4000: b"(a)      ", 4001: b"<<>>\nendobj 7 0 obj <<>>"})
    data = data.replace(b"(a)      \nendobj", b"(a)      \n      ")
    reader = Reader(data)
    assert is_dense(reader, reader.last)
    found, _, _ = seen(reader, 1 << 17)
    assert found.ends == MANY + 199
    assert found.seeming == MANY + 199 + 1 + 1
