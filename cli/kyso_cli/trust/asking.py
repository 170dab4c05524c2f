"""What the commands of `kyso trust` share: the keys that are named, and whether a person agrees."""

from __future__ import annotations

import re
import sys
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any

import click

from ..errors import FAILED, Stop
from ..files import check_input, read
from ..output import App


def keys_named(named: Sequence[str]) -> tuple[str, ...]:
    """SHA-256 of the keys that are named: by certificates in files, or by itself. Raises `Stop`."""
    from kyso_pki.errors import FormatError
    from kyso_pki.x509.certificate import certificates_from_bytes

    found: list[str] = []
    for text in named:
        plain = text.removeprefix("sha256:").replace(":", "").lower()
        if re.fullmatch(r"[0-9a-f]{64}", plain):
            found.append(plain)
            continue
        check_input(text)
        try:
            found += [c.spki_sha256 for c in certificates_from_bytes(read(text))]
        except FormatError as e:
            raise Stop("trust_no_key", name=text, why=e.message) from None
    return tuple(dict.fromkeys(found))


def agreed(app: App, yes: bool, told: Callable[[], Mapping[str, Any]]) -> None:
    """Asks whether what was said is to take effect. `told` gives the same for --json.

    Raises `Stop` when it is not, or nobody can be asked.
    """
    if yes:
        return
    if app.json or not sys.stdin.isatty():
        stop = Stop("trust_unconfirmed")
        stop.shown = told()
        raise stop
    if not click.confirm(app.words("trust.question"), default=False, err=True):
        raise Stop("trust_declined", exit_code=FAILED)


def moment(text: str | None) -> datetime | None:
    """A time of the command line. Raises `Stop`."""
    from ..times import parse

    if text is None:
        return None
    try:
        return parse(text)
    except ValueError:
        raise Stop("time_wrong", text=text) from None


def bytes_of(file: Path) -> bytes:
    check_input(str(file))
    return read(str(file))
