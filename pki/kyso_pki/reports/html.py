"""The report as one HTML file: no script, nothing fetched, every value escaped; for a screen and for A4 paper.

Reach for `html_report`, and `POLICY` for whoever serves it: a Content-Security-Policy that allows its style sheet and
nothing else. The page carries the same policy itself, so that it is as safe in a mail attachment. A verdict is told
in words; its colour and its mark only repeat it.
"""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Iterable, Iterator, Sequence
from html import escape
from typing import Final

from ..ades.report import DocumentReport, Verdict
from .sheet import Part, Row, Sheet, sheet_of
from .words import Wording

_MARKS: Final[dict[Verdict, str]] = {"passed": "✓", "failed": "✗", "indeterminate": "?"}
# Text on its ground has at least 4.5:1 in both schemes (WCAG 2.2, 1.4.3).
_STYLE: Final = """
:root{color-scheme:light dark;--text:#1a1a1a;--soft:#555;--ground:#fff;--line:#ccc;--passed:#0a5d1f;--failed:#a80000;
--indeterminate:#7a4b00}
@media(prefers-color-scheme:dark){:root{--text:#e8e8e8;--soft:#b0b0b0;--ground:#161616;--line:#444;--passed:#7fd894;
--failed:#ff9a90;--indeterminate:#f0c060}}
*{box-sizing:border-box}
body{margin:0;background:var(--ground);color:var(--text);font:16px/1.5 "Liberation Sans",Arial,sans-serif}
main{max-width:54rem;margin:0 auto;padding:1.5rem 1rem 3rem}
h1{font-size:1.5rem;margin:0 0 1rem}
article>h2,article>h4{font-size:1.2rem;margin:1.5rem 0 .25rem}
h3,section>h5{font-size:1.05rem;margin:1.5rem 0 .25rem;padding-top:.75rem;border-top:1px solid var(--line)}
section>h4,h6{font-size:1rem;margin:1rem 0 .25rem}
h2,h3,h4,h5,td,li,.note{overflow-wrap:anywhere;unicode-bidi:isolate}
.verdict{font-size:1.15rem;font-weight:700;margin:.25rem 0 .5rem;padding:.4rem .75rem;border:2px solid currentColor;
border-radius:.25rem;display:inline-block}
section>.verdict{font-size:1rem}
.passed{color:var(--passed)}.failed{color:var(--failed)}.indeterminate{color:var(--indeterminate)}
table{border-collapse:collapse;width:100%;margin:.25rem 0 1rem}
th,td{text-align:left;vertical-align:top;padding:.3rem .75rem .3rem 0;border-bottom:1px solid var(--line)}
th{width:14rem;font-weight:600;color:var(--soft)}
.integrity td{font-weight:700}
.evidence{color:var(--soft);font-size:.9rem;padding-left:1.2rem}
article article{margin-left:1rem;padding-left:1rem;border-left:3px solid var(--line)}
footer{color:var(--soft);font-size:.9rem;margin-top:2rem}
@media(max-width:40rem){th,td{display:block;width:auto;border:0;padding:.1rem 0}
td{border-bottom:1px solid var(--line)}}
@media print{@page{size:A4;margin:15mm}
:root{--text:#000;--soft:#333;--ground:#fff;--line:#999;--passed:#0a5d1f;--failed:#a80000;--indeterminate:#7a4b00}
body{font-size:10.5pt}main{max-width:none;padding:0}h2,h3,h4,h5,h6,.verdict{break-after:avoid}tr{break-inside:avoid}}
"""
_HASH: Final = base64.b64encode(hashlib.sha256(_STYLE.encode()).digest()).decode()
POLICY: Final = f"default-src 'none'; style-src 'sha256-{_HASH}'; base-uri 'none'; form-action 'none'"
"""For the header Content-Security-Policy."""


def html_report(reports: Sequence[DocumentReport], words: Wording, made_by: str = "") -> bytes:
    """One page on these files, UTF-8. `made_by`: which program says so, in its own words."""
    return "".join(_page([sheet_of(report, words) for report in reports], words, made_by)).encode()


def _page(sheets: Sequence[Sheet], words: Wording, made_by: str) -> Iterator[str]:
    title = words("verify.sheet.title")
    named = f"{title}: {sheets[0].file}" if len(sheets) == 1 and sheets[0].file else title
    yield (
        f'<!DOCTYPE html>\n<html lang="{words.language}">\n<head>\n<meta charset="utf-8">\n'
        f'<meta http-equiv="Content-Security-Policy" content="{escape(POLICY)}">\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        '<meta name="referrer" content="no-referrer">\n<meta name="color-scheme" content="light dark">\n'
        f"<title>{escape(named)}</title>\n<style>{_STYLE}</style>\n</head>\n<body>\n<main>\n<h1>{escape(title)}</h1>\n"
    )
    for sheet in sheets:
        yield from _article(sheet, words)
    if made_by:
        yield f"<footer>{escape(made_by)}</footer>\n"
    yield "</main>\n</body>\n</html>\n"


def _article(sheet: Sheet, words: Wording, level: int = 2) -> Iterator[str]:
    """One document; `level` is that of its heading: the documents of a packet stand two below it."""
    yield f"<article>\n<h{level}>{escape(sheet.file or words('verify.sheet.unnamed'))}</h{level}>\n"
    yield _verdict(sheet.verdict, sheet.said)
    for note in sheet.notes:
        yield f'<p class="note">{escape(note.text)}</p>\n'
        if note.remedy is not None:
            yield f"<p>{escape(words('verify.sheet.remedy', text=note.remedy))}</p>\n"
    if sheet.remark is not None:
        yield f"<p>{escape(sheet.remark)}</p>\n"
    yield _table(sheet.about)
    for part in sheet.parts:
        yield from _part(part, words, level + 1)
    if sheet.attachments:
        yield f"<h{level + 1}>{escape(words('verify.sheet.attachments'))}</h{level + 1}>\n"
        for one in sheet.attachments:
            yield from _article(one, words, level + 2)
    yield "</article>\n"


def _part(part: Part, words: Wording, level: int) -> Iterator[str]:
    yield f"<section>\n<h{level}>{escape(part.head)}</h{level}>\n"
    yield _verdict(part.verdict, part.said)
    yield _table(part.rows)
    if part.evidence:
        yield f"<h{level + 1}>{escape(words('verify.sheet.evidence'))}</h{level + 1}>\n"
        yield '<ul class="evidence">' + "".join(f"<li>{escape(line)}</li>" for line in part.evidence) + "</ul>\n"
    yield "</section>\n"


def _verdict(verdict: Verdict, said: str) -> str:
    return f'<p class="verdict {verdict}"><span aria-hidden="true">{_MARKS[verdict]}</span> {escape(said)}</p>\n'


def _table(rows: Iterable[Row]) -> str:
    lines = (
        f'<tr class="{escape(row.key)}"><th scope="row">{escape(row.label)}</th><td>{escape(row.text)}</td></tr>\n'
        for row in rows
    )
    return f"<table>\n{''.join(lines)}</table>\n"
