"""The octets of a document and the tree of them, parsed when it is needed."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ..errors import LimitExceeded
from ..octets import Octets
from .parse import MAX_TREE_BYTES, parse_utf8

if TYPE_CHECKING:
    from lxml.etree import _Element

LARGE = 2 << 20  # octets of a document that is read in pieces where that can be done; its tree has some 26 MB


class Tree:
    """The document's tree. Everyone reads `root`; who has to cut it up calls `take` and owns what it gives.

    A small document is parsed at once, a large one when somebody asks for its tree. Raises `FormatError`,
    `LimitExceeded`.
    """

    def __init__(self, source: Octets) -> None:
        """`source`: as `parse.utf8_octets` gives it."""
        self.source = source
        self._root: _Element | None = None
        if not self.large:
            self._root = parse_utf8(self.octets)

    @property
    def large(self) -> bool:
        return len(self.source) >= LARGE

    @property
    def octets(self) -> bytes:
        """The document in memory; a map is copied."""
        if isinstance(self.source, bytes):
            return self.source
        if len(self.source) > MAX_TREE_BYTES:
            raise LimitExceeded(
                f"An XML document of {len(self.source)} bytes as one tree; at most {MAX_TREE_BYTES} are read.",
                remedy="Sign the document as a whole instead of parts of it.",
            )
        return self.source[:]

    @property
    def root(self) -> _Element:
        """The document element, to be read only; parsed again when the last one was taken."""
        if self._root is None:
            self._root = parse_utf8(self.octets)
        return self._root

    def take(self) -> _Element:
        """A document element that belongs to the caller."""
        root, self._root = self.root, None
        return root
