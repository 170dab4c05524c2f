"""How anchors, sources and changes look: in words and in JSON (docs/trust.md)."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from ..messages import Words
from ..output import printable
from ..times import iso as in_utc
from ..times import local

if TYPE_CHECKING:
    from kyso.truststore.taking import Offer
    from kyso_pki.trust.acceptance import TrustChange
    from kyso_pki.trust.kept import Source
    from kyso_pki.x509.trust import Anchor

_SHOWN = 20  # of what is left out; all of it stands in the JSON


def trusted(anchor: Anchor, words: Words) -> str:
    """For what, from when and until when."""
    said = ", ".join(words(f"trust.purpose.{p}") for p in sorted(anchor.purposes))
    return " ".join(filter(None, (said, times(anchor, words))))


def times(anchor: Anchor, words: Words) -> str:
    found = [("from", anchor.trusted_from), ("until", anchor.trusted_until)]
    return " ".join(words(f"trust.{key}", time=local(moment)) for key, moment in found if moment is not None)


def change_lines(changes: Sequence[TrustChange], words: Words) -> Iterator[str]:
    """`+ CA gốc tỉnh Mẫu: signing`, and what to compare it by."""
    if not changes:
        yield "  " + words("trust.no_change")
    for change in changes:
        old, new = ("; ".join(trusted(a, words) for a in anchors) for anchors in (change.before, change.after))
        yield "  " + printable(words(f"trust.change.{change.kind}", name=change.name, old=old, new=new))
        if change.after:
            yield "      " + words("trust.fingerprints", certificate=change.fingerprint, pin=change.key)


def offer_lines(offer: Offer, words: Words) -> Iterator[str]:
    source, before = offer.source, offer.before
    head = words("trust.offer", what=source_name(source, words), end=end_of(source, words))
    yield head if before is None else f"{head} {words('trust.offer_after', number=before.sequence)}"
    yield from change_lines(offer.changes, words)
    for why in source.left_out[:_SHOWN]:
        yield "  " + printable(words("trust.left_out", what=why))
    if len(source.left_out) > _SHOWN:
        yield "  " + words("trust.left_out_more", count=len(source.left_out) - _SHOWN)


def source_name(source: Source, words: Words) -> str:
    return words(f"trust.kind.{source.kind}", name=source.name, number=source.sequence)


def end_of(source: Source, words: Words) -> str:
    if source.expires is None:
        return words("trust.closed")
    key = "ended" if source.ended(datetime.now(UTC)) else "ends"
    return words(f"trust.{key}", time=local(source.expires))


# JSON ---------------------------------------------------------------------------------------------------


def anchor_json(anchor: Anchor) -> dict[str, Any]:
    c = anchor.certificate
    return {
        "subject": str(c.subject),
        "fingerprint": c.sha256,
        "key": c.spki_sha256,
        "purposes": sorted(anchor.purposes),
        "trusted": {"from": iso(anchor.trusted_from), "until": iso(anchor.trusted_until)},
    }


def source_json(source: Source) -> dict[str, Any]:
    return {
        "name": source.name,
        "kind": source.kind,
        "sequence": source.sequence,
        "sha256": source.sha256,
        "issued": iso(source.issued),
        "expires": iso(source.expires),
        "state": "ended" if source.ended(datetime.now(UTC)) else "current",
        "signers": list(source.signers),
        "update": source.update,
        "by": source.by,
        "anchors": len(source.anchors),
        "left_out": list(source.left_out),
    }


def offer_json(offer: Offer) -> dict[str, Any]:
    return {
        "source": source_json(offer.source),
        "before": None if offer.before is None else offer.before.sequence,
        "changes": [change_json(c) for c in offer.changes],
    }


def change_json(change: TrustChange) -> dict[str, Any]:
    return {
        "kind": change.kind,
        "name": change.name,
        "fingerprint": change.fingerprint,
        "key": change.key,
        "before": [anchor_json(a) for a in change.before],
        "after": [anchor_json(a) for a in change.after],
    }


def iso(moment: datetime | None) -> str | None:
    return None if moment is None else in_utc(moment)
