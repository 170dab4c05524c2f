"""`kyso facts`: what is in each file, a line of JSON, without an opinion; for `kyso replay` (docs/policies.md)."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from .beside import Beside
from .command import worded
from .errors import FAILED, OK, Stop
from .files import PIPE, check_input, read
from .options import document_password, password_options
from .output import App, note, say


@worded("facts")
@click.argument("files", nargs=-1, required=True, metavar="FILE...")
@click.option("--content", multiple=True, metavar="FILE|URI=FILE")
@click.option("--xpath", is_flag=True)
@password_options
@click.pass_obj
def command(app: App, /, **given: Any) -> int:
    return facts(app, given["files"], Beside(given["content"]), given["xpath"])


def facts(app: App, files: tuple[str, ...], beside: Beside, xpath: bool) -> int:
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
    source: bytes | Path
    for file in files:
        try:
            if file == PIPE:
                source, content, detached = read(PIPE), beside.content, beside.detached(file)
            else:
                source, content = Path(file), beside.content or content_beside(file)
                detached = beside.detached(file) or detached_beside(file)
            found = kyso.facts(source, password=password, content=content, detached=detached, xpath=xpath)
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
