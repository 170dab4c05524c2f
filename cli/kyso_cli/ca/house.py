"""The authority that a `kyso.toml` describes, and whether a person agrees to what it is about to do."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click

from ..config import server_config
from ..errors import FAILED, Stop
from ..files import check_input, read
from ..output import App

if TYPE_CHECKING:
    from kyso_pki.x509.certificate import Certificate
    from kyso_server.settings import CaSettings, Settings


def authority(named: Path | None) -> tuple[Settings, CaSettings, Certificate]:
    """The settings, their `[ca]` and its issuing certificate. Raises `Stop`, `UsageError`."""
    from kyso_server.settings import load_settings

    place = server_config(named)
    settings = load_settings(place)
    if settings.ca is None:
        raise Stop("ca_missing", path=place)
    return settings, settings.ca, certificate_in(str(settings.ca.issuing.certificate))


def certificate_in(file: str) -> Certificate:
    """The one certificate in the file. Raises `Stop`."""
    from kyso_pki.x509.certificate import certificates_from_bytes

    check_input(file)
    found = certificates_from_bytes(read(file))
    if len(found) != 1:
        raise Stop("certificates_in_file", path=file, count=len(found))
    return found[0]


def agreed(app: App, yes: bool, question: str) -> None:
    """Raises `Stop` unless a person says yes to what was shown, or has said so with --yes."""
    if yes:
        return
    if app.json or not sys.stdin.isatty():
        raise Stop("ca_unconfirmed")
    if not click.confirm(app.words(question), default=False, err=True):
        raise Stop("ca_declined", exit_code=FAILED)
