"""Content streams, operator by operator (ISO 32000-2 8 and 9): each thing painted marks where it can be.

Reach for `Painter`. White paint on paper is no ink, and neither is white on ink already marked; it counts as ink
where a blend mode, a transfer function or another colour space could turn it into something else. Whatever is not in
the tables below raises `FormatError`: a page that is not understood is not blank.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import Final

from ...errors import FormatError, LimitExceeded
from ..filters import decode
from ..objects import Dictionary, Ref, Stream, Value, read_value, skip_space
from ..reader import Reader
from .budget import MAX_DEPTH, Work
from .fonts import Font, Spacing, font_of
from .grid import Box, Ink
from .matrix import Matrix, around

MAX_OPERANDS: Final = 64  # before one operator; the longest real ones are the components of a colour
MAX_SAVED: Final = 512  # graphics states; ISO 32000-1 Annex C.2 names 28
BYTES_PER_STEP: Final = 8  # of content: less than one operator
HAIRLINE: Final = 0.25  # points on each side of the thinnest line that a device can draw
_operator = re.compile(rb"[A-Za-z'\"][A-Za-z0-9]*\*?").match
_VALUES = (b"true", b"false", b"null")

# Operators without an effect on where something is painted, and how many operands they have (None: any number)
_HARMLESS: Final[dict[bytes, int | None]] = {
    b"W": 0, b"W*": 0, b"BMC": 1, b"BDC": 2, b"EMC": 0, b"MP": 1, b"DP": 2, b"ri": 1, b"i": 1, b"J": 1, b"d": 2,
}  # fmt: skip
_WHITE: Final[dict[bytes, tuple[float, ...]]] = {
    b"g": (1,), b"rg": (1, 1, 1), b"k": (0, 0, 0, 0), b"G": (1,), b"RG": (1, 1, 1), b"K": (0, 0, 0, 0),
}  # fmt: skip
_COLOUR: Final = frozenset((b"cs", b"sc", b"scn", b"CS", b"SC", b"SCN"))
_SETTINGS: Final = {
    b"Tc": ("between", 1.0), b"Tw": ("word", 1.0), b"Tz": ("scale", 0.01), b"TL": ("leading", 1.0),
    b"Ts": ("rise", 1.0),
}  # fmt: skip
_PAINTS: Final = {  # filled, stroked
    b"f": (True, False), b"F": (True, False), b"f*": (True, False), b"S": (False, True), b"s": (False, True),
    b"B": (True, True), b"B*": (True, True), b"b": (True, True), b"b*": (True, True), b"n": (False, False),
}  # fmt: skip
_DEFAULTS = ("DefaultGray", "DefaultRGB", "DefaultCMYK")
_NORMAL = ("Normal", "Compatible")
_HARMLESS_STATE = frozenset((
    "Type", "LC", "D", "RI", "OP", "op", "OPM", "FL", "SM", "SA", "ca", "CA", "AIS", "TK", "SMask", "UseBlackPtComp",
))  # fmt: skip


@dataclass
class _State:
    """The graphics state, as far as it matters for where ink may be (8.4, 9.3)."""

    ctm: Matrix = field(default_factory=Matrix)
    white: bool = False
    """What is filled is white; and `white_line`, what is stroked."""
    white_line: bool = False
    line_width: float = 1.0
    mitre: float = 10.0
    joined: bool = True
    """Lines meet in mitres, which reach beyond their width."""
    font: Font | None = None
    size: float = 0.0
    between: float = 0.0
    word: float = 0.0
    scale: float = 1.0
    leading: float = 0.0
    rise: float = 0.0
    mode: int = 0


class Painter:
    """Reads the content of one page and marks its ink."""

    def __init__(self, reader: Reader, revision: int, ink: Ink, work: Work) -> None:
        self._reader = reader
        self._revision = revision
        self._ink = ink
        self._work = work
        self._state = _State()
        self._saved: list[_State] = []
        self._floor = 0
        self._clip: Box | None = None
        self._resources: Dictionary = {}
        self._path: list[tuple[float, float]] = []
        self._matrix = Matrix()
        self._line = Matrix()
        self._pen = (0.0, 0.0)
        self._paper_is_white = True
        self._fonts: dict[Ref, Font] = {}
        self._depth = 0

    def page(self, contents: Value, resources: Dictionary) -> None:
        """The content of a page, one stream or several that are read as one (7.8.2)."""
        items = contents if isinstance(contents, list) else [contents]
        parts: list[bytes] = []
        for item in items:
            stream = self._resolved(item)
            if not isinstance(stream, Stream):
                raise FormatError("PDF: the content of a page is no stream.")
            parts.append(decode(stream, self._reader.budget))
        self._run(b"\n".join(parts), resources)

    def _resolved(self, value: Value) -> Value:
        return self._reader.resolve(value, self._revision)

    def _run(self, content: bytes, resources: Dictionary) -> None:
        self._resources = resources
        self._work.take(len(content) // BYTES_PER_STEP)
        operands: list[Value] = []
        position = skip_space(content, 0)
        while position < len(content):
            m = _operator(content, position)
            if m is None or m[0] in _VALUES:
                value, position = read_value(content, position)
                operands.append(value)
                if len(operands) > MAX_OPERANDS:
                    raise LimitExceeded(f"PDF: more than {MAX_OPERANDS} operands before an operator.")
            else:
                self._work.take(1)
                self._do(m[0], operands)
                operands = []
                position = m.end()
            position = skip_space(content, position)

    def _do(self, name: bytes, operands: list[Value]) -> None:
        if name in _HARMLESS:
            if _HARMLESS[name] != len(operands):
                raise FormatError(f"PDF: the operator {name!r} has {len(operands)} operands.")
        elif name in _PAINTS:
            _numbers(operands, 0)
            self._paint(*_PAINTS[name])
        elif name in _SETTINGS:
            setting, factor = _SETTINGS[name]
            setattr(self._state, setting, _numbers(operands, 1)[0] * factor)
        elif name in _COLOUR:
            self._colour(name, False)
        elif name in _WHITE:
            white = _WHITE[name]
            self._colour(name, tuple(_numbers(operands, len(white))) == white and not self._redefined())
        elif (method := _METHODS.get(name)) is not None:
            method(self, operands)
        else:
            raise FormatError(f"PDF: what the operator {name[:16]!r} draws is not known here.")

    # Marks

    def _mark(self, box: Box, stroke: float = 0.0) -> None:
        box = box.grown(stroke) if stroke else box
        inside = box if self._clip is None else box.cut(self._clip)
        if inside is not None:
            self._ink.mark(inside)

    def _half_line(self) -> float:
        """How far a line reaches beyond its path, in points, mitres included."""
        s = self._state
        return s.line_width / 2 * s.ctm.stretch * (max(s.mitre, 1.5) if s.joined else 1.5) + HAIRLINE

    def _colour(self, name: bytes, white: bool) -> None:
        white = white and self._paper_is_white
        if name[:1].isupper():
            self._state.white_line = white
        else:
            self._state.white = white

    def _redefined(self) -> bool:
        """Whether the resources give the device's colours another meaning (8.6.5.6)."""
        spaces = self._resolved(self._resources.get("ColorSpace"))
        return isinstance(spaces, dict) and any(k in spaces for k in _DEFAULTS)

    # Graphics state (8.4.4)

    def _save(self, operands: list[Value]) -> None:
        _numbers(operands, 0)
        if len(self._saved) >= MAX_SAVED:
            raise LimitExceeded(f"PDF: more than {MAX_SAVED} graphics states are saved.")
        self._saved.append(replace(self._state))

    def _restore(self, operands: list[Value]) -> None:
        _numbers(operands, 0)
        if len(self._saved) <= self._floor:
            raise FormatError("PDF: a graphics state is restored that was not saved.")
        self._state = self._saved.pop()

    def _transform(self, operands: list[Value]) -> None:
        self._state.ctm = Matrix(*_numbers(operands, 6)).then(self._state.ctm)

    def _set_line_width(self, operands: list[Value]) -> None:
        self._state.line_width = abs(_numbers(operands, 1)[0])

    def _set_mitre(self, operands: list[Value]) -> None:
        self._state.mitre = abs(_numbers(operands, 1)[0])

    def _set_join(self, operands: list[Value]) -> None:
        self._state.joined = _numbers(operands, 1)[0] == 0

    def _set_state(self, operands: list[Value]) -> None:
        """A graphics state dictionary (8.4.5)."""
        state = self._resource("ExtGState", operands)
        if not isinstance(state, dict):
            raise FormatError("PDF: a graphics state is no dictionary.")
        for key, value in state.items():
            found = self._resolved(value)
            if key == "LW":
                self._set_line_width([found])
            elif key == "ML":
                self._set_mitre([found])
            elif key == "LJ":
                self._set_join([found])
            elif key == "BM":
                modes = found if isinstance(found, list) else [found]
                if any(self._resolved(mode) not in _NORMAL for mode in modes):
                    self._white_is_ink()
            elif key not in _HARMLESS_STATE:  # fonts, transfer functions, halftones, black generation
                if key == "Font":
                    raise FormatError("PDF: a graphics state sets a font.")
                self._white_is_ink()

    def _white_is_ink(self) -> None:
        """From here on nothing is taken for white paper: what is white in name may not be so on the page."""
        self._paper_is_white = False
        for state in (self._state, *self._saved):
            state.white = state.white_line = False

    # Paths (8.5)

    def _add_points(self, operands: list[Value]) -> None:
        numbers = _numbers(operands, len(operands))
        if len(numbers) not in (2, 4, 6):
            raise FormatError("PDF: a path has half a point.")
        self._path += [self._state.ctm.point(x, y) for x, y in zip(numbers[::2], numbers[1::2], strict=True)]

    def _add_rectangle(self, operands: list[Value]) -> None:
        x, y, w, h = _numbers(operands, 4)
        self._path += [self._state.ctm.point(a, b) for a in (x, x + w) for b in (y, y + h)]

    def _close(self, operands: list[Value]) -> None:
        _numbers(operands, 0)

    def _paint(self, filled: bool, stroked: bool) -> None:
        path, self._path = self._path, []
        if not path:
            return
        box = around(path)
        if filled and not self._state.white:
            self._mark(box, HAIRLINE)
        if stroked and not self._state.white_line:
            self._mark(box, self._half_line())

    # Text (9.4)

    def _begin_text(self, operands: list[Value]) -> None:
        _numbers(operands, 0)
        self._at(Matrix())

    def _end_text(self, operands: list[Value]) -> None:
        _numbers(operands, 0)

    def _at(self, matrix: Matrix) -> None:
        self._matrix = self._line = matrix
        self._pen = (0.0, 0.0)

    def _set_text_matrix(self, operands: list[Value]) -> None:
        self._at(Matrix(*_numbers(operands, 6)))

    def _move(self, operands: list[Value]) -> None:
        x, y = _numbers(operands, 2)
        self._at(Matrix(e=x, f=y).then(self._line))

    def _move_and_lead(self, operands: list[Value]) -> None:
        self._state.leading = -_numbers(operands, 2)[1]
        self._move(operands)

    def _next_line(self, operands: list[Value]) -> None:
        _numbers(operands, 0)
        self._move([0, -self._state.leading])

    def _set_font(self, operands: list[Value]) -> None:
        if len(operands) != 2:
            raise FormatError("PDF: Tf needs a font and a size.")
        value = self._entry("Font", operands[:1])
        font = self._fonts.get(value) if isinstance(value, Ref) else None
        if font is None:
            font = font_of(self._reader, value, self._revision, self._work)
            if isinstance(value, Ref):
                self._fonts[value] = font
        self._state.font = font
        self._state.size = _numbers(operands[1:], 1)[0]

    def _set_mode(self, operands: list[Value]) -> None:
        mode = _numbers(operands, 1)[0]
        if mode not in range(8):
            raise FormatError("PDF: a text is shown in an unknown mode.")
        self._state.mode = int(mode)

    def _show(self, operands: list[Value]) -> None:
        if len(operands) != 1 or not isinstance(operands[0], bytes):
            raise FormatError("PDF: Tj shows something that is no text.")
        self._text(operands[0])

    def _show_line(self, operands: list[Value]) -> None:
        self._next_line([])
        self._show(operands)

    def _show_spaced(self, operands: list[Value]) -> None:
        if len(operands) != 3:
            raise FormatError('PDF: the operator " has three operands.')
        self._state.word, self._state.between = _numbers(operands[:2], 2)
        self._show_line(operands[2:])

    def _show_array(self, operands: list[Value]) -> None:
        if len(operands) != 1 or not isinstance(operands[0], list):
            raise FormatError("PDF: TJ shows something that is no array.")
        s = self._state
        for item in operands[0]:
            self._work.take(1)
            if isinstance(item, bytes):
                self._text(item)
            else:
                by = -_numbers([item], 1)[0] / 1000 * s.size * s.scale
                self._pen = (self._pen[0] + by, self._pen[1] + by)

    def _text(self, text: bytes) -> None:
        """Marks what a string may paint, and moves the pen, which is an interval where widths are not known."""
        s = self._state
        if s.font is None:
            raise FormatError("PDF: a text is shown without a font.")
        self._work.take(len(text))
        box, least, most = s.font.reach(text, Spacing(s.size, s.between, s.word, s.scale))
        if text and not self._invisible():
            first, last = self._pen
            placed = self._matrix.then(s.ctm).box(first + box.x0, s.rise + box.y0, last + box.x1, s.rise + box.y1)
            self._mark(placed, self._half_line() if s.mode in (1, 2, 5, 6) else HAIRLINE)
        self._pen = (self._pen[0] + least, self._pen[1] + most)

    def _invisible(self) -> bool:
        """White text, and text in mode 3 or 7, which paints nothing (9.3.6)."""
        s = self._state
        if s.mode in (3, 7):
            return True
        filled, stroked = s.mode in (0, 2, 4, 6), s.mode in (1, 2, 5, 6)
        return (s.white or not filled) and (s.white_line or not stroked)

    # XObjects (8.8)

    def _draw(self, operands: list[Value]) -> None:
        stream = self._resource("XObject", operands)
        if not isinstance(stream, Stream) or stream.dictionary.keys() & {"Ref", "OPI", "PS"}:
            raise FormatError("PDF: a page draws something that is no plain picture or form.")
        kind = self._resolved(stream.dictionary.get("Subtype"))
        if kind == "Image":
            self._mark(self._state.ctm.box(0, 0, 1, 1), HAIRLINE)
        elif kind == "Form":
            self._form(stream)
        else:
            raise FormatError(f"PDF: what an external object of type {kind!r} draws is not known here.")

    def _form(self, stream: Stream) -> None:
        """A form XObject, which is clipped to its /BBox (8.10)."""
        if self._depth >= MAX_DEPTH:
            raise LimitExceeded(f"PDF: more than {MAX_DEPTH} forms within forms.")
        matrix = self._resolved(stream.dictionary.get("Matrix"))
        box = self._resolved(stream.dictionary.get("BBox"))
        if not isinstance(box, list) or (matrix is not None and not isinstance(matrix, list)):
            raise FormatError("PDF: a form has no usable /BBox or /Matrix.")
        placed = Matrix(*_numbers([self._resolved(n) for n in matrix], 6)) if matrix is not None else Matrix()
        resources = self._resolved(stream.dictionary.get("Resources"))
        if resources is not None and not isinstance(resources, dict):
            raise FormatError("PDF: the resources of a form are no dictionary.")
        outer = (self._state, self._floor, self._clip, self._resources)
        text = (self._path, self._matrix, self._line, self._pen)
        self._state = replace(self._state, ctm=placed.then(self._state.ctm))
        self._floor = len(self._saved)
        own = self._state.ctm.box(*_numbers([self._resolved(n) for n in box], 4))
        clip = own if self._clip is None else own.cut(self._clip)
        if clip is not None:  # else nothing of it is seen
            self._clip = clip
            self._path = []
            self._depth += 1
            self._run(decode(stream, self._reader.budget), self._resources if resources is None else resources)
            self._depth -= 1
            del self._saved[self._floor :]
        self._state, self._floor, self._clip, self._resources = outer
        self._path, self._matrix, self._line, self._pen = text
        if not self._paper_is_white:
            self._white_is_ink()

    # Resources (7.8.3)

    def _entry(self, category: str, operands: list[Value]) -> Value:
        name = operands[0] if len(operands) == 1 else None
        entries = self._resolved(self._resources.get(category))
        if not isinstance(name, str) or not isinstance(entries, dict) or name not in entries:
            raise FormatError(f"PDF: a page names a resource of /{category} that is not there.")
        return entries[name]

    def _resource(self, category: str, operands: list[Value]) -> Value:
        return self._resolved(self._entry(category, operands))


_METHODS: Final[dict[bytes, Callable[[Painter, list[Value]], None]]] = {
    b"q": Painter._save,
    b"Q": Painter._restore,
    b"cm": Painter._transform,
    b"w": Painter._set_line_width,
    b"M": Painter._set_mitre,
    b"j": Painter._set_join,
    b"gs": Painter._set_state,
    b"m": Painter._add_points,
    b"l": Painter._add_points,
    b"c": Painter._add_points,
    b"v": Painter._add_points,
    b"y": Painter._add_points,
    b"h": Painter._close,
    b"re": Painter._add_rectangle,
    b"BT": Painter._begin_text,
    b"ET": Painter._end_text,
    b"Tm": Painter._set_text_matrix,
    b"Td": Painter._move,
    b"TD": Painter._move_and_lead,
    b"T*": Painter._next_line,
    b"Tf": Painter._set_font,
    b"Tr": Painter._set_mode,
    b"Tj": Painter._show,
    b"'": Painter._show_line,
    b'"': Painter._show_spaced,
    b"TJ": Painter._show_array,
    b"Do": Painter._draw,
}


def _numbers(operands: list[Value], count: int) -> list[float]:
    found = [float(n) for n in operands if isinstance(n, int | float) and not isinstance(n, bool)]
    if len(found) != count or len(operands) != count:
        raise FormatError(f"PDF: an operator has other operands than the {count} numbers that it needs.")
    return found
