"""A report as lines on a terminal: the verdict first, then what is said of each signature.

Reach for `packet_lines`. What is said, and in which order, is `kyso_pki.reports`.
"""

from __future__ import annotations

from collections.abc import Iterator

from kyso_pki.ades.report import DocumentReport, Verdict
from kyso_pki.reports.sheet import Sheet, sheet_of

from .messages import Words
from .output import Colour, coloured

_COLOURS: dict[Verdict, Colour] = {"passed": "green", "failed": "red", "indeterminate": "yellow"}
_WIDTH = 26  # columns for a label; the longest Vietnamese one has 25


def document_lines(report: DocumentReport, words: Words) -> Iterator[str]:
    """The lines for one file, without line ends."""
    yield from _lines(sheet_of(report, words), words)


def packet_lines(report: DocumentReport, words: Words) -> Iterator[str]:
    """The lines for one file and, of a packet, for each document in it."""
    sheet = sheet_of(report, words)
    yield from _lines(sheet, words)
    for number, one in enumerate(sheet.attachments, start=1):
        yield ""
        yield "  " + words("verify.attachment", number=number, total=len(sheet.attachments))
        for line in _lines(one, words):
            yield f"  {line}" if line else ""


def _lines(sheet: Sheet, words: Words) -> Iterator[str]:
    yield f"{sheet.file}: {coloured(sheet.said, _COLOURS[sheet.verdict])}"
    for note in sheet.notes:
        yield "  " + note.text
        if note.remedy is not None:
            yield words("errors.frame.remedy", text=note.remedy)
    if sheet.remark is not None:
        yield "  " + sheet.remark
    for part in sheet.parts:
        yield ""
        yield f"  {part.head}: {coloured(part.said, _COLOURS[part.verdict])}"
        for row in part.rows:
            yield f"    {(row.label + ':').ljust(_WIDTH)} {row.text}"
