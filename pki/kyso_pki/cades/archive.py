"""Archive timestamps in CMS: what they cover and what not (EN 319 122-1 5.5, attack class T4).

An archive-time-stamp-v3 covers the signed content, the signer's fields, and those certificates, revocation answers
and unsigned attributes whose hashes its index lists. Whatever the index does not list is anybody's addition; a hash
in the index that nothing has makes the timestamp broken.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Sequence
from dataclasses import dataclass

from .. import oids
from ..asn1 import der
from ..cms.attributes import attribute_values
from ..cms.signed_data import SignedData, SignerInfo, ocsp_in, read_signed_data
from ..errors import FormatError, LimitExceeded
from ..facts import Stored
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

    def unmet(self, held: Held, attributes: Attributes) -> int:
        """How many hashes nothing in the structure has: what they stood for was taken away."""
        name = self.hash_name
        return (
            len(self.certificates - held.certificates.among(name))
            + len(self.revocation - held.revocation.among(name))
            + len(self.attributes - attributes.digests(self.v3).among(name))
        )


class Digests:
    """Octets with their digests, each computed once for a hash, however many timestamps ask for it."""

    def __init__(self, items: Iterable[bytes]) -> None:
        self.items = tuple(items)
        self._known: dict[HashName, tuple[tuple[bytes, ...], frozenset[bytes]]] = {}

    def by(self, name: HashName) -> tuple[bytes, ...]:
        """One for each of the items, in their order."""
        return self._of(name)[0]

    def among(self, name: HashName) -> frozenset[bytes]:
        return self._of(name)[1]

    def _of(self, name: HashName) -> tuple[tuple[bytes, ...], frozenset[bytes]]:
        if name not in self._known:
            made = tuple(digest(name, item) for item in self.items)
            self._known[name] = made, frozenset(made)
        return self._known[name]


class Held:
    """What a whole structure holds for all its signers."""

    def __init__(self, data: SignedData) -> None:
        self.certificates = Digests(data.raw_certificates)
        self.revocation = Digests(data.raw_revocation)
        readable = {c.der: c for c in data.certificates}
        self.stored = (
            *(Stored(1, tuple(c for c in [readable.get(raw)] if c)) for raw in data.raw_certificates),
            *(_answer(raw) for raw in data.raw_revocation),
        )
        """What each of the certificates and answers is to the validator, before anybody covers it."""


def _answer(choice: bytes) -> Stored:
    if choice[0] == der.SEQUENCE:
        return Stored(1, crls=(choice,))
    answer = ocsp_in(der.read(choice))
    return Stored(1, ocsp=() if answer is None else (answer,))


class Attributes:
    """The unsigned attribute values of one signer, in their order."""

    def __init__(self, signer: SignerInfo) -> None:
        self.values = unsigned_values(signer)
        """(type, value), both DER."""
        self._digests = Digests(v for _, v in self.values), Digests(k + v for k, v in self.values)

    def digests(self, v3: bool) -> Digests:
        """Before version 3 the value alone was hashed."""
        return self._digests[v3]


def listed(
    indexes: Sequence[Index | None], part: Callable[[Index], frozenset[bytes]], of: Callable[[bool], Digests]
) -> list[frozenset[int]]:
    """For each item the places of the indexes that list it; `of` gives the items' digests by version.

    Looks at every hash of an index and at every item once for a hash algorithm: linear in what the file holds.
    """
    tables: dict[tuple[HashName, bool], dict[bytes, list[int]]] = {}
    for place, index in enumerate(indexes):
        if index is not None:
            table = tables.setdefault((index.hash_name, index.v3), {})
            for one in part(index):
                table.setdefault(one, []).append(place)
    found: list[set[int]] = [set() for _ in of(True).items]
    for (name, v3), table in tables.items():
        for number, one in enumerate(of(v3).by(name)):
            found[number].update(table.get(one, ()))
    return [frozenset(places) for places in found]


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


def covering(listed_by: Sequence[Collection[int]]) -> list[frozenset[int]]:
    """For each archive timestamp the places of those that cover it, through others as well; given who lists it.

    Where it stands among the attributes says nothing: whoever has the key of an authority that has ended can put a
    timestamp of any date before an honest one, whose index does not list it.
    """
    return [frozenset(_through(direct, listed_by)) for direct in listed_by]


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
