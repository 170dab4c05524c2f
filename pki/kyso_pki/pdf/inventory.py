"""What the document security store holds, by count (ISO 32000-2 12.8.4.3).

Reach for `store_facts`. Whether an update of the store is harmless is told by `dss`; what its evidence proves, by the
rules of validation.
"""

from __future__ import annotations

from ..facts import StoreFacts
from .objects import UNREADABLE, Dictionary
from .reader import Reader


def store_facts(reader: Reader) -> StoreFacts | None:
    """The store as it is now; None when there is none, or what stands there is not one."""
    try:
        store = reader.resolve(reader.catalog().get("DSS"))
        if not isinstance(store, dict):
            return None
        entries = reader.resolve(store.get("VRI"))
        return StoreFacts(
            certificates=_count(reader, store, "Certs"),
            crls=_count(reader, store, "CRLs"),
            ocsps=_count(reader, store, "OCSPs"),
            entries=frozenset(k for k in entries if k != "Type") if isinstance(entries, dict) else frozenset(),
        )
    except UNREADABLE:
        return None


def _count(reader: Reader, store: Dictionary, key: str) -> int:
    items = reader.resolve(store.get(key))
    return len(items) if isinstance(items, list) else 0
