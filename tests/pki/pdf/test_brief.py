"""Short dictionaries are read as all others are, or left to the reader of all others."""

from __future__ import annotations

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from kyso_pki.errors import KysoError
from kyso_pki.pdf.brief import SHORT, brief_dictionary
from kyso_pki.pdf.objects import read_indirect, read_value, same

TOKENS = st.sampled_from(
    (
        *(b"<<", b">>", b"[", b"]", b"/A", b"/B", b"/A#42", b"/", b"/endobj", b"/stream", b"/R", b"/Typ\x80"),
        *(b"1", b"-1", b"+", b"00", b"1 0 R", b"1 0 Rx", b"1  0 R", b"12345678901 0 R", b"R", b"obj"),
        *(b"12345678901234567890", b"123456789012345678901", b"1.5", b".5", b".", b"-1.", b"1.2.3", b"1e5", b"--1"),
        *(b"true", b"false", b"null", b"nul", b"truex", b"%>>", b"%\n", b"\xc2"),
        *(b"()", b"(a)", b"(a\\)", b"(a\r)", b"((a))", b"(>>)", b"(endobj)", b"(stream)", b"(1 0 R)", b"("),
        *(b"<>", b"<61>", b"<6>", b"<6 1>", b"<6x>", b"<", b">", b")", b"stream", b"endobj"),
    )
)
SPACES = st.sampled_from((b"", b"", b" ", b"\n", b"\0", b"\r\n"))
SOUP = st.lists(st.tuples(TOKENS, SPACES), max_size=12).map(lambda parts: b"".join(b"".join(part) for part in parts))


@given(SOUP, st.sampled_from((b"", b"/A", b"/A<</B", b"/A[")), st.sampled_from((b">>", b"]>>", b">>>>", b"")))
@example(b"1 2 3", b"/A[", b"]>>")
@example(b"123456789012345678901", b"/A[", b"]>>")
@example(b"/A 1/A 2", b"", b">>")
@example(b"[" * 97 + b"]" * 97, b"/A", b">>")
def test_a_dictionary_that_is_read_in_one_go_is_what_it_is_otherwise(soup: bytes, head: bytes, tail: bytes) -> None:
    data = b"x<<" + head + b" " + soup + tail + b"\nendobj\n"
    try:
        found = brief_dictionary(data, 1, b"endobj")
    except KysoError as e:
        with pytest.raises(type(e)) as refused:
            read_value(data, 1)
        assert refused.value.message == e.message
        return
    if found is not None:
        value, end = read_value(data, 1)
        assert same(found[0], value)
        assert found[1] == end


@pytest.mark.parametrize(
    "text",
    [
        b"<</Type/Page/Parent 2 0 R/MediaBox[0 0 595.28 -8.5]/Resources<</Font<</F1 5 0 R>>>>/A(b)/C<0aFF>>>",
        b"<< /Interpolate true /Decode null\n/Length 10 >>",
        b"<<>>",
    ],
)
def test_what_programs_write_is_read_in_one_go(text: bytes) -> None:
    data = b"7 0 obj\n" + text + b"\nendobj\n"
    found = brief_dictionary(data, 8, b"endobj")
    assert found is not None
    assert same(found[0], read_value(data, 8)[0])
    assert data[8 : found[1]] == text


def test_before_a_stream_its_dictionary_is_read_in_one_go_and_its_octets_are_not() -> None:
    data = b"7 0 obj\n<</Length 9>>stream\n<</A 1>>\n\nendstream\nendobj\n"
    found = brief_dictionary(data, 8, b"endobj")
    assert found is not None
    assert found[0] == {"Length": 9}
    assert read_indirect(data, 0).stop == len(data) - 1


def test_a_dictionary_that_ends_far_away_is_left_to_the_other_reader() -> None:
    data = b"<</A(" + b"a" * SHORT + b")>>endobj "
    assert brief_dictionary(data, 0, b"endobj") is None


def test_what_is_read_is_the_callers_alone() -> None:
    data = b"<</A[1 0 R]>>endobj "
    first, second = brief_dictionary(data, 0, b"endobj"), brief_dictionary(data, 0, b"endobj")
    assert first is not None and second is not None
    first[0]["A"] = None
    assert second[0] == {"A": [(1, 0)]}
