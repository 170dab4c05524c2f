"""A report has one zone: that of Viet Nam, also inside the sentences that the rules make."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kyso_pki.facts import Finding
from kyso_pki.reports.rows import finding_text
from kyso_pki.reports.times import local, with_local_times
from kyso_pki.reports.words import Words


@pytest.mark.parametrize(
    ("said", "shown"),
    [
        ("Revoked at 2026-11-29 13:57:51 UTC (x).", "Revoked at 29/11/2026 20:57:51 +07:00 (x)."),
        (
            "from 2026-12-31 17:00 UTC, 2027-01-01 00:00:00 UTC",
            "from 01/01/2027 00:00 +07:00, 01/01/2027 07:00:00 +07:00",
        ),
        ("until 9999-12-31 23:59:59 UTC", "until 31/12/9999 23:59:59 +00:00"),
        ("2026-13-45 99:99:99 UTC", "2026-13-45 99:99:99 UTC"),
        ("12026-11-29 13:57 UTC, 2026-11-29 13:57 UTCX", "12026-11-29 13:57 UTC, 2026-11-29 13:57 UTCX"),
    ],
)
def test_times_within_a_sentence_are_those_of_viet_nam(said: str, shown: str) -> None:
    assert with_local_times(said) == shown


@given(st.integers(-2_208_988_800, 253_402_300_799))  # 1900 to 9999
def test_every_time_is_shown_as_the_rest_of_the_report_shows_it(seconds: int) -> None:
    moment = datetime(1970, 1, 1, tzinfo=UTC) + timedelta(seconds=seconds)
    assert with_local_times(f"x {moment:%Y-%m-%d %H:%M:%S} UTC.") == f"x {local(moment)}."


@given(st.text())
def test_a_text_without_such_a_time_stays_as_it_is(text: str) -> None:
    assert with_local_times(text) == text or "UTC" in text


def test_a_finding_has_them_in_both_languages() -> None:
    found = Finding("REVOKED", "error", "Revoked at 2026-11-29 13:57:51 UTC (keyCompromise).")
    for language in ("vi", "en"):
        said = finding_text(found, Words("vi" if language == "vi" else "en"))
        assert "29/11/2026 20:57:51 +07:00" in said
        assert "UTC" not in said
