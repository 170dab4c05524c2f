"""Signature dictionaries that no field has as its value: the file is not signed, and this is why.

Reach for `unattached_signatures` when a file has no signature field with a value (attack class P1).
"""

from __future__ import annotations

import re
from dataclasses import replace

from ..errors import FormatError
from ..facts import Finding, SignatureFacts, broken
from ..octets import find
from .objects import read_indirect
from .reader import Reader

_object_start = re.compile(rb"(?:^|[\x00\t\n\x0c\r ])(\d{1,10}[\x00\t\n\x0c\r ]+\d{1,5}[\x00\t\n\x0c\r ]+obj)")
_LOOK_BACK = 1 << 16  # bytes before /ByteRange in which its object must start
_MAX_UNATTACHED = 16
_MAX_LOOKS = 64  # occurrences of the word that are looked at: each may cost a parse of what stands around it


def unattached_signatures(reader: Reader) -> tuple[SignatureFacts, ...]:
    """One broken signature for each dictionary that looks like one; at most `_MAX_UNATTACHED`."""
    found: list[SignatureFacts] = []
    at = find(reader.data, b"/ByteRange")
    for _ in range(_MAX_LOOKS):
        if at < 0 or len(found) >= _MAX_UNATTACHED:
            break
        begin = max(0, at - _LOOK_BACK)
        starts = list(_object_start.finditer(reader.data, begin, at))
        number, stop = _signature_object(reader.data, starts[-1].start(1)) if starts else (None, 0)
        if number is not None:
            error = FormatError(
                "A signature dictionary stands in the file, but no signature field has it as its value."
            )
            unit = broken(f"object {number} at {at}", "pdf", error)
            found.append(replace(unit, findings=(Finding("UNATTACHED", "error", error.message),)))
        at = find(reader.data, b"/ByteRange", max(at + 1, stop))
    return tuple(found)


def _signature_object(data: bytes, offset: int) -> tuple[int | None, int]:
    """The number of the object at `offset` if it looks like a signature, malformed ones included; and its end."""
    try:
        found = read_indirect(data, offset)
    except FormatError:
        return int(data[offset : offset + 10].split()[0]), 0
    value = found.value
    signs = isinstance(value, dict) and {"ByteRange", "Contents"} <= value.keys()
    return found.number if signs else None, found.stop
