"""`kyso schema`: the JSON Schema of the reports that this kyso writes (docs/report.md)."""

from __future__ import annotations

from typing import Any

import click

from .command import worded
from .errors import OK
from .output import App, say_json


@worded("schema")
@click.pass_obj
def command(app: App, /, **given: Any) -> int:
    from kyso_pki.reports.schema import report_schema

    say_json(report_schema())
    return OK
