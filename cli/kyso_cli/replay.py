"""`kyso replay`: the verdict of `kyso verify` on facts that were kept, by other rules, anchors or at another time."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import click

from .command import worded
from .config import find_config
from .errors import FAILED, INDETERMINATE, OK, Stop
from .files import check_input, read
from .options import (
    PATH,
    config_option,
    evidence_in,
    evidence_options,
    fetcher,
    json_option,
    policy_of,
    policy_options,
    trust_in_reach,
)
from .output import App, say, say_json
from .reporting import check_reports, report_options, write_reports
from .verify import _show, _sum, _time

if TYPE_CHECKING:
    from kyso import FileFacts


@worded("replay")
@click.argument("files", nargs=-1, required=True, metavar="FACTS...")
@click.option("--trust", multiple=True, type=PATH, metavar="FILE|DIR")
@click.option("--online/--offline", default=None)
@evidence_options
@click.option("--at", metavar="TIME")
@policy_options
@config_option
@report_options
@json_option
@click.pass_obj
def command(app: App, /, **given: Any) -> int:
    """The words stand in the catalogue under help.replay."""
    import kyso
    from kyso_pki.ades.report import overall

    config = find_config(given["config"])
    for file in given["files"]:
        check_input(file, streamed=True)
    check_reports(given["report_files"], given["files"], force=given["force"])
    policy = policy_of(
        given["policy"], given["accept_parts"], given["accept_overlays"], given["accept_blank_overlays"]
    )
    trust, evidence, at = trust_in_reach(given["trust"], config), evidence_in(given["evidence"]), _time(given["at"])
    online = config.online if given["online"] is None else given["online"]
    found = [facts for file in given["files"] for facts in _facts(file)]
    asks = fetcher(given["hosts"], config, len(found)) if online else None
    reports = []
    try:
        for facts in found:
            reports.append(kyso.replay(facts, trust=trust, at=at, evidence=evidence, fetcher=asks, policy=policy))
            if not given["as_json"]:
                _show(app, reports)
    finally:
        if asks is not None:
            asks.close()
    write_reports(app, given["report_files"], reports, force=given["force"])
    verdict = overall(reports)
    if given["as_json"]:
        say_json({"verdict": verdict, "files": [r.to_json() for r in reports]})
    elif len(reports) > 1:
        say()
        say(_sum(app, reports))
    return {"passed": OK, "failed": FAILED, "indeterminate": INDETERMINATE}[verdict]


def _facts(file: str) -> Iterator[FileFacts]:
    """Those of each line. Raises `FormatError`, `Stop`."""
    import json

    import kyso

    data = read(file)
    if not data.strip():
        raise Stop("facts_none", path=file)
    for number, line in enumerate(data.splitlines(), 1):
        if line.strip():
            try:
                value = json.loads(line)
            except (ValueError, RecursionError):
                raise Stop("facts_line", path=file, number=number) from None
            yield kyso.FileFacts.from_json(value)
