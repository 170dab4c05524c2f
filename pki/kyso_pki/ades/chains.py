"""5.2.6 X.509 certificate validation: the path, and the status of each certificate in it at the proven time."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from itertools import pairwise

from ..errors import FetchError, FormatError
from ..facts import Finding
from ..x509.answer import COMPROMISED
from ..x509.certificate import Certificate, certificates_from_bytes
from ..x509.path import MAX_CANDIDATES, PathResult, find_path
from ..x509.revocation import RevocationResult, at_hand, check_path, since
from ..x509.rules import label
from ..x509.trust import Purpose
from .case import Case
from .constraints import asked, weak_links
from .past import Proof, given_in, status_then
from .report import Indication

MAX_ISSUER_FETCHES = 4  # certificates fetched by AIA for one path, against being led around
_YOUNG = timedelta(days=1)  # of an answer: a CA that publishes daily could not have told anything newer
_UNCHECKED = RevocationResult("not_checked", text="No path to a trust anchor, so nobody to ask about revocation.")


def certificate_validation(
    case: Case, proven: Proof | None, after: datetime | None = None
) -> tuple[tuple[Certificate, ...], RevocationResult]:
    """5.2.6 X.509 validation at the best signature time (5.5.4): proven by a timestamp, else now.

    `after`: when it was signed at the earliest, by content timestamps. With a certificate that was revoked or had
    expired before that, no later proof can help (5.3.4, step 4).
    """
    leaf = case.facts.certificate
    if leaf is None:
        return (), _UNCHECKED
    best = proven.by if proven else case.at
    found = path_of(case, leaf, case.facts.certificates, best, case.purpose)
    case.findings += found.findings
    for finding in found.findings:
        if finding.severity == "error":
            too_early = proven is not None and proven.by < leaf.not_before
            case.problems.append(path_problem(finding.code, too_early=too_early))
        if finding.code == "EXPIRED" and after is not None and leaf.not_after < after:
            case.problems.append(("TOTAL-FAILED", "EXPIRED"))
    if not found.path:
        if not any(f.severity == "error" for f in found.findings):
            text = "No path to a trust anchor was found."
            case.problem("INDETERMINATE", "NO_CERTIFICATE_CHAIN_FOUND", "NO_CERTIFICATE_CHAIN_FOUND", text)
        return (), _UNCHECKED
    revocation, culprit = revocation_along(case, found.path, "SIGNER", proven)
    if culprit is None:
        _tell_age(case, leaf, revocation, proven)
    else:
        code = "REVOKED" if revocation.status == "revoked" else "REVOCATION_NOT_CHECKED"
        text = revocation.text or f"The revocation status is {revocation.status}."
        sub = revocation_problem(revocation, ca=culprit != leaf)
        too_late = after is not None and revocation.at is not None and revocation.at < after
        if sub == "REVOKED_NO_POE" and too_late:
            case.problem("TOTAL-FAILED", "REVOKED", code, text, revocation.remedy)
        else:
            case.problem("INDETERMINATE", sub, code, text, revocation.remedy)
    return found.path, revocation


def path_of(
    case: Case, leaf: Certificate, carried: Sequence[Certificate], at: datetime, purpose: Purpose
) -> PathResult:
    """A path from what the signature carries; missing issuers are fetched when there is a fetcher."""
    candidates = list(dict.fromkeys((*carried, *case.beside)))
    found = _found(case, leaf, carried, candidates, at, purpose)
    missing = leaf
    for _ in range(MAX_ISSUER_FETCHES):
        if found.path or case.fetcher is None or case.trust.empty:
            break
        try:
            if not (urls := missing.ca_issuer_urls):
                break
            fetched = certificates_from_bytes(case.fetcher.certificates(urls[0]))
        except (FetchError, FormatError) as e:
            case.findings.append(Finding("ISSUER_NOT_FETCHED", "info", e.message))
            break
        if all(c in candidates for c in fetched):
            break
        candidates += fetched
        missing = fetched[0]
        found = _found(case, leaf, carried, candidates, at, purpose)
    return found


def _found(
    case: Case,
    leaf: Certificate,
    carried: Sequence[Certificate],
    candidates: Sequence[Certificate],
    at: datetime,
    purpose: Purpose,
) -> PathResult:
    weak = weak_links(case, leaf, carried, candidates[:MAX_CANDIDATES], purpose)
    return find_path(leaf, candidates, case.trust, at, purpose, weak=weak)


def revocation_along(
    case: Case, path: tuple[Certificate, ...], whose: str, proven: Proof | None
) -> tuple[RevocationResult, Certificate | None]:
    """5.2.6.4 and 5.5.4 for every certificate of the path but the anchor: what to report, and who is to blame.

    None is to blame when each is good, or was revoked later than `proven` without its key being compromised.
    Otherwise the result is that of the first certificate that is revoked, else of the first that is not good.
    """
    results = _stale(case, _statuses(case, path, proven), proven)
    if not results:  # the certificate is itself an anchor
        return RevocationResult("good", "anchor", text="The certificate is itself a trust anchor."), None
    bad = [
        (c, r) for c, r in zip(path, results, strict=False) if r.status != "good" and not _spares(case, c, r, proven)
    ]
    if not bad:
        return results[0], None
    culprit, result = next((pair for pair in bad if pair[1].status == "revoked"), bad[0])
    if culprit == path[0]:
        return result, culprit
    text = f"The issuer “{culprit.subject.first('CN')}”: {result.text or result.status}"
    case.findings.append(Finding(f"{whose}_CA_{result.status.upper()}", "warning", text))
    return replace(result, text=text, about=culprit), culprit


def _tell_age(case: Case, leaf: Certificate, revocation: RevocationResult, proven: Proof | None) -> None:
    """Says how old a "good" at hand is that was given before the signature existed for certain.

    It is current by its own promise (5.2.5), and yet whoever has stolen a key can sign until it ends, and keep an
    answer from before the theft beside the signature.
    """
    given = revocation.at
    if given is None or not at_hand(revocation.source) or since(given, proven.by if proven else None):
        return
    age = (proven.by if proven else case.at) - given
    what = "the signature is proven" if proven else "this validation"
    text = (
        f"That {label(leaf)} was not revoked is known as of {_seconds(given)} UTC only, "
        f"{_shown(age)} before {what} ({revocation.source}); nobody was asked."
    )
    case.findings.append(Finding("REVOCATION_AGE", "info" if age < _YOUNG else "warning", text))


def _statuses(case: Case, path: tuple[Certificate, ...], proven: Proof | None) -> tuple[RevocationResult, ...]:
    """One result for each certificate but the anchor: as of now, else as of the proven time (5.6.2.1)."""
    known, constraints = case.at_hand, asked(case)
    results = check_path(
        path,
        at=case.at,
        crls=known.crls,
        ocsp=known.ocsp,
        candidates=known.certificates,
        fetcher=case.fetcher,
        proven=proven.by if proven else None,
        given=given_in(case.held),
        constraints=constraints,
    )
    if proven is None:
        return results
    found: list[RevocationResult] = []
    for (certificate, issuer), now in zip(pairwise(path), results, strict=True):
        then = None
        if now.status == "not_checked":
            then = status_then(certificate, issuer, proven.by, case.held, path[-1], constraints)
        found.append(then if then is not None and _speaks(case, certificate, then, proven) else now)
    return tuple(found)


def _speaks(case: Case, certificate: Certificate, then: RevocationResult, proven: Proof) -> bool:
    """Whether the file's word about the past is taken where the issuer could be asked and gave no usable answer.

    While the certificate is valid its issuer must answer; until he does, a "good" from before the proven time
    could hide a revocation. Once it has expired he may have forgotten it (RFC 5280 3.3), and who is offline asks
    nobody: there the freshness that the answer itself promises is the rule (EN 319 102-1 5.2.5).
    """
    if case.fetcher is None or then.status == "revoked" or certificate.not_after < case.at:
        return True
    return since(then.at, proven.by)


def _stale(case: Case, results: Sequence[RevocationResult], proven: Proof | None) -> tuple[RevocationResult, ...]:
    """5.2.5 Revocation freshness, where the policy asks for more than the answer's own promise."""
    policy, best = case.policy, proven.by if proven else case.at

    def wanting(result: RevocationResult) -> str | None:
        age = policy.revocation_max_age
        if result.status != "good" or result.at is None:
            return None
        if age is not None and best - result.at > age:
            return f"The answer is older at the time of signing than the {age.days} days of the policy {policy.name}."
        if policy.revocation_after_proof and proven is not None and not since(result.at, proven.by):
            return (
                f"The answer was given before the proven time of signing; the policy {policy.name} wants a newer one."
            )
        return None

    return tuple(
        r if (why := wanting(r)) is None else RevocationResult("not_checked", r.source, r.at, r.reason, why)
        for r in results
    )


def _spares(case: Case, certificate: Certificate, result: RevocationResult, proven: Proof | None) -> bool:
    """Whether this revocation came after the proof and for a harmless reason (class V5); says so."""
    when = result.at
    if result.status != "revoked" or proven is None or when is None:
        return False
    if proven.by >= when or result.reason in COMPROMISED:
        return False
    name = certificate.subject.first("CN")
    text = f"The certificate of {name} was revoked on {when:%Y-%m-%d %H:%M} UTC, after the proven signing time."
    case.findings.append(Finding("REVOKED_LATER", "warning", text))
    return True


def _seconds(time: datetime) -> str:
    """A time in UTC to the second. `strftime` asks the system for the local time zone each time: 25 µs."""
    return time.replace(tzinfo=None).isoformat(" ", "seconds")


def _shown(age: timedelta) -> str:
    return f"{age.days} days" if age.days >= 2 else f"{max(0, 24 * age.days + age.seconds // 3600)} hours"


def revocation_problem(revocation: RevocationResult, *, ca: bool) -> str:
    """The sub-indication of a certificate that is not good. What is on hold may be good again (5.2.6.4)."""
    if revocation.status != "revoked" or revocation.reason == "certificateHold":
        return "TRY_LATER"
    return "REVOKED_CA_NO_POE" if ca else "REVOKED_NO_POE"


def path_problem(code: str, *, too_early: bool = False) -> tuple[Indication, str]:
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
        "CRYPTO_CONSTRAINTS_FAILURE_NO_POE": "CRYPTO_CONSTRAINTS_FAILURE_NO_POE",
    }.get(code, "CHAIN_CONSTRAINTS_FAILURE")
