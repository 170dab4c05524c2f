"""A software key with its chain, as judges need it to sign: for tests only, the key is not protected."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from cryptography import x509
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from cryptography.hazmat.primitives.serialization import pkcs12

Key = rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey | ed25519.Ed25519PrivateKey


@dataclass(frozen=True)
class Holder:
    """`chain`: the holder's certificate first, then its issuers."""

    key: Key
    chain: tuple[x509.Certificate, ...]

    @property
    def is_rsa(self) -> bool:
        return isinstance(self.key, rsa.RSAPrivateKey)

    @property
    def key_pem(self) -> bytes:
        return self.key.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        )

    @property
    def chain_pem(self) -> bytes:
        return pem(self.chain)

    def pkcs12(self, password: bytes) -> bytes:
        encryption = serialization.BestAvailableEncryption(password)
        return pkcs12.serialize_key_and_certificates(None, self.key, self.chain[0], self.chain[1:], encryption)


def pem(certificates: Iterable[x509.Certificate]) -> bytes:
    """The certificates one after the other in PEM."""
    return b"".join(c.public_bytes(serialization.Encoding.PEM) for c in certificates)


def der(certificate: x509.Certificate) -> bytes:
    return certificate.public_bytes(serialization.Encoding.DER)
