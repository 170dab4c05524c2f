"""The verdict on signatures: facts, then the steps of EN 319 102-1, then a report.

Reach for `judge` (or `kyso_pki.formats.verify_document`, which also opens the file). The steps run on
facts + trust + time + evidence only, so the same input gives the same verdict. Every problem is collected and
the worst decides. What could not be checked is never good: no anchors, no revocation answer, no coverage of
the whole document are INDETERMINATE with the reason, and anything broken is TOTAL-FAILED.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime

from ..errors import UsageError
from ..evidence import NO_EVIDENCE, Evidence
from ..facts import Finding, Format, SignatureFacts
from ..signer import Fetcher
from ..told import MAX_TOLD, told
from ..x509.trust import TrustStore
from . import acceptance, chains, levels, stamps
from .case import CLOCK_SKEW as CLOCK_SKEW
from .case import Case, worst
from .fewer import fewer
from .past import Cover, inherited
from .policy import DEFAULT_POLICY as DEFAULT_POLICY
from .policy import Policy as Policy
from .report import DocumentReport, SignatureReport, signed_after
from .used import Spoken, used_in


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
    judged: dict[str, Case] = {}
    spoken: Spoken = {}
    numbered = [(number, fewer(item, len(facts))) for number, item in enumerate(facts)]
    for number, item in numbered if format == "xml" else reversed(numbered):  # PDF: the newest first
        around = judged.get(item.xml.inside or "") if item.xml else None  # XML: a counter-signature comes later
        over = [c for c in covers if c.state >= item.state]  # whatever the order in which they were listed
        if around is not None:
            over = list(inherited(item, (*around.covers, *around.archives)))
        one = Case(item, trust, at, evidence, fetcher, policy, tuple(over), around.in_file if around else ())
        reports[number], judged[item.id] = report(one, spoken), one
        covers += one.documents
    return DocumentReport(file, sha256, format, tuple(reports[n] for n, _ in numbered), _unsigned(facts), policy.name)


def _unsigned(facts: Sequence[SignatureFacts]) -> tuple[Finding, ...]:
    """The finding about a document that nobody signed; anybody can have any document stamped."""
    if not facts:
        return (Finding("NO_SIGNATURE", "error", "The document carries no signature."),)
    if all(f.family == "DOCTIMESTAMP" for f in facts):
        return (Finding("NO_SIGNATURE", "error", "The document carries a timestamp, but no signature."),)
    return ()


def _told(findings: Sequence[Finding]) -> tuple[Finding, ...]:
    """Each once. What they quote is a stranger's, and the same in each of his signatures."""
    return tuple(dict.fromkeys(replace(f, text=told(f.text)) if len(f.text) > MAX_TOLD else f for f in findings))


def report(case: Case, spoken: Spoken | None = None) -> SignatureReport:
    """Runs the steps in the standard's order and writes down the result. `spoken` as in `used_in`."""
    facts = case.facts
    case.findings += facts.findings
    acceptance.format_checking(case)  # 5.2.2
    acceptance.signing_certificate(case)  # 5.2.3
    acceptance.signature_policy(case)  # 5.2.4
    acceptance.cryptography(case)  # 5.2.7
    timestamps = stamps.timestamps(case)  # 5.4, 5.6.2.3
    proven = case.proven  # 5.5.4
    after = signed_after(timestamps) if facts.references_intact and facts.signature_intact else None
    path, revocation = chains.certificate_validation(case, proven, after)  # 5.2.6, 5.3.4, 5.5.4, 5.6.2.1, 5.6.2.4
    acceptance.signature_acceptance(case, proven, after)  # 5.2.8
    acceptance.coverage(case)
    level = levels.level(case, timestamps, path, proven)
    acceptance.required_level(case, level)
    paths = (path, *(t.path for t in timestamps))
    fetched = case.recorder.fetched if case.recorder else ()
    evidence = used_in(facts, paths, case.held, (*case.covers, *case.archives), fetched, spoken)
    indication, sub_indication = worst(case.problems)
    return SignatureReport(
        id=facts.id,
        format=facts.format,
        level=level,
        indication=indication,
        sub_indication=sub_indication,
        certificate=facts.certificate,
        path=path,
        anchor=case.anchor(path, proven.by if proven else case.at, case.purpose),
        claimed_time=facts.claimed_time,
        proven_time=proven.time if proven else None,
        validation_time=case.at,
        references_intact=facts.references_intact,
        signature_intact=facts.signature_intact,
        coverage=facts.coverage,
        changes_after=facts.changes_after,
        timestamps=timestamps,
        revocation=replace(revocation, text=told(revocation.text)) if len(revocation.text) > MAX_TOLD else revocation,
        findings=_told(case.findings),
        scheme=facts.scheme.name if facts.scheme else None,
        reason=facts.reason,
        location=facts.location,
        trust_loaded=not case.trust.empty,
        pdf=facts.pdf,
        xml=facts.xml,
        evidence=evidence,
    )
