"""`kyso audit`: verify a folder, a pattern or a list of any length, on all cores, and say what came out.

Exit codes as for `verify`. A run that was stopped, however, goes on where it was when the command is given again.
`kyso audit diff A B` compares two reports.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from .command import worded
from .config import find_config
from .errors import FAILED, INDETERMINATE, OK, Stop
from .files import check_output
from .options import (
    PATH,
    config_option,
    document_password,
    evidence_in,
    evidence_options,
    json_option,
    password_options,
    policy_of,
    policy_options,
    trust_in_reach,
)
from .output import App, note, say, say_json, to_terminal
from .times import local
from .verify import _time

if TYPE_CHECKING:
    from kyso.audit.plan import Plan
    from kyso.audit.totals import Totals

_EVERY_S = 1.0  # between two lines of progress on a terminal
_SELDOM_S = 30.0  # in a log
_SHOWN = 10  # rows of a table on the screen


@dataclass(frozen=True)
class Request:
    """What was asked for, as typed."""

    sources: tuple[str, ...]
    out: Path | None
    trust: tuple[Path, ...]
    online: bool | None
    evidence: tuple[Path, ...]
    hosts: tuple[str, ...]
    at: str | None
    policy: str | None
    accept_parts: bool
    accept_overlays: bool
    accept_blank_overlays: bool
    jobs: int | None
    time_limit: float
    memory_limit: int
    everything: bool
    restart: bool
    force: bool
    as_json: bool
    config: Path | None


@worded("audit")
@click.argument("sources", nargs=-1, required=True, metavar="FILE|DIR|GLOB|@LIST...")
@click.option("--out", type=PATH, metavar="FILE")
@click.option("--trust", multiple=True, type=PATH, metavar="FILE|DIR")
@click.option("--online/--offline", default=None)
@evidence_options
@click.option("--at", metavar="TIME")
@policy_options
@click.option("--jobs", type=click.IntRange(1, 1024), metavar="N")
@click.option("--time-limit", type=click.FloatRange(0.1), default=60.0, metavar="SECONDS")
@click.option("--memory-limit", type=click.IntRange(128), default=2048, metavar="MB")
@click.option("--all", "everything", is_flag=True)
@click.option("--restart", is_flag=True)
@click.option("--force", is_flag=True)
@password_options
@config_option
@json_option
@click.pass_obj
def command(app: App, /, **given: Any) -> int:
    asked = Request(**given)
    if asked.sources[0] == "diff" and not Path("diff").exists():
        return compare(app, asked.sources[1:], asked.as_json)
    return audit(app, asked)


def audit(app: App, asked: Request) -> int:
    """Runs or continues the audit and writes its report; the exit code."""
    from kyso.audit import outputs
    from kyso.audit.plan import Limits, Online, Plan
    from kyso.audit.run import held

    config = find_config(asked.config)
    out = asked.out or Path("kyso-audit.jsonl")
    outputs.format_of(out)  # before the work, not after it
    folder = out.with_name(out.name + ".audit")
    _check_place(out, folder, asked)
    online = config.online if asked.online is None else asked.online
    plan = Plan(
        at=_time(asked.at) or datetime.now(UTC).replace(microsecond=0),
        trust=trust_in_reach(asked.trust, config),
        evidence=evidence_in(asked.evidence),
        policy=policy_of(asked.policy, asked.accept_parts, asked.accept_overlays, asked.accept_blank_overlays),
        online=Online((*asked.hosts, *_own_host(config.url))) if online else None,
        limits=Limits(asked.time_limit, asked.memory_limit),
    )
    given = document_password()
    with held(folder):
        return _audit(app, asked, plan, folder, out, None if given is None else given())


def _check_place(out: Path, folder: Path, asked: Request) -> None:
    """Refuses a place for the report that takes none, before the work. A report that is there stays without --force.

    Of a run that goes on this was asked when it began.
    """
    for source in asked.sources:
        with suppress(OSError):  # one of them is not there
            if out.samefile(source):
                raise Stop("report_is_input", path=out)
    goes_on = (folder / "run.json").exists() and not asked.restart
    if out.exists() and not out.is_dir() and not (asked.force or goes_on):
        raise Stop("report_exists", path=out)
    check_output(out, force=True)


def _audit(app: App, asked: Request, plan: Plan, folder: Path, out: Path, password: str | None) -> int:
    from kyso.audit import outputs
    from kyso.audit.executor import LocalPool, cores
    from kyso.audit.run import Run
    from kyso.audit.totals import summed

    run = None
    if asked.restart and folder.exists():
        import shutil

        shutil.rmtree(folder)
    else:
        run = Run.resume(folder, plan, asked.sources, everything=asked.everything, password=password is not None)
    if run is None:
        given = {"everything": asked.everything, "password": password is not None}
        run = Run.begin(folder, plan, asked.sources, **given, besides=(out,))
    elif asked.at is not None and run.plan.at != plan.at:
        raise Stop("audit_at", at=local(run.plan.at))
    elif run.done:
        note(app.words("audit.goes_on", done=run.done, total=run.count, at=local(run.plan.at)))
    if run.damaged:
        note(app.words("audit.damaged", folder=folder))
    progress = Progress(app, run.count, run.done)
    run.work(LocalPool(asked.jobs or cores(), password), progress)
    progress.end()
    totals = summed(run.records())
    head = app.words("audit.head", files=run.count, at=local(run.plan.at))
    outputs.write(out, run.lines, totals, head)
    run.remove()
    if asked.as_json:
        say_json({"verdict": totals.verdict, "report": str(out), "at": run.plan.at.isoformat(), **totals.to_json()})
    else:
        say("\n".join(_lines(app, totals)))
        say(app.words("audit.written", path=out, kind=outputs.format_of(out)))
    return {"passed": OK, "failed": FAILED, "indeterminate": INDETERMINATE}[totals.verdict]


def compare(app: App, reports: Sequence[str], as_json: bool) -> int:
    """Says what is different in the second report; 0 when nothing is, else 1."""
    from kyso.audit.compare import differences

    if len(reports) != 2:
        raise Stop("audit_diff")
    for report in reports:  # of any size, and another program's output too
        if Path(report).is_dir():
            raise Stop("file_is_folder", path=report)
        if not Path(report).exists():
            raise Stop("file_missing", path=report)
    found = 0
    if as_json:
        listed = [d.to_json() for d in differences(Path(reports[0]), Path(reports[1]))]
        say_json({"differences": listed})
        return FAILED if listed else OK
    for d in differences(Path(reports[0]), Path(reports[1])):
        found += 1
        old, new = (_said(app, d.kind, value) for value in (d.old, d.new))
        say(app.words(f"audit.diff.{d.kind}", file=d.file, old=old, new=new))
    say(app.words("audit.diff.sum", count=found))
    return FAILED if found else OK


def _said(app: App, kind: str, value: str | None) -> str:
    if value is None:
        return "-"
    return (value or "-") if kind == "reasons" else app.words(f"verify.verdict.{value}")


def _own_host(url: str | None) -> tuple[str, ...]:
    from urllib.parse import urlsplit

    return (urlsplit(url).netloc,) if url else ()


class Progress:
    """`12,345/1,000,000 (1.2 %), 2,100/s, 8 min left` on standard error, seldom enough not to cost anything."""

    def __init__(self, app: App, total: int, done: int) -> None:
        self._app = app
        self._total = total
        self._done = self._before = done
        self._start = self._said = time.monotonic()
        self._live = to_terminal(sys.stderr)
        self._shown = False

    def __call__(self, more: int) -> None:
        self._done += more
        now = time.monotonic()
        if now - self._said < (_EVERY_S if self._live else _SELDOM_S):
            return
        self._said, self._shown = now, True
        rate = (self._done - self._before) / max(now - self._start, 1e-9)
        left = int((self._total - self._done) / rate) if rate else 0
        text = self._app.words(
            "audit.progress",
            done=f"{self._done:,}",
            total=f"{self._total:,}",
            percent=f"{100 * self._done / self._total:.1f}",
            rate=f"{rate:,.0f}",
            left=f"{left // 3600}:{left // 60 % 60:02}:{left % 60:02}",
        )
        if self._live:
            sys.stderr.write(f"\r\x1b[2K{text}")
            sys.stderr.flush()
        else:
            note(text)

    def end(self) -> None:
        if self._live and self._shown:
            note("")


def _lines(app: App, totals: Totals) -> list[str]:
    counts = {v: totals.verdicts[v] for v in ("passed", "failed", "indeterminate")}
    lines = [app.words("verify.sum", total=totals.files, **counts)]
    shown = totals.to_json()
    for key in ("agencies", "signers", "months"):
        if shown[key]:
            lines += ["", app.words(f"audit.{key}")]
            for name, by_verdict in islice(shown[key].items(), _SHOWN):
                said = ", ".join(f"{app.words('verify.verdict.' + v)} {n}" for v, n in sorted(by_verdict.items()))
                lines.append(f"  {_printable(name)}: {said}")
            if len(shown[key]) > _SHOWN:
                lines.append("  " + app.words("audit.more", count=len(shown[key]) - _SHOWN))
    if shown["reasons"]:
        lines += ["", app.words("audit.reasons")]
        lines += [f"  {count:>8,}  {_reason(app, code)}" for code, count in islice(shown["reasons"].items(), _SHOWN)]
    return [*lines, ""]


def _reason(app: App, code: str) -> str:
    text = app.words.texts.get(f"findings.{code}") or app.words.texts.get(f"verify.sub.{code}")
    return f"{code} ({text.rstrip(':.')})" if text else code


def _printable(text: str) -> str:
    from .output import printable

    return printable(text)
