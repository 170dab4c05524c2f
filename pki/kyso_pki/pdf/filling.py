"""Whether a changed form field shows what it says (attack class P8).

Reach for `fills_consistently`. A new value counts as form filling only when the text in the new appearance
is the new value, the text in the old one was the old value, and the fonts are the same as before. What
cannot be decided (composite fonts, images, unusual operators) is not consistent.
"""

from __future__ import annotations

import re
from typing import Final

from ..errors import FormatError
from .filters import decode
from .objects import Dictionary, Ref, Stream, Value, decode_text, read_value, same, skip_space
from .reader import Reader

MAX_OPERATIONS: Final = 20_000  # operators in one appearance; a text field has a dozen
_operator = re.compile(rb"[A-Za-z'\"*][A-Za-z0-9*]*").match
_SHOWING = (b"Tj", b"TJ", b"'", b'"')
_HARMLESS = frozenset(
    b"q Q cm w J j M d ri i gs BT ET Tc Tw Tz TL Tf Tr Ts Td TD Tm T* g G rg RG k K re W W* n f S BMC BDC EMC".split()
)


def fills_consistently(
    reader: Reader, revision: int, kind: str, old: Dictionary, new: Dictionary, values: tuple[Value, Value]
) -> bool:
    """Whether the field or widget only got another value that its appearance shows.

    `old` is read as of the revision before. `values` are the field's values before and after.
    """
    if kind == "Btn":
        return _switched(reader, revision, old, new, values[1])
    before, now = _normal(reader, old, revision - 1), _normal(reader, new, revision)
    if now is None or not isinstance(values[1], bytes):
        return False
    if before is not None and not same(before.dictionary.get("Resources"), now.dictionary.get("Resources")):
        return False
    if any(
        before is not None and not same(before.dictionary.get(k), now.dictionary.get(k)) for k in ("BBox", "Matrix")
    ):
        return False
    if before is None and not _plain_resources(reader, now, revision):
        return False
    try:
        was_right = before is None or says(reader, before, values[0])
        return was_right and says(reader, now, values[1])
    except FormatError:
        return False


def _switched(reader: Reader, revision: int, old: Dictionary, new: Dictionary, value: Value) -> bool:
    """A button: only the chosen state differs, among the states that it had."""
    if not same(old.get("AP"), new.get("AP")):
        return False
    state = new.get("AS")
    if state is None:
        return isinstance(value, str)
    appearance = reader.resolve(new.get("AP"), revision)
    states = reader.resolve(appearance.get("N"), revision) if isinstance(appearance, dict) else None
    known = {"Off", *(states if isinstance(states, dict) else ())}
    return state in known and (state == "Off" or state == value)


def _normal(reader: Reader, widget: Dictionary, revision: int) -> Stream | None:
    appearance = reader.resolve(widget.get("AP"), revision)
    normal = reader.resolve(appearance.get("N"), revision) if isinstance(appearance, dict) else None
    return normal if isinstance(normal, Stream) else None


def _plain_resources(reader: Reader, appearance: Stream, revision: int) -> bool:
    """Whether every font of a first appearance was there before."""
    resources = reader.resolve(appearance.dictionary.get("Resources"), revision)
    if not isinstance(resources, dict) or resources.keys() - {"Font", "ProcSet"}:
        return False
    fonts = reader.resolve(resources.get("Font"), revision)
    if not isinstance(fonts, dict):
        return False
    return all(isinstance(f, Ref) and reader.entry(f.number, revision - 1) is not None for f in fonts.values())


def says(reader: Reader, appearance: Stream, value: Value) -> bool:
    """Whether the text that an appearance shows is the value, white space aside."""
    if value is not None and not isinstance(value, bytes):
        return False
    shown = _text(decode(appearance, reader.budget))
    return _squeezed(shown) == _squeezed(decode_text(value or b""))


def _squeezed(text: str) -> str:
    return "".join(text.split())


def _text(content: bytes) -> str:
    """The strings that a content stream shows, in order. Raises `FormatError` for other drawing."""
    shown = bytearray()
    operands: list[Value] = []
    position = skip_space(content, 0)
    for _ in range(MAX_OPERATIONS):
        if position >= len(content):
            return bytes(shown).decode("cp1252", "replace")
        m = _operator(content, position)
        if m is None or m[0] in (b"true", b"false", b"null"):
            value, position = read_value(content, position)
            operands.append(value)
        else:
            if m[0] in _SHOWING:
                shown += _strings(operands)
            elif m[0] not in _HARMLESS:
                raise FormatError(f"PDF: the appearance uses the operator {m[0]!r}.")
            operands = []
            position = m.end()
        position = skip_space(content, position)
    raise FormatError("PDF: the appearance has too many operators.")


def _strings(operands: list[Value]) -> bytes:
    last = operands[-1] if operands else None
    if isinstance(last, list):
        return b"".join(v for v in last if isinstance(v, bytes))
    return last if isinstance(last, bytes) else b""
