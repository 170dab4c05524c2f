"""May this bundle or list take the place of the one before, and what would change?

Reach for `check_newer`, `check_issued`, `check_current` and `changes`. All are asked of every source of anchors,
whatever its format: an old one must not come back (roll-back), and one whose end has passed counts for nothing.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from ..errors import TrustExpired, TrustRolledBack
from ..x509.rules import label
from ..x509.trust import Anchor

ChangeKind = Literal["added", "removed", "changed"]


def check_newer(what: str, sequence: int, sha256: str, before: int, before_sha256: str) -> None:
    """Raises `TrustRolledBack` unless this is the same file as before or has a higher number."""
    if sequence > before or (sequence == before and sha256 == before_sha256):
        return
    text = f"{what} with the number {sequence} has other content than the one that was taken before."
    if sequence < before:
        text = f"{what} with the number {sequence} is older than the one that was taken before (number {before})."
    raise TrustRolledBack(
        text,
        remedy="Ask its publisher: an old one that is played again would bring back whom nobody trusts any more.",
        sequence=sequence,
        before=before,
    )


def check_issued(what: str, issued: datetime, before: datetime) -> None:
    """Raises `TrustRolledBack` for a file that claims to be older than the one whose place it would take."""
    if issued < before:
        raise TrustRolledBack(
            f"{what} was issued on {issued:%Y-%m-%d %H:%M:%S} UTC, before the one that was taken before "
            f"({before:%Y-%m-%d %H:%M:%S} UTC).",
            remedy="Ask its publisher: whoever finds an old key gives his file an old date and a high number.",
        )


def check_current(what: str, issued: datetime, expires: datetime | None, now: datetime) -> None:
    """Raises `TrustExpired` when its end has passed; a source without an end is closed (TS 119 612 5.3.15)."""
    if expires is None or expires <= now:
        when = f"ended on {expires:%Y-%m-%d %H:%M:%S} UTC" if expires else "is closed"
        raise TrustExpired(
            f"{what} {when}; whom it names is not trusted any more by that word.",
            remedy="Run: kyso trust update, or import a newer one.",
        )
    if (issued - now).total_seconds() > 86_400:  # a day: clocks go wrong, and zones are forgotten
        raise TrustExpired(
            f"{what} is from the future ({issued:%Y-%m-%d %H:%M:%S} UTC).",
            remedy="Set this machine's clock.",
        )


@dataclass(frozen=True)
class TrustChange:
    """One certificate that would be trusted otherwise than before."""

    kind: ChangeKind
    name: str
    fingerprint: str
    """SHA-256 of the certificate."""
    key: str
    """SHA-256 of its key."""
    before: tuple[Anchor, ...]
    after: tuple[Anchor, ...]


def changes(before: Iterable[Anchor], after: Iterable[Anchor]) -> tuple[TrustChange, ...]:
    """What is different, certificate by certificate, without regard to whose word it is; those that go come first."""
    old, new = _by_certificate(before), _by_certificate(after)
    found: list[TrustChange] = []
    for key in dict.fromkeys((*old, *new)):
        was, becomes = old.get(key, ()), new.get(key, ())
        if _words(was) == _words(becomes):
            continue
        kind: ChangeKind = "changed" if was and becomes else "removed" if was else "added"
        certificate = (was or becomes)[0].certificate
        found.append(TrustChange(kind, label(certificate), key, certificate.spki_sha256, was, becomes))
    order = ("removed", "changed", "added")
    return tuple(sorted(found, key=lambda c: order.index(c.kind)))


def _by_certificate(anchors: Iterable[Anchor]) -> Mapping[str, tuple[Anchor, ...]]:
    found: dict[str, list[Anchor]] = {}
    for anchor in anchors:
        found.setdefault(anchor.certificate.sha256, []).append(anchor)
    return {key: tuple(one) for key, one in found.items()}


def _words(anchors: Sequence[Anchor]) -> frozenset[tuple[frozenset[str], datetime | None, datetime | None]]:
    return frozenset((frozenset[str](a.purposes), a.trusted_from, a.trusted_until) for a in anchors)
