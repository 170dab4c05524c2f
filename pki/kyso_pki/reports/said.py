"""What the code says in English, in the reader's words.

Reach for `in_words` for a sentence and `advice` for what to do. The Vietnamese sentences stand in
`said` under the English ones. A command line adds `others` (what the system says) and `remedies` (advice that names
its options, in both languages).
"""

from __future__ import annotations

import re
from functools import cache
from string import Formatter

from .words import Wording

_DEEPEST = 6  # sentences within sentences
_LONGEST = 4000  # characters in which an expression is looked for; its time grows with their square
_PLACE = re.compile(r"\{\w+\}")
_URL = r"\S+?"  # else a sentence about one address would also be found in a longer one that tells of several


def in_words(text: str, words: Wording) -> str:
    """The sentence in the user's words, and so what fills its places; as it is where the catalogue has none."""
    return _Said(words).sentence(text) or text


class _Said:
    """One text; what was looked up once is known, because a text from outside may nest sentences as it likes."""

    def __init__(self, words: Wording) -> None:
        self._sentences = _sentences(type(words), words)
        self._known: dict[str, str | None] = {}

    def sentence(self, text: str, depth: int = 0) -> str | None:
        if text not in self._known:
            self._known[text] = self._looked_up(text, depth) if depth < _DEEPEST else None
        return self._known[text]

    def _looked_up(self, text: str, depth: int) -> str | None:
        for english, said in self._sentences:
            if _may_be(english, text) and (found := _places(english, text)) is not None:
                return said.format(**{n: self._filling(v, depth + 1) for n, v in found.items()})
        return None

    def _filling(self, text: str, depth: int) -> str:
        """A sentence inside another, which has lost its full stop, or several with semicolons between them."""
        pieces = text.split("; ")
        parts = [self._without_stop(piece, depth) for piece in pieces]
        if None not in parts:
            return "; ".join(part for part in parts if part is not None)
        return (self._without_stop(text, depth) if len(pieces) > 1 else None) or text

    def _without_stop(self, text: str, depth: int) -> str | None:
        if (said := self.sentence(text, depth)) is not None:
            return said
        said = self.sentence(f"{text}.", depth)
        return None if said is None else said.removesuffix(".")


_ordered: dict[tuple[type[Wording], str], tuple[tuple[str, str], ...]] = {}


def _sentences(kind: type[Wording], words: Wording) -> tuple[tuple[str, str], ...]:
    """The catalogue, what is fixed in most letters first: `{what} is no list.` must not stand before another one.

    The texts of one kind of words in one language are always the same.
    """
    if (kind, words.language) not in _ordered:
        found = {**words.part("said"), **words.part("others")}
        by_letters = sorted(found.items(), key=lambda item: -len(_PLACE.sub("", item[0])))
        _ordered[kind, words.language] = tuple(by_letters)
    return _ordered[kind, words.language]


def advice(remedy: str, words: Wording) -> str | None:
    """A remedy in the words of this reader, of a command line by its options; None where there are none."""
    for key, english in words.part("remedies").items():
        if key.endswith(".english") and _may_be(english, remedy) and (found := _places(english, remedy)) is not None:
            return words.find(f"remedies.{key.removesuffix('english')}text", **found)
    said = in_words(remedy, words)
    return None if said == remedy else said


@cache
def _pieces(english: str) -> tuple[tuple[str, str | None], ...]:
    return tuple((literal, name) for literal, name, _, _ in Formatter().parse(english))


def _may_be(english: str, text: str) -> bool:
    """Whether the longest fixed part stands in the text: most sentences are told apart without an expression."""
    return _longest(english) in text


@cache
def _longest(english: str) -> str:
    return max(_PLACE.split(english), key=len)


def _places(english: str, text: str) -> dict[str, str] | None:
    """What fills the places of the sentence; None for another one.

    Each place ends where the fixed part behind it stands first: a stranger's name that repeats those parts costs no
    more than its length, where an expression would try every way to divide it.
    """
    pieces = _pieces(english)
    if any(name == "url" for _, name in pieces):
        found = _pattern(english).fullmatch(text) if len(text) <= _LONGEST else None
        return None if found is None else found.groupdict()
    if not text.startswith(pieces[0][0]):
        return None
    places: dict[str, str] = {}
    at, name = len(pieces[0][0]), pieces[0][1]
    for literal, following in (*pieces[1:], ("", None)) if pieces[-1][1] else pieces[1:]:
        end = text.find(literal, at + 1) if following is not None else len(text) - len(literal)
        if name is None or end <= at or not text.endswith(literal, end, end + len(literal)):
            return None
        places[name], at, name = text[at:end], end + len(literal), following
    return places if at == len(text) else None


@cache
def _pattern(english: str) -> re.Pattern[str]:
    """The expression for a text with {places}, at the end of another."""

    def place(name: str | None) -> str:
        return f"(?P<{name}>{_URL if name == 'url' else '.+?'})" if name else ""

    pieces = (re.escape(literal) + place(name) for literal, name in _pieces(english))
    return re.compile("".join(pieces) + r"\Z", re.DOTALL)
