"""What a caller hands in: a template with its images and words, and where it shall go.

`Stamp` and `Place` are values; nothing is drawn or looked for before `placing.place`.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime, timedelta, timezone
from typing import Final

from ...errors import UsageError
from .template import Corner, Template, filled

VIETNAM: Final = timezone(timedelta(hours=7))
TIME_FORMAT: Final = "dd/mm/yyyy hh:mm:ss +07:00"


@dataclass(frozen=True)
class Place:
    """Where a stamp goes. Nothing said: as its template says. Lengths are points as seen by the reader."""

    page: int | None = None
    """1 is the first page, -1 the last; None: the template's, for texts every page."""
    corner: Corner | None = None
    """The corner of the page from which x and y go, to the same corner of the stamp."""
    x: float | None = None
    y: float | None = None
    anchors: tuple[str, ...] = ()
    """Texts on the page. Two: centred between them (title above, full name below). One: below it."""
    field: str | None = None
    """Into this empty signature field."""
    beside: str | None = None
    """Over the left third of the signature in this field."""
    scale: float = 1.0
    """1.0 is real size."""

    def __post_init__(self) -> None:
        ways = [
            name
            for name, given in (
                ("coordinates", self.x is not None or self.y is not None or self.corner is not None),
                ("texts", bool(self.anchors)),
                ("a field", self.field is not None),
                ("beside a signature", self.beside is not None),
            )
            if given
        ]
        if len(ways) > 1:
            raise UsageError(f"The stamp is placed in {len(ways)} ways ({', '.join(ways)}); choose one.")
        if len(self.anchors) > 2:
            raise UsageError(f"{len(self.anchors)} texts to place the stamp by; one or two are allowed.")
        if not 0.05 <= self.scale <= 10:
            raise UsageError(f"The scale is {self.scale:g}; 0.05 to 10 are allowed.")
        if self.page == 0 or (self.page or 0) < -1:
            raise UsageError(f"There is no page {self.page}.", remedy="Pages count from 1; `last` is the last one.")


@dataclass(frozen=True)
class Stamp:
    """A template with everything that fills it."""

    template: Template
    images: tuple[tuple[str, bytes], ...] = ()
    """PNG (or JPEG) by the name that the template gives them; `image` is the usual one."""
    settings: tuple[tuple[str, str], ...] = ()
    """Over the template's own."""
    place: Place = Place()
    font: bytes | None = None
    """A TrueType font; None: Liberation Serif."""
    allow_overlap: bool = False
    """Placed even where it covers something or leaves the page."""
    reserve: tuple[tuple[str, Stamp], ...] = ()
    """Empty fields, by name, for the seals that come after this signature, beside it (`placing`)."""

    def values(self, at: datetime, signer: str) -> dict[str, str]:
        """What fills the template's places: its settings, the caller's, and what is known at signing."""
        own = dict(self.template.settings)
        allowed = {*own, *self.template.required}
        for name, _ in self.settings:
            if name not in allowed:
                raise UsageError(
                    f"The template {self.template.name!r} has no setting {name!r}.",
                    remedy=f"It has: {', '.join(sorted(allowed)) or 'none'}.",
                )
        values = {**own, **dict(self.settings)}
        known = {
            "signer": signer,
            "time": written(at, values.get("time_format", TIME_FORMAT)),
            "date": written(at, "dd/mm/yyyy"),
        }
        values = {**known, **values}
        missing = [name for name in self.template.required if name not in values]
        if missing:
            raise UsageError(
                f"The template {self.template.name!r} needs {', '.join(missing)}.",
                remedy=f"Give it: --set {missing[0]}=TEXT",
            )
        return {name: filled(text, values) for name, text in values.items()}


_TOKEN: Final = re.compile(r"yyyy|dd|hh|mm|ss|[+-]\d\d:\d\d|Z")


def written(at: datetime, pattern: str) -> str:
    """A time in words: `dd/mm/yyyy hh:mm:ss +07:00` (NĐ 30/2020 asks for the zone as in ISO 8601).

    `mm` is the month, after `hh` the minute. A zone in the pattern is the zone that the time is given in; without
    one it is Vietnam's. Raises `UsageError` for a time without a zone.
    """
    if at.tzinfo is None:
        raise UsageError("The signing time has no zone.", remedy="Pass an aware datetime.")
    there = at.astimezone(_zone(pattern))
    after_hour = False

    def token(m: re.Match[str]) -> str:
        nonlocal after_hour
        word = m[0]
        if word == "mm" and after_hour:
            return f"{there.minute:02}"
        after_hour = after_hour or word == "hh"
        values = {"yyyy": there.year, "dd": there.day, "hh": there.hour, "mm": there.month, "ss": there.second}
        return word if word not in values else f"{values[word]:0{len(word)}}"

    return _TOKEN.sub(token, pattern)


def _zone(pattern: str) -> timezone:
    found = re.search(r"([+-])(\d\d):(\d\d)", pattern)
    if found is None:
        return timezone(timedelta()) if "Z" in pattern else VIETNAM
    offset = timedelta(hours=int(found[2]), minutes=int(found[3]))
    if offset >= timedelta(days=1):
        raise UsageError(f"{found[0]} is no time zone.")
    return timezone(-offset if found[1] == "-" else offset)
