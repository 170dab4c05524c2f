"""The strict reader: every shape of file that writers make is read, nothing is repaired, and work has bounds."""

from __future__ import annotations

import io
import random
import re
import zlib

import pikepdf
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from kyso_pki.errors import EncryptedDocument, FormatError, LimitExceeded
from kyso_pki.pdf.columns import FEW
from kyso_pki.pdf.filters import Budget, decode
from kyso_pki.pdf.objects import Dictionary, Ref, Stream
from kyso_pki.pdf.reader import Reader
from kyso_pki.pdf.xref import COMPRESSED, PLAIN, read_section
from tests.pki.pdf.samples import (
    BODIES,
    SHAPES,
    append,
    deflated,
    facts,
    intact,
    pike,
    shaped,
    signed,
    stream,
    table_pdf,
)
from tests.work import counted


@pytest.mark.parametrize("shape", SHAPES)
def test_every_shape_of_file_is_read(shape: str) -> None:
    reader = Reader(shaped(shape))
    pages = reader.dictionary(reader.catalog()["Pages"])
    assert pages["Type"] == "Pages"
    assert len(reader.revisions) == (2 if shape == "hybrid in two" else 1)
    assert reader.trailing == 0
    assert reader.revisions[-1].end == len(reader.data)


@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize("as_stream", [False, True])
def test_each_revision_is_seen_as_it_was(shape: str, as_stream: bool) -> None:
    first = shaped(shape)
    number = Reader(first).root_ref().number
    catalog = Reader(first).fetch(number)
    assert catalog is not None
    second = append(first, {number: catalog.raw[:-2] + b"/Lang(vi)>>"}, as_stream=as_stream)
    third = append(second, {number: catalog.raw[:-2] + b"/Lang(en)>>"}, as_stream=not as_stream)
    reader = Reader(third)
    assert [r.end for r in reader.revisions[-3:]] == [len(first), len(second), len(third)]
    assert [reader.catalog(r.index).get("Lang") for r in reader.revisions[-3:]] == [None, b"vi", b"en"]


@pytest.mark.parametrize("shape", ["hybrid", "hybrid in two"])
def test_an_entry_is_taken_from_the_object_stream_of_a_hybrid_file(shape: str) -> None:
    reader = Reader(shaped(shape))
    entry = reader.entry(5)
    assert entry is not None
    assert entry.kind == COMPRESSED
    assert reader.dictionary(Ref(5))["BaseFont"] == "Helvetica"


def test_a_freed_object_is_null_and_was_there_before() -> None:
    data = append(table_pdf(), {}, freed=(5,))
    reader = Reader(data)
    assert reader.entry(5) is None
    assert reader.resolve(Ref(5)) is None
    before = reader.entry(5, 0)
    assert before is not None
    assert before.kind == PLAIN


def remarked(remark: bytes) -> bytes:
    """A file with something between its trailer and startxref."""
    head, mark, tail = table_pdf().rpartition(b"startxref")
    return head + remark + mark + tail


@pytest.mark.parametrize(
    "remark",
    [
        b"%iText-5.5.13.3\n",
        b"%iText-Core-8.0.1-SNAPSHOT\r\n",
        b"%EndExifToolUpdate 431\n",
        b"\n%iText-9.0.0\n%a second\n",
    ],
)
def test_a_program_may_say_its_name_before_startxref(remark: bytes) -> None:
    assert Reader(remarked(remark)).revisions[0].eof == len(remarked(remark)) - 1
    assert intact(facts(signed(remarked(remark)))[0])


@pytest.mark.parametrize(
    "remark",
    [
        b"iText\n",
        b"%%EOF\n",
        b"%iText startxref 9 %%EOF\n",
        b"%iText 4 0 obj\n",
        b"%iText trailer\n",
        b"%iText <</Root 9 0 R>>\n",
        b"%iText endstream\n",
        b"%" + b"i" * 200 + b"\n",
        b"%i\n" * 5,
    ],
)
def test_nothing_else_stands_before_startxref(remark: bytes) -> None:
    with pytest.raises(FormatError, match="no `startxref`"):
        Reader(remarked(remark))


def test_a_reference_of_another_generation_is_null() -> None:
    assert Reader(table_pdf()).resolve(Ref(5, 1)) is None


@pytest.mark.parametrize(
    ("what", "change"),
    [
        ("bytes before the header", lambda d: b"junk\n" + d),
        ("no header", lambda d: d[9:]),
        ("cut off", lambda d: d[:-30]),
        ("no %%EOF", lambda d: d.replace(b"%%EOF", b"%%EEF")),
        ("startxref beyond the end", lambda d: d[: d.rindex(b"startxref")] + b"startxref\n99999999\n%%EOF\n"),
        ("startxref one byte off", lambda d: d.replace(b"startxref\n", b"startxref\n1")),
        ("a table entry of 19 bytes", lambda d: d.replace(b" n \n", b" n\n", 1)),
        ("a letter in an offset", lambda d: d.replace(b"0000000015", b"00000000x5", 1)),
        ("another mark than n or f", lambda d: d.replace(b" 00000 n \n", b" 00000 m \n", 1)),
        ("a wrong count of entries", lambda d: d.replace(b"xref\n0 6\n", b"xref\n0 7\n", 1)),
        ("an entry beyond /Size", lambda d: d.replace(b"/Size 6", b"/Size 5")),
        ("a /Size of nothing", lambda d: d.replace(b"/Size 6", b"/Sise 6")),
        ("no catalog named", lambda d: d.replace(b"/Root 1", b"/Rott 1")),
        ("the catalog elsewhere", lambda d: d.replace(b"/Root 1", b"/Root 4")),
        ("a catalog under another number", lambda d: d.replace(b"1 0 obj", b"9 0 obj", 1)),
        ("trailer without dictionary", lambda d: d.replace(b"trailer\n<<", b"trailer\n[<", 1)),
        ("/Prev that is no number", lambda d: d.replace(b"/Size 6", b"/Prev 1.5/Size 6")),
    ],
)
def test_a_damaged_file_is_refused_and_never_rebuilt(what: str, change: object) -> None:
    assert callable(change)
    damaged = change(table_pdf())
    assert damaged != table_pdf()
    with pytest.raises(FormatError) as caught:
        Reader(damaged)
    assert "kyso repair" in str(caught.value), what


def test_an_encrypted_file_is_named_as_such() -> None:
    target = io.BytesIO()
    with pikepdf.open(io.BytesIO(pike())) as opened:
        opened.save(target, encryption=pikepdf.Encryption(owner="o", user="u"))
    with pytest.raises(EncryptedDocument, match="encrypted"):
        Reader(target.getvalue())


def test_an_object_under_another_number_is_refused_when_it_is_asked_for() -> None:
    reader = Reader(table_pdf().replace(b"5 0 obj", b"6 0 obj", 1))
    with pytest.raises(FormatError, match="but 6 0 is there"):
        reader.fetch(5)


def test_a_chain_of_references_has_an_end() -> None:
    reader = Reader(table_pdf({**BODIES, 4: b"5 0 R", 5: b"4 0 R"}))
    with pytest.raises(FormatError, match="circle"):
        reader.resolve(Ref(4))


def test_a_revision_whose_startxref_names_another_place_is_refused() -> None:
    first = append(table_pdf(), {5: BODIES[5]})
    at = first.rindex(b"startxref\n") + 10
    with pytest.raises(FormatError, match="not a whole update"):
        Reader(append(first, {4: BODIES[4]}).replace(first[at:], b"0".ljust(len(first[at:]) - 6) + b"%%EOF\n", 1))


def test_a_circle_of_cross_references_is_refused() -> None:
    data = table_pdf()
    start = data.rindex(b"xref\n0")
    with pytest.raises(FormatError, match="circle"):
        Reader(data.replace(b"/Size 6", b"/Prev %d/Size 6" % start))


def test_an_object_stream_that_depends_on_itself_is_refused() -> None:
    member = b"5 0 60"
    body = b"<</Type/ObjStm/N 1/First 4/Length 5 0 R>>stream\n%s\nendstream" % member
    data = bytearray(shaped("hybrid"))
    old = bytes(data)
    begin, end = old.index(b"6 0 obj\n") + 8, old.index(b"endobj", old.index(b"6 0 obj\n"))
    room = end - begin - 1
    data[begin : begin + room] = body.ljust(room)
    reader = Reader(bytes(data))
    with pytest.raises(FormatError, match="depends on itself"):
        reader.fetch(5)


# Filters and limits (class R1)


@pytest.mark.parametrize("predictor", [10, 11, 12, 13, 14, 15])
@pytest.mark.parametrize("pixel", [1, 3])
def test_png_predictors_are_undone(predictor: int, pixel: int) -> None:
    width, rows = 4 * pixel, 7
    plain = random.Random(predictor).randbytes(width * rows)  # noqa: S311 - not a secret
    predicted = _png_filtered(
        plain, width, pixel, [predictor - 10] * rows if predictor < 15 else [0, 1, 2, 3, 4, 2, 1]
    )
    found = decode(_flate(predicted, predictor, pixel), Budget(0))
    assert found == plain


def _png_filtered(plain: bytes, width: int, pixel: int, kinds: list[int]) -> bytes:
    """RFC 2083 6, written the long way."""
    out = bytearray()
    for r, kind in enumerate(kinds):
        row = plain[r * width : (r + 1) * width]
        above = plain[(r - 1) * width : r * width] if r else bytes(width)
        out.append(kind)
        for i, value in enumerate(row):
            a = row[i - pixel] if i >= pixel else 0
            c = above[i - pixel] if i >= pixel else 0
            b = above[i]
            nearest = min((abs(b - c), 0, a), (abs(a - c), 1, b), (abs(a + b - 2 * c), 2, c))[2]
            guess = {0: 0, 1: a, 2: b, 3: (a + b) // 2, 4: nearest}[kind]
            out.append((value - guess) % 256)
    return bytes(out)


def _flate(data: bytes, predictor: int = 1, colors: int = 1) -> Stream:
    raw = zlib.compress(data, 9)
    parameters: Dictionary = {"Predictor": predictor, "Colors": colors, "Columns": 4}
    return Stream({"Filter": "FlateDecode", "DecodeParms": parameters}, raw, 0, len(raw))


def test_flate_data_that_grow_without_measure_are_refused() -> None:
    with pytest.raises(LimitExceeded, match="decodes to more than"):
        decode(_flate(bytes(50_000_000)), Budget(0))


def test_all_streams_of_a_file_share_one_budget() -> None:
    budget = Budget(0)
    for _ in range(64):
        decode(_flate(bytes(1 << 20)), budget)
    with pytest.raises(LimitExceeded):
        decode(_flate(bytes(1 << 20)), budget)


@pytest.mark.parametrize(
    "entries", [b"/Filter/LZWDecode", b"/Filter/JBIG2Decode", b"/Filter[/FlateDecode/DCTDecode]"]
)
def test_filters_that_only_pictures_need_are_not_run(entries: bytes) -> None:
    data = append(table_pdf(), {5: stream(zlib.compress(b"x"), entries)})
    value = Reader(data).resolve(Ref(5))
    assert isinstance(value, Stream)
    with pytest.raises(FormatError, match="not read here"):
        decode(value, Budget(0))


@pytest.mark.parametrize(
    "entries",
    [
        b"/Size 300000000000000/W[1 4 2]",
        b"/Size 8000000/W[1 4 2]",
        b"/Size 9/W[1 0 2]",
        b"/Size 9/W[1 9 2]",
        b"/Size 9/W[2 4 2]",
        b"/Size 9/W[1 4]",
        b"/Size 9/W[1 4 -2]",
        b"/Size 9/W[1 4.0 2]",
        b"/Size 9/W[1 4 2]/Index[0 9 9]",
        b"/Size 9/W[1 4 2]/Index[0 -9]",
        b"/Size 9/W[1 4 2]/Index[0 1 0 1]",
        b"/Size 9/W[1 4 2]/Index[0 8388609]",
        b"/Size 1/W[1 4 2]/Index[0 2]",
    ],
)
def test_a_cross_reference_stream_that_lies_about_its_size_is_refused_at_once(entries: bytes) -> None:
    data = table_pdf()
    start = len(data)
    data += b"6 0 obj\n%s\nendobj\n" % deflated(bytes(14), b"/Type/XRef/Root 1 0 R" + entries)
    with counted() as work, pytest.raises(FormatError):
        Reader(data + b"startxref\n%d\n%%%%EOF\n" % start)
    assert work.calls < 1_000


def test_a_file_of_many_objects_is_opened_without_visiting_them() -> None:
    data = pike(many=20_000)
    with counted() as work:
        Reader(data)
    assert work.calls < 2_000


def test_more_revisions_than_anyone_makes_are_refused() -> None:
    data = bytearray(table_pdf())
    at = data.rindex(b"xref\n0")
    for _ in range(1100):
        start = len(data)
        data += b"xref\n0 0\ntrailer\n<</Size 6/Root 1 0 R/Prev %d>>\nstartxref\n%d\n%%%%EOF\n" % (at, start)
        at = start
    with pytest.raises(LimitExceeded, match="revisions"):
        Reader(bytes(data))


def test_an_empty_stream_is_empty_whatever_its_filter() -> None:
    """qpdf writes the content of a blank page as no octets with /FlateDecode."""
    pdf = table_pdf({**BODIES, 4: b"<</Length 0/Filter/FlateDecode>>stream\n\nendstream"})
    found = Reader(pdf).resolve(Ref(4))
    assert isinstance(found, Stream)
    assert decode(found, Budget(len(pdf))) == b""


ODD = st.tuples(st.integers(0, 299), st.integers(0, 19), st.sampled_from(b"0n f\r\n1a\x002"))
ROW = re.compile(rb"[0-9]{10} [0-9]{5} [nf](?: \r| \n|\r\n)").fullmatch


@given(
    st.sampled_from([2, FEW, FEW + 1, 300]),
    st.sampled_from([b" \n", b" \r", b"\r\n"]),
    st.dictionaries(st.integers(0, 1), ODD, max_size=2),
)
@example(300, b"\r\n", {0: (299, 19, 0x20)})
@example(300, b" \n", {0: (299, 18, 0x30)})
@settings(deadline=None, max_examples=200)
def test_a_table_is_read_when_each_of_its_rows_is_one(
    many: int, ending: bytes, odd: dict[int, tuple[int, int, int]]
) -> None:
    rows = [bytearray(b"0000000000 65535 f" + ending)] + [bytearray(b"%010d 00000 n" % 9 + ending)] * (many - 1)
    rows = [bytearray(row) for row in rows]
    for row, column, octet in odd.values():
        rows[row % many][column] = octet
    start = b"%PDF-1.7\n1 0 obj\n<<>>\nendobj\n"
    table = b"xref\n0 %d\n" % many + b"".join(rows) + b"trailer\n<</Size %d/Root 1 0 R>>\n" % many
    data = start + table + b"startxref\n%d\n%%%%EOF\n" % len(start)
    if all(map(ROW, rows)):
        assert read_section(data, len(start), Budget(len(data))).count == many
    else:
        with pytest.raises(FormatError, match="malformed"):
            read_section(data, len(start), Budget(len(data)))


def _linearized_hybrid(*, behind: bool = False) -> bytes:
    """Linearized, with the font in an object stream that the first table's /XRefStm tells of: it stands behind it.

    `behind`: the stream that /XRefStm names stands behind the main table too.
    """
    bodies = {
        8: b"<</Linearized 1>>",
        **{n: BODIES[n] for n in (1, 2, 3, 4)},
        6: stream(b"5 0 " + BODIES[5], b"/Type/ObjStm/N 1/First 4"),
        7: stream(b"\x02\x00\x06\x00", b"/Type/XRef/Size 8/W[1 2 1]/Index[5 1]/Root 1 0 R"),
    }
    offsets = dict.fromkeys((*bodies, "first", "main"), 0)
    for _ in range(2):  # the second time every offset is known
        out = bytearray(b"%PDF-1.7\n")
        for number, body in bodies.items():
            if number == 7 and behind:
                continue
            offsets[number] = len(out)
            out += b"%d 0 obj\n%s\nendobj\n" % (number, body)
            if number == 8:
                offsets["first"] = len(out)
                out += b"xref\n8 1\n%010d 00000 n \n" % offsets[8]
                words = (offsets["main"], offsets[7])
                out += b"trailer\n<</Size 9/Root 1 0 R/Prev %08d/XRefStm %08d>>\nstartxref\n0\n%%%%EOF\n" % words
        offsets["main"] = len(out)
        out += b"xref\n0 8\n0000000000 65535 f \n"
        out += b"".join(b"%010d 00000 %s \n" % (offsets.get(n, 0), b"f" if n == 5 else b"n") for n in range(1, 8))
        out += b"trailer\n<</Size 8/Root 1 0 R>>\n"
        if behind:
            offsets[7] = len(out)
            out += b"7 0 obj\n%s\nendobj\n" % bodies[7]
        out += b"startxref\n%d\n%%%%EOF\n" % offsets["first"]
    return bytes(out)


def test_the_first_table_of_a_linearized_hybrid_stands_before_its_stream() -> None:
    """As the Adobe PDF Library writes it (7.5.8.4, annex F)."""
    font = Reader(_linearized_hybrid()).dictionary(Ref(5))
    assert font["BaseFont"] == "Helvetica"


def test_a_stream_of_a_hybrid_behind_all_tables_is_refused() -> None:
    with pytest.raises(FormatError, match="does not point before its table"):
        Reader(_linearized_hybrid(behind=True))
