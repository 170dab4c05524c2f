"""The report as ETSI TS 119 102-2 (V1.4.1) has it, for programs that read the reports of any validator.

Reach for `etsi_report`. One SignatureValidationReport for each signature of each document; certificates, CRLs, OCSP
answers and timestamps stand once, under SignatureValidationObjects, with the earliest proof of their existence. A
document without a signature gets one too, that failed: the schema wants at least one, and silence could be misread.
What the standard leaves to validators is named by `urn:kyso:…`: levels, rules, findings.
"""

from __future__ import annotations

import base64
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from typing import Final

from ..ades.report import DocumentReport, SignatureReport, TimestampResult
from ..ades.used import EvidenceKind, Used
from ..facts import Finding, TimestampKind
from ..x509.certificate import Certificate
from ..xml.names import DIGEST_URIS, DS, SIGNATURE_URIS, XADES
from .elements import element, text, uri

NAMESPACE: Final = "http://uri.etsi.org/19102/v1.4.1#"
_URN: Final = "urn:etsi:019102:"
_VALIDATION: Final = element("TypeOfProof", f"{_URN}poetype:validation")
_KINDS: Final[dict[EvidenceKind, tuple[str, str]]] = {  # 4.4.4
    "certificate": ("C", "certificate"),
    "crl": ("R", "CRL"),
    "ocsp": ("O", "OCSPResponse"),
    "timestamp": ("T", "timestamp"),
}
_STAMPS: Final[dict[TimestampKind, str]] = {  # annex A
    "signature": "SignatureTimeStamp",
    "document": "DocTimeStamp",
    "content": "AllDataObjectsTimeStamp",
    "archive": "ArchiveTimeStamp",
    "signature-and-references": "SigAndRefsTimeStamp",
    "references": "RefsOnlyTimeStamp",
}
_WEAK: Final = frozenset(
    {"WEAK_HASH", "WEAK_KEY", "WEAK_DIGEST", "CRYPTO_CONSTRAINTS_FAILURE", "CRYPTO_CONSTRAINTS_FAILURE_NO_POE"}
)


def etsi_report(reports: Sequence[DocumentReport]) -> bytes:
    """A ValidationReport on these files and the documents in packets among them; UTF-8."""
    objects = _Objects()
    told = [part for report in reports for part in _document(report, objects)]
    known = [objects.written()] if objects.found else []
    spaces = {"xmlns": NAMESPACE, "xmlns:ds": DS, "xmlns:XAdES": XADES}
    root = "".join(f' {name}="{value}"' for name, value in spaces.items())
    body = "".join((*told, *known))
    return f'<?xml version="1.0" encoding="UTF-8"?>\n<ValidationReport{root}>{body}</ValidationReport>\n'.encode()


_Stamp = tuple[str, TimestampResult]
"""A timestamp with the identifier of its validation object."""


@dataclass
class _Object:
    """One validation object, as all signatures together know it."""

    kind: str
    representation: str
    proven: datetime | None
    seen: datetime | None
    extra: str = ""


@dataclass
class _Objects:
    """The validation objects, each once (4.4)."""

    found: dict[str, _Object] = field(default_factory=dict)
    signatures: int = 0
    judgements: dict[str, dict[str, str]] = field(default_factory=dict)
    """Of each timestamp what was said of it, and under which identifier."""

    def certificate(self, certificate: Certificate) -> str:
        """Its identifier; its octets are told along."""
        name = f"C-{certificate.sha256}"
        octets = element("base64", base64.b64encode(certificate.der).decode())
        one = self._one(name, "certificate", octets)
        one.representation = octets
        return name

    def document(self, report: DocumentReport) -> str:
        name = f"D-{report.sha256}"
        where = element("URI", uri(report.file)) if report.file else ""
        self._one(name, "signedData", _digest(report.sha256 or "") + where)
        return name

    def used(self, used: Used, at: datetime) -> str:
        """The identifier of a piece of evidence, of which a signature says what is proven."""
        letter, kind = _KINDS[used.kind]
        name = f"{letter}-{used.sha256}"
        one = self._one(name, kind, _digest(used.sha256))
        one.seen = min(one.seen or at, at)
        if used.proven is not None:
            one.proven = min(one.proven or used.proven, used.proven)
        return name

    def judged(self, name: str, said: str) -> str:
        """The identifier of a timestamp of which this is said: of one token that was put into several signatures
        something else may be true in each, and one object must not say both."""
        known = self.judgements.setdefault(name, {})
        if said not in known:
            known[said] = f"{name}-{len(known) + 1}" if known else name
            self.found[known[said]] = replace(self.found[name], extra=said)
        return known[said]

    def _one(self, name: str, kind: str, representation: str) -> _Object:
        return self.found.setdefault(name, _Object(kind, representation, None, None))

    def written(self) -> str:
        return element("SignatureValidationObjects", *(self._object(n, o) for n, o in self.found.items()))

    @staticmethod
    def _object(name: str, one: _Object) -> str:
        existed = one.proven or one.seen
        return element(
            "ValidationObject",
            element("ObjectType", f"{_URN}validationObject:{one.kind}"),
            element("ValidationObjectRepresentation", one.representation),
            element("POE", _time("POETime", existed), _VALIDATION) if existed else "",
            one.extra,
            id=name,
        )


def _document(report: DocumentReport, objects: _Objects) -> Iterator[str]:
    if not report.signatures and not report.attachments:
        yield _unsigned(report, objects)
    for signature in report.signatures:
        yield _signature(signature, report, objects)
    for attachment in report.attachments:
        yield from _document(attachment, objects)


def _unsigned(report: DocumentReport, objects: _Objects) -> str:
    """Nothing could be validated, with what is known of the file: failed, or open where a password is missing."""
    main, sub = ("indeterminate", "SIGNED_DATA_NOT_FOUND") if report.unopened else ("total-failed", "FORMAT_FAILURE")
    status = element(
        "SignatureValidationStatus",
        element("MainIndication", f"{_URN}mainindication:{main}"),
        element("SubIndication", f"{_URN}subindication:{sub}"),
        element("AssociatedValidationReportData", _findings(report.findings)) if report.findings else "",
    )
    return element("SignatureValidationReport", _signed_document(report, objects), status)


def _signature(s: SignatureReport, report: DocumentReport, objects: _Objects) -> str:
    """4.3: the elements in the order of the standard."""
    objects.signatures += 1
    name = f"S-{objects.signatures}"
    stamps = _stamps(s, objects)
    return element(
        "SignatureValidationReport",
        element(
            "SignatureIdentifier",
            element("HashOnly", "false"),
            element("DocHashOnly", "false"),
            element("DAIdentifier", text(s.id)),
            id=name,
        ),
        _policy(report),
        _times(s, stamps),
        _signed_document(report, objects),
        _attributes(s, stamps),
        _signer(s, objects),
        element("SignatureQuality", element("SignatureQualityInformation", f"urn:kyso:level:{s.level}")),
        element("SignatureValidationProcess", element("SignatureValidationProcessID", _process(s))),
        _status(s, name, report.findings, objects),
    )


def _policy(report: DocumentReport) -> str:
    if report.policy is None:
        return ""
    implied = element("SignaturePolicyIdentifier", element("XAdES:SignaturePolicyImplied"))
    named = element("SignatureValidationPolicy", implied, element("PolicyName", text(report.policy)))
    return element("ValidationConstraintsEvaluationReport", named)


def _times(s: SignatureReport, stamps: Sequence[_Stamp]) -> str:
    """4.3.6: the best signature time is that of a trusted timestamp, else of this validation."""
    best = s.proven_time or s.validation_time
    by = [n for n, t in stamps if t.trusted and t.facts.time == s.proven_time]
    proof = element("POEObject", VOReference=by[0]) if by else ""
    best_time = element("BestSignatureTime", _time("POETime", best), _VALIDATION, proof)
    return element("ValidationTimeInfo", _time("ValidationTime", s.validation_time), best_time)


def _signed_document(report: DocumentReport, objects: _Objects) -> str:
    """4.3.7: the file as it was given, not only the octets that one signature covers."""
    if report.sha256 is None or len(report.sha256) != 64:
        return ""
    return element(
        "SignersDocument",
        _digest(report.sha256),
        element("SignersDocumentRepresentation", VOReference=objects.document(report)),
    )


def _attributes(s: SignatureReport, stamps: Sequence[_Stamp]) -> str:
    """4.3.8 and annex A: what the signature says of itself, and its timestamps."""
    signed = {"Signed": "true"} if s.level.startswith(("PAdES", "XAdES", "CAdES")) else {}
    found = []
    if s.claimed_time is not None:
        found.append(element("SigningTime", _time("Time", s.claimed_time), **signed))
    if s.xml is not None:
        found += [element("DataObjectFormat", element("MimeType", text(m)), **signed) for m in s.xml.media_types]
        for commitment in s.xml.commitments:
            said = element("CommitmentTypeIdentifier", uri(commitment))
            found.append(element("CommitmentTypeIndication", said, **signed))
        if s.xml.policy is not None and s.xml.policy.identifier is not None:
            named = element("SigPolicyId", uri(s.xml.policy.identifier))
            found.append(element("SigPolicyIdentifier", named, **signed))
    if s.location:
        found.append(element("SignatureProductionPlace", element("AddressString", text(s.location)), **signed))
    for role in s.xml.roles if s.xml else ():
        details = element("RoleDetails", element("Role", text(role)), element("EndorsementType", "claimed"))
        found.append(element("SignerRole", details, **signed))
    for name, result in stamps:
        if result.facts.time is not None:
            where = element("AttributeObject", VOReference=name)
            found.append(element(_STAMPS[result.facts.kind], where, _time("TimeStampValue", result.facts.time)))
    if s.reason:
        found.append(element("Reason", element("ReasonElement", text(s.reason)), **signed))
    if s.pdf is not None:
        if s.pdf.sub_filter:
            found.append(element("SubFilter", element("SubFilterElement", text(s.pdf.sub_filter))))
        found.append(element("ByteRange", " ".join(map(str, s.pdf.byte_range))))
    return element("SignatureAttributes", *found) if found else ""


def _signer(s: SignatureReport, objects: _Objects) -> str:
    if s.certificate is None:
        return ""
    return element(
        "SignerInformation",
        element("SignerCertificate", VOReference=objects.certificate(s.certificate)),
        element("Signer", text(str(s.certificate.subject))),
    )


def _process(s: SignatureReport) -> str:
    """4.3.11.1: which of the three processes of EN 319 102-1 the conclusion rests on."""
    if s.level.endswith("-B-LTA"):
        return f"{_URN}validationprocess:LTA"
    return f"{_URN}validationprocess:{'Basic' if s.proven_time is None else 'LTVM'}"


def _status(s: SignatureReport, name: str, about: Sequence[Finding], objects: _Objects) -> str:
    """4.3.4 with the material that it rests on (4.3.12)."""
    related = []
    for used in s.evidence:
        reference = objects.used(used, s.validation_time)
        if used.kind in ("crl", "ocsp"):
            related.append(element("RelatedValidationObject", VOReference=reference))
    for stamp in s.timestamps:
        for certificate in stamp.path:
            objects.certificate(certificate)
    findings = (*about, *s.findings)
    data = element(
        "AssociatedValidationReportData",
        _chain(s.path, objects),
        *related,
        _revoked(s, objects),
        _algorithm(s, name),
        _findings(findings) if findings else "",
    )
    sub = element("SubIndication", f"{_URN}subindication:{s.sub_indication}") if s.sub_indication else ""
    main = element("MainIndication", f"{_URN}mainindication:{s.indication.lower()}")
    return element("SignatureValidationStatus", main, sub, data)


def _chain(path: Sequence[Certificate], objects: _Objects) -> str:
    if not path:
        return ""
    leaf, *above = [objects.certificate(c) for c in path]
    anchor = above[-1] if above else leaf
    between = [element("IntermediateCertificate", VOReference=name) for name in above[:-1]]
    return element("TrustAnchor", VOReference=anchor) + element(
        "CertificateChain",
        element("SigningCertificate", VOReference=leaf),
        *between,
        element("TrustAnchor", VOReference=anchor),
    )


def _revoked(s: SignatureReport, objects: _Objects) -> str:
    """4.3.12.6, only where a certificate is revoked."""
    r = s.revocation
    if r.status != "revoked" or r.at is None or s.certificate is None:
        return ""
    return element(
        "RevocationStatusInformation",
        element("ValidationObjectId", VOReference=objects.certificate(r.about or s.certificate)),
        _time("RevocationTime", r.at),
        element("RevocationReason", uri(f"{_URN}revocationReason:{r.reason}")) if r.reason else "",
    )


def _algorithm(s: SignatureReport, name: str) -> str:
    """4.3.12.7"""
    if s.scheme is None:
        return ""
    secure = not any(f.code in _WEAK for f in s.findings)
    return element(
        "CryptoInformation",
        element("ValidationObjectId", VOReference=name),
        element("Algorithm", SIGNATURE_URIS.get(s.scheme, f"urn:kyso:scheme:{s.scheme}")),
        element("SecureAlgorithm", str(secure).lower()),
    )


def _findings(findings: Iterable[Finding]) -> str:
    """Every problem, by its stable code (docs/report.md)."""
    return _data((f"urn:kyso:finding:{f.severity}:{f.code}", f.text) for f in findings)


def _data(told: Iterable[tuple[str, str]]) -> str:
    """What the standard has no element for: a URI that says what it is, and a text."""
    values = (element("ReportData", element("Type", text(t)), element("Value", text(value))) for t, value in told)
    return element("AdditionalValidationReportData", *values)


def _stamps(s: SignatureReport, objects: _Objects) -> list[_Stamp]:
    """The timestamps, in their order, as validation objects."""
    used = [u for u in s.evidence if u.kind == "timestamp"]
    return [
        (objects.judged(objects.used(u, s.validation_time), _stamp_report(result, s)), result)
        for u, result in zip(used, s.timestamps, strict=True)
    ]


def _stamp_report(result: TimestampResult, s: SignatureReport) -> str:
    """What it proves, and its own verdict: 4.4.7 and 4.4.8. It is no signature of the document."""
    said = "passed" if result.trusted else "indeterminate" if result.facts.intact else "failed"
    status = element(
        "SignatureValidationStatus",
        element("MainIndication", f"{_URN}mainindication:{said}"),
        element("AssociatedValidationReportData", _data([("urn:kyso:timestamp", result.text)]))
        if result.text
        else "",
    )
    proves = ""
    if result.trusted and result.facts.time is not None:
        where = element("SignatureReference", element("PAdESFieldName", text(s.id))) if s.format == "pdf" else ""
        proves = element("POEProvisioning", _time("POETime", result.facts.time), where)
    return proves + element("ValidationReport", status)


def _digest(sha256: str) -> str:
    return element(
        "DigestAlgAndValue",
        element("ds:DigestMethod", Algorithm=DIGEST_URIS["sha256"]),
        element("ds:DigestValue", base64.b64encode(bytes.fromhex(sha256)).decode()),
    )


def _time(name: str, moment: datetime | None) -> str:
    return "" if moment is None else element(name, moment.astimezone(UTC).isoformat().replace("+00:00", "Z"))
