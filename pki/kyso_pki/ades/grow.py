"""Growth: what keeps a signature verifiable is added at the end of the document, and nothing is changed.

Reach for `extend`. Each step is a function of a document: `timestamp_document` (B-T for what has no time yet, B-LTA
and its renewal, or a document timestamp alone), `missing_evidence` and `add_evidence` (B-LT). A level whose evidence
cannot be had is refused by name of the certificate and of what it lacks, never claimed.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from itertools import pairwise

from ..document import Document, Growing, Level, can_grow
from ..errors import EvidenceMissing, FetchError, FormatError, NotExtendable, UsageError
from ..evidence import NO_EVIDENCE, Evidence
from ..facts import SignatureFacts, TimestampFacts
from ..scheme import digest
from ..signer import Fetcher, Timestamper
from ..x509 import listing
from ..x509 import ocsp as ocsp_module
from ..x509.certificate import Certificate, certificates_from_bytes
from ..x509.revocation import RevocationResult, check_revocation, since
from ..x509.rules import label
from ..x509.trust import TrustStore
from .past import Cover, Held, Proof, held_in, status_then
from .stamping import TIMESTAMP_HASH, token_size

NO_TRUST = TrustStore()
MAX_CHAIN = 8  # certificates from a signer to its root; the deepest real chain of the field has 4
Append = Callable[[bytes], Growing]
"""Puts a tail at the end of the document and opens the result."""


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


def extend(
    document: Document,
    level: Level,
    *,
    timestamper: Timestamper | None,
    sources: Sources,
    append: Append | None = None,
) -> Growing:
    """The document with all its signatures brought to `level`; at B-LTA always with one more document timestamp.

    So B-LTA on a document that is B-LTA renews it: evidence for the timestamp before, then a new one over it.
    `append` is for documents that are not in memory. Raises `NotExtendable`, `EvidenceMissing`, `TimestampError`.
    """
    growing = _growing(document)
    for facts in _intact(growing):
        if level == "B-B":
            raise UsageError("Every signature is B-B already.", remedy="Use B-T, B-LT or B-LTA.")
        if not _proven(facts, growing.signatures()):
            growing = timestamp_document(growing, timestamper, append)
            break
    if level == "B-T":
        return growing
    growing = add_evidence(growing, missing_evidence(growing.signatures(), sources), append)
    return timestamp_document(growing, timestamper, append) if level == "B-LTA" else growing


def timestamp_document(document: Document, timestamper: Timestamper | None, append: Append | None = None) -> Growing:
    """The document with a document timestamp over all of it (EN 319 142-1 5.4.3). Raises `TimestampError`."""
    growing = _growing(document)
    if timestamper is None:
        raise UsageError("A timestamp needs a time-stamping authority.", remedy="Name one (--tsa URL).")
    pending = growing.prepare_timestamp(token_size(timestamper))
    imprint = pending.digest(TIMESTAMP_HASH)
    token = timestamper.timestamp(imprint, TIMESTAMP_HASH)
    return (append or growing.appended)(pending.tail(token, imprint, TIMESTAMP_HASH))


def add_evidence(document: Document, evidence: Evidence, append: Append | None = None) -> Growing:
    """The document with this evidence inside; as it is when it holds all of it already."""
    growing = _growing(document)
    parts = (*(c.der for c in evidence.certificates), *evidence.crls, *evidence.ocsp)
    tail = growing.evidence_tail(evidence, digest("sha256", b"".join(parts)))
    return (append or growing.appended)(tail) if tail else growing


def missing_evidence(signatures: Sequence[SignatureFacts], sources: Sources) -> Evidence:
    """What has to be added so that each signature and timestamp can be verified from the document alone.

    Raises `EvidenceMissing` with every certificate for which something could not be had.
    """
    search = _Search(sources)
    covers: list[Cover] = []
    for facts in reversed(signatures):  # newest first, as the verdict is made
        held = held_in(facts, covers, sources.at)
        over = min((c.proof.by for c in covers), default=None)
        own = [t for t in facts.timestamps if t.kind == "signature" and t.time is not None]
        if facts.certificate is not None:
            by = min((b for b in (*map(_by, own), over) if b is not None), default=None)
            search.chain(facts.certificate, facts.certificates, by, held)
        for stamp in own:
            if stamp.certificate is not None:
                search.chain(stamp.certificate, stamp.certificates, over, held)
        covers += [
            Cover(facts.state, Proof(t.time, by), ())
            for t in facts.timestamps
            if t.kind == "document" and t.time is not None and (by := _by(t)) is not None
        ]
    if search.missing:
        raise EvidenceMissing(
            "The evidence for this level cannot be had: " + "; ".join(search.missing) + ".",
            remedy="Try again when the certification authority answers, give the evidence, or stay at level B-T.",
            missing=tuple(search.missing),
        )
    return search.found()


def _growing(document: Document) -> Growing:
    if not can_grow(document):
        raise UsageError(
            f"Signatures in {document.format.upper()} documents cannot be extended yet.",
            remedy="Sign at level B-B or B-T.",
        )
    return document


def _intact(document: Growing) -> Sequence[SignatureFacts]:
    """The signatures, all of them sound: what is broken is not preserved."""
    found = document.signatures()
    if not found:
        raise NotExtendable("The document carries no signature.", remedy="Sign it first, or timestamp it.")
    for facts in found:
        stamps = all(t.intact for t in facts.timestamps)
        if not (facts.well_formed and facts.references_intact and facts.signature_intact and stamps):
            raise NotExtendable(
                f"The signature {facts.id!r} is not intact; it is not extended.",
                remedy="Verify the document, and get it again from its sender.",
            )
        if any(not c.allowed and c.kind != "overlay" for c in facts.changes_after):
            raise NotExtendable(f"The document was changed after the signature {facts.id!r}; it is not extended.")
    return found


def _proven(facts: SignatureFacts, all_facts: Sequence[SignatureFacts]) -> bool:
    """Whether a timestamp covers the signature: its own, or one over a later state of the document."""
    return bool(facts.timestamps) or any(
        later.state > facts.state and any(t.kind == "document" for t in later.timestamps) for later in all_facts
    )


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

    def found(self) -> Evidence:
        return NO_EVIDENCE + Evidence(tuple(self.certificates), tuple(self.crls), tuple(self.ocsp))

    def chain(
        self, leaf: Certificate, carried: Sequence[Certificate], proven: datetime | None, held: Sequence[Held]
    ) -> None:
        """Evidence for every certificate from `leaf` up. `proven`: when its signature existed for certain."""
        stored = [c for h in held for c in h.evidence.certificates]
        path = self._path(leaf, [*carried, *stored, *self.sources.evidence.certificates])
        self.certificates += [c for c in path if not c.self_issued and c not in carried]
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
        stored = sum((h.evidence for h in held), NO_EVIDENCE)
        given = sources.evidence + Evidence(tuple(self.certificates), tuple(self.crls), tuple(self.ocsp))
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
        )
        if not _serves(result, proven):
            self.missing.append(f"{label(certificate)}: {result.text or result.status}".rstrip("."))
            return
        if proven is None and self._good_by(stored, certificate, issuer):
            return
        crls = [c for c in given.crls if listing.answer(c, certificate, issuer, sources.at) is not None]
        answers = [o for o in given.ocsp if ocsp_module.answer(o, certificate, issuer, sources.at) is not None]
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
