"""What is said of one signature: label and text, the most important first.

First whether it was changed, then who and when, then the certificate, then why: what TT 15/2025/TT-BKHCN, Article 6,
asks to be shown is always there, with the word that it is not known where it is not. In English a finding speaks for
itself; in Vietnamese the catalogue has a text for its code, and the original follows where that text ends in a colon.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime

from ..ades.report import ChangedAfter, SignatureReport
from ..ades.used import Used
from ..facts import Finding
from ..told import told
from ..x509.certificate import Certificate, Name
from ..x509.trust import Anchor
from .said import advice, in_words
from .times import local, with_local_times
from .words import Wording, printable

_CHANGED: dict[ChangedAfter, str] = {"overlaid": "overlaid", "refused": "changed_after"}


def finding_text(finding: Finding, words: Wording) -> str:
    """One finding in the user's language, its times in Viet Nam's zone as all others in the report."""
    said = with_local_times(finding.text)
    text = words.find(f"findings.{finding.code}")
    if text is None or words.language == "en":
        return printable(said)
    if (own := in_words(finding.text, words)) != finding.text:
        return printable(with_local_times(own))
    return f"{text} {printable(said)}" if text.endswith(":") else text


def rows(s: SignatureReport, words: Wording) -> Iterator[tuple[str, str]]:
    """Label and text, the most important first: was it changed, who, when, then the certificate, then why."""
    kept = f"verify.integrity.{_integrity(s)}"
    yield "integrity", (words.find(f"{kept}_stamped") if is_stamp(s) else None) or words(kept)
    yield from _changes(s, words)
    yield from _people(s.certificate, words)
    yield from _times(s, words)
    yield "level", f"{s.level} ({s.scheme})" if s.scheme else s.level
    yield "coverage", _coverage(s, words)
    yield from _certificate(s, words)
    yield "path", _path(s, words)
    yield "revocation", _revocation(s, words)
    if s.reason:
        yield "reason", s.reason
    if s.location:
        yield "location", s.location
    yield from _claims(s, words)
    yield from _why(s, words)


def _coverage(s: SignatureReport, words: Wording) -> str:
    if (other := _countersigned(s)) is not None:
        return words("verify.coverage.countersigned", id=other)
    whole = words("verify.coverage.whole" if s.coverage.whole else "verify.coverage.part")
    return f"{whole} ({in_words(s.coverage.what, words)})"


def _countersigned(s: SignatureReport) -> str | None:
    """The signature whose value alone it covers; None for all but counter-signatures (XAdES)."""
    return None if s.xml is None else s.xml.countersigns


def _claims(s: SignatureReport, words: Wording) -> Iterator[tuple[str, str]]:
    """What a XAdES signature says of the signer and of itself; nobody checks it."""
    if s.xml is None:
        return
    for role in s.xml.roles:
        yield "role", role
    for commitment in s.xml.commitments:
        yield "commitment", words.find(f"verify.commitment.{commitment.rpartition('#')[2]}") or commitment
    if s.xml.policy is not None:
        yield "policy", s.xml.policy.identifier or words("verify.policy_implied")


def _integrity(s: SignatureReport) -> str:
    """Whether the content is what was signed. Only what was fully checked is called unchanged."""
    if s.changed_after in _CHANGED:
        return _CHANGED[s.changed_after]
    compared = any(f.code == "CONTENT_CHANGED" for f in s.findings)
    if s.sub_indication == "FORMAT_FAILURE" and not compared:  # what cannot be parsed was not compared: no accusation
        return "not_confirmed"
    if s.sub_indication == "SIGNED_DATA_NOT_FOUND" and s.signature_intact:
        return "not_at_hand"
    if not s.references_intact:
        return "content_changed"
    if not s.signature_intact:
        return "value_invalid"
    if _countersigned(s) is not None:
        return "countersigned"
    if not s.coverage.whole:
        return "part_unchanged"
    return "extended" if s.changes_after else "unchanged"


def _changes(s: SignatureReport, words: Wording) -> Iterator[tuple[str, str]]:
    for change in s.changes_after:
        kind = words.find(f"verify.change.{change.kind}") or change.kind
        allowed = words("verify.change_allowed" if change.allowed else "verify.change_refused")
        where = [words("verify.change_at.page", page=change.page)] if change.page else []
        where += [words("verify.change_at.field", field=change.field)] if change.field else []
        place = f" ({', '.join(where)})" if where else ""
        yield "change", f"{kind}{place}, {allowed}: {in_words(change.text, words)}"


def _people(c: Certificate | None, words: Wording) -> Iterator[tuple[str, str]]:
    if c is None:
        yield from ((label, words("verify.unknown")) for label in ("signer", "agency", "issuer"))
        return
    yield "signer", c.subject.first("CN") or str(c.subject)
    agency = ", ".join([*c.subject.all("OU")[::-1], *c.subject.all("O")])
    yield "agency", told(agency) or words("verify.not_named")
    yield "issuer", _name(c.issuer)


def is_stamp(s: SignatureReport) -> bool:
    """Whether it is a document timestamp: it says when, and nobody signed by it (EN 319 142-1 5.4.3)."""
    return s.level == "DOCTIMESTAMP"


def _name(name: Name) -> str:
    short = [v for k in ("CN", "O") if (v := name.first(k))]
    return ", ".join(short) or str(name)


def _times(s: SignatureReport, words: Wording) -> Iterator[tuple[str, str]]:
    if s.proven_time is not None:
        yield "proven", local(s.proven_time)
    else:
        refused = any(t.facts.kind != "content" or not t.trusted for t in s.timestamps)
        yield "proven", words("verify.timestamp_not_trusted" if refused else "verify.no_timestamp")
    if s.signed_after is not None:
        yield "signed_after", local(s.signed_after)
    if s.claimed_time is not None:
        yield "claimed", words("verify.claimed", time=local(s.claimed_time))


def _certificate(s: SignatureReport, words: Wording) -> Iterator[tuple[str, str]]:
    c = s.certificate
    if c is None:
        yield from ((label, words("verify.unknown")) for label in ("validity", "valid_at_signing"))
        return
    yield "validity", words("verify.validity", start=local(c.not_before), end=local(c.not_after))
    moment = s.proven_time or s.claimed_time
    if moment is None:
        yield "valid_at_signing", words("verify.at_signing.unknown")
        return
    when = words("verify.at_signing.proven" if s.proven_time else "verify.at_signing.claimed")
    yield "valid_at_signing", f"{words('verify.at_signing.' + _state(c, moment))} ({when})"
    yield "serial", f"{c.serial_hex} (SHA-256 {c.sha256})"


def _state(c: Certificate, moment: datetime) -> str:
    return "early" if moment < c.not_before else "late" if moment > c.not_after else "good"


def _path(s: SignatureReport, words: Wording) -> str:
    if not s.trust_loaded:
        return words("verify.no_trust")
    if not s.path:
        return words("verify.no_path")
    path = " ← ".join(c.subject.first("CN") or str(c.subject) for c in reversed(s.path))
    return path if s.anchor is None or s.anchor.source is None else f"{path} ({_word(s.anchor, words)})"


def _word(anchor: Anchor, words: Wording) -> str:
    """By whose word the anchor is trusted, and for which time."""
    said = [words("verify.trusted_by", source=in_words(anchor.source or "", words))]
    if anchor.trusted_from is not None:
        said.append(words("verify.trusted_from", time=local(anchor.trusted_from)))
    if anchor.trusted_until is not None:
        said.append(words("verify.trusted_until", time=local(anchor.trusted_until)))
    return ", ".join(said)


def _revocation(s: SignatureReport, words: Wording) -> str:
    r = s.revocation
    text = words(f"verify.revocation.{r.status}")
    extra = [in_words(r.source or "", words), local(r.at) if r.at else "", r.reason or ""]
    shown = ", ".join(e for e in extra if e)
    return f"{text} ({shown})" if shown else text


def _why(s: SignatureReport, words: Wording) -> Iterator[tuple[str, str]]:
    """The standard's word and the problems behind a verdict other than passed; warnings always."""
    if s.sub_indication is not None:
        said = words.find(f"verify.sub.{_reason(s)}")
        yield "conclusion", f"{s.indication}/{s.sub_indication}" + (f": {said}" if said else "")
    for severity, label in (("error", "problem"), ("warning", "warning")):
        yield from ((label, text) for text in _distinct(s.findings, severity, words))
    for remedy in dict.fromkeys(f.remedy for f in s.findings if f.remedy is not None):
        yield "advice", advice(remedy, words) or remedy


def _reason(s: SignatureReport) -> str:
    """Which words explain the sub-indication, where the standard has one for several things."""
    codes = {f.code for f in s.findings}
    if s.sub_indication == "FORMAT_FAILURE" and "CHANGED_AFTER_SIGNING" in codes:
        return "CHANGED_AFTER_SIGNING"
    if s.sub_indication in ("OUT_OF_BOUNDS_NO_POE", "OUT_OF_BOUNDS_NOT_REVOKED") and "NOT_YET_VALID" in codes:
        return "NOT_YET_VALID_NOW"
    return s.sub_indication or ""


def _distinct(findings: Sequence[Finding], severity: str, words: Wording) -> list[str]:
    return list(dict.fromkeys(finding_text(f, words) for f in findings if f.severity == severity))


def evidence(used: Used, words: Wording) -> str:
    """One piece of evidence as a line."""
    what = [words(f"verify.evidence.{used.kind}"), used.name or "", local(used.at) if used.at else ""]
    where = words(f"verify.evidence_place.{used.place}", uri=used.uri or "")
    proven = words("verify.evidence_proven", time=local(used.proven)) if used.proven else ""
    return ", ".join(part for part in (*what, where, proven, f"SHA-256 {used.sha256}") if part)
