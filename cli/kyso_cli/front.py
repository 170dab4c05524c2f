"""What stands before any command: the list of commands, and the first page of help.

`kyso --help` is answered from here without click or anything else of weight; the click group shows the same
page (`kyso_cli.root`).
"""

from __future__ import annotations

from collections.abc import Sequence

from .messages import Words

COMMANDS: dict[str, str] = {
    "sign": "kyso_cli.sign",
    "verify": "kyso_cli.verify",
    "audit": "kyso_cli.audit",
    "facts": "kyso_cli.facts",
    "replay": "kyso_cli.replay",
    "schema": "kyso_cli.schema",
    "lint": "kyso_cli.lint",
    "repair": "kyso_cli.repair",
    "preview": "kyso_cli.preview",
    "templates": "kyso_cli.templates",
    "profiles": "kyso_cli.profiles",
    "extend": "kyso_cli.extend",
    "timestamp": "kyso_cli.timestamp",
    "keys": "kyso_cli.keys",
    "trust": "kyso_cli.trust",
    "ca": "kyso_cli.ca",
    "callers": "kyso_cli.callers",
    "quickstart": "kyso_cli.quickstart",
    "serve": "kyso_cli.serve",
}
_OPTIONS = (
    ("--lang [vi|en]", "common.lang"),
    ("--debug", "common.debug"),
    ("--version", "kyso.version"),
    ("--help", "common.help"),
)
_WIDTH = 78


def asks_for_first_page(arguments: Sequence[str]) -> bool:
    """Whether only the first page is wanted: no argument, or `--help` with nothing but `--lang` and `--debug`."""
    rest = [a for a in arguments if a != "--debug" and not a.startswith("--lang=")]
    while "--lang" in rest:
        at = rest.index("--lang")
        del rest[at : at + 2]
    return not arguments or (bool(rest) and set(rest) == {"--help"})


def first_page(words: Words) -> str:
    """The help of `kyso` itself."""
    blocks = [
        [f"{words('help.usage')} kyso {words('help.arguments')} {words('help.call')}"],
        _wrapped(words("help.kyso.text"), "  "),
        [words("help.options") + ":", *_table([(name, words(f"help.{key}")) for name, key in _OPTIONS])],
        [words("help.commands") + ":", *_table([(name, words(f"help.{name}.short")) for name in COMMANDS])],
        words("help.kyso.epilog").splitlines(),
    ]
    return "\n\n".join("\n".join(block) for block in blocks)


def _table(rows: Sequence[tuple[str, str]]) -> list[str]:
    width = max(len(name) for name, _ in rows) + 2
    lines: list[str] = []
    for name, text in rows:
        first, *more = _wrapped(text, " " * (width + 2))
        lines += [f"  {name:<{width}}{first.strip()}", *more]
    return lines


def _wrapped(text: str, indent: str) -> list[str]:
    lines, line = [], indent
    for word in text.split():
        if len(line) + len(word) > _WIDTH and line.strip():
            lines.append(line.rstrip())
            line = indent
        line += word + " "
    return [*lines, line.rstrip()]
