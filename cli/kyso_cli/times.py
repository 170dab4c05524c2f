"""Times as people type them; how they are shown is `kyso_pki.reports.times`."""

from __future__ import annotations

from datetime import UTC, datetime

from kyso_pki.reports.times import VIETNAM
from kyso_pki.reports.times import local as local
from kyso_pki.reports.times import with_local_times as with_local_times


def parse(text: str) -> datetime:
    """An aware UTC time from ISO 8601; without a zone it is taken as Viet Nam's. Raises `ValueError`."""
    moment = datetime.fromisoformat(text)
    try:
        return (moment if moment.tzinfo else moment.replace(tzinfo=VIETNAM)).astimezone(UTC)
    except OverflowError:  # midnight of the first day of year 1 in Viet Nam is before all time
        raise ValueError(text) from None


def iso(moment: datetime) -> str:
    """As JSON has it: `2026-11-29T06:00:00Z`."""
    return moment.astimezone(UTC).isoformat().replace("+00:00", "Z")
