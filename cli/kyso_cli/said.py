"""What the layers below say in English, in the user's words.

Reach for `in_words` for a sentence and `remedy_in` for one that may end in advice. The Vietnamese sentences stand in
`said` of the catalogue under the English ones, those of the system and of click in `others`; advice that names this
command line's options stands in `remedies`, in both languages.
"""

from __future__ import annotations

import re
from functools import cache
from string import Formatter

from .messages import Words


def in_words(text: str, words: Words) -> str:
    """The sentence in the user's words, and so what fills its places; as it is where the catalogue has none."""
    for english, said in (*words.part("said").items(), *words.part("others").items()):
        if _may_be(english, text) and (found := _pattern(english).fullmatch(text)):
            return said.format(**{name: _list_in_words(value, words) for name, value in found.groupdict().items()})
    return text


def _list_in_words(text: str, words: Words) -> str:
    """The sentence, or each of several with semicolons between them."""
    if (said := in_words(text, words)) != text:
        return said
    return "; ".join(in_words(part, words) for part in text.split("; "))


def remedy_in(text: str, code: str | None, words: Words) -> tuple[str, str | None]:
    """A text without the remedy at its end, and that remedy in the user's words; else the remedy of `code`."""
    remedies = words.part("remedies")
    for key, english in remedies.items():
        if key.endswith(".english") and _may_be(english, text) and (found := _pattern(english).search(text)):
            said = words.find(f"remedies.{key.removesuffix('english')}text", **found.groupdict())
            return text[: found.start()].rstrip(), said
    return text, words.find(f"errors.{code}.remedy")


@cache
def _pieces(english: str) -> tuple[tuple[str, str | None], ...]:
    return tuple((literal, name) for literal, name, _, _ in Formatter().parse(english))


def _may_be(english: str, text: str) -> bool:
    """Whether the longest fixed part stands in the text: most sentences are told apart without an expression."""
    return max((literal for literal, _ in _pieces(english)), key=len) in text


@cache
def _pattern(english: str) -> re.Pattern[str]:
    """The expression for a text with {places}, at the end of another."""
    pieces = (re.escape(literal) + (f"(?P<{name}>.+?)" if name else "") for literal, name in _pieces(english))
    return re.compile("".join(pieces) + r"\Z", re.DOTALL)
