"""LZW and run lengths are undone as the standard has it, and what readers could take otherwise is refused."""

from __future__ import annotations

from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kyso_pki.errors import FormatError, LimitExceeded
from kyso_pki.pdf.old_filters import CLEAR, END, undo_lzw, undo_run_lengths

EXAMPLE = bytes.fromhex("800B6050220C0C8501")  # ISO 32000-2 7.4.4.2
MANY = bytes(n * n % 251 for n in range(30_000))  # fills the table several times


def packed(codes: list[tuple[int, int]]) -> bytes:
    """Codes with their lengths in bits."""
    bits = "".join(f"{code:0{size}b}" for code, size in codes)
    bits += "0" * (-len(bits) % 8)
    return int(bits, 2).to_bytes(len(bits) // 8, "big") if bits else b""


def lzw(data: bytes, early: int = 1) -> bytes:
    """By the algorithm of 7.4.4.2, which empties the table before it is full."""
    table = {bytes((n,)): n for n in range(256)}
    codes, size, used, held = [(CLEAR, 9)], 9, 258, b""
    for n in data:
        octet = bytes((n,))
        if held + octet in table:
            held += octet
            continue
        codes.append((table[held], size))
        table[held + octet] = used
        used += 1
        size = max(9, (used - 1 + early).bit_length())
        if used >= 4094:
            codes.append((CLEAR, size))
            table, size, used = {bytes((n,)): n for n in range(256)}, 9, 258
        held = octet
    if held:
        codes.append((table[held], size))
        used += 1
        size = max(9, (used - 1 + early).bit_length())
    return packed([*codes, (END, size)])


def test_the_example_of_the_standard() -> None:
    assert undo_lzw(EXAMPLE, 100, 1) == bytes((45, 45, 45, 45, 45, 65, 45, 45, 45, 66))


@pytest.mark.parametrize("early", [0, 1])
def test_a_table_that_is_filled_and_emptied(early: int) -> None:
    assert undo_lzw(lzw(MANY, early), 1 << 20, early) == MANY


@given(st.binary(max_size=2000), st.sampled_from((0, 1)))
def test_what_was_written_is_read(data: bytes, early: int) -> None:
    assert undo_lzw(lzw(data, early), 1 << 20, early) == data


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (b"", "no end"),
        (EXAMPLE[:-1], "no end"),
        (packed([(CLEAR, 9), (258, 9)]), "not defined"),
        (packed([(CLEAR, 9), (65, 9), (300, 9)]), "not defined"),
        (packed([(CLEAR, 9), (65, 9), (259, 9)]), "not defined"),
    ],
)
def test_lzw_that_readers_take_otherwise_is_refused(data: bytes, words: str) -> None:
    with pytest.raises(FormatError, match=words):
        undo_lzw(data, 1 << 20, 1)


def test_run_lengths() -> None:
    assert undo_run_lengths(b"\x02abc\xfex\x80rest", 100) == b"abcxxx"
    for data in (b"", b"\x02ab", b"\xfe", b"\x00a"):
        with pytest.raises(FormatError, match="no end"):
            undo_run_lengths(data, 100)


@given(st.binary(max_size=300))
def test_any_bytes_are_undone_or_refused(data: bytes) -> None:
    with suppress(FormatError, LimitExceeded):
        assert len(undo_lzw(data, 1000, 1)) <= 1000
    with suppress(FormatError, LimitExceeded):
        assert len(undo_run_lengths(data, 1000)) <= 1000


def test_what_comes_out_is_bounded() -> None:
    with pytest.raises(LimitExceeded):
        undo_lzw(lzw(bytes(10_000)), 1000, 1)
    with pytest.raises(LimitExceeded):
        undo_run_lengths(b"\x81\x00" * 100 + b"\x80", 1000)
