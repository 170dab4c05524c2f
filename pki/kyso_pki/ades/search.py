"""What a signature needs so that it can be verified from the document alone: the search for it.

Reach for `missing_evidence`. Chains are followed up to an anchor or a self-signed certificate; each certificate is
asked about at the time by which its signature existed. What cannot be had is refused by the certificate's name.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from itertools import pairwise

from ..document import Wanted
from ..errors import EvidenceMissing, FetchError, FormatError
from ..evidence import NO_EVIDENCE, Evidence, together
from ..facts import PROVING, SignatureFacts, TimestampFacts
from ..signer import Fetcher
from ..x509 import listing
from ..x509 import ocsp as ocsp_module
from ..x509.certificate import Certificate, certificates_from_bytes
from ..x509.revocation import RevocationResult, check_revocation, since
from ..x509.rules import label
from ..x509.trust import TrustStore
from .past import Cover, Held, Proof, held_in, inherited, status_then

NO_TRUST = TrustStore()
MAX_CHAIN = 8  # certificates from a signer to its root; the deepest real chain of the field has 4


@dataclass(frozen=True)
class Sources:
    """Where evidence comes from."""

    at: datetime
    """Now: evidence must be current then."""
    fetcher: Fetcher | None = None
    """None: only what is at hand."""
    evidence: Evidence = NO_EVIDENCE
    """At hand, such as CRLs that were fetched by somebody else."""
    trust: TrustStore = NO_TRUST
    """Chains end at these anchors, or at a self-signed certificate."""


def missing_evidence(
    signatures: Sequence[SignatureFacts], sources: Sources, only: Collection[str] | None = None
) -> list[Wanted]:
    """What has to be added so that each signature and timestamp can be verified from the document alone.

    `only` names the signatures that are meant.
    A PDF keeps the evidence for all in one place, so nothing is wanted twice; an XML signature has its own. Raises
    `EvidenceMissing` with every certificate for which something could not be had.
    """
    wanted: list[Wanted] = []
    missing: list[str] = []
    sources = replace(sources, evidence=sources.evidence + _in_all(signatures))
    search = _Search(sources)
    for walk in _walks(signatures, sources.at):
        facts = walk.facts
        if only is not None and facts.id not in only:
            continue
        if facts.format == "xml":
            search = _Search(replace(sources, evidence=sources.evidence + together(w.evidence for w in wanted)))
        if facts.certificate is not None:
            search.chain(facts.certificate, facts.certificates, walk.by, walk.held)
        signer = search.taken()
        for stamp, over in walk.stamps:
            if stamp.certificate is not None:
                search.chain(stamp.certificate, stamp.certificates, over, walk.held)
        wanted.append(Wanted(facts.id, signer, search.taken()))
        missing += [m for m in search.missing if m not in missing]
    if missing:
        raise EvidenceMissing(
            "The evidence for this level cannot be had: " + "; ".join(missing) + ".",
            remedy="Try again when the certification authority answers, give the evidence, or stay at level B-T.",
            missing=tuple(missing),
        )
    return wanted


def _in_all(signatures: Sequence[SignatureFacts]) -> Evidence:
    """What the signatures of the file hold: a list that one signer brought may be about another as well.

    It is no evidence of the other one until it stands where a verifier of that one looks.
    """
    parts: list[Evidence] = []
    for facts in signatures:
        parts.append(Evidence(facts.certificates, facts.crls, facts.ocsp))
        parts += [Evidence(s.certificates, s.crls, s.ocsp) for s in facts.stored]
        parts += [Evidence(t.certificates) for t in facts.timestamps]
    return together(parts)


@dataclass(frozen=True)
class _Walk:
    """What is known of the times of one signature, its own timestamps being believed."""

    facts: SignatureFacts
    by: datetime | None
    """When the signature existed for certain."""
    stamps: tuple[tuple[TimestampFacts, datetime | None], ...]
    """Its timestamps, each with the time by which a later one proves it."""
    held: tuple[Held, ...]
    covers: tuple[Cover, ...]


def _walks(signatures: Sequence[SignatureFacts], at: datetime) -> Iterator[_Walk]:
    """In the order in which the verdicts are made: PDF the newest first, XML a counter-signature after its own."""
    documents: list[Cover] = []
    known: dict[str, _Walk] = {}
    for facts in signatures if signatures and signatures[0].format == "xml" else reversed(signatures):
        around = known.get(facts.xml.inside or "") if facts.xml else None
        covers = tuple(c for c in documents if c.state >= facts.state)
        if around is not None:
            covers = inherited(facts, around.covers)
        timed = [(t, by) for t in facts.timestamps if t.time is not None and (by := _by(t)) is not None]
        own = [by for t, by in timed if t.kind in PROVING]
        covers += tuple(
            Cover(t.state - 1, Proof(t.time, by), ()) for t, by in timed if t.kind == "archive" and t.time is not None
        )
        over = min((c.proof.by for c in covers), default=None)
        by = min((b for b in (*own, over) if b is not None), default=None)
        stamps = tuple(
            (t, by if t.kind == "content" else min((c.proof.by for c in covers if c.covers(t)), default=None))
            for t, _ in timed
            if t.kind != "document"
        )
        held = held_in(facts, covers, at) + (around.held if around is not None else ())
        walk = known[facts.id] = _Walk(facts, by, stamps, held, covers)
        yield walk
        documents += [
            Cover(facts.state, Proof(t.time, by), ())
            for t, by in timed
            if t.kind == "document" and t.time is not None
        ]


def _by(stamp: TimestampFacts) -> datetime | None:
    return None if stamp.time is None else stamp.time + timedelta(seconds=min(stamp.accuracy_s, 86_400.0))


@dataclass
class _Search:
    """Collects evidence for one chain after the other; each certificate is asked about once."""

    sources: Sources
    missing: list[str] = field(default_factory=list)
    certificates: list[Certificate] = field(default_factory=list)
    crls: list[bytes] = field(default_factory=list)
    ocsp: list[bytes] = field(default_factory=list)
    done: set[tuple[str, bool]] = field(default_factory=set)
    before: Evidence = NO_EVIDENCE
    """What was found and taken already."""

    def taken(self) -> Evidence:
        """What was found since the last call."""
        found = together([Evidence(tuple(self.certificates), tuple(self.crls), tuple(self.ocsp))])
        self.before += found
        self.certificates, self.crls, self.ocsp = [], [], []
        return found

    def chain(
        self, leaf: Certificate, carried: Sequence[Certificate], proven: datetime | None, held: Sequence[Held]
    ) -> None:
        """Evidence for every certificate from `leaf` up. `proven`: when its signature existed for certain."""
        stored = [c for h in held for c in h.evidence.certificates]
        path = self._path(leaf, [*carried, *stored, *self.sources.evidence.certificates])
        self.certificates += [c for c in path if not c.self_issued and c not in carried and c not in stored]
        for certificate, issuer in pairwise(path):
            key = (certificate.sha256, proven is None)
            if key in self.done:
                continue
            self.done.add(key)
            self._ask(certificate, issuer, proven, held)

    def _path(self, leaf: Certificate, candidates: list[Certificate]) -> list[Certificate]:
        """The chain up to an anchor or a self-signed certificate; what lacks goes to `missing`."""
        anchors = [a for p in ("signing", "timestamping") for a in self.sources.trust.for_purpose(p)]
        path = [leaf]
        while len(path) < MAX_CHAIN:
            last = path[-1]
            if last in anchors or (last.self_issued and last.issued_by(last)):
                return path
            pool = (*anchors, *candidates, *self._fetched_issuers(last, (*anchors, *candidates)))
            issuer = next((c for c in pool if last.issuer.matches(c.subject) and last.issued_by(c)), None)
            if issuer is None or issuer in path:
                break
            path.append(issuer)
        self.missing.append(f"{label(path[-1])}: the certificate of its issuer ({path[-1].issuer}) is not at hand")
        return path

    def _fetched_issuers(self, child: Certificate, known: Sequence[Certificate]) -> Sequence[Certificate]:
        fetcher = self.sources.fetcher
        if fetcher is None or any(child.issuer.matches(c.subject) and child.issued_by(c) for c in known):
            return ()
        try:
            return certificates_from_bytes(fetcher.certificates(child.ca_issuer_urls[0]))
        except (FetchError, FormatError, IndexError):
            return ()

    def _ask(
        self, certificate: Certificate, issuer: Certificate, proven: datetime | None, held: Sequence[Held]
    ) -> None:
        if proven is not None:
            then = status_then(certificate, issuer, proven, held)
            if (
                then is not None
                and then.status == "good"
                and (self.sources.fetcher is None or since(then.at, proven))
            ):
                return
        sources = self.sources
        stored = together(h.evidence for h in held)
        inside = frozenset((*stored.crls, *stored.ocsp))
        given = sources.evidence + self.before
        given += Evidence(tuple(self.certificates), tuple(self.crls), tuple(self.ocsp))
        known = stored + given
        recorder = _Recorder(sources.fetcher) if sources.fetcher is not None else None
        result = check_revocation(
            certificate,
            issuer,
            at=sources.at,
            crls=known.crls,
            ocsp=known.ocsp,
            candidates=known.certificates,
            fetcher=recorder,
            proven=proven,
            given=frozenset((*given.crls, *given.ocsp)) - inside,
        )
        if not _serves(result, proven):
            self.missing.append(f"{label(certificate)}: {result.text or result.status}".rstrip("."))
            return
        if proven is None and self._good_by(stored, certificate, issuer):
            return
        crls = [
            c
            for c in given.crls
            if c not in inside and listing.answer(c, certificate, issuer, sources.at) is not None
        ]
        answers = [
            o
            for o in given.ocsp
            if o not in inside and ocsp_module.answer(o, certificate, issuer, sources.at) is not None
        ]
        self.crls += [*crls, *(recorder.crls if recorder else ())]
        self.ocsp += [*answers, *(recorder.answers if recorder else ())]

    def _good_by(self, stored: Evidence, certificate: Certificate, issuer: Certificate) -> bool:
        """Whether what the file holds already shows, offline and today, what was just confirmed."""
        result = check_revocation(
            certificate,
            issuer,
            at=self.sources.at,
            crls=stored.crls,
            ocsp=stored.ocsp,
            candidates=stored.certificates,
        )
        return result.status == "good"


def _serves(result: RevocationResult, proven: datetime | None) -> bool:
    """Good, or revoked only after the proven time: that answer is evidence as well."""
    if result.status == "good":
        return True
    late = proven is not None and result.at is not None and proven < result.at
    return result.status == "revoked" and late and result.reason not in ("keyCompromise", "cACompromise")


class _Recorder:
    """A fetcher that keeps what it was given."""

    def __init__(self, fetcher: Fetcher) -> None:
        self._fetcher = fetcher
        self.crls: list[bytes] = []
        self.answers: list[bytes] = []

    def ocsp(self, url: str, request: bytes) -> bytes:
        answer = self._fetcher.ocsp(url, request)
        self.answers.append(answer)
        return answer

    def crl(self, url: str) -> bytes:
        found = self._fetcher.crl(url)
        self.crls.append(found)
        return found
