"""Newer bundles and lists from where their publishers said: https only, within the limits of `HttpFetcher`.

Reach for `updates`. It is the one place of the trust store that asks a network, and only `kyso trust update` calls
it, when a person or a timer types it.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Protocol

from kyso_pki.errors import KysoError, TrustError, UsageError
from kyso_pki.trust.kept import Kept, Source

from .taking import Offer, examine, taken

MAX_LISTS = 128  # named by one list; Europe's names 31


class FileFetcher(Protocol):
    """What fetches a file; `kyso.HttpFetcher(https_only=True)` does."""

    def file(self, url: str) -> bytes: ...


@dataclass(frozen=True)
class Update:
    """What became of one source: an offer, or why there is none."""

    name: str
    offer: Offer | None
    error: KysoError | None = None


def updates(
    kept: Kept, fetcher: FileFetcher, *, now: datetime, names: Collection[str] = ()
) -> tuple[list[Update], Kept]:
    """What each source has to offer, and the store with all of it.

    Lists that a list vouches for come after it, with the keys that it tells then. `names`: only these sources. Raises
    `UsageError` for a name that is none, or one without an address; a source that cannot be had is told and left.
    """
    for name in names:
        source = kept.source(name)
        if source is None:
            raise UsageError(f"There is no bundle or list {name} in the trust store.", remedy="See: kyso trust list")
        if source.update is None or source.by is not None:
            raise UsageError(
                f"{name} does not say itself where newer ones are published.",
                remedy="Import its next file: kyso trust import FILE",
            )
    found: list[Update] = []
    for chosen in [s for s in kept.sources if s.by is None and s.update and (not names or s.name in names)]:
        update, kept = _one(kept, chosen.name, chosen.update or "", chosen.signers, None, fetcher, now)
        found.append(update)
        own = kept.source(chosen.name)
        for pointer in () if own is None else own.pointers[:MAX_LISTS]:
            update, kept = _one(kept, pointer.name, pointer.address, pointer.signers, chosen.name, fetcher, now)
            found.append(update)
    return found, kept


def _one(
    kept: Kept,
    name: str,
    address: str,
    signers: Collection[str],
    by: str | None,
    fetcher: FileFetcher,
    now: datetime,
) -> tuple[Update, Kept]:
    try:
        own = kept.source(name)
        if own is not None and own.by != by:
            raise TrustError(f"{name} is named by another list, or was imported by hand; it is left as it is.")
        offer = examine(kept, fetcher.file(address), now=now, signers=signers, expected=name, by=by)
    except KysoError as e:
        return Update(name, None, e), kept
    return Update(name, offer), taken(kept, offer)


def with_address(source: Source, address: str | None) -> Source:
    """The source, to be updated from here."""
    return source if address is None else replace(source, update=address)
