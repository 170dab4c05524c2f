"""The report of an audit as a file: JSON lines, CSV, Parquet, or a page of HTML.

JSON lines hold each record whole, in its published shape (docs/report.md). CSV and Parquet hold a row for each
signature, and one for each file without any. HTML holds the totals and every file that did not pass.
"""

from __future__ import annotations

import base64
import csv
import hashlib
import html
import io
import re
from collections.abc import Callable, Iterable, Iterator
from functools import lru_cache
from importlib.util import find_spec
from itertools import islice
from pathlib import Path
from typing import Any

from kyso_pki.errors import UsageError
from kyso_pki.facts import Finding
from kyso_pki.reports.rows import finding_text
from kyso_pki.reports.words import Words, printable

from ..disk import Beside
from .totals import MOST, Totals, reasons_of, verdict_of

COLUMNS = (
    "file",
    "sha256",
    "format",
    "file_verdict",
    "signature",
    "verdict",
    "indication",
    "sub_indication",
    "level",
    "changed_after",
    "signer",
    "organisation",
    "unit",
    "serial",
    "issuer",
    "claimed_time",
    "proven_time",
    "revocation",
    "reasons",
    "attachment",
)
"""The last one is the name of the document in a packet (edXML) that the row is about; empty: the file itself."""
_ROWS_AT_ONCE = 10_000
_FORMULA = re.compile("(?:^|(?<=[;\t\r\n]))(?=[=+\\-@\t\r\n\uff1d\uff0b\uff0d\uff20])")  # the last four are wide ones
Lines = Iterable[bytes]
Record = dict[str, Any]


def format_of(path: Path) -> str:
    """By the name's ending. Raises `UsageError`, also where what writes it is not installed."""
    kind = path.suffix.lower().removeprefix(".")
    if kind not in _WRITERS:
        raise UsageError(
            f"Reports are not written as {path.suffix or path.name!r}.", remedy="Use .jsonl, .csv, .parquet or .html."
        )
    if kind == "parquet" and find_spec("pyarrow") is None:
        raise UsageError(
            "Parquet needs the library pyarrow.", remedy="pip install 'kyso[parquet]', or write .jsonl or .csv."
        )
    return kind


def write(path: Path, lines: Callable[[], Lines], totals: Totals, head: str) -> None:
    """The whole report or none of it. `lines` gives the JSON lines each time that it is called."""
    with Beside(path, force=True) as beside:
        _WRITERS[format_of(path)](beside, lines, totals, head)
        beside.commit()


def rows(record: Record) -> Iterator[tuple[str | None, ...]]:
    """The rows of one file, in the order of `COLUMNS`; those of a packet, then of each document in it."""
    yield from _rows(record, record["file"], None)


def _rows(record: Record, file: str | None, attachment: str | None) -> Iterator[tuple[str | None, ...]]:
    first = (file, record["sha256"], record["format"], record["verdict"])
    if not record["signatures"]:
        yield (*first, *(None,) * (len(COLUMNS) - 6), " ".join(reasons_of(record)), attachment)
    for s in record["signatures"]:
        signer = s["signer"] or {}
        codes = dict.fromkeys(f["code"] for f in (*record["findings"], *s["findings"]) if f["severity"] == "error")
        yield (
            *first,
            s["id"],
            verdict_of(s),
            s["indication"],
            s["sub_indication"],
            s["level"],
            s["changed_after"],
            signer.get("name"),
            signer.get("organisation"),
            signer.get("unit"),
            signer.get("serial"),
            signer.get("issuer"),
            s["claimed_time"],
            s["proven_time"],
            s["revocation"]["status"],
            " ".join(codes),
            attachment,
        )
    for one in record.get("attachments", ()):  # a record of an earlier kyso has none
        yield from _rows(one, file, one["file"])


def _records(lines: Callable[[], Lines]) -> Iterator[Record]:
    import json

    return (json.loads(line) for line in lines())


def _jsonl(beside: Beside, lines: Callable[[], Lines], _totals: Totals, _head: str) -> None:
    beside.append(iter(lines()))


def _csv(beside: Beside, lines: Callable[[], Lines], _totals: Totals, _head: str) -> None:
    def pieces() -> Iterator[bytes]:
        yield b"\xef\xbb\xbf"  # for spreadsheets, which take UTF-8 for something else without it
        yield _csv_lines([COLUMNS])
        for record in _records(lines):
            yield _csv_lines(rows(record))

    beside.append(pieces())


def _csv_lines(cells: Iterable[tuple[str | None, ...]]) -> bytes:
    out = io.StringIO()
    csv.writer(out, lineterminator="\r\n").writerows([[_harmless(c) for c in row] for row in cells])
    return out.getvalue().encode(errors="backslashreplace")


def _harmless(cell: str | None) -> str:
    """A cell that no spreadsheet takes for a formula; names in certificates, and of files, are a stranger's.

    Line ends and what rewrites a screen are shown as U+FFFD: who reads the rows as lines must not read a row that the
    stranger wrote.

    Where the system's list separator is a semicolon, as in Viet Nam, a spreadsheet cuts cells at semicolons (others
    at tabs), so that what stands after one begins a cell, too.
    """
    cell = _FORMULA.sub("'", cell or "")
    return "".join(c if "\ud800" <= c <= "\udfff" else printable(c) for c in cell)  # of names that are no UTF-8


def _parquet(beside: Beside, lines: Callable[[], Lines], _totals: Totals, _head: str) -> None:
    import pyarrow as pa
    from pyarrow import parquet

    schema = pa.schema([(name, pa.string()) for name in COLUMNS])
    cells = (tuple(map(_utf8, row)) for record in _records(lines) for row in rows(record))
    with parquet.ParquetWriter(beside.path, schema) as writer:
        while some := list(islice(cells, _ROWS_AT_ONCE)):
            writer.write_table(pa.table([list(column) for column in zip(*some, strict=True)], schema=schema))
    beside.append(())


def _utf8(cell: str | None) -> str | None:
    return None if cell is None else cell.encode(errors="backslashreplace").decode()


_STYLE = (
    "body{font:15px/1.5 sans-serif;margin:2rem auto;max-width:70rem;padding:0 1rem}"
    "table{border-collapse:collapse;margin:.5rem 0 1.5rem}"
    "td,th{border:1px solid #ccc;padding:.2rem .6rem;text-align:left}"
    "td.n{text-align:right}.passed{color:#060}.failed{color:#b00}.indeterminate{color:#960}"
)
_HASH = base64.b64encode(hashlib.sha256(_STYLE.encode()).digest()).decode()
_POLICY = f"default-src 'none'; style-src 'sha256-{_HASH}'; base-uri 'none'; form-action 'none'"
_VI = Words("vi")
_VERDICTS = ("passed", "failed", "indeterminate")
_SAID = {
    "passed": "hợp lệ · passed",
    "failed": "không hợp lệ · failed",
    "indeterminate": "chưa đủ cơ sở kết luận · indeterminate",
}


def _html(beside: Beside, lines: Callable[[], Lines], totals: Totals, head: str) -> None:
    beside.append(part.encode(errors="backslashreplace") for part in _page(lines, totals, head))


def _page(lines: Callable[[], Lines], totals: Totals, head: str) -> Iterator[str]:
    yield (
        '<!DOCTYPE html><html lang="vi"><meta charset="utf-8">'
        f'<meta http-equiv="Content-Security-Policy" content="{html.escape(_POLICY)}">'
        f"<title>Báo cáo kiểm tra chữ ký số</title><style>{_STYLE}</style>"
        f"<h1>Báo cáo kiểm tra chữ ký số · Signature audit</h1><p>{_text(head)}</p>"
    )
    yield "<h2>Kết quả · Verdicts</h2><table>"
    for verdict in _VERDICTS:
        yield f'<tr><td class="{verdict}">{_SAID[verdict]}</td><td class="n">{totals.verdicts[verdict]}</td></tr>'
    yield f'<tr><td>tệp · files</td><td class="n">{totals.files}</td></tr></table>'
    shown = totals.to_json()
    for title, key in (
        ("Cơ quan · Agencies", "agencies"),
        ("Người ký · Signers", "signers"),
        ("Tháng ký · Months", "months"),
    ):
        yield f"<h2>{title}</h2><table><tr><th></th>{''.join(f'<th>{_SAID[v]}</th>' for v in _VERDICTS)}</tr>"
        for name, counts in islice(shown[key].items(), MOST):
            cells = "".join(f'<td class="n">{counts.get(v, 0)}</td>' for v in _VERDICTS)
            yield f"<tr><td>{_text(name)}</td>{cells}</tr>"
        yield "</table>"
    yield "<h2>Lý do · Reasons</h2><table>"
    for code, count in islice(shown["reasons"].items(), MOST):
        said = (_VI.find(f"findings.{code}") or "").rstrip(":.")
        yield f'<tr><td>{_text(code)}</td><td>{_text(said)}</td><td class="n">{count}</td></tr>'
    yield "</table><h2>Tệp không đạt · Files that did not pass</h2><table>"
    for record in _records(lines):
        if record["verdict"] != "passed":
            why = "; ".join(dict.fromkeys(_texts(record)))
            yield (
                f'<tr><td>{_text(record["file"] or "")}</td><td class="{record["verdict"]}">'
                f"{_SAID[record['verdict']]}</td><td>{_text(why)}</td></tr>"
            )
    yield "</table></html>\n"


@lru_cache(maxsize=4096)  # most files of an audit fail for the same few reasons
def _in_both(code: str, text: str) -> str:
    """A finding in both languages, as the rest of the page."""
    said = finding_text(Finding(code, "error", text), _VI)
    return text if said == printable(text) else f"{said} · {text}"


def _text(value: str) -> str:
    """Escaped, and without what would turn the letters around it: names and file names are a stranger's."""
    return html.escape(printable(value))


def _texts(record: Record) -> Iterator[str]:
    for findings in (record["findings"], *(s["findings"] for s in record["signatures"])):
        yield from (_in_both(f["code"], f["text"]) for f in findings if f["severity"] == "error")
    for one in record.get("attachments", ()):  # a record of an earlier kyso has none
        yield from (f"{one['file']}: {text}" for text in _texts(one))


_WRITERS: dict[str, Callable[[Beside, Callable[[], Lines], Totals, str], None]] = {
    "jsonl": _jsonl,
    "csv": _csv,
    "parquet": _parquet,
    "html": _html,
}
