"""The pages of a document, in order (ISO 32000-2 7.7.3).

Reach for `page_objects`, `inherited` and `annotations_of`. A node met twice is taken once, so that no tree makes the
walk longer than the file.
"""

from __future__ import annotations

from typing import Final

from ..errors import LimitExceeded
from .objects import Dictionary, Ref, Value
from .reader import Reader

MAX_DEPTH: Final = 64  # levels of the page tree; real files stay under 10
MAX_NODES: Final = 1 << 20  # pages and nodes above them


def page_objects(reader: Reader, revision: int | None = None) -> list[int]:
    """The object numbers of all pages, the first page first. Raises `FormatError`, `LimitExceeded`."""
    found: list[int] = []
    seen: set[int] = set()
    pending: list[tuple[Value, int]] = [(reader.catalog(revision).get("Pages"), 0)]
    while pending:
        value, depth = pending.pop()
        if not isinstance(value, Ref) or value.number in seen:
            continue
        seen.add(value.number)
        if depth > MAX_DEPTH or len(seen) > MAX_NODES:
            raise LimitExceeded(f"PDF: the page tree has more than {MAX_DEPTH} levels or {MAX_NODES} nodes.")
        node = reader.resolve(value, revision)
        if not isinstance(node, dict):
            continue
        kids = reader.resolve(node.get("Kids"), revision)
        if isinstance(kids, list):
            pending += [(kid, depth + 1) for kid in reversed(kids)]
        else:
            found.append(value.number)
    return found


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
