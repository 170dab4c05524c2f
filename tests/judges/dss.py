"""EU DSS, the European Commission's library: validates PAdES and XAdES by EN 319 102-1, signs PAdES B-B to B-LTA
(XAdES: dss_xml.py).

It runs offline: only the anchors, certificates, CRLs and OCSP answers that are handed to it count, under the
validation policy that it ships. See dss/ for the Java side and java.py for how it is built.
"""

from __future__ import annotations

import base64
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from cryptography import x509

from . import java
from .holder import Holder, der
from .program import Verdict


@dataclass(frozen=True)
class DssTimestamp:
    """A signature timestamp or a document timestamp."""

    kind: str
    """`SIGNATURE_TIMESTAMP`, `DOCUMENT_TIMESTAMP`, `VRI_TIMESTAMP`, `CONTENT_TIMESTAMP`…"""
    indication: str
    """`PASSED`, `INDETERMINATE`, `FAILED`: EN 319 102-1 5.4."""
    sub_indication: str | None
    time: str
    intact: bool
    fields: tuple[str, ...] = ()


@dataclass(frozen=True)
class DssSignature:
    indication: str
    """`TOTAL_PASSED`, `INDETERMINATE`, `TOTAL_FAILED`."""
    sub_indication: str | None
    format: str
    """`PAdES-BASELINE-LTA`, `PKCS7-B`, `XAdES-BASELINE-T`…"""
    intact: bool
    """The signature value and the digests are good."""
    errors: tuple[str, ...]
    warnings: tuple[str, ...]
    scopes: tuple[str, ...]
    """What is covered: `FULL: Full document`, `PARTIAL: …`."""
    references: tuple[str, ...] = ()
    """XML: `REFERENCE #data intact`, `SIGNED_PROPERTIES …`, `COUNTER_SIGNED_SIGNATURE_VALUE …`."""
    fields: tuple[str, ...] = ()
    byte_range_valid: bool | None = None
    dictionary_consistent: bool | None = None
    doc_mdp: int | None = None
    extension_changes: tuple[str, ...] = ()
    """Additions that DSS knows as secure: DSS dictionaries, document timestamps."""
    form_changes: tuple[str, ...] = ()
    annotation_changes: tuple[str, ...] = ()
    undefined_changes: tuple[str, ...] = ()
    """Anything else: DSS reports it as a possible attack."""
    overlaps: tuple[int, ...] = ()
    visual_differences: tuple[int, ...] = ()

    @property
    def passed(self) -> bool:
        return self.indication == "TOTAL_PASSED"


@dataclass(frozen=True)
class DssVerdict(Verdict):
    """`valid`: there is a signature or document timestamp, all have passed and none found an undefined change."""

    signatures: tuple[DssSignature, ...] = ()
    timestamps: tuple[DssTimestamp, ...] = ()
    took_ms: float = 0.0


def verify(
    document: bytes,
    roots: Sequence[x509.Certificate],
    *,
    at: datetime,
    crls: Sequence[bytes] = (),
    ocsp: Sequence[bytes] = (),
    certificates: Sequence[x509.Certificate] = (),
    password: str | None = None,
    detached: Mapping[str, bytes] | None = None,
) -> DssVerdict:
    """What DSS says about a PDF or XML at the time `at`; `detached`: by name, what detached signatures cover.

    Raises `java.JudgeMissing`.
    """
    answer = java.ask(
        "validate",
        document=document,
        at=java.iso(at),
        anchors=[der(root) for root in roots],
        certificates=[der(certificate) for certificate in certificates],
        crls=crls,
        ocsp=ocsp,
        password=password,
        detached=[{"name": name, "octets": octets} for name, octets in (detached or {}).items()],
    )
    if "error" in answer:
        return DssVerdict(False, answer["error"])
    signatures = tuple(_signature(told) for told in answer["signatures"])
    timestamps = tuple(_timestamp(told) for told in answer["timestamps"])
    valid = (
        bool(signatures or timestamps)
        and all(s.passed and not s.undefined_changes for s in signatures)
        and all(t.indication == "PASSED" for t in timestamps)
    )
    return DssVerdict(valid, _words(answer), signatures, timestamps, answer["took_ms"])


def sign(
    pdf: bytes,
    holder: Holder,
    *,
    at: datetime,
    level: str = "B-B",
    tsa: str | None = None,
    certify: int | None = None,
    field: str | None = None,
    roots: Sequence[x509.Certificate] = (),
    crls: Sequence[bytes] = (),
    ocsp: Sequence[bytes] = (),
) -> bytes:
    """One more revision signed by DSS; `tsa` is the URL of an authority, `certify` is a DocMDP permission (1 to 3).

    Raises `java.JudgeMissing`, `RuntimeError` with DSS's own words.
    """
    answer = java.ask(
        "sign",
        document=pdf,
        pkcs12=holder.pkcs12(b"memory"),
        password="memory",
        level=level,
        at=java.iso(at),
        tsa=tsa,
        permission=certify,
        field=field,
        anchors=[der(root) for root in roots],
        crls=crls,
        ocsp=ocsp,
    )
    if "error" in answer:
        raise RuntimeError(f"DSS did not sign: {answer['error']}")
    return base64.b64decode(answer["signed"])


def _signature(told: dict[str, Any]) -> DssSignature:
    return DssSignature(
        indication=told["indication"],
        sub_indication=told.get("sub_indication"),
        format=told["format"],
        intact=told["intact"] and told["valid_value"],
        errors=tuple(told["errors"]),
        warnings=tuple(told["warnings"]),
        scopes=tuple(told["scopes"]),
        references=tuple(told["references"]),
        fields=tuple(told.get("fields", ())),
        byte_range_valid=told.get("byte_range_valid"),
        dictionary_consistent=told.get("dictionary_consistent"),
        doc_mdp=told.get("doc_mdp"),
        extension_changes=tuple(told.get("extension_changes", ())),
        form_changes=tuple(told.get("form_changes", ())),
        annotation_changes=tuple(told.get("annotation_changes", ())),
        undefined_changes=tuple(told.get("undefined_changes", ())),
        overlaps=tuple(told.get("overlaps", ())),
        visual_differences=tuple(told.get("visual_differences", ())),
    )


def _timestamp(told: dict[str, Any]) -> DssTimestamp:
    return DssTimestamp(
        kind=told["type"],
        indication=told["indication"],
        sub_indication=told.get("sub_indication"),
        time=told["time"],
        intact=told["intact"],
        fields=tuple(told.get("fields", ())),
    )


def _words(answer: dict[str, Any]) -> str:
    """One line per signature and timestamp, with DSS's own errors."""
    lines = []
    for told in [*answer["signatures"], *answer["timestamps"]]:
        name = told.get("format") or told["type"]
        line = f"{name}: {told['indication']} {told.get('sub_indication') or ''} {told['errors']} {told['warnings']}"
        lines.append(line + (f" undefined: {told['undefined_changes']}" if told.get("undefined_changes") else ""))
    return "\n".join(lines) or "no signature"
