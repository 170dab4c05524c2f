"""`kyso keys info`: what a token says of itself and of a key. `kyso keys test`: one signature with it.

`info` logs in only when it is told where the PIN comes from, or to ask for it (--login): before that most tokens
hide what their private keys may do. `test` makes one PIN try and shows what the token says about tries after it.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from ..command import worded
from ..config import find_config
from ..options import (
    config_option,
    json_option,
    module_option,
    modules_in_reach,
    named_source,
    pin_options,
    secret_source,
)
from ..output import App, printable, say, say_json
from .shown import algorithm_shown, certificate_json, key_json, lines, report_json, short_name, state_of, validity

if TYPE_CHECKING:
    from kyso_hsm.provisioning import KeyReport, TokenReport

_PROTECTION = ("sensitive", "extractable", "never_extractable", "local", "always_authenticate")


@worded("info")
@click.argument("uri", metavar="URI")
@click.option("--login", is_flag=True)
@pin_options
@module_option
@config_option
@json_option
@click.pass_obj
def info_command(app: App, /, **given: Any) -> int:
    return info(app, **given)


def info(
    app: App,
    uri: str,
    login: bool,
    modules: tuple[str, ...],
    config: Path | None,
    as_json: bool,
) -> int:
    from kyso_hsm import provisioning
    from kyso_hsm.uri import FileUri, parse

    wanted = login or named_source("pin") is not None
    secret = secret_source(app.words) if wanted else None
    if isinstance(parse(uri), FileUri):
        key = provisioning.look_into_file(uri, secret)
        if as_json:
            say_json({"token": None, "keys": [key_json(key)]})
        else:
            _show_key(app, key)
        return 0
    reach = modules_in_reach(modules, find_config(config))
    report = provisioning.look_at(uri, secret=secret, modules=reach)
    if as_json:
        say_json({"token": report_json(report), "keys": [key_json(key) for key in report.keys]})
        return 0
    for key in report.keys:
        _show_key(app, key)
        say()
    _show_token(app, report)
    return 0


def _show_key(app: App, key: KeyReport) -> None:
    words = app.words
    certificate = key.certificates[0] if key.certificates else None
    algorithm = algorithm_shown(words, key.algorithm)
    say(printable(words("keys.title.key", label=key.label or key.id.hex(), algorithm=algorithm)))
    unseen = words("keys.locked" if key.locked else "keys.no_certificate")
    lines(
        words,
        [
            ("address", key.uri),
            ("id", key.id.hex() or None),
            ("protection", _protection(app, key)),
            ("use", _use(app, key)),
            ("certificate", unseen if certificate is None else short_name(certificate)),
            ("issuer", None if certificate is None else str(certificate.issuer)),
            ("validity", None if certificate is None else validity(words, certificate)),
            ("serial", None if certificate is None else certificate.serial_hex),
            ("pair", None if key.belongs is None else words(f"keys.pair.{'yes' if key.belongs else 'no'}")),
            *(("stranger", str(c.subject)) for c in key.strangers),
        ],
    )


def _protection(app: App, key: KeyReport) -> str | None:
    """What keeps the key on the token, in words; None for a key file."""
    if not key.uri.startswith("pkcs11:"):
        return None
    if key.attributes is None:
        return app.words("keys.hidden")
    said = [
        app.words(f"keys.attribute.{name}.{'yes' if value else 'no'}")
        for name in _PROTECTION
        if (value := getattr(key.attributes, name)) is not None
    ]
    return ", ".join(text for text in said if text)


def _use(app: App, key: KeyReport) -> str | None:
    a = key.attributes
    if a is None or a.sign is None:
        return None
    if key.sign_only:
        return app.words("keys.use.sign_only")
    uses = [*(["sign"] if a.sign else []), *a.other_uses]
    return app.words("keys.use.more", uses=", ".join(uses) or "-")


def _show_token(app: App, report: TokenReport) -> None:
    words, info_, details = app.words, report.info, report.details
    say(printable(words("keys.title.token", label=info_.label)))
    missing = tuple(_missing(report))
    lines(
        words,
        [
            ("token_serial", info_.serial),
            ("device", f"{info_.manufacturer}, {info_.model}"),
            ("module", report.module),
            ("state", words(f"keys.tries.{state_of(info_)}")),
            (
                "pin",
                words("keys.pin.pad")
                if info_.has_pinpad
                else words("keys.pin.length", min=details.min_pin or "?", max=details.max_pin or "?"),
            ),
            ("algorithms", ", ".join(report.algorithms) or "-"),
            ("kinds", ", ".join(report.kinds) or "-"),
            ("missing", ", ".join(missing) or None),
        ],
    )


def _missing(report: TokenReport) -> Iterator[str]:
    """What kyso could use and this module lacks, by PKCS#11's names."""
    from kyso_hsm.provisioning import SIGNING_MECHANISMS

    for name, mechanism in SIGNING_MECHANISMS.items():
        if name not in report.algorithms:
            yield f"{name} ({mechanism})"


@worded("test")
@click.argument("uri", metavar="URI")
@click.option("--pss", is_flag=True)
@pin_options
@module_option
@config_option
@json_option
@click.pass_obj
def test_command(app: App, /, **given: Any) -> int:
    return test(app, **given)


def test(
    app: App,
    uri: str,
    pss: bool,
    modules: tuple[str, ...],
    config: Path | None,
    as_json: bool,
) -> int:
    """Signs random octets and says how it went; errors are those of signing, with their exit codes."""
    from kyso_hsm import provisioning

    secret = secret_source(app.words)
    reach = modules_in_reach(modules, find_config(config))
    trial = provisioning.try_key(uri, secret=secret, modules=reach, pss=pss)
    state, words = state_of(trial.info), app.words
    if as_json:
        say_json(
            {
                "uri": uri,
                "verified": True,
                "algorithm": trial.algorithm,
                "scheme": trial.scheme.name,
                "unlock_ms": round(trial.unlock_s * 1000, 1),
                "sign_ms": round(trial.sign_s * 1000, 1),
                "state": state,
                "certificate": None if trial.certificate is None else certificate_json(trial.certificate),
            }
        )
        return 0
    c = trial.certificate
    say(printable(words("keys.tested", algorithm=trial.algorithm, scheme=trial.scheme.name)))
    lines(
        words,
        [
            ("unlock_time", words("keys.milliseconds", ms=f"{trial.unlock_s * 1000:.0f}")),
            ("sign_time", words("keys.milliseconds", ms=f"{trial.sign_s * 1000:.1f}")),
            ("certificate", words("keys.no_certificate") if c is None else short_name(c)),
            ("validity", None if c is None else validity(words, c)),
            ("state", None if state is None else words(f"keys.tries.{state}")),
        ],
    )
    return 0
