"""A report in any of its forms: `rendered(reports, "html", words)`."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Final, Literal, get_args

from ..ades.report import DocumentReport, overall
from ..errors import UsageError
from .words import Wording

Form = Literal["json", "html", "pdf", "xml"]
FORMS: Final[tuple[Form, ...]] = get_args(Form)
MEDIA_TYPES: Final[dict[Form, str]] = {
    "json": "application/json",
    "html": "text/html; charset=utf-8",
    "pdf": "application/pdf",
    "xml": "application/xml",
}


def form_named(name: str) -> Form:
    """By a name or the ending of a file's name. Raises `UsageError`."""
    found = next((form for form in FORMS if form == name.lower().rpartition(".")[2]), None)
    if found is None:
        raise UsageError(f"Reports are not written as {name!r}.", remedy="Use .json, .html, .pdf or .xml.")
    return found


def rendered(reports: Sequence[DocumentReport], form: Form, words: Wording, made_by: str = "") -> bytes:
    """The reports on these files as one file: `json` as `kyso verify --json`, `html` and `pdf` in the language of the
    words, `xml` as ETSI TS 119 102-2. Raises `UsageError` for a PDF without kyso[appearance]."""
    if form == "json":
        whole = {"verdict": overall(reports), "files": [report.to_json() for report in reports]}
        # The name of a file that is no UTF-8 stands in it with its octets as \udcff.
        return json.dumps(whole, ensure_ascii=False, indent=2).encode(errors="backslashreplace") + b"\n"
    if form == "html":
        from .html import html_report

        return html_report(reports, words, made_by)
    if form == "pdf":
        from .pdf import pdf_report

        return pdf_report(reports, words, made_by)
    from .etsi import etsi_report

    return etsi_report(reports)
