"""The pages of a document, in order (ISO 32000-2 7.7.3).

Reach for `page_leaves`, the one walk: `pages` places stamps by it, the verifier finds by it where something is seen.
A node met twice is taken once, so that no tree makes the walk longer than the file.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final, NamedTuple

from ..errors import FormatError, LimitExceeded
from .objects import UNREADABLE, Dictionary, IndirectObject, Ref, Value, same
from .reader import REWRITE, Reader

MAX_DEPTH: Final = 64  # levels of the page tree; real files stay under 10
MAX_NODES: Final = 1 << 20  # pages and nodes above them
MAX_LED_ASTRAY: Final = 256  # wrong parents that are followed, up to MAX_DEPTH nodes each
INHERITABLE: Final = ("Resources", "MediaBox", "CropBox", "Rotate")  # table 31
NO_PAGE: Final = "Make the PDF anew: a signature needs a page, and this file has none."
_INHERITED: Final = ("MediaBox", "CropBox", "Rotate")


class Leaf(NamedTuple):
    """A page as the tree leads to it."""

    object: IndirectObject
    passed: dict[str, Value]
    """/MediaBox, /CropBox and /Rotate, its own or those from above (7.7.3.4); as they stand."""


def page_leaves(
    reader: Reader, revision: int | None = None, *, strict: bool, odd: list[str] | None = None
) -> Iterator[Leaf]:
    """The pages in order, read one by one; /Count is not believed.

    `strict`: whatever is no proper tree is refused, so that no two readers can disagree about which page is meant;
    else it is passed over. `odd` gets, once all is walked, why readers find other pages (see `_Shape`). Raises
    `FormatError`, `LimitExceeded`.
    """
    visited: set[int] = set()
    none: dict[str, Value] = dict.fromkeys(_INHERITED)
    root = reader.catalog(revision).get("Pages")
    shape = None if odd is None else _Shape(reader, revision, odd)
    pending: list[tuple[Value, Ref | None, dict[str, Value], int]] = [] if root is None else [(root, None, none, 0)]
    while pending:
        value, parent, above, depth = pending.pop()
        if not isinstance(value, Ref) or value.number in visited:
            if strict:
                raise _no_tree(value)
            if shape is not None:
                shape.again(value, len(pending))
            continue
        visited.add(value.number)
        if depth > MAX_DEPTH or len(visited) > MAX_NODES:
            raise LimitExceeded(f"PDF: the page tree has more than {MAX_DEPTH} levels or {MAX_NODES} nodes.")
        found = reader.fetch(value.number, revision)
        node = found.value if found is not None and found.generation == value.generation else None
        if found is None or not isinstance(node, dict):
            if strict:
                raise FormatError(
                    f"PDF: the page tree names object {value.number}, which is no page.", remedy=REWRITE
                )
            if shape is not None:
                shape.no_page(value, len(pending))
            continue
        passed = {k: above[k] if (own := node.get(k)) is None else own for k in _INHERITED}
        kids = reader.resolve(node.get("Kids"), revision)
        if shape is not None:
            shape.node(value, node, kids, parent, len(pending))
        if isinstance(kids, list):
            pending += [(kid, value, passed, depth + 1) for kid in reversed(kids)]
        elif strict and kids is not None:
            raise FormatError("PDF: /Kids of a page tree node is no array.", remedy=REWRITE)
        else:
            yield Leaf(found, passed)


class _Shape:
    """Whether all readers find the same pages in a tree.

    Some go by /Count, some by /Type, some by /Kids; what a page has from above they take from where /Parent leads,
    Poppler from the node that led to it. Where these disagree each shows other pages.
    """

    def __init__(self, reader: Reader, revision: int | None, odd: list[str]) -> None:
        self._reader = reader
        self._revision = revision
        self._odd = odd
        self._leaves = 0
        self._pages: set[Ref] = set()
        self._led_astray: set[tuple[Ref | None, Ref | None]] = set()
        self._open: list[tuple[int, int, int, int]] = []  # left to walk behind a node, its first leaf, /Count, number

    def node(self, ref: Ref, node: Dictionary, kids: Value, above: Ref | None, left: int) -> None:
        """A node of the tree, before its kids; `left`: how many values are still to be walked, besides them."""
        parent, kind = node.get("Parent"), node.get("Type")
        if isinstance(kind, Ref):
            kind = self._reader.resolve(kind, self._revision)
        if parent is not None and parent != above and self._inherits_otherwise(node, parent, above):
            self._say(f"/Parent of object {ref.number} is not the node that names it")
        if isinstance(kids, list):
            if kind not in ("Pages", None):
                self._say(f"object {ref.number} has /Kids and is of /Type {kind!r}")
            count = self._reader.resolve(node.get("Count"), self._revision)
            self._open.append((left, self._leaves, count if type(count) is int else -1, ref.number))
        elif kind not in ("Page", None) or "Kids" in node or above is None:
            self._say(f"object {ref.number} is neither a page nor a node with /Kids")
        else:
            self._leaves += 1
            self._pages.add(ref)
        if not kids:
            self._close(left)

    def _inherits_otherwise(self, node: Dictionary, parent: Value, above: Ref | None) -> bool:
        """Whether a node takes something else from where its /Parent leads than from the node that names it.

        Programs that divide and join files leave such a /Parent behind; where it changes nothing it harms nobody.
        """
        self._led_astray.add((parent if isinstance(parent, Ref) else None, above))
        if len(self._led_astray) > MAX_LED_ASTRAY:
            return True
        reader, revision = self._reader, self._revision
        missing = [key for key in INHERITABLE if node.get(key) is None]
        try:
            return not all(
                same(
                    inherited(reader, {"Parent": parent}, key, revision),
                    inherited(reader, {"Parent": above}, key, revision),
                )
                for key in missing
            )
        except UNREADABLE:  # a circle, which each reader leaves in its own way
            return True

    def again(self, value: Value, left: int) -> None:
        """What was met before, or is no object."""
        if isinstance(value, Ref) and value in self._pages:
            self._leaves += 1
        else:
            self._say(
                f"it names {f'object {value.number}, a node, again' if isinstance(value, Ref) else 'no object'}"
            )
        self._close(left)

    def no_page(self, ref: Ref, left: int) -> None:
        """A reference to something that is neither a page nor a node, or to nothing."""
        self._say(f"it names object {ref.number}, which is no page")
        self._close(left)

    def _close(self, left: int) -> None:
        """Compares /Count of the nodes of which all was walked."""
        while self._open and self._open[-1][0] >= left:
            _, first, count, number = self._open.pop()
            if count != self._leaves - first and (self._open or self._leaves):  # a tree without a page shows none
                self._say(f"/Count of object {number} is not {self._leaves - first}, the number of its pages")

    def _say(self, text: str) -> None:
        if not self._odd:  # one is enough
            self._odd.append(text)


def _no_tree(value: Value) -> FormatError:
    if isinstance(value, Ref):
        return FormatError("PDF: the page tree is too deep or runs in a circle.", remedy=REWRITE)
    return FormatError("PDF: a page or page tree node is not an object of its own.", remedy=REWRITE)


def first_page(reader: Reader) -> IndirectObject:
    """The first page (7.7.3). Raises `FormatError`."""
    for leaf in page_leaves(reader, strict=True):
        return leaf.object
    raise FormatError("PDF: the document has no page.", remedy=NO_PAGE)


def page_objects(reader: Reader, revision: int | None = None) -> list[int]:
    """The object numbers of all pages, the first page first. Raises `FormatError`, `LimitExceeded`."""
    return [leaf.object.number for leaf in page_leaves(reader, revision, strict=False)]


def inherited(reader: Reader, page: Dictionary, key: str, revision: int | None = None) -> Value:
    """An inheritable attribute of a page (7.7.3.4), resolved; None when no node above has it."""
    node = page
    for _ in range(MAX_DEPTH):
        value = reader.resolve(node.get(key), revision)
        if value is not None:
            return value
        parent = reader.resolve(node.get("Parent"), revision)
        if not isinstance(parent, dict):
            return None
        node = parent
    raise LimitExceeded(f"PDF: the page tree has more than {MAX_DEPTH} levels.")


def annotations_of(reader: Reader, page: Dictionary, revision: int | None = None) -> list[Value]:
    """The annotations of a page as they stand, mostly references."""
    value = reader.resolve(page.get("Annots"), revision)
    return value if isinstance(value, list) else []
