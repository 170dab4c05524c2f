"""What one certificate must be for its place in a path, a row per rule (RFC 5280 6.1, TT 15/2025 Appendix I).

`path.find_path` and the OCSP reader ask here; nothing in this module checks a signature. Every function
gives findings, all of them and not only the first, and an empty tuple when nothing is wrong. What spans a path is
elsewhere: `policies`, `constraints`.

Codes: CHAIN_CONSTRAINTS_FAILURE, CRYPTO_CONSTRAINTS_FAILURE, NOT_YET_VALID, EXPIRED.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

from .. import oids
from ..errors import CertificateUnsuitable, FormatError
from ..finding import Finding
from ..scheme import key_name, strong_enough
from . import certificate as x
from . import constraints, policies
from .certificate import Certificate
from .trust import Purpose

# Extended key usages, RFC 5280 4.2.1.12 -----------------------------------------------------------------

ANY_EXTENDED_KEY_USAGE = "2.5.29.37.0"
SIGNING_USAGES = frozenset(
    {
        oids.KP_DOCUMENT_SIGNING,  # RFC 9336
        "1.3.6.1.5.5.7.3.4",  # emailProtection: what CAs gave document signers before RFC 9336
        "1.3.6.1.5.5.7.3.2",  # clientAuth: the G1 certificates of Vietnam's agencies, some without the former
        "1.3.6.1.4.1.311.10.3.12",  # Microsoft document signing
        "1.2.840.113583.1.1.5",  # Adobe authentic documents
        ANY_EXTENDED_KEY_USAGE,
    }
)
"""One of these must stand in a signer's extendedKeyUsage, if it has one.

NOTE: RFC 5280 leaves the list to the application. serverAuth, codeSigning, OCSPSigning, timeStamping and
smartcardLogon alone do not make a signer of documents.
"""
_CA_USAGES: dict[Purpose, frozenset[str]] = {
    "signing": SIGNING_USAGES,
    "timestamping": frozenset({oids.KP_TIME_STAMPING, ANY_EXTENDED_KEY_USAGE}),
}

# Extensions -----------------------------------------------------------------------------------------------

_PROCESSED = frozenset(
    {
        x.BASIC_CONSTRAINTS,
        x.KEY_USAGE,
        x.EXTENDED_KEY_USAGE,
        x.SUBJECT_KEY_IDENTIFIER,
        x.AUTHORITY_KEY_IDENTIFIER,
        x.SUBJECT_ALTERNATIVE_NAME,
        x.ISSUER_ALTERNATIVE_NAME,
        x.CERTIFICATE_POLICIES,
        policies.POLICY_MAPPINGS,
        policies.POLICY_CONSTRAINTS,
        policies.INHIBIT_ANY_POLICY,
        constraints.NAME_CONSTRAINTS,
        x.CRL_DISTRIBUTION_POINTS,
        x.AUTHORITY_INFO_ACCESS,
        x.OCSP_NO_CHECK,
    }
)


def unreadable(certificate: Certificate) -> tuple[Finding, ...]:
    """Whether anything that the other rules read cannot be read; ask this first."""
    try:
        certificate.extensions  # noqa: B018 - a duplicate extension raises (RFC 5280 4.2)
        certificate.basic_constraints, certificate.key_usage, certificate.extended_key_usage  # noqa: B018 - raises
        certificate.authority_key_identifier, certificate.subject_key_identifier  # noqa: B018 - raises
    except FormatError as e:
        return (_error("CHAIN_CONSTRAINTS_FAILURE", certificate, f"cannot be read: {e.message.removesuffix('.')}"),)
    return ()


def out_of_time(certificate: Certificate, at: datetime) -> tuple[Finding, ...]:
    """RFC 5280 6.1.3 (a)(2); both ends belong to the validity period (4.1.2.5)."""
    if at < certificate.not_before:
        text = f"is valid from {certificate.not_before:%Y-%m-%d %H:%M:%S} UTC, after {at:%Y-%m-%d %H:%M:%S} UTC"
        return (_error("NOT_YET_VALID", certificate, text),)
    if at > certificate.not_after:
        text = f"expired on {certificate.not_after:%Y-%m-%d %H:%M:%S} UTC, before {at:%Y-%m-%d %H:%M:%S} UTC"
        return (_error("EXPIRED", certificate, text),)
    return ()


@dataclass(frozen=True)
class Weakness:
    """What a policy has against one certificate, in the words and under the code of the finding."""

    certificate: Certificate
    code: str
    text: str
    of_signature: bool
    """Whether it is about the signature on the certificate, which does not count for an anchor."""


def weak_by_policy(
    certificate: Certificate, weaknesses: frozenset[Weakness], *, is_anchor: bool
) -> tuple[Finding, ...]:
    """What a policy has against this certificate in its place."""
    found = (w for w in weaknesses if w.certificate == certificate and not (is_anchor and w.of_signature))
    return tuple(_error(w.code, certificate, w.text) for w in sorted(found, key=lambda w: w.text))


def weak_key(certificate: Certificate) -> tuple[Finding, ...]:
    """TT 15/2025 Appendix I; named curves only (attack class C10); a bound on the modulus (R2)."""
    try:
        key = certificate.public_key
    except CertificateUnsuitable as e:
        return (
            _error(
                "CRYPTO_CONSTRAINTS_FAILURE",
                certificate,
                f"has a key that cannot be used: {e.message.removesuffix('.')}",
            ),
        )
    if not strong_enough(key):
        text = (
            f"has a key {key_name(key)}; RSA of 2048 to {x.MAX_RSA_BITS} "
            "bits, P-256, P-384, P-521, Ed25519 are allowed"
        )
        return (_error("CRYPTO_CONSTRAINTS_FAILURE", certificate, text),)
    return ()


def unknown_signature(certificate: Certificate) -> tuple[Finding, ...]:
    """Whether the algorithm that its issuer used cannot be checked at all, or is named twice differently."""
    try:
        certificate.signature_scheme  # noqa: B018 - raises when it cannot be read
    except FormatError as e:
        return (
            _error(
                "CRYPTO_CONSTRAINTS_FAILURE",
                certificate,
                f"has a signature that cannot be read: {e.message.removesuffix('.')}",
            ),
        )
    return ()


def weak_signature(certificate: Certificate) -> tuple[Finding, ...]:
    """SHA-1 is refused on every link; not asked of anchors, whose own signature proves nothing."""
    if unknown := unknown_signature(certificate):
        return unknown
    if certificate.signature_scheme.hash_name == "sha1":
        return (_error("CRYPTO_CONSTRAINTS_FAILURE", certificate, "was signed with SHA-1"),)
    return ()


def forbidden_extensions(certificate: Certificate) -> tuple[Finding, ...]:
    """RFC 5280 6.1.4 (o), 6.1.5 (f): no critical extension that is not processed here."""
    return tuple(_forbidden_extensions(certificate))


def _forbidden_extensions(certificate: Certificate) -> Iterator[Finding]:
    code = "CHAIN_CONSTRAINTS_FAILURE"
    if certificate.extensions and certificate.version != 3:
        yield _error(code, certificate, f"has extensions, but is of version {certificate.version}")
    for ext in certificate.extensions.values():
        if ext.critical and ext.oid not in _PROCESSED:
            yield _error(code, certificate, f"carries an unknown critical extension ({ext.oid})")


def negative_serial(certificate: Certificate) -> tuple[Finding, ...]:
    """RFC 5280 4.1.2.2: serial numbers are positive; zero is only an oddity."""
    if certificate.serial < 0:
        return (_error("CHAIN_CONSTRAINTS_FAILURE", certificate, "has a negative serial number"),)
    return ()


def not_an_issuer(certificate: Certificate, intermediates_below: int, purpose: Purpose | None) -> tuple[Finding, ...]:
    """RFC 5280 6.1.4 (k) to (n): cA, pathLenConstraint, keyCertSign; EKU as a limit on what is issued.

    NOTE: RFC 5280 gives a CA's extendedKeyUsage no meaning for its subordinates; CAs, Windows and OpenSSL
    take it as a limit, and so do we. Asked of the anchor too, so that a pinned signer is no CA.
    """
    return tuple(_not_an_issuer(certificate, intermediates_below, purpose))


def _not_an_issuer(certificate: Certificate, intermediates_below: int, purpose: Purpose | None) -> Iterator[Finding]:
    code = "CHAIN_CONSTRAINTS_FAILURE"
    ca, length = certificate.basic_constraints
    if not ca:
        yield _error(code, certificate, "issued a certificate, but is not a CA (basicConstraints)")
    if length is not None and intermediates_below > length:
        text = f"allows {length} CAs below it (pathLenConstraint), but {intermediates_below} follow"
        yield _error(code, certificate, text)
    if certificate.key_usage is not None and "key_cert_sign" not in certificate.key_usage:
        yield _error(code, certificate, "issued a certificate, but its key usage lacks keyCertSign")
    usages = certificate.extended_key_usage
    if purpose is not None and usages is not None and not usages & _CA_USAGES[purpose]:
        yield _error(code, certificate, f"is limited to other uses than {purpose} (extendedKeyUsage)")


def unfit_for(certificate: Certificate, purpose: Purpose) -> tuple[Finding, ...]:
    """Whether a leaf may do this: key usage (RFC 5280 4.2.1.3) and extended key usage (4.2.1.12)."""
    return tuple(_unfit_for(certificate, purpose))


def _unfit_for(certificate: Certificate, purpose: Purpose) -> Iterator[Finding]:
    code = "CHAIN_CONSTRAINTS_FAILURE"
    if certificate.is_ca:
        yield _error(code, certificate, f"is a CA and not for {purpose}")
    usage = certificate.key_usage
    if usage is not None and not usage & {"digital_signature", "content_commitment"}:
        yield _error(code, certificate, "has neither digitalSignature nor nonRepudiation in its key usage")
    usages = certificate.extended_key_usage
    if purpose == "signing" and usages is not None and not usages & SIGNING_USAGES:
        yield _error(
            code, certificate, f"is not for signing documents (extendedKeyUsage {', '.join(sorted(usages))})"
        )
    if purpose == "timestamping" and not dedicated(certificate, oids.KP_TIME_STAMPING):
        # RFC 3161 2.3: "only one instance … with id-kp-timeStamping … MUST be critical"
        yield _error(
            code, certificate, "is not for timestamps: extendedKeyUsage must be critical and only timeStamping"
        )


def dedicated(certificate: Certificate, usage: str) -> bool:
    """Whether extendedKeyUsage is critical and names this use and no other."""
    ext = certificate.extensions.get(x.EXTENDED_KEY_USAGE)
    return ext is not None and ext.critical and certificate.extended_key_usage == frozenset({usage})


def _error(code: str, certificate: Certificate, text: str) -> Finding:
    return Finding(code, "error", f"The certificate of {label(certificate)} {text}.")


def label(certificate: Certificate) -> str:
    """How a person knows this certificate: the common name, or the whole name."""
    return certificate.subject.first("CN") or str(certificate.subject) or f"serial {certificate.serial_hex}"
