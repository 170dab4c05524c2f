"""The first round over an XML document: every ds:Signature read, led to what it refers to, its parts hashed.

Reach for `read_all`. Nothing is judged on a tree that was cut up for hashing, so whole documents are hashed
afterwards (`examine`); what this round gives, `Reading`, has no tree in it. A signature that cannot be read has
facts with an error; it never disappears.
"""

from __future__ import annotations

import hashlib
import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from ..errors import KysoError, LimitExceeded, XPathNotAllowed
from ..facts import Finding, ManifestEntry, SignatureFacts, broken
from .c14n import path_to
from .manifest import manifest_entries, manifest_findings
from .names import ds, xades
from .party import Party, place_of
from .placing import placing_findings
from .qnames import XSI, loose_type
from .references import Budget, detached_octets, part_octets
from .showing import showing_findings
from .standing import Place, standing
from .structure import Surroundings, structure_findings
from .targets import Target, coverage_of, is_inside, resolve, whole_detached, whole_enveloping, without_signatures
from .view import Pruned, Unsuitable, View
from .xades import Properties, find_properties
from .xmldsig import Reference, Signature, read_signature

if TYPE_CHECKING:
    from lxml.etree import _Element

    from .selecting import Selected

MAX_SIGNATURES = 500  # against denial of service; a batch of invoices carries one each
MAX_REFERENCES = 5000  # in one document, all signatures and Manifests together; the same
MAX_ID = 200  # characters of an Id by which a signature is named: reports name it many times
_NUMBERED = re.compile(r"signature-\d+")  # our own names for signatures without a usable Id


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
    party: Party | None = None
    """In whose place it stands, on an e-invoice."""


def identified(root: _Element) -> list[tuple[_Element, str]]:
    """Every ds:Signature in document order, and how the facts name it. Raises `LimitExceeded`."""
    found = list(root.iter(ds("Signature")))
    if len(found) > MAX_SIGNATURES:
        raise LimitExceeded(f"{len(found)} signatures in one document; at most {MAX_SIGNATURES} are read.")
    given = Counter(e.get("Id") for e in found)
    named: list[tuple[_Element, str]] = []
    for number, element in enumerate(found, 1):
        own = element.get("Id")
        usable = own and len(own) <= MAX_ID and given[own] == 1 and not _NUMBERED.fullmatch(own)
        named.append((element, own if own and usable else f"signature-{number}"))
    return named


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
            resolved = _resolved(signature.info.references, element, view, known)
            chosen = _selected(signature.info.references, resolved, element, view, budget)
            resolved = [(e, chosen[n].target if n in chosen else t) for n, (e, t) in enumerate(resolved)]
            hashed = tuple(
                _first_hash(r, part, target, element, view, budget, identifier == keep_content, chosen.get(n))
                for n, (r, (part, target)) in enumerate(zip(signature.info.references, resolved, strict=True))
            )
            entries = _manifests(resolved, hashed, element, view, budget)
            references += len(entries)
            read.append(_Read(identifier, element, signature, resolved, hashed, entries, chosen))
        except Unsuitable:
            raise
        except Exception as e:  # noqa: BLE001 - whatever happens while reading is a verdict, never a skipped signature
            read.append(broken_signature(identifier, e, view.paths.of(element)))
    whole = [r for r in read if isinstance(r, _Read)]
    shown = showing_findings(view) if whole else ()
    around = view.surroundings({e for r in whole for e, _ in r.covered}, {e for r in whole for e in r.holes})
    return [
        r if isinstance(r, SignatureFacts) else _finished(r, around, known, view, budget, again, shown) for r in read
    ]


def _resolved(
    references: Sequence[Reference], signature: _Element, view: View, known: Iterable[_Element]
) -> list[tuple[_Element, Target]]:
    """Where each reference leads; `known`: every Signature in the document."""
    led = [resolve(r, view.ids, view.root, signature, view.paths, view.detached) for r in references]
    targets = whole_detached([t for _, t in led], references, view.root, view.detached)
    resolved = [
        (element, without_signatures(t, signature, known, view.paths) if r.transforms.signatures else t)
        for r, (element, _), t in zip(references, led, targets, strict=True)
    ]
    return whole_enveloping(resolved, references, signature)


def _selected(
    references: Sequence[Reference],
    resolved: Sequence[tuple[_Element, Target]],
    signature: _Element,
    view: View,
    budget: Budget,
) -> dict[int, Selected]:
    """What the references with XPath keep, by their number; nothing else of XPath is loaded where there is none."""
    numbers = [n for n, r in enumerate(references) if r.transforms.filters]
    if not numbers:
        return {}
    from .selecting import selected

    return {n: selected(n, references[n], *resolved[n], signature, view, budget) for n in numbers}


def _first_hash(
    reference: Reference,
    part: _Element,
    target: Target,
    signature: _Element,
    view: View,
    budget: Budget,
    keep: bool,
    chosen: Selected | None,
) -> Hashed | None:
    """What became of a reference to a part or to detached data; None for a whole document."""
    if target.kind == "missing":
        return Hashed(None, None)
    if chosen is not None:
        from .selecting import octets_of_selection

        octets = octets_of_selection(chosen.selection, reference, budget)
        return Hashed.of((octets,), reference, target, keep=True)
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
    selected: Mapping[int, Selected]
    """By reference, where it uses XPath."""

    @property
    def shown(self) -> list[tuple[_Element, Target]]:
        """Where the references lead, with what XPath keeps in place of what it was applied to."""
        found: list[tuple[_Element, Target]] = []
        for number, (element, target) in enumerate(self.resolved):
            one = self.selected.get(number)
            found += [(element, target)] if one is None else [(kept, target) for kept in one.selection.kept]
        return found

    @property
    def covered(self) -> list[tuple[_Element, Target]]:
        return [(e, t) for e, t in self.shown if t.kind == "content"]

    @property
    def holes(self) -> list[_Element]:
        """What XPath leaves out of what is covered."""
        return [e for one in self.selected.values() for e in one.selection.left_out]


def _finished(
    one: _Read,
    around: Surroundings,
    known: Mapping[_Element, str],
    view: View,
    budget: Budget,
    again: bool,
    shown: Sequence[Finding],
) -> Reading | SignatureFacts:
    """Looks at the place of one signature and its targets, and leaves the tree behind."""
    try:
        properties = find_properties(one.element, one.resolved, budget)
        findings = structure_findings(one.element, one.shown, around)
        if one.selected:
            from .selecting import xpath_findings

            findings = (*findings, *xpath_findings(list(one.selected.values()), around))
        party = place_of(one.element, {e for e, _ in one.covered})
        place, misplaced = standing(one.element, one.resolved, known, view.paths)
    except Exception as e:  # noqa: BLE001 - whatever happens while reading is a verdict, never a skipped signature
        return broken_signature(one.id, e, coverage_of([t for _, t in one.resolved]).what)
    targets = tuple(t for _, t in one.resolved)
    again = again or (properties is not None and _stamps_content(one.resolved[properties.reference][0], properties))
    path = view.where(one.element) if again or None in one.hashed else ()
    parts = tuple(path_to(e) for e, _ in one.resolved) if again else ()
    parts_signed = [(r, e) for r, (e, _) in zip(one.signature.info.references, one.resolved, strict=True)]
    said = (
        *findings,
        *misplaced,
        *manifest_findings(one.manifest),
        *placing_findings(one.element, parts_signed, one.holes, around.in_text, view.paths.of),
        *_about_transforms(one),
        *_about_types(one, view),
        *shown,
    )
    return Reading(
        one.id, path, parts, place, one.signature, targets, one.hashed, properties, one.manifest, said, party
    )


def _about_transforms(one: _Read) -> Iterator[Finding]:
    """The enveloped-signature transform on what does not hold the signature does nothing, as in .NET; the filter of
    EU DSS leaves the other signatures out too."""
    if any(r.transforms.signatures for r in one.signature.info.references):
        said = "".join(dict.fromkeys(t.without.replace(" without", ":", 1) for _, t in one.resolved if t.without))
        text = (
            f"The signature leaves every signature out of what it covers, not itself alone{said or '; it is alone'}."
        )
        yield Finding("SIGNATURES_LEFT_OUT", "info", text)
    idle = [
        target.name
        for reference, (part, target) in zip(one.signature.info.references, one.resolved, strict=True)
        if reference.transforms.enveloped and not target.document and not is_inside(one.element, (part,))
    ]
    if idle:
        text = f"The enveloped-signature transform takes nothing out of {', '.join(idle[:20])}."
        yield Finding("ENVELOPED_WITHOUT_EFFECT", "info", text)


def _about_types(one: _Read, view: View) -> Iterator[Finding]:
    """Types whose prefix nobody signed (`qnames`). Exclusive C14N alone leaves prefixes out."""
    exclusive = [
        (element, reference.transforms.prefixes)
        for reference, (element, target) in zip(one.signature.info.references, one.resolved, strict=True)
        if target.kind == "content" and reference.transforms.method.exclusive
    ]
    if not exclusive or not view.says(XSI.encode()) or not view.says(b":type"):
        return
    if isinstance(view, Pruned):
        text = "Values of xsi:type were not followed in a document of this size; their prefixes may not be signed."
        yield Finding("TYPE_PREFIX_NOT_SIGNED", "info", text)
        return
    loose = next((found for found in (loose_type(*pair) for pair in exclusive) if found is not None), None)
    if loose is not None:
        where = view.paths.of(loose[0])
        text = f"The prefix in xsi:type={loose[1][:100]!r} at {where} is not signed; it could be bound otherwise."
        yield Finding("TYPE_PREFIX_NOT_SIGNED", "warning", text)


def _stamps_content(signed: _Element, properties: Properties) -> bool:
    """Whether a timestamp covers what the references lead to."""
    if any(stamp.references for stamp in properties.unsigned.stamps):
        return True
    return (
        next(signed.iter(xades("AllDataObjectsTimeStamp"), xades("IndividualDataObjectsTimeStamp")), None) is not None
    )


def broken_signature(identifier: str, error: Exception, what: str) -> SignatureFacts:
    """The facts of a signature that cannot be read."""
    if isinstance(error, XPathNotAllowed):
        found = broken(identifier, "xml", error, what)
        return replace(found, findings=(Finding.of(error, "XPATH_NOT_ALLOWED"),))
    if isinstance(error, KysoError):
        return broken(identifier, "xml", error, what)
    return broken(identifier, "xml", RuntimeError(f"unexpected {type(error).__name__} while reading"), what)
