"""Was a certificate good at a proven time in the past, by evidence that existed when it could still be believed?

Reach for `status_then`. This is the past certificate validation of EN 319 102-1 5.6.2.1 for one certificate: the
control time slides from the proven time to the first answer that was given after it. An answer counts only when the
certificates of the issuer and of its signer were still valid at the time by which it is proven to have existed (a
document timestamp over it, else now): whoever gets hold of a key after its end could write answers of any date.

NOTE: 5.6.2.2.4 slides the control time to thisUpdate once an answer is no longer fresh, so that a signature that is
proven only after thisUpdate does not pass. Here an answer that was fresh at the proven time (5.2.5, with the best
signature time of 5.5.4) is accepted too: nearly every B-LT file carries a CRL from before its timestamp. A thief of
the key can keep such an answer, so the report tells its age (`REVOCATION_AGE`), and a policy may ask for more
(`Policy.revocation_after_proof`). See docs/validation.md.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from itertools import pairwise
from typing import Final

from ..errors import FormatError
from ..evidence import Evidence
from ..facts import SignatureFacts, Stored, TimestampFacts
from ..x509 import crl as crl_module
from ..x509 import listing
from ..x509 import ocsp as ocsp_module
from ..x509.answer import SKEW, Constraints
from ..x509.certificate import Certificate
from ..x509.revocation import RevocationResult, check_revocation


@dataclass(frozen=True)
class Proof:
    """A proof of existence: genTime, and the instant by which the thing existed for certain (RFC 3161 2.4.2)."""

    time: datetime
    by: datetime


@dataclass(frozen=True)
class Cover:
    """A trusted document or archive timestamp: everything up to this state of the file, or of the signature, existed
    by then. In CMS it covers what it lists, and its state is only its name."""

    state: int
    proof: Proof
    path: tuple[Certificate, ...]
    """Of its authority, up to the anchor."""
    carried: tuple[Certificate, ...] = ()
    """The certificates in it."""

    def covers(self, thing: Stored | TimestampFacts) -> bool:
        """Whether this existed by then, too."""
        if thing.covered_by is not None:
            return self.state + 1 in thing.covered_by  # an archive timestamp covers up to the state before its own
        return self.state >= thing.state


EVERYTHING: Final = 1 << 30
"""As a state: later than all."""


def inherited(facts: SignatureFacts, covers: Sequence[Cover]) -> tuple[Cover, ...]:
    """What covers a counter-signature because it covers the property that it stands in: all of it, its own included.

    `covers` are those of the signature that it stands in (EN 319 132-1 5.5.2.2, step 4).
    """
    if facts.xml is None or facts.xml.inside is None:
        return ()
    return tuple(replace(c, state=EVERYTHING) for c in covers if c.state >= facts.xml.inside_at)


@dataclass(frozen=True)
class Held:
    """Evidence at hand, and the time by which it is proven to have existed."""

    evidence: Evidence
    by: datetime
    in_file: bool = False
    protected: bool = False
    """A trusted document or archive timestamp covers it; else `by` is the time of validation."""


def held_in(facts: SignatureFacts, covers: Sequence[Cover], at: datetime) -> tuple[Held, ...]:
    """The evidence in the file: what the signature itself carries, and what stands beside it."""
    own = Stored(facts.state, facts.certificates, facts.crls, facts.ocsp)
    found: list[Held] = []
    for stored in (own, *facts.stored):
        by = min((c.proof.by for c in covers if c.covers(stored)), default=None)
        evidence = Evidence(stored.certificates, stored.crls, stored.ocsp)
        found.append(Held(evidence, by or at, in_file=True, protected=by is not None))
    return tuple(found)


def given_in(held: Sequence[Held]) -> frozenset[bytes]:
    """Lists and answers that stand nowhere in the file."""
    beside = [h.evidence for h in held if not h.in_file and (h.evidence.crls or h.evidence.ocsp)]
    if not beside:
        return frozenset()
    inside = frozenset(o for h in held if h.in_file for o in (*h.evidence.crls, *h.evidence.ocsp))
    return frozenset(o for e in beside for o in (*e.crls, *e.ocsp)) - inside


def status_then(
    certificate: Certificate,
    issuer: Certificate,
    proven: datetime,
    held: Sequence[Held],
    anchor: Certificate | None = None,
    constraints: Constraints | None = None,
) -> RevocationResult | None:
    """The status at the proven time or soon after it; None when the evidence does not tell.

    `issuer` is the certificate above in a path that was validated, `anchor` its end: where the path of a CRL signer
    other than `issuer` must end. Nothing is fetched.
    """
    crls = [c for h in held for c in h.evidence.crls if issuer.not_after >= h.by]
    answers = [o for h in held for o in h.evidence.ocsp if issuer.not_after >= h.by]
    candidates = [c for h in held for c in h.evidence.certificates]
    if not crls and not answers:
        return None
    latest = max(h.by for h in held)
    given = given_in(held)
    existed = _existed(held)
    for at in _control_times(certificate, proven, latest, crls, answers):
        found = check_revocation(
            certificate,
            issuer,
            at=at,
            crls=crls,
            ocsp=answers,
            candidates=candidates,
            proven=proven,
            anchor=anchor,
            given=given,
            existed=existed,
            constraints=constraints,
        )
        if found.status in ("good", "revoked"):
            return found
    return None


def good_then(
    path: Sequence[Certificate], proven: datetime, held: Sequence[Held], constraints: Constraints | None = None
) -> bool:
    """Whether every certificate of a path but the anchor was good at the proven time."""
    for certificate, issuer in pairwise(path):
        found = status_then(certificate, issuer, proven, held, path[-1], constraints)
        if found is None or found.status != "good":
            return False
    return True


def _existed(held: Sequence[Held]) -> dict[bytes, datetime]:
    """By when each list and answer existed for certain, as the earliest proof over it says."""
    found: dict[bytes, datetime] = {}
    for h in held:
        for one in (*h.evidence.crls, *h.evidence.ocsp):
            found[one] = min(found.get(one, h.by), h.by)
    return found


def _control_times(
    certificate: Certificate,
    proven: datetime,
    latest: datetime,
    crls: Sequence[bytes],
    answers: Sequence[bytes],
) -> Iterator[datetime]:
    """The proven time, then the first and the last time after it at which an answer was given."""
    yield proven
    later = sorted({t for t in _updates(certificate, crls, answers) if proven < t <= latest + SKEW})
    yield from dict.fromkeys(later[:1] + later[-1:])


def _updates(certificate: Certificate, crls: Sequence[bytes], answers: Sequence[bytes]) -> Iterator[datetime]:
    """thisUpdate of everything that may be about the certificate."""
    for data in crls:
        try:
            found = crl_module.CertificateList.from_der(data)
            if not listing.about(found, certificate):
                continue
        except FormatError:
            continue
        yield found.this_update
    for data in answers:
        try:
            responses = ocsp_module.read(data).responses
        except FormatError:
            continue
        yield from (r.this_update for r in responses if r.cert_id.serial == certificate.serial)
