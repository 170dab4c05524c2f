"""`kyso`: the command that people type.

`main` chooses the language and runs one command. Only what the first page of help needs is imported here;
click comes with `kyso_cli.root`, everything else with the command that is called.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Sequence
from typing import NoReturn

from .front import asks_for_first_page, first_page
from .messages import Words, choose_language
from .output import App, OutputLost, output_lost, say, use_utf8


def main(arguments: Sequence[str] | None = None, *, ready: Callable[[], object] = lambda: None) -> NoReturn:
    """Runs one command and exits with its code; `ready` is called when its errors and Ctrl-C have words."""
    args = list(sys.argv[1:] if arguments is None else arguments)
    use_utf8()
    flags = args[: args.index("--")] if "--" in args else args
    app = App(Words(choose_language(args, os.environ)), "--debug" in flags, "--json" in flags)
    if asks_for_first_page(args):
        sys.exit(_say_first_page(app))
    try:
        from .root import run
    except ModuleNotFoundError as e:
        if e.name != "click":
            raise
        _without_click(app)
    ready()
    sys.exit(run(args, app))


def _say_first_page(app: App) -> int:
    try:
        say(first_page(app.words))
    except OutputLost as e:
        return output_lost(e, app)
    return 0


def _without_click(app: App) -> NoReturn:
    """The base install has no command line; says how to get it."""
    from .errors import USAGE, Stop
    from .output import show_error

    show_error(Stop("extra_missing", name="cli"), app)
    sys.exit(USAGE)
