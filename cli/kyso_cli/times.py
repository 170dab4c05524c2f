"""Times as people in Viet Nam read them: `23/11/2026 08:20:36 +07:00` (NĐ 30/2020, Appendix I)."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone

VIETNAM = timezone(timedelta(hours=7))  # one zone, no summer time


def local(moment: datetime) -> str:
    """An aware time in Viet Nam's zone, the zone written out."""
    return moment.astimezone(VIETNAM).strftime("%d/%m/%Y %H:%M:%S +07:00")


def parse(text: str) -> datetime:
    """An aware UTC time from ISO 8601; without a zone it is taken as Viet Nam's. Raises `ValueError`."""
    moment = datetime.fromisoformat(text)
    return (moment if moment.tzinfo else moment.replace(tzinfo=VIETNAM)).astimezone(UTC)
