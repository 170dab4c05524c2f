"""`kyso callers revoke`: from the next request on the server does not know this API token."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from ..command import worded
from ..errors import Stop
from ..options import config_option, json_option
from ..output import App, say, say_json
from .rights import server_settings


@worded("revoke")
@click.argument("name", metavar="NAME")
@config_option
@json_option
@click.pass_obj
def revoke_command(app: App, /, **given: Any) -> int:
    return revoke(app, **given)


def revoke(app: App, name: str, config: Path | None, as_json: bool) -> int:
    """At once, without a question: a token that was lost is in somebody's hands. Raises `Stop` for an unknown one."""
    from kyso_server.setup import api_tokens, prepare_database, revoke_api_token

    settings = server_settings(config)
    prepare_database(settings)
    known = [t.name for t in api_tokens(settings)]
    if name not in known:
        raise Stop("caller_unknown", name=name, known=", ".join(known) or "–")
    new = revoke_api_token(settings, name)
    if as_json:
        say_json({"name": name, "revoked": new})
    else:
        say(app.words("callers.revoked" if new else "callers.revoked_before", name=name))
    return 0
