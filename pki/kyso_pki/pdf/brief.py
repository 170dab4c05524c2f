"""Short dictionaries without anything special in them, read at half the cost: most objects that a file is asked for.

Reach for `brief_dictionary`. It takes all tokens of a dictionary out of the file in one go, where `objects` looks at
one after the other; so it does not know where each stands, and leaves whatever is not plain (comments, escapes, names
with #) and whatever is wrong to `objects`, which says so. The tokens are those of `tokens`, or fewer; the tests hold
the two readings to each other.
"""

from __future__ import annotations

import binascii
import re
from typing import Any, Final

from .tokens import DELIMITERS, END, MAX_DEPTH, SPACE, name_of
from .values import Dictionary, Value, new_ref

MAX_DIGITS: Final = 20  # of an integer, as in `tokens`
SHORT: Final = 1 << 10  # bytes; so much at most is read in vain where a dictionary is not plain
_split = re.compile(
    rb"[" + SPACE + rb"]*+("
    + rb"/[^" + SPACE + DELIMITERS + rb"]*+"
    + rb"|\d{1,10} \d{1,5} R" + END
    + rb"|[^" + SPACE + DELIMITERS + rb"]++"  # a number or a word, up to where all tokens end
    + rb"|<<|>>|\[|\]"
    + rb"|\([^()\\\r]*+\)|<[0-9A-Fa-f]*+>"
    + rb"|[\s\S])"
).findall  # fmt: skip
_number = re.compile(rb"[+-]?(?:\d{1,20}|(\d{1,40}\.\d{0,40}|\.\d{1,40}))").fullmatch
MAX_KNOWN: Final = 4096
_NAMES: Final = frozenset((str,))
_CLOSING: Final = {b"<<": b">>", b"[": b"]"}
_known: dict[bytes, Any] = {b"true": True, b"false": False}
"""What words, names, short numbers and references mean, as they are written: the few hundred that every file uses."""


def brief_dictionary(data: bytes, start: int, before: bytes) -> tuple[Dictionary, int] | None:
    """The dictionary that begins at `start`, and its end; None where it has to be read in the usual way.

    `before`: the word that stands behind it, unless it is `stream`.
    """
    text, found, _ = data[start : start + SHORT].partition(before)
    if not text.startswith(b"<<") or (not found and b"stream" not in text):
        return None
    text = text.partition(b"stream")[0]
    end = text.rfind(b">>") + 2
    parts = iter(_split(text[:end]))
    value = _read(parts)
    if value is None or next(parts, None) is not None:  # it ended before the last `>>`
        return None
    return value, start + end


def _read(parts: Any) -> Any:
    """The dictionary that these tokens begin with; None where they are not read here."""
    outer: list[list[Any]] = []
    kinds = [b""]
    items: list[Any] = []
    known = _known.get
    for part in parts:
        value = known(part)
        if value is not None:
            items.append(value)
        elif part in _CLOSING:
            outer.append(items)
            if len(outer) > MAX_DEPTH:
                return None
            kinds.append(_CLOSING[part])
            items = []
        elif part == kinds[-1]:
            if part == b">>":
                keys = items[::2]
                value = dict(zip(keys, items[1::2], strict=False)) if _NAMES.issuperset(map(type, keys)) else {}
                if 2 * len(value) != len(items):
                    return None
            else:
                value = items
            del kinds[-1]
            items = outer.pop()
            if not outer:
                return value
            items.append(value)
        elif not _other(part, items):
            return None
    return None


def _other(part: bytes, items: list[Value]) -> bool:
    """Adds what is neither a bracket, a number without a sign nor a known name; False for what is not read here."""
    first = part[0]
    if first == 0x2F:  # /
        if b"#" in part:
            return False
        name = name_of(part[1:])
        if len(_known) < MAX_KNOWN:
            _known[part] = name
        items.append(name)
    elif part.isdigit():
        if len(part) > MAX_DIGITS:
            return False
        items.append(int(part))
        if len(part) < 4:
            _known[part] = items[-1]
    elif part.endswith(b" R"):
        number, generation, _ = part.split(b" ")
        items.append(new_ref((int(number), int(generation))))
        if len(part) < 8 and len(generation) == 1:
            _known[part] = items[-1]
    elif first == 0x28 and len(part) > 1:  # (
        items.append(part[1:-1])
    elif first == 0x3C and len(part) > 1 and not len(part) % 2:  # <
        items.append(binascii.unhexlify(part[1:-1]))
    elif (m := _number(part)) is not None:
        items.append(float(part) if m[1] else int(part))
    elif part == b"null":
        items.append(None)
    else:
        return False
    return True
