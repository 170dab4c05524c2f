"""The linter: all checks over one file. Reach for `lint`; what a policy makes of what they found is in `report`."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Final

from ..objects import UNREADABLE
from ..reader import Reader
from . import active, layers, pages, readings, structure
from .active import TELLING
from .checks import Observation
from .policy import DEFAULT_LINT, LintPolicy
from .report import LintReport, judged
from .survey import Survey, survey

_STEPS: Final[tuple[Callable[[Survey], Iterator[Observation]], ...]] = (
    active.catalog,
    active.actions,
    active.objects,
    layers.layers,
    pages.annotation_flags,
    pages.overlaps,
    pages.looks,
    pages.appearances,
    pages.drawn,
    structure.structure,
    readings.linearized,
    readings.searched,
    readings.drawn_otherwise,
)


def lint(reader: Reader, policy: LintPolicy = DEFAULT_LINT) -> LintReport:
    """The report on one file; a check that could not run is NOT_CHECKED. Never raises for the bytes."""
    seen: list[Observation] = []
    try:
        found = survey(reader, TELLING)
    except UNREADABLE as e:
        return judged([Observation("NOT_CHECKED", str(e))], policy)
    for step in _STEPS:
        try:
            seen += step(found)
        except UNREADABLE as e:
            seen.append(Observation("NOT_CHECKED", f"a check could not be finished: {e}"))
    return judged([*seen, *found.unread], policy)
