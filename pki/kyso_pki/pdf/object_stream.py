"""An object stream, decoded: which objects it holds and where each starts (ISO 32000-2 7.5.7).

Reach for `ObjectStream`, or for `plain_header` where only the header is of interest. A header is checked as a whole
when it is read: no number twice, every member behind the one before. Programs write it in one way, and then it is
compared as text; any other is looked at number by number, with the same outcome.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from operator import lt
from typing import Final

from ..errors import FormatError, LimitExceeded
from .filters import Budget, decode
from .objects import REWRITE, Dictionary, IndirectObject, Stream, Value, read_value, skip_space
from .tokens import known_names

MAX_MEMBERS: Final = 1 << 19  # objects in one object stream; writers put 100 or 200
MAX_DIGITS: Final = 10  # of a number that is compared as text
MAX_INT: Final = 4000  # digits that Python makes a number of; it refuses more than 4,300
MEMBER_BYTES: Final = 72  # that the number and the offset of a member take in memory
_HEADER_BYTES: Final = b"0123456789\x00\t\n\x0c\r "
_PLAIN_BYTES: Final = b"0123456789 \r\n"


_plain_holder = re.compile(
    rb"([1-9][0-9]{0,9}) (0|[1-9][0-9]{0,4}) obj[\r\n ]*<<([A-Za-z0-9/\r\n ]{0,512})>>[\r\n ]*stream\r?\n"
).match
_end = re.compile(rb"(?:\r\n|\n|\r)?endstream[\r\n ]+endobj(?=[\r\n ])").match


def plain_holder(data: bytes, offset: int) -> IndirectObject | None:
    """The object stream at an offset, with a dictionary of names and whole numbers only; None: it is to be read.

    The same that `read_indirect` makes of it, in a third of the time.
    """
    m = _plain_holder(data, offset)
    if m is None or b"/ObjStm" not in m[3]:
        return None
    tokens = m[3].replace(b"/", b" /").split()
    dictionary: Dictionary = {}
    if len(tokens) % 2:
        return None
    for key, value in zip(tokens[::2], tokens[1::2], strict=True):
        name = known_names.get(key[1:]) if key[:1] == b"/" else None
        if name is None:
            return None
        if value.isdigit():
            if len(value) > MAX_DIGITS:
                return None
            dictionary[name] = int(value)
        else:
            meant = known_names.get(value[1:]) if value[:1] == b"/" else None
            if meant is None:
                return None
            dictionary[name] = meant
    length = dictionary.get("Length")
    if 2 * len(dictionary) != len(tokens) or type(length) is not int:
        return None
    ended = _end(data, m.end() + length)
    if ended is None:
        return None
    stream = Stream(dictionary, data, m.end(), length)
    bounds = (offset, m.start(3) - 2, m.end(3) + 2, ended.end())
    return IndirectObject(int(m[1]), int(m[2]), stream, data, bounds)


def is_container(value: Value) -> bool:
    """Whether an object says that it is an object stream."""
    return isinstance(value, Stream) and value.dictionary.get("Type") == "ObjStm"


def plain_header(head: bytes, count: int) -> bytes | None:
    """The numbers in a header of `count` pairs, with a space between them; None: it is to be read number by number.

    Decimal, without zeros before them, so that two numbers are the same where their text is; no number stands twice,
    and each offset is greater than the one before.
    """
    if head.translate(None, _PLAIN_BYTES):
        return None
    tokens = head.split()
    if not tokens or len(tokens) != 2 * count:
        return None
    numbers, offsets = tokens[::2], tokens[1::2]
    spelled = b" ".join(numbers)
    if spelled[:1] == b"0" or b" 0" in spelled or len(set(numbers)) != count:
        return None
    if len(spelled) > MAX_INT and max(map(len, numbers)) > MAX_DIGITS:
        return None
    return spelled if _are_ascending(offsets) else None


def _are_ascending(offsets: list[bytes]) -> bool:
    """Whether each is greater than the one before: longer, or of the same length and further on in the alphabet."""
    widths = list(map(len, offsets))
    if widths != sorted(widths) or widths[-1] > MAX_DIGITS:
        return False
    start = 0
    while start < len(offsets):
        stop = bisect_right(widths, widths[start], start)
        group = offsets[start:stop]
        if (widths[start] > 1 and group[0] < b"1") or not all(map(lt, group, group[1:])):
            return False
        start = stop
    return True


def is_ascending(offsets: list[int]) -> bool:
    """Whether each member of an object stream begins after the one before (7.5.7); else Poppler reads none."""
    return all(map(lt, offsets, offsets[1:]))


class ObjectStream:
    """A decoded object stream: the numbers of its members and where each starts."""

    __slots__ = ("_numbers", "_offsets", "_spelled", "count", "extends", "first", "number", "offset", "source")

    def __init__(self, holder: IndirectObject, budget: Budget) -> None:
        stream = holder.value
        if not isinstance(stream, Stream) or stream.dictionary.get("Type") != "ObjStm":
            raise FormatError(f"PDF: object {holder.number} is no object stream.", remedy=REWRITE)
        count, first = stream.dictionary.get("N"), stream.dictionary.get("First")
        self.number = holder.number
        self.offset = holder.offset
        self.source = decode(stream, budget)
        if type(count) is not int or type(first) is not int or not 0 <= first <= len(self.source):
            raise FormatError(f"PDF: the object stream {holder.number} has no usable /N and /First.", remedy=REWRITE)
        if count > MAX_MEMBERS:
            raise LimitExceeded(f"PDF: an object stream of {count} objects; at most {MAX_MEMBERS} are read.")
        self.extends = stream.dictionary.get("Extends") is not None
        self.first = first
        self.count = count
        head = self.source[:first]
        self._spelled = plain_header(head, count)
        self._numbers, self._offsets = ([], []) if self._spelled else _header(head, count, holder.number)

    @property
    def numbers(self) -> list[int]:
        """The numbers of its members, in the order in which they stand."""
        self._read()
        return self._numbers

    @property
    def offsets(self) -> list[int]:
        """Where each of them starts, from `first` on."""
        self._read()
        return self._offsets

    def _read(self) -> None:
        """Makes numbers of the header's text, which many streams are never asked for."""
        if self._spelled is not None:
            header = list(map(int, self.source[: self.first].split()))
            self._numbers, self._offsets = header[::2], header[1::2]
            self._spelled = None

    @property
    def spelled(self) -> bytes:
        """The numbers of its members as text, with a space between them."""
        return b" ".join([b"%d" % n for n in self._numbers]) if self._spelled is None else self._spelled

    @property
    def size(self) -> int:
        """About how many bytes it takes in memory."""
        return len(self.source) + MEMBER_BYTES * self.count

    def text(self, number: int, index: int) -> bytes:
        """What stands from an object to the next one in the header, unread; nothing where that cannot be told."""
        if index >= self.count or self.numbers[index] != number:
            return b""
        offsets = self.offsets
        stop = offsets[index + 1] if index + 1 < self.count else len(self.source) - self.first
        return self.source[self.first + offsets[index] : self.first + stop]

    def member(self, index: int) -> IndirectObject:
        """The object at a position of the stream. Raises `FormatError`."""
        if index >= self.count:
            raise FormatError(f"PDF: the object stream {self.number} has no member {index}.", remedy=REWRITE)
        start = skip_space(self.source, self.first + self.offsets[index])
        value, end = read_value(self.source, start)
        if index + 1 < self.count and end > self.first + self.offsets[index + 1]:  # there Poppler ends it
            raise FormatError(
                f"PDF: member {index} of the object stream {self.number} goes on in the next one.", remedy=REWRITE
            )
        found = IndirectObject(self.numbers[index], 0, value, self.source, (start, start, end, end))
        found.compressed = True
        return found


def _header(head: bytes, count: int, number: int) -> tuple[list[int], list[int]]:
    """The numbers and offsets of any header that is well formed. Raises `FormatError`."""
    header: list[int] = []
    odd = head.translate(None, _HEADER_BYTES)  # Python's int takes 1_0 and +1, its split a vertical tab
    try:
        header = [] if odd else list(map(int, head.replace(b"\0", b" ").split()))
    except ValueError:
        odd = head
    if odd or not 0 <= count <= len(head) or len(header) != 2 * count:
        raise FormatError(f"PDF: the header of object stream {number} is malformed.", remedy=REWRITE)
    if len(set(header[::2])) != count:
        raise FormatError(f"PDF: the object stream {number} holds two objects of one number.", remedy=REWRITE)
    if not is_ascending(header[1::2]):
        raise FormatError(
            f"PDF: the members of object stream {number} do not stand in the order of its header.", remedy=REWRITE
        )
    return header[::2], header[1::2]
