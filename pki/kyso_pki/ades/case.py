"""One signature on its way to a verdict: what is known of it, what is trusted so far, and what is wrong.

`Case` is what the steps of EN 319 102-1 work on (`acceptance`, `stamps`, `chains`, `levels`); `verify` runs them in
order. It is made for one signature, used once, and not kept.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Final

from ..evidence import Evidence, together
from ..facts import Finding, SignatureFacts, TimestampFacts
from ..signer import Fetcher
from ..x509.certificate import Certificate
from ..x509.trust import Anchor, Purpose, TrustStore
from .past import Cover, Held, Proof, held_in
from .policy import Policy
from .report import Indication
from .used import Recorder

CLOCK_SKEW: Final = timedelta(minutes=5)


@dataclass
class Case:
    """The state of the steps over one signature."""

    facts: SignatureFacts
    trust: TrustStore
    at: datetime
    evidence: Evidence
    fetcher: Fetcher | None
    policy: Policy
    covers: tuple[Cover, ...]
    """Later document timestamps that are trusted, or those of the signature that this one stands in."""
    around: tuple[Held, ...] = ()
    """The evidence of the signature that this one stands in."""
    archives: tuple[Cover, ...] = ()
    """Its own archive timestamps that are trusted."""
    documents: tuple[Cover, ...] = ()
    """Its own document timestamp, when trusted."""
    own: Proof | None = None
    """That the signature value existed, by its own timestamps."""
    problems: list[tuple[Indication, str]] = field(default_factory=list)
    findings: list[Finding] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.recorder = None if self.fetcher is None else Recorder(self.fetcher)
        self.fetcher = self.recorder
        self._covers: tuple[Cover, ...] | None = None
        self.look(None)
        self.at_hand: Evidence = together(h.evidence for h in self.held)
        beside = (*self.evidence.certificates, *(c for s in self.facts.stored for c in s.certificates))
        beside += tuple(c for h in self.around for c in h.evidence.certificates)
        self.beside: tuple[Certificate, ...] = beside
        """Certificates that stand in no signature and no timestamp."""

    def look(self, at: TimestampFacts | None) -> None:
        """Sees what is proven of the signature, or of one of its timestamps, by what is trusted so far."""
        covers = (*self.covers, *self.archives)
        over = [c.proof for c in covers if at is None or c.covers(at)]
        if at is not None and at.kind == "content" and self.own is not None:
            over.append(self.own)  # it was signed, and the signature existed by then
        self.covering: Proof | None = min(over, key=lambda p: p.by, default=None)
        """That the whole signature, its timestamps included, existed by then."""
        if covers != self._covers:  # else what is held is proven as it was at the last look
            self._covers = covers
            self.in_file: tuple[Held, ...] = (*held_in(self.facts, covers, self.at), *self.around)
            self.held: tuple[Held, ...] = (*self.in_file, Held(self.evidence, self.at))

    def problem(self, indication: Indication, sub: str, code: str, text: str, remedy: str | None = None) -> None:
        """Notes what stands against the signature, with its words."""
        self.problems.append((indication, sub))
        self.findings.append(Finding(code, "error", text, remedy))

    @property
    def proven(self) -> Proof | None:
        """The best proof that the signature existed (5.5.4): by its own timestamps, or by those over more than it."""
        return min((p for p in (self.own, self.covering) if p), key=lambda p: p.by, default=None)

    @property
    def purpose(self) -> Purpose:
        """What its certificate must be trusted for."""
        return "timestamping" if self.facts.family == "DOCTIMESTAMP" else "signing"

    def anchor(self, path: tuple[Certificate, ...], at: datetime, purpose: Purpose) -> Anchor | None:
        """By whose word the end of a path that was found is trusted."""
        return self.trust.anchor_at(path[-1], purpose, at) if path else None

    @property
    def countersigns(self) -> bool:
        """Whether it is about another signature alone; that one's verdict says what is covered (class C8)."""
        xml = self.facts.xml
        return self.facts.countersigned is not None or (xml is not None and xml.countersigns is not None)


def worst(problems: Sequence[tuple[Indication, str]]) -> tuple[Indication, str | None]:
    """The first failure, else the first open question, else TOTAL-PASSED."""
    for wanted in ("TOTAL-FAILED", "INDETERMINATE"):
        for indication, sub in problems:
            if indication == wanted:
                return indication, sub
    return "TOTAL-PASSED", None
