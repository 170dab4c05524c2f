"""`kyso repair`: a malformed PDF rewritten as a whole, so that it can be read strictly and signed.

The rewriting is qpdf's (through pikepdf): it searches for what the file does not say, which is why a signed file
is refused and why somebody must look at the result before it is signed. The original is never touched.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any, Final

import click

from .command import worded
from .errors import OK, Stop
from .files import PIPE, check_input, check_output, read, write_whole
from .options import PATH, document_password, json_option, password_options
from .output import App, printable, say, say_json
from .rewriting import Repaired, read_answer

MAX_TOLD: Final = 20  # faults named one by one
SECONDS: Final = 60.0  # a repaired file of 10 MB takes 1 s on a slow machine
SECONDS_PER_MB: Final = 2.0
MEGABYTES: Final = 512  # Python, qpdf and the two readings of a small file need 80
MEMORY_PER_SIZE: Final = 16  # the file, its objects in qpdf, the result, and both read strictly


@worded("repair")
@click.argument("file", metavar="FILE")
@click.option("-o", "--output", required=True, type=PATH, metavar="FILE")
@click.option("--drop-signatures", is_flag=True)
@click.option("--force", is_flag=True)
@password_options
@json_option
@click.pass_obj
def command(
    app: App,
    /,
    file: str,
    output: Path,
    drop_signatures: bool,
    force: bool,
    as_json: bool,
) -> int:
    """Rewrites one file and says what was wrong with it; the exit code."""
    check_input(file)
    if file != PIPE and output.exists() and output.samefile(file):
        raise Stop("output_is_input", path=output)
    check_output(output, force=force)
    password = document_password()
    secret = (password() if password is not None else None) or ""
    done = confined(read(file), secret, drop_signatures=drop_signatures)
    write_whole(output, done.data, force=force)
    if as_json:
        say_json({"file": file, "output": str(output), **_to_json(done)})
    else:
        _say(app, file, output, done)
    return OK


def confined(data: bytes, password: str, *, drop_signatures: bool) -> Repaired:
    """As `rewriting.repaired`, in a process of its own: qpdf searches wherever a file sends it."""
    from kyso.confined import Bounds, crashed, run

    size = len(data) >> 20
    bounds = Bounds(SECONDS + SECONDS_PER_MB * size, MEGABYTES + MEMORY_PER_SIZE * size)
    asked = {"password": password, "drop_signatures": drop_signatures}
    told, octets = run("kyso_cli.rewriting", asked, data, bounds)
    try:
        return read_answer(told, octets)
    except (KeyError, TypeError, ValueError):
        raise crashed() from None


def _to_json(done: Repaired) -> dict[str, Any]:
    return {
        "faults": list(done.faults),
        "pages": done.pages,
        "objects": done.objects,
        "needless_password": done.needless,
        "dropped_signatures": list(done.dropped),
    }


def _say(app: App, file: str, output: Path, done: Repaired) -> None:
    words = app.words
    say(words("repair.faults" if done.faults else "repair.none", file=file))
    for fault in done.faults[:MAX_TOLD]:
        say(f"  {printable(fault)}")
    if len(done.faults) > MAX_TOLD:
        say(f"  {words('lint.more', count=len(done.faults) - MAX_TOLD)}")
    if done.needless:
        say(words("repair.needless"))
    for name in done.dropped:
        say(words("repair.dropped", name=name))
    say(words("repair.done", output=output, pages=done.pages, objects=done.objects))
    say(words("repair.look"))
