"""A strict DER reader that keeps the received octets, and a canonical DER writer.

Reach for `read(data)` to open one element that fills `data`, `Element.reader()` to walk a constructed one,
and the lower-case functions (`sequence`, `integer`, …) to write. Everything the reader does not accept
(indefinite or non-minimal lengths, trailing bytes, high tag numbers, too much nesting) raises
`FormatError`: signed structures are verified over the octets received, so no second reading may exist.

Why not `cryptography.hazmat.asn1`: see docs/adr/0002-own-der-reader.md.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime
from functools import lru_cache

from ..errors import FormatError, LimitExceeded

BOOLEAN, INTEGER, BIT_STRING, OCTET_STRING, NULL, OID = 0x01, 0x02, 0x03, 0x04, 0x05, 0x06
ENUMERATED, UTF8_STRING, SEQUENCE, SET = 0x0A, 0x0C, 0x30, 0x31
PRINTABLE_STRING, IA5_STRING, UTC_TIME, GENERALIZED_TIME = 0x13, 0x16, 0x17, 0x18

_DOTTED = re.compile(r"[0-2](\.(0|[1-9][0-9]{0,38})){1,32}", re.ASCII)
MAX_DEPTH = 32  # against stack exhaustion; real CMS stays under 16
MAX_CHILDREN = 1 << 16  # against memory exhaustion: an element of two octets becomes an object of two hundred
MAX_INTEGER_OCTETS = 1024  # Python refuses to print numbers of more than 4300 digits; serial numbers have 20 octets


def implicit(number: int, *, constructed: bool = False) -> int:
    """The identifier octet of context tag [number]; numbers above 30 are not used in our formats."""
    return (0xA0 if constructed else 0x80) | number


class Element:
    """One TLV inside a buffer: `tag` (identifier octet) and offsets; the octets are copied only when asked."""

    __slots__ = ("body", "data", "depth", "end", "start", "tag")

    def __init__(self, data: bytes, tag: int, start: int, body: int, end: int, depth: int) -> None:
        self.data = data
        self.tag = tag
        self.start = start
        self.body = body
        self.end = end
        self.depth = depth

    @property
    def raw(self) -> bytes:
        """Identifier, length and content octets as received."""
        return self.data[self.start : self.end]

    @property
    def content(self) -> bytes:
        """The content octets as received."""
        return self.data[self.body : self.end]

    def reader(self) -> Reader:
        """A reader over the elements inside this constructed element."""
        if not self.tag & 0x20:
            raise FormatError(f"DER: element 0x{self.tag:02x} at offset {self.start} is primitive, not constructed.")
        if self.depth >= MAX_DEPTH:
            raise LimitExceeded(f"DER: nested deeper than {MAX_DEPTH} levels.")
        return Reader(self.data, self.body, self.end, self.depth + 1)

    def children(self) -> list[Element]:
        """All elements inside this constructed element, at most `MAX_CHILDREN`."""
        found: list[Element] = []
        for element in self.reader():
            if len(found) == MAX_CHILDREN:
                raise LimitExceeded(f"DER: more than {MAX_CHILDREN} elements in the one at offset {self.start}.")
            found.append(element)
        return found

    def expect(self, tag: int) -> Element:
        if self.tag != tag:
            raise FormatError(f"DER: found tag 0x{self.tag:02x} at offset {self.start}, expected 0x{tag:02x}.")
        return self

    # Primitive values. Each checks the tag unless it was replaced by an implicit one.

    def integer(self) -> int:
        """The value of an INTEGER or ENUMERATED, refusing non-minimal encodings (X.690 8.3.2)."""
        if self.end - self.body > MAX_INTEGER_OCTETS:
            raise LimitExceeded(f"DER: INTEGER of {self.end - self.body} octets; {MAX_INTEGER_OCTETS} are read.")
        c = self.content
        if not c or (len(c) > 1 and ((c[0] == 0 and c[1] < 0x80) or (c[0] == 0xFF and c[1] >= 0x80))):
            raise FormatError(f"DER: INTEGER at offset {self.start} is empty or not minimal.")
        return int.from_bytes(c, "big", signed=True)

    def boolean(self) -> bool:
        """The value of a BOOLEAN; DER knows only 0x00 and 0xFF (X.690 11.1)."""
        if self.content not in (b"\x00", b"\xff"):
            raise FormatError(f"DER: BOOLEAN at offset {self.start} is neither 0x00 nor 0xFF.")
        return self.content == b"\xff"

    def oid(self) -> str:
        """The dotted form of an OBJECT IDENTIFIER."""
        return _decode_oid(self.expect(OID).content)

    def octets(self) -> bytes:
        return self.expect(OCTET_STRING).content

    def text(self) -> str:
        """The text of a UTF8String, PrintableString or IA5String."""
        try:
            return self.content.decode("utf-8")
        except UnicodeDecodeError:
            raise FormatError(f"DER: the string at offset {self.start} is not valid UTF-8.") from None

    def time(self) -> datetime:
        """An aware UTC time from UTCTime or GeneralizedTime in DER form (X.690 11.7, 11.8)."""
        return _decode_time(self.tag, self.content)


class Reader:
    """Walks the elements of one constructed element, in order."""

    __slots__ = ("data", "depth", "end", "position")

    def __init__(self, data: bytes, position: int, end: int, depth: int) -> None:
        self.data = data
        self.position = position
        self.end = end
        self.depth = depth

    def __iter__(self) -> Iterator[Element]:
        while self.position < self.end:
            element = _element(self.data, self.position, self.end, self.depth)
            self.position = element.end
            yield element

    @property
    def more(self) -> bool:
        return self.position < self.end

    def take(self, tag: int | None = None) -> Element:
        """The next element; `tag` refuses any other identifier octet."""
        if self.position >= self.end:
            raise FormatError(f"DER: the structure ends at offset {self.end}, but another element must follow.")
        element = _element(self.data, self.position, self.end, self.depth)
        if tag is not None and element.tag != tag:
            element.expect(tag)
        self.position = element.end
        return element

    def optional(self, tag: int) -> Element | None:
        """The next element if it has this identifier octet, else None and nothing is consumed."""
        if self.position < self.end and self.data[self.position] == tag:
            return self.take()
        return None

    def finish(self) -> None:
        """Refuses elements after the last one that the structure knows."""
        if self.position != self.end:
            raise FormatError(f"DER: unexpected element 0x{self.data[self.position]:02x} at offset {self.position}.")


def read(data: bytes, tag: int | None = None) -> Element:
    """The one element that fills `data` exactly; trailing bytes are refused."""
    element = read_prefix(data, tag)
    if element.end != len(data):
        raise FormatError(f"DER: {len(data) - element.end} bytes follow the end of the structure.")
    return element


def read_prefix(data: bytes, tag: int | None = None) -> Element:
    """The element at the start of `data`; the caller looks at what follows `end`."""
    if not data:
        raise FormatError("DER: no bytes where a structure must be.")
    element = _element(data, 0, len(data), 0)
    return element if tag is None else element.expect(tag)


def _element(data: bytes, start: int, end: int, depth: int) -> Element:
    if end - start < 2:
        raise FormatError(f"DER: element at offset {start} is cut off.")
    tag = data[start]
    if tag & 0x1F == 0x1F:
        raise FormatError(f"DER: high tag number at offset {start}.")
    length = data[start + 1]
    body = start + 2
    if length >= 0x80:
        count = length & 0x7F
        if count == 0:
            raise FormatError(f"DER: indefinite length (BER) at offset {start}.")
        if count > 8 or body + count > end:
            raise FormatError(f"DER: length of {count} octets at offset {start} is cut off or too large.")
        length = int.from_bytes(data[body : body + count], "big")
        if length < 0x80 or length >> (8 * (count - 1)) == 0:
            raise FormatError(f"DER: length at offset {start} is not minimal.")
        body += count
    if length > end - body:
        raise FormatError(f"DER: element at offset {start} says {length} bytes, {end - body} are there.")
    return Element(data, tag, start, body, body + length, depth)


@lru_cache(maxsize=512)
def _decode_oid(content: bytes) -> str:
    if not content or content[-1] & 0x80 or len(content) > 64:
        raise FormatError("DER: OBJECT IDENTIFIER is empty, cut off or too long.")
    arcs: list[int] = []
    value = 0
    fresh = True
    for octet in content:
        if fresh and octet == 0x80:
            raise FormatError("DER: OBJECT IDENTIFIER arc is not minimal.")
        value = value << 7 | octet & 0x7F
        fresh = not octet & 0x80
        if fresh:
            arcs.append(value)
            value = 0
    first = min(arcs[0] // 40, 2)
    return ".".join(map(str, (first, arcs[0] - 40 * first, *arcs[1:])))


def _decode_time(tag: int, content: bytes) -> datetime:
    try:
        text = content.decode("ascii")
        if tag == UTC_TIME and len(text) == 13 and text[-1] == "Z" and text[:-1].isdigit():
            year = int(text[:2])
            text = f"{1900 + year if year >= 50 else 2000 + year}{text[2:]}"  # RFC 5280 4.1.2.5.1
        elif tag != GENERALIZED_TIME or text[-1:] != "Z":
            raise ValueError
        base, dot, fraction = text[:-1].partition(".")
        if len(base) != 14 or not base.isdigit():
            raise ValueError
        if dot and (not fraction.isdigit() or fraction[-1] == "0"):  # X.690 11.7.3: no trailing zeros
            raise ValueError
        micro = int(fraction[:6].ljust(6, "0")) if fraction else 0
        y, mo, d, h, mi, s = (int(base[i:j]) for i, j in ((0, 4), (4, 6), (6, 8), (8, 10), (10, 12), (12, 14)))
        return datetime(y, mo, d, h, mi, s, micro, tzinfo=UTC)
    except (ValueError, UnicodeDecodeError):
        raise FormatError(f"DER: {content[:32]!r} is not a time in DER form.") from None


# Writing ------------------------------------------------------------------------------------------------


def tlv(tag: int, content: bytes) -> bytes:
    """One element with identifier octet `tag` and the shortest length."""
    n = len(content)
    if n < 0x80:
        return bytes((tag, n)) + content
    length = n.to_bytes((n.bit_length() + 7) // 8, "big")
    return bytes((tag, 0x80 | len(length))) + length + content


def sequence(*parts: bytes) -> bytes:
    return tlv(SEQUENCE, b"".join(parts))


def set_of(parts: Iterable[bytes], tag: int = SET) -> bytes:
    """A SET OF in DER order (X.690 11.6)."""
    return tlv(tag, b"".join(sorted(parts)))


def integer(value: int) -> bytes:
    """An INTEGER in the fewest octets (X.690 8.3.2)."""
    size = (value if value >= 0 else ~value).bit_length() // 8 + 1
    return tlv(INTEGER, value.to_bytes(size, "big", signed=True))


def boolean(value: bool) -> bytes:
    return tlv(BOOLEAN, b"\xff" if value else b"\x00")


def octet_string(value: bytes) -> bytes:
    return tlv(OCTET_STRING, value)


def bit_string(value: bytes, unused: int = 0) -> bytes:
    return tlv(BIT_STRING, bytes((unused,)) + value)


def null() -> bytes:
    return b"\x05\x00"


@lru_cache(maxsize=512)
def oid(dotted: str) -> bytes:
    """An OBJECT IDENTIFIER from its dotted form. Raises `FormatError` for anything else."""
    if not _DOTTED.fullmatch(dotted):
        raise FormatError(f"{dotted[:64]!r} is not an object identifier in dotted form.")
    arcs = [int(a) for a in dotted.split(".")]
    if arcs[0] < 2 and arcs[1] > 39:
        raise FormatError(f"{dotted} is not an object identifier: its second arc is above 39 (X.690 8.19.4).")
    out = bytearray()
    for arc in (arcs[0] * 40 + arcs[1], *arcs[2:]):
        chunk = [arc & 0x7F]
        while arc := arc >> 7:
            chunk.append(arc & 0x7F | 0x80)
        out += bytes(reversed(chunk))
    return tlv(OID, bytes(out))


def utf8_string(value: str) -> bytes:
    return tlv(UTF8_STRING, value.encode())


def explicit(number: int, content: bytes) -> bytes:
    """[number] EXPLICIT around whole elements."""
    return tlv(0xA0 | number, content)


def utc_or_generalized_time(value: datetime) -> bytes:
    """A Time as RFC 5280 4.1.2.5 and RFC 5652 11.3 want it: UTCTime until 2049, seconds only."""
    value = _utc(value)
    if 1950 <= value.year < 2050:
        return tlv(UTC_TIME, value.strftime("%y%m%d%H%M%SZ").encode())
    return tlv(GENERALIZED_TIME, value.strftime("%Y%m%d%H%M%SZ").encode())


def generalized_time(value: datetime) -> bytes:
    """A GeneralizedTime with a fraction only where there is one, without trailing zeros (X.690 11.7)."""
    value = _utc(value)
    text = f"{value.year:04d}{value:%m%d%H%M%S}"
    if value.microsecond:
        text += f".{value.microsecond:06d}".rstrip("0")
    return tlv(GENERALIZED_TIME, text.encode() + b"Z")


def _utc(value: datetime) -> datetime:
    if value.tzinfo is None:
        raise ValueError("a time without a zone cannot be encoded; pass an aware datetime")
    return value.astimezone(UTC)
