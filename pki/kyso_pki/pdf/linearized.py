"""Whether the parameters of a linearized file lead to other pages than the page tree (Annex F; attack class P5).

Reach for `other_pages`. Poppler follows them as soon as /L is the size of the file: /N is then the number of pages,
/O the first one, and the hint tables name the others. Whoever knows how large a signed file will be, or appends to it
until it is as large, chooses by /L when that begins. MuPDF and PDFium take the page tree of a local file.
"""

from __future__ import annotations

from itertools import accumulate
from typing import Final

from ..octets import find
from .filters import Budget, decode
from .objects import UNREADABLE, Dictionary, Ref, Stream, skip_space
from .pagetree import page_leaves
from .reader import Reader

_HEADER: Final = 36  # bytes of the header of the page offset hint table (F.4.2, table F.3)
_LEAST, _BITS = slice(0, 4), slice(8, 10)
MAX_BITS: Final = 32


def other_pages(reader: Reader, least: int) -> str | None:
    """Why readers may find other pages in a file once it is as large as /L says; None where they do not.

    `least`: a smaller /L is passed over, as a file that was appended to has it. Raises as `page_leaves`.
    """
    try:
        parameters = reader.standing_at(skip_space(reader.data, 0)).value
    except UNREADABLE:  # Poppler reads them for all that, with a key twice or a stray number in them
        return "what may be its parameters cannot be read" if _may_be_named(reader) else None
    if not isinstance(parameters, dict) or "Linearized" not in parameters:
        return None
    size = parameters.get("L")
    if not isinstance(size, int) or size < least:
        return None
    tree = [leaf.object.number for leaf in page_leaves(reader, strict=False)]
    count, first = parameters.get("N"), parameters.get("O")
    if isinstance(count, int) and count > 0 and count != len(tree):  # asked for whatever /O is
        return "its parameters say another number of pages than the page tree"
    if not isinstance(first, int) or not _are_pages(reader, [first]):
        return None  # then readers take the page tree
    if parameters.get("P", 0) != 0 or tree[:1] != [first]:
        return "its first page is another in the page tree"
    hinted = _hinted(reader, parameters, first, len(tree))
    if hinted is None:
        return "its hints cannot be read"
    if hinted != tree and _are_pages(reader, hinted):
        return "its hints name other pages than the page tree"
    return None


def _may_be_named(reader: Reader) -> bool:
    """Whether the word stands anywhere, or a name that may be it in disguise."""
    return find(reader.data, b"Linearized") >= 0 or find(reader.data, b"#") >= 0


def _are_pages(reader: Reader, numbers: list[int]) -> bool:
    """Whether all these are pages; where one is not, as in Ghostscript's files, the hints are not followed."""
    return bool(numbers) and all(_is_page(reader, number) for number in numbers)


def _is_page(reader: Reader, number: int) -> bool:
    try:
        found = reader.resolve(Ref(number))
        return isinstance(found, dict) and reader.resolve(found.get("Type")) == "Page"
    except UNREADABLE:  # it may be one to readers that are not strict
        return True


def _hinted(reader: Reader, parameters: Dictionary, first: int, count: int) -> list[int] | None:
    """The object numbers of the pages by the hint tables; none where these are no tables, None where it is not known.

    The others than the first begin with object 1, one behind the other, as many objects as their entries say.
    """
    where = parameters.get("H")
    if count == 1 or not isinstance(where, list) or not where or not isinstance(where[0], int):
        return [first]
    try:
        held = reader.fetch(reader.standing_at(where[0]).number)  # decrypted, where it is encrypted
        stream = held.value if held is not None and held.offset == where[0] else None
        table = decode(stream, Budget(len(reader.data))) if isinstance(stream, Stream) else b""
    except UNREADABLE:
        return None
    least, bits = int.from_bytes(table[_LEAST], "big"), int.from_bytes(table[_BITS], "big")
    octets = table[_HEADER : _HEADER + (count * bits + 7) // 8]
    if bits > MAX_BITS or len(octets) * 8 < count * bits:
        return []
    text = "".join(f"{octet:08b}" for octet in octets)
    sizes = [least + int(text[i * bits : (i + 1) * bits] or "0", 2) for i in range(count)]
    return [first, *accumulate(sizes[1:-1], initial=1)]
