"""Reports for people and other programs."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from importlib.metadata import PackageNotFoundError, version

from kyso_pki.ades.report import DocumentReport
from kyso_pki.reports.forms import Form, form_named, rendered
from kyso_pki.reports.words import Language, Words


def render_report(
    report: DocumentReport | Sequence[DocumentReport], form: Form, *, language: Language = "vi"
) -> bytes:
    """The report on a file, or on several, as `json`, `html` (one file, no script), `pdf` (A4) or `xml` (ETSI).

    HTML and PDF are in Vietnamese or English; `xml` is that of TS 119 102-2. The same reports give the same octets.
    Raises `UsageError` for another form, and for a PDF without kyso[appearance].
    """
    reports = [report] if isinstance(report, DocumentReport) else list(report)
    return rendered(reports, form_named(form), Words(language), made_by())


@cache
def made_by() -> str:
    """Who says so, for the foot of a page."""
    try:
        return f"kyso {version('kyso')}"
    except PackageNotFoundError:  # a source tree that nobody installed
        return "kyso"
