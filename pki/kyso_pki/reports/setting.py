"""Lines set on A4 pages, from top to bottom: what is drawn where, before anything is a PDF.

Reach for `Flow`. Lengths are points from the top left corner. A block is kept together where a page can hold it.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from typing import Final

WIDTH, HEIGHT = 595.276, 841.89  # A4: 210 mm by 297 mm
MARGIN: Final = 51.0  # 18 mm on each side
FOOT: Final = 28.0  # kept free above the lower margin, for the number of the page
LEADING: Final = 1.22  # from line to line, times the type size
MAX_CELL: Final = 2000  # characters of one text; a page of A4 has some 5,000, and a report must not become a book
Advance = Callable[[str], float]
"""How far a character goes, in thousandths of the type size; 0 for one that the font does not have."""


@dataclass(frozen=True)
class Line:
    """One line of text. `x` and `baseline` are set when it is placed."""

    text: str
    size: float = 9.0
    colour: str = "#000000"
    bold: bool = False
    x: float = 0.0
    baseline: float = 0.0


@dataclass(frozen=True)
class Block:
    """Lines that belong together, with their distances from the block's top."""

    lines: tuple[Line, ...]
    height: float
    rule: bool = False
    """A thin line under it."""
    frame: tuple[float, str] | None = None
    """Width and colour of a frame around it."""


@dataclass(frozen=True)
class Drawn:
    """What stands on one page. Rules and frames are (left, top, width, height, colour)."""

    lines: list[Line] = field(default_factory=list)
    rules: list[tuple[float, float, float, float, str]] = field(default_factory=list)
    frames: list[tuple[float, float, float, float, str]] = field(default_factory=list)


class Flow:
    """Blocks one below the other, on as many pages as they need."""

    def __init__(self) -> None:
        self.pages: list[Drawn] = [Drawn()]
        self._top = MARGIN

    @property
    def left(self) -> float:
        """How much of this page is free."""
        return HEIGHT - MARGIN - FOOT - self._top

    def turn(self) -> None:
        """Goes on at the top of a new page."""
        self.pages.append(Drawn())
        self._top = MARGIN

    def space(self, height: float) -> None:
        self._top += height

    def put(self, block: Block, indent: float = 0.0) -> None:
        """Sets the block here, or on the next page; one that no page can hold is split between its lines."""
        if block.height > HEIGHT - 2 * MARGIN - FOOT:
            for piece in _pieces(block):
                self.put(piece, indent)
            return
        if block.height > self.left:
            self.turn()
        page, left = self.pages[-1], MARGIN + indent
        page.lines.extend(replace(line, x=left + line.x, baseline=self._top + line.baseline) for line in block.lines)
        if block.frame is not None:
            width, colour = block.frame
            page.frames.append((left, self._top, width, block.height, colour))
        self._top += block.height
        if block.rule:
            page.rules.append((left, self._top, WIDTH - 2 * MARGIN - indent, 0.4, "#999999"))


def _pieces(block: Block) -> Iterator[Block]:
    """A block of lines, one by one in the order of their baselines."""
    by_line: dict[float, list[Line]] = {}
    for line in block.lines:
        by_line.setdefault(line.baseline, []).append(line)
    for _, lines in sorted(by_line.items()):
        height = max(line.size for line in lines) * LEADING
        yield Block(tuple(replace(line, baseline=line.size) for line in lines), height)


def settable(text: str, advance: Advance) -> str:
    """The text in NFC, with `[U+4E2D]` for a character that the font lacks; cut after `MAX_CELL` characters."""
    text = unicodedata.normalize("NFC", text)
    if len(text) > MAX_CELL:
        text = f"{text[:MAX_CELL]} … (+{len(text) - MAX_CELL})"
    return "".join(c if advance(c) else f"[U+{ord(c):04X}]" for c in text)


def wrapped(text: str, width: float, size: float, advance: Advance) -> list[str]:
    """The text in lines of at most this width, broken between words, or inside one that is longer than a line."""
    lines: list[str] = []
    line, used = "", 0.0
    for word in text.split(" "):
        length = sum(map(advance, word)) * size / 1000
        gap = advance(" ") * size / 1000 if line else 0.0
        if line and used + gap + length > width:
            lines.append(line)
            line, used, gap = "", 0.0, 0.0
        if length <= width:
            line, used = f"{line} {word}" if line else word, used + gap + length
            continue
        for character in word:
            step = advance(character) * size / 1000
            if used + step > width and line:
                lines.append(line)
                line, used = "", 0.0
            line, used = line + character, used + step
    return [*lines, line]


def paragraph(text: str, width: float, advance: Advance, look: Line, rule: bool = False) -> Block:
    """The text over the whole width, looking like `look`."""
    found = wrapped(settable(text, advance), width, look.size, advance)
    step = look.size * LEADING
    lines = [replace(look, text=t, baseline=look.size + n * step) for n, t in enumerate(found)]
    return Block(tuple(lines), len(found) * step + 1, rule)


def row(label: str, text: str, widths: Sequence[float], advance: Advance, look: Line) -> Block:
    """A label and, beside it, a text, with a thin line under both."""
    left = paragraph(label, widths[0] - 8, advance, replace(look, bold=False, colour="#444444"))
    right = paragraph(text, widths[1], advance, look)
    moved = tuple(replace(line, x=line.x + widths[0]) for line in right.lines)
    return Block((*left.lines, *moved), max(left.height, right.height) + 1.2, rule=True)
