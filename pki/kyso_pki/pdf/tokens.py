"""The tokens of PDF objects (ISO 32000-2 7.2, 7.3): one grammar for all that read them.

Reach for `token` (a regular expression's `match`, whose `lastindex` is the kind) or `tokens` (its `finditer`). Both
skip white space and comments first. Of strings with escapes only the beginning is a token: `hex_string` and
`literal_string` tell where they end.
"""

from __future__ import annotations

import binascii
import re
from typing import Final

from ..errors import FormatError, LimitExceeded

MAX_NAME: Final = 4096  # bytes; ISO 32000-1 Annex C.2 names 127
MAX_DEPTH: Final = 96  # arrays and dictionaries in each other; real files stay under 20

SPACE: Final = rb"\x00\t\n\x0c\r "
DELIMITERS = rb"()<>\[\]{}/%"
END = rb"(?=[" + SPACE + DELIMITERS + rb"]|\Z)"  # after a number or a keyword
SKIP = rb"[" + SPACE + rb"]*+(?:%[^\r\n]*+[" + SPACE + rb"]*+)*+"
W = rb"[" + SPACE + rb"]++"

NAME, NUMBER, GENERATION, INT, TEXT, DICT, END_DICT, ARRAY, END_ARRAY = range(1, 10)
NULL, HEX, LITERAL, REAL, TRUE, FALSE, NONE = range(10, 17)
OPENS, CLOSES, STRINGS = (DICT, ARRAY), (END_DICT, END_ARRAY), (HEX, LITERAL)
_TOKEN = (
    rb"/([^" + SPACE + DELIMITERS + rb"]*+)"  # 1
    + rb"|(\d{1,10})" + W + rb"(\d{1,5})" + W + rb"R" + END  # 2, 3
    + rb"|([+-]?\d{1,20})" + END  # 4
    + rb"|\(([^()\\\r]*+)\)"  # 5: a literal string without anything special
    + rb"|(<<)|(>>)|(\[)|(\])"  # 6 to 9
    + rb"|(null)" + END  # 10
    + rb"|(<)|(\()"  # 11, 12
    + rb"|([+-]?(?:\d{1,40}\.\d{0,40}|\.\d{1,40}))" + END  # 13
    + rb"|(true)" + END + rb"|(false)" + END  # 14, 15
)  # fmt: skip
token = re.compile(SKIP + rb"(?:" + _TOKEN + rb")").match
tokens = re.compile(SKIP + rb"(?:" + _TOKEN + rb"|([\s\S]))").finditer
"""The same one behind the other; what is no token (`NONE`, 16) is given too, so that nothing is skipped unseen."""
_skip = re.compile(SKIP).match
_paren = re.compile(rb"[()\\]").search
_escape = re.compile(rb"\\(?:([0-7]{1,3})|(\r\n|\r|\n)|([\s\S]))|\r\n?")
_two_digits = re.compile(rb"[0-9A-Fa-f]{2}").match
_ESCAPES = {b"n": b"\n", b"r": b"\r", b"t": b"\t", b"b": b"\b", b"f": b"\f"}
SPACE_BYTES = b"\x00\t\n\x0c\r "

known_names: dict[bytes, str] = {}  # the few hundred names that every file uses, made once


def skip_space(source: bytes, position: int) -> int:
    """The offset of the next byte that is neither white space nor in a comment."""
    m = _skip(source, position)
    return m.end() if m else position


def name_of(raw: bytes) -> str:
    """The name written so behind its slash, one character per byte. Raises `FormatError`, `LimitExceeded`."""
    if len(raw) > MAX_NAME:
        raise LimitExceeded(f"PDF: a name of {len(raw)} bytes; at most {MAX_NAME} are read.")
    if b"\x80" in raw or b"\xff" in raw:
        raise FormatError(f"PDF: the name /{raw[:64]!r} has an octet that is white space to PDFium (0x80 or 0xFF).")
    if b"#" in raw:
        return _unescaped(raw)
    name = raw.decode("latin-1")
    if name and len(known_names) < 4096:
        known_names[raw] = name
    return name


def _unescaped(raw: bytes) -> str:
    parts = raw.split(b"#")
    out = bytearray(parts[0])
    for part in parts[1:]:
        if not _two_digits(part) or part.startswith(b"00"):
            raise FormatError(f"PDF: the name /{raw[:64]!r} has a # without two hexadecimal digits (or #00).")
        out += binascii.unhexlify(part[:2]) + part[2:]
    return out.decode("latin-1")


def hex_string(source: bytes, position: int) -> tuple[bytes, int]:
    """The string whose `<` stands before `position`, and its end. Raises `FormatError`."""
    end = source.find(b">", position)
    if end < 0:
        raise FormatError(f"PDF: the hexadecimal string at offset {position - 1} does not end.")
    digits = source[position:end]
    try:
        return binascii.unhexlify(digits), end + 1
    except binascii.Error:
        digits = digits.translate(None, SPACE_BYTES)
    try:
        return binascii.unhexlify(digits + b"0" if len(digits) % 2 else digits), end + 1
    except binascii.Error:
        raise FormatError(f"PDF: the string at offset {position - 1} is not hexadecimal.") from None


def literal_string(source: bytes, position: int) -> tuple[bytes, int]:
    """The string whose `(` stands before `position`, and its end. Raises `FormatError`."""
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


def no_token(source: bytes, position: int) -> FormatError:
    """The error that no token stands at `position`."""
    at = skip_space(source, position)
    if at >= len(source):
        return FormatError("PDF: the data end inside an object.")
    return FormatError(f"PDF: no object at offset {at}, found {bytes(source[at : at + 16])!r}.")
