"""What is trusted: anchors, pinned by key, for a purpose.

Reach for `TrustStore.of(certificates)` and add stores with `+`. An anchor is a name *and* a key: a
self-made certificate that borrows a trusted name is not an anchor (`is_anchor` is False, `knows_name` True),
which is the attack seen in the wild with the name of a state CA. An empty store trusts nobody.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
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

    def is_key_of(self, certificate: Certificate) -> bool:
        """Whether `certificate` is for the same name and the same key, whoever issued it."""
        own = self.certificate
        return own.spki == certificate.spki and own.subject.matches(certificate.subject)


@dataclass(frozen=True)
class TrustStore:
    """An immutable set of anchors."""

    anchors: tuple[Anchor, ...] = ()

    @classmethod
    def of(cls, certificates: Iterable[Certificate], purposes: Iterable[Purpose] = EVERY_PURPOSE) -> TrustStore:
        """A store that trusts each of these certificates for these purposes."""
        wanted = frozenset(purposes)
        return cls(tuple(Anchor(c, wanted) for c in dict.fromkeys(certificates)))

    def __add__(self, other: TrustStore) -> TrustStore:
        return TrustStore(tuple(dict.fromkeys((*self.anchors, *other.anchors))))

    @property
    def empty(self) -> bool:
        """No anchor at all: the answer is then "no trust anchors loaded", not "untrusted issuer"."""
        return not self.anchors

    def for_purpose(self, purpose: Purpose | None) -> tuple[Certificate, ...]:
        """The certificates trusted for this purpose; all of them for None."""
        return tuple(a.certificate for a in self.anchors if purpose is None or purpose in a.purposes)

    def is_anchor(self, certificate: Certificate, purpose: Purpose | None) -> bool:
        """Whether this name with this key is trusted for this purpose (for any, when None).

        Says nothing about what else stands in `certificate`: anybody can write a certificate for a foreign
        key. Take validity and constraints from the anchor's own certificate.
        """
        return any((purpose is None or purpose in a.purposes) and a.is_key_of(certificate) for a in self.anchors)

    def knows_name(self, name: Name | bytes) -> bool:
        """Whether some anchor bears this name (a `Name`, or its DER octets), for whatever purpose."""
        if isinstance(name, bytes):
            name = name_in(der.read(name))
        return any(a.certificate.subject.matches(name) for a in self.anchors)
