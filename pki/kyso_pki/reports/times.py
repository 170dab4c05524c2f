"""Times as people in Viet Nam read them: `23/11/2026 08:20:36 +07:00` (NĐ 30/2020, Appendix I)."""

from __future__ import annotations

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
