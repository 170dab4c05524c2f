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


def unattached_signatures(reader: Reader) -> tuple[SignatureFacts, ...]:
    """One broken signature for each dictionary that looks like one; at most `_MAX_UNATTACHED`."""
    found: list[SignatureFacts] = []
    at = find(reader.data, b"/ByteRange")
    while at >= 0 and len(found) < _MAX_UNATTACHED:
        begin = max(0, at - _LOOK_BACK)
        starts = list(_object_start.finditer(reader.data, begin, at))
        number = _signature_object(reader.data, starts[-1].start(1)) if starts else None
        if number is not None:
            error = FormatError(
                "A signature dictionary stands in the file, but no signature field has it as its value."
            )
            unit = broken(f"object {number} at {at}", "pdf", error)
            found.append(replace(unit, findings=(Finding("UNATTACHED", "error", error.message),)))
        at = find(reader.data, b"/ByteRange", at + 1)
    return tuple(found)


def _signature_object(data: bytes, offset: int) -> int | None:
    """The number of the object at `offset` if it looks like a signature, malformed ones included."""
    try:
        found = read_indirect(data, offset)
    except FormatError:
        return int(data[offset : offset + 10].split()[0])
    value = found.value
    return found.number if isinstance(value, dict) and {"ByteRange", "Contents"} <= value.keys() else None
