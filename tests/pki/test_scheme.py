"""Signature schemes: identifiers that agree, values that OpenSSL's keys made, and nothing else."""

from __future__ import annotations

from typing import Any

import pytest
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, ed448, ed25519, padding, rsa

from kyso_pki import oids
from kyso_pki.asn1 import der
from kyso_pki.errors import CertificateUnsuitable, FormatError, UsageError
from kyso_pki.scheme import OID_OF_HASH, SCHEMES, Scheme, scheme_in, scheme_named, scheme_of, strong_enough

MESSAGE = "Kính gửi: Các sở, ban, ngành".encode()


@pytest.fixture(scope="module")
def rsa_key() -> rsa.RSAPrivateKey:
    return rsa.generate_private_key(65537, 2048)


@pytest.mark.parametrize("name", SCHEMES)
def test_every_identifier_is_read_back_as_the_same_scheme(name: str) -> None:
    scheme = SCHEMES[name]
    element = der.read(scheme.identifier)
    assert scheme_in(element) == scheme
    assert scheme_of(element, scheme.hash_oid) == scheme


def test_rsa_values_of_both_paddings_verify_and_not_crosswise(rsa_key: rsa.RSAPrivateKey) -> None:
    pkcs1, pss = scheme_named("rsa-pkcs1-sha256"), scheme_named("rsa-pss-sha256")
    values = {
        pkcs1: rsa_key.sign(MESSAGE, padding.PKCS1v15(), hashes.SHA256()),
        pss: rsa_key.sign(MESSAGE, padding.PSS(padding.MGF1(hashes.SHA256()), 32), hashes.SHA256()),
    }
    for made, value in values.items():
        for tried in values:
            assert tried.verify(rsa_key.public_key(), tried.imprint(MESSAGE), value) is (made is tried)


def test_pss_with_another_salt_length_does_not_verify(rsa_key: rsa.RSAPrivateKey) -> None:
    scheme = scheme_named("rsa-pss-sha256")
    value = rsa_key.sign(MESSAGE, padding.PSS(padding.MGF1(hashes.SHA256()), 20), hashes.SHA256())
    assert not scheme.verify(rsa_key.public_key(), scheme.imprint(MESSAGE), value)


@pytest.mark.parametrize(
    ("curve", "name"),
    [(ec.SECP256R1(), "ecdsa-sha256"), (ec.SECP384R1(), "ecdsa-sha384"), (ec.SECP521R1(), "ecdsa-sha512")],
)
def test_curves_get_the_hash_of_their_strength(curve: ec.EllipticCurve, name: str) -> None:
    key = ec.generate_private_key(curve)
    scheme = Scheme.for_key(key.public_key())
    assert scheme.name == name
    hash_ = {"sha256": hashes.SHA256(), "sha384": hashes.SHA384(), "sha512": hashes.SHA512()}[scheme.hash_name]
    value = key.sign(MESSAGE, ec.ECDSA(hash_))
    assert scheme.verify(key.public_key(), scheme.imprint(MESSAGE), value)
    assert not scheme.verify(key.public_key(), scheme.imprint(MESSAGE + b"!"), value)
    assert not scheme.verify(key.public_key(), scheme.imprint(MESSAGE), value + b"\x00")


def test_ed25519_signs_the_message_itself() -> None:
    key = ed25519.Ed25519PrivateKey.generate()
    scheme = Scheme.for_key(key.public_key())
    assert scheme.imprint(MESSAGE) == MESSAGE
    assert scheme.verify(key.public_key(), MESSAGE, key.sign(MESSAGE))


def test_a_key_of_another_type_never_verifies(rsa_key: rsa.RSAPrivateKey) -> None:
    value = rsa_key.sign(MESSAGE, padding.PKCS1v15(), hashes.SHA256())
    for scheme in SCHEMES.values():
        if scheme.key_type != "rsa":
            assert not scheme.verify(rsa_key.public_key(), scheme.imprint(MESSAGE), value)


def test_bare_rsa_takes_its_hash_from_beside_and_is_refused_alone() -> None:
    element = der.read(der.sequence(der.oid(oids.RSA_ENCRYPTION), der.null()))
    assert scheme_of(element, oids.SHA384).name == "rsa-pkcs1-sha384"
    with pytest.raises(FormatError, match="Unknown signature algorithm"):
        scheme_in(element)


@pytest.mark.parametrize("oid", [oids.ECDSA_WITH_SHA256, oids.EC_PUBLIC_KEY])
def test_ecdsa_of_a_signer_info_may_be_written_as_itext_does(oid: str) -> None:
    """RFC 5758 3.2 wants no parameters; iText 8 and 9 write NULL, iText 5 the kind of the key."""
    element = der.read(der.sequence(der.oid(oid), der.null()))
    assert scheme_of(element, oids.SHA256).name == "ecdsa-sha256"
    with pytest.raises(FormatError):
        scheme_in(element)


@pytest.mark.parametrize("oid", [oids.ECDSA_WITH_SHA256, oids.EC_PUBLIC_KEY, oids.ED25519])
def test_other_parameters_of_a_signer_info_are_refused(oid: str) -> None:
    """C2: an AlgorithmIdentifier with anything more has two readings."""
    for parameters in (der.integer(1), der.octet_string(b""), der.sequence()):
        with pytest.raises(FormatError, match=r"must not have|Unknown signature algorithm"):
            scheme_of(der.read(der.sequence(der.oid(oid), parameters)), oids.SHA256)


def test_hashes_that_disagree_are_refused() -> None:
    """C2: the digest algorithm must be the hash of the signature algorithm."""
    element = der.read(scheme_named("rsa-pkcs1-sha256").identifier)
    with pytest.raises(FormatError, match="hashes with sha256"):
        scheme_of(element, oids.SHA512)


def test_pss_whose_mgf_or_salt_differs_is_refused() -> None:
    """C2: PSS hash, MGF1 hash and salt length agree."""

    def pss(hash_name: str, mgf: str, salt: int) -> der.Element:
        return der.read(
            der.sequence(
                der.oid(oids.RSASSA_PSS),
                der.sequence(
                    der.explicit(0, der.sequence(der.oid(OID_OF_HASH[hash_name]))),
                    der.explicit(1, der.sequence(der.oid(oids.MGF1), der.sequence(der.oid(OID_OF_HASH[mgf])))),
                    der.explicit(2, der.integer(salt)),
                ),
            )
        )

    assert scheme_in(pss("sha256", "sha256", 32)).name == "rsa-pss-sha256"
    for wrong in (pss("sha256", "sha1", 32), pss("sha256", "sha256", 20)):
        with pytest.raises(FormatError, match="do not agree"):
            scheme_in(wrong)


def test_unknown_algorithms_and_stray_parameters_are_refused() -> None:
    with pytest.raises(FormatError, match=r"1\.2\.3\.4"):
        scheme_in(der.read(der.sequence(der.oid("1.2.3.4"))))
    with pytest.raises(FormatError, match="must not have"):
        scheme_in(der.read(der.sequence(der.oid(oids.ECDSA_WITH_SHA256), der.null())))
    with pytest.raises(UsageError, match="Use one of"):
        scheme_named("md5")


def test_weak_and_unknown_keys_are_told() -> None:
    weak = rsa.generate_private_key(65537, 1024)  # noqa: S505 - weak on purpose
    assert not strong_enough(weak.public_key())
    assert not strong_enough(ec.generate_private_key(ec.SECP256K1()).public_key())
    assert strong_enough(ec.generate_private_key(ec.SECP256R1()).public_key())
    with pytest.raises(CertificateUnsuitable, match="Ed448"):
        Scheme.for_key(ed448.Ed448PrivateKey.generate().public_key())


@pytest.mark.parametrize("key", [ec.generate_private_key(ec.SECP256R1()), ed25519.Ed25519PrivateKey.generate()])
def test_pss_is_refused_with_other_keys_than_rsa(key: Any) -> None:
    with pytest.raises(UsageError, match="RSASSA-PSS is a scheme of RSA keys; this one is"):
        Scheme.for_key(key.public_key(), pss=True)


def test_a_hash_is_refused_with_a_key_that_has_its_own() -> None:
    with pytest.raises(UsageError, match="Ed25519 signs with a hash of its own, not with sha512"):
        Scheme.for_key(ed25519.Ed25519PrivateKey.generate().public_key(), "sha512")
