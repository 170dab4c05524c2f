"""The object layer: what is read is what was written, where it stands is exact, and odd input is refused."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kyso_pki.errors import FormatError, LimitExceeded
from kyso_pki.pdf.objects import (
    Dictionary,
    Ref,
    Stream,
    Value,
    decode_date,
    decode_text,
    encode_date,
    encode_text,
    read_indirect,
    read_value,
    same,
    serialize,
    value_spans,
)

NAMES = st.text(st.characters(min_codepoint=1, max_codepoint=255), max_size=12)
ATOMS = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(-(10**18), 10**18),
    st.integers(-(10**12), 10**12).map(lambda n: n / 1024),
    st.binary(max_size=24),
    NAMES,
    st.builds(Ref, st.integers(0, 10**9), st.integers(0, 65535)),
)
VALUES: st.SearchStrategy[Value] = st.recursive(
    ATOMS, lambda inner: st.lists(inner, max_size=4) | st.dictionaries(NAMES, inner, max_size=4), max_leaves=20
)


@given(VALUES)
def test_what_is_written_is_read_back(value: Value) -> None:
    written = serialize(value)
    found, end = read_value(written, 0)
    assert same(found, value)
    assert end == len(written)


@given(VALUES, st.sampled_from([b" ", b"\r\n", b"%x\n", b"\x00\t"]))
def test_white_space_and_comments_change_nothing(value: Value, space: bytes) -> None:
    written = space + serialize(value) + space
    found, end = read_value(written, 0)
    assert same(found, value)
    assert end == len(written) - len(space)


@given(st.dictionaries(NAMES, VALUES, max_size=5))
def test_the_span_of_each_value_is_exactly_its_text(dictionary: Dictionary) -> None:
    written = b"  " + serialize(dictionary)
    spans, end = value_spans(written, 0)
    assert end == len(written)
    assert {k: written[a:b] for k, (a, b) in spans.items()} == {k: serialize(v) for k, v in dictionary.items()}


@settings(max_examples=300)
@given(st.lists(st.sampled_from([*b"<>[](){}/%# \n\\012aRobj", 0xFF]), max_size=40).map(bytes))
def test_any_bytes_are_a_value_or_a_format_error(data: bytes) -> None:
    try:
        _, end = read_value(data, 0)
    except FormatError:
        return
    assert 0 < end <= len(data)


@pytest.mark.parametrize(
    ("written", "value"),
    [
        (b"(a(b)c)", b"a(b)c"),
        (b"(a\\(b\\)\\\\)", b"a(b)\\"),
        (b"(\\101\\7x\\0053)", b"A\x07x\x053"),
        (b"(a\\\r\nb)", b"ab"),
        (b"(a\r\nb\rc)", b"a\nb\nc"),
        (b"(\\n\\r\\t\\b\\f\\q)", b"\n\r\t\x08\x0cq"),
        (b"<41 4>", b"A@"),
        (b"<>", b""),
        (b"/A#42C", "ABC"),
        (b"/", ""),
        (b"+5", 5),
        (b"-.5", -0.5),
        (b"4.", 4.0),
        (b"[1 0 R 2]", [Ref(1, 0), 2]),
        (b"[1 0 2]", [1, 0, 2]),
    ],
)
def test_the_forms_of_the_standard_are_read(written: bytes, value: Value) -> None:
    found, end = read_value(written, 0)
    assert same(found, value)
    assert end == len(written)


@pytest.mark.parametrize(
    "written",
    [
        b"",
        b"   ",
        b"<</A>>",
        b"<</A 1/B>>",
        b"<</A 1/A 2>>",
        b"<</A 1/#41 2>>",
        b"<<(A) 1>>",
        b"<</A 1]",
        b"[1 2",
        b"]",
        b">>",
        b"--5",
        b"1e5",
        b"1.2.3",
        b"5x",
        b"123456789012345678901",
        b"(open",
        b"(open\\)",
        b"<41",
        b"<4g>",
        b"/A#4",
        b"/A#zz",
        b"/A#00",
        b"truex",
        b"{",
        b"1 0 obj",
    ],
)
def test_what_two_readers_could_read_differently_is_refused(written: bytes) -> None:
    if written == b"1 0 obj":
        assert read_value(written, 0) == (1, 1)  # a number; the rest is for the caller
        return
    with pytest.raises(FormatError):
        read_value(written, 0)


def test_nesting_and_names_without_end_are_refused() -> None:
    with pytest.raises(LimitExceeded, match="nesting"):
        read_value(b"[" * 100_000, 0)
    with pytest.raises(LimitExceeded, match="name"):
        read_value(b"/" + b"a" * 100_000, 0)


def test_one_is_neither_true_nor_one_point_zero() -> None:
    assert same([1, {"A": b"x"}], [1, {"A": b"x"}])
    for other in (True, 1.0, b"1", "1"):
        assert not same(1, other)
    assert not same([1], [1, 1])
    assert not same({"A": 1}, {"B": 1})
    assert not same("A", b"A")


def exactly_the_same(a: Value, b: Value) -> bool:
    """What `same` says, item by item."""
    if type(a) is not type(b):
        return False
    if isinstance(a, list) and isinstance(b, list):
        return len(a) == len(b) and all(exactly_the_same(x, y) for x, y in zip(a, b, strict=True))
    return a == b


ALIKE = st.sampled_from((Ref(1), Ref(1, 1), Ref(0), "a", b"a", 1, 1.0, True, False, 0, None))


@given(
    st.lists(ALIKE | st.lists(ALIKE, max_size=2), max_size=3),
    st.lists(ALIKE | st.lists(ALIKE, max_size=2), max_size=3),
)
@settings(max_examples=300)
def test_lists_are_the_same_where_all_their_items_are(a: list[Value], b: list[Value]) -> None:
    assert same(a, b) is exactly_the_same(a, b)
    assert same(a, list(a))


def test_an_indirect_object_has_its_bounds() -> None:
    data = b"xx 12 3 obj % comment\n<</A 1>>\nendobj\n"
    found = read_indirect(data, 3)
    assert (found.number, found.generation, found.value) == (12, 3, {"A": 1})
    assert data[found.start : found.end] == found.raw == b"<</A 1>>"
    assert (found.offset, found.stop) == (3, len(data) - 1)


def test_a_stream_ends_where_its_length_says() -> None:
    data = b"1 0 obj<</Length 3>>stream\r\nabc\r\nendstream endobj"
    value = read_indirect(data, 0).value
    assert isinstance(value, Stream)
    assert value.raw == b"abc"


@pytest.mark.parametrize(
    "data",
    [
        b"1 0 obj<</Length 2>>stream\nabc\nendstream endobj",
        b"1 0 obj<</Length 5>>stream\nabc\nendstream endobj",
        b"1 0 obj<</Length -1>>stream\nabc\nendstream endobj",
        b"1 0 obj<</Length 3.0>>stream\nabc\nendstream endobj",
        b"1 0 obj<<>>stream\nabc\nendstream endobj",
        b"1 0 obj<</Length 99999>>stream\nabc\nendstream endobj",
        b"1 0 obj[3]stream\nabc\nendstream endobj",
        b"1 0 obj<</Length 3>>stream\rabc\nendstream endobj",
        b"1 0 obj<</Length 3>>stream\nabc\nendstream",
        b"1 0 obj<</Length 3>>stream\nabcendstreamendobj",
        b"1 0 obj 5",
        b"1 0 object 5 endobj",
        b" 1 0 obj 5 endobj",
        b"1 obj 5 endobj",
    ],
)
def test_a_malformed_indirect_object_is_refused(data: bytes) -> None:
    with pytest.raises(FormatError):
        read_indirect(data, 0)


@given(st.text(max_size=40))
def test_text_survives_its_encoding(text: str) -> None:
    encoded = encode_text(text)
    if not any(0xD800 <= ord(c) <= 0xDFFF for c in text):
        assert decode_text(encoded) == text


def test_text_with_diacritics_is_utf16_and_ascii_stays_ascii() -> None:
    assert encode_text("Phê duyệt").startswith(b"\xfe\xff")
    assert encode_text("Approved") == b"Approved"
    assert decode_text(b"\xef\xbb\xbf" + "Sở".encode()) == "Sở"
    assert decode_text(b"\x80\xa0\xe9") == "•€é"


@given(st.datetimes(datetime(1950, 1, 1), datetime(2090, 1, 1)), st.integers(-14 * 60, 14 * 60))  # noqa: DTZ001 - the zone is added below
def test_a_date_survives_its_encoding(moment: datetime, minutes: int) -> None:
    value = moment.replace(microsecond=0, tzinfo=timezone(timedelta(minutes=minutes)))
    assert decode_date(encode_date(value)) == value


@pytest.mark.parametrize(
    ("text", "value"),
    [
        (b"D:20260102030405+07'00'", datetime(2026, 1, 1, 20, 4, 5, tzinfo=UTC)),
        (b"D:20260102030405+07'00", datetime(2026, 1, 1, 20, 4, 5, tzinfo=UTC)),
        (b"D:20260102030405-0030", datetime(2026, 1, 2, 3, 34, 5, tzinfo=UTC)),
        (b"D:20260102030405Z00'00'", datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)),
        (b"D:20260102030405Z'", datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)),  # LibreOffice
        (b"20260102", datetime(2026, 1, 2, tzinfo=UTC)),
        (b"D:2026", datetime(2026, 1, 1, tzinfo=UTC)),
        (b"D:20261301", None),
        (b"D:20260102030405+99'00'", None),
        (b"yesterday", None),
        (b"D:00000000", None),
    ],
)
def test_dates_as_writers_write_them(text: bytes, value: datetime | None) -> None:
    assert decode_date(text) == value
