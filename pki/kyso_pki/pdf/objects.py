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
from typing import Any, Final, NamedTuple

from ..errors import FormatError, KysoError, LimitExceeded
from .brief import brief_dictionary
from .tokens import (
    ARRAY,
    CLOSES,
    DICT,
    END,
    END_ARRAY,
    END_DICT,
    GENERATION,
    HEX,
    INT,
    LITERAL,
    MAX_DEPTH,
    NAME,
    NONE,
    NULL,
    NUMBER,
    OPENS,
    REAL,
    SKIP,
    STRINGS,
    TEXT,
    TRUE,
    W,
    hex_string,
    known_names,
    literal_string,
    name_of,
    no_token,
    token,
    tokens,
)
from .tokens import SPACE as SPACE
from .tokens import skip_space as skip_space
from .values import Dictionary as Dictionary
from .values import Ref as Ref
from .values import Stream as Stream
from .values import Value as Value
from .values import new_ref

MAX_TOKENS: Final = 2_000_000  # in one object; the largest arrays of real files hold some 100,000

UNREADABLE: Final = (KysoError, ValueError, TypeError, LookupError, ArithmeticError, RecursionError)
"""What reading hostile bytes may raise; all of it is a verdict, never a skipped signature."""
REWRITE: Final = (
    "If it is not signed yet, have it rewritten: `kyso repair in.pdf -o out.pdf`, then look at the result; "
    "if it is signed, get the file again unchanged from its sender."
)

_header = re.compile(rb"(\d{1,10})" + W + rb"(\d{1,5})" + W + rb"obj" + END).match
_endobj = re.compile(SKIP + rb"endobj" + END).match
_stream = re.compile(SKIP + rb"stream(?:\r\n|\n)").match
_endstream = re.compile(rb"(?:\r\n|\n|\r)?endstream" + W + rb"endobj" + END).match
_BRACKETS = {DICT: "<<", END_DICT: ">>", ARRAY: "[", END_ARRAY: "]"}
_ONLY_NAMES = {str}


def read_value(source: bytes, position: int) -> tuple[Value, int]:
    """The object that starts at `position` (white space and comments before it are skipped), and its end.

    Raises `FormatError`, `LimitExceeded`.
    """
    m = token(source, position)
    if m is None or m.lastindex in CLOSES:
        raise no_token(source, position)
    kind = m.lastindex or 0
    if kind in OPENS:
        return _container(source, m.end(), is_dict=kind == DICT)
    if kind in STRINGS:
        return _string(source, m.end(), kind)
    return _scalar(m, kind), m.end()


def _container(source: bytes, position: int, *, is_dict: bool) -> tuple[Value, int]:
    """The dictionary or array that begins before `position`, and its end: the loop that all reading comes down to."""
    outer: list[tuple[list[Value], bool]] = []
    items: list[Value] = []
    known = known_names.get
    left = iter(range(MAX_TOKENS))
    while True:
        for _, m in zip(left, tokens(source, position), strict=False):
            kind = m.lastindex
            if kind == NAME:
                items.append(known(m[1]) or name_of(m[1]))
            elif kind == GENERATION:
                items.append(new_ref((int(m[2]), int(m[3]))))
            elif kind == INT:
                items.append(int(m[4]))
            elif kind in OPENS:
                outer.append((items, is_dict))
                if len(outer) >= MAX_DEPTH:
                    raise LimitExceeded(f"PDF: more than {MAX_DEPTH} levels of nesting at offset {m.end()}.")
                items = []
                is_dict = kind == DICT
            elif kind in CLOSES:
                if is_dict is not (kind == END_DICT):
                    raise no_token(source, m.start())
                value: Value = _dictionary(items, m.end()) if is_dict else items
                if not outer:
                    return value, m.end()
                items, is_dict = outer.pop()
                items.append(value)
            elif kind in STRINGS:  # they end where only their own reading can tell
                value, position = _string(source, m.end(), kind)
                items.append(value)
                break
            elif kind == NONE or kind is None:
                raise no_token(source, m.start())
            else:
                items.append(_scalar(m, kind))
        else:
            if next(left, None) is None:
                raise LimitExceeded(
                    f"PDF: an object of more than {MAX_TOKENS} parts begins before offset {position}."
                )
            raise no_token(source, len(source))


def _string(source: bytes, position: int, kind: int) -> tuple[bytes, int]:
    return (hex_string if kind == HEX else literal_string)(source, position)


def _scalar(m: re.Match[bytes], kind: int) -> Value:
    """The value of a token that is whole in itself."""
    if kind == NAME:
        return known_names.get(m[1]) or name_of(m[1])
    if kind == GENERATION:
        return Ref(int(m[2]), int(m[3]))
    if kind == INT:
        return int(m[4])
    if kind == TEXT:
        return m[5]
    if kind == REAL:
        return float(m[13])
    return None if kind == NULL else kind == TRUE


def _dictionary(items: list[Value], position: int) -> Dictionary:
    keys: list[Any] = items[::2]
    values = items[1::2]
    if len(keys) != len(values):
        raise FormatError(f"PDF: the dictionary that ends at offset {position} has a key without a value.")
    if keys and set(map(type, keys)) != _ONLY_NAMES:
        raise FormatError(f"PDF: the dictionary that ends at offset {position} has a key that is no name.")
    out: Dictionary = dict(zip(keys, values))  # noqa: B905 - equally many, as was just seen
    if len(out) != len(keys):
        raise FormatError(f"PDF: the dictionary that ends at offset {position} has the same key twice.")
    return out


def value_spans(source: bytes, position: int) -> tuple[dict[str, tuple[int, int]], int]:
    """Where each value of the dictionary at `position` stands, `[start, end)` in `source`, and its end.

    The start is the first byte of the value's token, after white space and comments. Read with the same
    tokens as `read_value`, so that the two cannot disagree. Raises `FormatError`.
    """
    m = token(source, position)
    if m is None or m.lastindex != DICT:
        raise FormatError(f"PDF: no dictionary at offset {position}.")
    position = m.end()
    spans: dict[str, tuple[int, int]] = {}
    while True:
        m = token(source, position)
        if m is None:
            raise no_token(source, position)
        if m.lastindex == END_DICT:
            return spans, m.end()
        if m.lastindex != NAME:
            raise FormatError(f"PDF: a dictionary key at offset {position} is no name.")
        key = known_names.get(m[1]) or name_of(m[1])
        start, position = _span(source, m.end())
        if key in spans:
            raise FormatError(f"PDF: the key /{key} stands twice in the dictionary at offset {start}.")
        spans[key] = (start, position)


def _span(source: bytes, position: int) -> tuple[int, int]:
    """Where the value behind `position` begins and ends."""
    m = token(source, position)
    if m is None or m.lastindex in CLOSES:
        raise no_token(source, position)
    kind = m.lastindex or 0
    if kind in OPENS:
        return m.start(kind), _container(source, m.end(), is_dict=kind == DICT)[1]
    if kind in STRINGS:
        return m.start(kind), _string(source, m.end(), kind)[1]
    start = m.start(NUMBER if kind == GENERATION else kind)
    return start - (kind in (NAME, TEXT)), m.end()


class Token(NamedTuple):
    """One token `source[start:end]`: `<<`, `>>`, `[`, `]`, `string`, or `other` for any other object."""

    kind: str
    start: int
    end: int
    value: Value


def next_token(source: bytes, position: int) -> Token:
    """The token after white space and comments, the same that `read_value` would see. Raises `FormatError`."""
    m = token(source, position)
    if m is None:
        raise no_token(source, position)
    kind = m.lastindex or 0
    if (bracket := _BRACKETS.get(kind)) is not None:
        return Token(bracket, m.start(kind), m.end(), None)
    if kind not in (NAME, HEX, LITERAL, TEXT):
        return Token("other", m.start(), m.end(), None)
    start = m.start(kind) - (kind in (NAME, TEXT))
    value, end = read_value(source, start)
    return Token("other" if kind == NAME else "string", start, end, value)


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
    if data[start : start + 2] == b"<<":
        value, end = brief_dictionary(data, start, b"endobj") or _container(data, start + 2, is_dict=True)
    else:
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


_PLAINLY_EQUAL: Final = frozenset((Ref, str, bytes))


def same(a: Value, b: Value) -> bool:
    """Whether two objects are equal in type and value; `1`, `1.0` and `true` are three things."""
    if a is b:
        return True
    if type(a) is not type(b):
        return False
    if isinstance(a, dict) and isinstance(b, dict):
        return a.keys() == b.keys() and all(same(v, b[k]) for k, v in a.items())
    if isinstance(a, list) and isinstance(b, list):
        if _PLAINLY_EQUAL.issuperset(map(type, a)):  # then no number is another one's equal
            return a == b
        return len(a) == len(b) and all(map(same, a, b))
    if isinstance(a, Stream) and isinstance(b, Stream):
        return same(a.dictionary, b.dictionary) and a.raw == b.raw
    return a == b


# Writing ------------------------------------------------------------------------------------------------

_PLAIN_NAME = re.compile(rb"[^\x21-\x7e]|[()<>\[\]{}/%#]")
_PLAIN_TEXT = re.compile(rb"[\x20-\x27\x2a-\x5b\x5d-\x7e]*").fullmatch


def serialize(value: Value) -> bytes:
    """The object as it is written in a file. Raises `TypeError` for a stream, which has no direct form."""
    try:
        return _WRITERS[type(value)](value)
    except KeyError:
        raise TypeError(f"{type(value).__name__} has no direct form in a PDF file") from None


class _Written(dict[str, bytes]):
    """Names as they are written, each made once: the few hundred that every file uses."""

    def __missing__(self, name: str) -> bytes:
        text = b"/" + _PLAIN_NAME.sub(lambda m: b"#%02x" % m[0][0], name.encode("latin-1"))
        if len(self) < 4096:
            self[name] = text
        return text


def _write_dictionary(value: Dictionary) -> bytes:
    return b"<<" + b" ".join([_WRITERS[type(part)](part) for entry in value.items() for part in entry]) + b">>"


def _write_array(value: list[Value]) -> bytes:
    return b"[" + b" ".join([_WRITERS[type(item)](item) for item in value]) + b"]"


def _write_string(value: bytes) -> bytes:
    return b"(" + value + b")" if _PLAIN_TEXT(value) else b"<" + binascii.hexlify(value) + b">"


def _real(value: float) -> bytes:
    text = f"{value:.10f}".rstrip("0")
    return (text + "0" if text.endswith(".") else text).encode()


_WRITERS: Final[dict[type, Callable[[Any], bytes]]] = {
    str: _Written().__getitem__,
    int: b"%d".__mod__,
    Ref: b"%d %d R".__mod__,
    bytes: _write_string,
    dict: _write_dictionary,
    list: _write_array,
    bool: lambda value: b"true" if value else b"false",
    float: _real,
    type(None): lambda value: b"null",
}


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
    return b"D:%04d%02d%02d%02d%02d%02dZ" % value.utctimetuple()[:6]
