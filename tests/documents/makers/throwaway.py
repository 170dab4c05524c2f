"""A certification authority that lives for one run of a generator: its private keys are never written.

Certificates are valid for twenty years so that the committed documents stay of use; the CRL, empty, as long.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.x509.oid import NameOID, ObjectIdentifier

Key = rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey

NOT_BEFORE = datetime(2026, 1, 1, tzinfo=UTC)
NOT_AFTER = datetime(2045, 12, 31, 23, 59, 59, tzinfo=UTC)
_OIDS = {
    "C": NameOID.COUNTRY_NAME,
    "O": NameOID.ORGANIZATION_NAME,
    "OU": NameOID.ORGANIZATIONAL_UNIT_NAME,
    "L": NameOID.LOCALITY_NAME,
    "CN": NameOID.COMMON_NAME,
    "UID": NameOID.USER_ID,
}


@dataclass(frozen=True)
class Leaf:
    key: Key
    certificate: x509.Certificate


@dataclass(frozen=True)
class Authority:
    """A self-signed CA. `key` stays in memory."""

    key: Key
    certificate: x509.Certificate

    @classmethod
    def named(cls, *attributes: tuple[str, str]) -> Authority:
        key = rsa.generate_private_key(public_exponent=65537, key_size=3072)
        name = _name(attributes)
        certificate = (
            _builder(name, name, key.public_key())
            .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
            .add_extension(_usage(key_cert_sign=True, crl_sign=True), critical=True)
            .sign(key, hashes.SHA256())
        )
        return cls(key, certificate)

    def issue(
        self,
        key: Key,
        *attributes: tuple[str, str],
        crl_at: str | None = None,
        only_for: ObjectIdentifier | None = None,
    ) -> Leaf:
        """A leaf for signing documents (digitalSignature and nonRepudiation).

        `crl_at`: the CRL's address. `only_for`: one critical extended key usage, as a TSA must have (RFC 3161 2.3).
        """
        issuer_key_id = x509.AuthorityKeyIdentifier.from_issuer_public_key(self.certificate.public_key())  # type: ignore[arg-type] # cryptography types public_key() wider than any CA key is
        builder = (
            _builder(_name(attributes), self.certificate.subject, key.public_key())
            .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
            .add_extension(_usage(digital_signature=True, content_commitment=True), critical=True)
            .add_extension(issuer_key_id, critical=False)
        )
        if crl_at is not None:
            point = x509.DistributionPoint([x509.UniformResourceIdentifier(crl_at)], None, None, None)
            builder = builder.add_extension(x509.CRLDistributionPoints([point]), critical=False)
        if only_for is not None:
            builder = builder.add_extension(x509.ExtendedKeyUsage([only_for]), critical=True)
        return Leaf(key, builder.sign(self.key, hashes.SHA256()))

    def empty_crl(self) -> bytes:
        """A DER CRL that revokes nothing, as long as the CA lives."""
        key_id = x509.AuthorityKeyIdentifier.from_issuer_public_key(self.certificate.public_key())  # type: ignore[arg-type] # as above
        crl = (
            x509.CertificateRevocationListBuilder()
            .issuer_name(self.certificate.subject)
            .last_update(NOT_BEFORE)
            .next_update(NOT_AFTER)
            .add_extension(x509.CRLNumber(1), critical=False)
            .add_extension(key_id, critical=False)
            .sign(self.key, hashes.SHA256())
        )
        return crl.public_bytes(serialization.Encoding.DER)


def rsa_key() -> rsa.RSAPrivateKey:
    return rsa.generate_private_key(public_exponent=65537, key_size=2048)


def p256_key() -> ec.EllipticCurvePrivateKey:
    return ec.generate_private_key(ec.SECP256R1())


def pem(certificate: x509.Certificate) -> bytes:
    return certificate.public_bytes(serialization.Encoding.PEM)


def _name(attributes: Sequence[tuple[str, str]]) -> x509.Name:
    return x509.Name(
        [x509.NameAttribute(_OIDS.get(key) or ObjectIdentifier(key), value) for key, value in attributes]
    )


def _builder(
    subject: x509.Name, issuer: x509.Name, public_key: rsa.RSAPublicKey | ec.EllipticCurvePublicKey
) -> x509.CertificateBuilder:
    return (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer)
        .public_key(public_key)
        .serial_number(x509.random_serial_number())
        .not_valid_before(NOT_BEFORE)
        .not_valid_after(NOT_AFTER)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(public_key), critical=False)
    )


def _usage(
    *,
    digital_signature: bool = False,
    content_commitment: bool = False,
    key_cert_sign: bool = False,
    crl_sign: bool = False,
) -> x509.KeyUsage:
    return x509.KeyUsage(
        digital_signature=digital_signature,
        content_commitment=content_commitment,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        key_cert_sign=key_cert_sign,
        crl_sign=crl_sign,
        encipher_only=False,
        decipher_only=False,
    )
