"""Growth of CAdES signatures (EN 319 122-1 5.3, 5.5, 6.3), whoever made them.

Reach for `stamps`, `evidence` and `written` (what `CmsDocument` offers as `kyso_pki.document.Growing`). Evidence goes
into the certificates and revocation answers of the whole structure, a timestamp into the unsigned attributes of its
signer; an archive timestamp lists all that it covers. Counter-signatures do not grow: they are covered as they are.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Sequence
from dataclasses import dataclass
from typing import Literal

from .. import oids
from ..asn1 import der
from ..cms.signed_data import SignedData, SignerInfo
from ..document import Addition, Splice, StampPurpose, Wanted
from ..errors import NotExtendable, TimestampError
from ..evidence import together
from ..facts import SignatureFacts, proven
from ..scheme import OID_OF_HASH, HashName, digest
from ..tsp import timestamp_facts
from .archive import Attributes, Held, Index, message_digest
from .writing import Added, added, attribute, ocsp_choice, token_with_index

Part = Literal["certificates", "revocation", "unsigned"]


@dataclass(frozen=True)
class Element(Splice):
    """An element for a list of the structure; lengths around it change, so it has no offset (`at` is 0)."""

    part: Part = "unsigned"
    signer: int = 0
    """Of an unsigned attribute: the number of its signer, from 0."""


@dataclass(frozen=True)
class CmsStamp:
    """One signer that waits for a timestamp. Implements `kyso_pki.document.PendingStamp`."""

    purpose: StampPurpose
    data: SignedData
    signer: SignerInfo
    held: Held
    attributes: Attributes
    number: int
    content: Callable[[HashName], bytes]

    def digest(self, hash_name: HashName) -> bytes:
        """The imprint for the authority: over the value (5.3), or over all that the index lists (5.5.3)."""
        if self.purpose == "signature":
            return digest(hash_name, self.signer.value)
        index = hash_index(self.held, self.attributes, hash_name)
        return message_digest(self.data, self.signer, index, self.content)(hash_name)

    def addition(self, token: bytes, imprint: bytes, hash_name: HashName) -> Addition:
        """The unsigned attribute. Raises `TimestampError` for a token that is broken or over something else."""
        if not timestamp_facts(token, lambda name: imprint if name == hash_name else b"", self.purpose).intact:
            raise TimestampError("The timestamp is broken or does not cover this signature.")
        if self.purpose == "signature":
            made = attribute(oids.ID_AA_TIME_STAMP_TOKEN, token)
        else:
            index = hash_index(self.held, self.attributes, hash_name)
            made = attribute(oids.ID_AA_ARCHIVE_TIME_STAMP_V3, token_with_index(token, index.octets))
        return (Element(0, made, part="unsigned", signer=self.number),)


def hash_index(held: Held, attributes: Attributes, name: HashName) -> Index:
    """An ATSHashIndexV3 of everything that is there (5.5.2)."""
    lists = held.certificates, held.revocation, attributes.digests(v3=True)
    octets = der.sequence(
        der.sequence(der.oid(OID_OF_HASH[name])),
        *(der.sequence(*map(der.octet_string, items.by(name))) for items in lists),
    )
    certificates, revocation, unsigned = (items.among(name) for items in lists)
    return Index(octets, name, certificates, revocation, unsigned, v3=True)


def stamps(
    data: SignedData,
    facts: Sequence[SignatureFacts],
    content: Callable[[HashName], bytes],
    purpose: StampPurpose,
    only: Collection[str] | None,
) -> list[CmsStamp]:
    """One for each signer that needs a timestamp. Raises `NotExtendable` for who is no CAdES signer."""
    by_id = {f.id: f for f in facts}
    found: list[CmsStamp] = []
    held = Held(data)
    for number, signer in enumerate(data.signers):
        one = by_id[f"signer-{number + 1}"]
        if only is not None and one.id not in only:
            continue
        if purpose == "signature" and proven(one, facts):
            continue
        if purpose == "archive" and one.family != "CAdES":
            raise NotExtendable(
                f"The signature {one.id!r} is plain CMS, whose certificate nothing binds; it is not preserved.",
                remedy="Have it signed again as CAdES, or stay at level B-T.",
            )
        found.append(CmsStamp(purpose, data, signer, held, Attributes(signer), number, content))
    return found


def evidence(data: SignedData, wanted: Iterable[Wanted]) -> Addition:
    """What puts this evidence into the structure, as far as it is not there yet (6.3, notes on B-LT)."""
    every = together(w.evidence for w in wanted)
    held = frozenset(data.raw_certificates), frozenset(data.raw_revocation)
    certificates = [c.der for c in every.certificates if c.der not in held[0]]
    known = frozenset(data.ocsp)
    answers = [c for c in every.crls if c not in held[1]]
    answers += [ocsp_choice(o) for o in every.ocsp if o not in known]
    return (
        *(Element(0, c, part="certificates") for c in certificates),
        *(Element(0, a, part="revocation") for a in answers),
    )


def written(structure: bytes, addition: Addition) -> bytes:
    """The structure with the addition in it."""
    parts = [e for e in addition if isinstance(e, Element)]
    if len(parts) != len(addition):
        raise NotExtendable("Only elements are added to a CMS structure.")
    unsigned: dict[int, list[bytes]] = {}
    for part in parts:
        if part.part == "unsigned":
            unsigned.setdefault(part.signer, []).append(part.octets)
    new = Added(
        certificates=[p.octets for p in parts if p.part == "certificates"],
        revocation=[p.octets for p in parts if p.part == "revocation"],
        unsigned=unsigned,
    )
    return added(structure, new)


def require_unbroken(before: Sequence[SignatureFacts], after: Sequence[SignatureFacts]) -> None:
    """Raises `NotExtendable` unless the same signatures are there, as intact as before, with all their timestamps."""
    if [f.id for f in after] != [f.id for f in before]:
        raise NotExtendable("The longer structure would hold other signatures; nothing was written.")
    for old, new in zip(before, after, strict=True):
        if _intact(old) and not (_intact(new) and len(new.timestamps) >= len(old.timestamps)):
            raise NotExtendable(f"The signature {new.id!r} would break; nothing was written.")


def _intact(facts: SignatureFacts) -> bool:
    sound = facts.well_formed and facts.references_intact and facts.signature_intact
    return sound and all(t.intact for t in facts.timestamps)
