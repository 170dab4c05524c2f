"""`kyso keys change-pin` and `kyso keys delete`: what cannot be taken back, so each asks before it acts.

A PIN is changed only after the token has accepted the old one, which is tried once. A key is deleted only when
its name has been typed again, or with --yes; when several keys match, none is.
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from ..command import worded
from ..config import find_config
from ..errors import FAILED, Stop
from ..options import (
    config_option,
    json_option,
    module_option,
    modules_in_reach,
    new_pin_options,
    new_secret_source,
    pin_options,
    secret_source,
)
from ..output import App, note, printable, say, say_json
from .shown import certificate_json, state_of, token_json

if TYPE_CHECKING:
    from kyso_hsm.provisioning import Doomed


@worded("change-pin")
@click.option("--token", required=True, metavar="LABEL")
@pin_options
@new_pin_options
@module_option
@config_option
@json_option
@click.pass_obj
def change_pin_command(app: App, /, **given: Any) -> int:
    return change_pin(app, **given)


def change_pin(
    app: App,
    token: str,
    modules: tuple[str, ...],
    config: Path | None,
    as_json: bool,
) -> int:
    from kyso_hsm import provisioning

    old = secret_source(app.words)
    new = new_secret_source(app.words, "new-pin")
    info = provisioning.change_pin(token, old, new, modules=modules_in_reach(modules, find_config(config)))
    if as_json:
        say_json(token_json(info))
    else:
        say(printable(app.words("keys.pin_changed", token=info.label)))
        say("  " + app.words(f"keys.tries.{state_of(info)}"))
    return 0


@worded("delete")
@click.argument("uri", metavar="URI")
@click.option("--yes", is_flag=True)
@pin_options
@module_option
@config_option
@json_option
@click.pass_obj
def delete_command(app: App, /, **given: Any) -> int:
    return delete(app, **given)


def delete(
    app: App,
    uri: str,
    yes: bool,
    modules: tuple[str, ...],
    config: Path | None,
    as_json: bool,
) -> int:
    from kyso_hsm import provisioning

    if not yes and not sys.stdin.isatty():
        raise Stop("not_confirmed_by_anybody")
    secret = secret_source(app.words)
    reach = modules_in_reach(modules, find_config(config))
    gone = provisioning.delete_key(uri, secret, lambda doomed: yes or _confirmed(app, doomed), modules=reach)
    if gone is None:
        raise Stop("not_confirmed", exit_code=FAILED)
    if as_json:
        answer = {"token": gone.token, "label": gone.label, "key": bool(gone.private)}
        say_json(answer | {"certificates": [certificate_json(c) for c in gone.certificates]})
    else:
        say(printable(app.words("keys.deleted", what=_named(app, gone))))
    return 0


def _confirmed(app: App, doomed: Doomed) -> bool:
    """Whether the person types the label of what would be destroyed."""
    from kyso_hsm.uri import same_text

    note(printable(app.words("keys.delete_warning", what=_named(app, doomed))))
    for certificate in doomed.certificates:
        note("  " + printable(str(certificate.subject)))
    question = app.words("keys.delete_question", label=printable(doomed.label))
    typed: str = click.prompt(question, default="", show_default=False, prompt_suffix=" ", err=True)
    return same_text(typed.strip(), doomed.label.strip())


def _named(app: App, doomed: Doomed) -> str:
    """What it is in words."""
    kind = "key" if doomed.private else "certificate"
    count = len(doomed.certificates)
    return app.words(f"keys.doomed.{kind}", label=doomed.label, token=doomed.token, count=count)
