"""The pages of a file (ISO 32000-2 7.7.3): which object is page N, how it is shown, and where a point of it lies.

Reach for `page_at` and `all_pages`. Two systems of coordinates are told apart everywhere:

- *user space*: what is written in the file (/Rect, content); its unit may be other than a point (/UserUnit).
- *as seen*: points (1/72 inch) on the page as a reader shows it, rotation and CropBox applied, from the top left
  corner, y downwards.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final, NamedTuple

from ..errors import FormatError, UsageError
from .objects import Dictionary, IndirectObject, Ref, Value
from .pagetree import NO_PAGE, Leaf, page_leaves
from .reader import REWRITE, Reader

_LETTER: Final[list[Value]] = [0, 0, 612, 792]  # what readers take where /MediaBox is missing


class Box(NamedTuple):
    """A rectangle as seen: points from the top left corner of the visible page, y downwards."""

    left: float
    top: float
    right: float
    bottom: float

    @property
    def width(self) -> float:
        return self.right - self.left

    @property
    def height(self) -> float:
        return self.bottom - self.top

    def meets(self, other: Box, tolerance: float = 0.0) -> bool:
        """Whether the two share an area, `tolerance` points on each side not counted."""
        across = min(self.right, other.right) - max(self.left, other.left)
        down = min(self.bottom, other.bottom) - max(self.top, other.top)
        return across > tolerance and down > tolerance

    def moved(self, x: float, y: float) -> Box:
        return Box(self.left + x, self.top + y, self.right + x, self.bottom + y)

    def with_(self, other: Box) -> Box:
        """The smallest box around both."""
        return Box(
            min(self.left, other.left),
            min(self.top, other.top),
            max(self.right, other.right),
            max(self.bottom, other.bottom),
        )


Rectangle = tuple[float, float, float, float]
"""Left, bottom, right, top in user space (ISO 32000-2 7.9.5)."""


@dataclass(frozen=True)
class Page:
    """One page and how it is shown."""

    index: int
    """0 for the first page."""
    object: IndirectObject
    visible: Rectangle
    """CropBox within MediaBox (14.11.2), user space."""
    rotation: int
    """0, 90, 180 or 270 degrees clockwise (7.7.3.3)."""
    unit: float
    """/UserUnit: the size of a unit of user space in points."""

    @property
    def ref(self) -> Ref:
        return Ref(self.object.number, self.object.generation)

    @property
    def dictionary(self) -> Dictionary:
        assert isinstance(self.object.value, dict)  # noqa: S101 - pages are made of dictionaries alone, below
        return self.object.value

    @property
    def size(self) -> tuple[float, float]:
        """Width and height as seen, in points."""
        x0, y0, x1, y1 = self.visible
        size = ((x1 - x0) * self.unit, (y1 - y0) * self.unit)
        return size if self.rotation % 180 == 0 else (size[1], size[0])

    @property
    def box(self) -> Box:
        """The whole visible page."""
        return Box(0, 0, *self.size)

    def to_user(self, box: Box) -> Rectangle:
        """The rectangle of user space that is seen as `box`."""
        ax, ay = self._point(box.left / self.unit, box.top / self.unit)
        bx, by = self._point(box.right / self.unit, box.bottom / self.unit)
        return min(ax, bx), min(ay, by), max(ax, bx), max(ay, by)

    def to_seen(self, rectangle: Rectangle) -> Box:
        """How a rectangle of user space is seen."""
        ax, ay = self._seen(rectangle[0], rectangle[1])
        bx, by = self._seen(rectangle[2], rectangle[3])
        return Box(min(ax, bx), min(ay, by), max(ax, bx), max(ay, by))

    def _point(self, u: float, v: float) -> tuple[float, float]:
        x0, y0, x1, y1 = self.visible
        if self.rotation == 90:
            return x0 + v, y0 + u
        if self.rotation == 180:
            return x1 - u, y0 + v
        if self.rotation == 270:
            return x1 - v, y1 - u
        return x0 + u, y1 - v

    def _seen(self, x: float, y: float) -> tuple[float, float]:
        x0, y0, x1, y1 = self.visible
        u, v = {0: (x - x0, y1 - y), 90: (y - y0, x - x0), 180: (x1 - x, y - y0), 270: (y1 - y, x1 - x)}[
            self.rotation
        ]
        return u * self.unit, v * self.unit


def all_pages(reader: Reader) -> Iterator[Page]:
    """The pages in order, read one by one. Raises `FormatError`, `LimitExceeded`."""
    for index, leaf in enumerate(page_leaves(reader, strict=True)):
        yield _page(reader, index, leaf)


def page_at(reader: Reader, number: int) -> Page:
    """The page by its number: 1 is the first, -1 the last. Raises `UsageError` where there is no such page."""
    index, last = -1, None
    for index, last in enumerate(page_leaves(reader, strict=True)):
        if index + 1 == number:
            return _page(reader, index, last)
    if last is None:
        raise FormatError("PDF: the document has no page.", remedy=NO_PAGE)
    if number == -1:
        return _page(reader, index, last)
    raise UsageError(
        f"There is no page {number}: the document has {index + 1}.",
        remedy=f"Name a page from 1 to {index + 1}, or `last`.",
    )


def _page(reader: Reader, index: int, leaf: Leaf) -> Page:
    passed = leaf.passed
    media = rectangle_of(reader, passed["MediaBox"] if passed["MediaBox"] is not None else _LETTER)
    crop = rectangle_of(reader, passed["CropBox"]) if passed["CropBox"] is not None else media
    if media is None or crop is None:
        raise FormatError(f"PDF: page {index + 1} has a malformed /MediaBox or /CropBox.", remedy=REWRITE)
    inner = (max(media[0], crop[0]), max(media[1], crop[1]), min(media[2], crop[2]), min(media[3], crop[3]))
    if inner[0] >= inner[2] or inner[1] >= inner[3]:
        inner = media  # a CropBox beside the page is ignored by readers
    rotation = reader.resolve(passed["Rotate"])
    if rotation is None:
        rotation = 0
    if not isinstance(rotation, int) or rotation % 90:
        raise FormatError(f"PDF: page {index + 1} is rotated by {rotation!r} degrees.", remedy=REWRITE)
    own = leaf.object.value
    unit = reader.resolve(own.get("UserUnit")) if isinstance(own, dict) else None
    if unit is None:
        unit = 1.0
    if not isinstance(unit, int | float) or not 0 < unit <= 100_000:
        raise FormatError(f"PDF: page {index + 1} has a malformed /UserUnit.", remedy=REWRITE)
    return Page(index, leaf.object, inner, rotation % 360, float(unit))


def rectangle_of(reader: Reader, value: Value) -> Rectangle | None:
    """A rectangle in user space, its corners put in order (7.9.5); None where it is none."""
    found = reader.resolve(value)
    numbers = [reader.resolve(n) for n in found] if isinstance(found, list) and len(found) == 4 else []
    corners = [float(n) for n in numbers if isinstance(n, int | float) and not isinstance(n, bool)]
    if len(corners) != 4:
        return None
    a, b, c, d = corners
    return min(a, c), min(b, d), max(a, c), max(b, d)
