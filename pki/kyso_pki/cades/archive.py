"""Archive timestamps in CMS: what they cover and what not (EN 319 122-1 5.5, attack class T4).

An archive-time-stamp-v3 covers the signed content, the signer's fields, and those certificates, revocation answers
and unsigned attributes whose hashes its index lists. Whatever the index does not list is anybody's addition; a hash
in the index that nothing has makes the timestamp broken.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass

from .. import oids
from ..asn1 import der
from ..cms.attributes import attribute_values
from ..cms.signed_data import SignedData, SignerInfo, read_signed_data
from ..errors import FormatError, LimitExceeded
from ..scheme import HashName, algorithm_oid, digest, hash_of_oid

MAX_HASHES = 1024  # in one index; against denial of service


@dataclass(frozen=True)
class Index:
    """ATSHashIndexV3 (5.5.2), or its predecessor: hashes of what an archive timestamp covers."""

    octets: bytes
    hash_name: HashName
    certificates: frozenset[bytes]
    revocation: frozenset[bytes]
    attributes: frozenset[bytes]
    v3: bool

    def covers_certificate(self, encoded: bytes) -> bool:
        return digest(self.hash_name, encoded) in self.certificates

    def covers_revocation(self, encoded: bytes) -> bool:
        return digest(self.hash_name, encoded) in self.revocation

    def covers_attribute(self, kind: bytes, value: bytes) -> bool:
        """`kind` is the attribute's type, DER; before version 3 the value alone was hashed."""
        return digest(self.hash_name, kind + value if self.v3 else value) in self.attributes

    def unmet(self, data: SignedData, signer: SignerInfo) -> int:
        """How many hashes nothing in the structure has: what they stood for was taken away."""
        attributes = {digest(self.hash_name, k + v if self.v3 else v) for k, v in unsigned_values(signer)}
        return (
            len(self.certificates - {digest(self.hash_name, c) for c in data.raw_certificates})
            + len(self.revocation - {digest(self.hash_name, r) for r in data.raw_revocation})
            + len(self.attributes - attributes)
        )


def index_of(token: bytes) -> Index:
    """The index among the unsigned attributes of an archive timestamp. Raises `FormatError`."""
    signers = read_signed_data(token).signers
    if len(signers) != 1:
        raise FormatError(f"An archive timestamp has {len(signers)} signers; exactly one is allowed.")
    signer = signers[0]
    if signer.unsigned_attrs is None:
        raise FormatError("An archive timestamp has no hash index.")
    values, _ = attribute_values(signer.unsigned_attrs)
    for kind, v3 in ((oids.ID_AA_ATS_HASH_INDEX_V3, True), (oids.ID_AA_ATS_HASH_INDEX, False)):
        found = values.get(kind, [])
        if found:
            if len(found) != 1 or len(found[0]) != 1:
                raise FormatError("An archive timestamp must have one hash index.")
            return _index(found[0][0], v3)
    raise FormatError("An archive timestamp has no hash index.")


def _index(element: der.Element, v3: bool) -> Index:
    reader = element.expect(der.SEQUENCE).reader()
    hash_name: HashName = "sha256"
    first = reader.take(der.SEQUENCE)
    children = first.children()
    if v3 or (children and children[0].tag == der.OID):
        hash_name = hash_of_oid(algorithm_oid(first))
        first = reader.take(der.SEQUENCE)
    lists = [first, reader.take(der.SEQUENCE), reader.take(der.SEQUENCE)]
    reader.finish()
    hashes = [[e.expect(der.OCTET_STRING).content for e in part.reader()] for part in lists]
    if sum(map(len, hashes)) > MAX_HASHES:
        raise LimitExceeded(f"More than {MAX_HASHES} hashes in one archive timestamp.")
    certificates, revocation, attributes = map(frozenset, hashes)
    return Index(element.raw, hash_name, certificates, revocation, attributes, v3)


def unsigned_values(signer: SignerInfo) -> list[tuple[bytes, bytes]]:
    """(type, value) of every unsigned attribute value, both DER, in their order."""
    found: list[tuple[bytes, bytes]] = []
    for item in signer.unsigned_attrs.reader() if signer.unsigned_attrs else ():
        reader = item.expect(der.SEQUENCE).reader()
        kind = reader.take(der.OID).raw
        found += [(bytes(kind), bytes(v.raw)) for v in reader.take(der.SET).reader()]
        reader.finish()
    return found


def covering(stamps: Sequence[tuple[bytes, Index | None]]) -> list[frozenset[int]]:
    """For each archive timestamp the places, in this list, of those that cover it, through others as well.

    Where it stands among the attributes says nothing: whoever has the key of an authority that has ended can put a
    timestamp of any date before an honest one, whose index does not list it.
    """
    kind = der.oid(oids.ID_AA_ARCHIVE_TIME_STAMP_V3)
    found = [
        {n for n, (_, index) in enumerate(stamps) if index is not None and index.covers_attribute(kind, token)}
        for token, _ in stamps
    ]
    return [frozenset(_through(direct, found)) for direct in found]


def _through(direct: Collection[int], covered_by: Sequence[Collection[int]]) -> set[int]:
    """The places of archive timestamps that cover something: that list it, or cover one that does."""
    every: set[int] = set()
    waiting = list(direct)
    while waiting:
        place = waiting.pop()
        if place not in every:
            every.add(place)
            waiting += covered_by[place]
    return every


def message_digest(
    data: SignedData, signer: SignerInfo, index: Index, content: Callable[[HashName], bytes]
) -> Callable[[HashName], bytes]:
    """What the token's imprint must be, by its hash (5.5.3): content type, content's digest, signer, index."""

    def of(name: HashName) -> bytes:
        return digest(name, data.raw_content_type + content(name) + signer.signed_fields + index.octets)

    return of
