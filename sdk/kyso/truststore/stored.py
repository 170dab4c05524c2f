"""The anchors of this user's trust store, for verifying: read once, and again when the file or the time asks."""

from __future__ import annotations

import os
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from kyso_pki.x509.trust import TrustStore

from .folder import TrustFolder

_EMPTY = TrustStore()
_Stamp = tuple[int, int, int]


@dataclass(frozen=True)
class _Read:
    stamp: _Stamp
    store: TrustStore
    until: datetime | None
    """When a source in it ends, so that the store is another one."""


_known: dict[Path, _Read] = {}


def stored_trust(folder: str | os.PathLike[str] | None = None, *, now: datetime | None = None) -> TrustStore:
    """The anchors that this user keeps (`kyso trust list`); an empty store when there are none.

    What a bundle or list says counts until its own end: afterwards its anchors are known and trusted for nothing, and
    verdicts say so. Raises `UsageError` for a store that cannot be read.
    """
    place = TrustFolder(folder)
    try:
        found = place.path.stat()
    except OSError:
        return _EMPTY if (kept := place.read()) is None else kept.store(now or datetime.now(UTC))
    stamp = (found.st_mtime_ns, found.st_size, found.st_ino)
    at = now or datetime.now(UTC)
    read = _known.get(place.path)
    if now is None and read is not None and read.stamp == stamp and (read.until is None or at < read.until):
        return read.store
    kept = place.read()
    if kept is None:
        return _EMPTY
    store = kept.store(at)
    if now is None:
        _known[place.path] = _Read(stamp, store, kept.next_end(at))
    return store
