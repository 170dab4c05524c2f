"""The strings in the text of an object: found, and replaced by others, while every other byte stays.

Reach for `string_spans` and `with_strings`. /Contents of a signature dictionary is no string to be encrypted
(ISO 32000-2 7.6.2); a dictionary with /ByteRange and /Contents counts as one, whatever its /Type says.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Final, NamedTuple

from ...errors import FormatError, LimitExceeded
from ..objects import SPACE, next_token, read_value, serialize, value_spans

MAX_STRINGS: Final = 1_000_000  # in one object; the largest name trees of real files have some 10,000
_stream = re.compile(rb"[" + SPACE + rb"]*stream\r?\n").match


class Span(NamedTuple):
    """A string token `source[start:end]` and what it says."""

    start: int
    end: int
    value: bytes


def string_spans(source: bytes, position: int, end: int) -> list[Span]:
    """Every string of the object `source[position:end]`, but /Contents of signatures. Raises `FormatError`."""
    text = source[position:end]  # bytes, also where the source is a memory map
    if b"(" not in text and text.count(b"<") == 2 * text.count(b"<<"):
        return []  # as most objects are: dictionaries of names, numbers and references
    found: list[Span] = []
    exempt: set[int] = set()
    open_: list[_Level] = []
    while True:
        token = next_token(source, position)
        level = open_[-1] if open_ else None
        position = token.end
        if token.kind in ("<<", "["):
            open_.append(_Level(token.kind == "<<"))
        elif token.kind in (">>", "]"):
            if level is None or level.is_dictionary is not (token.kind == ">>"):
                raise FormatError(f"PDF: brackets do not match at offset {token.start}.")
            open_.pop()
            if level.byte_range and level.contents is not None:
                exempt.add(level.contents)
            if open_:
                open_[-1].took(None)
        else:
            if token.kind == "string":
                if level is not None and level.key == "Contents":
                    level.contents = len(found)
                if len(found) >= MAX_STRINGS:
                    raise LimitExceeded(f"PDF: more than {MAX_STRINGS} strings in one object.")
                found.append(Span(token.start, token.end, token.value if isinstance(token.value, bytes) else b""))
            if level is not None:
                level.took(token.value if isinstance(token.value, str) else None)
        if not open_:
            break
    return [span for i, span in enumerate(found) if i not in exempt]


class _Level:
    """One open array or dictionary."""

    __slots__ = ("byte_range", "contents", "is_dictionary", "key")

    def __init__(self, is_dictionary: bool) -> None:
        self.is_dictionary = is_dictionary
        self.key: str | None = None
        """The key whose value comes next."""
        self.byte_range = False
        self.contents: int | None = None

    def took(self, name: str | None) -> None:
        """One more item: in a dictionary a key, then its value."""
        if not self.is_dictionary:
            return
        if self.key is None:
            self.key = name or ""
            self.byte_range |= name == "ByteRange"
        else:
            self.key = None


def with_strings(
    source: bytes, bounds: tuple[int, int], spans: list[Span], change: Callable[[bytes], bytes]
) -> bytes:
    """`source[bounds]` with each of the strings replaced by what `change` makes of it."""
    begin, end = bounds
    out: list[bytes] = []
    for span in spans:
        out += [source[begin : span.start], serialize(change(span.value))]
        begin = span.end
    return b"".join([*out, source[begin:end]])


def split_stream(body: bytes) -> tuple[bytes, bytes | None]:
    """The text of an object to be written: all of it, or a stream's dictionary and its data. Raises `FormatError`."""
    value, end = read_value(body, 0)
    m = _stream(body, end)
    if m is None:
        return body, None
    length = value.get("Length") if isinstance(value, dict) else None
    if type(length) is not int or not body.startswith(
        (b"\nendstream", b"\r\nendstream", b"endstream"), m.end() + length
    ):
        raise FormatError("PDF: a stream to be written has no /Length that is right.")
    return body[:end], body[m.end() : m.end() + length]


def with_length(text: bytes, length: int) -> bytes:
    """A stream's dictionary with another /Length."""
    start, end = value_spans(text, 0)[0]["Length"]
    return text[:start] + b"%d" % length + text[end:]
