"""Which algorithms a credential has, by their object identifiers and back."""

from __future__ import annotations

import base64

from cryptography.hazmat.primitives.asymmetric import ec, rsa

from .. import oids
from ..asn1 import der
from ..errors import CertificateUnsuitable, FormatError
from ..scheme import SCHEMES, HashName, Scheme, hash_of_oid, scheme_in
from .body import HASHES, octets_of
from .refusal import invalid, missing

CURVE_OIDS = {"secp256r1": "1.2.840.10045.3.1.7", "secp384r1": "1.3.132.0.34", "secp521r1": "1.3.132.0.35"}
_RSA_ALGORITHMS = (
    oids.RSA_ENCRYPTION,
    oids.SHA256_WITH_RSA,
    oids.SHA384_WITH_RSA,
    oids.SHA512_WITH_RSA,
    oids.RSASSA_PSS,
)
_EC_ALGORITHMS = (oids.ECDSA_WITH_SHA256, oids.ECDSA_WITH_SHA384, oids.ECDSA_WITH_SHA512)
SIGN_ALGORITHMS = (*_RSA_ALGORITHMS, *_EC_ALGORITHMS)
"""Every `signAlgo` that is known here."""


def sign_algorithms(public_key: object) -> tuple[str, ...]:
    """`key/algo` of credentials/info: the full identifiers that this key may be asked for, none for Ed25519."""
    if isinstance(public_key, rsa.RSAPublicKey):
        return _RSA_ALGORITHMS
    return _EC_ALGORITHMS if isinstance(public_key, ec.EllipticCurvePublicKey) else ()


def sign_algo(scheme: Scheme) -> tuple[str, str | None]:
    """`signAlgo` and `signAlgoParams` (base64 DER, for RSASSA-PSS only) of a scheme.

    Raises `CertificateUnsuitable` for Ed25519, which has no hash to sign.
    """
    if scheme.key_type == "ed25519":
        raise CertificateUnsuitable("Ed25519 signs messages, not hashes; CSC signHash has no room for it.")
    if scheme.padding != "pss":
        return scheme.oid, None
    parameters = der.read(scheme.identifier, der.SEQUENCE).children()[1].raw
    return scheme.oid, base64.b64encode(parameters).decode()


def scheme_of_request(algorithm: str, hash_oid: str | None, parameters: str | None) -> Scheme:
    """The scheme that `signAlgo`, `hashAlgo` and `signAlgoParams` name together; they must not contradict.

    Bare RSA and RSASSA-PSS without parameters take the hash from `hashAlgo`. Raises `CscRefusal`.
    """
    hash_name = None if hash_oid is None else hash_named(hash_oid, "hashAlgo")
    if algorithm == oids.RSA_ENCRYPTION and hash_name is None:
        raise missing("string", "hashAlgo")
    if algorithm == oids.RSASSA_PSS and parameters is None:
        if hash_name is None:
            raise missing("string", "signAlgoParams")
        return SCHEMES[f"rsa-pss-{hash_name}"]
    if algorithm not in SIGN_ALGORITHMS:  # looked up before it is encoded: the text is the caller's
        raise invalid("Invalid parameter signAlgo")
    extra = b"" if parameters is None else octets_of(parameters, "Invalid parameter signAlgoParams")
    try:
        identifier = der.read(der.sequence(der.oid(algorithm), extra), der.SEQUENCE)
        scheme = scheme_in(identifier, hash_name)
    except FormatError:
        raise invalid("Invalid parameter signAlgoParams") from None
    if scheme.hash_name not in HASHES:
        raise invalid("Invalid parameter signAlgoParams")
    if hash_name is not None and scheme.hash_name != hash_name:
        raise invalid("String parameter hashAlgo contradicts with signAlgo parameter")
    return scheme


def hash_named(dotted: str, name: str) -> HashName:
    try:
        hash_name = hash_of_oid(dotted)
    except FormatError:
        raise invalid(f"Invalid parameter {name}") from None
    if hash_name not in HASHES:
        raise invalid(f"Invalid parameter {name}")
    return hash_name
