"""Numbers read and written column by column are those that are read and written one by one."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kyso_pki.pdf.columns import FEW, decimals, headers, unsigned

COUNTS = st.integers(1, 3 * FEW)


@given(st.data(), COUNTS, st.sampled_from([10**3, 10**7, 10**8 - 1, 10**8, 10**10 - 1]))
@settings(deadline=None, max_examples=60)
def test_ten_digits_are_the_number_that_they_write(data: st.DataObject, count: int, largest: int) -> None:
    numbers = data.draw(st.lists(st.integers(0, largest), min_size=count, max_size=count))
    rows = b"".join(b"ab%010dxyz" % n for n in numbers)
    assert list(decimals(rows, 2, 15)) == numbers


@given(st.data(), COUNTS, st.integers(0, 8))
@settings(deadline=None, max_examples=60)
def test_bytes_are_the_number_that_they_write(data: st.DataObject, count: int, width: int) -> None:
    numbers = data.draw(st.lists(st.integers(0, 256**width - 1), min_size=count, max_size=count))
    rows = b"".join(b"a" + n.to_bytes(width, "big") + b"xy" for n in numbers)
    assert list(unsigned(rows, 1, width, width + 3)) == numbers


@pytest.mark.parametrize("count", [1, FEW, FEW + 1, 1000, 20_000])
@pytest.mark.parametrize("first", [1, 5, 10, 99, 100, 4711, 10_000, 99_990, 123_456, 8_300_000])
def test_headers_are_those_of_each_object(first: int, count: int) -> None:
    numbers = range(first, min(first + count, 10 ** len(str(first))))
    assert headers(numbers) == b"".join(b"%d 0 obj" % n for n in numbers)


def test_headers_of_numbers_with_gaps_are_those_of_each_object() -> None:
    numbers = [n for n in range(1000, 9000) if n % 7]
    assert headers(numbers) == b"".join(b"%d 0 obj" % n for n in numbers)
