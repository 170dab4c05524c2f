"""What a policy makes of observations: what is refused, what is warned of.

`LintReport.refuse` raises where the policy refuses. `Stated.action` says what the policy does. Nothing here reads a
document, so that formats other than PDF are reported on without the PDF engine.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, Final

from ...errors import LintRefused
from .checks import BY_CODE, Action, Observation
from .policy import LintPolicy

MAX_PER_CODE: Final = 20  # told one by one; the rest is counted


@dataclass(frozen=True)
class Stated:
    """An observation with what the policy does about it."""

    action: Action
    observation: Observation
    more: int = 0
    """How many further observations of this code are not listed."""

    def to_json(self) -> dict[str, Any]:
        seen = self.observation
        check = BY_CODE[seen.code]
        return {
            "code": seen.code,
            "action": self.action,
            "clause": check.clause,
            "text": seen.text,
            "object": seen.object,
            "page": seen.page,
            "more": self.more,
        }


@dataclass(frozen=True)
class LintReport:
    """What was found and is not ignored, the refused first, in the order of the table."""

    stated: tuple[Stated, ...]

    @property
    def refused(self) -> tuple[Stated, ...]:
        return tuple(s for s in self.stated if s.action == "refuse")

    @property
    def warnings(self) -> tuple[Stated, ...]:
        return tuple(s for s in self.stated if s.action == "warn")

    def refuse(self) -> None:
        """Raises `LintRefused` when the policy refuses anything; all of it stands in the message."""
        refused = self.refused
        if not refused:
            return
        seen = tuple(dict.fromkeys((s.observation.code, s.observation.text.removesuffix(".")) for s in refused))
        told = "; ".join(f"{code}: {text}" for code, text in seen)
        raise LintRefused(
            f"What is seen may not be what is signed. {told}.",
            remedy="Remove it (from a PDF for example by printing it to a new one), or allow it by policy.",
            codes=tuple(dict.fromkeys(code for code, _ in seen)),
            seen=seen,
        )

    def to_json(self) -> list[dict[str, Any]]:
        return [s.to_json() for s in self.stated]


def judged(seen: Iterable[Observation], policy: LintPolicy) -> LintReport:
    """What the policy makes of these observations."""
    order = {code: i for i, code in enumerate(BY_CODE)}
    ranks = {"refuse": 0, "warn": 1}
    observed = dict.fromkeys(seen)
    actions = {code: policy.action(code) for code in {o.code for o in observed}}
    kept = [o for o in observed if actions[o.code] != "ignore"]
    kept.sort(key=lambda o: (ranks[actions[o.code]], order[o.code]))
    total = Counter(o.code for o in kept)
    told: Counter[str] = Counter()
    stated: list[Stated] = []
    for observation in kept:
        told[observation.code] += 1
        if told[observation.code] <= MAX_PER_CODE:
            last = told[observation.code] == MAX_PER_CODE
            more = total[observation.code] - MAX_PER_CODE if last else 0
            stated.append(Stated(actions[observation.code], observation, more))
    return LintReport(tuple(stated))
