"""`kyso keys init-token` makes a token, `kyso keys generate` a key on it.

A token that is initialised is never touched. A key is made on the token, so that it was nowhere else: sensitive,
not extractable, for signing only.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from ..command import worded
from ..config import Config, find_config
from ..errors import Stop
from ..options import (
    config_option,
    json_option,
    module_option,
    modules_in_reach,
    new_secret_source,
    pin_options,
    secret_source,
    so_pin_options,
)
from ..output import App, printable, say, say_json
from .shown import key_json, lines, token_json

KINDS = ("rsa2048", "rsa3072", "rsa4096", "p256", "p384", "p521", "ed25519")


@worded("generate")
@click.option("--token", required=True, metavar="LABEL")
@click.option("--label", required=True, metavar="NAME")
@click.option("--kind", type=click.Choice(KINDS), default="rsa2048", metavar="KIND")
@click.option("--id", "key_id", metavar="HEX")
@pin_options
@module_option
@config_option
@json_option
@click.pass_obj
def generate_command(app: App, /, **given: Any) -> int:
    return generate(app, **given)


def generate(
    app: App,
    token: str,
    label: str,
    kind: str,
    key_id: str | None,
    modules: tuple[str, ...],
    config: Path | None,
    as_json: bool,
) -> int:
    from kyso_hsm import provisioning

    key = provisioning.make_key(
        token,
        label,
        kind,  # type: ignore[arg-type]  # click.Choice gives only names in KeyKind
        secret_source(app.words),
        id=None if key_id is None else _octets(key_id),
        modules=modules_in_reach(modules, find_config(config)),
    )
    if as_json:
        say_json(key_json(key))
        return 0
    say(printable(app.words("keys.made", label=key.label, algorithm=key.algorithm, token=token)))
    lines(app.words, [("address", key.uri), ("id", key.id.hex() or None)])
    say(app.words("keys.after_made"))
    return 0


def _octets(text: str) -> bytes:
    """A CKA_ID as typed: hexadecimal digits, colons and spaces between them allowed."""
    try:
        octets = bytes.fromhex(text.replace(":", ""))
    except ValueError:
        octets = b""
    if not octets or len(octets) > 64:
        raise Stop("id_wrong", text=text[:80])
    return octets


@worded("init-token")
@click.option("--module", required=True, metavar="PATH")
@click.option("--label", required=True, metavar="NAME")
@so_pin_options
@pin_options
@config_option
@json_option
@click.pass_obj
def init_token_command(app: App, /, **given: Any) -> int:
    return init_token(app, **given)


def init_token(
    app: App,
    module: str,
    label: str,
    config: Path | None,
    as_json: bool,
) -> int:
    from kyso_hsm import opening

    so_pin = new_secret_source(app.words, "so-pin")
    pin = new_secret_source(app.words, "pin")
    info = opening.init_token(_configured(module, find_config(config)), label, so_pin, pin)
    if as_json:
        say_json({**token_json(info), "module": module})
        return 0
    say(printable(app.words("keys.initialised", label=info.label, serial=info.serial)))
    say(app.words("keys.after_initialised"))
    return 0


def _configured(path: str, config: Config) -> Any:
    """The module with the environment that kyso.toml gives it."""
    from kyso_hsm.opening import Module

    return next((m for m in config.modules if m.path == path), Module(path))
