"""The objects of a PDF file (ISO 32000-2 7.3), read with their offsets, and written.

Reach for `read_value` (one object at an offset), `read_indirect` (`N G obj … endobj`), `value_spans` (where
each value of a dictionary stands, to the byte) and `serialize`. Names are `str` (after #-decoding, one
character per byte), strings are `bytes`, arrays are `list`, dictionaries are `dict`.

Refused, because two readers would see two files: duplicate keys, keys without a value, odd numbers, wrong
/Length, nesting without end. Nothing is repaired and nothing is searched for.
"""

from __future__ import annotations

import binascii
import re
from collections.abc import Callable
from datetime import UTC, datetime, timedelta, timezone
from typing import ClassVar, Final, NamedTuple, TypeAlias

from ..errors import FormatError, KysoError, LimitExceeded
from ..octets import find

MAX_DEPTH: Final = 96  # arrays and dictionaries in each other; real files stay under 20
MAX_TOKENS: Final = 2_000_000  # in one object; the largest arrays of real files hold some 100,000
MAX_NAME: Final = 4096  # bytes; ISO 32000-1 Annex C.2 names 127


UNREADABLE: Final = (KysoError, ValueError, TypeError, LookupError, ArithmeticError, RecursionError)
"""What reading hostile bytes may raise; all of it is a verdict, never a skipped signature."""


class Ref(NamedTuple):
    """An indirect reference `number generation R`."""

    number: int
    generation: int = 0


class Stream:
    """A stream object: its dictionary and where its raw bytes stand in `source`."""

    __slots__ = ("dictionary", "length", "source", "start")
    is_encrypted: ClassVar[bool] = False
    """Whether it stands encrypted in the file, so that a crypt filter of its own has been undone in `raw`."""

    def __init__(self, dictionary: dict[str, Value], source: bytes, start: int, length: int) -> None:
        self.dictionary = dictionary
        self.source = source
        self.start = start
        self.length = length

    @property
    def stored(self) -> bytes:
        """The bytes as they stand in the file."""
        return self.source[self.start : self.start + self.length]

    @property
    def raw(self) -> bytes:
        """The bytes with filters not undone; of an encrypted file, decrypted."""
        return self.source[self.start : self.start + self.length]

    def contains(self, needle: bytes) -> bool:
        """Whether `needle` stands in the bytes as they stand in the file."""
        return find(self.source, needle, self.start, self.start + self.length) >= 0


Value: TypeAlias = "bool | int | float | str | bytes | Ref | Stream | list[Value] | dict[str, Value] | None"
Dictionary: TypeAlias = "dict[str, Value]"

SPACE: Final = rb"\x00\t\n\x0c\r "
_DELIMITERS = rb"()<>\[\]{}/%"
_END = rb"(?=[" + SPACE + _DELIMITERS + rb"]|\Z)"  # after a number or a keyword
_SKIP = rb"[" + SPACE + rb"]*+(?:%[^\r\n]*+[" + SPACE + rb"]*+)*+"
_W = rb"[" + SPACE + rb"]++"

_NAME, _NUMBER, _GENERATION, _INT, _TEXT, _DICT, _END_DICT, _ARRAY, _END_ARRAY = range(1, 10)
_NULL, _HEX, _LITERAL, _REAL, _TRUE, _FALSE = range(10, 16)
_BRACKETS = {_DICT: "<<", _END_DICT: ">>", _ARRAY: "[", _END_ARRAY: "]"}
_token = re.compile(
    _SKIP
    + rb"(?:/([^" + SPACE + _DELIMITERS + rb"]*+)"  # 1
    + rb"|(\d{1,10})" + _W + rb"(\d{1,5})" + _W + rb"R" + _END  # 2, 3
    + rb"|([+-]?\d{1,20})" + _END  # 4
    + rb"|\(([^()\\\r]*+)\)"  # 5: a literal string without anything special
    + rb"|(<<)|(>>)|(\[)|(\])"  # 6 to 9
    + rb"|(null)" + _END  # 10
    + rb"|(<)|(\()"  # 11, 12
    + rb"|([+-]?(?:\d{1,40}\.\d{0,40}|\.\d{1,40}))" + _END  # 13
    + rb"|(true)" + _END + rb"|(false)" + _END + rb")"  # 14, 15
).match  # fmt: skip
_skip = re.compile(_SKIP).match
_header = re.compile(rb"(\d{1,10})" + _W + rb"(\d{1,5})" + _W + rb"obj" + _END).match
_endobj = re.compile(_SKIP + rb"endobj" + _END).match
_stream = re.compile(_SKIP + rb"stream(?:\r\n|\n)").match
_endstream = re.compile(rb"(?:\r\n|\n|\r)?endstream" + _W + rb"endobj" + _END).match
_paren = re.compile(rb"[()\\]").search
_escape = re.compile(rb"\\(?:([0-7]{1,3})|(\r\n|\r|\n)|([\s\S]))|\r\n?")
_two_digits = re.compile(rb"[0-9A-Fa-f]{2}").match
_ESCAPES = {b"n": b"\n", b"r": b"\r", b"t": b"\t", b"b": b"\b", b"f": b"\f"}
_SPACE_BYTES = b"\x00\t\n\x0c\r "

_names: dict[bytes, str] = {}  # the few hundred names that every file uses, made once


def read_value(source: bytes, position: int) -> tuple[Value, int]:
    """The object that starts at `position` (white space and comments before it are skipped), and its end.

    Raises `FormatError`, `LimitExceeded`.
    """
    outer: list[tuple[list[Value], bool]] = []
    items: list[Value] | None = None
    is_dict = False
    token = _token
    for _ in range(MAX_TOKENS):
        m = token(source, position)
        if m is None:
            raise _no_token(source, position)
        kind = m.lastindex
        start = position
        position = m.end()
        value: Value
        if kind == _NAME:
            value = _names.get(m[1]) or _name(m[1])
        elif kind == _GENERATION:
            value = Ref(int(m[2]), int(m[3]))
        elif kind == _INT:
            value = int(m[4])
        elif kind == _TEXT:
            value = m[5]
        elif kind in (_DICT, _ARRAY):
            if items is not None:
                outer.append((items, is_dict))
                if len(outer) >= MAX_DEPTH:
                    raise LimitExceeded(f"PDF: more than {MAX_DEPTH} levels of nesting at offset {position}.")
            items = []
            is_dict = kind == _DICT
            continue
        elif kind in (_END_DICT, _END_ARRAY):
            if items is None or is_dict is not (kind == _END_DICT):
                raise _no_token(source, start)
            value = _dictionary(items, position) if is_dict else items
            if not outer:
                return value, position
            items, is_dict = outer.pop()
            items.append(value)
            continue
        elif kind == _NULL:
            value = None
        elif kind == _HEX:
            value, position = _hex_string(source, position)
        elif kind == _LITERAL:
            value, position = _literal_string(source, position)
        elif kind == _REAL:
            value = float(m[13])
        else:
            value = kind == _TRUE
        if items is None:
            return value, position
        items.append(value)
    raise LimitExceeded(f"PDF: an object of more than {MAX_TOKENS} parts ends after offset {position}.")


def _dictionary(items: list[Value], position: int) -> Dictionary:
    keys = items[::2]
    values = items[1::2]
    if len(keys) != len(values):
        raise FormatError(f"PDF: the dictionary that ends at offset {position} has a key without a value.")
    out: Dictionary = {}
    for key, value in zip(keys, values, strict=True):
        if type(key) is not str:
            raise FormatError(f"PDF: the dictionary that ends at offset {position} has a key that is no name.")
        out[key] = value
    if len(out) != len(keys):
        raise FormatError(f"PDF: the dictionary that ends at offset {position} has the same key twice.")
    return out


def value_spans(source: bytes, position: int) -> tuple[dict[str, tuple[int, int]], int]:
    """Where each value of the dictionary at `position` stands, `[start, end)` in `source`, and its end.

    The start is the first byte of the value's token, after white space and comments. Read with the same
    tokens as `read_value`, so that the two cannot disagree. Raises `FormatError`.
    """
    m = _token(source, position)
    if m is None or m.lastindex != _DICT:
        raise FormatError(f"PDF: no dictionary at offset {position}.")
    position = m.end()
    spans: dict[str, tuple[int, int]] = {}
    while True:
        m = _token(source, position)
        if m is None:
            raise _no_token(source, position)
        if m.lastindex == _END_DICT:
            return spans, m.end()
        if m.lastindex != _NAME:
            raise FormatError(f"PDF: a dictionary key at offset {position} is no name.")
        key = _name(m[1])
        start = skip_space(source, m.end())
        _, position = read_value(source, start)
        if key in spans:
            raise FormatError(f"PDF: the key /{key} stands twice in the dictionary at offset {start}.")
        spans[key] = (start, position)


class Token(NamedTuple):
    """One token `source[start:end]`: `<<`, `>>`, `[`, `]`, `string`, or `other` for any other object."""

    kind: str
    start: int
    end: int
    value: Value


def next_token(source: bytes, position: int) -> Token:
    """The token after white space and comments, the same that `read_value` would see. Raises `FormatError`."""
    m = _token(source, position)
    if m is None:
        raise _no_token(source, position)
    kind = m.lastindex or 0
    if (bracket := _BRACKETS.get(kind)) is not None:
        return Token(bracket, m.start(kind), m.end(), None)
    if kind not in (_NAME, _HEX, _LITERAL, _TEXT):
        return Token("other", m.start(), m.end(), None)
    start = m.start(kind) - (kind in (_NAME, _TEXT))
    value, end = read_value(source, start)
    return Token("other" if kind == _NAME else "string", start, end, value)


def skip_space(source: bytes, position: int) -> int:
    """The offset of the next byte that is neither white space nor in a comment."""
    m = _skip(source, position)
    return m.end() if m else position


def _name(raw: bytes) -> str:
    if len(raw) > MAX_NAME:
        raise LimitExceeded(f"PDF: a name of {len(raw)} bytes; at most {MAX_NAME} are read.")
    if b"#" in raw:
        return _unescaped(raw)
    name = raw.decode("latin-1")
    if name and len(_names) < 4096:
        _names[raw] = name
    return name


def _unescaped(raw: bytes) -> str:
    parts = raw.split(b"#")
    out = bytearray(parts[0])
    for part in parts[1:]:
        if not _two_digits(part) or part.startswith(b"00"):
            raise FormatError(f"PDF: the name /{raw[:64]!r} has a # without two hexadecimal digits (or #00).")
        out += binascii.unhexlify(part[:2]) + part[2:]
    return out.decode("latin-1")


def _hex_string(source: bytes, position: int) -> tuple[bytes, int]:
    end = source.find(b">", position)
    if end < 0:
        raise FormatError(f"PDF: the hexadecimal string at offset {position - 1} does not end.")
    digits = source[position:end]
    try:
        return binascii.unhexlify(digits), end + 1
    except binascii.Error:
        digits = digits.translate(None, _SPACE_BYTES)
    try:
        return binascii.unhexlify(digits + b"0" if len(digits) % 2 else digits), end + 1
    except binascii.Error:
        raise FormatError(f"PDF: the string at offset {position - 1} is not hexadecimal.") from None


def _literal_string(source: bytes, position: int) -> tuple[bytes, int]:
    depth = 1
    at = position
    while True:
        m = _paren(source, at)
        if m is None:
            raise FormatError(f"PDF: the string at offset {position - 1} does not end.")
        at = m.end()
        found = m[0]
        if found == b"\\":
            at += 1
        elif found == b"(":
            depth += 1
        else:
            depth -= 1
            if not depth:
                return _escape.sub(_unescape, source[position : at - 1]), at


def _unescape(m: re.Match[bytes]) -> bytes:
    """One escape of ISO 32000-2 table 3; an end of line inside a string is a line feed (7.3.4.2)."""
    if m[1] is not None:
        return bytes((int(m[1], 8) & 0xFF,))
    if m[3] is not None:
        return _ESCAPES.get(m[3], m[3])
    return b"" if m[2] is not None else b"\n"


def _no_token(source: bytes, position: int) -> FormatError:
    at = skip_space(source, position)
    if at >= len(source):
        return FormatError("PDF: the data end inside an object.")
    return FormatError(f"PDF: no object at offset {at}, found {bytes(source[at : at + 16])!r}.")


class IndirectObject:
    """One indirect object as read: its value, and where the value and the whole object stand.

    `source[start:end]` is the value (for a stream: the dictionary). `offset` and `stop` bound `N G obj …
    endobj` in the file; for an object in an object stream they bound the value in the decoded stream.
    """

    __slots__ = ("compressed", "end", "generation", "number", "offset", "source", "start", "stop", "value")

    def __init__(
        self, number: int, generation: int, value: Value, source: bytes, bounds: tuple[int, int, int, int]
    ) -> None:
        self.number = number
        self.generation = generation
        self.value = value
        self.source = source
        self.offset, self.start, self.end, self.stop = bounds
        self.compressed = False

    @property
    def raw(self) -> bytes:
        """The bytes of the value; of a stream, those of its dictionary."""
        return self.source[self.start : self.end]


def read_indirect(data: bytes, offset: int, length_of: Callable[[Ref], Value] | None = None) -> IndirectObject:
    """The object whose `N G obj` starts exactly at `offset`, up to its `endobj`.

    `length_of` gives the value of an indirect /Length. Raises `FormatError`.
    """
    m = _header(data, offset)
    if m is None:
        raise FormatError(f"PDF: no object header `N G obj` at offset {offset}.", offset=offset)
    start = skip_space(data, m.end())
    value, end = read_value(data, start)
    stop = _endobj(data, end)
    if stop is not None:
        return IndirectObject(int(m[1]), int(m[2]), value, data, (offset, start, end, stop.end()))
    body = _stream(data, end)
    if body is None or not isinstance(value, dict):
        raise FormatError(f"PDF: object {int(m[1])} at offset {offset} does not end with `endobj`.")
    length = value.get("Length")
    if isinstance(length, Ref) and length_of is not None:
        length = length_of(length)
    if type(length) is not int or length < 0 or length > len(data) - body.end():
        raise FormatError(f"PDF: the stream in object {int(m[1])} has no usable /Length.")
    stop = _endstream(data, body.end() + length)
    if stop is None:
        raise FormatError(f"PDF: the stream in object {int(m[1])} does not end where its /Length says.")
    stream = Stream(value, data, body.end(), length)
    return IndirectObject(int(m[1]), int(m[2]), stream, data, (offset, start, end, stop.end()))


def same(a: Value, b: Value) -> bool:
    """Whether two objects are equal in type and value; `1`, `1.0` and `true` are three things."""
    if a is b:
        return True
    if type(a) is not type(b):
        return False
    if isinstance(a, dict) and isinstance(b, dict):
        return a.keys() == b.keys() and all(same(v, b[k]) for k, v in a.items())
    if isinstance(a, list) and isinstance(b, list):
        return len(a) == len(b) and all(map(same, a, b))
    if isinstance(a, Stream) and isinstance(b, Stream):
        return same(a.dictionary, b.dictionary) and a.raw == b.raw
    return a == b


# Writing ------------------------------------------------------------------------------------------------

_written: dict[str, bytes] = {}  # names as they are written, made once
_PLAIN_NAME = re.compile(rb"[^\x21-\x7e]|[()<>\[\]{}/%#]")
_PLAIN_TEXT = re.compile(rb"[\x20-\x27\x2a-\x5b\x5d-\x7e]*").fullmatch


def serialize(value: Value) -> bytes:
    """The object as it is written in a file. Raises `TypeError` for a stream, which has no direct form."""
    if isinstance(value, str):
        return _written.get(value) or _written_name(value)
    if isinstance(value, int) and value is not True and value is not False:
        return b"%d" % value
    if isinstance(value, dict):
        return b"<<" + b" ".join([serialize(part) for entry in value.items() for part in entry]) + b">>"
    if isinstance(value, Ref):
        return b"%d %d R" % value
    if isinstance(value, bytes):
        return b"(" + value + b")" if _PLAIN_TEXT(value) else b"<" + binascii.hexlify(value) + b">"
    if isinstance(value, list):
        return b"[" + b" ".join([serialize(item) for item in value]) + b"]"
    if value is None:
        return b"null"
    if isinstance(value, bool):
        return b"true" if value else b"false"
    if isinstance(value, float):
        return _real(value)
    raise TypeError(f"{type(value).__name__} has no direct form in a PDF file")


def _written_name(name: str) -> bytes:
    text = b"/" + _PLAIN_NAME.sub(lambda m: b"#%02x" % m[0][0], name.encode("latin-1"))
    if len(_written) < 4096:
        _written[name] = text
    return text


def _real(value: float) -> bytes:
    text = f"{value:.10f}".rstrip("0")
    return (text + "0" if text.endswith(".") else text).encode()


# Text and dates -----------------------------------------------------------------------------------------

PDF_DOC = {
    **dict(enumerate("\u02d8\u02c7\u02c6\u02d9\u02dd\u02db\u02da\u02dc", 0x18)),
    **dict(enumerate("•†‡…—–ƒ⁄‹›−‰„“”‘’‚™ﬁﬂŁŒŠŸŽıłœšž", 0x80)),
    0xA0: "€",
}  # ISO 32000-2 Annex D.3, where it differs from Latin-1
_DATE = re.compile(
    r"(?:D:)?(\d{4})(\d\d)?(\d\d)?(\d\d)?(\d\d)?(\d\d)?(?:(Z)(?:00'?(?:00'?)?|')?|([+-])(\d\d)'?(?:(\d\d)'?)?)?",
    re.ASCII,
).fullmatch


def decode_text(value: bytes) -> str:
    """A text string: UTF-16BE or UTF-8 by its mark, else PDFDocEncoding (ISO 32000-2 7.9.2.2)."""
    if value.startswith(b"\xfe\xff"):
        return value[2:].decode("utf-16-be", "replace")
    if value.startswith(b"\xef\xbb\xbf"):
        return value[3:].decode("utf-8", "replace")
    return value.decode("latin-1").translate(PDF_DOC)


def encode_text(text: str) -> bytes:
    """A text string: printable ASCII as it is, anything else UTF-16BE with its mark."""
    plain = text.isascii() and text.isprintable()
    return text.encode("ascii") if plain else b"\xfe\xff" + text.encode("utf-16-be")


def decode_date(value: bytes) -> datetime | None:
    """An aware UTC time from a date string (ISO 32000-2 7.9.4), None if it is none; without a zone it is UTC."""
    m = _DATE(value.decode("latin-1").strip("\x00 "))
    if m is None:
        return None
    year, month, day, hour, minute, second = (int(g) if g else d for g, d in zip(m.groups()[:6], _FIRST, strict=True))
    offset = timedelta(hours=int(m[9] or 0), minutes=int(m[10] or 0))
    zone = UTC if not m[8] else timezone(-offset if m[8] == "-" else offset) if offset < timedelta(1) else None
    if zone is None:
        return None
    try:
        return datetime(year, month, day, hour, minute, second, tzinfo=zone).astimezone(UTC)
    except (ValueError, OverflowError):
        return None


_FIRST = (0, 1, 1, 0, 0, 0)


def encode_date(value: datetime) -> bytes:
    """A date string in UTC (ISO 32000-2 7.9.4)."""
    return value.astimezone(UTC).strftime("D:%Y%m%d%H%M%SZ").encode()
