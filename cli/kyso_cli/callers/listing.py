"""`kyso callers list`: every API token by name, since when, and which keys it may use."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from ..command import worded
from ..keys.shown import table
from ..options import config_option, json_option
from ..output import App, printable, say, say_json
from ..times import iso, local
from .rights import server_settings, usable

if TYPE_CHECKING:
    from kyso_server.settings import Settings
    from kyso_server.setup import ApiTokenState


@worded("list")
@config_option
@json_option
@click.pass_obj
def list_command(app: App, /, **given: Any) -> int:
    return listed(app, **given)


def listed(app: App, config: Path | None, as_json: bool) -> int:
    """What is known of each; the tokens themselves nobody knows but who has them."""
    from kyso_server.setup import api_tokens, prepare_database

    settings = server_settings(config)
    prepare_database(settings)
    tokens = api_tokens(settings)
    if as_json:
        say_json({"callers": [_to_json(settings, t) for t in tokens]})
    elif not tokens:
        say(app.words("callers.empty"))
    else:
        _show(app, settings, tokens)
    return 0


def _to_json(settings: Settings, token: ApiTokenState) -> dict[str, Any]:
    return {
        "name": token.name,
        "created": iso(token.created_at),
        "revoked": None if token.revoked_at is None else iso(token.revoked_at),
        "credentials": [] if token.revoked_at is not None else list(usable(settings, token.name)),
    }


def _show(app: App, settings: Settings, tokens: tuple[ApiTokenState, ...]) -> None:
    words = app.words
    rows = [tuple(words(f"callers.column.{c}") for c in ("name", "created", "state"))]
    below: list[str | None] = [None]
    for token in tokens:
        ended = token.revoked_at
        state = words("callers.in_force") if ended is None else words("callers.revoked_at", at=local(ended))
        rows.append((printable(token.name), local(token.created_at), state))
        keys = usable(settings, token.name)
        line = words("callers.keys" if keys else "callers.no_keys", names=", ".join(keys))
        below.append(None if ended is not None else line)
    table(rows, below)
