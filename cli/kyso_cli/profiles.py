"""`kyso profiles`: how kinds of XML documents are signed; `kyso profiles show NAME`: one of them as TOML."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from .command import worded
from .errors import OK, Stop
from .options import json_option
from .output import App, say, say_json

if TYPE_CHECKING:
    from kyso_pki.xmlprofile import Profile


@worded("profiles")
@click.argument("asked", nargs=-1, metavar="[show NAME|FILE.toml]")
@json_option
@click.pass_obj
def command(app: App, /, **given: Any) -> int:
    return profiles(app, given["asked"], as_json=given["as_json"])


def profiles(app: App, asked: tuple[str, ...], *, as_json: bool) -> int:
    from kyso_pki.xml.profiles import BUILT_IN, built_in

    if asked and (len(asked) != 2 or asked[0] != "show"):
        raise Stop("profiles_words")
    found = [profile_at(asked[1])] if asked else [built_in(name) for name in BUILT_IN]
    if as_json:
        say_json([_to_json(profile) for profile in found])
    elif asked:
        say(_text_of(asked[1]).rstrip("\n"))
    else:
        for profile in found:
            say(f"{profile.name:<24}{profile.title if app.words.language == 'vi' else profile.title_en}")
            for line in _lines(profile):
                say(" " * 24 + line)
    return OK


def profile_at(text: str) -> Profile:
    """The profile that an option names. Raises `UsageError`, `Stop` for a file that cannot be read."""
    import kyso

    try:
        return kyso.load_profile(text)
    except OSError as e:
        raise Stop("file_unreadable", path=text, why=e.strerror) from None


def _text_of(text: str) -> str:
    """The TOML that was read a moment ago, as it stands."""
    from kyso_pki.xml.profiles import BUILT_IN, source_of

    return source_of(text) if text in BUILT_IN else Path(text).read_text("utf-8")


def _lines(profile: Profile) -> list[str]:
    where = f"{' | '.join(profile.roots) or '*'} → {profile.place.path or '.'}"
    how = ", ".join((profile.form, *profile.schemes))
    return [f"{where} ({how})"]


def _to_json(profile: Profile) -> dict[str, Any]:
    from dataclasses import asdict

    return asdict(profile)
