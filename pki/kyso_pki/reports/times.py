"""Times as people in Viet Nam read them: `23/11/2026 08:20:36 +07:00` (NĐ 30/2020, Appendix I)."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta, timezone

VIETNAM = timezone(timedelta(hours=7))  # one zone, no summer time


def local(moment: datetime) -> str:
    """An aware time in Viet Nam's zone, the zone written out.

    The end of time (RFC 5280 4.1.2.5: a certificate without an end says 31/12/9999) stays in UTC: the zone leads
    beyond it.
    """
    try:
        return moment.astimezone(VIETNAM).strftime("%d/%m/%Y %H:%M:%S +07:00")
    except OverflowError:
        return moment.astimezone(UTC).strftime("%d/%m/%Y %H:%M:%S +00:00")


_UTC = re.compile(r"\b(\d{4}-\d\d-\d\d \d\d:\d\d(:\d\d)?) UTC\b", re.ASCII)


def with_local_times(text: str) -> str:
    """The sentence with each `2026-11-23 01:20:36 UTC` in it as `local` shows it; seconds only where it has them."""
    return _UTC.sub(_in_local, text)


def _in_local(found: re.Match[str]) -> str:
    try:
        shown = local(datetime.fromisoformat(found[1]).replace(tzinfo=UTC))
    except ValueError:
        return found[0]
    return shown if found[2] else f"{shown[:16]} {shown[20:]}"
