"""The world in memory: its parts fit together, its faults come on order only."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from cryptography.hazmat.primitives.asymmetric import rsa

from kyso_pki.errors import KysoError, TimestampError, Unreachable
from kyso_pki.scheme import digest, key_name
from kyso_pki.signer import Signer
from kyso_pki.testing import BASE_URL, KeyKind, SoftwareSigningKey, StampFault, World, software_key
from kyso_pki.tsp import timestamp_facts
from kyso_pki.x509.certificate import certificates_from_bytes
from kyso_pki.x509.path import find_path

AT = datetime(2026, 11, 23, 3, 0, tzinfo=UTC)
MESSAGE = "Kính gửi: Các sở, ban, ngành".encode()
WORLD = World.create(at=AT)


@pytest.mark.parametrize("role", ["person", "seal", "expired", "tsa", "ocsp", "stranger", "impostor"])
def test_every_member_signs_with_the_key_of_its_certificate(role: str) -> None:
    signer = getattr(WORLD, f"{role}_signer")
    assert isinstance(signer, Signer)
    imprint = signer.scheme.imprint(MESSAGE)
    (value,) = signer.sign([imprint])
    assert signer.scheme.verify(signer.chain.leaf.public_key, imprint, value)
    assert getattr(WORLD, f"{role}_signer") is signer


def test_members_are_who_the_documentation_says() -> None:
    assert (key_name(WORLD.person.public_key), key_name(WORLD.seal.public_key)) == ("RSA-2048", "P-256")
    assert WORLD.person.subject.first("CN") == "Nguyễn Văn Mẫu"
    assert WORLD.impostor_signer.certificate.issuer == WORLD.person.issuer
    assert WORLD.stranger_signer.certificate.issuer != WORLD.person.issuer
    assert WORLD.expired_signer.certificate.not_after < AT
    signers = (WORLD.person_signer, WORLD.stranger_signer, WORLD.impostor_signer)
    assert len({s.certificate.spki for s in signers}) == 3


@pytest.mark.parametrize("kind", ["rsa2048", "rsa3072", "p256", "p384", "p521", "ed25519"])
@pytest.mark.parametrize("pss", [False, True])
def test_software_keys_of_every_kind_sign(kind: KeyKind, pss: bool) -> None:
    key = software_key(kind, 5)
    if pss and not isinstance(key, rsa.RSAPrivateKey):
        pss = False
    signer = SoftwareSigningKey.of(key, pss=pss)
    imprints = [signer.scheme.imprint(MESSAGE), signer.scheme.imprint(b"")]
    values = signer.sign(imprints)
    assert [signer.scheme.verify(signer.public_key, i, v) for i, v in zip(imprints, values, strict=True)] == [
        True
    ] * 2
    assert not signer.scheme.verify(signer.public_key, imprints[0], values[1])


def test_private_key_is_not_shown() -> None:
    assert "private" not in repr(WORLD.person_signer).lower()
    assert "object at 0x" not in repr(WORLD.person_signer.scheme)


def test_fetcher_answers_at_the_urls_of_the_certificates() -> None:
    fetcher = WORLD.fetcher(AT)
    (url,) = WORLD.person.ca_issuer_urls
    assert certificates_from_bytes(fetcher.certificates(url)) == (WORLD.issuing,)
    (url,) = WORLD.issuing.ca_issuer_urls
    assert certificates_from_bytes(fetcher.certificates(url)) == (WORLD.root,)
    assert fetcher.asked == [f"{BASE_URL}/ca/issuing.crt", f"{BASE_URL}/ca/root.crt"]
    with pytest.raises(Unreachable):
        fetcher.crl("http://elsewhere.example/crl")


def test_timestamper_stamps_what_was_asked() -> None:
    token = WORLD.timestamper(AT).timestamp(digest("sha256", MESSAGE), "sha256")
    facts = timestamp_facts(token, lambda name: digest(name, MESSAGE), "signature")
    assert facts.intact
    assert facts.certificate is not None
    assert find_path(facts.certificate, facts.certificates, WORLD.trust, AT, "timestamping").path


@pytest.mark.parametrize("fault", ["unreachable", "refused", "wrong imprint", "wrong nonce", "junk"])
def test_timestamper_fails_on_order(fault: StampFault) -> None:
    with pytest.raises(Unreachable if fault == "unreachable" else TimestampError) as caught:
        WORLD.timestamper(AT, fault).timestamp(digest("sha256", MESSAGE), "sha256")
    assert isinstance(caught.value, KysoError)


def test_worlds_do_not_share_revocations() -> None:
    one, other = World.create(at=AT), World.create(at=AT)
    one.revoke(one.person, AT, "superseded")
    assert one.root.spki == other.root.spki
    assert one.revoked
    assert not other.revoked


def test_reissued_certificate_has_the_same_key_and_another_name() -> None:
    twin = WORLD.reissue(WORLD.person)
    assert twin.spki == WORLD.person.spki
    assert twin.subject != WORLD.person.subject
    assert twin.issued_by(WORLD.issuing)


def test_revocation_that_is_later_than_the_crl_is_not_in_it() -> None:
    world = World.create(at=AT)
    world.revoke(world.person, AT + timedelta(days=1))
    assert world.crl(AT) != world.crl(AT + timedelta(days=1))
