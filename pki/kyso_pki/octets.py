"""A file as octets: `bytes`, or a memory map of a file that is too large to hold.

A map can do what the PDF reader does with bytes: slices, indexing, `find`, `rfind`, `len`, regular expressions
at an offset. What walks over the whole file must use the functions below, which go through a map in windows and
give each window back to the system, so that memory stays constant for a file of any size. This module opens
nothing: who has a disk (the SDK) makes the map.
"""

from __future__ import annotations

import mmap
import sys
from collections.abc import Iterator
from typing import Any, Final, TypeAlias

Octets: TypeAlias = "bytes | mmap.mmap"
WINDOW: Final = 1 << 22  # bytes of a map that are looked at before they are given back


def release(data: Octets, start: int, end: int) -> None:
    """Lets the system take back the pages of a map; reading them again reads the file again."""
    if sys.platform != "win32" and isinstance(data, mmap.mmap) and end > start:  # Windows trims mapped pages itself
        first = start - start % mmap.PAGESIZE
        data.madvise(mmap.MADV_DONTNEED, first, min(end, len(data)) - first)


def hash_into(running: Any, data: Octets, start: int, end: int) -> None:
    """Updates a hash with `data[start:end]` without a copy."""
    if not isinstance(data, mmap.mmap):
        running.update(memoryview(data)[start:end])
        return
    for at in range(start, end, WINDOW):
        stop = min(at + WINDOW, end)
        with memoryview(data) as view, view[at:stop] as window:
            running.update(window)
        release(data, at, stop)


def find(data: Octets, needle: bytes, start: int = 0, end: int | None = None) -> int:
    """The first offset of `needle` in `data[start:end]`, -1 when it is not there."""
    end = len(data) if end is None else min(end, len(data))
    for at, stop in _windows(data, start, end):
        found = data.find(needle, at, min(stop + len(needle) - 1, end))
        if found >= 0:
            return found
        release(data, at, stop)
    return -1


def rfind(data: Octets, needle: bytes) -> int:
    """The last offset of `needle`, -1 when it is not there."""
    stop = len(data)
    size = stop if isinstance(data, bytes) else WINDOW
    while stop > 0:
        at = max(stop - size, 0)
        found = data.rfind(needle, at, min(stop + len(needle) - 1, len(data)))
        if found >= 0:
            return found
        release(data, at, stop)
        stop = at
    return -1


def count(data: Octets, needle: bytes, start: int, end: int) -> int:
    """How often `needle` stands in `data[start:end]`; it must not overlap itself."""
    if isinstance(data, bytes):
        return data.count(needle, start, end)
    total = 0
    for at, stop in _windows(data, start, end):
        total += data[at : min(stop + len(needle) - 1, end)].count(needle)
        release(data, at, stop)
    return total


def _windows(data: Octets, start: int, end: int) -> Iterator[tuple[int, int]]:
    """`[at, stop)` after `[at, stop)`; all of it at once for bytes, which are in memory anyway."""
    if isinstance(data, bytes):
        yield start, end
        return
    for at in range(start, end, WINDOW):
        yield at, min(at + WINDOW, end)
