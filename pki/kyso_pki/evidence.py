"""Evidence for a verdict: certificates, CRLs, OCSP answers and timestamps, as octets."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from itertools import chain
from typing import TypeVar

from .x509.certificate import Certificate

_T = TypeVar("_T")


@dataclass(frozen=True)
class Evidence:
    """An immutable bag of evidence; `+` joins two without repeating."""

    certificates: tuple[Certificate, ...] = ()
    crls: tuple[bytes, ...] = ()
    """DER CertificateLists."""
    ocsp: tuple[bytes, ...] = ()
    """DER OCSPResponses (with status) or BasicOCSPResponses, as found."""
    timestamps: tuple[bytes, ...] = ()
    """DER TimeStampTokens."""

    def __add__(self, other: Evidence) -> Evidence:
        return Evidence(
            _joined(self.certificates, other.certificates),
            _joined(self.crls, other.crls),
            _joined(self.ocsp, other.ocsp),
            _joined(self.timestamps, other.timestamps),
        )


NO_EVIDENCE = Evidence()


def together(parts: Iterable[Evidence]) -> Evidence:
    """All of these, each piece once; linear in what they hold, which a chain of `+` is not."""
    kept = tuple(parts)
    return Evidence(
        _each_once(p.certificates for p in kept),
        _each_once(p.crls for p in kept),
        _each_once(p.ocsp for p in kept),
        _each_once(p.timestamps for p in kept),
    )


def _each_once(parts: Iterable[tuple[_T, ...]]) -> tuple[_T, ...]:
    return tuple(dict.fromkeys(chain.from_iterable(parts)))


def _joined(a: tuple[_T, ...], b: tuple[_T, ...]) -> tuple[_T, ...]:
    return tuple(dict.fromkeys((*a, *b))) if a and b else a or b
