"""`kyso ca list`: what this CA has issued, how each certificate stands, and when it ends."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

import click

from ..command import worded
from ..keys.shown import certificate_json, short_name, table
from ..options import config_option, json_option
from ..output import App, printable, say, say_json
from ..times import iso, local
from .house import authority

if TYPE_CHECKING:
    from kyso_server.setup import IssuedState

State = Literal["valid", "expired", "revoked"]
STATES: tuple[State, ...] = ("valid", "expired", "revoked")


@worded("list")
@click.option("--state", type=click.Choice(STATES))
@click.option("--ends-within", type=click.IntRange(0, 36500), metavar="DAYS")
@click.option("--name", metavar="TEXT")
@config_option
@json_option
@click.pass_obj
def list_command(app: App, /, **given: Any) -> int:
    return listed(app, **given)


def listed(
    app: App, state: State | None, ends_within: int | None, name: str | None, config: Path | None, as_json: bool
) -> int:
    """Those that fit all that is asked, the oldest first."""
    from kyso_server.setup import issued_certificates, prepare_database

    settings, _, issuer = authority(config)
    prepare_database(settings)
    now = datetime.now(UTC)
    end = None if ends_within is None else now + timedelta(days=ends_within)
    found = [
        one
        for one in issued_certificates(settings, issuer)
        if (state is None or _state(one, now) == state)
        and (end is None or now <= one.certificate.not_after <= end)
        and (name is None or name.casefold() in str(one.certificate.subject).casefold())
    ]
    if as_json:
        say_json({"issuer": str(issuer.subject), "certificates": [_to_json(one, now) for one in found]})
    elif not found:
        say(app.words("ca.none"))
    else:
        _show(app, found, now)
    return 0


def _state(one: IssuedState, now: datetime) -> State:
    if one.revoked_at is not None:
        return "revoked"
    return "expired" if now > one.certificate.not_after else "valid"


def _to_json(one: IssuedState, now: datetime) -> dict[str, Any]:
    return {
        **certificate_json(one.certificate),
        "state": _state(one, now),
        "revoked": None if one.revoked_at is None else iso(one.revoked_at),
        "reason": one.reason,
    }


def _show(app: App, found: Sequence[IssuedState], now: datetime) -> None:
    words = app.words
    rows = [tuple(words(f"ca.column.{c}") for c in ("name", "until", "state"))]
    below: list[str | None] = [None]
    for one in found:
        state = _state(one, now)
        if one.revoked_at is not None:
            shown = words("ca.state.revoked", at=local(one.revoked_at), reason=one.reason or "unspecified")
        else:
            shown = words(f"ca.state.{state}")
        rows.append((printable(short_name(one.certificate)), local(one.certificate.not_after), shown))
        below.append(words("ca.number", serial=one.certificate.serial_hex))
    table(rows, below)
    say(words("ca.count", count=len(found)))
