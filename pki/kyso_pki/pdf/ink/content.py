"""What a page's content draws (ISO 32000-2 8 and 9): each thing painted marks where it can be.

Reach for `Painter`. White paint on paper is no ink; it counts as ink where a blend mode, a transfer function or
another colour space could turn it into something else, and white text always does. Operators stand where figure 9
of the standard allows them: what a text object restores that is opened within another, or what a path becomes that a
form leaves behind, each reader decides for itself. Whatever is not in the tables below raises `FormatError`: a page
that is not understood is not blank.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Final

from ...errors import FormatError, LimitExceeded
from ..filters import decode
from ..objects import Ref, Stream, Value
from ..reader import Reader
from .budget import MAX_DEPTH, Work
from .fonts import Font, font_of
from .forms import blends_elsewhere, form_space
from .grid import Box, Ink
from .matrix import Matrix
from .operators import (
    CLIP,
    COLOUR,
    HARMLESS,
    HARMLESS_STATE,
    NORMAL,
    OTHER_COLOUR,
    PAGE,
    PAINTS,
    PATH,
    SETTINGS,
    TEXT,
    WHITE,
)
from .resources import Resources
from .state import HAIRLINE, State
from .text import TextObject
from .tokens import numbers, operations, touch, whole

MAX_SAVED: Final = 256  # graphics states; ISO 32000-1 Annex C.2 names 28
RULE_LENGTH: Final = 40.0  # points: a frame or a line of a form is no shorter on its longer side; letters are
RULE_WIDTH: Final = 2.0  # points: what is filled is a line when it is no thicker
PICTURE_EDGE: Final = 2.0  # points; some readers draw small pictures larger by some pixels
NOTHING: Final = Box(0.0, 0.0, -1.0, -1.0)  # what is seen of a form that is clipped away


class Painter:
    """Reads the content of one page and marks its ink."""

    def __init__(self, reader: Reader, revision: int, ink: Ink, work: Work, *, white_paper: bool = True) -> None:
        """`white_paper`: white paint is paper, as long as nothing says otherwise."""
        self._reader = reader
        self._revision = revision
        self._ink = ink
        self._work = work
        self._state = State()
        self._saved: list[State] = []
        self._floor = 0
        self._clip: Box | None = None
        self._resources = Resources(reader, revision, None)
        self._where = PAGE
        self._path: list[float] = []  # x and y in turn, in user space
        self._curved = False  # whether it has a curve
        self._text = TextObject()
        self._paper_is_white = white_paper
        self._fonts: dict[Ref, Font] = {}
        self._depth = 0

    def page(self, contents: Value, resources: Value) -> None:
        """The content of a page, one stream or several that are read as one (7.8.2)."""
        items = contents if isinstance(contents, list) else [contents]
        parts: list[bytes] = []
        for item in items:
            stream = self._resolved(item)
            if not isinstance(stream, Stream):
                raise FormatError("PDF: the content of a page is no stream.")
            if part := decode(stream, self._reader.budget):
                parts.append(part)
        if any(map(touch, parts, parts[1:])):
            raise FormatError("PDF: the streams of a page meet within what could be one token.")
        self._run(parts, Resources(self._reader, self._revision, resources))

    def _resolved(self, value: Value) -> Value:
        return self._reader.resolve(value, self._revision)

    def _run(self, parts: list[bytes], resources: Resources) -> None:
        self._resources = resources
        if resources.redefine_colours():
            self._white_is_ink()
        for part in parts:
            for name, operands in operations(part, self._work):
                self._do(name, operands)
        if self._where != PAGE:
            raise FormatError(f"PDF: a content stream ends within a {self._where} that it began.")
        if len(self._saved) != self._floor:
            raise FormatError("PDF: a content stream saves a graphics state that it does not restore.")

    def _do(self, name: bytes, operands: list[Value]) -> None:
        if self._where not in _PLACES.get(name, ()):
            known = name in _PLACES
            text = f"stands within a {self._where}" if known else "is not known here"
            raise FormatError(f"PDF: the operator {name[:16]!r} {text}: what it draws, readers may draw differently.")
        if name in HARMLESS:
            kinds = HARMLESS[name]
            if len(kinds) != len(operands) or not all(map(isinstance, operands, kinds)):
                raise FormatError(f"PDF: the operator {name!r} has operands that it does not take.")
        elif name in PAINTS:
            numbers(operands, 0)
            self._paint(*PAINTS[name])
        elif name in SETTINGS:
            setting, factor = SETTINGS[name]
            setattr(self._state, setting, numbers(operands, 1)[0] * factor)
        elif name in WHITE:
            white = WHITE[name]
            self._state.white = tuple(numbers(operands, len(white))) == white and self._paper_is_white
        elif name in COLOUR:
            numbers(operands, COLOUR[name])
        elif name in OTHER_COLOUR:
            if not all(isinstance(o, str | int | float) for o in operands):
                raise FormatError("PDF: a colour is neither numbers nor a name.")
            self._state.white = self._state.white and name[:1].isupper()
        else:
            _METHODS[name](self, operands)

    def _mark(self, box: Box, stroke: float, *, rule: bool = False) -> None:
        box = box.grown(stroke)
        inside = box if self._clip is None else box.cut(self._clip)
        if inside is not None:
            self._ink.mark(inside, rule=rule)

    # Graphics state (8.4.4)

    def _save(self, operands: list[Value]) -> None:
        numbers(operands, 0)
        if len(self._saved) >= MAX_SAVED:
            raise LimitExceeded(f"PDF: more than {MAX_SAVED} graphics states are saved.")
        self._saved.append(replace(self._state))

    def _restore(self, operands: list[Value]) -> None:
        numbers(operands, 0)
        if len(self._saved) <= self._floor:
            raise FormatError("PDF: a graphics state is restored that was not saved.")
        self._state = self._saved.pop()

    def _transform(self, operands: list[Value]) -> None:
        self._state.ctm = Matrix.read(numbers(operands, 6)).then(self._state.ctm)

    def _set_line_width(self, operands: list[Value]) -> None:
        self._state.line_width = _not_negative(operands)

    def _set_mitre(self, operands: list[Value]) -> None:
        self._state.mitre = _not_negative(operands)

    def _set_join(self, operands: list[Value]) -> None:
        self._state.joined = whole(operands, 2) == 0

    def _set_cap(self, operands: list[Value]) -> None:
        whole(operands, 2)

    def _set_state(self, operands: list[Value]) -> None:
        """A graphics state dictionary (8.4.5)."""
        state = self._resources.resource("ExtGState", operands)
        if not isinstance(state, dict):
            raise FormatError("PDF: a graphics state is no dictionary.")
        self._work.take(len(state))
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
                self._work.take(len(modes))
                if any(self._resolved(mode) not in NORMAL for mode in modes):
                    self._white_is_ink()
            elif key not in HARMLESS_STATE:  # fonts, transfer functions, halftones, black generation
                if key == "Font":
                    raise FormatError("PDF: a graphics state sets a font.")
                self._white_is_ink()

    def _white_is_ink(self) -> None:
        """From here on nothing is taken for white paper: what is white in name may not be so on the page."""
        self._paper_is_white = False
        for state in (self._state, *self._saved):
            state.white = False

    # Paths (8.5)

    def _add_point(self, operands: list[Value]) -> None:
        self._path += numbers(operands, 2)
        self._where = PATH

    def _add_curve(self, operands: list[Value]) -> None:
        self._path += numbers(operands, 6)
        self._curved = True

    def _add_half_curve(self, operands: list[Value]) -> None:
        self._path += numbers(operands, 4)
        self._curved = True

    def _add_rectangle(self, operands: list[Value]) -> None:
        x, y, w, h = numbers(operands, 4)
        self._path += (x, y, x + w, y + h)
        self._where = PATH

    def _close(self, operands: list[Value]) -> None:
        numbers(operands, 0)

    def _set_clip(self, operands: list[Value]) -> None:
        numbers(operands, 0)
        self._where = CLIP

    def _paint(self, filled: bool, stroked: bool) -> None:
        path, self._path, self._where = self._path, [], PAGE
        curved, self._curved = self._curved, False
        filled = filled and not self._state.white
        if filled or stroked:
            xs, ys = path[::2], path[1::2]
            box = self._state.ctm.box(min(xs), min(ys), max(xs), max(ys))
            sides = box.x1 - box.x0, box.y1 - box.y0
            rule = not curved and max(sides) >= RULE_LENGTH and (not filled or min(sides) <= RULE_WIDTH)
            self._mark(box, self._state.half_line() if stroked else HAIRLINE, rule=rule)

    # Text (9.4)

    def _begin_text(self, operands: list[Value]) -> None:
        numbers(operands, 0)
        self._text.place(Matrix())
        self._where = TEXT

    def _end_text(self, operands: list[Value]) -> None:
        numbers(operands, 0)
        self._where = PAGE

    def _set_text_matrix(self, operands: list[Value]) -> None:
        self._text.place(Matrix.read(numbers(operands, 6)))

    def _move(self, operands: list[Value]) -> None:
        x, y = numbers(operands, 2)
        self._text.move(x, y)

    def _move_and_lead(self, operands: list[Value]) -> None:
        self._state.leading = -numbers(operands, 2)[1]
        self._move(operands)

    def _next_line(self, operands: list[Value]) -> None:
        numbers(operands, 0)
        self._move([0, -self._state.leading])

    def _set_font(self, operands: list[Value]) -> None:
        value = self._resources.entry("Font", operands[:1])
        font = self._fonts.get(value) if isinstance(value, Ref) else None
        size = numbers(operands[1:], 1)[0]
        if font is None:
            font = font_of(self._reader, value, self._revision, self._work)
            if isinstance(value, Ref):
                self._fonts[value] = font
        self._state.font = font
        self._state.size = size

    def _set_mode(self, operands: list[Value]) -> None:
        self._state.mode = whole(operands, 7)

    def _show(self, operands: list[Value]) -> None:
        if len(operands) != 1 or not isinstance(operands[0], bytes):
            raise FormatError("PDF: Tj shows something that is no text.")
        self._show_text(operands[0])

    def _show_line(self, operands: list[Value]) -> None:
        self._next_line([])
        self._show(operands)

    def _show_spaced(self, operands: list[Value]) -> None:
        self._state.word, self._state.between = numbers(operands[:2], 2)
        self._show_line(operands[2:])

    def _show_array(self, operands: list[Value]) -> None:
        if len(operands) != 1 or not isinstance(operands[0], list):
            raise FormatError("PDF: TJ shows something that is no array.")
        for item in operands[0]:
            if isinstance(item, bytes):
                self._show_text(item)
            else:
                self._text.skip(numbers([item], 1)[0], self._state)

    def _show_text(self, text: bytes) -> None:
        state = self._state
        self._work.take(len(text))
        box = self._text.show(text, state)
        if text and state.mode != 3:  # 3 paints nothing (9.3.6); whether 7 does is left open here
            stroked = state.mode in (1, 2, 5, 6)
            rule = not stroked and state.font is not None and state.font.is_leader(text)
            self._mark(box, state.half_line() if stroked else HAIRLINE, rule=rule)

    # XObjects (8.8)

    def _draw(self, operands: list[Value]) -> None:
        stream = self._resources.resource("XObject", operands)
        if not isinstance(stream, Stream) or stream.dictionary.keys() & {"Ref", "OPI", "PS", "Subtype2"}:
            raise FormatError("PDF: a page draws something that is no plain picture or form.")
        kind = self._resolved(stream.dictionary.get("Subtype"))
        if kind == "Image":
            if not self._state.ctm.is_thick(PICTURE_EDGE):
                raise FormatError("PDF: a picture is drawn askew and as thin as a line; readers enlarge it.")
            self._mark(self._state.ctm.box(0, 0, 1, 1), PICTURE_EDGE)
        elif kind == "Form":
            self._form(stream)
        else:
            raise FormatError(f"PDF: what an external object of type {kind!r} draws is not known here.")

    def _form(self, stream: Stream) -> None:
        """A form XObject, which is clipped to its /BBox (8.10)."""
        if self._depth >= MAX_DEPTH:
            raise LimitExceeded(f"PDF: more than {MAX_DEPTH} forms within forms.")
        box, placed = form_space(self._reader, self._revision, stream.dictionary)
        if blends_elsewhere(self._reader, self._revision, stream.dictionary):
            self._white_is_ink()
        resources = Resources(self._reader, self._revision, stream.dictionary.get("Resources"))
        outer = (self._state, self._floor, self._clip, self._resources)
        self._state = self._state.in_form(placed)
        self._floor = len(self._saved)
        own = self._state.ctm.box(*box)
        self._clip = (own if self._clip is None else own.cut(self._clip)) or NOTHING
        self._depth += 1
        self._run([decode(stream, self._reader.budget)], resources)
        self._depth -= 1
        self._state, self._floor, self._clip, self._resources = outer
        if not self._paper_is_white:
            self._white_is_ink()


_Method = Callable[[Painter, list[Value]], None]
_PAGE_ONLY: Final[dict[bytes, _Method]] = {
    b"q": Painter._save,
    b"Q": Painter._restore,
    b"cm": Painter._transform,
    b"Do": Painter._draw,
    b"BT": Painter._begin_text,
}
_GENERAL: Final[dict[bytes, _Method]] = {
    b"w": Painter._set_line_width,
    b"M": Painter._set_mitre,
    b"j": Painter._set_join,
    b"J": Painter._set_cap,
    b"gs": Painter._set_state,
    b"Tf": Painter._set_font,
    b"Tr": Painter._set_mode,
}
_BEGIN_PATH: Final[dict[bytes, _Method]] = {b"m": Painter._add_point, b"re": Painter._add_rectangle}
_IN_PATH: Final[dict[bytes, _Method]] = {
    b"l": Painter._add_point,
    b"c": Painter._add_curve,
    b"v": Painter._add_half_curve,
    b"y": Painter._add_half_curve,
    b"h": Painter._close,
    b"W": Painter._set_clip,
    b"W*": Painter._set_clip,
}
_IN_TEXT: Final[dict[bytes, _Method]] = {
    b"ET": Painter._end_text,
    b"Tm": Painter._set_text_matrix,
    b"Td": Painter._move,
    b"TD": Painter._move_and_lead,
    b"T*": Painter._next_line,
    b"Tj": Painter._show,
    b"'": Painter._show_line,
    b'"': Painter._show_spaced,
    b"TJ": Painter._show_array,
}
_METHODS: Final = {**_PAGE_ONLY, **_GENERAL, **_BEGIN_PATH, **_IN_PATH, **_IN_TEXT}
_PLACES: Final[dict[bytes, tuple[str, ...]]] = {
    **dict.fromkeys(_PAGE_ONLY, (PAGE,)),
    **dict.fromkeys((*_GENERAL, *HARMLESS, *SETTINGS, *WHITE, *COLOUR, *OTHER_COLOUR), (PAGE, TEXT)),
    **dict.fromkeys(_BEGIN_PATH, (PAGE, PATH)),
    **dict.fromkeys(_IN_PATH, (PATH,)),
    **dict.fromkeys(PAINTS, (PATH, CLIP)),
    **dict.fromkeys(_IN_TEXT, (TEXT,)),
}


def _not_negative(operands: list[Value]) -> float:
    (value,) = numbers(operands, 1)
    if value < 0:
        raise FormatError("PDF: a line has a negative width or mitre limit.")
    return value
