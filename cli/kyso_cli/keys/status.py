"""`kyso keys status`: how the tokens of a running server are, as the server itself knows it.

`kyso keys list` shows the tokens of this computer; a server holds its own open, and only it knows whether they are
logged in, missing, locked or faulty. No PIN and no API token is needed.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from ..command import worded
from ..config import find_config
from ..errors import FAILED, OK, Stop, title_of
from ..options import config_option, json_option
from ..output import App, printable, say, say_json
from .shown import table


@worded("status")
@click.option("--server", metavar="URL")
@config_option
@json_option
@click.pass_obj
def status_command(app: App, /, **given: Any) -> int:
    return status(app, **given)


def status(app: App, server: str | None, config: Path | None, as_json: bool) -> int:
    """Shows the states; 1 when something cannot be used now."""
    import kyso

    url = server or find_config(config).url
    if url is None:
        raise Stop("option_needs", option="kyso keys status", needed="--server")
    with kyso.Client(url) as client:
        told = client.readiness()
    if as_json:
        say_json(told)
    else:
        _show(app, url, told)
    return OK if told["status"] == "ready" else FAILED


def _show(app: App, url: str, told: dict[str, Any]) -> None:
    words = app.words
    say(printable(words(f"keys.server.{'ready' if told['status'] == 'ready' else 'not_ready'}", url=url)))
    columns = [words(f"keys.column.{name}") for name in ("token", "serial", "state", "workers")]
    rows = [
        [str(t["token"]), str(t["serial"]), _state(app, str(t["state"])), f"{t['running']}/{t['workers']}"]
        for t in told["tokens"]
    ]
    if rows:
        table([columns, *([printable(cell) for cell in row] for row in rows)], [None] * (len(rows) + 1))
    for name, places in told.get("replicas", {}).items():
        for number, place in enumerate(places, 1):
            state = _state(app, str(place["state"]))
            say(printable(words("keys.server.replica", name=name, number=number, state=state)))
    for name, check in told["checks"].items():
        if check != "ok":
            title = (title_of(str(check), words) or "").removesuffix(".")
            say(printable(words("keys.server.check", name=name, code=f"{title}: {check}" if title else check)))


def _state(app: App, state: str) -> str:
    """The word for a state; one that a newer server has is shown as it came."""
    key = f"keys.server.state.{state.replace(' ', '_')}"
    return app.words(key) if key in app.words.texts else state
