"""The pages of a document, in order (ISO 32000-2 7.7.3).

Reach for `page_leaves`, the one walk: `pages` places stamps by it, the verifier finds by it where something is seen.
A node met twice is taken once, so that no tree makes the walk longer than the file.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final, NamedTuple

from ..errors import FormatError, LimitExceeded
from .objects import Dictionary, IndirectObject, Ref, Value
from .reader import REWRITE, Reader

MAX_DEPTH: Final = 64  # levels of the page tree; real files stay under 10
MAX_NODES: Final = 1 << 20  # pages and nodes above them
NO_PAGE: Final = "Make the PDF anew: a signature needs a page, and this file has none."
_INHERITED: Final = ("MediaBox", "CropBox", "Rotate")


class Leaf(NamedTuple):
    """A page as the tree leads to it."""

    object: IndirectObject
    passed: dict[str, Value]
    """/MediaBox, /CropBox and /Rotate, its own or those from above (7.7.3.4); as they stand."""


def page_leaves(reader: Reader, revision: int | None = None, *, strict: bool) -> Iterator[Leaf]:
    """The pages in order, read one by one; /Count is not believed.

    `strict`: whatever is no proper tree is refused, so that no two readers can disagree about which page is meant;
    else it is passed over. Raises `FormatError`, `LimitExceeded`.
    """
    visited: set[int] = set()
    none: dict[str, Value] = dict.fromkeys(_INHERITED)
    root = reader.catalog(revision).get("Pages")
    pending: list[tuple[Value, dict[str, Value], int]] = [] if root is None else [(root, none, 0)]
    while pending:
        value, above, depth = pending.pop()
        if not isinstance(value, Ref) or value.number in visited:
            if strict:
                raise _no_tree(value)
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
            continue
        passed = {k: node.get(k, above[k]) for k in _INHERITED}
        kids = reader.resolve(node.get("Kids"), revision)
        if isinstance(kids, list):
            pending += [(kid, passed, depth + 1) for kid in reversed(kids)]
        elif strict and kids is not None:
            raise FormatError("PDF: /Kids of a page tree node is no array.", remedy=REWRITE)
        else:
            yield Leaf(found, passed)


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
