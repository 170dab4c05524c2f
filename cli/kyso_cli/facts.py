"""`kyso facts`: what is in each file, a line of JSON, without an opinion; for `kyso replay` (docs/policies.md)."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from .command import worded
from .errors import FAILED, OK, Stop
from .files import PIPE, check_input, read
from .options import document_password, password_options
from .output import App, note, say


@worded("facts")
@click.argument("files", nargs=-1, required=True, metavar="FILE...")
@password_options
@click.pass_obj
def command(app: App, /, **given: Any) -> int:
    return facts(app, given["files"])


def facts(app: App, files: tuple[str, ...]) -> int:
    """Says a line for each file; 1 when one cannot be read, which its line tells `kyso replay` too."""
    import json
    from dataclasses import replace

    import kyso
    from kyso.beside import content_beside, detached_beside
    from kyso_pki.reports.rows import finding_text

    from .errors import explain

    for file in files:
        check_input(file, streamed=True)
    password = document_password()
    code = OK
    for file in files:
        try:
            if file == PIPE:
                found = kyso.facts(read(PIPE), password=password)
            else:
                content, detached = content_beside(file), detached_beside(file)
                found = kyso.facts(Path(file), password=password, content=content, detached=detached)
        except kyso.FormatError as e:  # somebody writes to it
            note(f"{file}: {explain(e, app.words).message}")
            code = FAILED
            continue
        except OSError as e:
            raise Stop("file_unreadable", path=file, why=e.strerror) from None
        if found.unreadable is not None:
            note(f"{file}: {finding_text(found.unreadable, app.words)}")
            code = FAILED
        say(json.dumps(replace(found, file=file).to_json(), ensure_ascii=True))
    return code
