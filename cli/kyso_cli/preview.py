"""`kyso preview`: the page with the stamp on it, as a PNG; no key is touched and nothing is signed."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from .command import worded
from .errors import OK, Stop
from .files import PIPE, check_input, check_output, read, write_whole
from .options import PATH, document_password, json_option, password_options
from .output import App, say, say_json
from .stamping import save_refusal, stamp_from, stamp_options, taken


@worded("preview")
@click.argument("file", metavar="FILE")
@stamp_options
@click.option("--field", metavar="NAME")
@click.option("--signer", metavar="TEXT")
@click.option("--dpi", type=click.FloatRange(10, 600), default=110.0, metavar="N")
@click.option("-o", "--output", type=PATH, metavar="FILE.png")
@click.option("--force", is_flag=True)
@password_options
@json_option
@click.pass_obj
def command(app: App, /, **given: Any) -> int:
    return preview(app, **given)


def preview(app: App, file: str, output: Path | None, force: bool, as_json: bool, **given: Any) -> int:
    """Writes the picture beside the file or where it was asked for; the exit code."""
    import kyso

    stamp = stamp_from(taken(given))
    if stamp is None:
        raise Stop("missing", name="--template", command="kyso preview")
    if output is None and file == PIPE:
        raise Stop("option_needs", option=PIPE, needed="-o FILE.png")
    target = output or Path(file).with_name(f"{Path(file).stem}.preview.png")
    check_input(file)
    check_output(target, force=force)
    data, password = read(file), document_password()
    signer = given["signer"] or app.words("stamp.somebody")
    try:
        picture = kyso.preview(data, stamp, signer=signer, field=given["field"], dpi=given["dpi"], password=password)
    except kyso.SigningError as e:
        save_refusal(app, e, target)
        raise
    write_whole(target, picture, force=force)
    if as_json:
        say_json({"file": file, "output": str(target)})
    else:
        say(app.words("stamp.preview", file=file, output=target))
    return OK
