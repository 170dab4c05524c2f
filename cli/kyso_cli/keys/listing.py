"""`kyso keys list`: every key within reach, in tokens and keystores, with its certificate and its token's state.

No PIN is asked for: what a token hides before login is not listed. A module that cannot be loaded is a line of
its own and does not hide the others.
"""

from __future__ import annotations

import os
import shlex
from collections import Counter
from collections.abc import Collection, Iterator
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from ..command import worded
from ..config import find_config
from ..errors import explain
from ..files import check_input
from ..options import config_option, json_option, module_option, modules_in_reach
from ..output import App, note, printable, say, say_json
from ..times import local
from .shown import algorithm_shown, certificate_json, short_name, state_of, table

if TYPE_CHECKING:
    from kyso_hsm.opening import KeyInfo, KeyListing


@worded("list")
@click.argument("files", nargs=-1, metavar="[FILE]...")
@module_option
@config_option
@json_option
@click.pass_obj
def list_command(app: App, /, **given: Any) -> int:
    return list_keys(app, **given)


def list_keys(app: App, files: tuple[str, ...], modules: tuple[str, ...], config: Path | None, as_json: bool) -> int:
    """Shows the keys; 0 even when there are none, because an empty list is an answer."""
    from kyso_hsm import opening

    found = find_config(config)
    for file in files:
        check_input(file)
    keystores = [Path(f) for f in files] or [f for f in found.key_files if f.exists()]
    listing = opening.list_keys(modules_in_reach(modules, found), keystores)
    if as_json:
        say_json(_to_json(listing))
    else:
        _show(app, listing, {m.path for m in modules_in_reach((), found)})
    for problem in listing.problems:
        said = explain(problem.error, app.words)
        note(app.words("keys.problem", why=printable(said.detail or said.message)))
        if said.remedy:
            note(app.words("errors.frame.remedy", text=printable(said.remedy)))
    return 0


def _to_json(listing: KeyListing) -> list[dict[str, Any]]:
    """The published shape (docs/cli.md): an array with one object per key."""
    return [
        {
            "uri": key.uri,
            "label": key.label,
            "algorithm": key.algorithm,
            "token": key.token,
            "state": state_of(key.info),
            "certificate": None if key.certificate is None else certificate_json(key.certificate),
        }
        for key in listing.keys
    ]


def _addresses(listing: KeyListing, known: Collection[str]) -> Iterator[str]:
    """What to copy for --key, quoted for a command line: token and name where these say enough.

    `known`: the modules that are looked into unasked; a key in another one needs its path.
    """
    from kyso_hsm.uri import Pkcs11Uri, parse

    uris = [parse(key.uri) for key in listing.keys]
    serials = Counter(t.label for t in {(t.label, t.serial): t for t in listing.tokens}.values())
    names = Counter((u.token, u.object) for u in uris if isinstance(u, Pkcs11Uri))
    for uri in uris:
        if isinstance(uri, Pkcs11Uri) and uri.object and serials[uri.token or ""] == 1:
            if names[uri.token, uri.object] == 1:
                uri = replace(uri, id=None, type=None)
            path = None if uri.module_path in known else uri.module_path
            uri = replace(uri, serial=None, manufacturer=None, model=None, module_path=path)
        yield f'"{uri}"' if os.name == "nt" else shlex.quote(str(uri))


def _show(app: App, listing: KeyListing, known: Collection[str]) -> None:
    if listing.keys:
        rows = [tuple(app.words(f"keys.column.{c}") for c in ("label", "algorithm", "token", "state"))]
        rows[0] += tuple(app.words(f"keys.column.{c}") for c in ("subject", "until"))
        rows += [_row(app, key) for key in listing.keys]
        table(rows, [None, *_addresses(listing, known)])
    else:
        say(app.words("keys.none"))
    named = {(key.info.label, key.info.serial) for key in listing.keys if key.info is not None}
    for info in listing.tokens:
        if (info.label, info.serial) not in named:
            state = app.words(f"keys.state.{state_of(info)}")
            say(printable(app.words("keys.empty_token", token=info.label, serial=info.serial, state=state)))


def _row(app: App, key: KeyInfo) -> tuple[str, ...]:
    c = key.certificate
    if c is None:
        subject, until = app.words("keys.locked" if key.locked else "keys.no_certificate"), ""
    else:
        subject, until = short_name(c), local(c.not_after)
    state = app.words(f"keys.state.{state_of(key.info) or 'file'}")
    return tuple(
        map(printable, (key.label, algorithm_shown(app.words, key.algorithm), key.token, state, subject, until))
    )
