"""When a worker may be started again: growing pauses while starts fail, and one careful try after each.

A `Breaker` is closed (all is well), open (do not try before a moment) or half-open (the pause is over: whoever
comes first tries, and his fate decides). It belongs to one lane of `kyso_hsm.crew`, which lets one caller at a
time in, so that a half-open breaker sees exactly one try.
"""

from __future__ import annotations

import time
from typing import Literal

BreakerState = Literal["closed", "open", "half-open"]


class Breaker:
    """The first failure costs no pause; from the second on it doubles from `first_s` to `longest_s`."""

    def __init__(self, first_s: float, longest_s: float) -> None:
        self._first_s, self._longest_s = first_s, longest_s
        self._not_before = 0.0
        self.failures = 0

    def failed(self) -> None:
        pause = self._first_s * 2 ** min(self.failures - 1, 16) if self.failures else 0.0
        self.failures += 1
        self._not_before = time.monotonic() + min(pause, self._longest_s)

    def succeeded(self) -> None:
        self.failures = 0
        self._not_before = 0.0

    @property
    def wait_s(self) -> float:
        """How long it stays open."""
        return max(0.0, self._not_before - time.monotonic())

    @property
    def state(self) -> BreakerState:
        if not self.failures:
            return "closed"
        return "open" if self.wait_s > 0 else "half-open"
