"""Which key an address means, on token contents as smart cards and other libraries show them."""

from __future__ import annotations

import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from kyso_hsm.keys import find_key, visible_keys
from kyso_hsm.uri import Pkcs11Uri
from kyso_hsm.wire import CertificateFacts, Objects, PrivateKeyFacts, PublicKeyFacts
from kyso_pki.errors import AmbiguousKey, KeyNotFound

from .softhsm import certificate, root

KEY = ec.generate_private_key(ec.SECP256R1()).public_key()
SPKI = KEY.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
LEAF = certificate(KEY, "Nguyễn Văn Mẫu")


def card(private: str, public: str | None, cert: str) -> Objects:
    """One key, whose three objects carry these labels."""
    return Objects(
        (PrivateKeyFacts(private, b"\x01", None, True), PrivateKeyFacts("Encryption key", b"\x02", None, True)),
        (PublicKeyFacts(public, b"\x01", SPKI, "EC"),) if public is not None else (),
        (CertificateFacts(cert, b"\x01", LEAF.der), CertificateFacts("CA", b"\xff", root().der)),
    )


@pytest.mark.parametrize(
    "objects",
    [
        card("Signature key", "Signature key", "Cardholder certificate"),
        card("", "Public key", "Cardholder certificate"),
        card("Private key 1", None, "Cardholder certificate"),
    ],
)
def test_a_key_is_found_by_the_label_of_its_certificate(objects: Objects) -> None:
    found = find_key(objects, Pkcs11Uri(object="Cardholder certificate"), "card")
    assert found.address.id == b"\x01"
    assert found.certificates == (LEAF,)


@pytest.mark.parametrize("public", ["Signature key", None])
def test_every_visible_key_can_be_addressed_as_it_is_listed(public: str | None) -> None:
    objects = card("Signature key", public, "Cardholder certificate")
    (key,) = visible_keys(objects)  # the CA's certificate is nobody's key
    assert (key.algorithm, key.certificates) == ("P-256", (LEAF,))
    assert find_key(objects, Pkcs11Uri(object=key.label, id=key.id), "card").address.id == b"\x01"


def test_a_label_of_the_private_key_goes_before_labels_of_others() -> None:
    objects = Objects(
        (PrivateKeyFacts("k", b"\x01", None, True), PrivateKeyFacts("other", b"\x02", None, True)),
        (PublicKeyFacts("k", b"\x02", SPKI, "EC"),),
        (),
    )
    assert find_key(objects, Pkcs11Uri(object="k"), "card").address.id == b"\x01"


def test_a_label_that_does_not_fit_the_id_is_no_match() -> None:
    objects = card("Signature key", "Signature key", "Cardholder certificate")
    with pytest.raises(KeyNotFound, match="found: Encryption key, Signature key"):
        find_key(objects, Pkcs11Uri(object="Encryption key", id=b"\x01"), "card")
    with pytest.raises(AmbiguousKey):
        find_key(objects, Pkcs11Uri(), "card")


def test_an_id_alone_never_ties_a_certificate_of_another_key() -> None:
    stray = certificate(ec.generate_private_key(ec.SECP256R1()).public_key(), "stray")
    objects = Objects(
        (PrivateKeyFacts("k", b"\x01", None, True),),
        (PublicKeyFacts("k", b"\x01", SPKI, "EC"),),
        (CertificateFacts("k", b"\x01", stray.der), CertificateFacts("k", b"\x07", LEAF.der)),
    )
    assert find_key(objects, Pkcs11Uri(object="k"), "card").certificates == (LEAF,)
