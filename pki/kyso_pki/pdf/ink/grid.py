"""Rectangles, and the marks that they leave on a page."""

from __future__ import annotations

from math import ceil, floor
from typing import Final, NamedTuple

from .budget import Work

CELLS: Final = 4096  # along the longer side of a page: on A4 a cell is a fifth of a point
MIN_CELL: Final = 0.1  # points


class Box(NamedTuple):
    """A rectangle in the page's own coordinates, x0 <= x1 and y0 <= y1."""

    x0: float
    y0: float
    x1: float
    y1: float

    @property
    def area(self) -> float:
        return (self.x1 - self.x0) * (self.y1 - self.y0)

    def grown(self, by: float) -> Box:
        return Box(self.x0 - by, self.y0 - by, self.x1 + by, self.y1 + by)

    def cut(self, other: Box) -> Box | None:
        """What both have in common; None when they do not touch."""
        x0, y0 = max(self.x0, other.x0), max(self.y0, other.y0)
        x1, y1 = min(self.x1, other.x1), min(self.y1, other.y1)
        return Box(x0, y0, x1, y1) if x0 <= x1 and y0 <= y1 else None

    def overlap(self, other: Box) -> float:
        """The area that both have in common, in square points."""
        common = self.cut(other)
        return 0.0 if common is None else common.area


class Ink:
    """The cells of a page that may have ink: one number per row, one bit per column."""

    def __init__(self, page: Box, work: Work) -> None:
        self._page = page
        self._work = work
        self._cell = max(MIN_CELL, (page.x1 - page.x0) / CELLS, (page.y1 - page.y0) / CELLS)
        self._rows = [0] * (ceil((page.y1 - page.y0) / self._cell) + 1)
        self._drawn: list[Box] = []  # what is no rule: letters and pictures
        self._more: list[int] | None = None  # the same as rows, once it is asked for

    def mark(self, box: Box, *, rule: bool = False) -> None:
        """Marks every cell that the rectangle touches; what lies outside of the page is not shown.

        `rule`: it is a line, a row of dots or a frame, of which nothing written over it can make something else.
        """
        inside = box.cut(self._page)
        if inside is None:
            return
        if not rule:
            self._drawn.append(inside)
        self._fill(self._rows, inside)

    def _fill(self, marked: list[int], inside: Box) -> None:
        rows, bits = self._cells(inside)
        self._work.take(len(rows) // 8)
        for row in rows:
            marked[row] |= bits

    def touches(self, box: Box) -> bool:
        """Whether any marked cell lies under the rectangle."""
        inside = box.cut(self._page)
        if inside is None:
            return False
        rows, bits = self._cells(inside)
        return any(self._rows[row] & bits for row in rows)

    def is_written_over(self, box: Box) -> bool:
        """The same, of what is more than rules."""
        inside = box.cut(self._page)
        if inside is None:
            return False
        if self._more is None:
            self._more = [0] * len(self._rows)
            for drawn in self._drawn:
                self._fill(self._more, drawn)
        rows, bits = self._cells(inside)
        return any(self._more[row] & bits for row in rows)

    def _cells(self, box: Box) -> tuple[range, int]:
        first, last = (floor((x - self._page.x0) / self._cell) for x in (box.x0, box.x1))
        low, high = (floor((y - self._page.y0) / self._cell) for y in (box.y0, box.y1))
        return range(low, high + 1), ((1 << (last - first + 1)) - 1) << first
