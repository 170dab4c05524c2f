"""Two ways to look at a document: as one tree, or in pieces, when it is large and its signatures allow it.

`examine` reads signatures through a view. `Pruned` keeps only the signatures and their ancestors in memory; it suits
signatures that cover the whole document and their own properties, or are the document, and raises `Unsuitable` for
every other one: then the document is looked at as a `Whole`.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Protocol

from ..errors import FormatError
from ..octets import find
from .c14n import at, path_to
from .ids import Ids, literals
from .references import Budget, document_pieces
from .stream import Skeleton, canonical_pieces, skeleton
from .structure import Surroundings
from .targets import Paths, instructions_outside, is_inside
from .tree import Tree
from .xmldsig import Reference

if TYPE_CHECKING:
    from lxml.etree import _Element


class Unsuitable(Exception):
    """This document has to be looked at as one tree."""


class View(Protocol):
    """What reading signatures needs of a document."""

    @property
    def root(self) -> _Element:
        """With every ds:Signature in it, to be read only."""

    @property
    def detached(self) -> Mapping[str, bytes]:
        """What the caller gave for URIs outside the document."""

    @property
    def xpath(self) -> bool:
        """Whether the caller lets signatures say by XPath what they cover."""

    @property
    def ids(self) -> Ids: ...

    @property
    def paths(self) -> Paths: ...

    def surroundings(self, parts: Collection[_Element], holes: Collection[_Element]) -> Surroundings: ...

    def says(self, octets: bytes) -> bool:
        """Whether these octets stand anywhere in the document."""

    def has(self, tags: Sequence[str]) -> bool:
        """Whether an element has one of these names, or may have."""

    def where(self, signature: _Element) -> tuple[int, ...]:
        """Where a signature stands, for `signature` and `document`, without the tree."""

    def signature(self, where: tuple[int, ...]) -> _Element:
        """The signature that stands there."""

    def document(self, reference: Reference, where: tuple[int, ...], budget: Budget) -> Iterable[bytes | memoryview]:
        """The octets that a reference to the whole document hashes, in pieces."""


class Whole:
    """The document as one tree."""

    def __init__(self, tree: Tree) -> None:
        self._tree = tree
        self.detached = tree.detached
        self.xpath = tree.xpath
        self.ids = Ids(tree.root, tree.octets)
        self.paths = Paths()

    @property
    def root(self) -> _Element:
        """Parsed again when the last one was cut up."""
        return self._tree.root

    def surroundings(self, parts: Collection[_Element], holes: Collection[_Element]) -> Surroundings:
        return Surroundings(self.root, parts, self.paths, holes)

    def says(self, octets: bytes) -> bool:
        return find(self._tree.source, octets) >= 0

    def has(self, tags: Sequence[str]) -> bool:
        return next(self.root.iter(*tags), None) is not None

    def where(self, signature: _Element) -> tuple[int, ...]:
        """Child indexes from the root."""
        return path_to(signature)

    def signature(self, where: tuple[int, ...]) -> _Element:
        return at(self.root, where)

    def document(self, reference: Reference, where: tuple[int, ...], budget: Budget) -> Iterable[bytes | memoryview]:
        return document_pieces(reference, where, self._tree, budget)


class Pruned:
    """The signatures with their ancestors; the rest is read again when it is hashed."""

    def __init__(self, tree: Tree) -> None:
        self._tree = tree
        self.detached = tree.detached
        self.xpath = tree.xpath
        self._skeleton: Skeleton = skeleton(tree.source)
        self.root = self._skeleton.root
        self._signatures = self._skeleton.signatures
        around = frozenset(a for s in self._signatures for a in s.iterancestors())
        self.paths = Paths(around - {self.root, *self._signatures})
        self._ids = _PrunedIds(self.root, self._signatures)
        self.ids: Ids = self._ids

    def surroundings(self, parts: Collection[_Element], holes: Collection[_Element]) -> Surroundings:
        """Every reference has been followed: what they led to must stand nowhere else. Raises `Unsuitable`.

        Content inside a signature may have a double before or after it, which is not in memory (signature wrapping).
        """
        if self.root not in self._signatures and any(part is not self.root for part in parts):
            raise Unsuitable
        self._ids.confirm(self._tree)
        found = Surroundings(self.root, parts, self.paths)
        found.around_comments |= {self.root} if self._skeleton.comments else set()
        found.around_split_text |= {self.root} if self._skeleton.split_text else set()
        found.in_text |= self._skeleton.in_text
        return found

    def says(self, octets: bytes) -> bool:
        return find(self._tree.source, octets) >= 0

    def has(self, tags: Sequence[str]) -> bool:
        return True  # what could tell is not in memory

    def where(self, signature: _Element) -> tuple[int, ...]:
        """The number of the signature."""
        return (self._signatures.index(signature),)

    def signature(self, where: tuple[int, ...]) -> _Element:
        return self._signatures[where[0]]

    def document(self, reference: Reference, where: tuple[int, ...], budget: Budget) -> Iterable[bytes | memoryview]:
        transforms = reference.transforms
        if transforms.base64:
            raise FormatError("The base64 transform is accepted on a ds:Object only.")
        return canonical_pieces(
            self._tree.source,
            transforms.method,
            transforms.prefixes,
            without=where[0] if transforms.enveloped else None,
            spend=budget.spend,
        )


class _PrunedIds(Ids):
    """The identifiers of a skeleton: only what leads to the root or into a signature can be told."""

    def __init__(self, root: _Element, signatures: Collection[_Element]) -> None:
        super().__init__(root)
        self._signatures = frozenset(signatures)
        self._sought: set[bytes] = set()

    def find(self, value: str, near: _Element | None = None) -> _Element:
        """As `Ids.find`. Raises also `Unsuitable`."""
        found = self.listed(value)
        element = found[0][1] if len(found) == 1 else None
        if element is None or (element is self._root and instructions_outside(element)):
            raise Unsuitable
        if element is not self._root and not is_inside(element, self._signatures):
            raise Unsuitable
        self._sought.add(value.encode())
        return super().find(value)

    def confirm(self, tree: Tree) -> None:
        """Looks for the identifiers that were found in what is not in memory. Raises `Unsuitable`."""
        if not self._sought:
            return
        counted: Counter[bytes] = Counter()
        for value in literals(tree.source):
            if value is None:
                raise Unsuitable
            if value in self._sought:
                counted[value] += 1
        if any(counted[value] != 1 for value in self._sought):
            raise Unsuitable
