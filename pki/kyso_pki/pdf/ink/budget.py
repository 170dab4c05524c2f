"""How much work the ink of a file may cost: linear in its size, however its pages share content."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from ...errors import LimitExceeded

if TYPE_CHECKING:
    from .truetype import Glyphs

FREE_STEPS: Final = 400_000  # operators, operands, glyphs and rows of marks in one file, and one more
STEPS_PER_BYTE: Final = 0.25  # for four bytes of the file; a page of dense text costs some 60,000
MAX_DEPTH: Final = 12  # forms within forms


class Work:
    """The steps that are left."""

    def __init__(self, file_size: int) -> None:
        self.glyphs: dict[tuple[int, int], Glyphs] = {}
        """Of font programs, by object and revision: each is read once, however many fonts name it."""
        self.left = FREE_STEPS + int(STEPS_PER_BYTE * file_size)

    def take(self, steps: int) -> None:
        """Raises `LimitExceeded`."""
        self.left -= steps
        if self.left < 0:
            raise LimitExceeded("PDF: the pages are too elaborate to tell what a signature lies over.")
