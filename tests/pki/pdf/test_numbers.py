"""New objects get numbers that nothing which was signed refers to: a promise of the page is not kept by accident."""

from __future__ import annotations

import re

import pytest

from kyso_pki.ades.grow import Sources, extend
from kyso_pki.ades.sign import sign_document
from kyso_pki.document import Intent, Placed
from kyso_pki.errors import KysoError
from kyso_pki.formats import verify_document
from kyso_pki.pdf.document import PdfDocument
from kyso_pki.pdf.numbers import FEW, outside_large_streams, unreferred_from
from kyso_pki.pdf.objects import Ref
from kyso_pki.pdf.reader import Reader
from kyso_pki.pdf.xref import MAX_OBJECT_NUMBER
from tests.attacks.pdf.incremental import _stream_update
from tests.pki.pdf.samples import AT, BODIES, WORLD, deflated, facts, intact, pike, signed, stream, table_pdf


def promising(*numbers: int) -> bytes:
    """A signed page that refers to objects which do not exist; the first free number is 9."""
    promised = b" ".join(b"%d 0 R" % n for n in numbers)
    page = BODIES[3].replace(b"/Contents 4 0 R", b"/Contents 4 0 R/PieceInfo<</X[%s]>>" % promised)
    return signed(table_pdf({**BODIES, 3: page}))


def new_numbers(before: bytes, after: bytes) -> set[int]:
    return {int(n) for n in re.findall(rb"(\d+) 0 obj", after[len(before) :])} - {3, 8}


@pytest.mark.parametrize("numbers", [(9,), (10, 12), tuple(range(9, 40)), (9, 9 + FEW, 9 + 3 * FEW)])
def test_a_second_signature_and_its_evidence_leave_the_first_intact(numbers: tuple[int, ...]) -> None:
    once = promising(*numbers)
    twice = signed(once, WORLD.seal_signer)
    assert all(map(intact, facts(twice)))
    sources = Sources(AT, WORLD.fetcher(AT), trust=WORLD.trust)
    kept = extend(PdfDocument(twice), "B-LTA", timestamper=WORLD.timestamper(AT), sources=sources).data
    for found in facts(kept):
        assert [c.text for c in found.changes_after if not c.allowed] == []
    assert verify_document(kept, trust=WORLD.trust, at=AT).passed
    assert new_numbers(once, kept).isdisjoint(numbers)


def test_a_file_without_promises_gets_the_next_numbers() -> None:
    for pdf in (signed(table_pdf()), signed(pike(object_streams=True))):
        reader = Reader(pdf)
        size = reader.trailer["Size"]
        assert isinstance(size, int)
        assert unreferred_from(reader, size) == size


@pytest.mark.parametrize("promise", [b"6 0 R", b"007 00000 R", b"8\n0\tR"])
def test_first_signature_takes_no_number_that_any_object_refers_to(promise: bytes) -> None:
    """A font, which neither the form nor the first page leads to, refers to an object that does not exist."""
    pdf = table_pdf({**BODIES, 5: BODIES[5][:-2] + b"/Lost[%s]>>" % promise})
    once = signed(pdf)
    assert all(map(intact, facts(once)))
    assert Reader(once).resolve(Ref(int(re.findall(rb"\d+", promise)[0]))) is None


def test_a_number_in_a_reference_that_is_no_token_is_left_out_too() -> None:
    reader = Reader(table_pdf({**BODIES, 5: BODIES[5][:-2] + b"/Lost[6%\n 0 R]>>"}))
    assert unreferred_from(reader, 6, signed=False) == 7


def test_first_signature_takes_no_number_that_a_compressed_object_refers_to() -> None:
    pdf = table_pdf()
    holder = b"7 0 obj\n%s\nendobj\n" % deflated(b"6 0 [9 0 R]", b"/Type/ObjStm/N 1/First 4")
    places = (b"\2", 7), (b"\1", len(pdf)), (b"\1", len(pdf) + len(holder))
    rows = b"".join(kind + place.to_bytes(4, "big") + b"\0" for kind, place in places)
    previous = int(pdf.split()[-2])
    head = b"/Type/XRef/Size 9/W[1 4 1]/Index[6 3]/Root 1 0 R/Prev %d" % previous
    pdf += holder + b"8 0 obj\n%s\nendobj\nstartxref\n%d\n%%%%EOF\n" % (stream(rows, head), places[2][1])
    assert Reader(pdf).resolve(Ref(6)) == [Ref(9)]
    once = signed(pdf)
    assert all(map(intact, facts(once)))
    assert Reader(once).resolve(Ref(9)) is None


def test_data_of_large_streams_are_searched_only_for_a_reader_that_searches_all() -> None:
    """What looks like a reference in an image is none; stray references are searched for in every byte."""
    pdf = table_pdf({**BODIES, 6: stream(b" 7 0 R " * 4096)})
    reader = Reader(pdf)
    (_, start), (end, _) = outside_large_streams(reader)
    assert pdf[start:end] == b" 7 0 R " * 4096
    assert unreferred_from(reader, 7, signed=False) == 7
    assert unreferred_from(reader, 7) == 8


def test_listed_object_inside_a_large_stream_is_searched() -> None:
    inner = b"\n6 0 obj\n[7 0 R]\nendobj\n"
    pdf = table_pdf({**BODIES, 4: stream(b" " * 9000 + inner + b" " * 9000)})
    listed = pdf.replace(b"0 6\n0000000000", b"0 7\n0000000000").replace(b"/Size 6", b"/Size 7")
    rows = listed.index(b"trailer")
    listed = listed[:rows] + b"%010d 00000 n \n" % (pdf.index(inner) + 1) + listed[rows:]
    assert unreferred_from(Reader(listed), 7, signed=False) == 8


def test_promises_in_a_compressed_object_stream_count() -> None:
    holder = deflated(b"20 0 [31 0 R 33 0 R]", b"/Type/ObjStm/N 1/First 5")
    pdf = _stream_update({21: holder}, {20: b"\x02" + (21).to_bytes(4, "big") + b"\x00\x00"})
    assert unreferred_from(Reader(pdf), 31) == 34


def test_a_file_that_promises_every_number_is_refused() -> None:
    numbers = range(9, MAX_OBJECT_NUMBER, FEW // 2)
    with pytest.raises(KysoError, match="refers to all object numbers"):
        signed(promising(*numbers), WORLD.seal_signer)


def test_first_signature_that_shows_something_is_shown_nowhere_else() -> None:
    """/Annots of the page promise an annotation under the number that the signature's widget would get."""
    page = BODIES[3].replace(b"/Contents 4 0 R", b"/Contents 4 0 R/Annots[6 0 R 7 0 R 8 0 R]")
    pdf = table_pdf({**BODIES, 3: page})
    form = b"<</Type/XObject/Subtype/Form/BBox[0 0 10 10]/Length 0>>stream\n\nendstream"
    shown = Placed(0, (10.0, 10.0, 60.0, 30.0), 0, ((form,),))
    seen = sign_document(PdfDocument(pdf), Intent(AT, appearance=shown), WORLD.person_signer)
    assert all(map(intact, facts(seen)))
    assert new_numbers(pdf, seen) & set(range(4, 9)) == set()
    plain = sign_document(PdfDocument(table_pdf()), Intent(AT, appearance=shown), WORLD.person_signer)
    assert {6, 7} < new_numbers(table_pdf(), plain)
