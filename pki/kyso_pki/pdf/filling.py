"""Whether a changed form field shows what it says (attack class P8).

Reach for `fills_consistently`. A new value counts as form filling only when the new appearance plainly shows the
new value (`plain_text`), the text in the old one was the old value, and the fonts are the same as before. What
cannot be decided (composite fonts, images, unusual operators) is not consistent.
"""

from __future__ import annotations

from ..errors import FormatError
from .fields import MAX_FIELD_DEPTH, acroform
from .filters import decode
from .objects import Dictionary, Ref, Stream, Value, decode_text, same
from .plain_text import operations, plain_text, require_plain_default, strings
from .reader import Reader

_SHOWING = (b"Tj", b"TJ", b"'", b'"')
_HARMLESS = frozenset(
    b"q Q cm re m l h w J j M d ri i gs W W* n f S BT ET Tc Tw Tz TL Tf Tr Ts Td TD Tm T* g G rg RG k K cs CS sc SC "
    b"BMC BDC EMC".split()
)
_BOUNDS: dict[str, Value] = {"BBox": None, "Matrix": [1, 0, 0, 1, 0, 0]}  # with what they are by default (table 93)


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
    if before is not None and not all(
        same_numbers(before.dictionary.get(k, default), now.dictionary.get(k, default))
        for k, default in _BOUNDS.items()
    ):
        return False
    if not _known_resources(reader, before, now, revision):
        return False
    if not _same_other_looks(reader, revision, old, new):
        return False
    try:
        was_right = before is None or says(reader, before, values[0])
        right = was_right and _equal(plain_text(reader, now, revision), values[1])
        if old.get("DA") is None and new.get("DA") is not None:  # iText writes what the field had from the form
            _require_plain(reader, revision, new, values[1])
        return right and _drawn_anew_alike(reader, revision, new, values[1])
    except FormatError:
        return False


def _drawn_anew_alike(reader: Reader, revision: int, field: Dictionary, value: bytes) -> bool:
    """With /NeedAppearances readers draw the value themselves, by /DA (12.7.4.3): that must show it plainly too."""
    form = acroform(reader, revision) or {}
    if reader.resolve(form.get("NeedAppearances"), revision) not in (None, False):
        _require_plain(reader, revision, field, value)
    return True


def _require_plain(reader: Reader, revision: int, field: Dictionary, value: bytes) -> None:
    """Raises `FormatError` unless a reader that draws the field itself, by /DA, shows the value plainly."""
    form = acroform(reader, revision) or {}
    node: Value = field
    default: Value = None
    for _ in range(MAX_FIELD_DEPTH):
        if default is not None or not isinstance(node, dict):
            break
        default = reader.resolve(node.get("DA"), revision)
        node = reader.resolve(node.get("Parent"), revision)
    default = reader.resolve(form.get("DA"), revision) if default is None else default
    resources = reader.resolve(form.get("DR"), revision)
    fonts = reader.resolve(resources.get("Font"), revision) if isinstance(resources, dict) else None
    if not isinstance(default, bytes) or not isinstance(fonts, dict):
        raise FormatError("PDF: a field has no default appearance to be drawn by.")
    require_plain_default(reader, default, fonts, decode_text(value), revision)


def _same_other_looks(reader: Reader, revision: int, old: Dictionary, new: Dictionary) -> bool:
    """Whether the looks for the mouse (/R, /D) are what they were: only /N may differ."""
    before, now = reader.resolve(old.get("AP"), revision - 1), reader.resolve(new.get("AP"), revision)
    before = before if isinstance(before, dict) else {}
    if not isinstance(now, dict):
        return False
    return all(same(before.get(k), now.get(k)) for k in (before.keys() | now.keys()) - {"N"})


def _switched(reader: Reader, revision: int, old: Dictionary, new: Dictionary, value: Value) -> bool:
    """A button: only the chosen state differs, among the states that it had."""
    if not same(old.get("AP"), new.get("AP")):
        return False
    state = new.get("AS")
    if state is None:  # then some readers take the value for the state
        return isinstance(value, str) and new.get("AP") is None and _say_their_state(reader, revision, new)
    appearance = reader.resolve(new.get("AP"), revision)
    states = reader.resolve(appearance.get("N"), revision) if isinstance(appearance, dict) else None
    known = {"Off", *(states if isinstance(states, dict) else ())}
    if not isinstance(value, str | None):
        return False
    if value is None or value in known:
        return state == (value or "Off")
    return state == "Off" and new.get("Parent") is not None  # another button of the group is chosen


def _say_their_state(reader: Reader, revision: int, field: Dictionary) -> bool:
    """Whether no widget of a field shows by the field's value alone which of its states is seen."""
    kids = reader.resolve(field.get("Kids"), revision)
    widgets = [reader.resolve(kid, revision) for kid in kids] if isinstance(kids, list) else []
    return all(isinstance(w, dict) and (w.get("AP") is None or w.get("AS") is not None) for w in widgets)


def _normal(reader: Reader, widget: Dictionary, revision: int) -> Stream | None:
    appearance = reader.resolve(widget.get("AP"), revision)
    normal = reader.resolve(appearance.get("N"), revision) if isinstance(appearance, dict) else None
    return normal if isinstance(normal, Stream) else None


def _known_resources(reader: Reader, before: Stream | None, now: Stream, revision: int) -> bool:
    """Whether an appearance has nothing to draw with but what the one before it had, and fonts of the file.

    Programs write the resources anew, in an object of their own or not (PDFBox, pdf.js). What a font shows is told
    by `plain_fonts`.
    """
    old = None if before is None else reader.resolve(before.dictionary.get("Resources"), revision - 1)
    new = reader.resolve(now.dictionary.get("Resources"), revision)
    old = old if isinstance(old, dict) else {}
    if not isinstance(new, dict) or any(not same(old.get(k), new.get(k)) for k in new.keys() - {"Font", "ProcSet"}):
        return False
    had, has = reader.resolve(old.get("Font"), revision - 1), reader.resolve(new.get("Font"), revision)
    had = had if isinstance(had, dict) else {}
    return isinstance(has, dict) and all(
        same(had.get(name), font) or (isinstance(font, Ref) and reader.entry(font.number, revision - 1) is not None)
        for name, font in has.items()
    )


def same_numbers(a: Value, b: Value) -> bool:
    """Whether two values are the same, or lists of the same numbers: `100.0` and `100` are one place on a page."""
    if isinstance(a, list) and isinstance(b, list) and {*map(type, a), *map(type, b)} <= {int, float}:
        return a == b
    return same(a, b)


def says(reader: Reader, appearance: Stream, value: Value) -> bool:
    """Whether the text of an appearance that the signer saw is the value; how it is drawn is what was seen."""
    return _equal(shown_by(reader, appearance).decode("cp1252", "replace"), value)


def shown_by(reader: Reader, appearance: Stream) -> bytes:
    """The strings that an appearance shows, as they stand. Raises `FormatError` where it draws something else."""
    shown = bytearray()
    for operator, operands in operations(decode(appearance, reader.budget)):
        if operator in _SHOWING:
            shown += strings(operands)
        elif operator not in _HARMLESS:
            raise FormatError(f"PDF: the appearance uses the operator {operator!r}.")
    return bytes(shown)


def _equal(shown: str, value: Value) -> bool:
    """White space aside."""
    if value is not None and not isinstance(value, bytes):
        return False
    return "".join(shown.split()) == "".join(decode_text(value or b"").split())
