"""`kyso callers add`: an API token for one more system, told once."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from ..command import worded
from ..files import check_output, write_whole
from ..options import PATH, config_option, json_option
from ..output import App, note, printable, say, say_json
from .rights import server_settings, usable


@worded("add")
@click.argument("name", metavar="NAME")
@click.option("-o", "--output", type=PATH, metavar="FILE")
@click.option("--replace", is_flag=True)
@click.option("--force", is_flag=True)
@config_option
@json_option
@click.pass_obj
def add_command(app: App, /, **given: Any) -> int:
    return add(app, **given)


def add(
    app: App, name: str, output: Path | None, replace: bool, force: bool, config: Path | None, as_json: bool
) -> int:
    """Writes the token to the file (0600), else to standard output; what there is to say goes to standard error."""
    from kyso_server.setup import check_token_name, new_api_token, prepare_database

    settings = server_settings(config)
    check_token_name(name)
    if output is not None:
        check_output(output, force=force)
    prepare_database(settings)
    token = new_api_token(settings, name, replace=replace)
    if output is not None:
        write_whole(output, f"{token}\n".encode(), force=force, mode=0o600)
    keys = usable(settings, name)
    if as_json:
        shown = {"file": str(output)} if output is not None else {"token": token}
        say_json({"name": name, **shown, "credentials": list(keys)})
        return 0
    if output is None:
        say(token)
        note(app.words("callers.added_shown", name=name))
    else:
        say(printable(app.words("callers.added", name=name, path=output)))
    note(app.words("callers.may_use" if keys else "callers.may_use_nothing", name=name, names=", ".join(keys)))
    return 0
