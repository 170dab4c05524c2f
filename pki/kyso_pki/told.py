"""How much of a stranger's text is told: names, reasons and quotations that a file brings are as long as it likes.

Reach for `told`. A report says the same name many times (in each signature, its path, its evidence and the reasons),
so what it repeats must have a bound, or a small file makes a large report.
"""

from __future__ import annotations

from typing import Final

MAX_TOLD: Final = (
    1000  # characters; X.520 gives a common name 64, and the longest finding of our own words has some 600
)


def told(text: str) -> str:
    """The text, cut after `MAX_TOLD` characters; `… (+27500)` says how many are left out."""
    return text if len(text) <= MAX_TOLD else f"{text[:MAX_TOLD]} … (+{len(text) - MAX_TOLD})"
