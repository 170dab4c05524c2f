"""The facts of every signature in an XML document. No trust is decided here.

Reach for `examine` (facts) and `signed_content` (the very octets that an intact signature covers). The work is done
in two rounds, so that nothing is judged on a tree that was cut up for hashing:

1. every ds:Signature is read strictly, its references are led to elements, parts are hashed, and its place and
   theirs are looked at;
2. for each signature whole documents are hashed, digests compared, and the value is checked with a certificate.

A signature that cannot be read has facts with an error; it never disappears.
"""

from __future__ import annotations

import hashlib
import re
from collections import Counter
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from functools import partial
from typing import TYPE_CHECKING

from ..errors import KysoError, LimitExceeded, SigningError
from ..facts import Finding, ManifestEntry, SignatureFacts, TimestampFacts, XmlFacts, broken
from ..scheme import HashName
from ..tsp import timestamp_facts
from ..x509.certificate import Certificate
from .c14n import EXCLUSIVE, Canonicalization, at, path_to
from .manifest import manifest_entries, manifest_findings
from .names import ds, xades
from .parse import parse_utf8, text_of
from .properties_signed import SignedProperties, read_signed_properties, read_time
from .properties_stamps import Canonical, Imprints, Stamp, archive_octets
from .properties_unsigned import Unsigned, form_of
from .references import Budget, detached_octets, part_octets
from .standing import Place, standing
from .structure import Surroundings, structure_findings
from .targets import Target, coverage_of, is_inside, resolve, whole_detached
from .tree import Tree
from .view import Pruned, Unsuitable, View, Whole
from .xades import Properties, find_properties, unsigned_properties
from .xmldsig import Reference, Signature, read_signature, verifying_certificates

if TYPE_CHECKING:
    from lxml.etree import _Element

MAX_SIGNATURES = 500  # against denial of service; a batch of invoices carries one each
MAX_REFERENCES = 5000  # in one document, all signatures and Manifests together; the same
_NUMBERED = re.compile(r"signature-\d+")  # our own names for signatures without a usable Id
_STRENGTH: Sequence[HashName] = ("sha1", "sha256", "sha3_256", "sha384", "sha3_384", "sha512", "sha3_512")
_SHA1_REFERENCE = "A reference is hashed with SHA-1, which does not protect the content any more."


@dataclass(frozen=True)
class Hashed:
    """What became of one reference."""

    matches: bool | None
    """None: nobody has the data."""
    octets: bytes | None
    """What was hashed, where it is needed afterwards; all of it together could be many times the document."""

    @classmethod
    def of(cls, pieces: Iterable[bytes | memoryview], reference: Reference, target: Target, keep: bool) -> Hashed:
        keep = keep or target.kind in ("properties", "own", "manifest")
        running = hashlib.new(reference.hash_name)
        kept: list[bytes] = []
        for piece in pieces:
            running.update(piece)
            if keep:
                kept.append(bytes(piece))
        return cls(running.digest() == reference.digest, b"".join(kept) if keep else None)


@dataclass(frozen=True)
class Reading:
    """What the first round found out about one signature; there is no tree in it."""

    id: str
    path: tuple[int, ...]
    """Where the Signature stands, as the view says; empty when nothing needs it."""
    parts: tuple[tuple[int, ...], ...]
    """Child indexes of each target, where timestamps over content make it be hashed again; else empty."""
    place: Place
    signature: Signature
    targets: tuple[Target, ...]
    hashed: tuple[Hashed | None, ...]
    """By reference; None for a whole document, which is hashed in the second round."""
    properties: Properties | None
    manifest: tuple[ManifestEntry, ...]
    findings: tuple[Finding, ...]


def examine(tree: Tree) -> tuple[SignatureFacts, ...]:
    """The facts of every ds:Signature, in document order."""
    budget = Budget(tree.size)
    view, readings = _read_document(tree, budget)
    facts: list[SignatureFacts] = []
    for reading in readings:
        if isinstance(reading, SignatureFacts):
            facts.append(reading)
            continue
        try:
            hashed = _hashed(reading, view, budget, keep_content=bool(reading.parts))
            facts.append(_facts(reading, hashed, view, budget))
        except Exception as e:  # noqa: BLE001 - whatever happens while reading is a verdict, never a skipped signature
            facts.append(_broken(reading.id, e, coverage_of(reading.targets).what))
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


def identified(root: _Element) -> list[tuple[_Element, str]]:
    """Every ds:Signature in document order, and how the facts name it. Raises `LimitExceeded`."""
    found = list(root.iter(ds("Signature")))
    if len(found) > MAX_SIGNATURES:
        raise LimitExceeded(f"{len(found)} signatures in one document; at most {MAX_SIGNATURES} are read.")
    given = Counter(e.get("Id") for e in found)
    named: list[tuple[_Element, str]] = []
    for number, element in enumerate(found, 1):
        own = element.get("Id")
        usable = own and given[own] == 1 and not _NUMBERED.fullmatch(own)
        named.append((element, own if own and usable else f"signature-{number}"))
    return named


# Round 1 ------------------------------------------------------------------------------------------------


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


def read_all(
    view: View, budget: Budget, keep_content: str | None = None, *, again: bool = False
) -> list[Reading | SignatureFacts]:
    """Every signature read, led to its targets and its parts hashed; facts in place of one that cannot be read.

    `keep_content`: the signature whose hashed content is wanted afterwards. `again`: all may be hashed once more.
    """
    root = view.root
    found = identified(root)
    known: dict[_Element, str] = dict(found)
    read: list[_Read | SignatureFacts] = []
    references = 0
    for element, identifier in found:
        try:
            budget.spend(0)
            signature = read_signature(element)
            references += len(signature.info.references)
            if references > MAX_REFERENCES:
                raise LimitExceeded(f"More than {MAX_REFERENCES} references in one document.")
            resolved = _resolved(signature.info.references, element, view)
            hashed = tuple(
                _first_hash(r, part, target, element, view, budget, identifier == keep_content)
                for r, (part, target) in zip(signature.info.references, resolved, strict=True)
            )
            entries = _manifests(resolved, hashed, element, view, budget)
            references += len(entries)
            read.append(_Read(identifier, element, signature, resolved, hashed, entries))
        except Unsuitable:
            raise
        except Exception as e:  # noqa: BLE001 - whatever happens while reading is a verdict, never a skipped signature
            read.append(_broken(identifier, e, view.paths.of(element)))
    around = view.surroundings({e for r in read if isinstance(r, _Read) for e in r.content})
    return [r if isinstance(r, SignatureFacts) else _finished(r, around, known, view, budget, again) for r in read]


def _resolved(references: Sequence[Reference], signature: _Element, view: View) -> list[tuple[_Element, Target]]:
    led = [resolve(r, view.ids, view.root, signature, view.paths, view.detached) for r in references]
    targets = whole_detached([t for _, t in led], references, view.root, view.detached)
    return [(element, target) for (element, _), target in zip(led, targets, strict=True)]


def _first_hash(
    reference: Reference, part: _Element, target: Target, signature: _Element, view: View, budget: Budget, keep: bool
) -> Hashed | None:
    """What became of a reference to a part or to detached data; None for a whole document."""
    if target.kind == "missing":
        return Hashed(None, None)
    if target.kind == "detached":
        octets = detached_octets(reference, view.detached[reference.uri], budget)
    elif target.document:
        if reference.transforms.signatures and isinstance(view, Pruned):
            raise Unsuitable  # it leaves one signature out at a time
        return None
    else:
        octets = part_octets(reference, part, signature, budget)
    return Hashed.of((octets,), reference, target, keep)


def _manifests(
    resolved: Sequence[tuple[_Element, Target]],
    hashed: Sequence[Hashed | None],
    signature: _Element,
    view: View,
    budget: Budget,
) -> tuple[ManifestEntry, ...]:
    """The entries of every Manifest that is referenced."""
    found: list[ManifestEntry] = []
    for (_, target), one in zip(resolved, hashed, strict=True):
        if target.kind != "manifest":
            continue
        if isinstance(view, Pruned):
            raise Unsuitable  # its entries may lead anywhere
        octets = b"" if one is None or one.octets is None else one.octets

        def lead(entry: Reference) -> tuple[_Element, Target]:
            return resolve(entry, view.ids, view.root, signature, view.paths, view.detached)

        found += manifest_entries(octets, signature, lead, view.detached, budget)
    return tuple(found)


@dataclass(frozen=True)
class _Read:
    """One signature in the tree, while the first round lasts."""

    id: str
    element: _Element
    signature: Signature
    resolved: list[tuple[_Element, Target]]
    hashed: tuple[Hashed | None, ...]
    manifest: tuple[ManifestEntry, ...]

    @property
    def content(self) -> list[_Element]:
        return [e for e, t in self.resolved if t.kind == "content"]


def _finished(
    one: _Read, around: Surroundings, known: Mapping[_Element, str], view: View, budget: Budget, again: bool
) -> Reading | SignatureFacts:
    """Looks at the place of one signature and its targets, and leaves the tree behind."""
    try:
        properties = find_properties(one.element, one.resolved, budget)
        findings = structure_findings(one.element, one.resolved, around)
        place, misplaced = standing(one.element, one.resolved, known, view.paths)
    except Exception as e:  # noqa: BLE001 - whatever happens while reading is a verdict, never a skipped signature
        return _broken(one.id, e, coverage_of([t for _, t in one.resolved]).what)
    targets = tuple(t for _, t in one.resolved)
    again = again or (properties is not None and _stamps_content(one.resolved[properties.reference][0], properties))
    path = view.where(one.element) if again or None in one.hashed else ()
    parts = tuple(path_to(e) for e, _ in one.resolved) if again else ()
    said = (*findings, *misplaced, *manifest_findings(one.manifest), *_about_transforms(one))
    return Reading(one.id, path, parts, place, one.signature, targets, one.hashed, properties, one.manifest, said)


def _about_transforms(one: _Read) -> Iterator[Finding]:
    """The enveloped-signature transform on what does not hold the signature does nothing, as in .NET; the filter of
    EU DSS leaves the other signatures out too."""
    if any(r.transforms.signatures for r in one.signature.info.references):
        text = "The signature leaves every signature in the document out of what it covers, not itself alone."
        yield Finding("SIGNATURES_LEFT_OUT", "info", text)
    idle = [
        target.name
        for reference, (part, target) in zip(one.signature.info.references, one.resolved, strict=True)
        if reference.transforms.enveloped and not target.document and not is_inside(one.element, (part,))
    ]
    if idle:
        text = f"The enveloped-signature transform takes nothing out of {', '.join(idle[:20])}."
        yield Finding("ENVELOPED_WITHOUT_EFFECT", "info", text)


def _stamps_content(signed: _Element, properties: Properties) -> bool:
    """Whether a timestamp covers what the references lead to."""
    if any(stamp.references for stamp in properties.unsigned.stamps):
        return True
    return (
        next(signed.iter(xades("AllDataObjectsTimeStamp"), xades("IndividualDataObjectsTimeStamp")), None) is not None
    )


def _broken(identifier: str, error: Exception, what: str) -> SignatureFacts:
    if isinstance(error, KysoError):
        return broken(identifier, "xml", error, what)
    return broken(identifier, "xml", RuntimeError(f"unexpected {type(error).__name__} while reading"), what)


# Round 2 ------------------------------------------------------------------------------------------------


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
    if any(r.hash_name == "sha1" for r in signed.certificates):
        findings.append(Finding("WEAK_DIGEST", "warning", "The signed property binds the certificate by SHA-1 only."))
    weakest = min((r.hash_name for r in info.references), key=_STRENGTH.index)
    if weakest == "sha1":
        findings.append(Finding("WEAK_DIGEST", "warning", _SHA1_REFERENCE))  # whether it may pass is policy
    if any(h.matches is False for h in hashed) and any(h.matches is None for h in hashed):
        text = "The signed content was changed: its digest does not match."
        findings.append(Finding("CONTENT_CHANGED", "error", text))
    pool = tuple(dict.fromkeys((*keys.certificates, *unsigned.certificates)))
    verifying = verifying_certificates(info, reading.signature.value, pool)
    certificate, bound, choice = _signer(reading, signed, pool, verifying)
    time, time_findings = (signed.signing_time, ()) if properties else _time_property(hashed, reading.targets)
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


def _timestamps(stamps: Sequence[Stamp], imprints: Imprints) -> tuple[TimestampFacts, ...]:
    """Every token, checked against what it must cover; in the order in which they were added."""
    return tuple(
        replace(timestamp_facts(token, partial(imprints.of, stamp), stamp.kind), state=stamp.position)
        for stamp in stamps
        for token in stamp.tokens
    )
