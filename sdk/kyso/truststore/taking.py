"""A bundle or list on its way into the store: verified, compared with the one before, said before it takes effect.

Reach for `examine`, look at `Offer.changes`, and give `taken(kept, offer)` to the store. Nothing here asks a network.
"""

from __future__ import annotations

import hashlib
from collections.abc import Collection
from dataclasses import dataclass, replace
from datetime import datetime

from kyso_pki.errors import TrustSignerUnknown
from kyso_pki.trust.acceptance import TrustChange, changes, check_current, check_issued, check_newer
from kyso_pki.trust.bundle import TrustBundle, read_bundle, signed_name
from kyso_pki.trust.kept import Kept, Source

_XML = (b"<", b"\xef\xbb\xbf<", b"\xff\xfe", b"\xfe\xff")


@dataclass(frozen=True)
class Offer:
    """A source that may be taken, and what it would change."""

    source: Source
    before: Source | None
    changes: tuple[TrustChange, ...]
    """Of all that is trusted by this source's word, and by that of lists which it vouches for no more."""

    @property
    def same(self) -> bool:
        """The very file that was taken before."""
        return self.before is not None and self.before.sha256 == self.source.sha256


def examine(
    kept: Kept,
    data: bytes,
    *,
    now: datetime,
    signers: Collection[str] = (),
    expected: str | None = None,
    by: str | None = None,
) -> Offer:
    """What this signed file offers.

    `signers`: SHA-256 (hex) of keys that the caller accepts besides those that the source of the same name told
    before; the first file of a source needs one. `expected`: the name that it must have. `by`: the list that vouches
    for it. Raises `TrustError` subclasses, `FormatError`.
    """
    if data.lstrip(b" \t\r\n")[:3].startswith(_XML):
        from .lists import source_of_list

        source, before = source_of_list(kept, data, signers, by)
    else:
        source, before = _of_bundle(kept, data, signers)
    what = f"The {source.kind} {source.name}"
    if before is not None and before.kind != source.kind:
        raise TrustSignerUnknown(f"{source.name} is a {before.kind} in the trust store, and this file is none.")
    if expected is not None and source.name != expected:
        raise TrustSignerUnknown(f"{what} was found where {expected} was expected.")
    if (last := kept.last(source.name)) is not None:
        check_newer(what, source.sequence, source.sha256, last.sequence, last.sha256)
    check_current(what, source.issued, source.expires, now)
    if before is not None:
        check_issued(what, source.issued, before.issued)
    going = {source.name, *kept.orphans(source)}
    old = [a for s in kept.sources if s.name in going for a in s.anchors]
    return Offer(source, before, changes(old, source.anchors))


def taken(kept: Kept, offer: Offer) -> Kept:
    """The store with what was offered; lists that it vouches for no more go, at once and with their anchors."""
    found = kept.with_source(offer.source)
    for name in kept.orphans(offer.source):
        found = found.without_source(name)
    return found


def _of_bundle(kept: Kept, data: bytes, signers: Collection[str]) -> tuple[Source, Source | None]:
    before = kept.source(signed_name(data))
    told = before.signers if before is not None else ()
    bundle = read_bundle(data, frozenset((*told, *signers)))
    address = bundle.update or (before.update if before is not None else None)
    return replace(source_of(bundle, data), update=address), before


def source_of(bundle: TrustBundle, data: bytes) -> Source:
    return Source(
        name=bundle.name,
        kind="bundle",
        sequence=bundle.sequence,
        sha256=hashlib.sha256(data).hexdigest(),
        issued=bundle.issued,
        expires=bundle.expires,
        signers=bundle.signers,
        update=bundle.update,
        anchors=bundle.anchors,
        notes=bundle.notes,
    )
