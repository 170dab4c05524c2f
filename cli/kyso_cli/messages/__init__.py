"""Every text that a person reads, in Vietnamese and English: one folder of TOML files per language.

`choose_language` says which one, `Words` finds a text by its key and fills its places. The first part of a key is the
file: `sign.done` is `done` in `vi/sign.toml`, and a file is read when the first of its texts is asked for. What
reports say stands with them in `kyso_pki.reports`; a text here with the same key takes its place. Both languages hold
the same keys with the same places (tests/cli/test_messages.py), but for `findings` and `said`, whose English is in
the code. A key that is nowhere is a mistake in the program and raises `KeyError`, except through `find`, which says
None.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Iterator, Mapping, Sequence
from functools import cache
from pathlib import Path
from typing import Any, Literal

Language = Literal["vi", "en"]
LANGUAGES: tuple[Language, ...] = ("vi", "en")
_FOLDER = Path(__file__).parent  # importlib.resources costs ten times as much
_OF_REPORTS = ("verify", "findings", "said")
_WINDOWS_VIETNAMESE = 0x2A  # primary language identifier of vi-VN


class Texts(Mapping[str, str]):
    """All texts of a language by dotted key; what is not asked for is not read."""

    def __init__(self, language: Language) -> None:
        self._language: Language = language

    def __getitem__(self, key: str) -> str:
        name, _, rest = key.partition(".")
        return part(self._language, name)[rest]

    def __iter__(self) -> Iterator[str]:
        for name in parts(self._language):
            yield from (f"{name}.{key}" for key in part(self._language, name))

    def __len__(self) -> int:
        return sum(len(part(self._language, name)) for name in parts(self._language))


class Words:
    """The texts in one language."""

    def __init__(self, language: Language) -> None:
        self.language: Language = language
        self.texts = Texts(language)
        self.options: frozenset[str] | None = None
        """What the running command can be told; None: no command runs yet."""

    def part(self, name: str) -> Mapping[str, str]:
        """All texts of one file, by the rest of their keys; none where the language has no such file."""
        return part(self.language, name)

    def __call__(self, key: str, **values: object) -> str:
        """The text with `{places}` filled. Raises `KeyError` for an unknown key or an unfilled place."""
        return self.texts[key].format(**_shown(values)) if values else self.texts[key]

    def fitting(self, key: str) -> str | None:
        """The text, or `KEY_plain` where it names an option that the running command lacks; None: there is none."""
        text, plain = self.texts.get(key), self.texts.get(f"{key}_plain")
        if text is None or plain is None or self.options is None:
            return text
        return text if options_named(text) <= self.options else plain

    def find(self, key: str, **values: object) -> str | None:
        """As a call, but None when there is no such text or a place cannot be filled."""
        text = self.fitting(key)
        if text is None:
            return None
        try:
            return text.format(**_shown(values))
        except (KeyError, IndexError):
            return None


_NOT_ITS_OWN = re.compile(r"`[^`]*`|kyso \S+.*")
"""Options of other programs and of other commands."""
_OPTION = re.compile(r"(?<![\w-])(?:--[a-z][a-z-]*|-[a-z])(?![\w])")


def options_named(text: str) -> frozenset[str]:
    """The options of its own command that a text names."""
    return frozenset(_OPTION.findall(_NOT_ITS_OWN.sub("", text))) - {"--help", "--debug"}


def printable(text: str) -> str:
    """Without control and direction characters: a name in a certificate must not rewrite the screen or a verdict."""
    return "".join(c if c.isprintable() else "\N{REPLACEMENT CHARACTER}" for c in text)


def _shown(values: Mapping[str, object]) -> dict[str, object]:
    """What fills the places, file names among it, may come from a stranger."""
    return {k: v if isinstance(v, int) else printable(str(v)) for k, v in values.items()}


@cache
def part(language: Language, name: str) -> dict[str, str]:
    """The texts of one file: `[column]` `serial` of keys.toml is `column.serial`. Empty where there is no file."""
    import tomllib

    flat: dict[str, str] = {}
    if name in _OF_REPORTS:
        from kyso_pki.reports.words import texts

        flat |= texts(language, name)
    try:
        data = (_FOLDER / language / f"{name}.toml").read_text("utf-8")
    except OSError:
        return flat
    _flatten("", tomllib.loads(data), flat)
    return flat


def parts(language: Language) -> list[str]:
    """The names of the files."""
    own = {path.stem for path in (_FOLDER / language).glob("*.toml")}
    return sorted(own | {name for name in _OF_REPORTS if part(language, name)})


def choose_language(arguments: Sequence[str], environ: Mapping[str, str]) -> Language:
    """`--lang`, then KYSO_LANG, then the locale; English where none of them says Vietnamese.

    The command line is looked through before it is parsed, because a parsing error has a language too.
    """
    wanted = [*_values_of("--lang", arguments), environ.get("KYSO_LANG", "")]
    for name in wanted:
        if (language := _language(name)) is not None:
            return language
    locale = next((v for k in ("LC_ALL", "LC_MESSAGES", "LANG") if (v := environ.get(k))), "")
    if not locale and sys.platform == "win32":
        import ctypes

        return "vi" if ctypes.windll.kernel32.GetUserDefaultUILanguage() & 0x3FF == _WINDOWS_VIETNAMESE else "en"
    return _language(locale) or "en"


def _values_of(option: str, arguments: Sequence[str]) -> list[str]:
    values = []
    for i, argument in enumerate(arguments):
        if argument == "--":
            break
        if argument == option and i + 1 < len(arguments):
            values.append(arguments[i + 1])
        elif argument.startswith(option + "="):
            values.append(argument.removeprefix(option + "="))
    return values


def _language(name: str) -> Language | None:
    """`vi_VN.UTF-8` and `vi` are Vietnamese; C, POSIX and anything else are None."""
    short = name.strip().lower().replace("-", "_").split(".")[0].split("_")[0]
    return next((language for language in LANGUAGES if language == short), None)


def _flatten(prefix: str, table: Mapping[str, Any], into: dict[str, str]) -> None:
    for key, value in table.items():
        if isinstance(value, dict):
            _flatten(f"{prefix}{key}.", value, into)
        else:
            into[prefix + key] = str(value)
