"""What is trusted: anchors, pinned by key, for a purpose and a time.

Reach for `TrustStore.of(certificates)` and add stores with `+`. An anchor is a name *and* a key: a
self-made certificate that borrows a trusted name is not an anchor (`is_anchor` is False, `knows_name` True),
which is the attack seen in the wild with the name of a state CA. An empty store trusts nobody.

Trust may have begun and may have ended: what a CA whose trust ended has
signed before stays good, at the time that is proven for it, and nothing after.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from typing import Literal

from ..asn1 import der
from .certificate import Certificate, Name, name_in

Purpose = Literal["signing", "timestamping"]
EVERY_PURPOSE: frozenset[Purpose] = frozenset({"signing", "timestamping"})


@dataclass(frozen=True)
class Anchor:
    """A certificate whose name and key are trusted; it may be a root or an issuing CA."""

    certificate: Certificate
    purposes: frozenset[Purpose] = EVERY_PURPOSE
    trusted_from: datetime | None = None
    """The first instant at which it counts, aware; None: always."""
    trusted_until: datetime | None = None
    """The first instant at which it counts no more, aware; None: no end."""
    source: str | None = None
    """Whose word this is, for reports: a file, a bundle with its number, a trusted list."""
    ended: datetime | None = None
    """When that word itself ended and nothing newer was taken: it counts for no time any more. None: it stands."""

    def is_key_of(self, certificate: Certificate) -> bool:
        """Whether `certificate` is for the same name and the same key, whoever issued it."""
        own = self.certificate
        return own.spki == certificate.spki and own.subject.matches(certificate.subject)

    def serves(self, purpose: Purpose | None) -> bool:
        return purpose is None or purpose in self.purposes

    def counts_at(self, at: datetime) -> bool:
        """Whether it was trusted at this time."""
        begun = self.trusted_from is None or self.trusted_from <= at
        return self.ended is None and begun and (self.trusted_until is None or at < self.trusted_until)


@dataclass(frozen=True)
class TrustStore:
    """An immutable set of anchors. One certificate may stand in it several times, for other purposes or times."""

    anchors: tuple[Anchor, ...] = ()

    @classmethod
    def of(
        cls,
        certificates: Iterable[Certificate],
        purposes: Iterable[Purpose] = EVERY_PURPOSE,
        source: str | None = None,
    ) -> TrustStore:
        """A store that trusts each of these certificates for these purposes, at all times."""
        wanted = frozenset(purposes)
        return cls(tuple(Anchor(c, wanted, source=source) for c in dict.fromkeys(certificates)))

    def __add__(self, other: TrustStore) -> TrustStore:
        return TrustStore(tuple(dict.fromkeys((*self.anchors, *other.anchors))))

    def __hash__(self) -> int:
        return self._hash

    @cached_property
    def _hash(self) -> int:
        return hash(self.anchors)  # once: stores of whole countries are keys of caches

    @property
    def empty(self) -> bool:
        """No anchor at all: the answer is then "no trust anchors loaded", not "untrusted issuer"."""
        return not self.anchors

    def for_purpose(self, purpose: Purpose | None) -> tuple[Certificate, ...]:
        """The certificates trusted for this purpose at some time, each once; all of them for None."""
        return self._by_purpose[purpose]

    @cached_property
    def _by_purpose(self) -> Mapping[Purpose | None, tuple[Certificate, ...]]:
        purposes: tuple[Purpose | None, ...] = (None, *EVERY_PURPOSE)
        return {p: tuple(dict.fromkeys(a.certificate for a in self.anchors if a.serves(p))) for p in purposes}

    def is_anchor(self, certificate: Certificate, purpose: Purpose | None) -> bool:
        """Whether this name with this key is trusted for this purpose (for any, when None), at some time.

        Says nothing about what else stands in `certificate`: anybody can write a certificate for a foreign
        key. Take validity and constraints from the anchor's own certificate.
        """
        return any(a.serves(purpose) and a.is_key_of(certificate) for a in self._by_key.get(certificate.spki, ()))

    @cached_property
    def _by_key(self) -> Mapping[bytes, tuple[Anchor, ...]]:
        found: dict[bytes, list[Anchor]] = {}
        for anchor in self.anchors:
            found.setdefault(anchor.certificate.spki, []).append(anchor)
        return {key: tuple(anchors) for key, anchors in found.items()}

    def entries(self, certificate: Certificate, purpose: Purpose | None) -> tuple[Anchor, ...]:
        """Every word on this very certificate for this purpose: one for each time and source."""
        found = self._by_key.get(certificate.spki, ())
        return tuple(a for a in found if a.certificate == certificate and a.serves(purpose))

    def anchor_at(self, certificate: Certificate, purpose: Purpose | None, at: datetime) -> Anchor | None:
        """By whose word this very certificate was trusted at `at`; the word without dates before one with dates."""
        found = [a for a in self.entries(certificate, purpose) if a.counts_at(at)]
        return min(found, key=lambda a: (a.trusted_from is not None) + (a.trusted_until is not None), default=None)

    def knows_name(self, name: Name | bytes) -> bool:
        """Whether some anchor bears this name (a `Name`, or its DER octets), for whatever purpose."""
        if isinstance(name, bytes):
            name = name_in(der.read(name))
        return any(a.certificate.subject.matches(name) for a in self.anchors)
