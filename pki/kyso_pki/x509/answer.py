"""What one CRL or one OCSP answer says about one certificate, and the words and bounds they share."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal, Protocol

from ..scheme import Scheme
from .certificate import Certificate

SKEW = timedelta(minutes=5)
"""How far two honest clocks may differ."""

REASONS: dict[int, str] = {
    # CRLReason, RFC 5280 5.3.1; 7 is not used
    0: "unspecified",
    1: "keyCompromise",
    2: "cACompromise",
    3: "affiliationChanged",
    4: "superseded",
    5: "cessationOfOperation",
    6: "certificateHold",
    8: "removeFromCRL",
    9: "privilegeWithdrawn",
    10: "aACompromise",
}

COMPROMISED = frozenset({"keyCompromise", "cACompromise"})
"""Reasons for which no signature is spared, whenever it was made: the date of the theft is a guess."""


@dataclass(frozen=True)
class Answer:
    """One source's word. `unusable` means that a rule forbids to believe it; `text` says which."""

    status: Literal["good", "revoked", "unknown", "unusable"]
    text: str
    at: datetime | None = None
    """thisUpdate; when `revoked`, the revocation date, or the invalidity date where it is earlier."""
    reason: str | None = None
    """A name of `REASONS`, when `revoked` and given."""
    remedy: str | None = None
    """What to do, when `unusable` and known."""
    listed_at: datetime | None = None
    """The revocation date, when `revoked`."""


class Constraints(Protocol):
    """What a policy asks of a list or an answer beyond the rules of all (EN 319 102-1 5.2.6)."""

    def __hash__(self) -> int:
        """Results are kept by what was asked."""

    def of_answer(self, octets: bytes, scheme: Scheme, signer: Certificate) -> str | None:
        """Why this signature does not count for "good"; None when it does."""

    def of_certificate(self, certificate: Certificate, within: bytes | None = None) -> str | None:
        """Why the certificate of a signer, or of a CA above, does not count; `within`: the answer that carries it."""


def gravity(reason: str | None, at: datetime | None) -> tuple[bool, float, bool, str]:
    """By which of several words on a revocation the one counts that spares least: a known theft, then the earliest.

    A CA may first put a certificate on hold and say later that its key was stolen. Both lists may lie in a file, in
    the order that its writer likes. Of words of one time a hold counts last, and their order does not.
    """
    return reason not in COMPROMISED, at.timestamp() if at else 0.0, reason == "certificateHold", reason or ""


def unusable(text: str, remedy: str | None = None) -> Answer:
    """An answer that does not count; `text` goes into a list of reasons, so it loses its full stop."""
    return Answer("unusable", text.removesuffix("."), remedy=remedy)


def freshness(this_update: datetime, next_update: datetime | None, at: datetime, max_age: timedelta) -> str | None:
    """Why an answer is not fresh at `at`; None when it is (attack class V2).

    `max_age` counts where nextUpdate is missing; zero: it must be there.
    """
    if this_update > at + SKEW:
        return f"it was issued at {this_update:%Y-%m-%d %H:%M:%S} UTC, after the time of validation"
    if next_update is None:
        if max_age and at - this_update <= max_age:
            return None
        return "it does not say until when it is current (nextUpdate)"
    if next_update < this_update:
        return "it ends before it begins"
    if next_update < at - SKEW:
        return f"it was current until {next_update:%Y-%m-%d %H:%M:%S} UTC only"
    return None
