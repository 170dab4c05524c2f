"""The facts of every signature in an XML document. No trust is decided here.

Reach for `examine` (facts) and `signed_content` (the very octets that an intact signature covers). The work is done
in two rounds, so that nothing is judged on a tree that was cut up for hashing:

1. every ds:Signature is read strictly, its references are led to elements, parts are hashed, and its place and
   theirs are looked at;
2. for each signature whole documents are hashed, digests compared, and the value is checked with a certificate.

A signature that cannot be read has facts with an error; it never disappears.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from functools import partial
from typing import TYPE_CHECKING

from ..errors import SigningError
from ..facts import Finding, Severity, SignatureFacts, TimestampFacts, XmlFacts, copied
from ..scheme import HashName
from ..tsp import timestamp_facts
from ..x509.certificate import Certificate
from .c14n import EXCLUSIVE, Canonicalization, at
from .parse import parse_utf8, text_of
from .party import party_finding
from .properties_signed import SignedProperties, read_signed_properties, read_time
from .properties_stamps import Canonical, Imprints, Stamp, archive_octets
from .properties_unsigned import Unsigned, form_of
from .reading import Hashed, Reading, broken_signature, read_all
from .references import Budget, detached_octets, part_octets
from .targets import Target, coverage_of
from .tree import Tree
from .view import Pruned, Unsuitable, View, Whole
from .xades import unsigned_properties
from .xmldsig import KeyInfo, verifying_certificates

if TYPE_CHECKING:
    from lxml.etree import _Element

_STRENGTH: Sequence[HashName] = ("sha1", "sha256", "sha3_256", "sha384", "sha3_384", "sha512", "sha3_512")
_SHA1_REFERENCE = "A reference is hashed with SHA-1, which does not protect the content any more."


def examine(tree: Tree) -> tuple[SignatureFacts, ...]:
    """The facts of every ds:Signature, in document order."""
    budget = Budget(tree.size)
    view, readings = _read_document(tree, budget)
    facts: list[SignatureFacts] = []
    made: dict[tuple[bytes, bytes], str] = {}
    for reading in readings:
        if isinstance(reading, SignatureFacts):
            facts.append(reading)
            continue
        try:
            hashed = _hashed(reading, view, budget, keep_content=bool(reading.parts))
            one = _facts(reading, hashed, view, budget)
            by = one.certificate.spki if one.signature_intact and one.certificate else reading.signature.value
            first = made.setdefault((reading.signature.info.octets, by), reading.id)
            facts.append(one if first == one.id else replace(one, findings=(*one.findings, copied(first))))
        except Exception as e:  # noqa: BLE001 - whatever happens while reading is a verdict, never a skipped signature
            facts.append(broken_signature(reading.id, e, coverage_of(reading.targets).what))
    return tuple(facts)


def signed_content(tree: Tree, identifier: str) -> tuple[bytes, ...]:
    """The canonical octets of the content that one signature covers, in the order of its references.

    Read these, not the document, to be sure to read what was signed (class X1). Raises `SigningError` unless the
    signature with this facts' id is intact.
    """
    budget = Budget(tree.size)
    view, readings = _read_document(tree, budget, identifier)
    for reading in readings:
        if isinstance(reading, Reading) and reading.id == identifier:
            hashed = _hashed(reading, view, budget, keep_content=True)
            facts = _facts(reading, hashed, view, budget)
            if facts.well_formed and facts.references_intact and facts.signature_intact:
                pairs = zip(hashed, reading.targets, strict=True)
                return tuple(h.octets for h, t in pairs if t.kind in ("content", "detached") and h.octets is not None)
    raise SigningError(f"No intact signature {identifier!r} in the document.")


@dataclass(frozen=True)
class Archive:
    """One signature, and what an archive timestamp over it as it is now would cover."""

    signature: _Element
    imprint: Callable[[HashName], bytes]


def archives(tree: Tree, wanted: Collection[str]) -> list[Archive]:
    """For each signature with one of these ids (EN 319 132-1 5.5.2.2). Raises `FormatError`, `LimitExceeded`."""
    budget, view = Budget(tree.size), Whole(tree)
    readings = [r for r in read_all(view, budget, again=True) if isinstance(r, Reading) and r.id in wanted]
    hashed = [_hashed(r, view, budget, keep_content=True) for r in readings]
    found: list[Archive] = []
    for reading, octets in zip(readings, hashed, strict=True):
        signature = at(tree.root, reading.path)
        before = unsigned_properties(signature)
        covered = archive_octets(signature, before, EXCLUSIVE, Canonical(budget.spend))
        references = tuple(range(len(reading.targets)))
        stamp = Stamp("archive", len(before) + 1, EXCLUSIVE, (), references, covered)
        found.append(Archive(signature, partial(Imprints(_Again(reading, octets, view, budget).octets).of, stamp)))
    return found


def _read_document(
    tree: Tree, budget: Budget, keep_content: str | None = None
) -> tuple[View, list[Reading | SignatureFacts]]:
    """The readings, and the view that they were made through: a large document in pieces where that can be done."""
    if tree.large:
        try:
            pruned = Pruned(tree)
            return pruned, read_all(pruned, budget, keep_content)
        except Unsuitable:
            pass
    whole = Whole(tree)
    return whole, read_all(whole, budget, keep_content)


def _hashed(reading: Reading, view: View, budget: Budget, *, keep_content: bool = False) -> list[Hashed]:
    """What became of every reference, whole documents now being among them."""
    return [
        hashed or Hashed.of(view.document(reference, reading.path, budget), reference, target, keep_content)
        for reference, target, hashed in zip(
            reading.signature.info.references, reading.targets, reading.hashed, strict=True
        )
    ]


def _facts(reading: Reading, hashed: Sequence[Hashed], view: View, budget: Budget) -> SignatureFacts:
    info, keys, properties = reading.signature.info, reading.signature.keys, reading.properties
    findings = list(reading.findings)
    signed, unsigned = SignedProperties(), Unsigned()
    if properties is not None:
        signed = read_signed_properties(hashed[properties.reference].octets or b"", info.references)
        unsigned = properties.unsigned
        findings += (*unsigned.findings, *signed.findings, *_form(unsigned))
        if not signed.certificates:
            text = "No signed property binds the signer's certificate; this is no XAdES signature of level B-B."
            findings.append(Finding("CERTIFICATE_NOT_BOUND", "warning", text))
    findings += _media_types(reading.targets, signed.formats)
    if any(r.hash_name == "sha1" for r in signed.certificates):
        findings.append(Finding("WEAK_DIGEST", "warning", "The signed property binds the certificate by SHA-1 only."))
    weakest = min((r.hash_name for r in info.references), key=_STRENGTH.index)
    if weakest == "sha1":
        findings.append(Finding("WEAK_DIGEST", "warning", _SHA1_REFERENCE))  # whether it may pass is policy
    if any(h.matches is False for h in hashed) and any(h.matches is None for h in hashed):
        text = "The signed content was changed: its digest does not match."
        findings.append(Finding("CONTENT_CHANGED", "error", text))
    pool = tuple(dict.fromkeys((*keys.certificates, *unsigned.certificates)))
    verifying = verifying_certificates(info, reading.signature.value, pool, budget.key)
    certificate, bound, choice = _signer(reading, signed, pool, verifying)
    time, time_findings = (signed.signing_time, ()) if properties else _time_property(hashed, reading.targets)
    if (misplaced := party_finding(reading.party, certificate)) is not None:
        findings.append(misplaced)
    again = _Again(reading, hashed, view, budget)
    return SignatureFacts(
        id=reading.id,
        format="xml",
        family="XAdES" if bound else "XMLDSIG",
        references_intact=all(h.matches is True for h in hashed),
        signature_intact=certificate is not None and certificate in verifying,
        coverage=coverage_of(reading.targets),
        certificate=certificate,
        certificates=tuple(dict.fromkeys((*([certificate] if certificate else []), *keys.certificates))),
        scheme=info.scheme,
        content_hash=None if weakest == info.scheme.hash_name else weakest,
        claimed_time=time,
        location=signed.location,
        timestamps=_timestamps((*signed.stamps, *unsigned.stamps), Imprints(again.octets)),
        crls=keys.crls,
        stored=unsigned.stored,
        findings=(*findings, *choice, *time_findings),
        xml=XmlFacts(
            path=reading.place.path,
            roles=signed.roles,
            commitments=signed.commitments,
            policy=signed.policy,
            media_types=signed.media_types,
            unsigned=unsigned.names,
            countersigns=reading.place.countersigns,
            inside=reading.place.inside,
            inside_at=reading.place.inside_at,
            manifest=reading.manifest,
        ),
    )


def _media_types(targets: Sequence[Target], formats: Sequence[tuple[int, str]]) -> Iterator[Finding]:
    """What an Object is said to hold where only its octets are signed: readers may show them as that."""
    for number, target in enumerate(targets):
        if target.media_type is None:
            continue
        signed = [text for about, text in formats if about == number]
        if _media_type(target.media_type) in map(_media_type, signed):
            continue
        said = f"{target.name} calls itself {target.media_type[:100]!r}, which nothing signs"
        if signed:
            text = f"{said}; the signer said {signed[0][:100]!r}."
            yield Finding("MEDIA_TYPE_DIFFERS", "warning", text)
        else:
            yield Finding("MEDIA_TYPE_NOT_SIGNED", "warning", said + ".")


def _media_type(text: str) -> str:
    """Without parameters, which may be written in several ways."""
    return text.partition(";")[0].strip().lower()


def _form(unsigned: Unsigned) -> Iterator[Finding]:
    if (form := form_of(unsigned.names)) is not None:
        yield Finding("XADES_FORM", "info", f"The unsigned properties are those of {form} (TS 101 903).")


@dataclass(frozen=True)
class _Again:
    """The octets of the references once more, for timestamps over them."""

    reading: Reading
    hashed: Sequence[Hashed]
    view: View
    budget: Budget

    def octets(self, index: int, method: Canonicalization) -> bytes:
        """`method` is for a reference whose transforms leave nodes (EN 319 132-1 5.5.2.2, step 2)."""
        reading, kept = self.reading, self.hashed[index].octets
        reference, target = reading.signature.info.references[index], reading.targets[index]
        transforms = reference.transforms
        if transforms.named or transforms.base64:
            if kept is not None:
                return kept
        else:
            reference = replace(reference, transforms=replace(transforms, method=method))
        if target.kind == "detached":
            return detached_octets(reference, self.view.detached[reference.uri], self.budget)
        if transforms.filters:
            from .selecting import octets_again

            part, signature = at(self.view.root, reading.parts[index]), self.view.signature(reading.path)
            return octets_again(index, reference, part, signature, self.view, self.budget)
        if target.document:
            return b"".join(self.view.document(reference, reading.path, self.budget))
        part = at(self.view.root, reading.parts[index])
        return part_octets(reference, part, self.view.signature(reading.path), self.budget)


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
    else:
        findings += _hints(reading.signature.keys, certificate, pool)
    if certificate is not None and not reading.signature.keys.agree_with(certificate):
        text = "A KeyValue in KeyInfo is another key than the certificate's."
        findings.append(Finding("KEY_VALUE_MISMATCH", "error", text))
    return certificate, bound, tuple(findings)


def _hints(keys: KeyInfo, certificate: Certificate, pool: Sequence[Certificate]) -> Iterator[Finding]:
    """Names in KeyInfo that are not those of the certificate that verifies: other programs may show them (X8)."""
    for hint in keys.hints:
        named = (certificate,) if hint.kind == "KeyName" else (certificate, *pool)
        if any(hint.fits(c) for c in named):
            continue
        severity: Severity = "info" if hint.kind == "KeyName" else "warning"
        text = f"{hint.kind} {hint.text[:200]!r} in KeyInfo names another certificate than the one that verifies."
        yield Finding("KEY_INFO_DIFFERS", severity, text)


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


def _timestamps(stamps: Sequence[Stamp], imprints: Imprints) -> tuple[TimestampFacts, ...]:
    """Every token, checked against what it must cover; in the order in which they were added."""
    return tuple(
        replace(timestamp_facts(token, partial(imprints.of, stamp), stamp.kind), state=stamp.position)
        for stamp in stamps
        for token in stamp.tokens
    )
