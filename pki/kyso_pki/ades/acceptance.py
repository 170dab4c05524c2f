"""5.2.2 to 5.2.4, 5.2.7, 5.2.8: format, identity, policy, cryptography, acceptance; and what a signature covers."""

from __future__ import annotations

from datetime import datetime

from ..document import LEVELS, level_named
from ..errors import KysoError
from ..facts import Finding
from ..scheme import digest
from .case import CLOCK_SKEW, Case
from .past import Proof
from .report import Indication

_NO_CERTIFICATE = "NO_SIGNING_CERTIFICATE"
_READ: dict[str, tuple[Indication, str]] = {
    # What can be said only where the data was read (xml): it changed, or nobody has it.
    "CONTENT_CHANGED": ("TOTAL-FAILED", "HASH_FAILURE"),
    "MANIFEST_ENTRY_CHANGED": ("TOTAL-FAILED", "HASH_FAILURE"),
    "SIGNED_DATA_NOT_FOUND": ("INDETERMINATE", "SIGNED_DATA_NOT_FOUND"),
    "MANIFEST_NOT_CHECKED": ("INDETERMINATE", "SIGNED_DATA_NOT_FOUND"),
}
_PART_ENOUGH = "Read what it covers; where just that part counts, accept signatures over parts."
_LOOK = "Look at the page; where the stamp hides and adds nothing, accept overlays."


def signature_policy(case: Case) -> None:
    """5.2.4 The signature policy document, when it is at hand, has the hash that was signed."""
    named = case.facts.xml.policy if case.facts.xml else None
    if named is None or named.identifier is None or named.hash_name is None:
        return
    document = dict(case.policy.signature_policies).get(named.identifier)
    if document is None or not named.comparable:
        text = f"The signature names the policy {named.identifier}, which was not checked."
        case.findings.append(Finding("SIGNATURE_POLICY_NOT_CHECKED", "info", text))
    elif digest(named.hash_name, document) != named.digest:
        text = f"The policy {named.identifier} that was given is another document than the one that was signed."
        case.problem("INDETERMINATE", "POLICY_PROCESSING_ERROR", "SIGNATURE_POLICY_MISMATCH", text)


def format_checking(case: Case) -> None:
    """5.2.2 Format checking: an error while reading is a verdict. A missing certificate is 5.2.3's."""
    codes = {f.code for f in case.facts.findings if f.severity == "error"}
    if codes - {_NO_CERTIFICATE, *_READ}:
        case.problems.append(("TOTAL-FAILED", "FORMAT_FAILURE"))
    case.problems += [problem for code, problem in _READ.items() if code in codes]


def signing_certificate(case: Case) -> None:
    """5.2.3 Identification of the signing certificate."""
    broken = {f.code for f in case.facts.findings if f.severity == "error"} - _READ.keys()
    if case.facts.certificate is None or broken:  # no error finding is ever without effect
        case.problems.append(("INDETERMINATE", "NO_SIGNING_CERTIFICATE_FOUND"))
        if not broken:
            text = "The signer's certificate could not be identified."
            case.findings.append(Finding(_NO_CERTIFICATE, "error", text))


def cryptography(case: Case) -> None:
    """5.2.7 Cryptographic verification."""
    said = any(f.code in ("CONTENT_CHANGED", "SIGNED_DATA_NOT_FOUND") for f in case.facts.findings)
    if not case.facts.references_intact and case.facts.scheme is None:
        case.problems.append(("TOTAL-FAILED", "HASH_FAILURE"))  # nothing was read: no digest was compared
    elif not case.facts.references_intact and not said:
        text = "The signed content was changed: its digest does not match."
        case.problem("TOTAL-FAILED", "HASH_FAILURE", "CONTENT_CHANGED", text)
    if not case.facts.signature_intact and case.facts.certificate is not None:
        text = "The signature value does not verify with the signer's key."
        case.problem("TOTAL-FAILED", "SIG_CRYPTO_FAILURE", "VALUE_INVALID", text)


def signature_acceptance(case: Case, proven: Proof | None, after: datetime | None) -> None:
    """5.2.8 Signature acceptance: algorithms, key size, claimed time; `after`: by content timestamps."""
    scheme, leaf = case.facts.scheme, case.facts.certificate
    names = (case.facts.content_hash, scheme.hash_name if scheme else None)
    best = proven.by if proven else case.at
    if weak := next((n for n in names if n is not None and not case.policy.hash_accepted(n, best)), None):
        text = f"The signature uses {weak}, which is not accepted any more."
        too_late = after is not None and not case.policy.hash_accepted(weak, after)  # 5.3.4, step 6
        sub = case.policy.hash_problem(weak, proven=proven is not None or too_late)
        case.problem("INDETERMINATE", sub, "WEAK_HASH", text)
    if leaf is None:
        return
    try:
        strong = case.policy.key_accepted(leaf.public_key, best)
        sub = case.policy.key_problem(leaf.public_key, proven=proven is not None)
    except KysoError:
        strong, sub = False, "CRYPTO_CONSTRAINTS_FAILURE"
    if not strong:
        text = "The signer's key is too weak, too large or of an unknown kind."
        case.problem("INDETERMINATE", sub, "WEAK_KEY", text)
    claimed = case.facts.claimed_time
    if claimed is None:
        return
    if not leaf.not_before <= claimed <= leaf.not_after:
        text = "The claimed signing time lies outside the validity of the certificate."
        case.findings.append(Finding("CLAIMED_TIME_OUTSIDE", "warning", text))
    if claimed - (proven.by if proven else case.at) > CLOCK_SKEW:
        text = "The claimed signing time is later than the proven time or than now."
        case.findings.append(Finding("CLAIMED_TIME_FUTURE", "warning", text))
    if after is not None and after - claimed > CLOCK_SKEW:
        text = (
            f"The claimed signing time is earlier than a timestamp that was signed ({after:%Y-%m-%d %H:%M:%S} UTC)."
        )
        case.findings.append(Finding("CLAIMED_TIME_EARLY", "warning", text))


_READ_OTHERWISE = (
    "COMMENT_IN_TEXT",
    "SIGNATURE_IN_TEXT",
    "MEDIA_TYPE_DIFFERS",
    "SIGNATURE_COPIED",
    "PLACE_OF_ANOTHER",
)
"""Of XML: what nobody signs and what decides how many programs read what is signed, or by whom it seems to be."""


def coverage(case: Case) -> None:
    """What the signature says nothing about: changes after signing, and parts it never covered."""
    for change in case.facts.changes_after:
        if change.allowed:
            if change.kind in case.policy.refuse:
                text = f"Permitted by the signer, refused by the policy {case.policy.name}: {change.text}"
                case.problem("INDETERMINATE", "SIG_CONSTRAINTS_FAILURE", "CHANGE_REFUSED_BY_POLICY", text)
        elif change.kind in case.policy.tolerate:
            text = f"Changed after signing, tolerated by the policy {case.policy.name}: {change.text}"
            case.findings.append(Finding("CHANGE_TOLERATED_BY_POLICY", "warning", text))
        elif change.kind == "overlay":
            _overlay(case, f"Added over the signed page: {change.text}", change.blank)
        else:
            text = f"Changed after signing: {change.text}"
            case.problem("TOTAL-FAILED", "FORMAT_FAILURE", "CHANGED_AFTER_SIGNING", text)
    if any(f.code in _READ_OTHERWISE for f in case.facts.findings):
        case.problems.append(("INDETERMINATE", "SIG_CONSTRAINTS_FAILURE"))
    if not case.facts.coverage.whole and case.facts.well_formed and not case.countersigns:
        text = f"The signature covers only a part of the document: {case.facts.coverage.what}"
        if case.facts.format == "xml" and case.policy.accept_parts:
            case.findings.append(Finding("COVERS_PART", "warning", text))
        else:
            remedy = _PART_ENOUGH if case.facts.format == "xml" else None
            case.problem("INDETERMINATE", "SIG_CONSTRAINTS_FAILURE", "COVERS_PART", text, remedy)


def _overlay(case: Case, text: str, blank: bool) -> None:
    """A later signature that shows something: only whoever looks at the page can say that it hides nothing."""
    if case.policy.accept_overlays or (blank and case.policy.accept_blank_overlays):
        case.findings.append(Finding("OVERLAY", "warning", text))
    else:
        case.problem("INDETERMINATE", "SIG_CONSTRAINTS_FAILURE", "OVERLAY", text, _LOOK)


def required_level(case: Case, level: str) -> None:
    """What the policy asks a signature to be; timestamps alone and counter-signatures are asked nothing."""
    wanted = case.policy.level
    if wanted == "B-B" or case.facts.family == "DOCTIMESTAMP" or case.countersigns:
        return
    reached = level.partition("-")[2]
    if reached not in LEVELS or LEVELS.index(level_named(reached)) < LEVELS.index(wanted):
        text = f"The signature is {level}; the policy {case.policy.name} asks for {wanted}."
        case.problem("INDETERMINATE", "SIG_CONSTRAINTS_FAILURE", "LEVEL_TOO_LOW", text)
