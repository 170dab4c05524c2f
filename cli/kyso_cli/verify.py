"""`kyso verify`: is each document still what was signed, by whom, and may the signature be relied on?

Exit 0 only when every signature in every file passed; 1 when any failed, or one of several files could not be read;
3 when nothing failed but something could not be concluded. Nothing is fetched from the network unless --online or
`[trust] online = true` in kyso.toml says so (docs/adr/0006); then only public addresses are contacted, besides the
server of kyso.toml and those named with --allow-host.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from .beside import Beside
from .command import worded
from .config import find_config
from .errors import FAILED, INDETERMINATE, OK, Stop, explain
from .files import PIPE, read, refused_inputs
from .messages import Words
from .options import (
    PATH,
    config_option,
    document_password,
    evidence_in,
    evidence_options,
    fetcher,
    json_option,
    password_options,
    policy_of,
    policy_options,
    trust_in_reach,
)
from .output import App, coloured, note, printable, say, say_json
from .reporting import check_reports, report_options, write_reports

if TYPE_CHECKING:
    from kyso_pki.ades.report import DocumentReport


@dataclass(frozen=True)
class Request:
    """What was asked for, as typed."""

    files: tuple[str, ...]
    trust: tuple[Path, ...]
    online: bool | None
    evidence: tuple[Path, ...]
    hosts: tuple[str, ...]
    at: str | None
    content: tuple[str, ...]
    xpath: bool
    policy: str | None
    accept_parts: bool
    accept_overlays: bool
    accept_blank_overlays: bool
    as_json: bool
    config: Path | None
    report_files: tuple[Path, ...] = ()
    force: bool = False


@worded("verify")
@click.argument("files", nargs=-1, required=True, metavar="FILE...")
@click.option("--trust", multiple=True, type=PATH, metavar="FILE|DIR")
@click.option("--online/--offline", default=None)
@evidence_options
@click.option("--at", metavar="TIME")
@click.option("--content", multiple=True, metavar="FILE|URI=FILE")
@click.option("--xpath", is_flag=True)
@policy_options
@password_options
@config_option
@report_options
@json_option
@click.pass_obj
def command(app: App, /, **given: Any) -> int:
    return verify(app, Request(**given))


def verify(app: App, asked: Request) -> int:
    """Verifies every file and shows a report on each; the exit code."""
    import kyso
    from kyso_pki.ades.report import overall

    config = find_config(asked.config)
    if asked.files.count(PIPE) > 1:
        raise Stop("pipe_among_many")
    refused: dict[str, Exception] = {**refused_inputs(asked.files, streamed=True)}
    given = Beside(asked.content)
    check_reports(asked.report_files, asked.files, force=asked.force)
    at = _time(asked.at)
    trust = trust_in_reach(asked.trust, config)
    policy = policy_of(asked.policy, asked.accept_parts, asked.accept_overlays, asked.accept_blank_overlays)
    evidence = evidence_in(asked.evidence)
    online = config.online if asked.online is None else asked.online
    password = document_password()
    asks = fetcher(asked.hosts, config, len(asked.files)) if online else None
    reports: list[DocumentReport] = []
    try:
        for file in asked.files:
            try:
                if file in refused:
                    raise refused[file]
                source = read(PIPE) if file == PIPE else Path(file)
                content = _content_of(app, file, given.content)
                if content is not None and len(asked.files) > 1 and _is_pdf(file):
                    content = None  # it was named for the signature files among them
                found = kyso.verify(
                    source,
                    trust=trust,
                    at=at,
                    fetcher=asks,
                    evidence=evidence,
                    policy=policy,
                    password=password,
                    content=content,
                    detached=given.detached(file) or _beside_xml(app, file),
                    xpath=asked.xpath,
                )
            except (OSError, kyso.FormatError, Stop) as e:  # FormatError: somebody writes to it
                why = Stop("file_unreadable", path=file, why=e.strerror) if isinstance(e, OSError) else e
                if len(asked.files) == 1:
                    raise why from None
                refused[file] = why
                reports.append(_unread(file, why))
            else:
                reports.append(replace(found, file=file))
            if not asked.as_json:
                _show(app, reports, refused.get(file))
    finally:
        if asks is not None:
            asks.close()
    write_reports(app, asked.report_files, reports, force=asked.force)
    verdict = overall(reports)
    if asked.as_json:
        say_json({"verdict": verdict, "files": [r.to_json() for r in reports]})
    elif len(reports) > 1:
        say()
        say(_sum(app, reports))
        if refused:
            say(app.words("verify.sum_unread", count=len(refused)))
    return {"passed": OK, "failed": FAILED, "indeterminate": INDETERMINATE}[verdict]


def _content_of(app: App, file: str, named: Path | None) -> Path | None:
    """What a signature file is over: as named, else what stands beside it under its name, which is said."""
    if named is not None or file == PIPE:
        return named
    from kyso.beside import content_beside

    if (found := content_beside(file)) is not None:
        note(app.words("verify.content", file=file, content=found))
    return found


def _is_pdf(file: str) -> bool:
    """By its first octets. Raises `OSError`."""
    from kyso_pki.formats import is_pdf

    if file == PIPE:
        return False
    with Path(file).open("rb") as opened:
        return is_pdf(opened.read(1024))


def _beside_xml(app: App, file: str) -> Mapping[str, bytes]:
    """What stands beside an XML signature file under its name, which is said."""
    if file == PIPE:
        return {}
    from urllib.parse import unquote

    from kyso.beside import detached_beside

    found = detached_beside(file)
    for uri in found:
        note(app.words("verify.content", file=file, content=Path(file).with_name(unquote(uri))))
    return found


def _unread(file: str, why: Exception) -> DocumentReport:
    """The report on one of several files that cannot be read: failed, never left out."""
    from kyso_pki.ades.report import DocumentReport
    from kyso_pki.finding import Finding

    said = explain(why, Words("en"))
    return DocumentReport(file, None, None, (), (Finding(said.code, "error", said.message),))


def _show(app: App, reports: Sequence[DocumentReport], unread: Exception | None = None) -> None:
    from .report import packet_lines

    if len(reports) > 1:
        say()
    if unread is not None:
        said = coloured(app.words("verify.unread"), "red")
        say(f"{printable(reports[-1].file or '')}: {said}: {explain(unread, app.words).message}")
        return
    say("\n".join(packet_lines(reports[-1], app.words)))  # one write, which the pipe of `| head -1` still takes


def _sum(app: App, reports: Sequence[DocumentReport]) -> str:
    counts = {v: sum(r.verdict == v for r in reports) for v in ("passed", "failed", "indeterminate")}
    return app.words("verify.sum", total=len(reports), **counts)


def _time(text: str | None) -> datetime | None:
    from .times import parse

    if text is None:
        return None
    try:
        return parse(text)
    except ValueError:
        raise Stop("time_wrong", text=text) from None
