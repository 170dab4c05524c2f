"""Attacks on trust bundles: each gives what an attacker hands in."""

from __future__ import annotations

from dataclasses import replace

from kyso_pki import oids
from kyso_pki.asn1 import der
from kyso_pki.cms.signed_data import read_signed_data
from kyso_pki.testing import SoftwareSigner, software_key
from kyso_pki.trust.bundle import content_of
from kyso_pki.x509.trust import Anchor
from tests.pki.trust.made import PIN, PUBLISHER, WORLD, bundle, signed

from .attack import Attack

EVIL = Anchor(WORLD.stranger_signer.chain.certificates[-1])
HONEST = signed(bundle())
EVIL_CONTENT = content_of(bundle(2, EVIL))


def content_exchanged() -> Attack:
    """T (C1): the content is what the digest in the signed attributes is of."""
    content = content_of(bundle())
    assert HONEST.count(content) == 1
    changed = content.replace(b'"sequence": 1', b'"sequence": 9')
    assert len(changed) == len(content)
    return Attack(HONEST.replace(content, changed), "not what was signed")


def signed_by_anybody() -> Attack:
    """A certificate of the same CA is not the publisher's key."""
    return Attack(signed(bundle(2, EVIL), WORLD.person_signer), "none of the 1")


def signed_by_the_publishers_name() -> Attack:
    """The name of the publisher, self-made, with another key (the attack seen with the names of state CAs)."""
    return Attack(signed(bundle(2, EVIL), WORLD.impostor_signer), "none of the 1")


def certificate_of_the_publisher_with_another_key() -> Attack:
    """C4: the publisher's certificate stands in it, the value is made by another key."""
    thief = replace(PUBLISHER, private_key=software_key("p256", 77))
    assert isinstance(thief, SoftwareSigner)
    return Attack(_signed_unchecked(thief), "not what was signed")


def two_signers() -> Attack:
    """C6: one verdict for each signer; a bundle has one."""
    return Attack(_with_signers(2), "2 signatures")


def no_signer() -> Attack:
    """C7: certificates alone are no signature."""
    return Attack(_with_signers(0), "0 signatures")


def content_beside() -> Attack:
    """C5: detached: whatever is put beside it later would be the content."""
    return Attack(signed(bundle(), detached=True), "neither inside")


def trailing_octets() -> Attack:
    """C9: octets after the structure."""
    return Attack(HONEST + EVIL_CONTENT, "follow the end")


def another_document_of_the_publisher() -> Attack:
    """Whatever else the key signs is no bundle: the content says what it is."""
    return Attack(signed(b"V/v tri\xe1\xbb\x83n khai k\xc3\xbd s\xe1\xbb\x91"), "no JSON")


def json_of_another_kind() -> Attack:
    """The same, for JSON: a member `format` alone makes a bundle."""
    return Attack(signed(EVIL_CONTENT.replace(b"kyso-trust-bundle", b"kyso-trust-report")), "no trust bundle")


def member_that_stands_twice() -> Attack:
    """Readers of JSON disagree about the one that counts."""
    return Attack(signed(EVIL_CONTENT.replace(b'"sequence"', b'"sequence": 1, "sequence"')), "no JSON")


def anchors_of_two_lists() -> Attack:
    """The same, for the anchors themselves."""
    return Attack(signed(EVIL_CONTENT.replace(b'"anchors"', b'"anchors": [], "anchors"')), "no JSON")


def member_that_is_not_known() -> Attack:
    """What a reader does not know may be what limits the trust."""
    return Attack(signed(EVIL_CONTENT.replace(b'"note"', b'"only_for": "x", "note"')), "other members")


def too_deep() -> Attack:
    """R2: nesting beyond any use."""
    return Attack(signed(b'{"format":' + b"[" * 100_000), "no JSON")


def _signed_unchecked(signer: SoftwareSigner) -> bytes:
    """Signed although the value does not verify with the certificate: as an attacker would."""
    from kyso_pki.cms.attributes import signed_attributes
    from kyso_pki.cms.signed_data import signed_data
    from kyso_pki.scheme import digest

    name = signer.scheme.hash_name
    attributes = signed_attributes(
        content_digest=digest(name, EVIL_CONTENT), leaf=signer.certificate, scheme=signer.scheme
    )
    [value] = signer.sign([signer.scheme.imprint(attributes)])
    return signed_data(attributes, value, signer.chain, signer.scheme, content=EVIL_CONTENT)


def _with_signers(count: int) -> bytes:
    """The honest structure with its SignerInfo this many times."""
    read_signed_data(HONEST)
    content = der.read(HONEST).children()[1].children()[0]
    *before, infos = content.children()
    again = der.tlv(infos.tag, infos.children()[0].raw * count)
    inner = der.sequence(*(e.raw for e in before), again)
    return der.sequence(der.oid(oids.ID_SIGNED_DATA), der.explicit(0, inner))


ACCEPTED = (PIN,)
