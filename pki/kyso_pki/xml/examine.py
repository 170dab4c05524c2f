"""The facts of every signature in an XML document. No trust is decided here.

Reach for `examine` (facts) and `signed_content` (the very octets that an intact signature covers). The work is done
in two rounds, so that nothing is judged on a tree that was cut up for hashing:

1. every ds:Signature is read strictly, its references are led to elements, parts are hashed, and its place and
   theirs are looked at;
2. for each signature whole documents are hashed, digests compared, and the value is checked with a certificate.

A signature that cannot be read has facts with an error; it never disappears.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from typing import TYPE_CHECKING

from ..errors import KysoError, LimitExceeded, SigningError
from ..facts import Finding, SignatureFacts, TimestampFacts, broken
from ..scheme import HashName, digest
from ..tsp import timestamp_facts
from ..x509.certificate import Certificate
from .c14n import path_to
from .names import ds
from .parse import parse_utf8, text_of
from .references import (
    Budget,
    Ids,
    Surroundings,
    Target,
    Tree,
    absolute_path,
    coverage_of,
    document_octets,
    part_octets,
    resolve,
    structure_findings,
)
from .xades import Properties, SignedProperties, find_properties, read_signed_properties, read_time
from .xmldsig import Reference, Signature, read_signature, verifying_certificates

if TYPE_CHECKING:
    from lxml.etree import _Element

MAX_SIGNATURES = 500  # against denial of service; a batch of invoices carries one each
MAX_REFERENCES = 2000  # in one document, all signatures together; the same
_NUMBERED = re.compile(r"signature-\d+")  # our own names for signatures without a usable Id
_SHA1_REFERENCE = "A reference is hashed with SHA-1, which does not protect the content any more."


@dataclass(frozen=True)
class Hashed:
    """What became of one reference."""

    matches: bool
    octets: bytes | None
    """What was hashed, where it is needed afterwards; all of it together could be many times the document."""

    @classmethod
    def of(cls, octets: bytes, reference: Reference, target: Target, keep_content: bool) -> Hashed:
        matches = digest(reference.hash_name, octets) == reference.digest
        return cls(matches, octets if keep_content or target.kind in ("properties", "own") else None)


@dataclass(frozen=True)
class Reading:
    """What the first round found out about one signature; there is no tree in it."""

    id: str
    path: tuple[int, ...]
    """Child indexes of the Signature; empty when no reference needs them."""
    signature: Signature
    targets: tuple[Target, ...]
    hashed: tuple[Hashed | None, ...]
    """By reference; None for a whole document, which is hashed in the second round."""
    properties: Properties | None
    findings: tuple[Finding, ...]


def examine(tree: Tree) -> tuple[SignatureFacts, ...]:
    """The facts of every ds:Signature, in document order."""
    budget = Budget(len(tree.octets))
    facts: list[SignatureFacts] = []
    for reading in read_all(tree, budget):
        if isinstance(reading, SignatureFacts):
            facts.append(reading)
            continue
        try:
            facts.append(_facts(reading, _hashed(reading, tree, budget)))
        except Exception as e:  # noqa: BLE001 - whatever happens while reading is a verdict, never a skipped signature
            facts.append(_broken(reading.id, e, coverage_of(reading.targets).what))
    return tuple(facts)


def signed_content(tree: Tree, identifier: str) -> tuple[bytes, ...]:
    """The canonical octets of the content that one signature covers, in the order of its references.

    Read these, not the document, to be sure to read what was signed (class X1). Raises `SigningError` unless the
    signature with this facts' id is intact.
    """
    budget = Budget(len(tree.octets))
    for reading in read_all(tree, budget, identifier):
        if isinstance(reading, Reading) and reading.id == identifier:
            hashed = _hashed(reading, tree, budget, keep_content=True)
            facts = _facts(reading, hashed)
            if facts.well_formed and facts.references_intact and facts.signature_intact:
                pairs = zip(hashed, reading.targets, strict=True)
                return tuple(h.octets for h, t in pairs if t.kind == "content" and h.octets is not None)
    raise SigningError(f"No intact signature {identifier!r} in the document.")


# Round 1 ------------------------------------------------------------------------------------------------


def read_all(tree: Tree, budget: Budget, keep_content: str | None = None) -> list[Reading | SignatureFacts]:
    """Every signature read, led to its targets and its parts hashed; facts in place of one that cannot be read.

    `keep_content`: the signature whose hashed content is wanted afterwards.
    """
    root = tree.root
    found = list(root.iter(ds("Signature")))
    if len(found) > MAX_SIGNATURES:
        raise LimitExceeded(f"{len(found)} signatures in one document; at most {MAX_SIGNATURES} are read.")
    ids = Ids(root)
    given = Counter(e.get("Id") for e in found)
    read: list[_Read | SignatureFacts] = []
    references = 0
    for number, element in enumerate(found, 1):
        own = element.get("Id")
        identifier = own if own and given[own] == 1 and not _NUMBERED.fullmatch(own) else f"signature-{number}"
        try:
            budget.spend(0)
            signature = read_signature(element)
            references += len(signature.info.references)
            if references > MAX_REFERENCES:
                raise LimitExceeded(f"More than {MAX_REFERENCES} references in one document.")
            resolved = [resolve(r, ids, root, element) for r in signature.info.references]
            hashed = [
                None
                if target.document
                else Hashed.of(part_octets(r, part, element, budget), r, target, identifier == keep_content)
                for r, (part, target) in zip(signature.info.references, resolved, strict=True)
            ]
            read.append(_Read(identifier, element, signature, resolved, tuple(hashed)))
        except Exception as e:  # noqa: BLE001 - whatever happens while reading is a verdict, never a skipped signature
            read.append(_broken(identifier, e, absolute_path(element)))
    around = Surroundings(root, {e for r in read if isinstance(r, _Read) for e in r.content})
    return [r if isinstance(r, SignatureFacts) else _finished(r, around) for r in read]


@dataclass(frozen=True)
class _Read:
    """One signature in the tree, while the first round lasts."""

    id: str
    element: _Element
    signature: Signature
    resolved: list[tuple[_Element, Target]]
    hashed: tuple[Hashed | None, ...]

    @property
    def content(self) -> list[_Element]:
        return [e for e, t in self.resolved if t.kind == "content"]


def _finished(one: _Read, around: Surroundings) -> Reading | SignatureFacts:
    """Looks at the place of one signature and its targets, and leaves the tree behind."""
    try:
        properties = find_properties(one.element, one.resolved)
        findings = structure_findings(one.element, one.resolved, around)
    except Exception as e:  # noqa: BLE001 - whatever happens while reading is a verdict, never a skipped signature
        return _broken(one.id, e, coverage_of([t for _, t in one.resolved]).what)
    targets = tuple(t for _, t in one.resolved)
    path = path_to(one.element) if None in one.hashed else ()
    return Reading(one.id, path, one.signature, targets, one.hashed, properties, findings)


def _broken(identifier: str, error: Exception, what: str) -> SignatureFacts:
    if isinstance(error, KysoError):
        return broken(identifier, "xml", error, what)
    return broken(identifier, "xml", RuntimeError(f"unexpected {type(error).__name__} while reading"), what)


# Round 2 ------------------------------------------------------------------------------------------------


def _hashed(reading: Reading, tree: Tree, budget: Budget, *, keep_content: bool = False) -> list[Hashed]:
    """What became of every reference, whole documents now being among them."""
    return [
        hashed or Hashed.of(document_octets(reference, reading.path, tree, budget), reference, target, keep_content)
        for reference, target, hashed in zip(
            reading.signature.info.references, reading.targets, reading.hashed, strict=True
        )
    ]


def _facts(reading: Reading, hashed: Sequence[Hashed]) -> SignatureFacts:
    info, keys, properties = reading.signature.info, reading.signature.keys, reading.properties
    findings = list(reading.findings)
    signed = SignedProperties()
    if properties is not None:
        signed = read_signed_properties(hashed[properties.reference].octets or b"", info.references)
        findings += (*properties.findings, *signed.findings)
        if not signed.certificates:
            text = "No signed property binds the signer's certificate; this is no XAdES signature of level B-B."
            findings.append(Finding("CERTIFICATE_NOT_BOUND", "warning", text))
    if any(r.hash_name == "sha1" for r in signed.certificates):
        findings.append(Finding("WEAK_DIGEST", "warning", "The signed property binds the certificate by SHA-1 only."))
    if any(r.hash_name == "sha1" for r in info.references):
        # SHA-1 in the signature algorithm is refused by the rules; beside a stronger one they would not see it here.
        findings.append(
            Finding("WEAK_DIGEST", "warning" if info.scheme.hash_name == "sha1" else "error", _SHA1_REFERENCE)
        )
    pool = tuple(dict.fromkeys((*keys.certificates, *(properties.certificates if properties else ()))))
    verifying = verifying_certificates(info, reading.signature.value, pool)
    certificate, bound, choice = _signer(reading, signed, pool, verifying)
    time, time_findings = (signed.signing_time, ()) if properties else _time_property(hashed, reading.targets)
    return SignatureFacts(
        id=reading.id,
        format="xml",
        family="XAdES" if bound else "XMLDSIG",
        references_intact=all(h.matches for h in hashed),
        signature_intact=certificate is not None and certificate in verifying,
        coverage=coverage_of(reading.targets),
        certificate=certificate,
        certificates=pool,
        scheme=info.scheme,
        claimed_time=time,
        location=signed.location,
        timestamps=_timestamps(properties),
        crls=(*keys.crls, *(properties.crls if properties else ())),
        ocsp=properties.ocsp if properties else (),
        findings=(*findings, *choice, *time_findings),
    )


def _signer(
    reading: Reading, signed: SignedProperties, pool: Sequence[Certificate], verifying: Sequence[Certificate]
) -> tuple[Certificate | None, bool, tuple[Finding, ...]]:
    """The signer's certificate, whether a signed property binds it, and what is wrong with that (X8, C4).

    XAdES: the one that SigningCertificate names and whose key verifies the value. XMLDSIG: the one whose key
    verifies the value; several with the same key leave the signer open.
    """
    findings: list[Finding] = []
    candidates, bound = list(verifying), False
    if signed.certificates:
        named = [c for c in pool if any(r.matches(c) for r in signed.certificates)]
        bound = bool(named)
        candidates = [c for c in named if c in verifying] or named
        if not named:
            text = "The signed SigningCertificate property names none of the certificates in the signature."
            findings.append(Finding("SIGNING_CERTIFICATE_MISMATCH", "error", text))
    elif len(verifying) > 1:
        text = "Several certificates with the same key stand in KeyInfo; which one signed is not said."
        findings.append(Finding("AMBIGUOUS_CERTIFICATE", "error", text))
    certificate = next(iter((*candidates, *verifying, *pool)), None)
    if certificate is None:
        text = "The signer's certificate is not inside the signature."
        findings.append(Finding("NO_SIGNING_CERTIFICATE", "error", text))
    elif not reading.signature.keys.agree_with(certificate):
        text = "A KeyValue in KeyInfo is another key than the certificate's."
        findings.append(Finding("KEY_VALUE_MISMATCH", "error", text))
    return certificate, bound, tuple(findings)


def _time_property(
    hashed: Sequence[Hashed], targets: Sequence[Target]
) -> tuple[datetime | None, tuple[Finding, ...]]:
    """The SigningTime in a signed SignatureProperty, as e-invoices carry it; from the hashed octets only."""
    for one, target in zip(hashed, targets, strict=True):
        if target.kind != "own" or one.octets is None:
            continue
        for element in parse_utf8(one.octets).iter("{*}SigningTime"):
            return read_time(text_of(element))
    return None, ()


def _timestamps(properties: Properties | None) -> tuple[TimestampFacts, ...]:
    if properties is None:
        return ()
    return tuple(
        timestamp_facts(token, partial(_digest_of, covered), "signature") for token, covered in properties.timestamps
    )


def _digest_of(octets: bytes, hash_name: HashName) -> bytes:
    return digest(hash_name, octets)
