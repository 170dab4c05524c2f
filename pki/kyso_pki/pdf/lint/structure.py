"""What the file holds besides the document that is shown: leftovers, second catalogs, earlier states."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from ..fields import signature_fields
from ..objects import UNREADABLE, Stream
from .checks import Observation
from .survey import Survey, left_by_updates

MAX_NAMED: Final = 20  # numbers of objects in one line


def structure(found: Survey) -> Iterator[Observation]:
    """Unreachable objects, catalogs besides the one in use, and updates before the first signature."""
    signed = _signed(found)
    left = left_by_updates(found) if signed and found.reader.last else set()  # signing only ever appends
    numbers = sorted({number for number, _ in found.unreached} - left)
    if numbers:
        named = ", ".join(map(str, numbers[:MAX_NAMED])) + (" …" if len(numbers) > MAX_NAMED else "")
        yield Observation("UNREACHABLE", f"{len(numbers)} objects that nothing refers to: {named}", numbers[0])
    root = found.reader.root_ref().number
    for number, value in found.unreached:
        if isinstance(value, dict) and value.get("Type") == "Catalog":
            yield Observation("SECOND_CATALOG", "another catalog, which is not in use", number)
    for part in found.parts:
        if part.dictionary.get("Type") == "Catalog" and part.number != root and not isinstance(part.stream, Stream):
            yield Observation("SECOND_CATALOG", "another catalog, which something refers to", part.number)
    if found.reader.last and not signed:
        yield Observation("EARLIER_REVISIONS", f"{found.reader.last} updates before the first signature")


def _signed(found: Survey) -> bool:
    try:
        return bool(signature_fields(found.reader))
    except UNREADABLE as e:
        found.note(None, e)
        return True
