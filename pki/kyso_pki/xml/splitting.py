"""Text that a comment or a processing instruction splits, looked for before a document is signed (attack class X4).

Reach for `split_texts`. `<Ten>An<!-- -->h</Ten>` says "Anh", and many programs read "An": what stands before. A
comment can even be put in after signing, since no signature protects it; verifying warns of that (COMMENT_IN_TEXT).
Here it is looked for before, instructions included, so that whoever signs knows that others may read another text.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import islice
from typing import Final

from ..octets import Octets
from .parse import fed, utf8_octets

MAX_TOLD: Final = 21  # places; one more than a linter tells of one kind
_MAX_PATH: Final = 200  # characters of a path that is shown
_ENDS: Final = (b"-->", b"?>")
_GOES_ON = re.compile(rb"[ \t\r\n]*(?:[^ \t\r\n<]|<!\[CDATA\[)")


def split_texts(data: Octets) -> tuple[str, ...]:
    """The paths of elements in whose text something stands that splits it, in the order of the document.

    At most `MAX_TOLD`; linear in the document, which is read once more, in constant memory, only when there is a
    comment or an instruction with text after it. Raises `FormatError`, `LimitExceeded`.
    """
    octets = utf8_octets(data)
    return tuple(islice(_splits(octets), MAX_TOLD)) if any(_may_split(octets, end) for end in _ENDS) else ()


def _may_split(octets: Octets, end: bytes) -> bool:
    """Whether text seems to follow one of these; in a CDATA section it may be text itself."""
    at = octets.find(end)
    while at >= 0:
        if _GOES_ON.match(octets, at + len(end)):
            return True
        at = octets.find(end, at + len(end))
    return False


def _splits(octets: Octets) -> Iterator[str]:
    reader = _Reader()
    for _ in fed(reader, octets):
        yield from reader.found
        reader.found.clear()
    yield from reader.found


class _Reader:
    """The parser tells it what it meets; it keeps where text goes on."""

    def __init__(self) -> None:
        self.found: list[str] = []
        self._path: list[str] = []
        self._after: str | None = None
        """What text would go on after, since the last tag."""

    def start(self, tag: str, attributes: object) -> None:
        self._path.append(tag.rpartition("}")[2])
        self._after = None

    def end(self, tag: str) -> None:
        self._path.pop()
        self._after = None

    def comment(self, text: str) -> None:
        self._after = "a comment" if self._path else None

    def pi(self, target: str, data: str | None = None) -> None:
        self._after = "a processing instruction" if self._path else None

    def data(self, text: str) -> None:
        if self._after is not None and not text.isspace():
            self.found.append(f"In {('/' + '/'.join(self._path))[:_MAX_PATH]} text goes on after {self._after}.")
            self._after = None

    def close(self) -> None:
        """The parser asks for a result."""
