"""What a claim about speed is checked with: work that is counted, which a busy machine does not change.

A call is one of Python's or of a built-in function. What one built-in call does inside (a regular expression that
backtracks, a sort) is not seen: `faulthandler_timeout` in pyproject.toml tells where a test stands that never ends.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType


class Work:
    """How much was done: `calls` grows while the block runs."""

    def __init__(self) -> None:
        self.calls = 0

    def _seen(self, frame: FrameType, event: str, arg: object) -> None:
        if event in ("call", "c_call"):
            self.calls += 1


@contextmanager
def counted() -> Iterator[Work]:
    """Count the calls that this thread makes in the block."""
    work, before = Work(), sys.getprofile()
    sys.setprofile(work._seen)
    try:
        yield work
    finally:
        sys.setprofile(before)
