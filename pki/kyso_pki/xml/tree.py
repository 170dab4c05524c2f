"""The octets of a document and the tree of them, parsed when it is needed."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import TYPE_CHECKING, Final

from ..errors import LimitExceeded
from ..octets import Octets
from .parse import MAX_TREE_BYTES, parse_utf8

if TYPE_CHECKING:
    from lxml.etree import _Element

NOTHING: Final[Mapping[str, bytes]] = MappingProxyType({})
LARGE = 2 << 20  # octets of a document that is read in pieces where that can be done; its tree has some 26 MB


class Tree:
    """The document's tree. Everyone reads `root`; who has to cut it up calls `take` and owns what it gives.

    A small document is parsed at once, a large one when somebody asks for its tree. Raises `FormatError`,
    `LimitExceeded`.
    """

    def __init__(self, source: Octets, detached: Mapping[str, bytes] = NOTHING, *, xpath: bool = False) -> None:
        """`source`: as `parse.utf8_octets` gives it. `detached`: what the caller says stands at these URIs.

        `xpath`: whether the caller lets signatures say by XPath what they cover.
        """
        self.source = source
        self.detached = detached
        self.xpath = xpath
        self._root: _Element | None = None
        if not self.large:
            self._root = parse_utf8(self.octets)

    @property
    def large(self) -> bool:
        """Whether it is worth reading in pieces."""
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
    def size(self) -> int:
        """Octets of everything that may be hashed."""
        return len(self.source) + sum(len(octets) for octets in self.detached.values())

    @property
    def root(self) -> _Element:
        """The document element, to be read only; parsed again when the last one was taken."""
        if self._root is None:
            self._root = parse_utf8(self.octets)
        return self._root

    def let_go(self) -> None:
        """Gives back the memory of a large document's tree; whoever asks for it later has it parsed again."""
        if self.large:
            self._root = None

    def take(self) -> _Element:
        """A document element that belongs to the caller."""
        root, self._root = self.root, None
        return root
