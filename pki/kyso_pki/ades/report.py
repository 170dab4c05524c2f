"""The verdict and its reasons, one shape for every format.

`DocumentReport` (one file) holds `SignatureReport`s (one per signature). Neither has a truth value:
`if report:` raises, because "there is a report" must never be read as "it is valid". Ask `.passed`, or let
`require_passed()` raise.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Sequence
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime
from functools import lru_cache
from typing import Any, Literal, NoReturn

from ..errors import UsageError, VerificationFailed
from ..facts import Change, Coverage, Finding, Format, PdfFacts, TimestampFacts, XmlFacts
from ..octets import Octets, hash_into
from ..told import told
from ..x509.certificate import Certificate
from ..x509.revocation import RevocationResult
from ..x509.trust import Anchor
from .used import Used

SCHEMA_VERSION = "1"
Indication = Literal["TOTAL-PASSED", "TOTAL-FAILED", "INDETERMINATE"]
"""EN 319 102-1 clause 5.1.3."""
Verdict = Literal["passed", "failed", "indeterminate"]
Content = Callable[[str], tuple[bytes, ...]]
"""Gives the octets that the intact signature with this id covers."""
UNOPENED = frozenset({"format.encrypted"})
"""Findings of a file that what was given does not open. Nothing in it was judged, so nothing is known to be broken:
INDETERMINATE, SIGNED_DATA_NOT_FOUND ("the signed data cannot be obtained", EN 319 102-1 table 6)."""
UNANSWERED = frozenset({"CONTENT_NOT_USED"})
"""Findings of a file whose signatures may be good and do not answer what was asked: INDETERMINATE."""
ChangedAfter = Literal["nothing", "allowed", "overlaid", "refused"]


@dataclass(frozen=True)
class TimestampResult:
    """One timestamp and whether it proves its time."""

    facts: TimestampFacts
    trusted: bool
    """Intact, and the TSA's path ends at an anchor for timestamps."""
    text: str = ""
    path: tuple[Certificate, ...] = ()
    """Of its authority, when trusted."""
    anchor: Anchor | None = None
    """By whose word its authority is trusted."""


def signed_after(timestamps: Sequence[TimestampResult]) -> datetime | None:
    """The latest time that a trusted content timestamp proves, less its accuracy; None without one."""
    kept = (t.facts for t in timestamps if t.trusted and t.facts.kind == "content")
    return max((f.time - f.margin for f in kept if f.time is not None), default=None)


@dataclass(frozen=True)
class SignatureReport:
    """One signature judged. `indication` and `sub_indication` are those of EN 319 102-1."""

    id: str
    format: Format
    level: str
    """`PAdES-B-T`, `PAdES-B-LTA`, `XAdES-B-B`, `XMLDSIG`, `CMS`: the level that was *proven*."""
    indication: Indication
    sub_indication: str | None
    certificate: Certificate | None
    path: tuple[Certificate, ...]
    """Leaf to anchor when a path was found."""
    claimed_time: datetime | None
    proven_time: datetime | None
    """genTime of the earliest trusted timestamp."""
    validation_time: datetime
    references_intact: bool
    signature_intact: bool
    coverage: Coverage
    changes_after: tuple[Change, ...]
    timestamps: tuple[TimestampResult, ...]
    revocation: RevocationResult
    findings: tuple[Finding, ...]
    scheme: str | None = None
    reason: str | None = None
    location: str | None = None
    anchor: Anchor | None = None
    """By whose word the end of `path` is trusted, for what and since when."""
    trust_loaded: bool = True
    """False: no trust anchors were given, which is not the same as an untrusted issuer."""
    pdf: PdfFacts | None = None
    xml: XmlFacts | None = None
    evidence: tuple[Used, ...] = ()
    """What spoke about the certificates of its paths, and its timestamps."""

    def __bool__(self) -> NoReturn:
        raise TypeError("A SignatureReport has no truth value; ask .passed or call require_passed().")

    @property
    def passed(self) -> bool:
        return self.indication == "TOTAL-PASSED"

    @property
    def changed_after(self) -> ChangedAfter:
        """The first thing to be said of a signature: whether the document was changed after it."""
        refused = {c.kind for c in self.changes_after if not c.allowed}
        if refused:
            return "overlaid" if refused == {"overlay"} else "refused"
        return "allowed" if self.changes_after else "nothing"

    @property
    def signed_after(self) -> datetime | None:
        """The other bound of the signing time: trusted content timestamps are signed, so they existed before.

        None as well where the signature is broken: nothing binds a timestamp to it then.
        """
        return signed_after(self.timestamps) if self.references_intact and self.signature_intact else None

    @property
    def verdict(self) -> Verdict:
        return _VERDICTS[self.indication]

    def require_passed(self) -> None:
        """Raises `VerificationFailed` unless TOTAL-PASSED."""
        if not self.passed:
            why = "; ".join(f.text for f in self.findings if f.severity == "error") or str(self.sub_indication)
            raise VerificationFailed(f"Signature {self.id}: {self.indication} ({why}).", report=self)

    def to_json(self) -> dict[str, Any]:
        """The published shape (docs/report.md); times are ISO 8601 UTC."""
        c = self.certificate
        return {
            "id": self.id,
            "changed_after": self.changed_after,
            "format": self.format,
            "level": self.level,
            "indication": self.indication,
            "sub_indication": self.sub_indication,
            "signer": None
            if c is None
            else {
                "name": c.subject.first("CN"),
                "organisation": c.subject.first("O"),
                "unit": told(", ".join(c.subject.all("OU"))) or None,
                "serial": c.serial_hex,
                "fingerprint": c.sha256,
                "issuer": str(c.issuer),
            },
            "claimed_time": _iso(self.claimed_time),
            "proven_time": _iso(self.proven_time),
            "validation_time": _iso(self.validation_time),
            "certificate_valid": None if c is None else {"from": _iso(c.not_before), "to": _iso(c.not_after)},
            "intact": {"references": self.references_intact, "signature": self.signature_intact},
            "coverage": {"whole": self.coverage.whole, "what": self.coverage.what},
            "changes_after": [_change_json(change) for change in self.changes_after],
            "path": [str(p.subject) for p in self.path],
            "trust_anchor": _anchor_json(self.anchor),
            "timestamps": [
                {
                    "kind": t.facts.kind,
                    "time": _iso(t.facts.time),
                    "authority": None if t.facts.certificate is None else t.facts.certificate.subject.first("CN"),
                    "intact": t.facts.intact,
                    "trusted": t.trusted,
                    "text": t.text,
                    "trust_anchor": _anchor_json(t.anchor),
                }
                for t in self.timestamps
            ],
            "revocation": {
                "source": self.revocation.source,
                "status": self.revocation.status,
                "at": _iso(self.revocation.at),
                "reason": self.revocation.reason,
                "text": self.revocation.text,
            },
            "evidence": [
                {
                    "kind": u.kind,
                    "place": u.place,
                    "uri": u.uri,
                    "name": u.name,
                    "sha256": u.sha256,
                    "at": _iso(u.at),
                    "until": _iso(u.until),
                    "proven": _iso(u.proven),
                }
                for u in self.evidence
            ],
            "scheme": self.scheme,
            "reason": self.reason,
            "location": self.location,
            "trust_anchors_loaded": self.trust_loaded,
            "pdf": None if self.pdf is None else _pdf_json(self.pdf),
            "xml": None if self.xml is None else _xml_json(self.xml),
            "findings": [f.to_json() for f in self.findings],
        }


def _change_json(change: Change) -> dict[str, Any]:
    places = [asdict(p) | {"rectangle": list(p.rectangle)} for p in change.places]
    return asdict(change) | {"places": places}


def _anchor_json(anchor: Anchor | None) -> dict[str, Any] | None:
    if anchor is None:
        return None
    return {
        "subject": str(anchor.certificate.subject),
        "fingerprint": anchor.certificate.sha256,
        "key": anchor.certificate.spki_sha256,
        "purposes": sorted(anchor.purposes),
        "trusted": {"from": _iso(anchor.trusted_from), "until": _iso(anchor.trusted_until)},
        "source": anchor.source,
    }


def _pdf_json(pdf: PdfFacts) -> dict[str, Any]:
    return {
        "field": told(pdf.field),
        "object": pdf.object,
        "sub_filter": pdf.sub_filter,
        "byte_range": list(pdf.byte_range),
        "revision": pdf.revision,
        "revisions": pdf.revisions,
        "certifies": pdf.certifies,
        "permission": pdf.permission,
        "locks": [{"action": lock.action, "fields": sorted(lock.names)} for lock in pdf.locks],
        "store": None
        if pdf.store is None
        else {
            "certificates": pdf.store.certificates,
            "crls": pdf.store.crls,
            "ocsps": pdf.store.ocsps,
            "entries": sorted(pdf.store.entries),
        },
        "own_evidence": pdf.own_evidence,
    }


def _xml_json(xml: XmlFacts) -> dict[str, Any]:
    policy = xml.policy
    return {
        "path": xml.path,
        "roles": list(xml.roles),
        "commitments": list(xml.commitments),
        "policy": None
        if policy is None
        else {
            "identifier": policy.identifier,
            "hash": policy.hash_name,
            "digest": None if policy.digest is None else policy.digest.hex(),
            "description": policy.description,
            "uri": policy.uri,
        },
        "media_types": list(xml.media_types),
        "unsigned_properties": list(xml.unsigned),
        "countersigns": xml.countersigns,
        "inside": xml.inside,
        "manifest": [asdict(entry) for entry in xml.manifest],
    }


@dataclass(frozen=True)
class DocumentReport:
    """One file judged: all its signatures passed, or it did not pass."""

    file: str | None
    sha256: str | None
    """Of the whole file; None where it could not be read."""
    format: Format | None
    signatures: tuple[SignatureReport, ...]
    findings: tuple[Finding, ...] = ()
    """Findings about the file as a whole: cannot be read, no signature in it."""
    policy: str | None = None
    """The name of the policy that was applied; None when it did not come to that."""
    attachments: tuple[DocumentReport, ...] = ()
    """The documents inside a packet (edXML), each judged by itself; `file` is the name that the packet gives it."""
    content: Content | None = field(default=None, repr=False, compare=False)
    """Where `signed_content` gets the octets."""

    def __bool__(self) -> NoReturn:
        raise TypeError("A DocumentReport has no truth value; ask .passed or call require_passed().")

    @property
    def verdict(self) -> Verdict:
        """`passed` only when there is a signature, every one passed and nothing about the file is wrong; of a packet,
        only when that holds for each document in it too. `indeterminate` also for a file that could not be opened."""
        if self.unopened:
            return "indeterminate"
        verdicts = {s.verdict for s in self.signatures} | {a.verdict for a in self.attachments}
        errors = {f.code for f in self.findings if f.severity == "error"}
        if errors - UNANSWERED or not verdicts or "failed" in verdicts:
            return "failed"
        return "indeterminate" if errors or "indeterminate" in verdicts else "passed"

    @property
    def unopened(self) -> bool:
        """Whether all that is known of the file is that what was given does not open it: `UNOPENED`."""
        errors = {f.code for f in self.findings if f.severity == "error"}
        return bool(errors) and errors <= UNOPENED and not self.signatures and not self.attachments

    @property
    def passed(self) -> bool:
        return self.verdict == "passed"

    def signed_content(self, identifier: str | None = None) -> tuple[bytes, ...]:
        """What the signature with this id covers, and nothing else: one string of octets for each of its references.

        Read these instead of the document, and nobody can show you what was not signed (attack class X1). XML: the
        octets that were hashed, canonical. Without an id there must be exactly one signature.

        Raises `VerificationFailed` unless that signature passed, `UsageError` where there is nothing to hand back.
        """
        found = [s for s in self.signatures if identifier in (None, s.id)]
        if len(found) != 1:
            raise UsageError(
                f"{len(found)} signatures were meant, not one.",
                remedy=f"Name one of: {', '.join(s.id for s in self.signatures) or 'there is none'}.",
            )
        found[0].require_passed()
        if self.content is None:
            raise UsageError(
                "This report does not hand back signed content.",
                remedy="Verify an XML document in this process; of a PDF, read the revision that is covered.",
            )
        return self.content(found[0].id)

    def require_passed(self) -> None:
        """Raises `VerificationFailed` unless every signature passed and there is at least one."""
        for finding in self.findings:
            if finding.severity == "error":
                raise VerificationFailed(finding.text, remedy=finding.remedy, report=self)
        for signature in self.signatures:
            signature.require_passed()
        for attachment in self.attachments:
            attachment.require_passed()
        if not self.passed:
            raise VerificationFailed("The document carries no signature.", report=self)

    def to_json(self) -> dict[str, Any]:
        """The published shape (docs/report.md)."""
        return {
            "schema": SCHEMA_VERSION,
            "file": self.file,
            "sha256": self.sha256,
            "format": self.format,
            "verdict": self.verdict,
            "policy": self.policy,
            "signatures": [s.to_json() for s in self.signatures],
            "findings": [f.to_json() for f in self.findings],
            "attachments": [a.to_json() for a in self.attachments],
        }


def overall(reports: Iterable[DocumentReport]) -> Verdict:
    """The worst of all: a failed file makes the whole failed, an open one, or no file, makes it indeterminate."""
    verdicts = {r.verdict for r in reports}
    if "failed" in verdicts:
        return "failed"
    return "passed" if verdicts == {"passed"} else "indeterminate"


def unreadable(data: Octets, why: Finding, file: str | None = None) -> DocumentReport:
    """The report on bytes that cannot be opened at all, with the reason: failed, or `UNOPENED`."""
    running = hashlib.sha256()
    hash_into(running, data, 0, len(data))
    return DocumentReport(file, running.hexdigest(), None, (), (why,))


_VERDICTS: dict[str, Verdict] = {
    "TOTAL-PASSED": "passed",
    "TOTAL-FAILED": "failed",
    "INDETERMINATE": "indeterminate",
}


@lru_cache(maxsize=4096)  # of an audit's files the certificates, lists and the validation time are the same
def _iso(value: datetime | None) -> str | None:
    return None if value is None else value.astimezone(UTC).isoformat().replace("+00:00", "Z")
