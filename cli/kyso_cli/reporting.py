"""`--report FILE`: the reports of a command as a file, in the form that the file's ending names.

Reach for `check_reports` before the work and `write_reports` after it.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from .errors import Stop
from .files import check_output, write_whole
from .options import PATH
from .output import App

if TYPE_CHECKING:
    from kyso_pki.ades.report import DocumentReport


def report_options(command: Callable[..., Any]) -> Callable[..., Any]:
    """`--report FILE`, several times for several forms, and `--force`."""
    command = click.option("--force", is_flag=True)(command)
    return click.option("--report", "report_files", multiple=True, type=PATH, metavar="FILE")(command)


def check_reports(targets: Sequence[Path], files: Sequence[str], *, force: bool) -> None:
    """Refuses an ending without a form, a file that is there (unless `force`), and a document that is verified.

    Raises `UsageError`, `Stop`.
    """
    from kyso_pki.reports.forms import form_named

    seen: set[Path] = set()
    for target in targets:
        form_named(target.name)
        if target.absolute() in seen or any(_same(target, Path(file)) for file in files):
            raise Stop("report_is_input", path=target)
        seen.add(target.absolute())
        if target.exists() and not target.is_dir() and not force:
            raise Stop("report_exists", path=target)
        check_output(target, force=force)


def write_reports(app: App, targets: Sequence[Path], reports: Sequence[DocumentReport], *, force: bool) -> None:
    """Writes each report whole or not at all. Raises `Stop`, `OSError`."""
    from kyso.reporting import made_by
    from kyso_pki.reports.forms import form_named, rendered

    for target in targets:
        write_whole(target, rendered(reports, form_named(target.name), app.words, made_by()), force=force)


def _same(target: Path, file: Path) -> bool:
    with suppress(OSError):  # one of them is not there
        return target.samefile(file)
    return False
