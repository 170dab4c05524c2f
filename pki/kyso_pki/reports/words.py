"""What reports say, in Vietnamese and English: TOML files in `vi/` and `en/`.

`Words` finds a text by its key: `verify.label.signer` is `signer` under `[label]` of `verify.toml`. The English of
findings and of sentences that the rules make stands in the code; `vi/findings.toml` has the Vietnamese by code,
`vi/said.toml` by the sentence (`said`). A program with words of its own (the command line) passes its own `Wording`,
which finds these too.
"""

from __future__ import annotations

import pkgutil
import tomllib
from collections.abc import Mapping
from functools import cache
from types import MappingProxyType
from typing import Any, Literal, Protocol

Language = Literal["vi", "en"]
LANGUAGES: tuple[Language, ...] = ("vi", "en")
_APART = ("said_pdf", "said_cms", "said_xml", "said_ca", "said_lint")


class Wording(Protocol):
    """What a report asks for its texts."""

    @property
    def language(self) -> Language: ...

    def __call__(self, key: str, **values: object) -> str:
        """The text with its places filled. Raises `KeyError` where there is none."""

    def find(self, key: str, **values: object) -> str | None:
        """The same, or None."""

    def part(self, name: str) -> Mapping[str, str]:
        """All texts of one file by the rest of their keys; none where there is no such file."""


class Words:
    """The texts of this package in one language."""

    def __init__(self, language: Language) -> None:
        self.language: Language = language

    def __call__(self, key: str, **values: object) -> str:
        name, _, rest = key.partition(".")
        text = self.part(name)[rest]
        return text.format(**shown(values)) if values else text

    def find(self, key: str, **values: object) -> str | None:
        try:
            return self(key, **values)
        except (KeyError, IndexError):
            return None

    def part(self, name: str) -> Mapping[str, str]:
        return texts(self.language, name)


def printable(text: str) -> str:
    """Without control and direction characters: a name in a certificate must not rewrite the screen or a verdict."""
    return "".join(c if c.isprintable() else "\N{REPLACEMENT CHARACTER}" for c in text)


def shown(values: Mapping[str, object]) -> dict[str, object]:
    """What fills the places, file names among it, may come from a stranger."""
    return {k: v if isinstance(v, int) else printable(str(v)) for k, v in values.items()}


@cache
def texts(language: Language, name: str) -> Mapping[str, str]:
    """The texts of one file of this package; `[label]` `signer` is `label.signer`. Empty where there is no file.

    What is said of a format stands in a file of its own; here `said` is all of them.
    """
    found: dict[str, str] = {}
    for file in (name, *_APART) if name == "said" else (name,):
        try:
            data = pkgutil.get_data(__package__, f"{language}/{file}.toml")
        except OSError:
            data = None
        _flatten("", tomllib.loads((data or b"").decode()), found)
    return MappingProxyType(found)


def _flatten(prefix: str, table: Mapping[str, Any], into: dict[str, str]) -> None:
    for key, value in table.items():
        if isinstance(value, dict):
            _flatten(f"{prefix}{key}.", value, into)
        else:
            into[prefix + key] = str(value)
