"""Growth of XAdES signatures, whoever made them: timestamps and evidence go into their unsigned properties.

Reach for `stamps`, `evidence` and `grown` (what `XmlDocument` offers as `kyso_pki.document.Growing`). Nothing but the
UnsignedProperties of the signature changes, and they only become longer: new properties are the last ones, declare
their own prefixes, and every other octet of the file stays. Every signature is verified again in the longer document
before it is given back.

A counter-signature inside another signature gets no archive timestamp: that of the signature around it covers it.
Once it does, nothing can be added to it, and its evidence goes into the signature around it (EN 319 132-1 5.5.2.1).
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from ..document import Addition, Splice, StampPurpose, Wanted
from ..errors import NotExtendable, SigningError, TimestampError
from ..evidence import NO_EVIDENCE, Evidence
from ..facts import SignatureFacts, preserver, proven
from ..scheme import HashName
from ..tsp import timestamp_facts
from .c14n import EXCLUSIVE
from .examine import Archive, archives
from .insertion import Insertion, before, inside
from .names import xades
from .parse import elements
from .properties_stamps import KINDS, Canonical, Imprints, Stamp
from .properties_written import (
    stamp_xml,
    unsigned_signature_xml,
    unsigned_xml,
    validation_data_xml,
    values_xml,
)
from .reading import identified
from .references import Budget
from .tree import Tree
from .xades import qualifying_of, unsigned_properties

if TYPE_CHECKING:
    from lxml.etree import _Element


@dataclass(frozen=True)
class XmlStamp:
    """One signature that waits for a timestamp. Implements `kyso_pki.document.PendingStamp`."""

    purpose: StampPurpose
    imprint: Callable[[HashName], bytes]
    room: Insertion

    def digest(self, hash_name: HashName) -> bytes:
        """The imprint for the authority (EN 319 132-1 5.3, 5.5.2.2)."""
        return self.imprint(hash_name)

    def addition(self, token: bytes, imprint: bytes, hash_name: HashName) -> Addition:
        """What goes into the signature. Raises `TimestampError` for a token that is broken or over something else."""
        if not timestamp_facts(token, lambda name: imprint if name == hash_name else b"", self.purpose).intact:
            raise TimestampError("The timestamp is broken or does not cover this signature.")
        return (_splice(self.room, stamp_xml(self.purpose, token)),)


def stamps(
    tree: Tree, facts: Sequence[SignatureFacts], purpose: StampPurpose, only: Collection[str] | None
) -> list[XmlStamp]:
    """One for each signature that needs a timestamp. Raises `FormatError`, `LimitExceeded`, `SigningError`."""
    chosen = [f for f in facts if only is None or f.id in only]
    if purpose == "signature":
        return [_value_stamp(tree, f) for f in chosen if not proven(f, facts)]
    outer = {_outermost(f, facts) for f in chosen}
    return [_archive_stamp(tree, archive) for archive in archives(tree, outer)]


def _outermost(facts: SignatureFacts, all_facts: Sequence[SignatureFacts]) -> str:
    """The signature whose archive timestamp covers this one: itself, or the one around a counter-signature."""
    while facts.xml is not None and facts.xml.inside is not None:
        facts = next(f for f in all_facts if f.id == (facts.xml and facts.xml.inside))
    return facts.id


def _value_stamp(tree: Tree, facts: SignatureFacts) -> XmlStamp:
    signature = _signature(tree, facts)
    octets = Canonical(Budget(len(tree.octets)).spend).of([signature[1]], EXCLUSIVE)
    stamp = Stamp("signature", 0, EXCLUSIVE, (), (), octets)
    return XmlStamp("signature", lambda name: Imprints(_nothing).of(stamp, name), room(tree, signature))


def _archive_stamp(tree: Tree, archive: Archive) -> XmlStamp:
    return XmlStamp("archive", archive.imprint, room(tree, archive.signature))


def _nothing(index: int, method: object) -> bytes:
    raise SigningError("A timestamp over a signature value covers no reference.")


def evidence(tree: Tree, facts: Sequence[SignatureFacts], wanted: Iterable[Wanted]) -> Addition:
    """What puts this evidence into the signatures that it is for, as far as they hold it not yet.

    Raises `SigningError`.
    """
    by_id = {f.id: f for f in facts}
    places: dict[str, tuple[Evidence, Evidence]] = {}
    for one in wanted:
        owner = preserver(by_id[one.id], facts) or one.id
        signer, authorities = places.get(owner, (NO_EVIDENCE, NO_EVIDENCE))
        # What is for a counter-signature is evidence like any other to the signature around it.
        places[owner] = (signer + one.signer, authorities + one.authorities)
    splices: list[Splice] = []
    for identifier, (signer, authorities) in places.items():
        held = _held(by_id[identifier])
        signature = _signature(tree, by_id[identifier])
        text = _evidence_xml(signature, _less(signer, held), _less(authorities, held + signer))
        if text:
            splices.append(_splice(room(tree, signature), text))
    return sorted(splices, key=lambda s: s.at)


def _held(facts: SignatureFacts) -> Evidence:
    own = Evidence(facts.certificates, facts.crls, facts.ocsp)
    return sum((Evidence(s.certificates, s.crls, s.ocsp) for s in facts.stored), own)


def _less(evidence: Evidence, held: Evidence) -> Evidence:
    return Evidence(
        tuple(c for c in evidence.certificates if c not in held.certificates),
        tuple(c for c in evidence.crls if c not in held.crls),
        tuple(o for o in evidence.ocsp if o not in held.ocsp),
    )


def _evidence_xml(signature: _Element, signer: Evidence, authorities: Evidence) -> str:
    """Evidence as new last properties (EN 319 132-1 5.4, 5.5.3, 5.5.4, 6.3).

    The first time, for the authority of the timestamp right before it: TimeStampValidationData, then
    CertificateValues and RevocationValues, each of which stands once. What comes later goes into
    TimeStampValidationData after a timestamp, else into AnyValidationData.
    """
    properties = unsigned_properties(signature)
    stamped = bool(properties) and properties[-1].tag in KINDS
    first = not {xades("CertificateValues"), xades("RevocationValues")} & {p.tag for p in properties}
    if not first:
        if signer == NO_EVIDENCE and stamped:
            return validation_data_xml("TimeStampValidationData", authorities)
        return validation_data_xml("AnyValidationData", signer + authorities)
    if not stamped:
        return values_xml(signer + authorities)
    return validation_data_xml("TimeStampValidationData", authorities) + values_xml(signer)


def spliced(octets: bytes, addition: Addition) -> bytes:
    """The octets with the addition in them."""
    pieces: list[bytes] = []
    position = 0
    for splice in sorted(addition, key=lambda s: s.at):
        if splice.at < position:
            raise NotExtendable("Two signatures would have to grow in the same place.")
        pieces += [octets[position : splice.at], splice.octets]
        position = splice.at + splice.replaced
    return b"".join([*pieces, octets[position:]])


def require_unbroken(before: Sequence[SignatureFacts], after: Sequence[SignatureFacts]) -> None:
    """Raises `NotExtendable` unless every signature and timestamp that was intact is intact, and none is missing."""
    if [f.id for f in after] != [f.id for f in before]:
        raise NotExtendable("The longer document would hold other signatures; nothing was written.")
    for old, new in zip(before, after, strict=True):
        if _intact(old) and not (_intact(new) and len(new.timestamps) >= len(old.timestamps)):
            raise NotExtendable(
                f"The signature {new.id} covers one that would have to become longer; it would break.",
                remedy="Extend only the signatures that no other one covers, before the next one is made.",
            )


def _intact(facts: SignatureFacts) -> bool:
    sound = facts.well_formed and facts.references_intact and facts.signature_intact
    return sound and all(t.intact for t in facts.timestamps)


# Where --------------------------------------------------------------------------------------------------


def _signature(tree: Tree, facts: SignatureFacts) -> _Element:
    """The element of a signature, found again in the tree as it is now."""
    return next(e for e, identifier in identified(tree.root) if identifier == facts.id)


def room(tree: Tree, signature: _Element) -> Insertion:
    """Room in this XAdES signature for new last unsigned signature properties, what stands around them included."""
    qualifying = qualifying_of(signature)[0]
    parts = elements(qualifying)
    if len(parts) == 1:
        return inside(tree.octets, qualifying).around(*_halves(unsigned_xml))
    groups = elements(parts[1])
    if groups and groups[0].tag == xades("UnsignedSignatureProperties"):
        return inside(tree.octets, groups[0])
    room = before(tree.octets, groups[0]) if groups else inside(tree.octets, parts[1])
    return room.around(*_halves(unsigned_signature_xml))


def _halves(write: Callable[[str], str]) -> tuple[str, str]:
    opening, _, closing = write("|").partition("|")
    return opening, closing


def _splice(room: Insertion, text: str) -> Splice:
    return Splice(room.at, f"{room.opening}{text}{room.closing}".encode(), room.skipped)
