"""Timestamps in XAdES: how they are held, and the octets that each kind must cover (EN 319 132-1 4.5, 5.3, 5.5).

Reach for `unsigned_stamp` (one container in the unsigned properties, led to its octets), `read_container` (the
container alone, as in the signed properties) and `archive_octets` (what an archive timestamp at the end of the
properties would cover). Nothing here looks into a token: `tsp` does.

What is covered is implied by the kind and by the order of the properties. The explicit way (Include elements, outside
of IndividualDataObjectsTimeStamp) and XML tokens are not followed: such a timestamp is named, and proves nothing.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Collection, Iterable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from ..errors import FormatError
from ..facts import TimestampKind
from ..scheme import HashName
from .c14n import INCLUSIVE, Canonicalization, canonical_element, method_of_uri
from .names import ds, xades, xades141
from .parse import attributes, elements, name_of, octets_of, required
from .xmldsig import parts_of

if TYPE_CHECKING:
    from lxml.etree import _Element

DER_ENCODINGS: Final = (None, "http://uri.etsi.org/01903/v1.2.2#DER")
KINDS: Final[dict[str, TimestampKind]] = {
    xades("SignatureTimeStamp"): "signature",
    xades("RefsOnlyTimeStamp"): "references",
    xades141("RefsOnlyTimeStampV2"): "references",
    xades("SigAndRefsTimeStamp"): "signature-and-references",
    xades141("SigAndRefsTimeStampV2"): "signature-and-references",
    xades("ArchiveTimeStamp"): "archive",
    xades141("ArchiveTimeStamp"): "archive",
}
"""The containers among the unsigned properties."""
_REVOCATION_REFERENCES = (xades("CompleteRevocationRefs"), xades("AttributeRevocationRefs"))
_REFERENCES = {
    True: (xades141("CompleteCertificateRefsV2"), xades141("AttributeCertificateRefsV2"), *_REVOCATION_REFERENCES),
    False: (xades("CompleteCertificateRefs"), xades("AttributeCertificateRefs"), *_REVOCATION_REFERENCES),
}
"""The references that the timestamps of XAdES-X cover, by whether they are of version 2 (A.1.5)."""


@dataclass(frozen=True)
class Container:
    """One element of XAdESTimeStampType (EN 319 132-1 4.5)."""

    method: Canonicalization
    """How covered elements become octets; inclusive C14N 1.0 when nothing is said."""
    tokens: tuple[bytes, ...]
    includes: tuple[str, ...] = ()
    """URIs of what it says that it covers."""
    unfollowed: str = ""
    """What in it is not followed: it is then not checked and proves nothing."""


@dataclass(frozen=True)
class Stamp:
    """Tokens, and the octets that each of them must cover: those of some references, then the rest."""

    kind: TimestampKind
    position: int
    """The number (from 1) of the unsigned property; 0 for a signed one."""
    method: Canonicalization
    """For the result of a reference that no transform made octets of."""
    tokens: tuple[bytes, ...]
    references: tuple[int, ...] = ()
    """Indexes in SignedInfo."""
    octets: tuple[bytes, ...] = ()


class Imprints:
    """Digests of what the timestamps of one signature cover; the references, the bulk of it, are hashed once."""

    def __init__(self, reference: Callable[[int, Canonicalization], bytes]) -> None:
        """`reference(index, method)` gives the octets of a reference of SignedInfo."""
        self._reference = reference
        self._begun: dict[tuple[HashName, str, tuple[int, ...]], hashlib._Hash] = {}

    def of(self, stamp: Stamp, hash_name: HashName) -> bytes:
        key = (hash_name, stamp.method.uri, stamp.references)
        if key not in self._begun:
            running = hashlib.new(hash_name)
            for index in stamp.references:
                running.update(self._reference(index, stamp.method))
            self._begun[key] = running
        running = self._begun[key].copy()
        for part in stamp.octets:
            running.update(part)
        return running.digest()


class Canonical:
    """The canonical octets of elements of one signature; each is made once, however many timestamps cover it."""

    def __init__(self, spend: Callable[[int], None]) -> None:
        self._spend = spend
        self._made: dict[tuple[_Element, str], bytes] = {}

    def octets(self, element: _Element, method: Canonicalization) -> bytes:
        key = (element, method.uri)
        if key not in self._made:
            made = canonical_element(element, method, comments=method.comments, spend=self._spend)
            self._made[key] = made
        return self._made[key]

    def of(self, parts: Iterable[_Element], method: Canonicalization) -> tuple[bytes, ...]:
        return tuple(self.octets(e, method) for e in parts)


def read_container(element: _Element) -> Container:
    """What one timestamp container holds. Raises `FormatError`."""
    attributes(element, {"Id"})
    method: Canonicalization = INCLUSIVE
    tokens: list[bytes] = []
    includes: list[str] = []
    unfollowed = ""
    for child in elements(element):
        if child.tag == ds("CanonicalizationMethod") and not tokens:
            method = method_of_uri(required(child, "Algorithm"))
            if len(child):
                raise FormatError("Parameters inside the CanonicalizationMethod of a timestamp are not accepted.")
        elif child.tag == xades("EncapsulatedTimeStamp"):
            tokens.append(encapsulated(child))
        elif child.tag == xades("Include") and not tokens:
            if (found := attributes(child, {"URI", "referencedData"})).get("referencedData") not in ("true", "1"):
                unfollowed = "an Include of elements"
            includes.append(found.get("URI", ""))
        elif child.tag in (xades("XMLTimeStamp"), xades("HashDataInfo"), xades("ReferenceInfo")):
            unfollowed = name_of(child)
        else:
            raise FormatError(f"{name_of(child)} inside {name_of(element)} is not accepted.")
    if not tokens and not unfollowed:
        raise FormatError("No EncapsulatedTimeStamp in it.")
    return Container(method, tuple(tokens), tuple(includes), unfollowed)


def encapsulated(element: _Element) -> bytes:
    """The DER of an EncapsulatedPKIData element (EN 319 132-1 5.1.3)."""
    if attributes(element, {"Id", "Encoding"}).get("Encoding") not in DER_ENCODINGS:
        raise FormatError(f"{name_of(element)} is not in DER encoding.")
    return octets_of(element)


def unsigned_stamp(
    container: Container,
    signature: _Element,
    properties: Sequence[_Element],
    position: int,
    referenced: Sequence[_Element],
    canonical: Canonical,
) -> Stamp:
    """The timestamp in the unsigned property with this number (from 1), led to what it must cover.

    `referenced`: where the references of SignedInfo lead, in their order. Raises `FormatError`, `LimitExceeded`.
    """
    element = properties[position - 1]
    kind = KINDS[str(element.tag)]
    before, method = properties[: position - 1], container.method
    references: tuple[int, ...] = ()
    if kind == "archive":
        references = tuple(range(len(referenced)))
        old = element.tag == xades("ArchiveTimeStamp")
        octets = archive_octets(signature, before, method, canonical, left_out=referenced if old else ())
    elif kind == "signature":
        octets = canonical.of([parts_of(signature)[1]], method)
    else:
        listed: tuple[str, ...] = _REFERENCES[str(element.tag).endswith("V2")]
        first: list[_Element] = []
        if kind == "signature-and-references":
            first, listed = [parts_of(signature)[1]], (xades("SignatureTimeStamp"), *listed)
        octets = canonical.of([*first, *(p for p in before if p.tag in listed)], method)
    return Stamp(kind, position, method, container.tokens, references, octets)


def archive_octets(
    signature: _Element,
    before: Sequence[_Element],
    method: Canonicalization,
    canonical: Canonical,
    *,
    left_out: Collection[_Element] = (),
) -> tuple[bytes, ...]:
    """What an archive timestamp covers after the signed references (EN 319 132-1 5.5.2.2, steps 3 to 5).

    SignedInfo, SignatureValue, KeyInfo, the unsigned properties before it in their order, then every Object but the
    one with the qualifying properties. The ArchiveTimeStamp of XAdES 1.3.2 leaves out those that are referenced.
    """
    info, value, key_info, objects = parts_of(signature)
    keys = [] if key_info is None else [key_info]
    others = [o for o in objects if o not in left_out and not any(c.tag == xades("QualifyingProperties") for c in o)]
    return canonical.of([info, value, *keys, *before, *others], method)
