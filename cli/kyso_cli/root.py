"""The click group `kyso` and the running of one command: errors become words and exit codes here, and only here."""

from __future__ import annotations

from typing import ClassVar

import click

from .command import Group, common, words_of
from .errors import INTERRUPTED, USAGE, Stop, exit_code
from .front import COMMANDS, first_page
from .output import App, OutputLost, note, output_lost, say, show_error

EXTRAS = {
    "pikepdf": "cli",
    "lxml": "xml",
    "pkcs11": "pkcs11",
    "fastapi": "server",
    "uvicorn": "server",
    "sqlalchemy": "server",
}
"""Libraries that come with an extra: a base install says which one is missing."""


class _Kyso(Group):
    modules: ClassVar[dict[str, str]] = COMMANDS

    def get_help(self, ctx: click.Context) -> str:
        return first_page(words_of(ctx))


def _version(ctx: click.Context, _param: click.Parameter, wanted: bool) -> None:
    if not wanted:
        return
    from importlib.metadata import PackageNotFoundError, version

    try:
        say(f"kyso {version('kyso')}")
    except PackageNotFoundError:
        say("kyso (source tree)")
    ctx.exit()


@click.group("kyso", cls=_Kyso)
@common
@click.option("--version", is_flag=True, is_eager=True, expose_value=False, callback=_version)
def kyso() -> None:
    """The words stand in the catalogue under help.kyso."""


def run(arguments: list[str], app: App) -> int:
    """Runs one command; the exit code (docs/exit-codes.md). A traceback is shown with --debug alone."""
    try:
        return _run(arguments, app)
    except OutputLost as e:
        return output_lost(e, app)


def _run(arguments: list[str], app: App) -> int:
    if app.debug:  # the engine's own words, which are English
        import logging

        logging.basicConfig(level=logging.INFO, format="%(asctime)s %(name)s %(levelname)s %(message)s")
    try:
        result = kyso.main(arguments, prog_name="kyso", standalone_mode=False, obj=app)
    except click.exceptions.Exit as e:
        return e.exit_code
    except click.UsageError as e:
        return _usage(e, app)
    except (click.Abort, KeyboardInterrupt):
        note(app.words("errors.frame.interrupted"))
        return INTERRUPTED
    except OutputLost:
        raise
    except ModuleNotFoundError as e:
        if (extra := EXTRAS.get((e.name or "").split(".")[0])) is None:
            return _failed(e, app)
        return _failed(Stop("extra_missing", name=extra), app)
    except Exception as e:  # noqa: BLE001 - the one place where errors become words
        return _failed(e, app)
    return result if isinstance(result, int) else 0


def _failed(error: Exception, app: App) -> int:
    show_error(error, app)
    return exit_code(error)


def _usage(error: click.UsageError, app: App) -> int:
    """click's own complaints, in the user's language."""
    path = error.ctx.command_path if error.ctx else "kyso"
    if type(error).__name__ == "NoArgsIsHelpError":  # click >= 8.2; before, the help is shown and the exit is 0
        note(error.format_message())
        return USAGE
    parameter = getattr(error, "param", None)
    name = parameter.get_error_hint(error.ctx) if parameter is not None and error.ctx else ""
    if isinstance(error, click.NoSuchOption):
        stop = Stop("no_such_option", name=error.option_name, command=path)
    elif isinstance(error, click.MissingParameter):
        stop = Stop("missing", name=name or error.param_hint or "", command=path)
    elif isinstance(error, click.BadParameter):
        stop = Stop("bad_value", name=name or error.param_hint or "", why=error.message, command=path)
    else:
        stop = Stop("usage", why=error.format_message(), command=path)
    show_error(stop, app)
    return USAGE
