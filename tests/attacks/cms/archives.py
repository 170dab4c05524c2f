"""T4: archive timestamps (EN 319 122-1 5.5) that seem to cover more than they do, and evidence that nothing covers.

What an index does not list is anybody's addition. So some variants pass, below the level that they claim.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta
from functools import cache

import kyso
from kyso_pki import oids
from kyso_pki.asn1 import der
from kyso_pki.cms.signed_data import read_signed_data
from kyso_pki.evidence import Evidence
from kyso_pki.testing import World
from tests.pki.cades.made import (
    AT,
    CONTENT,
    WORLD,
    archive_timestamp,
    archived,
    attribute,
    parts,
    rebuilt,
    signed,
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


def index_with_a_weak_hash() -> FileAttack:
    """T4, C2: whoever finds two CRLs of one SHA-1 exchanges what such an index lists, and its hash is met."""
    forged = archived(hash_oid=oids.SHA1)
    return FileAttack(_case(forged), "uses sha1, which is too weak", lasting, below="CAdES-B-LTA")


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


def certificate_of_the_issuer_that_only_the_verifier_has() -> FileAttack:
    """T4, P13: "computed from proofs": with the verifier's help the signature passes, and yet the file alone does not
    show it, so it is no B-LT."""
    found = [e.raw for e in parts(archived())]
    carried = [e.raw for e in parts(archived())[3].children()]
    found[3] = der.set_of([c for c in carried if c != WORLD.issuing.der], tag=0xA0)
    data = der.sequence(der.oid(oids.ID_SIGNED_DATA), der.explicit(0, der.sequence(*found)))
    bare = _without(data, oids.ID_AA_ARCHIVE_TIME_STAMP_V3)
    helped = replace(_case(bare), evidence=Evidence(certificates=(WORLD.issuing,)))
    return FileAttack(helped, "", evidence_alone, below="CAdES-B-LT")


@cache
def evidence_alone() -> Case:
    """B-LT: no archive timestamp, and all the rest."""
    return _case(_without(archived(), oids.ID_AA_ARCHIVE_TIME_STAMP_V3))


# Two of them ------------------------------------------------------------------------------------------------------

THEN = AT - timedelta(days=729)
AT_LAST = AT + timedelta(days=5)


@cache
def _ended() -> World:
    """A PKI of two years ago, whose official lost the certificate after ten days, and whose authority has ended."""
    ended = World.create(at=THEN, number=1)
    ended.revoke(ended.person, THEN + timedelta(days=10), "superseded")
    return ended


def _preserved(signed: datetime) -> bytes:
    """Signed then, with all evidence, and no timestamp yet."""
    ended = _ended()
    data = kyso.sign_cms(CONTENT, ended.person_signer, at=signed)
    found = [e.raw for e in parts(data)]
    carried = [c.der for w in (ended, WORLD) for c in w.tsa_signer.chain.carried]
    lists = [c for days in (1, 20, 728) for c in ended.crls(THEN + timedelta(days=days))]
    found[3:4] = [
        der.set_of([*(e.raw for e in parts(data)[3].children()), *carried], tag=0xA0),
        der.set_of(list(dict.fromkeys(lists)), tag=0xA1),
    ]
    return der.sequence(der.oid(oids.ID_SIGNED_DATA), der.explicit(0, der.sequence(*found)))


def _in_this_order(data: bytes, *stamps: bytes) -> bytes:
    """With these unsigned attributes and no others."""
    fields = [c.raw for c in der.read(signer_info(data)).children() if c.tag != 0xA1]
    return rebuilt(data, signers=[der.sequence(*fields, der.tlv(0xA1, b"".join(stamps)))])


def _much_later(cms: bytes) -> Case:
    today = Evidence(crls=tuple(WORLD.crls(AT_LAST)))
    return Case(cms, CONTENT, trust=_ended().trust + WORLD.trust, at=AT_LAST, world=None, evidence=today)


def _renewed(*, newest_first: bool) -> Case:
    data = _preserved(THEN)
    first = archive_timestamp(data, _ended().timestamper(THEN + timedelta(days=1)))
    once = _in_this_order(data, first)
    second = archive_timestamp(once, WORLD.timestamper(AT - timedelta(days=2)))
    return _much_later(_in_this_order(data, *((second, first) if newest_first else (first, second))))


@cache
def renewed() -> Case:
    """A second authority stamps the first one's timestamp before that one ends."""
    return _renewed(newest_first=False)


@cache
def renewed_in_another_order() -> Case:
    """DER sorts a SET by its octets, not by time."""
    return _renewed(newest_first=True)


def _forged(*, newest_first: bool) -> FileAttack:
    data = _preserved(THEN + timedelta(days=20))
    honest = archive_timestamp(data, WORLD.timestamper(AT - timedelta(days=2)))
    forged = archive_timestamp(data, _ended().timestamper(THEN + timedelta(days=1)))
    order = (honest, forged) if newest_first else (forged, honest)
    twin = renewed_in_another_order if newest_first else renewed
    return FileAttack(_much_later(_in_this_order(data, *order)), "INDETERMINATE REVOKED_NO_POE", twin)


def old_key_before_an_honest_timestamp() -> FileAttack:
    """T4, V5: who has the key of an authority that has ended stamps a date before the revocation; what stands
    behind it in the file does not list it, so nothing shows that it is old."""
    return _forged(newest_first=False)


def old_key_behind_an_honest_timestamp() -> FileAttack:
    """T4, V5: the same in the other order."""
    return _forged(newest_first=True)


def old_key_over_an_honest_timestamp() -> FileAttack:
    """T4, V5: the forged one lists the honest one; that shows nothing about itself."""
    data = _preserved(THEN + timedelta(days=20))
    honest = archive_timestamp(data, WORLD.timestamper(AT - timedelta(days=2)))
    forged = archive_timestamp(_in_this_order(data, honest), _ended().timestamper(THEN + timedelta(days=1)))
    return FileAttack(_much_later(_in_this_order(data, forged, honest)), "INDETERMINATE REVOKED_NO_POE", renewed)


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


def crowd_of_timestamps_beside_a_crowd_of_answers() -> FileAttack:
    """T4, R2: each timestamp of each signer put all 250 answers together anew: 6 s for 40 kB."""
    base = signed()
    tokens = [der.sequence(der.integer(n)) for n in range(32)]
    kinds = (oids.ID_AA_TIME_STAMP_TOKEN, oids.ID_AA_ARCHIVE_TIME_STAMP_V3)
    info = with_unsigned(signer_info(base), *(attribute(kind, *tokens) for kind in kinds))
    found = [e.raw for e in parts(base)]
    found[4:] = [
        der.set_of([der.sequence(der.integer(n)) for n in range(250)], tag=0xA1),
        der.tlv(der.SET, info * 15),
    ]
    return _attack(
        der.sequence(der.oid(oids.ID_SIGNED_DATA), der.explicit(0, der.sequence(*found))), "TIMESTAMP_BROKEN"
    )


ATTACKS: dict[str, FileGenerator] = collected(globals())
