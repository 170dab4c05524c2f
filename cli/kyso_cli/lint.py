"""`kyso lint`: is what is seen in a document what would be signed? Also what `kyso sign` asks before it signs.

Exit 0 when the policy refuses nothing (there may be warnings), 1 when it refuses something in some file or a file
cannot be read. The policy is the default one with the actions of `[lint]` in kyso.toml, or of --policy FILE.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from .command import worded
from .config import Config, find_config
from .errors import FAILED, OK, Stop, explain
from .files import PIPE, read, refused_inputs
from .options import PATH, config_option, document_password, json_option, password_options
from .output import App, coloured, note, printable, say, say_json

if TYPE_CHECKING:
    from kyso_pki.pdf.lint.policy import LintPolicy
    from kyso_pki.pdf.lint.report import LintReport, Stated

Password = Callable[[], str | None]


@dataclass(frozen=True)
class Looked:
    """One file: its report, or why there is none."""

    file: str
    report: LintReport | None = None
    error: Exception | None = None

    @property
    def refused(self) -> bool:
        return self.report is None or bool(self.report.refused)


@worded("lint")
@click.argument("files", nargs=-1, required=True, metavar="FILE...")
@click.option("--policy", type=PATH, metavar="FILE")
@password_options
@config_option
@json_option
@click.pass_obj
def command(
    app: App,
    /,
    files: tuple[str, ...],
    policy: Path | None,
    config: Path | None,
    as_json: bool,
) -> int:
    """Looks at every file and says what was found; the exit code."""
    if files.count(PIPE) > 1:
        raise Stop("pipe_among_many")
    refused = refused_inputs(files)
    rules = policy_in_reach("refuse", find_config(config), policy)
    password = document_password()
    looked = []
    for file in files:
        found = Looked(file, error=refused[file]) if file in refused else _look(file, rules, password)
        looked.append(found)
        if not as_json:
            _say(app, found)
    if as_json:
        say_json({"files": [_to_json(app, found) for found in looked]})
    return FAILED if any(found.refused for found in looked) else OK


def policy_in_reach(mode: str, config: Config, named: Path | None = None) -> LintPolicy | None:
    """The policy for a mode (`off`: None), with the actions of the file that is named, else of kyso.toml."""
    from kyso_pki.errors import UsageError
    from kyso_pki.pdf.lint.policy import policy_from, policy_named

    base = policy_named(mode)
    if base is None:
        return None
    place = named or config.path
    try:
        return policy_from(dict(config.lint) if named is None else _table(named), base)
    except Stop:
        raise
    except UsageError as e:
        raise Stop("config_wrong", path=place, why=str(e)) from None


def _table(path: Path) -> dict[str, Any]:
    """The table [lint] of a TOML file, or the file itself when it has none."""
    import tomllib

    try:
        table = tomllib.loads(path.read_text("utf-8"))
    except OSError as e:
        raise Stop("file_unreadable", path=path, why=e.strerror) from None
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as e:
        raise Stop("config_wrong", path=path, why=str(e)) from None
    found = table.get("lint", table)
    return found if isinstance(found, dict) else {"lint": found}


def _look(file: str, policy: LintPolicy | None, password: Password | None) -> Looked:
    import kyso
    from kyso_pki.pdf.lint.policy import DEFAULT_LINT

    try:
        return Looked(file, kyso.lint(read(file), policy=policy or DEFAULT_LINT, password=password))
    except (kyso.KysoError, OSError) as e:
        return Looked(file, error=e)


def warn(app: App, file: str, data: bytes, policy: LintPolicy, password: Password | None) -> None:
    """Before signing: a line on standard error per kind of warning. Raises `LintRefused` where the policy refuses."""
    import kyso

    report = kyso.lint(data, policy=policy, password=password)
    report.refuse()
    tell(app, file, report)


def tell(app: App, file: str, report: LintReport) -> None:
    """A line on standard error per kind of warning."""
    for code, stated in _by_code(report).items():
        note(app.words("lint.before", file=file, code=code, means=meaning(app, code), places=_places(app, stated)))


def _say(app: App, found: Looked) -> None:
    from kyso_pki.reports.said import in_words

    words = app.words
    if found.report is None:
        said = explain(found.error or ValueError(), words)
        say(f"{printable(found.file)}: {coloured(words('lint.unreadable'), 'red')}")
        say(f"  {printable(said.message)}")
        if said.remedy:
            say(f"  {printable(said.remedy)}")
        return
    verdict = "refused" if found.refused else "warned" if found.report.stated else "clean"
    colours: dict[str, Any] = {"refused": "red", "warned": "yellow", "clean": "green"}
    say(f"{printable(found.file)}: {coloured(words(f'lint.{verdict}'), colours[verdict])}")
    for code, stated in _by_code(found.report).items():
        say(f"  {words(f'lint.action.{stated[0].action}')} {code}: {meaning(app, code)}")
        for one in stated:
            say(f"    {printable(in_words(one.observation.text, words))}{_place(app, one)}")
        if more := stated[-1].more:
            say(f"    {words('lint.more', count=more)}")


def meaning(app: App, code: str) -> str:
    """What a code means, in the user's language; its English stands in the table of checks."""
    from kyso_pki.pdf.lint.checks import BY_CODE

    return app.words.find(f"lint.means.{code}") or BY_CODE[code].means


def _by_code(report: LintReport) -> dict[str, list[Stated]]:
    groups: dict[str, list[Stated]] = {}
    for stated in report.stated:
        groups.setdefault(stated.observation.code, []).append(stated)
    return groups


def _places(app: App, stated: list[Stated]) -> str:
    """Where, in a few words: the pages, else the number of places."""
    pages = sorted({s.observation.page for s in stated if s.observation.page is not None})
    if pages:
        return app.words("lint.pages", pages=", ".join(map(str, pages[:10])))
    return app.words("lint.count", count=len(stated) + stated[-1].more)


def _place(app: App, stated: Stated) -> str:
    seen = stated.observation
    words = app.words
    parts = [words("lint.page", page=seen.page)] if seen.page is not None else []
    parts += [words("lint.object", number=seen.object)] if seen.object is not None else []
    return f" ({', '.join(parts)})" if parts else ""


def _to_json(app: App, found: Looked) -> dict[str, Any]:
    if found.report is None:
        error = explain(found.error or ValueError(), app.words).to_json()
        return {"file": found.file, "refused": True, "error": error, "found": []}
    return {"file": found.file, "refused": found.refused, "error": None, "found": found.report.to_json()}
