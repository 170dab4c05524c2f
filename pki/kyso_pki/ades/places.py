"""Places that a verdict takes for blank without having seen them: for whoever can draw them, and whoever cannot.

Reach for `resting` to know which changes must be looked at, and for `not_looked_at` where nobody can (ADR 23).
"""

from __future__ import annotations

from dataclasses import replace

from ..facts import Change, Finding, Severity
from .policy import Policy
from .report import DocumentReport, SignatureReport


def resting(signature: SignatureReport, policy: Policy) -> list[Change]:
    """The changes that a verdict which is not negative lets pass because nothing was found under them."""
    if signature.indication == "TOTAL-FAILED" or policy.accept_overlays or "overlay" in policy.tolerate:
        return []  # whoever accepts overlays looks at the page
    return [c for c in signature.changes_after if c.places and (c.allowed or policy.accept_blank_overlays)]


def not_looked_at(report: DocumentReport, policy: Policy, why: str) -> DocumentReport:
    """The report, with a warning for each place on which a verdict rests; `why` is a sentence.

    The documents in a packet have theirs too.
    """
    return replace(
        report,
        signatures=tuple(_warned(s, policy, why) for s in report.signatures),
        attachments=tuple(not_looked_at(a, policy, why) for a in report.attachments),
    )


def _warned(signature: SignatureReport, policy: Policy, why: str) -> SignatureReport:
    found = [place_not_seen(change, why, "warning") for change in resting(signature, policy)]
    return replace(signature, findings=(*signature.findings, *dict.fromkeys(found))) if found else signature


def place_not_seen(change: Change, why: str, severity: Severity) -> Finding:
    """The finding on a place that could not be looked at."""
    return Finding("PLACE_NOT_SEEN", severity, f"The place of the field {change.field!r} was not looked at: {why}")
