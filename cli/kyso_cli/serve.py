"""`kyso serve`: the server, in the foreground, as kyso.toml says."""

from __future__ import annotations

import os
import socket
from contextlib import suppress
from pathlib import Path
from typing import Any

import click

from .callers.rights import warn_of_callers
from .command import worded
from .config import server_config
from .errors import OK, Stop
from .options import config_option
from .output import App, say


@worded("serve")
@config_option
@click.pass_obj
def command(app: App, /, **given: Any) -> int:
    return serve(app, given["config"])


def serve(app: App, named: Path | None) -> int:
    """Runs the server until it is told to stop. Raises `Stop` before anything is started."""
    place = server_config(named)
    from kyso_pki.errors import KysoError
    from kyso_server.app import run
    from kyso_server.settings import load_settings

    settings = load_settings(place)
    if settings.port and not port_free(settings.host, settings.port):
        raise Stop("port_busy", host=settings.host, port=settings.port)

    def ready() -> None:
        say(app.words("quickstart.serving", url=settings.url))
        with suppress(KysoError):  # it serves all the same; what is wrong with the database stands in the log
            warn_of_callers(app, settings)

    try:
        run(settings, ready=ready)
    except SystemExit:  # how uvicorn ends when another program took the port a moment ago
        raise Stop("port_busy", host=settings.host, port=settings.port) from None
    return OK


def port_free(host: str, port: int) -> bool:
    """Whether a server could listen there now."""
    with socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET) as probe:
        if os.name == "posix":  # as servers do: a port in TIME_WAIT is free; on Windows the option means sharing
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        with suppress(OSError):
            probe.bind((host, port))
            return True
    return False
