"""The graphics state, as far as it matters for where ink may be (ISO 32000-2 8.4, 9.3)."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import Final

from .fonts import Font
from .matrix import Matrix

HAIRLINE: Final = 0.25  # points on each side of the thinnest line that a device can draw
LINE_WIDTH: Final = 1.0  # where nothing else is said
MITRE: Final = 10.0


@dataclass
class State:
    """The graphics state, as far as it decides where ink falls (ISO 32000-2 8.4.1)."""

    ctm: Matrix = field(default_factory=Matrix)
    white: bool = False
    """What is filled is white."""
    line_width: float = LINE_WIDTH
    mitre: float = MITRE
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
    foreign: bool = False
    """A form was entered with a text state of its page, which only some readers hand on."""

    def half_line(self) -> float:
        """How far a line reaches beyond its path, in points, mitres included."""
        mitres = max(self.mitre, 1.5) if self.joined else 1.5
        return self.line_width / 2 * self.ctm.stretch * mitres + HAIRLINE

    def in_form(self, placed: Matrix) -> State:
        """The state in which a form begins, whether a reader hands on what its page has set or begins anew."""
        text = (self.between, self.word, self.scale, self.leading, self.rise, self.mode)
        return replace(
            self,
            ctm=placed.then(self.ctm),
            white=False,
            line_width=max(self.line_width, LINE_WIDTH),
            mitre=max(self.mitre, MITRE),
            joined=True,
            font=None,
            foreign=self.foreign or text != (0.0, 0.0, 1.0, 0.0, 0.0, 0),
        )
