"""5.4 Time-stamp validation, and what timestamps prove (EN 319 102-1 5.5.4, 5.6.2.3)."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import NamedTuple

from ..facts import PROVING, Finding, TimestampFacts
from ..told import told
from ..x509.certificate import Certificate
from .case import CLOCK_SKEW, Case
from .chains import path_of, path_problem, revocation_along, revocation_problem
from .past import Cover, Proof
from .report import TimestampResult


def timestamps(case: Case) -> tuple[TimestampResult, ...]:
    """5.4 and 5.6.2.4 Every timestamp, the newest first: a trusted archive timestamp proves those that it covers.

    What they prove of the signature stands in `own`, `archives` and `documents` afterwards.
    """
    results: list[TimestampResult] = []
    for facts in reversed(case.facts.timestamps):
        if facts.state or facts.kind == "content":
            case.look(facts)
        result = _timestamp(case, facts)
        results.insert(0, result)
        if (proof := earliest([result])) is None:
            continue
        if facts.kind in PROVING:
            case.own = min((p for p in (case.own, proof) if p), key=lambda p: p.by)
        if facts.kind == "archive":
            case.archives += (Cover(facts.state - 1, proof, result.path, facts.certificates),)
        elif facts.kind == "document":
            case.documents += (Cover(case.facts.state, proof, result.path, facts.certificates),)
            case.own = proof
    if case.facts.format != "pdf" and results:
        case.look(None)
    return tuple(results)


_OVER_CONTENT = frozenset({"content", "archive"})
"""Kinds of timestamps that cover the signed content; the others cover values, which are always at hand."""


class _Doubt(NamedTuple):
    """Why a timestamp proves nothing."""

    sub_indication: str
    text: str
    remedy: str | None = None


def _timestamp(case: Case, facts: TimestampFacts) -> TimestampResult:
    """5.4 Time-stamp validation. A broken token breaks the signature; an untrusted one proves nothing."""
    if facts.kind in _OVER_CONTENT and not facts.imprint_matches and facts.signature_intact and _not_at_hand(case):
        text = f"What a {facts.kind} timestamp covers is not at hand, so it proves nothing here."
        case.findings.append(Finding("TIMESTAMP_NOT_TRUSTED", "warning", text))
        return TimestampResult(facts, False, told(text))
    if not facts.intact or facts.certificate is None or facts.time is None:
        why = (
            "; ".join(f.text.removesuffix(".") for f in facts.findings)
            or "it does not cover this signature or is damaged"
        )
        text = f"A {facts.kind} timestamp is broken: {why}."
        case.problem("TOTAL-FAILED", "FORMAT_FAILURE", "TIMESTAMP_BROKEN", text)
        return TimestampResult(facts, False, told(text))
    distrust, path = _distrust(case, facts, facts.certificate, facts.time)
    if distrust is None:
        best = case.covering.by if case.covering else case.at
        return TimestampResult(facts, True, path=path, anchor=case.anchor(path, best, "timestamping"))
    sub, text, remedy = distrust
    if case.facts.family == "DOCTIMESTAMP" or sub == "TIMESTAMP_ORDER_FAILURE":
        # The one is nothing but its time; of the other, two authorities contradict each other (5.5.4).
        case.problem("INDETERMINATE", sub, "TIMESTAMP_NOT_TRUSTED", text, remedy)
    else:
        case.findings.append(Finding("TIMESTAMP_NOT_TRUSTED", "warning", text, remedy))
    return TimestampResult(facts, False, told(text))


def _not_at_hand(case: Case) -> bool:
    """Whether signed content is missing, which leaves the signature INDETERMINATE: nobody changed what nobody saw."""
    return any(f.code == "SIGNED_DATA_NOT_FOUND" for f in case.facts.findings)


def _distrust(
    case: Case, facts: TimestampFacts, authority: Certificate, time: datetime
) -> tuple[_Doubt | None, tuple[Certificate, ...]]:
    """Why this intact timestamp proves nothing; None and its path when it proves its time.

    The margin of `accuracy_s` counts against it at both ends (class T3). Its authority must be good now, or
    when a later document timestamp proves that it existed. Differences of times are compared: sums overflow.
    """
    margin = facts.margin
    if time - case.at > CLOCK_SKEW - margin:
        return _Doubt("OUT_OF_BOUNDS_NO_POE", f"The timestamp lies in the future ({time:%Y-%m-%d %H:%M:%S} UTC)."), ()
    if case.covering is not None and time - case.covering.by > CLOCK_SKEW + margin:
        text = f"The timestamp ({time:%Y-%m-%d %H:%M:%S} UTC) is later than one that was made over it."
        return _Doubt("TIMESTAMP_ORDER_FAILURE", text), ()
    best = case.covering.by if case.covering else case.at
    for name in (facts.hash_name, facts.scheme.hash_name if facts.scheme else None, facts.index_hash):
        if name is not None and not case.policy.hash_accepted(name, best):
            sub = case.policy.hash_problem(name, proven=case.covering is not None)
            return _Doubt(sub, f"The timestamp uses {name}, which is too weak."), ()
    if time - authority.not_before < margin or authority.not_after - time < margin:
        text = "The timestamp was made outside the validity of its authority's certificate."
        return _Doubt("OUT_OF_BOUNDS_NO_POE", text), ()
    found = path_of(case, authority, facts.certificates, best, "timestamping")
    if not found.path:
        code = next((f.code for f in found.findings if f.severity == "error"), "NO_CERTIFICATE_CHAIN_FOUND")
        text = "The time-stamping authority is not trusted: " + _texts(found.findings)
        return _Doubt(path_problem(code)[1], text), ()
    revocation, culprit = revocation_along(case, found.path, "TIMESTAMP_AUTHORITY", case.covering)
    if culprit is not None:
        text = f"The time-stamping authority's certificate: {revocation.text or revocation.status}"
        sub = revocation_problem(revocation, ca=culprit != authority)
        return _Doubt(sub, text, revocation.remedy), ()
    return None, found.path


def earliest(timestamps: Sequence[TimestampResult]) -> Proof | None:
    """The trusted timestamp that proves most. Only trusted ones are added up: their times are near the present."""
    proofs = (Proof(t.facts.time, t.facts.time + t.facts.margin) for t in timestamps if t.trusted and t.facts.time)
    return min(proofs, key=lambda p: p.by, default=None)


def _texts(findings: Sequence[Finding]) -> str:
    return "; ".join(f.text for f in findings) or "no path to an anchor for timestamps"
