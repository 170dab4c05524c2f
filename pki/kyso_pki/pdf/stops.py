"""Whether what a page shows stops at a word at which only some readers stop (attack class P5).

Reach for `Contents`. MuPDF takes `endstream` for the end of what is drawn, in decoded data too, where it is no
operator (ISO 32000-2 7.8.2, annex A); Poppler, PDFium and others draw what comes after it. The streams of pages,
forms, patterns, glyphs and annotations are looked at, each once, as a reader meets them.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

from .filters import Budget, decode
from .objects import UNREADABLE, Dictionary, Ref, Stream, Value
from .pagetree import page_leaves
from .reader import Reader
from .tokens import HEX, LITERAL, NONE, SPACE, hex_string, literal_string, tokens

WORD: Final = b"endstream"
MAX_LEVELS: Final = 64  # of the page tree, as in `pagetree`
_REGULAR: Final = rb"[^" + SPACE + rb"()<>\[\]{}/%]"
_word = re.compile(rb"(?<!" + _REGULAR + rb")endstream(?!" + _REGULAR + rb")")
_inline_image = re.compile(rb"(?<!" + _REGULAR + rb")BI(?!" + _REGULAR + rb")").search


class Contents:
    """What is drawn in a file as of a revision, read once: where it stops, and what could not be read."""

    def __init__(self, reader: Reader, revision: int) -> None:
        self._reader = reader
        self._revision = revision
        self._budget = Budget(len(reader.data))
        self._seen: set[int] = set()
        self.unread: list[str] = []
        """Why contents could not be looked at."""

    def stopping(self) -> Iterator[str]:
        """Where a reader that knows the word stops. Raises as `page_leaves`."""
        for page, leaf in enumerate(page_leaves(self._reader, self._revision, strict=False), start=1):
            node = leaf.object.value
            if not isinstance(node, dict):
                continue
            pieces = self._items(node.get("Contents"))
            if stops(b"\n".join([self._decoded(piece) for piece in pieces])):
                yield f"The content of page {page} holds the word endstream, where some readers stop."
            yield from self._below(node)

    def _below(self, page: Dictionary) -> Iterator[str]:
        """What resources, also those of nodes above the page, and annotations draw."""
        resources = [page.get("Resources")]
        parent, levels = page.get("Parent"), 0
        while isinstance(parent, Ref) and levels < MAX_LEVELS and self._is_new(parent):
            above = self._resolved(parent)
            parent = above.get("Parent") if isinstance(above, dict) else None
            resources.append(above.get("Resources") if isinstance(above, dict) else None)
            levels += 1
        drawn: list[Value] = [self._new(item).get("AP") for item in self._items(page.get("Annots"))]
        while resources or drawn:
            if resources:
                drawn += self._in_resources(self._new(resources.pop()), resources)
                continue
            item = drawn.pop()
            if isinstance(item, Ref) and not self._is_new(item):
                continue
            found = self._resolved(item)
            if isinstance(found, dict):  # of forms, of the states of an appearance
                drawn += found.values()
            elif isinstance(found, Stream) and found.dictionary.get("Subtype") != "Image":
                resources.append(found.dictionary.get("Resources"))
                if stops(self._decoded(found)):
                    what = f"Object {item.number}" if isinstance(item, Ref) else "A form"
                    yield f"{what} holds the word endstream in what it draws, where some readers stop."

    def _in_resources(self, resources: Dictionary, more: list[Value]) -> Iterator[Value]:
        """Forms, tiling patterns, the glyphs of Type 3 fonts and soft masks (7.8.3); `more` gets their resources."""
        yield from (resources.get("XObject"), resources.get("Pattern"))
        for font in self._new(resources.get("Font")).values():
            found = self._new(font)
            if found.get("Subtype") == "Type3":
                yield found.get("CharProcs")
                more.append(found.get("Resources"))
        for state in self._new(resources.get("ExtGState")).values():
            yield self._new(self._new(state).get("SMask")).get("G")

    def _new(self, value: Value) -> Dictionary:
        """The dictionary behind a value; empty where it was met before, so that the work stays linear."""
        found = self._resolved(value) if not isinstance(value, Ref) or self._is_new(value) else None
        return found if isinstance(found, dict) else {}

    def _is_new(self, ref: Ref) -> bool:
        new = ref.number not in self._seen
        self._seen.add(ref.number)
        return new

    def _items(self, value: Value) -> list[Value]:
        """The items of an array, or the value as the only one; none of an array that was met before."""
        found = self._resolved(value)
        if not isinstance(found, list):
            return [value]
        return found if not isinstance(value, Ref) or self._is_new(value) else []

    def _resolved(self, value: Value) -> Value:
        try:
            return self._reader.resolve(value, self._revision)
        except UNREADABLE as e:
            self._note(e)
            return None

    def _decoded(self, value: Value) -> bytes:
        stream = self._resolved(value)
        if not isinstance(stream, Stream):
            return b""
        try:
            return decode(stream, self._budget)
        except UNREADABLE as e:
            self._note(e)
            return b""

    def _note(self, error: Exception) -> None:
        if not self.unread:  # one is enough
            self.unread.append(getattr(error, "message", str(error)))


def stops(content: bytes) -> bool:
    """Whether `endstream` stands in a content as a word of its own, and not within a string, a name or a comment."""
    if WORD not in content or _word.search(content) is None:
        return False
    if _inline_image(content) is not None:
        return True  # whose data may look like a string
    position = 0
    while True:
        for m in tokens(content, position):
            kind = m.lastindex or NONE
            position = m.end()
            if kind in (HEX, LITERAL):
                try:
                    position = (hex_string if kind == HEX else literal_string)(content, position)[1]
                except UNREADABLE:
                    return True
                break
            if kind == NONE and _word.match(content, m.start(kind)):
                return True
        else:
            return False
