"""ds:Manifest: a list of references whose digests the signer signed, told apart from what he signed (XMLDSIG 5.1).

Reach for `manifest_entries` and `manifest_findings`. Every entry is followed and hashed as a reference of the
signature would be. An entry that does not match, or whose data nobody has, makes the signature fail; entries that
match are named, and are never counted as covered content: whoever wants that signs the content.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import TYPE_CHECKING

from ..errors import FormatError, KysoError, LimitExceeded
from ..facts import Finding, ManifestEntry
from ..scheme import digest
from .c14n import canonical_element, path_to
from .names import ds
from .parse import attributes, elements, parse_utf8
from .references import Budget, detached_octets, part_octets
from .targets import Target
from .xmldsig import MAX_REFERENCES, Reference, read_reference

if TYPE_CHECKING:
    from collections.abc import Mapping

    from lxml.etree import _Element

_NAMED = 20  # entries named in a finding


def manifest_entries(
    octets: bytes,
    signature: _Element,
    resolve: Callable[[Reference], tuple[_Element, Target]],
    detached: Mapping[str, bytes],
    budget: Budget,
) -> tuple[ManifestEntry, ...]:
    """What became of each entry of a Manifest, read from the octets that were hashed.

    Raises `FormatError`, `LimitExceeded` when the list cannot be read.
    """
    root = parse_utf8(octets)
    if root.tag != ds("Manifest"):
        raise FormatError("A reference of the type Manifest leads to something else.")
    attributes(root, {"Id"})
    children = elements(root)
    if not children or any(c.tag != ds("Reference") for c in children):
        raise FormatError("A Manifest must hold References.")
    if len(children) > MAX_REFERENCES:
        raise LimitExceeded(f"{len(children)} references in one Manifest; at most {MAX_REFERENCES} are read.")
    return tuple(_entry(read_reference(c), signature, resolve, detached, budget) for c in children)


def _entry(
    reference: Reference,
    signature: _Element,
    resolve: Callable[[Reference], tuple[_Element, Target]],
    detached: Mapping[str, bytes],
    budget: Budget,
) -> ManifestEntry:
    try:
        if reference.transforms.filters:
            raise FormatError("XPath is not accepted in a Manifest.")
        part, target = resolve(reference)
        if target.kind == "missing":
            return ManifestEntry(reference.uri, target.name, None, "not given")
        if target.kind == "manifest":
            return ManifestEntry(reference.uri, target.name, None, "a Manifest in a Manifest is not followed")
        if target.kind == "detached":
            octets = detached_octets(reference, detached[reference.uri], budget)
        elif target.document:
            transforms = reference.transforms
            if transforms.signatures:
                raise FormatError("The filter that subtracts every Signature is not accepted in a Manifest.")
            without = path_to(signature, part) if transforms.enveloped else None
            octets = canonical_element(
                part, transforms.method, transforms.prefixes, without=without, spend=budget.spend
            )
        else:
            octets = part_octets(reference, part, signature, budget)
    except KysoError as e:
        return ManifestEntry(reference.uri, reference.uri, None, e.message)
    matches = digest(reference.hash_name, octets) == reference.digest
    return ManifestEntry(reference.uri, target.name, matches, "" if matches else "its digest does not match")


def manifest_findings(entries: Sequence[ManifestEntry]) -> Iterator[Finding]:
    """What is to be said of the entries of a signature's Manifests."""
    if changed := [e for e in entries if e.matches is False]:
        text = f"Entries of a Manifest were changed: {_names(changed)}"
        yield Finding("MANIFEST_ENTRY_CHANGED", "error", text)
    if unknown := [e for e in entries if e.matches is None]:
        reasons = "; ".join(dict.fromkeys(e.text for e in unknown[:_NAMED]))
        text = f"Entries of a Manifest could not be checked ({reasons}): {_names(unknown)}"
        yield Finding("MANIFEST_NOT_CHECKED", "error", text)
    if matching := [e for e in entries if e.matches]:
        text = f"A signed Manifest lists, with matching digests: {_names(matching)}"
        yield Finding("MANIFEST_CHECKED", "info", text)


def _names(entries: Sequence[ManifestEntry]) -> str:
    more = f" and {len(entries) - _NAMED} more" if len(entries) > _NAMED else ""
    return ", ".join(e.what for e in entries[:_NAMED]) + more + "."
