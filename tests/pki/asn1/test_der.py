"""DER: what is written is read back; what is not DER is refused (X.690, attack classes C9 and R2)."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from kyso_pki.asn1 import der
from kyso_pki.errors import FormatError, KysoError, LimitExceeded


@given(st.integers())
@example(-128)
@example(127)
@example(128)
@example(0)
def test_integers_survive_a_round_trip(value: int) -> None:
    assert der.read(der.integer(value)).integer() == value


@given(st.integers(0, 2), st.lists(st.integers(0, 1 << 40), min_size=1, max_size=8), st.integers(0, 39))
def test_object_identifiers_survive_a_round_trip(first: int, arcs: list[int], second: int) -> None:
    dotted = ".".join(map(str, (first, second, *arcs)))
    assert der.read(der.oid(dotted)).oid() == dotted


@given(st.binary(max_size=70_000))
def test_octet_strings_of_any_length_survive_a_round_trip(value: bytes) -> None:
    assert der.read(der.octet_string(value)).octets() == value


@given(st.datetimes(datetime(1950, 1, 1), datetime(2100, 1, 1)))  # noqa: DTZ001 - hypothesis wants naive bounds
def test_times_survive_a_round_trip(naive: datetime) -> None:
    time = naive.replace(tzinfo=UTC)
    assert der.read(der.generalized_time(time)).time() == time
    assert der.read(der.utc_or_generalized_time(time)).time() == time.replace(microsecond=0)


@given(st.binary(max_size=200))
def test_any_bytes_are_read_or_refused_with_an_error_of_ours(data: bytes) -> None:
    try:
        stack = [der.read(data)]
        while stack:
            element = stack.pop()
            if element.tag & 0x20:
                stack += element.children()
    except KysoError:
        return
    assert data  # nothing was read from nothing


@pytest.mark.parametrize(
    ("encoded", "why"),
    [
        ("", "no bytes"),
        ("30", "cut off"),
        ("3003020105" + "00", "follow the end"),
        ("3080020105" + "0000", "indefinite"),
        ("30810302010500", "not minimal"),
        ("30820003020105", "not minimal"),
        ("3005020105", "says 5 bytes"),
        ("1f8101020105", "high tag"),
        ("30880000000000000001" + "00", "not minimal"),
        ("3089000000000000000001" + "00", "too large"),
    ],
)
def test_what_is_not_der_is_refused(encoded: str, why: str) -> None:
    with pytest.raises(FormatError, match=why):
        der.read(bytes.fromhex(encoded))


@pytest.mark.parametrize("encoded", ["0200", "02020001", "0202ff80"])
def test_integers_that_are_empty_or_not_minimal_are_refused(encoded: str) -> None:
    with pytest.raises(FormatError, match="INTEGER"):
        der.read(bytes.fromhex(encoded)).integer()


@pytest.mark.parametrize(
    "text", ["20260101000000.50Z", "202601010000Z", "20260101000000", "20260101000000+0700", "20261301000000Z"]
)
def test_generalized_times_not_in_der_form_are_refused(text: str) -> None:
    with pytest.raises(FormatError, match="not a time"):
        der.read(der.tlv(der.GENERALIZED_TIME, text.encode())).time()


def test_nesting_deeper_than_the_limit_is_refused() -> None:
    data = b""
    for _ in range(der.MAX_DEPTH + 2):
        data = der.sequence(data)
    element = der.read(data)
    with pytest.raises(LimitExceeded, match="deeper"):
        while True:
            element = element.reader().take()


def test_a_time_without_a_zone_is_not_written() -> None:
    with pytest.raises(ValueError, match="zone"):
        der.generalized_time(datetime(2026, 1, 1))  # noqa: DTZ001 - that is the point


def test_times_are_written_in_utc() -> None:
    from datetime import timezone

    hanoi = datetime(2026, 11, 23, 10, 0, tzinfo=timezone(timedelta(hours=7)))
    assert der.utc_or_generalized_time(hanoi) == der.tlv(der.UTC_TIME, b"261123030000Z")


@pytest.mark.parametrize(
    "text", ["", "1", "-1.2", "1.-2", "abc", "1.2.", "3.1", "1.40", "1.02", "1.2 ", "1." + "9" * 80]
)
def test_what_is_no_object_identifier_is_not_written(text: str) -> None:
    with pytest.raises(FormatError, match="not an object identifier"):
        der.oid(text)


def test_numbers_and_lists_beyond_all_use_are_refused_before_they_are_made() -> None:
    """R2: Python refuses to print an int of 4300 digits, and every element becomes an object."""
    largest = der.integer(1 << 8 * der.MAX_INTEGER_OCTETS - 2)
    assert str(der.read(largest).integer())
    with pytest.raises(LimitExceeded, match="INTEGER"):
        der.read(der.integer(1 << 8 * der.MAX_INTEGER_OCTETS)).integer()
    assert len(der.read(der.sequence(der.null() * der.MAX_CHILDREN)).children()) == der.MAX_CHILDREN
    with pytest.raises(LimitExceeded, match="elements"):
        der.read(der.sequence(der.null() * (der.MAX_CHILDREN + 1))).children()
