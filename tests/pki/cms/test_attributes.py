"""Signed attributes that differ in the digest alone are read once, and each says its own digest."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kyso_pki import oids
from kyso_pki.asn1 import der
from kyso_pki.cms.attributes import MAX_KEPT, SignedAttributes, signed_attributes
from kyso_pki.errors import FormatError, KysoError
from kyso_pki.testing import World

AT = datetime(2026, 11, 23, 3, 0, tzinfo=UTC)
WORLD = World.create(at=AT)
HEAD = der.oid(oids.ID_MESSAGE_DIGEST)


def attribute(kind: str, *values: bytes) -> bytes:
    return der.sequence(der.oid(kind), der.set_of(values))


def read(octets: bytes) -> SignedAttributes:
    """As they stand in a SignerInfo: under [0], with something before and behind them."""
    inside = b"\xa0" + octets[1:]
    whole = der.sequence(der.null(), inside, der.null())
    return SignedAttributes.read(next(e for e in der.read(whole).children() if e.tag == 0xA0))


@given(st.lists(st.binary(min_size=32, max_size=32), min_size=2, max_size=3))
def test_each_signature_of_one_person_has_its_own_digest(digests: list[bytes]) -> None:
    signer = WORLD.person_signer
    for one in digests:
        octets = signed_attributes(content_digest=one, leaf=signer.chain.leaf, scheme=signer.scheme)
        found = read(octets)
        assert found.message_digest == one
        assert found.octets == octets
        assert found.content_type == oids.ID_DATA
        assert found.canonical
        assert [e.matches(signer.chain.leaf) for e in found.ess] == [True]


def test_what_looks_like_a_digest_within_another_attribute_is_not_taken_for_it() -> None:
    hidden = der.octet_string(HEAD + b"\x31\x22\x04\x20" + bytes(32))
    for number in range(3):
        digest = bytes([number]) * 32
        octets = b"".join(
            (
                attribute("1.2.3", hidden),
                attribute(oids.ID_CONTENT_TYPE, der.oid(oids.ID_DATA)),
                attribute(oids.ID_MESSAGE_DIGEST, der.octet_string(digest)),
            )
        )
        found = read(der.tlv(der.SET, octets))
        assert found.message_digest == digest
        changed = octets.replace(bytes(32), b"\x09" * 32, 1)
        assert read(der.tlv(der.SET, changed)).octets == der.tlv(der.SET, changed)


def test_the_digest_is_read_once_only() -> None:
    twice = [attribute(oids.ID_MESSAGE_DIGEST, der.octet_string(bytes([n]) * 32)) for n in (0, 1)]
    for parts in (twice, twice[::-1]):
        with pytest.raises(FormatError, match="must stand once"):
            read(der.tlv(der.SET, attribute(oids.ID_CONTENT_TYPE, der.oid(oids.ID_DATA)) + b"".join(parts)))


@given(st.data())
def test_octets_after_such_attributes_decide_as_before(data: st.DataObject) -> None:
    """One octet changed anywhere in attributes that are known: the same as when they are read for the first time."""
    signer = WORLD.person_signer
    octets = signed_attributes(content_digest=bytes(32), leaf=signer.chain.leaf, scheme=signer.scheme)
    assert read(octets).message_digest == bytes(32)
    content = der.read(octets, der.SET).content
    at = data.draw(st.integers(0, len(content) - 1))
    content = content[:at] + bytes([data.draw(st.integers(0, 255))]) + content[at + 1 :]
    changed = der.tlv(der.SET, content)
    long = attribute("1.2.4", der.octet_string(bytes(MAX_KEPT)))  # so that nothing is remembered of them
    try:
        plainly = read(der.tlv(der.SET, content + long))
    except KysoError as e:
        with pytest.raises(type(e)):
            read(changed)
        return
    found = read(changed)
    assert (found.message_digest, found.content_type, found.ess) == (
        plainly.message_digest,
        plainly.content_type,
        plainly.ess,
    )
    assert (found.signing_time, found.algorithm_protection) == (plainly.signing_time, plainly.algorithm_protection)
