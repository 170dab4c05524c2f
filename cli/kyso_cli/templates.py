"""`kyso templates`: the stamps that come with kyso, what each needs and what can be set."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from .command import worded
from .errors import OK
from .options import json_option
from .output import App, say, say_json
from .stamping import settings_shown

if TYPE_CHECKING:
    from kyso_pki.pdf.appearance.template import Template


@worded("templates")
@json_option
@click.pass_obj
def command(app: App, /, **given: Any) -> int:
    return templates(app, as_json=given["as_json"])


def templates(app: App, *, as_json: bool) -> int:
    from kyso_pki.pdf.appearance.template import BUILT_IN, built_in

    found = [built_in(name) for name in BUILT_IN]
    if as_json:
        say_json([_to_json(template) for template in found])
        return OK
    words = app.words
    for template in found:
        title = template.title if words.language == "vi" else template.title_en
        say(f"{template.name:<12}{title}")
        place = words(f"stamp.place.{template.standing.way}")
        rows = [("place", place), ("images", ", ".join(template.images)), ("needs", ", ".join(template.required))]
        rows.append(("settings", settings_shown(dict(template.settings))))
        for label, text in rows:
            if text:
                say(" " * 12 + words(f"stamp.label.{label}", text=text))
    return OK


def _to_json(template: Template) -> dict[str, Any]:
    return {
        "name": template.name,
        "title": template.title,
        "title_en": template.title_en,
        "place": template.standing.way,
        "images": list(template.images),
        "needs": list(template.required),
        "settings": dict(template.settings),
    }
