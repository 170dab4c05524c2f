"""T4: archive timestamps (EN 319 122-1 5.5) that seem to cover more than they do, and evidence that nothing covers.

What an index does not list is anybody's addition. So some variants pass, below the level that they claim.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from functools import cache

from kyso_pki import oids
from kyso_pki.asn1 import der
from kyso_pki.cms.signed_data import read_signed_data
from kyso_pki.testing import World
from tests.pki.cades.made import (
    AT,
    CONTENT,
    WORLD,
    archived,
    attribute,
    parts,
    rebuilt,
    signer_info,
    with_unsigned,
)

from .file_forge import Case, FileAttack, FileGenerator, collected

LATER = AT + timedelta(hours=1)
STRANGER = World.create(at=AT, number=4, name="tỉnh Khác")


def _case(cms: bytes, content: bytes = CONTENT) -> Case:
    """Offline: all that counts is in the file."""
    return Case(cms, content, trust=WORLD.trust, at=LATER, world=None)


@cache
def lasting() -> Case:
    """B-LTA."""
    return _case(archived())


def _attack(cms: bytes, word: str) -> FileAttack:
    return FileAttack(_case(cms), word, lasting)


def _unprotected(cms: bytes, below: str = "CAdES-B-LTA") -> FileAttack:
    return FileAttack(_case(cms), "", lasting, below=below)


def _unsigned(data: bytes) -> list[der.Element]:
    return list(der.read(signer_info(data)).children()[-1].children())


def _without(data: bytes, kind: str) -> bytes:
    """The file with no unsigned attribute of this type."""
    children = der.read(signer_info(data)).children()
    kept = [a.raw for a in _unsigned(data) if a.children()[0].oid() != kind]
    info = der.sequence(*(c.raw for c in children[:-1]), der.set_of(kept, tag=0xA1))
    return rebuilt(data, signers=[info])


def _list_without(data: bytes, place: int, gone: int) -> bytes:
    """The file without one of its certificates (place 3) or CRLs (place 4)."""
    found = [e.raw for e in parts(data)]
    items = [e.raw for e in parts(data)[place].children()]
    del items[gone]
    found[place] = der.set_of(items, tag=found[place][0])
    return der.sequence(der.oid(oids.ID_SIGNED_DATA), der.explicit(0, der.sequence(*found)))


# The index ------------------------------------------------------------------------------------------------------


def content_of_another_file() -> FileAttack:
    """T4: the imprint is over the content's digest too."""
    return _attack(archived(content=CONTENT + b"!"), "TIMESTAMP_BROKEN")


def index_that_lists_what_is_gone() -> FileAttack:
    """T4: "every index hash is met"."""
    return _attack(archived(listed=lambda found: [*found, b"what was taken away"]), "TIMESTAMP_BROKEN")


def no_index() -> FileAttack:
    """T4: without one nobody knows what was covered."""
    return _attack(archived(index_kinds=()), "TIMESTAMP_BROKEN")


def two_indices() -> FileAttack:
    """T4: which of the two counts?"""
    return _attack(archived(index_kinds=(oids.ID_AA_ATS_HASH_INDEX_V3,) * 2), "TIMESTAMP_BROKEN")


def index_changed_after_it_was_stamped() -> FileAttack:
    """T4: the index stands in an unsigned attribute; the imprint covers it."""
    lists = der.sequence() * 3
    empty = der.sequence(der.sequence(der.oid(oids.SHA256)), lists)
    return _attack(archived(written=lambda _: empty), "TIMESTAMP_BROKEN")


def index_with_another_hash_named() -> FileAttack:
    """T4: a hash of another kind meets nothing."""

    def written(index: bytes) -> bytes:
        _, *rest = der.read(index).children()
        return der.sequence(der.sequence(der.oid(oids.SHA512)), *(e.raw for e in rest))

    return _attack(archived(written=written), "TIMESTAMP_BROKEN")


def index_with_an_unknown_hash() -> FileAttack:
    """T4: unknown is not checked."""

    def written(index: bytes) -> bytes:
        _, *rest = der.read(index).children()
        return der.sequence(der.sequence(der.oid("1.2.840.113549.2.5")), *(e.raw for e in rest))

    return _attack(archived(written=written), "TIMESTAMP_BROKEN")


def index_that_is_none() -> FileAttack:
    """T4: an exception while reading is a verdict."""
    return _attack(archived(written=lambda _: der.null()), "TIMESTAMP_BROKEN")


def index_with_a_crowd_of_hashes() -> FileAttack:
    """T4, R2: SET element caps."""
    crowd = der.sequence(*[der.octet_string(bytes(32))] * 2000)
    odd = der.sequence(der.sequence(der.oid(oids.SHA256)), crowd, der.sequence(), der.sequence())
    return _attack(archived(written=lambda _: odd), "TIMESTAMP_BROKEN")


def index_of_version_2_over_attributes_of_version_3() -> FileAttack:
    """T4: before version 3 the value alone was hashed; the one is not read as the other."""
    return _attack(archived(index_kinds=(oids.ID_AA_ATS_HASH_INDEX,)), "TIMESTAMP_BROKEN")


# What was covered is changed or taken away ----------------------------------------------------------------------


def certificate_taken_away() -> FileAttack:
    """T4: "every certificate … covered is in the index, and every index hash is met"."""
    data = archived()
    leaf = WORLD.tsa.der
    gone = [e.raw for e in parts(data)[3].children()].index(leaf)
    return _attack(_list_without(data, 3, gone), "TIMESTAMP_BROKEN")


def list_taken_away() -> FileAttack:
    """T4: a CRL that says "revoked" cannot be taken away unnoticed."""
    return _attack(_list_without(archived(), 4, 0), "TIMESTAMP_BROKEN")


def list_exchanged_for_another() -> FileAttack:
    """T4: nor exchanged."""
    data = archived()
    found = [e.raw for e in parts(data)]
    crls = [e.raw for e in parts(data)[4].children()]
    found[4] = der.set_of([WORLD.crl(AT + timedelta(minutes=2)), *crls[1:]], tag=0xA1)
    return _attack(
        der.sequence(der.oid(oids.ID_SIGNED_DATA), der.explicit(0, der.sequence(*found))), "TIMESTAMP_BROKEN"
    )


def signature_timestamp_taken_away() -> FileAttack:
    """T4: "unsigned attribute covered is in the index"."""
    return _attack(_without(archived(), oids.ID_AA_TIME_STAMP_TOKEN), "TIMESTAMP_BROKEN")


def signature_value_exchanged() -> FileAttack:
    """T4: the signer's fields are covered as they stand."""
    data = archived()
    value = read_signed_data(data).signers[0].value
    changed = data.replace(value, value[:-1] + bytes((value[-1] ^ 1,)))
    return _attack(changed, "SIG_CRYPTO_FAILURE")


# What was never covered ------------------------------------------------------------------------------------------


def nothing_listed() -> FileAttack:
    """T4: "things not indexed are unprotected"."""
    return _unprotected(archived(listed=lambda _: []))


def last_of_each_not_listed() -> FileAttack:
    """T4: the last CRL and the signature timestamp are left out."""
    return _unprotected(archived(listed=lambda found: found[:-1]))


def first_of_each_not_listed() -> FileAttack:
    """T4: the same at the other end."""
    return _unprotected(archived(listed=lambda found: found[1:]))


def evidence_added_after_the_archive_timestamp() -> FileAttack:
    """T4: a CRL that was added later has no proof of its time."""
    added = set(WORLD.crls(AT))
    return _unprotected(archived(listed=lambda found: [v for v in found if v not in added]))


def archive_timestamp_of_two_signers() -> FileAttack:
    """T4, T2: "exactly one SignerInfo"."""
    data = archived()
    [token] = [
        a.children()[1].children()[0].raw
        for a in _unsigned(data)
        if a.children()[0].oid() == oids.ID_AA_ARCHIVE_TIME_STAMP_V3
    ]
    twice = rebuilt(token, signers=[signer_info(token)] * 2)
    kept = signer_info(_without(data, oids.ID_AA_ARCHIVE_TIME_STAMP_V3))
    made = rebuilt(data, signers=[with_unsigned(kept, attribute(oids.ID_AA_ARCHIVE_TIME_STAMP_V3, twice))])
    return _attack(made, "has 2 signers")


def archive_timestamp_of_version_2() -> FileAttack:
    """T4: archive-time-stamp-v2 hashes other octets in other ways; it is named, and proves nothing here."""
    data = _without(archived(), oids.ID_AA_ARCHIVE_TIME_STAMP_V3)
    [token] = [
        a.children()[1].children()[0].raw
        for a in _unsigned(archived())
        if a.children()[0].oid() == oids.ID_AA_ARCHIVE_TIME_STAMP_V3
    ]
    info = with_unsigned(signer_info(data), attribute(oids.ID_AA_ARCHIVE_TIME_STAMP_V2, token))
    return replace(_unprotected(rebuilt(data, signers=[info])), word="UNKNOWN_TIMESTAMP")


def archive_timestamp_of_a_stranger() -> FileAttack:
    """T4, T2: an authority that nobody trusts protects nothing."""
    made = archived(timestamper=STRANGER.timestamper(AT + timedelta(minutes=1)))
    return replace(_unprotected(made), word="TIMESTAMP_NOT_TRUSTED")


def archive_timestamp_from_the_future() -> FileAttack:
    """T4, T3: not in the future."""
    made = archived(timestamper=WORLD.timestamper(LATER + timedelta(days=1)))
    return replace(_unprotected(made), word="TIMESTAMP_NOT_TRUSTED")


def archive_timestamp_before_what_it_covers() -> FileAttack:
    """T4, T3: "ordering of archive timestamps": the signature timestamp inside is a day younger."""
    return _attack(archived(timestamper=WORLD.timestamper(AT - timedelta(days=1))), "TIMESTAMP_ORDER_FAILURE")


def crowd_of_archive_timestamps() -> FileAttack:
    """T4, R2: SET element caps."""
    data = archived()
    [token] = [
        a.children()[1].children()[0].raw
        for a in _unsigned(data)
        if a.children()[0].oid() == oids.ID_AA_ARCHIVE_TIME_STAMP_V3
    ]
    info = with_unsigned(signer_info(data), attribute(oids.ID_AA_ARCHIVE_TIME_STAMP_V3, *[token] * 40))
    return _attack(rebuilt(data, signers=[info]), "More than 32")


ATTACKS: dict[str, FileGenerator] = collected(globals())
