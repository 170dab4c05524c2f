"""`kyso facts`: what is in each file, a line of JSON, without an opinion; for `kyso replay` (docs/policies.md)."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from .beside import Beside
from .command import worded
from .errors import FAILED, OK, Stop
from .files import PIPE, read, refused_inputs
from .options import document_password, json_option, password_options
from .output import App, note, printable, say


@worded("facts")
@click.argument("files", nargs=-1, required=True, metavar="FILE...")
@click.option("--content", multiple=True, metavar="FILE|URI=FILE")
@click.option("--xpath", is_flag=True)
@password_options
@json_option
@click.pass_obj
def command(app: App, /, **given: Any) -> int:
    return facts(app, given["files"], Beside(given["content"]), given["xpath"])


def facts(app: App, files: tuple[str, ...], beside: Beside, xpath: bool) -> int:
    """Says a line for each file; 1 when one cannot be read, which its line tells `kyso replay` too.

    One of several names that is no file, or cannot be opened, has no line, for there is nothing to keep.
    """
    import json
    from dataclasses import replace

    import kyso
    from kyso.beside import content_beside, detached_beside
    from kyso_pki.reports.rows import finding_text

    from .errors import explain

    refused: dict[str, Exception] = {**refused_inputs(files, streamed=True)}
    password = document_password()
    code = OK
    source: bytes | Path
    for file in files:
        try:
            if file in refused:
                raise refused[file]
            if file == PIPE:
                source, content, detached = read(PIPE), beside.content, beside.detached(file)
            else:
                source, content = Path(file), beside.content or content_beside(file)
                detached = beside.detached(file) or detached_beside(file)
            found = kyso.facts(source, password=password, content=content, detached=detached, xpath=xpath)
        except (OSError, kyso.FormatError, Stop) as e:  # FormatError: somebody writes to it
            why = Stop("file_unreadable", path=file, why=e.strerror) if isinstance(e, OSError) else e
            if len(files) == 1 and isinstance(why, Stop):
                raise why from None
            note(f"{printable(file)}: {printable(explain(why, app.words).message)}")
            code = FAILED
            continue
        if found.unreadable is not None:
            note(f"{printable(file)}: {finding_text(found.unreadable, app.words)}")
            code = FAILED
        say(json.dumps(replace(found, file=file).to_json(), ensure_ascii=True))
    return code
