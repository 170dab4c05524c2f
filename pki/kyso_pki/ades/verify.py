"""The verdict on signatures: facts, then the steps of EN 319 102-1, then a report.

Reach for `judge` (or `kyso_pki.formats.verify_document`, which also opens the file). The steps run on
facts + trust + time + evidence only, so the same input gives the same verdict. Every problem is collected and
the worst decides. What could not be checked is never good: no anchors, no revocation answer, no coverage of
the whole document are INDETERMINATE with the reason, and anything broken is TOTAL-FAILED.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from itertools import pairwise

from ..document import LEVELS, level_named
from ..errors import FetchError, FormatError, KysoError, UsageError
from ..evidence import NO_EVIDENCE, Evidence
from ..facts import PROVING, Finding, Format, SignatureFacts, TimestampFacts
from ..scheme import digest
from ..signer import Fetcher
from ..x509.certificate import Certificate, certificates_from_bytes
from ..x509.path import PathResult, find_path
from ..x509.revocation import RevocationResult, check_path, of_file, since
from ..x509.rules import label
from ..x509.trust import Anchor, Purpose, TrustStore
from .past import Cover, Held, Proof, good_then, held_in, inherited, status_then
from .policy import DEFAULT_POLICY as DEFAULT_POLICY
from .policy import Policy as Policy
from .report import DocumentReport, Indication, SignatureReport, TimestampResult
from .used import Recorder, used_in

CLOCK_SKEW = timedelta(minutes=5)
MAX_ISSUER_FETCHES = 4  # certificates fetched by AIA for one path, against being led around
_NO_CERTIFICATE = "NO_SIGNING_CERTIFICATE"
_COMPROMISED = frozenset({"keyCompromise", "cACompromise"})
_YOUNG = timedelta(days=1)  # of an answer: a CA that publishes daily could not have told anything newer
_READ: dict[str, tuple[Indication, str]] = {
    # What can be said only where the data was read (xml): it changed, or nobody has it.
    "CONTENT_CHANGED": ("TOTAL-FAILED", "HASH_FAILURE"),
    "MANIFEST_ENTRY_CHANGED": ("TOTAL-FAILED", "HASH_FAILURE"),
    "SIGNED_DATA_NOT_FOUND": ("INDETERMINATE", "SIGNED_DATA_NOT_FOUND"),
    "MANIFEST_NOT_CHECKED": ("INDETERMINATE", "SIGNED_DATA_NOT_FOUND"),
}
_UNCHECKED = RevocationResult("not_checked", text="No path to a trust anchor, so nobody to ask about revocation.")


def judge(
    facts: Sequence[SignatureFacts],
    *,
    sha256: str,
    format: Format,
    trust: TrustStore,
    at: datetime,
    evidence: Evidence = NO_EVIDENCE,
    fetcher: Fetcher | None = None,
    policy: Policy = DEFAULT_POLICY,
    file: str | None = None,
) -> DocumentReport:
    """The report on one file with these signatures, at validation time `at` (aware).

    `fetcher` None means offline: only the evidence inside the file and in `evidence` is used.
    """
    if at.tzinfo is None:
        raise UsageError("The validation time has no zone.", remedy="Pass an aware datetime.")
    reports: dict[int, SignatureReport] = {}
    covers: list[Cover] = []  # document timestamps cover everything before them
    judged: dict[str, _Judgement] = {}
    numbered = list(enumerate(facts))
    for number, item in numbered if format == "xml" else reversed(numbered):  # PDF: the newest first
        around = judged.get(item.xml.inside or "") if item.xml else None  # XML: a counter-signature comes later
        over = covers if around is None else inherited(item, (*around.covers, *around.archives))
        one = _Judgement(item, trust, at, evidence, fetcher, policy, tuple(over), around.in_file if around else ())
        reports[number], judged[item.id] = one.report(), one
        covers += one.documents
    return DocumentReport(file, sha256, format, tuple(reports[n] for n, _ in numbered), _unsigned(facts), policy.name)


def _unsigned(facts: Sequence[SignatureFacts]) -> tuple[Finding, ...]:
    """The finding about a document that nobody signed; anybody can have any document stamped."""
    if not facts:
        return (Finding("NO_SIGNATURE", "error", "The document carries no signature."),)
    if all(f.family == "DOCTIMESTAMP" for f in facts):
        return (Finding("NO_SIGNATURE", "error", "The document carries a timestamp, but no signature."),)
    return ()


@dataclass
class _Judgement:
    """The steps over one signature. Not shared and not kept: one per signature, used once."""

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
        self._look(None)
        beside = (*self.evidence.certificates, *(c for s in self.facts.stored for c in s.certificates))
        beside += tuple(c for h in self.around for c in h.evidence.certificates)
        self.beside: tuple[Certificate, ...] = beside
        """Certificates that stand in no signature and no timestamp."""

    def _look(self, at: TimestampFacts | None) -> None:
        """Sees what is proven of the signature, or of one of its timestamps, by what is trusted so far."""
        covers = (*self.covers, *self.archives)
        over = [c.proof for c in covers if at is None or c.state >= at.state]
        if at is not None and at.kind == "content" and self.own is not None:
            over.append(self.own)  # it was signed, and the signature existed by then
        self.covering: Proof | None = min(over, key=lambda p: p.by, default=None)
        """That the whole signature, its timestamps included, existed by then."""
        self.in_file: tuple[Held, ...] = (*held_in(self.facts, covers, self.at), *self.around)
        self.held: tuple[Held, ...] = (*self.in_file, Held(self.evidence, self.at))
        self.at_hand: Evidence = sum((h.evidence for h in self.held), NO_EVIDENCE)

    def report(self) -> SignatureReport:
        """Runs the steps in the standard's order and writes down the result."""
        facts = self.facts
        self.findings += facts.findings
        self._format()  # 5.2.2
        self._signing_certificate()  # 5.2.3
        self._signature_policy()  # 5.2.4
        self._cryptography()  # 5.2.7
        timestamps = self._timestamps()  # 5.4
        proven = min((p for p in (self.own, self.covering) if p), key=lambda p: p.by, default=None)
        path, revocation = self._certificate(proven)  # 5.2.6, 5.5.4
        self._acceptance(proven)  # 5.2.8
        self._coverage()
        level = self._level(timestamps, path, proven)
        self._required_level(level)
        paths = (path, *(t.path for t in timestamps))
        fetched = self.recorder.fetched if self.recorder else ()
        evidence = used_in(facts, paths, self.held, (*self.covers, *self.archives), fetched)
        indication, sub_indication = _worst(self.problems)
        return SignatureReport(
            id=facts.id,
            format=facts.format,
            level=level,
            indication=indication,
            sub_indication=sub_indication,
            certificate=facts.certificate,
            path=path,
            anchor=self._anchor(path, proven.by if proven else self.at, self._purpose),
            claimed_time=facts.claimed_time,
            proven_time=proven.time if proven else None,
            validation_time=self.at,
            references_intact=facts.references_intact,
            signature_intact=facts.signature_intact,
            coverage=facts.coverage,
            changes_after=facts.changes_after,
            timestamps=timestamps,
            revocation=revocation,
            findings=tuple(dict.fromkeys(self.findings)),
            scheme=facts.scheme.name if facts.scheme else None,
            reason=facts.reason,
            location=facts.location,
            trust_loaded=not self.trust.empty,
            pdf=facts.pdf,
            xml=facts.xml,
            evidence=evidence,
        )

    def _timestamps(self) -> tuple[TimestampResult, ...]:
        """5.4 and 5.6.2.4 Every timestamp, the newest first: a trusted archive timestamp proves those that it covers.

        What they prove of the signature stands in `own`, `archives` and `documents` afterwards.
        """
        results: list[TimestampResult] = []
        for facts in reversed(self.facts.timestamps):
            if facts.state or facts.kind == "content":
                self._look(facts)
            result = self._timestamp(facts)
            results.insert(0, result)
            if (proof := _earliest([result])) is None:
                continue
            if facts.kind in PROVING:
                self.own = min((p for p in (self.own, proof) if p), key=lambda p: p.by)
            if facts.kind == "archive":
                self.archives += (Cover(facts.state - 1, proof, result.path),)
            elif facts.kind == "document":
                self.documents += (Cover(self.facts.state, proof, result.path),)
                self.own = proof
        if self.facts.format != "pdf":
            self._look(None)
        return tuple(results)

    def _signature_policy(self) -> None:
        """5.2.4 The signature policy document, when it is at hand, has the hash that was signed."""
        named = self.facts.xml.policy if self.facts.xml else None
        if named is None or named.identifier is None or named.hash_name is None:
            return
        document = dict(self.policy.signature_policies).get(named.identifier)
        if document is None or not named.comparable:
            text = f"The signature names the policy {named.identifier}, which was not checked."
            self.findings.append(Finding("SIGNATURE_POLICY_NOT_CHECKED", "info", text))
        elif digest(named.hash_name, document) != named.digest:
            text = f"The policy {named.identifier} that was given is another document than the one that was signed."
            self._problem("INDETERMINATE", "POLICY_PROCESSING_ERROR", "SIGNATURE_POLICY_MISMATCH", text)

    def _problem(self, indication: Indication, sub: str, code: str, text: str) -> None:
        self.problems.append((indication, sub))
        self.findings.append(Finding(code, "error", text))

    def _format(self) -> None:
        """5.2.2 Format checking: an error while reading is a verdict. A missing certificate is 5.2.3's."""
        codes = {f.code for f in self.facts.findings if f.severity == "error"}
        if codes - {_NO_CERTIFICATE, *_READ}:
            self.problems.append(("TOTAL-FAILED", "FORMAT_FAILURE"))
        self.problems += [problem for code, problem in _READ.items() if code in codes]

    def _signing_certificate(self) -> None:
        """5.2.3 Identification of the signing certificate."""
        broken = {f.code for f in self.facts.findings if f.severity == "error"} - _READ.keys()
        if self.facts.certificate is None or broken:  # no error finding is ever without effect
            self.problems.append(("INDETERMINATE", "NO_SIGNING_CERTIFICATE_FOUND"))
            if not broken:
                text = "The signer's certificate could not be identified."
                self.findings.append(Finding(_NO_CERTIFICATE, "error", text))

    def _cryptography(self) -> None:
        """5.2.7 Cryptographic verification."""
        said = any(f.code in ("CONTENT_CHANGED", "SIGNED_DATA_NOT_FOUND") for f in self.facts.findings)
        if not self.facts.references_intact and self.facts.scheme is None:
            self.problems.append(("TOTAL-FAILED", "HASH_FAILURE"))  # nothing was read: no digest was compared
        elif not self.facts.references_intact and not said:
            text = "The signed content was changed: its digest does not match."
            self._problem("TOTAL-FAILED", "HASH_FAILURE", "CONTENT_CHANGED", text)
        if not self.facts.signature_intact and self.facts.certificate is not None:
            text = "The signature value does not verify with the signer's key."
            self._problem("TOTAL-FAILED", "SIG_CRYPTO_FAILURE", "VALUE_INVALID", text)

    def _timestamp(self, facts: TimestampFacts) -> TimestampResult:
        """5.4 Time-stamp validation. A broken token breaks the signature; an untrusted one proves nothing."""
        if not facts.intact or facts.certificate is None or facts.time is None:
            why = "; ".join(f.text for f in facts.findings) or "it does not cover this signature or is damaged"
            text = f"A {facts.kind} timestamp is broken: {why}."
            self._problem("TOTAL-FAILED", "FORMAT_FAILURE", "TIMESTAMP_BROKEN", text)
            return TimestampResult(facts, False, text)
        distrust, path = self._distrust(facts, facts.certificate, facts.time)
        if distrust is None:
            best = self.covering.by if self.covering else self.at
            return TimestampResult(facts, True, path=path, anchor=self._anchor(path, best, "timestamping"))
        sub, text = distrust
        if self.facts.family == "DOCTIMESTAMP" or sub == "TIMESTAMP_ORDER_FAILURE":
            # The one is nothing but its time; of the other, two authorities contradict each other (5.5.4).
            self._problem("INDETERMINATE", sub, "TIMESTAMP_NOT_TRUSTED", text)
        else:
            self.findings.append(Finding("TIMESTAMP_NOT_TRUSTED", "warning", text))
        return TimestampResult(facts, False, text)

    def _distrust(
        self, facts: TimestampFacts, authority: Certificate, time: datetime
    ) -> tuple[tuple[str, str] | None, tuple[Certificate, ...]]:
        """Why this intact timestamp proves nothing (sub-indication, text); None and its path when it proves its time.

        The margin of `accuracy_s` counts against it at both ends (class T3). Its authority must be good now, or
        when a later document timestamp proves that it existed. Differences of times are compared: sums overflow.
        """
        margin = facts.margin
        if time - self.at > CLOCK_SKEW - margin:
            return ("OUT_OF_BOUNDS_NO_POE", f"The timestamp lies in the future ({time:%Y-%m-%d %H:%M:%S} UTC)."), ()
        if self.covering is not None and time - self.covering.by > CLOCK_SKEW + margin:
            text = f"The timestamp ({time:%Y-%m-%d %H:%M:%S} UTC) is later than one that was made over it."
            return ("TIMESTAMP_ORDER_FAILURE", text), ()
        best = self.covering.by if self.covering else self.at
        for name in (facts.hash_name, facts.scheme.hash_name if facts.scheme else None):
            if name is not None and not self.policy.hash_accepted(name, best):
                return ("CRYPTO_CONSTRAINTS_FAILURE", f"The timestamp uses {name}, which is too weak."), ()
        if time - authority.not_before < margin or authority.not_after - time < margin:
            text = "The timestamp was made outside the validity of its authority's certificate."
            return ("OUT_OF_BOUNDS_NO_POE", text), ()
        found = self._path(authority, facts.certificates, best, "timestamping")
        if not found.path:
            code = next((f.code for f in found.findings if f.severity == "error"), "NO_CERTIFICATE_CHAIN_FOUND")
            text = "The time-stamping authority is not trusted: " + _texts(found.findings)
            return (_path_problem(code)[1], text), ()
        revocation, culprit = self._revocation_along(found.path, "TIMESTAMP_AUTHORITY", self.covering)
        if culprit is not None:
            text = f"The time-stamping authority's certificate: {revocation.text or revocation.status}"
            return (_revocation_problem(revocation, ca=culprit != authority), text), ()
        return None, found.path

    def _certificate(self, proven: Proof | None) -> tuple[tuple[Certificate, ...], RevocationResult]:
        """5.2.6 X.509 validation at the best signature time (5.5.4): proven by a timestamp, else now."""
        leaf = self.facts.certificate
        if leaf is None:
            return (), _UNCHECKED
        best = proven.by if proven else self.at
        found = self._path(leaf, self.facts.certificates, best, self._purpose)
        self.findings += found.findings
        for finding in found.findings:
            if finding.severity == "error":
                too_early = proven is not None and proven.by < leaf.not_before
                self.problems.append(_path_problem(finding.code, too_early=too_early))
        if not found.path:
            if not any(f.severity == "error" for f in found.findings):
                text = "No path to a trust anchor was found."
                self._problem("INDETERMINATE", "NO_CERTIFICATE_CHAIN_FOUND", "NO_CERTIFICATE_CHAIN_FOUND", text)
            return (), _UNCHECKED
        revocation, culprit = self._revocation_along(found.path, "SIGNER", proven)
        if culprit is None:
            self._tell_age(leaf, revocation, proven)
        else:
            code = "REVOKED" if revocation.status == "revoked" else "REVOCATION_NOT_CHECKED"
            text = revocation.text or f"The revocation status is {revocation.status}."
            self._problem("INDETERMINATE", _revocation_problem(revocation, ca=culprit != leaf), code, text)
        return found.path, revocation

    @property
    def _purpose(self) -> Purpose:
        return "timestamping" if self.facts.family == "DOCTIMESTAMP" else "signing"

    def _anchor(self, path: tuple[Certificate, ...], at: datetime, purpose: Purpose) -> Anchor | None:
        """By whose word the end of a path that was found is trusted."""
        return self.trust.anchor_at(path[-1], purpose, at) if path else None

    def _acceptance(self, proven: Proof | None) -> None:
        """5.2.8 Signature acceptance: algorithms, key size, claimed time."""
        scheme, leaf = self.facts.scheme, self.facts.certificate
        names = (self.facts.content_hash, scheme.hash_name if scheme else None)
        best = proven.by if proven else self.at
        if weak := next((n for n in names if n is not None and not self.policy.hash_accepted(n, best)), None):
            text = f"The signature uses {weak}, which is not accepted any more."
            self._problem("INDETERMINATE", "CRYPTO_CONSTRAINTS_FAILURE", "WEAK_HASH", text)
        if leaf is None:
            return
        try:
            strong = self.policy.key_accepted(leaf.public_key)
        except KysoError:
            strong = False
        if not strong:
            text = "The signer's key is too weak or of an unknown kind."
            self._problem("INDETERMINATE", "CRYPTO_CONSTRAINTS_FAILURE", "WEAK_KEY", text)
        claimed = self.facts.claimed_time
        if claimed is None:
            return
        if not leaf.not_before <= claimed <= leaf.not_after:
            text = "The claimed signing time lies outside the validity of the certificate."
            self.findings.append(Finding("CLAIMED_TIME_OUTSIDE", "warning", text))
        if claimed - (proven.by if proven else self.at) > CLOCK_SKEW:
            text = "The claimed signing time is later than the proven time or than now."
            self.findings.append(Finding("CLAIMED_TIME_FUTURE", "warning", text))

    def _coverage(self) -> None:
        """What the signature says nothing about: changes after signing, and parts it never covered."""
        for change in self.facts.changes_after:
            if change.allowed:
                if change.kind in self.policy.refuse:
                    text = f"Permitted by the signer, refused by the policy {self.policy.name}: {change.text}"
                    self._problem("INDETERMINATE", "SIG_CONSTRAINTS_FAILURE", "CHANGE_REFUSED_BY_POLICY", text)
            elif change.kind in self.policy.tolerate:
                text = f"Changed after signing, tolerated by the policy {self.policy.name}: {change.text}"
                self.findings.append(Finding("CHANGE_TOLERATED_BY_POLICY", "warning", text))
            elif change.kind == "overlay":
                self._overlay(f"Added over the signed page: {change.text}", change.blank)
            else:
                text = f"Changed after signing: {change.text}"
                self._problem("TOTAL-FAILED", "FORMAT_FAILURE", "CHANGED_AFTER_SIGNING", text)
        if any(f.code == "COMMENT_IN_TEXT" for f in self.facts.findings):
            self.problems.append(("INDETERMINATE", "SIG_CONSTRAINTS_FAILURE"))
        if not self.facts.coverage.whole and self.facts.well_formed and not self._countersigns():
            text = f"The signature covers only a part of the document: {self.facts.coverage.what}"
            if self.facts.format == "xml" and self.policy.accept_parts:
                self.findings.append(Finding("COVERS_PART", "warning", text))
            else:
                self._problem("INDETERMINATE", "SIG_CONSTRAINTS_FAILURE", "COVERS_PART", text)

    def _countersigns(self) -> bool:
        """Whether it is about another signature alone; that one's verdict says what is covered (class C8)."""
        xml = self.facts.xml
        return self.facts.countersigned is not None or (xml is not None and xml.countersigns is not None)

    def _overlay(self, text: str, blank: bool) -> None:
        """A later signature that shows something: only whoever looks at the page can say that it hides nothing."""
        if self.policy.accept_overlays or (blank and self.policy.accept_blank_overlays):
            self.findings.append(Finding("OVERLAY", "warning", text))
        else:
            self._problem("INDETERMINATE", "SIG_CONSTRAINTS_FAILURE", "OVERLAY", text)

    def _path(self, leaf: Certificate, carried: Sequence[Certificate], at: datetime, purpose: Purpose) -> PathResult:
        """A path from what the signature carries; missing issuers are fetched when there is a fetcher."""
        candidates = list(dict.fromkeys((*carried, *self.beside)))
        found = find_path(leaf, candidates, self.trust, at, purpose)
        missing = leaf
        for _ in range(MAX_ISSUER_FETCHES):
            if found.path or self.fetcher is None or self.trust.empty:
                break
            try:
                if not (urls := missing.ca_issuer_urls):
                    break
                fetched = certificates_from_bytes(self.fetcher.certificates(urls[0]))
            except (FetchError, FormatError) as e:
                self.findings.append(Finding("ISSUER_NOT_FETCHED", "info", e.message))
                break
            if all(c in candidates for c in fetched):
                break
            candidates += fetched
            missing = fetched[0]
            found = find_path(leaf, candidates, self.trust, at, purpose)
        return found

    def _revocation_along(
        self, path: tuple[Certificate, ...], whose: str, proven: Proof | None
    ) -> tuple[RevocationResult, Certificate | None]:
        """5.2.6.4 and 5.5.4 for every certificate of the path but the anchor: what to report, and who is to blame.

        None is to blame when each is good, or was revoked later than `proven` without its key being compromised.
        Otherwise the result is that of the first certificate that is revoked, else of the first that is not good.
        """
        results = self._stale(self._statuses(path, proven), proven)
        if not results:  # the certificate is itself an anchor
            return RevocationResult("good", "anchor", text="The certificate is itself a trust anchor."), None
        bad = [
            (c, r)
            for c, r in zip(path, results, strict=False)
            if r.status != "good" and not self._spares(c, r, proven)
        ]
        if not bad:
            return results[0], None
        culprit, result = next((pair for pair in bad if pair[1].status == "revoked"), bad[0])
        if culprit == path[0]:
            return result, culprit
        text = f"The issuer “{culprit.subject.first('CN')}”: {result.text or result.status}"
        self.findings.append(Finding(f"{whose}_CA_{result.status.upper()}", "warning", text))
        return RevocationResult(result.status, result.source, result.at, result.reason, text), culprit

    def _tell_age(self, leaf: Certificate, revocation: RevocationResult, proven: Proof | None) -> None:
        """Says how old a "good" at hand is that was given before the signature existed for certain.

        It is current by its own promise (5.2.5), and yet whoever has stolen a key can sign until it ends, and keep an
        answer from before the theft beside the signature.
        """
        given = revocation.at
        if given is None or not of_file(revocation.source) or since(given, proven.by if proven else None):
            return
        age = (proven.by if proven else self.at) - given
        what = "the signature is proven" if proven else "this validation"
        text = (
            f"That {label(leaf)} was not revoked is known as of {given:%Y-%m-%d %H:%M:%S} UTC only, "
            f"{_shown(age)} before {what} ({revocation.source}); nobody was asked."
        )
        self.findings.append(Finding("REVOCATION_AGE", "info" if age < _YOUNG else "warning", text))

    def _statuses(self, path: tuple[Certificate, ...], proven: Proof | None) -> tuple[RevocationResult, ...]:
        """One result for each certificate but the anchor: as of now, else as of the proven time (5.6.2.1)."""
        known = self.at_hand
        results = check_path(
            path,
            at=self.at,
            crls=known.crls,
            ocsp=known.ocsp,
            candidates=known.certificates,
            fetcher=self.fetcher,
            proven=proven.by if proven else None,
        )
        if proven is None:
            return results
        found: list[RevocationResult] = []
        for (certificate, issuer), now in zip(pairwise(path), results, strict=True):
            then = status_then(certificate, issuer, proven.by, self.held) if now.status == "not_checked" else None
            found.append(then if then is not None and self._speaks(certificate, then, proven) else now)
        return tuple(found)

    def _speaks(self, certificate: Certificate, then: RevocationResult, proven: Proof) -> bool:
        """Whether the file's word about the past is taken where the issuer could be asked and gave no usable answer.

        While the certificate is valid its issuer must answer; until he does, a "good" from before the proven time
        could hide a revocation. Once it has expired he may have forgotten it (RFC 5280 3.3), and who is offline asks
        nobody: there the freshness that the answer itself promises is the rule (EN 319 102-1 5.2.5).
        """
        if self.fetcher is None or then.status == "revoked" or certificate.not_after < self.at:
            return True
        return since(then.at, proven.by)

    def _stale(self, results: Sequence[RevocationResult], proven: Proof | None) -> tuple[RevocationResult, ...]:
        """5.2.5 Revocation freshness, where the policy asks for more than the answer's own promise."""
        age, best = self.policy.revocation_max_age, proven.by if proven else self.at
        if age is None:
            return tuple(results)
        text = (
            f"The answer is older at the time of signing than the {age.days} days of the policy {self.policy.name}."
        )
        return tuple(
            RevocationResult("not_checked", r.source, r.at, r.reason, text)
            if r.status == "good" and r.at is not None and best - r.at > age
            else r
            for r in results
        )

    def _required_level(self, level: str) -> None:
        """What the policy asks a signature to be; timestamps alone and counter-signatures are asked nothing."""
        wanted = self.policy.level
        if wanted == "B-B" or self.facts.family == "DOCTIMESTAMP" or self._countersigns():
            return
        reached = level.partition("-")[2]
        if reached not in LEVELS or LEVELS.index(level_named(reached)) < LEVELS.index(wanted):
            text = f"The signature is {level}; the policy {self.policy.name} asks for {wanted}."
            self._problem("INDETERMINATE", "SIG_CONSTRAINTS_FAILURE", "LEVEL_TOO_LOW", text)

    def _level(
        self, timestamps: Sequence[TimestampResult], path: tuple[Certificate, ...], proven: Proof | None
    ) -> str:
        """The level by proof (EN 319 142-1 6.1, attack class P13), whatever the file claims to be.

        B-T: a trusted timestamp over the signature. B-LT: the evidence in the file alone shows that the signer's
        path and that of the timestamp's authority were good then. B-LTA: so does that part of it which a trusted
        document timestamp covers.
        """
        family = self.facts.family
        if family not in ("PAdES", "XAdES", "CAdES"):
            return family
        if proven is None:
            return f"{family}-B-B"
        in_file = [h for h in self.held if h.in_file]
        if not self._suffices(in_file, timestamps, path, proven):
            return f"{family}-B-T"
        lasting = self._suffices([h for h in in_file if h.protected], timestamps, path, proven)
        return f"{family}-B-LTA" if lasting else f"{family}-B-LT"

    def _suffices(
        self,
        held: Sequence[Held],
        timestamps: Sequence[TimestampResult],
        path: tuple[Certificate, ...],
        proven: Proof,
    ) -> bool:
        if not any(h.evidence.crls or h.evidence.ocsp for h in held) or not path:
            return False
        if not good_then(path, proven.by, held):
            return False
        proving = [t for t in timestamps if t.facts.kind in (*PROVING, "document")]
        own = [(t.path, p) for t in proving if (p := _earliest([t])) is not None]
        over = [(c.path, c.proof) for c in self.covers]
        return any(tsa and p.by == proven.by and good_then(tsa, p.by, held) for tsa, p in (*own, *over))

    def _spares(self, certificate: Certificate, result: RevocationResult, proven: Proof | None) -> bool:
        """Whether this revocation came after the proof and for a harmless reason (class V5); says so."""
        when = result.at
        if result.status != "revoked" or proven is None or when is None:
            return False
        if proven.by >= when or result.reason in _COMPROMISED:
            return False
        name = certificate.subject.first("CN")
        text = f"The certificate of {name} was revoked on {when:%Y-%m-%d %H:%M} UTC, after the proven signing time."
        self.findings.append(Finding("REVOKED_LATER", "warning", text))
        return True


def _shown(age: timedelta) -> str:
    return f"{age.days} days" if age.days >= 2 else f"{max(0, age // timedelta(hours=1))} hours"


def _revocation_problem(revocation: RevocationResult, *, ca: bool) -> str:
    """The sub-indication of a certificate that is not good. What is on hold may be good again (5.2.6.4)."""
    if revocation.status != "revoked" or revocation.reason == "certificateHold":
        return "TRY_LATER"
    return "REVOKED_CA_NO_POE" if ca else "REVOKED_NO_POE"


def _path_problem(code: str, *, too_early: bool = False) -> tuple[Indication, str]:
    """The standard's sub-indication for a path finding. Before its issuance nothing can be signed: failed."""
    if code == "NOT_YET_VALID" and too_early:
        return "TOTAL-FAILED", "NOT_YET_VALID"
    return "INDETERMINATE", {
        "NO_TRUST_ANCHORS": "NO_CERTIFICATE_CHAIN_FOUND",
        "NAME_WITHOUT_KEY": "NO_CERTIFICATE_CHAIN_FOUND",
        "NOT_TRUSTED_THEN": "NO_CERTIFICATE_CHAIN_FOUND",
        "NO_CERTIFICATE_CHAIN_FOUND": "NO_CERTIFICATE_CHAIN_FOUND",
        "EXPIRED": "OUT_OF_BOUNDS_NO_POE",
        "NOT_YET_VALID": "OUT_OF_BOUNDS_NO_POE",
        "CRYPTO_CONSTRAINTS_FAILURE": "CRYPTO_CONSTRAINTS_FAILURE",
    }.get(code, "CHAIN_CONSTRAINTS_FAILURE")


def _worst(problems: Sequence[tuple[Indication, str]]) -> tuple[Indication, str | None]:
    """The first failure, else the first open question, else TOTAL-PASSED."""
    for wanted in ("TOTAL-FAILED", "INDETERMINATE"):
        for indication, sub in problems:
            if indication == wanted:
                return indication, sub
    return "TOTAL-PASSED", None


def _earliest(timestamps: Sequence[TimestampResult]) -> Proof | None:
    """The trusted timestamp that proves most. Only trusted ones are added up: their times are near the present."""
    proofs = (Proof(t.facts.time, t.facts.time + t.facts.margin) for t in timestamps if t.trusted and t.facts.time)
    return min(proofs, key=lambda p: p.by, default=None)


def _texts(findings: Sequence[Finding]) -> str:
    return "; ".join(f.text for f in findings) or "no path to an anchor for timestamps"
