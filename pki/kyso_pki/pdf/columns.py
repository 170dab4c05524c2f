"""Whole numbers of tables with tens of thousands of rows, read and written column by column.

`int()` on one row after the other costs some 100 ns each, more than hashing the object that the row is about. A slice
with a step takes one column out of all rows, and arithmetic on a single long `int` with a lane for each row works on
all of them, a few nanoseconds for each.
"""

from __future__ import annotations

import sys
from array import array
from binascii import unhexlify
from collections.abc import Sequence
from functools import lru_cache
from typing import Final

FEW: Final = 64  # rows up to which one after the other is faster
_DIGITS: Final = 10
_LANE: Final = 8  # bytes: room for ten digits, and for the widest field of a cross-reference stream
_HALF_LANE: Final = 4
_MASKED: Final = 1 << 14  # lanes for which masks are made: the rows that are taken apart at a time
_OBJ: Final = b" 0 obj"
_PAIRS: Final = bytes(int(f"{n:02x}") if f"{n:02x}".isdecimal() else 0 for n in range(256))  # 0x45 is 45


def decimals(rows: bytes, at: int, stride: int) -> array[int]:
    """The number whose ten digits stand from `at` on in each row of `stride` bytes."""
    count = len(rows) // stride
    if count <= FEW:
        return array("Q", [int(rows[i : i + _DIGITS]) for i in range(at, count * stride, stride)])
    columns = [rows[at + k :: stride] for k in range(_DIGITS)]
    zeros = b"0" * count  # compared at once, where `strip` would go through all of them
    if columns[0] == zeros == columns[1]:
        return _eight_digits(columns[2:], count, zeros)
    total = 0
    for tens, ones in zip(columns[::2], columns[1::2], strict=True):
        total *= 100
        if tens != zeros or ones != zeros:
            pairs = bytearray(2 * count)
            pairs[::2], pairs[1::2] = tens, ones
            lanes = bytearray(_LANE * count)
            lanes[::_LANE] = unhexlify(pairs).translate(_PAIRS)
            total += int.from_bytes(lanes, "little")
    return _lanes(total.to_bytes(_LANE * count, "little"), _LANE, swap=sys.byteorder == "big")


def _eight_digits(columns: Sequence[bytes], count: int, zeros: bytes) -> array[int]:
    """Numbers below 100,000,000, in lanes of half the size: neighbours are put together, in all lanes at once."""
    digits = bytearray(b"0") * (8 * count)
    for k, column in enumerate(columns):
        if column != zeros:
            digits[k::8] = column
    lanes = -(-count // _MASKED) * _MASKED
    pairs, fours = [mask >> 8 * _HALF_LANE * (lanes - count) for mask in _halves(lanes)]
    total = int.from_bytes(unhexlify(digits).translate(_PAIRS), "little")
    total = (total & pairs) * 100 + ((total >> 8) & pairs)
    total = (total & fours) * 10_000 + ((total >> 16) & fours)
    return _lanes(total.to_bytes(_HALF_LANE * count, "little"), _HALF_LANE, swap=sys.byteorder == "big")


@lru_cache(maxsize=4)
def _halves(count: int) -> tuple[int, int]:
    """What takes the lower byte of each two, and the lower two of each four, in so many lanes."""
    return int.from_bytes(b"\xff\0" * (2 * count), "little"), int.from_bytes(b"\xff\xff\0\0" * count, "little")


def unsigned(rows: bytes, at: int, width: int, stride: int) -> array[int]:
    """The number whose `width` bytes, the highest first, stand from `at` on in each row; without bytes it is 0."""
    count = len(rows) // stride
    if count <= FEW:
        return array("Q", [int.from_bytes(rows[i : i + width], "big") for i in range(at, count * stride, stride)])
    lanes = bytearray(_LANE * count)
    for k in range(width):
        lanes[_LANE - width + k :: _LANE] = rows[at + k :: stride]
    return _lanes(bytes(lanes), _LANE, swap=sys.byteorder == "little")


def headers(numbers: Sequence[int], after: bytes = _OBJ, before: bytes = b"") -> bytes:
    """`N 0 obj` of ascending numbers that have equally many digits, one behind the other.

    `after`: what follows each number; `before`: what stands before it.
    """
    count = len(numbers)
    if count <= FEW or numbers[-1] - numbers[0] != count - 1:
        return b"".join([before + b"%d" % n + after for n in numbers])
    width = len(str(numbers[0]))
    first = len(before)
    out = bytearray((before + b"0" * width + after) * count)
    for k in range(width):
        out[first + k :: first + width + len(after)] = _digits(numbers, 10 ** (width - 1 - k))
    return bytes(out)


def _digits(numbers: Sequence[int], unit: int) -> bytes:
    """The digit worth `unit` of consecutive numbers: it stays the same for so many of them."""
    first, count = numbers[0], len(numbers)
    if 10 * unit <= count:
        cycle = b"".join([b"%d" % digit * unit for digit in range(10)])
        return (cycle * (count // len(cycle) + 2))[first % len(cycle) :][:count]
    stop = first + count
    steps = range(first // unit, (stop - 1) // unit + 1)  # eleven at most
    return b"".join([b"%d" % (n % 10) * (min((n + 1) * unit, stop) - max(n * unit, first)) for n in steps])


def _lanes(octets: bytes, size: int, *, swap: bool) -> array[int]:
    lanes = array("I" if size == _HALF_LANE else "Q", octets)
    if swap:
        lanes.byteswap()
    return lanes
