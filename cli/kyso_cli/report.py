"""A `DocumentReport` in words: the verdict first, then what TT 15/2025/TT-BKHCN asks to be shown, then why.

Reach for `document_lines`. In English a finding speaks for itself; in Vietnamese the catalogue has a text for
its code, and the original follows where that text ends in a colon.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import datetime

from kyso_pki.ades.report import ChangedAfter, DocumentReport, SignatureReport, Verdict
from kyso_pki.facts import Finding
from kyso_pki.x509.certificate import Certificate, Name
from kyso_pki.x509.trust import Anchor

from .messages import Words, printable
from .output import Colour, coloured
from .said import in_words, remedy_in
from .times import local

_COLOURS: dict[Verdict, Colour] = {"passed": "green", "failed": "red", "indeterminate": "yellow"}
PRIVATE_ADDRESS = "not a public address"
"""What `kyso.HttpFetcher` says of a responder that it does not ask (tests/cli/test_report.py)."""
_CHANGED: dict[ChangedAfter, str] = {"overlaid": "overlaid", "refused": "changed_after"}
_WIDTH = 26  # columns for a label; the longest Vietnamese one has 25


def document_lines(report: DocumentReport, words: Words) -> Iterator[str]:
    """The lines for one file, without line ends."""
    stamps = [s for s in report.signatures if _is_stamp(s)]
    only_stamps = bool(stamps) and len(stamps) == len(report.signatures)
    verdict = coloured(words("verify.only_timestamped"), "red") if only_stamps else _verdict(report.verdict, words)
    yield f"{printable(report.file or '')}: {verdict}"
    for finding in report.findings:
        yield from _about_the_file(finding, words)
    if only_stamps:
        yield "  " + words("verify.timestamp_proves")
    numbers = {True: 0, False: 0}
    for s in report.signatures:
        stamp = _is_stamp(s)
        numbers[stamp] += 1
        total = len(stamps) if stamp else len(report.signatures) - len(stamps)
        kind = "timestamp" if stamp else "signature"
        yield ""
        head = words(f"verify.{kind}", number=numbers[stamp], total=total, id=printable(s.id))
        yield f"  {head}: {_verdict(s.verdict, words, kind)}"
        for label, text in _rows(s, words):
            label = f"timestamp.{label}" if stamp and f"verify.label.timestamp.{label}" in words.texts else label
            yield f"    {(words('verify.label.' + label) + ':').ljust(_WIDTH)} {printable(text)}"


def packet_lines(report: DocumentReport, words: Words) -> Iterator[str]:
    """The lines for one file and, of a packet, for each document in it."""
    yield from document_lines(report, words)
    total = len(report.attachments)
    for number, one in enumerate(report.attachments, start=1):
        yield ""
        yield "  " + words("verify.attachment", number=number, total=total)
        for line in document_lines(one, words):
            yield f"  {line}" if line else ""


def _is_stamp(s: SignatureReport) -> bool:
    """Whether it is a document timestamp: it says when, and nobody signed by it (EN 319 142-1 5.4.3)."""
    return s.level == "DOCTIMESTAMP"


def _about_the_file(finding: Finding, words: Words) -> Iterator[str]:
    """Why the file cannot be read, and in Vietnamese the remedy; the English text holds its own."""
    text, remedy = remedy_in(finding.text, finding.code, words)
    if words.language == "en" or remedy is None:
        yield "  " + finding_text(finding, words)
        return
    yield "  " + finding_text(replace(finding, text=text), words)
    yield words("errors.frame.remedy", text=remedy)


def finding_text(finding: Finding, words: Words) -> str:
    """One finding in the user's language."""
    text = words.texts.get(f"findings.{finding.code}")
    if text is None or words.language == "en":
        return printable(finding.text)
    if (own := in_words(finding.text, words)) != finding.text:
        return printable(own)
    return f"{text} {printable(finding.text)}" if text.endswith(":") else text


def _verdict(verdict: Verdict, words: Words, kind: str = "signature") -> str:
    said = f"verify.timestamp_verdict.{verdict}" if kind == "timestamp" else f"verify.verdict.{verdict}"
    return coloured(words(said), _COLOURS[verdict])


def _rows(s: SignatureReport, words: Words) -> Iterator[tuple[str, str]]:
    """Label and text, the most important first: was it changed, who, when, then the certificate, then why."""
    kept = f"verify.integrity.{_integrity(s)}"
    yield "integrity", (words.find(f"{kept}_stamped") if _is_stamp(s) else None) or words(kept)
    yield from _changes(s, words)
    if s.certificate is not None:
        yield from _people(s.certificate)
    yield from _times(s, words)
    yield "level", f"{s.level} ({s.scheme})" if s.scheme else s.level
    yield "coverage", _coverage(s, words)
    if s.certificate is not None:
        yield from _certificate(s, s.certificate, words)
    yield "path", _path(s, words)
    yield "revocation", _revocation(s, words)
    if s.reason:
        yield "reason", s.reason
    if s.location:
        yield "location", s.location
    yield from _claims(s, words)
    yield from _why(s, words)


def _coverage(s: SignatureReport, words: Words) -> str:
    if (other := _countersigned(s)) is not None:
        return words("verify.coverage.countersigned", id=other)
    whole = words("verify.coverage.whole" if s.coverage.whole else "verify.coverage.part")
    return f"{whole} ({in_words(s.coverage.what, words)})"


def _countersigned(s: SignatureReport) -> str | None:
    """The signature whose value alone it covers; None for all but counter-signatures (XAdES)."""
    return None if s.xml is None else s.xml.countersigns


def _claims(s: SignatureReport, words: Words) -> Iterator[tuple[str, str]]:
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
    if s.sub_indication == "FORMAT_FAILURE":  # what cannot be parsed was not compared: no accusation
        return "not_confirmed"
    if not s.references_intact:
        return "content_changed"
    if not s.signature_intact:
        return "value_invalid"
    if _countersigned(s) is not None:
        return "countersigned"
    if not s.coverage.whole:
        return "part_unchanged"
    return "extended" if s.changes_after else "unchanged"


def _changes(s: SignatureReport, words: Words) -> Iterator[tuple[str, str]]:
    for change in s.changes_after:
        kind = words.texts.get(f"verify.change.{change.kind}", change.kind)
        allowed = words("verify.change_allowed" if change.allowed else "verify.change_refused")
        where = [words("verify.change_at.page", page=change.page)] if change.page else []
        where += [words("verify.change_at.field", field=change.field)] if change.field else []
        place = f" ({', '.join(where)})" if where else ""
        yield "change", f"{kind}{place}, {allowed}: {in_words(change.text, words)}"


def _people(c: Certificate) -> Iterator[tuple[str, str]]:
    yield "signer", c.subject.first("CN") or str(c.subject)
    agency = ", ".join([*c.subject.all("OU")[::-1], *c.subject.all("O")])
    if agency:
        yield "agency", agency
    yield "issuer", _name(c.issuer)


def _name(name: Name) -> str:
    short = [v for k in ("CN", "O") if (v := name.first(k))]
    return ", ".join(short) or str(name)


def _times(s: SignatureReport, words: Words) -> Iterator[tuple[str, str]]:
    if s.proven_time is not None:
        yield "proven", local(s.proven_time)
    else:
        yield "proven", words("verify.no_timestamp" if not s.timestamps else "verify.timestamp_not_trusted")
    if s.claimed_time is not None:
        yield "claimed", words("verify.claimed", time=local(s.claimed_time))


def _certificate(s: SignatureReport, c: Certificate, words: Words) -> Iterator[tuple[str, str]]:
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


def _path(s: SignatureReport, words: Words) -> str:
    if not s.trust_loaded:
        return words("verify.no_trust")
    if not s.path:
        return words("verify.no_path")
    path = " ← ".join(c.subject.first("CN") or str(c.subject) for c in reversed(s.path))
    return path if s.anchor is None or s.anchor.source is None else f"{path} ({_word(s.anchor, words)})"


def _word(anchor: Anchor, words: Words) -> str:
    """By whose word the anchor is trusted, and for which time."""
    said = [words("verify.trusted_by", source=in_words(anchor.source or "", words))]
    if anchor.trusted_from is not None:
        said.append(words("verify.trusted_from", time=local(anchor.trusted_from)))
    if anchor.trusted_until is not None:
        said.append(words("verify.trusted_until", time=local(anchor.trusted_until)))
    return ", ".join(said)


def _revocation(s: SignatureReport, words: Words) -> str:
    r = s.revocation
    text = words(f"verify.revocation.{r.status}")
    extra = [in_words(r.source or "", words), local(r.at) if r.at else "", r.reason or ""]
    shown = ", ".join(e for e in extra if e)
    return f"{text} ({shown})" if shown else text


def _why(s: SignatureReport, words: Words) -> Iterator[tuple[str, str]]:
    """The standard's word and the problems behind a verdict other than passed; warnings always."""
    if s.sub_indication is not None:
        said = words.texts.get(f"verify.sub.{_reason(s)}", "")
        yield "conclusion", f"{s.indication}/{s.sub_indication}" + (f": {said}" if said else "")
    for severity, label in (("error", "problem"), ("warning", "warning")):
        yield from ((label, text) for text in _distinct(s.findings, severity, words))
    if any(PRIVATE_ADDRESS in f.text for f in s.findings):
        yield "advice", words("verify.allow_host")


def _reason(s: SignatureReport) -> str:
    """Which words explain the sub-indication, where the standard has one for several things."""
    codes = {f.code for f in s.findings}
    if s.sub_indication == "FORMAT_FAILURE" and "CHANGED_AFTER_SIGNING" in codes:
        return "CHANGED_AFTER_SIGNING"
    if s.sub_indication in ("OUT_OF_BOUNDS_NO_POE", "OUT_OF_BOUNDS_NOT_REVOKED") and "NOT_YET_VALID" in codes:
        return "NOT_YET_VALID_NOW"
    return s.sub_indication or ""


def _distinct(findings: Sequence[Finding], severity: str, words: Words) -> list[str]:
    return list(dict.fromkeys(finding_text(f, words) for f in findings if f.severity == severity))
