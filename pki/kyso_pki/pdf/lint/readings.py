"""Where readers take other ways through a file than its cross-reference, and so may show other pages.

Poppler finds the pages of a linearized file by its hint tables, others by the page tree; once a reference leads
nowhere, it searches the file for objects, and finds some in strings and streams too. Signing appends, which makes a
linearized file an ordinary one: the page that was looked at is then another.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import accumulate
from typing import Final

from ..filters import decode
from ..objects import UNREADABLE, Dictionary, Ref, Stream, skip_space
from ..searching import other_readings
from ..stops import Contents
from .checks import Observation
from .survey import Survey

_HEADER: Final = 36  # bytes of the header of the page offset hint table (F.4.2, table F.3)
_LEAST, _BITS = slice(0, 4), slice(8, 10)
MAX_BITS: Final = 32


def linearized(found: Survey) -> Iterator[Observation]:
    """A linearized file whose parameters and hints name other pages than the page tree does (Annex F)."""
    reader = found.reader
    try:
        parameters = reader.standing_at(skip_space(reader.data, 0)).value
    except UNREADABLE:
        return
    if not isinstance(parameters, dict) or "Linearized" not in parameters:
        return
    if parameters.get("L") != len(reader.data):  # something was appended: nobody follows the hints any more
        return
    tree = [page.object for page in found.pages]
    first = parameters.get("O")
    if not isinstance(first, int) or not _are_pages(found, [first]):
        return  # then readers take the page tree
    if parameters.get("N") != len(tree) or parameters.get("P", 0) != 0 or first != tree[0]:
        yield Observation("LINEARIZATION", "its first page or the number of its pages is another in the page tree")
    elif (hinted := _hinted(found, parameters, first, len(tree))) != tree and _are_pages(found, hinted):
        yield Observation("LINEARIZATION", "its hints name other pages than the page tree")


def _are_pages(found: Survey, numbers: list[int]) -> bool:
    """Whether all these are pages; where one is not, as in Ghostscript's files, the hints are not followed."""
    return bool(numbers) and all(found.dictionary(Ref(number)).get("Type") == "Page" for number in numbers)


def _hinted(found: Survey, parameters: Dictionary, first: int, count: int) -> list[int]:
    """The object numbers of the pages by the hint tables; none where these cannot be read.

    The others than the first begin with object 1, one behind the other, as many objects as their entries say.
    """
    where = parameters.get("H")
    if count == 1 or not isinstance(where, list) or not where or not isinstance(where[0], int):
        return [first]
    try:
        held = found.reader.fetch(found.reader.standing_at(where[0]).number)  # decrypted, where it is encrypted
        stream = held.value if held is not None and held.offset == where[0] else None
        table = decode(stream, found.budget) if isinstance(stream, Stream) else b""
    except UNREADABLE:
        return []
    least, bits = int.from_bytes(table[_LEAST], "big"), int.from_bytes(table[_BITS], "big")
    octets = table[_HEADER : _HEADER + (count * bits + 7) // 8]
    if bits > MAX_BITS or len(octets) * 8 < count * bits:
        return []
    text = "".join(f"{octet:08b}" for octet in octets)
    sizes = [least + int(text[i * bits : (i + 1) * bits] or "0", 2) for i in range(count)]
    return [first, *accumulate(sizes[1:-1], initial=1)]


def searched(found: Survey) -> Iterator[Observation]:
    """A reference that leads nowhere, and to something for readers that search or do not look at generations."""
    reader = found.reader
    sections = [s for r in reader.revisions for s in r.sections]
    places = {o for s in sections for plain in s.plain() for o in plain.offsets if o}
    places |= {s.stream.offset if s.stream else s.offset for s in sections}  # of a table it is its trailer
    for text in other_readings(reader, reader.last, [*sorted(places), len(reader.data)], None):
        yield Observation("SEEMING_OBJECT", text)


def stopping(found: Survey) -> Iterator[Observation]:
    """A content in which some readers stop early; what cannot be read is noted by other checks."""
    for text in Contents(found.reader, found.reader.last).stopping():
        yield Observation("CONTENT_STOPS", text)
