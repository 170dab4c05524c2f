"""On which page an object is seen, for people who want to look at what was changed."""

from __future__ import annotations

from typing import Final

from ..objects import UNREADABLE, Ref, Stream, Value
from ..pagetree import page_objects
from ..reader import Reader

FREE_VISITS: Final = 50_000  # objects looked at to find pages, and one more for so many bytes of the file
BYTES_PER_VISIT: Final = 100


class Where:
    """Page numbers (from 1) by object, as of the revisions asked for. Nothing is read before the first question."""

    def __init__(self, reader: Reader) -> None:
        self._reader = reader
        self._left = FREE_VISITS + len(reader.data) // BYTES_PER_VISIT
        self._known: dict[int, dict[int, int]] = {}

    def page_of(self, number: int, revision: int) -> int | None:
        """The first page that uses the object; of a deleted one the page that used it before."""
        for index in (revision, revision - 1):
            if index not in self._known:
                self._known[index] = self._map(index)
            if number in self._known[index]:
                return self._known[index][number]
        return None

    def _map(self, revision: int) -> dict[int, int]:
        """Every object that can be reached from a page without going up, with the first page that reaches it."""
        found: dict[int, int] = {}
        try:
            pages = page_objects(self._reader, revision)
            self._left -= len(pages)
            for page, number in enumerate(pages, start=1):
                self._reach(Ref(number), page, revision, found)
        except UNREADABLE:
            pass  # a page number is a help; the change itself is told without it
        return found

    def _reach(self, root: Ref, page: int, revision: int, found: dict[int, int]) -> None:
        pending: list[Value] = [root]
        while pending:
            item = pending.pop()
            if isinstance(item, Ref):
                if item.number in found:
                    continue
                self._left -= 1
                if self._left < 0:
                    return
                found[item.number] = page
                held = self._reader.fetch(item.number, revision)
                item = held.value if held is not None else None
                if isinstance(item, dict) and item.get("Type") in ("Pages", "Catalog", "StructElem"):
                    continue
            if isinstance(item, Stream):
                item = item.dictionary
            if isinstance(item, dict):
                pending += [v for k, v in item.items() if k not in ("Parent", "P", "Dest", "A", "StructParents")]
            elif isinstance(item, list):
                pending += item
