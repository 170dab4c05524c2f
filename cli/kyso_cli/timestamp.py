"""`kyso timestamp`: a timestamp over a whole PDF, signed or not. It proves when, not who."""

from __future__ import annotations

from pathlib import Path

import click

from .command import worded
from .config import find_config
from .extend import each
from .options import config_option, document_password, json_option, password_options, tsa_in_reach
from .output import App


@worded("timestamp")
@click.argument("files", nargs=-1, required=True, metavar="FILE...")
@click.option("--tsa", metavar="URL")
@click.option("-o", "--output", metavar="FILE")
@password_options
@click.option("--force", is_flag=True)
@config_option
@json_option
@click.pass_obj
def command(
    app: App,
    /,
    files: tuple[str, ...],
    tsa: str | None,
    output: str | None,
    force: bool,
    config: Path | None,
    as_json: bool,
) -> int:
    """Timestamps every file; the exit code."""
    import kyso

    authority = tsa_in_reach(tsa, "B-T", find_config(config).url, asking="kyso timestamp")
    assert authority is not None  # noqa: S101 - B-T has one, or a `Stop` was raised

    password = document_password()

    def one(source: Path, target: Path) -> None:
        kyso.timestamp_file(source, target, authority, password=password, force=force)

    return each(app, files, output, "timestamped", one, force=force, as_json=as_json)
