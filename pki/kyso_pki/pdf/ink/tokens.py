"""Content streams as operations, read so strictly that every reader reads the same ones (ISO 32000-2 7.8.2).

Reach for `operations`, and for `numbers` and `whole` to check operands. Refused with `FormatError`, because readers
do not agree on them: tokens that touch, numbers in odd forms or beyond what all of them hold, escapes and ends of
line in strings that some of them read otherwise, white space that is none for some, and streams that end within
anything. Nothing is repaired.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final, NamedTuple

from ...errors import FormatError, LimitExceeded
from ..objects import Value, read_value
from .budget import Work

MAX_NUMBER: Final = 32_767  # ISO 32000-1 Annex C.2; beyond it readers clamp, wrap or lose digits
MAX_TEXT: Final = 32_767  # bytes of one string; PDFium cuts longer ones
MAX_OPERANDS: Final = 33  # before one operator: a colour in 32 components and the name of a pattern
BYTES_PER_STEP: Final = 8  # of content: less than one operator
SPACE: Final = b"\t\n\r "
# No possessive repetition of a group whose round can fail after it has begun: Python before 3.11.5 goes on from where
# such a round stopped (gh-106052), and Debian 12 has 3.11.2. Each round reads one way only: nothing is tried twice.
_SKIP = rb"[\t\n\r ]*+(?:%[\t\x20-\x7e\x80-\xff]*+[\n\r][\t\n\r ]*+)*"
_END = rb"(?=[\t\n\r ()<>\[\]/%]|\Z)"
_token = re.compile(
    _SKIP
    + rb"(?:(-?(?:\d{1,10}(?:\.\d{0,20})?|\.\d{1,20}))" + _END  # 1: a number
    + rb"|([A-Za-z'\"][A-Za-z0-9]*+\*?)" + _END  # 2: an operator
    + rb"|/([!$&'*+,\-.0-9:;=?@A-Z\\^_`a-z|~\"]{1,127})" + _END  # 3: a name without anything escaped
    + rb"|\(([^()\\\r]*+)\)"  # 4: a literal string without anything special
    + rb"|(<<)|<([0-9A-Fa-f\t\n\r ]*+)>"  # 5, 6
    + rb"|(\()|(\[)|(\])|(\Z))"  # 7 to 10
).match  # fmt: skip
_NUMBER, _OPERATOR, _NAME, _TEXT, _DICT, _HEX, _LITERAL, _ARRAY, _END_ARRAY, _NOTHING = range(1, 11)
_escaped = re.compile(rb"(?:[^\\\r]++|\\(?:[nrtbf()\\]|\r\n|\n|[0-3][0-7]{0,2}+|[4-7][0-7]?+(?![0-7])))*").fullmatch


class Operation(NamedTuple):
    name: bytes
    operands: list[Value]


def operations(content: bytes, work: Work) -> Iterator[Operation]:
    """The operators of one stream in order, each with what stands before it.

    The stream holds whole operations: readers join the streams of a page in more than one way. Raises `FormatError`,
    `LimitExceeded`.
    """
    work.take(len(content) // BYTES_PER_STEP)
    operands: list[Value] = []
    position = 0
    while True:
        m = _token(content, position)
        if m is None:
            raise _unreadable(content, position)
        kind = m.lastindex
        if kind == _OPERATOR:
            work.take(1)
            yield Operation(m[_OPERATOR], operands)
            operands = []
            position = m.end()
            continue
        if kind == _NOTHING:
            if operands:
                raise FormatError("PDF: a content stream ends before the operator that its last operands are for.")
            return
        value: Value
        if kind == _ARRAY:
            value, position = _array(content, m.end(), work)
        else:
            value, position = _value(content, m)
        operands.append(value)
        if len(operands) > MAX_OPERANDS:
            raise LimitExceeded(f"PDF: more than {MAX_OPERANDS} operands before an operator.")


def touch(before: bytes, after: bytes) -> bool:
    """Whether the last token of a stream and the first of the next could be read as one."""
    return bool(before) and bool(after) and before[-1] not in SPACE and after[0] not in SPACE


def numbers(operands: list[Value], count: int) -> list[float]:
    """So many numbers. Raises `FormatError` for anything else."""
    found = [float(n) for n in operands if isinstance(n, int | float) and not isinstance(n, bool)]
    if len(found) != count or len(operands) != count:
        raise FormatError(f"PDF: an operator has other operands than the {count} numbers that it needs.")
    if any(abs(n) > MAX_NUMBER for n in found):
        raise FormatError(f"PDF: a number beyond {MAX_NUMBER}, which readers do not hold alike.")
    return found


def whole(operands: list[Value], most: int) -> int:
    """One integer from 0 to `most`, written as one: readers take `3.0` for nothing or for 3."""
    value = operands[0] if len(operands) == 1 else None
    if type(value) is not int or not 0 <= value <= most:
        raise FormatError(f"PDF: an operator needs a whole number from 0 to {most}.")
    return value


def _value(content: bytes, m: re.Match[bytes]) -> tuple[Value, int]:
    """A number, name, string or dictionary that was found, and where it ends."""
    kind = m.lastindex
    if kind == _NUMBER:
        number = m[_NUMBER]
        value: Value = float(number) if b"." in number else int(number)
    elif kind == _NAME:
        value = m[_NAME].decode("ascii")
    elif kind == _TEXT:
        value = m[_TEXT]
    elif kind == _HEX:
        value = _unhexed(m[_HEX])
    elif kind == _DICT:  # a property list, which draws nothing
        return read_value(content, m.start(_DICT))
    elif kind == _LITERAL:
        start = m.start(_LITERAL)
        value, end = read_value(content, start)
        if _escaped(content, start + 1, end - 1) is None:
            raise FormatError("PDF: a string has an escape or an end of line that readers do not read alike.")
        return _short(value), end
    else:
        raise _unreadable(content, m.start())
    return _short(value), m.end()


def _array(content: bytes, position: int, work: Work) -> tuple[list[Value], int]:
    """Numbers and strings up to the closing bracket: nothing else is in the array of an operator."""
    items: list[Value] = []
    while True:
        m = _token(content, position)
        if m is not None and m.lastindex == _END_ARRAY:
            work.take(len(items))
            return items, m.end()
        if m is None or m.lastindex not in (_NUMBER, _TEXT, _HEX, _LITERAL):
            raise _unreadable(content, position)
        value, position = _value(content, m)
        items.append(value)


def _unhexed(digits: bytes) -> bytes:
    digits = digits.translate(None, SPACE)
    if len(digits) % 2:
        raise FormatError("PDF: a hexadecimal string with half a byte.")
    return bytes.fromhex(digits.decode("ascii"))


def _short(value: Value) -> Value:
    if isinstance(value, bytes) and len(value) > MAX_TEXT:
        raise LimitExceeded(f"PDF: a text of {len(value)} bytes; at most {MAX_TEXT} are read alike by all readers.")
    return value


def _unreadable(content: bytes, position: int) -> FormatError:
    found = bytes(content[position : position + 24])
    return FormatError(f"PDF: a content stream holds something that readers may read differently, near {found!r}.")
