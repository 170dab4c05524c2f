"""Whether a signature that was made later and shows something hides what a page showed before (P7, P9).

Reach for `Paper.covered`. NĐ 30/2020 wants the agency's seal over a third of the person's signature; an attacker
wants a picture over a sum of money. They are told apart by what lies under the new widget: blank paper and a part of
an earlier signature's own widget may be covered, text, lines, pictures and other annotations may not. What a page
shows is bounded by `ink`, from outside: where that cannot be done, everything counts as covered.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cached_property
from math import inf, isfinite
from typing import Final

from ..facts import Place
from .blank import draws_nothing
from .dss import Visits
from .ink.budget import Work
from .ink.grid import Box, Ink
from .marks import Shapes, look_of, marks_in
from .objects import UNREADABLE, Dictionary, Ref, Stream, Value
from .pagetree import annotations_of, inherited, page_objects
from .reader import Reader

MAX_AREA: Final = 125_000  # square points, a quarter of A4: larger signature boxes could replace a page
MAX_SHARE: Final = 0.5  # of an earlier signature's widget, by all later ones together; NĐ 30/2020 asks for a third
MAX_PAGE: Final = 0.25  # of what is seen of a page, by all later signatures together
MARGIN: Final = 0.1  # points around a widget, for rounding; what it draws is clipped to its rectangle
LINE_BAND: Final = 12.0  # points: a line of text; what is nearer can be read as one with the text beside it
LINE_HEIGHT: Final = 24.0  # points: what is no higher can be read as a part of a line
MAX_BUTTON: Final = 36.0  # points: no side of a check box is longer; what is could stand for a line or a page
MAX_SIGN: Final = 14.0  # points: in a box of this size is no word, and nothing on the line that it could belong to
NOTE_SIZE: Final = 30.0  # points around an annotation that is drawn in a size of its own or by each reader's taste
_MAX_NUMBER: Final = 32_767  # ISO 32000-1 Annex C.2; beyond it readers differ
_MIN_SIDE: Final = 0.01  # of a form's /BBox; readers take much smaller ones for none
_MIN_DETERMINANT: Final = 1e-6
NO_ZOOM, NO_ROTATE = 8, 16


@dataclass(frozen=True)
class Widget:
    """A widget that shows something, as of a revision."""

    number: int
    dictionary: Dictionary
    revision: int
    reserved: bool = False
    """Its place was there in the revision before: whoever signed that could see it."""


class Paper:
    """What the pages of a file show; looked at only when a later signature is visible."""

    def __init__(self, reader: Reader, signatures: frozenset[int]) -> None:
        """`signatures`: the objects that hold a signature whose place in the file is right; others are none."""
        self._reader = reader
        self._signatures = signatures
        self._taken: dict[int, float] = {}  # of each page, in user space, by all later signatures
        self._ink: dict[int, Ink | str] = {}
        self._marks: dict[tuple[int | None, ...], Shapes | None] = {}  # by where the forms of two states stand
        self._work = Work(len(reader.data))

    def page_of(self, widget: Widget) -> int | None:
        """The number (from 1) of the first page that shows the widget."""
        try:
            places = [self._numbers[p] for p in self._pages(widget) if p in self._numbers]
        except UNREADABLE:
            return None
        return min(places, default=None)

    def places(self, widget: Widget) -> tuple[Place, ...]:
        """Where a widget under which nothing was found lies, on each of its pages as they were before it."""
        box = rectangle(self._reader, widget.dictionary, widget.revision)
        if box is None:
            return ()
        corners = (box.x0, box.y0, box.x1, box.y1)
        return tuple(Place(number, corners, widget.revision) for number in sorted(self._pages(widget)))

    def beneath(self, widget: Widget) -> Iterator[tuple[str, Dictionary, Ink | str]]:
        """Each page that shows the widget, in words, as it is, and its ink before the widget, or why that is unknown.

        Raises what reading pages may raise.
        """
        for number in sorted(self._pages(widget)):
            page = self._reader.resolve(Ref(number), widget.revision)
            if isinstance(page, dict):
                yield f"page {self._numbers.get(number, '?')}", page, self._page_ink(number, widget.revision)

    def forget(self) -> None:
        """A page was changed against the rules: what it shows is to be found out anew."""
        self._ink.clear()

    def covered(self, widget: Widget, visits: Visits) -> str | None:
        """What the widget lies over, in words; None when that is blank paper or a part of an earlier signature.

        Raises `LimitExceeded` when a file has too many annotations on pages with too many signatures.
        """
        try:
            return self._covered(widget, visits)
        except UNREADABLE as e:
            return f"what lies under it cannot be told ({e})"

    def switched(self, button: Widget, old_state: Value, new_state: Value, visits: Visits) -> str | None:
        """What a button that shows another of its states could hide or complete, in words; None: nothing.

        Nobody saw the other state when it was signed: only a small one beside what is on the page is harmless (P7).
        """
        try:
            return self._switched(button, (old_state, new_state), visits)
        except UNREADABLE as e:
            return f"what lies under it cannot be told ({e})"

    def noted(self, note: Widget, visits: Visits) -> str | None:
        """What the icon of a sticky note could hide or be read with, in words; None: nothing is near it.

        Each reader draws its own icon, of its own size, at a corner of the rectangle (12.5.6.4).
        """
        try:
            return self._noted(note, visits)
        except UNREADABLE as e:
            return f"what lies under it cannot be told ({e})"

    def _noted(self, note: Widget, visits: Visits) -> str | None:
        reader, revision = self._reader, note.revision
        box = rectangle(reader, note.dictionary, revision)
        if box is None:
            return "its place cannot be told"
        around = box.grown(NOTE_SIZE)

        def near(other: Dictionary) -> bool:
            place = rectangle(reader, other, revision)
            shown = other.get("Subtype") != "Popup"
            return shown and (place is None or place.grown(MARGIN).overlap(around) > 0)

        return self._beside(note, box, around, near, visits, icon=True, unsure=False)

    def _switched(self, button: Widget, states: tuple[Value, Value], visits: Visits) -> str | None:
        reader, revision = self._reader, button.revision
        box = rectangle(reader, button.dictionary, revision)
        if box is None or box.area == 0:
            return "its place cannot be told"
        if flags_of(reader, button.dictionary, revision) & (NO_ZOOM | NO_ROTATE):
            return "its flags let it be drawn outside of its rectangle"
        if not all(_is_bounded_state(reader, button.dictionary, state, revision) for state in states):
            return "its appearance is not bounded by its rectangle"

        def near(other: Dictionary) -> bool:
            place = rectangle(reader, other, revision)
            if place is not None and other.get("Subtype") != "Widget":
                place = _wide(reader, other, place, revision)
            return place is None or place.overlap(box) > 0

        shapes = self._marks_of(button, states)
        unsure = shapes is None or not shapes[0] <= (box.y1 - box.y0) / (box.x1 - box.x0) <= shapes[1]
        return self._beside(button, box, box.grown(MARGIN), near, visits, icon=False, unsure=unsure)

    def _beside(
        self,
        small: Widget,
        box: Box,
        around: Box,
        near: Callable[[Dictionary], bool],
        visits: Visits,
        *,
        icon: bool,
        unsure: bool,
    ) -> str | None:
        """What stands around an icon, which is of no fixed size, or a button.

        `near`: whether an annotation does. `unsure`: the button may show more than a mark.
        """
        reader, revision = self._reader, small.revision
        pages = self._pages(small)
        if not pages:
            return "it is on no page"
        for number in sorted(pages):
            where = f"page {self._numbers.get(number, '?')}"
            page = reader.resolve(Ref(number), revision)
            unit = reader.resolve(page.get("UserUnit", 1), revision) if isinstance(page, dict) else None
            if not isinstance(page, dict) or isinstance(unit, bool) or not isinstance(unit, int | float):
                return "its page cannot be read"
            if icon and unit != 1:
                return "its page cannot be read, or has an unusual unit"
            if not max(box.x1 - box.x0, box.y1 - box.y0) * unit <= MAX_BUTTON:
                return "it is larger than an icon needs to be" if icon else "it is larger than a button needs to be"
            ink = self._page_ink(number, revision)
            if isinstance(ink, str):
                return f"what {where} shows cannot be told without drawing it ({ink})"
            if ink.touches(around):
                return f"text, lines or pictures of {where}"
            turned = inherited(reader, page, "Rotate", revision) not in (None, 0, 180)
            if not icon and _continues(box, ink, True, turned):
                return f"the gap in a line of {where}"
            for item in annotations_of(reader, page, revision):
                visits.one()
                other = reader.resolve(item, revision)
                own = isinstance(item, Ref) and item.number == small.number
                if not own and isinstance(other, dict) and near(other):
                    return f"an annotation on {where}"
            tiny = max(box.x1 - box.x0, box.y1 - box.y0) * unit <= MAX_SIGN
            if unsure and (not tiny or ink.touches(box.grown(LINE_BAND))):
                return f"{where}, where it may write what nobody saw: one of its states shows more than a mark"
        return None

    def _marks_of(self, button: Widget, states: tuple[Value, Value]) -> Shapes | None:
        """As `marks_in`; many buttons of one look are looked at once."""
        reader, revision = self._reader, button.revision
        old, new = (look_of(reader, button.dictionary, state, revision) for state in states)
        key = tuple(None if look is None else look.start for look in (old, new))
        if key not in self._marks:
            self._marks[key] = marks_in(reader, revision, (old, new))
        return self._marks[key]

    def _covered(self, widget: Widget, visits: Visits) -> str | None:
        reader = self._reader
        box = rectangle(reader, widget.dictionary, widget.revision)
        if box is None or box.area == 0:
            return "its place cannot be told"
        if box.area > MAX_AREA:
            return "it is larger than a signature needs to be"
        if flags_of(reader, widget.dictionary, widget.revision) & (NO_ZOOM | NO_ROTATE):
            return "its flags let it be drawn outside of its rectangle"
        if not is_bounded(reader, widget.dictionary, widget.revision):
            return "its appearance is not bounded by its rectangle"
        pages = self._pages(widget)
        if not pages:
            return "it is on no page"
        for number in sorted(pages):
            where = f"page {self._numbers.get(number, '?')}"
            page = reader.resolve(Ref(number), widget.revision)
            if not isinstance(page, dict):
                return "it names a page that does not exist"
            ink = self._page_ink(number, widget.revision)
            if (large := self._too_large(number, page, box, widget.revision)) is not None:
                return large
            if isinstance(ink, str):
                return f"what {where} shows cannot be told without drawing it ({ink})"
            if ink.touches(box.grown(MARGIN)):
                return f"text, lines or pictures of {where}"
            turned = inherited(reader, page, "Rotate", widget.revision) not in (None, 0, 180)
            if _continues(box, ink, widget.reserved, turned):
                return f"the gap in a line of {where}, or a place so near to it that both can be read as one"
            if (under := self._annotations(widget, box, page, visits)) is not None:
                return f"{under} on {where}"
        return None

    def _too_large(self, number: int, page: Dictionary, box: Box, revision: int) -> str | None:
        """Whether it takes, with the later signatures before it, so much of what is seen that the page is another."""
        from .ink.page import visible_box  # most files show nothing that was added

        reader = self._reader
        seen = visible_box(reader, page, revision)
        unit = reader.resolve(page.get("UserUnit", 1), revision)
        if isinstance(unit, bool) or not isinstance(unit, int | float) or not 0 < unit <= _MAX_NUMBER:
            return "its page cannot be read, or has an unusual unit"
        self._taken[number] = self._taken.get(number, 0.0) + box.area
        if box.area * unit * unit > MAX_AREA or self._taken[number] > MAX_PAGE * seen.area:
            return "it is larger than a signature needs to be, or later ones together take too much of the page"
        return None

    def _page_ink(self, number: int, revision: int) -> Ink | str:
        """Of the page before the revision, or why it has no bound; once per page, until `forget`."""
        if number not in self._ink:
            from .ink.page import page_ink

            try:
                self._ink[number] = page_ink(self._reader, number, revision - 1, self._work)
            except UNREADABLE as e:
                self._ink[number] = str(e).removesuffix(".")
        return self._ink[number]

    def _annotations(self, widget: Widget, box: Box, page: Dictionary, visits: Visits) -> str | None:
        """Other annotations of the page under the widget."""
        reader, revision = self._reader, widget.revision
        signatures: list[tuple[Box, float]] = []  # earlier ones, and how much of each is covered already
        for item in annotations_of(reader, page, revision):
            visits.one()
            if isinstance(item, Ref) and item.number == widget.number:
                continue
            found = reader.resolve(item, revision)
            before = reader.resolve(item, revision - 1)
            if not isinstance(found, dict):
                continue
            other = rectangle(reader, found, revision)
            if other is None:
                return "an annotation without a place"
            drawn = reader.resolve(found.get("AP"), revision) is not None
            if drawn and not is_bounded(reader, found, revision):
                if other.area == 0 and draws_nothing(reader, found, revision):
                    continue  # the widget of an invisible signature, whose form iText gives a /BBox of no area
                return "an annotation whose appearance is not bounded by its rectangle"
            if not isinstance(before, dict) or not self._is_signed(before, revision - 1):
                if _wide(reader, found, other, revision).overlap(box.grown(MARGIN)):
                    return "an annotation"
                continue
            signatures = [(b, covered + b.overlap(other)) for b, covered in signatures if b.overlap(box)]
            signatures.append((other, 0.0))
            visits.left -= len(signatures)
        for earlier, covered in signatures:
            over = earlier.overlap(box)
            if over and over + covered > MAX_SHARE * earlier.area:
                return f"more than {MAX_SHARE:.0%} of an earlier signature"
        return None

    def _is_signed(self, annotation: Dictionary, revision: int) -> bool:
        """Whether it is the widget of a signature, whose own picture may be covered in part."""
        reader = self._reader
        node: Value = annotation
        kind = value = None
        for _ in range(32):
            if not isinstance(node, dict):
                break
            kind = kind or reader.resolve(node.get("FT"), revision)
            value = value or node.get("V")
            node = reader.resolve(node.get("Parent"), revision)
        signed = isinstance(value, Ref) and value.number in self._signatures
        return kind == "Sig" and signed and annotation.get("Subtype") == "Widget"

    def _pages(self, widget: Widget) -> set[int]:
        """The pages, by object number, that list the widget now, or that it names."""
        named = widget.dictionary.get("P")
        pages = set(self._showing.get(widget.number, ()))
        return pages | {named.number} if isinstance(named, Ref) else pages

    def shows(self, page: Value, number: int) -> bool:
        """Whether a page, and no other, lists an annotation (an object number), in the last revision as before."""
        return isinstance(page, Ref) and self._showing.get(number) == [page.number]

    @cached_property
    def _numbers(self) -> dict[int, int]:
        return {number: page for page, number in enumerate(page_objects(self._reader), start=1)}

    @cached_property
    def _showing(self) -> dict[int, list[int]]:
        """The pages that list each annotation in the last revision: before it there are never more."""
        found: dict[int, list[int]] = {}
        for number in self._numbers:
            page = self._reader.resolve(Ref(number))
            for item in annotations_of(self._reader, page) if isinstance(page, dict) else ():
                if isinstance(item, Ref):
                    found.setdefault(item.number, []).append(number)
        return found


def hidden_by(reader: Reader, number: int, signatures: frozenset[int]) -> str | None:
    """What a verifier would say that a signature in this reserved field (an object number) hides; None: nothing.

    For whoever has just reserved it: where a page has no bound, the seal will be an overlay. Raises as `covered`.
    """
    widget = reader.dictionary(Ref(number))
    paper = Paper(reader, signatures)
    return paper.covered(Widget(number, widget, reader.last + 1, reserved=True), Visits(len(reader.data)))


def _continues(box: Box, ink: Ink, reserved: bool, turned: bool) -> bool:
    """Whether what a widget shows could be read as one with what the page shows beside it.

    Nothing may be near a place that nobody reserved, on its left and right, and above and below what is no higher
    than a line; a seal is higher and fills the room between title and name. What was reserved stands beside text in
    every letter: it may only not fill a gap within a line. `turned`: the lines of the page are seen along its y axis.
    """
    if turned:
        height = box.x1 - box.x0
        left, right = box._replace(y0=box.y0 - LINE_BAND), box._replace(y1=box.y1 + LINE_BAND)
    else:
        height = box.y1 - box.y0
        left, right = box._replace(x0=box.x0 - LINE_BAND), box._replace(x1=box.x1 + LINE_BAND)
    flat = height <= LINE_HEIGHT
    if reserved:
        return flat and ink.touches(left) and ink.touches(right)
    return ink.touches(left) or ink.touches(right) or (flat and ink.touches(box.grown(LINE_BAND)))


def rectangle(reader: Reader, annotation: Dictionary, revision: int) -> Box | None:
    """The rectangle of an annotation (12.5.2); None when it cannot be read."""
    rect = reader.resolve(annotation.get("Rect"), revision)
    numbers = [reader.resolve(n, revision) for n in rect] if isinstance(rect, list) and len(rect) == 4 else []
    x0, y0, x1, y1 = (
        float(n) if isinstance(n, int | float) and not isinstance(n, bool) else inf for n in numbers or (None,) * 4
    )
    if not all(map(isfinite, (x0, y0, x1, y1))):
        return None
    return Box(min(x0, x1), min(y0, y1), max(x0, x1), max(y0, y1))


def area_of(reader: Reader, annotation: Dictionary, revision: int) -> float:
    """The area of an annotation's rectangle, in square points; endless when it cannot be read."""
    box = rectangle(reader, annotation, revision)
    return inf if box is None else box.area


def is_bounded(reader: Reader, annotation: Dictionary, revision: int) -> bool:
    """Whether every reader draws the annotation within its rectangle: by one form with a regular box (12.5.5).

    The appearance has /N alone, a form XObject whose /BBox is four direct numbers around an area and whose /Matrix,
    if there is one, can be inverted.
    """
    appearance = reader.resolve(annotation.get("AP"), revision)
    if not isinstance(appearance, dict) or appearance.keys() != {"N"}:
        return False
    return _is_bounded_form(reader.resolve(appearance["N"], revision))


def _is_bounded_state(reader: Reader, button: Dictionary, state: Value, revision: int) -> bool:
    """The same of one state of a button; one that is not among its appearances shows nothing."""
    appearance = reader.resolve(button.get("AP"), revision)
    normal = reader.resolve(appearance.get("N"), revision) if isinstance(appearance, dict) else None
    look = (
        reader.resolve(normal.get(state), revision) if isinstance(normal, dict) and isinstance(state, str) else None
    )
    return isinstance(normal, dict) and (look is None or _is_bounded_form(look))


def _is_bounded_form(form: Value) -> bool:
    if not isinstance(form, Stream) or form.dictionary.get("Subtype") != "Form":
        return False
    box = _finite(form.dictionary.get("BBox"), 4)
    if box is None or min(abs(box[2] - box[0]), abs(box[3] - box[1])) < _MIN_SIDE:
        return False
    if form.dictionary.get("Matrix") is None:
        return True
    m = _finite(form.dictionary["Matrix"], 6)
    return m is not None and abs(m[0] * m[3] - m[1] * m[2]) > _MIN_DETERMINANT


def _finite(value: Value, count: int) -> list[float] | None:
    """So many direct numbers that every reader holds alike."""
    if not isinstance(value, list) or len(value) != count:
        return None
    numbers = [float(n) for n in value if isinstance(n, int | float) and not isinstance(n, bool)]
    return numbers if len(numbers) == count and all(abs(n) <= _MAX_NUMBER for n in numbers) else None


def flags_of(reader: Reader, annotation: Dictionary, revision: int) -> int:
    flags = reader.resolve(annotation.get("F"), revision)
    return flags if isinstance(flags, int) else 0 if flags is None else -1


def _wide(reader: Reader, annotation: Dictionary, box: Box, revision: int) -> Box:
    """Where an annotation may be drawn: some have an icon of a fixed size, or a look that each reader chooses."""
    fixed = flags_of(reader, annotation, revision) & (NO_ZOOM | NO_ROTATE)
    drawn = reader.resolve(annotation.get("AP"), revision) is not None or annotation.get("Subtype") == "Link"
    return box.grown(NOTE_SIZE) if fixed or not drawn else box
