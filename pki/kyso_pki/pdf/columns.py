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
from typing import Final

FEW: Final = 64  # rows up to which one after the other is faster
_DIGITS: Final = 10
_LANE: Final = 8  # bytes: room for ten digits, and for the widest field of a cross-reference stream
_OBJ: Final = b" 0 obj"
_PAIRS: Final = bytes(int(f"{n:02x}") if f"{n:02x}".isdecimal() else 0 for n in range(256))  # 0x45 is 45


def decimals(rows: bytes, at: int, stride: int) -> array[int]:
    """The number whose ten digits stand from `at` on in each row of `stride` bytes."""
    count = len(rows) // stride
    if count <= FEW:
        return array("Q", [int(rows[i : i + _DIGITS]) for i in range(at, count * stride, stride)])
    columns = [rows[at + k :: stride] for k in range(_DIGITS)]
    zeros = b"0" * count  # compared at once, where `strip` would go through all of them
    small = columns[0] == zeros == columns[1]  # below 100,000,000 half a lane is enough
    lane = _LANE // 2 if small else _LANE
    total = 0
    for tens, ones in zip(columns[::2], columns[1::2], strict=True):
        total *= 100
        if tens != zeros or ones != zeros:
            pairs = bytearray(2 * count)
            pairs[::2], pairs[1::2] = tens, ones
            lanes = bytearray(lane * count)
            lanes[::lane] = unhexlify(pairs).translate(_PAIRS)
            total += int.from_bytes(lanes, "little")
    return _lanes(total.to_bytes(lane * count, "little"), lane, swap=sys.byteorder == "big")


def unsigned(rows: bytes, at: int, width: int, stride: int) -> array[int]:
    """The number whose `width` bytes, the highest first, stand from `at` on in each row; without bytes it is 0."""
    count = len(rows) // stride
    if count <= FEW:
        return array("Q", [int.from_bytes(rows[i : i + width], "big") for i in range(at, count * stride, stride)])
    lanes = bytearray(_LANE * count)
    for k in range(width):
        lanes[_LANE - width + k :: _LANE] = rows[at + k :: stride]
    return _lanes(bytes(lanes), _LANE, swap=sys.byteorder == "little")


def headers(numbers: Sequence[int], after: bytes = _OBJ) -> bytes:
    """`N 0 obj` of ascending numbers that have equally many digits, one behind the other; `after`: what follows N."""
    count = len(numbers)
    if count <= FEW or numbers[-1] - numbers[0] != count - 1:
        return b"".join([b"%d" % n + after for n in numbers])
    width = len(str(numbers[0]))
    stride = width + len(after)
    out = bytearray(stride * count)
    for k in range(width):
        out[k::stride] = _digits(numbers, 10 ** (width - 1 - k))
    for k, octet in enumerate(after, width):
        out[k::stride] = bytes((octet,)) * count
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
    lanes = array("I" if size == _LANE // 2 else "Q", octets)
    if swap:
        lanes.byteswap()
    return lanes
