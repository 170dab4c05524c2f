"""`kyso keys list`: every key within reach, in tokens and keystores, with its certificate.

No PIN is asked for: what a token hides before login is not listed. A module that cannot be loaded is a line of
its own and does not hide the others.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from .command import Group, common, worded
from .config import find_config
from .errors import explain
from .files import check_input
from .options import config_option, json_option, module_option, modules_in_reach
from .output import App, note, printable, say, say_json

if TYPE_CHECKING:
    from kyso_hsm.opening import KeyInfo, KeyListing
    from kyso_pki.x509.certificate import Certificate


@click.group("keys", cls=Group)
@common
def command() -> None:
    """The words stand in the catalogue under help.keys."""


@worded("list")
@click.argument("files", nargs=-1, metavar="[FILE]...")
@module_option
@config_option
@json_option
@click.pass_obj
def list_command(app: App, /, **given: Any) -> int:
    return list_keys(app, **given)


command.add_command(list_command)


def list_keys(app: App, files: tuple[str, ...], modules: tuple[str, ...], config: Path | None, as_json: bool) -> int:
    """Shows the keys; 0 even when there are none, because an empty list is an answer."""
    from kyso_hsm import opening

    found = find_config(config)
    for file in files:
        check_input(file)
    keystores = [Path(f) for f in files] or [f for f in found.key_files if f.exists()]
    listing = opening.list_keys(modules_in_reach(modules, found), keystores)
    if as_json:
        say_json([to_json(key) for key in listing.keys])
    elif listing.keys:
        _table(app, listing)
    else:
        say(app.words("keys.none"))
    for problem in listing.problems:
        why = explain(problem.error, app.words).message
        note(app.words("keys.problem", path=problem.path, why=printable(why)))
    return 0


def to_json(key: KeyInfo) -> dict[str, Any]:
    """The published shape (docs/cli.md)."""
    return {
        "uri": key.uri,
        "label": key.label,
        "algorithm": key.algorithm,
        "token": key.token,
        "certificate": None if key.certificate is None else _certificate(key.certificate),
    }


def _certificate(c: Certificate) -> dict[str, Any]:
    return {
        "subject": str(c.subject),
        "issuer": str(c.issuer),
        "serial": c.serial_hex,
        "fingerprint": c.sha256,
        "not_before": c.not_before.isoformat().replace("+00:00", "Z"),
        "not_after": c.not_after.isoformat().replace("+00:00", "Z"),
    }


def _table(app: App, listing: KeyListing) -> None:
    """A row for each key and its address below, which is never cut or folded: it is there to be copied."""
    rows = [tuple(app.words(f"keys.column.{c}") for c in ("label", "algorithm", "token", "subject", "until"))]
    rows += [_row(app, key) for key in listing.keys]
    widths = [max(len(row[i]) for row in rows) for i in range(len(rows[0]))]
    addresses = ["", *("  " + printable(key.uri) for key in listing.keys)]
    for row, address in zip(rows, addresses, strict=True):
        say("  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip())
        if address:
            say(address)


def _row(app: App, key: KeyInfo) -> tuple[str, ...]:
    from .times import local

    c = key.certificate
    if c is None:
        subject, until = app.words("keys.locked" if key.locked else "keys.no_certificate"), ""
    else:
        subject, until = c.subject.first("CN") or str(c.subject), local(c.not_after)
    return tuple(map(printable, (key.label, key.algorithm, key.token, subject, until)))
