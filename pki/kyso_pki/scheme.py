"""Signature schemes: which hash, which signature algorithm, what a key is given to sign.

Reach for `Scheme.for_key` when signing and `scheme_of` when reading an AlgorithmIdentifier. A value is
checked with `Scheme.verify`; the primitive itself is OpenSSL's (PKCS#1 v1.5 is rebuilt and compared there,
RFC 8017 8.2.2). What is refused here: unknown algorithms, PSS whose hash, MGF and salt do not agree
(RFC 4055), keys of another type than the algorithm's.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Literal

from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, padding, rsa
from cryptography.hazmat.primitives.asymmetric.types import PublicKeyTypes
from cryptography.hazmat.primitives.asymmetric.utils import Prehashed

from . import oids
from .asn1 import der
from .errors import CertificateUnsuitable, FormatError, UsageError

HashName = Literal["sha1", "sha256", "sha384", "sha512", "sha3_256", "sha3_384", "sha3_512"]
KeyType = Literal["rsa", "ec", "ed25519"]

HASH_OIDS: dict[str, HashName] = {
    oids.SHA1: "sha1",
    oids.SHA256: "sha256",
    oids.SHA384: "sha384",
    oids.SHA512: "sha512",
    oids.SHA3_256: "sha3_256",
    oids.SHA3_384: "sha3_384",
    oids.SHA3_512: "sha3_512",
}
OID_OF_HASH: dict[str, str] = {name: oid for oid, name in HASH_OIDS.items()}
# The constructors themselves: `hashlib.new` looks the algorithm up by its name each time, for longer than it hashes.
_HASHERS = {name: getattr(hashlib, name) for name in OID_OF_HASH}
DIGEST_SIZES: dict[str, int] = {name: hashlib.new(name).digest_size for name in OID_OF_HASH}

_HASHES: dict[str, hashes.HashAlgorithm] = {
    "sha1": hashes.SHA1(),  # noqa: S303 - read in archives and flagged by policy, never written
    "sha256": hashes.SHA256(),
    "sha384": hashes.SHA384(),
    "sha512": hashes.SHA512(),
    "sha3_256": hashes.SHA3_256(),
    "sha3_384": hashes.SHA3_384(),
    "sha3_512": hashes.SHA3_512(),
}

MIN_RSA_BITS = 2048  # TT 15/2025/TT-BKHCN, Appendix I
CURVES = ("secp256r1", "secp384r1", "secp521r1")  # named curves only (CVE-2020-0601)


def digest(hash_name: str, message: bytes) -> bytes:
    """The hash of `message`; `hash_name` as in `HashName`."""
    return bytes(hasher(hash_name, message).digest())


def hasher(hash_name: str, message: bytes = b"") -> Any:
    """A running hash that has seen `message`. Raises `KeyError` for any other name."""
    return _HASHERS[hash_name](message)


def hash_of_oid(dotted: str) -> HashName:
    """The hash with this object identifier. Raises `FormatError` naming the unknown one."""
    try:
        return HASH_OIDS[dotted]
    except KeyError:
        raise FormatError(f"Unknown digest algorithm {dotted}.", oid=dotted) from None


@dataclass(frozen=True)
class Scheme:
    """A hash together with a signature algorithm.

    `hash_name` is the hash of the message; for Ed25519 (which hashes inside, RFC 8032) it is the hash that
    the surrounding CMS names as digest algorithm (SHA-512, RFC 8419 2.3) and `imprint` is the message.
    """

    name: str
    key_type: KeyType
    hash_name: HashName
    padding: Literal["pkcs1", "pss", "none"]
    oid: str

    def imprint(self, message: bytes) -> bytes:
        """What the key signs: the hash for RSA and ECDSA, the message itself for Ed25519."""
        return message if self.key_type == "ed25519" else digest(self.hash_name, message)

    @property
    def hash_oid(self) -> str:
        return OID_OF_HASH[self.hash_name]

    @property
    def hash_size(self) -> int:
        """Bytes of one digest."""
        return DIGEST_SIZES[self.hash_name]

    @cached_property
    def digest_identifier(self) -> bytes:
        """AlgorithmIdentifier of the hash, parameters absent (RFC 5754 2)."""
        return der.sequence(der.oid(self.hash_oid))

    @cached_property
    def identifier(self) -> bytes:
        """AlgorithmIdentifier of the signature (RFC 4055, RFC 5758, RFC 8410)."""
        if self.padding == "pss":
            hash_id = der.sequence(der.oid(self.hash_oid))
            return der.sequence(
                der.oid(self.oid),
                der.sequence(
                    der.explicit(0, hash_id),
                    der.explicit(1, der.sequence(der.oid(oids.MGF1), hash_id)),
                    der.explicit(2, der.integer(self.hash_size)),
                ),
            )
        if self.padding == "pkcs1":
            return der.sequence(der.oid(self.oid), der.null())
        return der.sequence(der.oid(self.oid))

    def accepts(self, public_key: object) -> bool:
        """Whether this key can verify values of this scheme (type only; size is policy)."""
        return key_type_of(public_key) == self.key_type

    def verify(self, public_key: PublicKeyTypes, imprint: bytes, value: bytes) -> bool:
        """Whether `value` is this key's signature over `imprint` (as `imprint()` gives it).

        ECDSA values are DER (X9.62). A key of another type gives False.
        """
        if kind_of(public_key) != self.key_type:
            return False
        key: Any = public_key
        try:
            key.verify(value, imprint, *self._how)
        except (InvalidSignature, UnsupportedAlgorithm, ValueError):
            return False
        return True

    @cached_property
    def _how(self) -> tuple[object, ...]:
        """What a public key's `verify` takes after value and imprint."""
        if self.key_type == "ed25519":
            return ()
        hash_ = _HASHES[self.hash_name]
        if self.key_type == "ec":
            return (ec.ECDSA(Prehashed(hash_)),)
        if self.padding == "pss":
            return (padding.PSS(mgf=padding.MGF1(hash_), salt_length=self.hash_size), Prehashed(hash_))
        return (padding.PKCS1v15(), Prehashed(hash_))

    def __hash__(self) -> int:
        return hash(self.name)

    @staticmethod
    def for_key(public_key: object, hash_name: HashName | None = None, *, pss: bool = False) -> Scheme:
        """The scheme to sign with for this key.

        The default hash follows the key's strength: SHA-256, SHA-384 for P-384, SHA-512 for P-521. RSA is
        PKCS#1 v1.5 unless `pss`, because that is what the field verifies (see docs/adr/0003). Raises `UsageError` for
        `pss` with another key than RSA, and for a hash with Ed25519, which has its own.
        """
        kind = key_type_of(public_key)
        if pss and kind != "rsa":
            raise UsageError(
                f"RSASSA-PSS is a scheme of RSA keys; this one is {key_name(public_key)}.",
                remedy="Leave PSS out (--pss).",
            )
        if kind == "ed25519":
            if hash_name is not None:
                raise UsageError(
                    f"Ed25519 signs with a hash of its own, not with {hash_name}.",
                    remedy="Leave the hash out (--hash).",
                )
            return SCHEMES["ed25519"]
        if kind == "ec" and isinstance(public_key, ec.EllipticCurvePublicKey):
            default = {"secp384r1": "sha384", "secp521r1": "sha512"}.get(public_key.curve.name, "sha256")
            return scheme_named(f"ecdsa-{hash_name or default}")
        return scheme_named(f"rsa-{'pss' if pss else 'pkcs1'}-{hash_name or 'sha256'}")


def key_type_of(public_key: object) -> KeyType:
    """`rsa`, `ec` or `ed25519`. Raises `CertificateUnsuitable` for anything else."""
    kind = kind_of(public_key)
    if kind is not None:
        return kind
    raise CertificateUnsuitable(
        f"A key of type {type(public_key).__name__} cannot sign here; RSA, EC and Ed25519 can."
    )


_KINDS: dict[type, KeyType | None] = {}  # by class: to ask it of each key costs as much as half a verification


def kind_of(public_key: object) -> KeyType | None:
    """`rsa`, `ec`, `ed25519`, or None for anything else."""
    own = type(public_key)
    if own not in _KINDS:
        classes: tuple[tuple[type, KeyType], ...] = (
            (rsa.RSAPublicKey, "rsa"),
            (ec.EllipticCurvePublicKey, "ec"),
            (ed25519.Ed25519PublicKey, "ed25519"),
        )
        _KINDS[own] = next((kind for known, kind in classes if issubclass(own, known)), None)
    return _KINDS[own]


def key_name(public_key: object) -> str:
    """`RSA-2048`, `P-256` or `Ed25519`, as people call it."""
    if isinstance(public_key, rsa.RSAPublicKey):
        return f"RSA-{public_key.key_size}"
    if isinstance(public_key, ec.EllipticCurvePublicKey):
        name = public_key.curve.name
        return {"secp256r1": "P-256", "secp384r1": "P-384", "secp521r1": "P-521"}.get(name, name)
    if isinstance(public_key, ed25519.Ed25519PublicKey):
        return "Ed25519"
    return type(public_key).__name__


def strong_enough(public_key: object) -> bool:
    """RSA of at least 2048 bits, a NIST curve of at least 256, or Ed25519 (TT 15/2025, Appendix I)."""
    key: Any = public_key
    kind = kind_of(key)
    if kind == "rsa":
        return bool(key.key_size >= MIN_RSA_BITS)
    if kind == "ec":
        return key.curve.name in CURVES
    return kind == "ed25519"


def _table() -> dict[str, Scheme]:
    rsa_oids: dict[HashName, str] = {
        "sha1": oids.SHA1_WITH_RSA,
        "sha256": oids.SHA256_WITH_RSA,
        "sha384": oids.SHA384_WITH_RSA,
        "sha512": oids.SHA512_WITH_RSA,
        "sha3_256": "2.16.840.1.101.3.4.3.14",
        "sha3_384": "2.16.840.1.101.3.4.3.15",
        "sha3_512": "2.16.840.1.101.3.4.3.16",
    }
    ecdsa_oids: dict[HashName, str] = {
        "sha1": "1.2.840.10045.4.1",
        "sha256": oids.ECDSA_WITH_SHA256,
        "sha384": oids.ECDSA_WITH_SHA384,
        "sha512": oids.ECDSA_WITH_SHA512,
        "sha3_256": "2.16.840.1.101.3.4.3.10",
        "sha3_384": "2.16.840.1.101.3.4.3.11",
        "sha3_512": "2.16.840.1.101.3.4.3.12",
    }
    schemes = [Scheme("ed25519", "ed25519", "sha512", "none", oids.ED25519)]
    schemes += [Scheme(f"rsa-pkcs1-{h}", "rsa", h, "pkcs1", o) for h, o in rsa_oids.items()]
    schemes += [Scheme(f"rsa-pss-{h}", "rsa", h, "pss", oids.RSASSA_PSS) for h in rsa_oids]
    schemes += [Scheme(f"ecdsa-{h}", "ec", h, "none", o) for h, o in ecdsa_oids.items()]
    return {s.name: s for s in schemes}


SCHEMES: dict[str, Scheme] = _table()
_BY_OID: dict[str, Scheme] = {s.oid: s for s in SCHEMES.values() if s.padding != "pss"}


def scheme_named(name: str) -> Scheme:
    """The scheme with this name, such as `rsa-pkcs1-sha256`. Raises `UsageError` listing the names."""
    try:
        return SCHEMES[name]
    except KeyError:
        raise UsageError(f"Unknown signature scheme {name!r}.", remedy=f"Use one of {', '.join(SCHEMES)}.") from None


def scheme_of(algorithm: der.Element, digest_oid: str) -> Scheme:
    """The scheme that a SignerInfo names with its two AlgorithmIdentifiers, which must agree.

    RFC 5652 5.3 and attack class C2; beside Ed25519 stands SHA-512 (RFC 8419 3.1). Raises `FormatError`.
    """
    hash_name = hash_of_oid(digest_oid)
    scheme = _bare_ecdsa(algorithm, hash_name) or scheme_in(algorithm, hash_name, null_of_ecdsa=True)
    if scheme.hash_name != hash_name:
        raise FormatError(
            f"The digest algorithm is {hash_name}, but the signature algorithm hashes with {scheme.hash_name}."
        )
    return scheme


def scheme_in(
    algorithm: der.Element, bare_rsa_hash: HashName | None = None, *, null_of_ecdsa: bool = False
) -> Scheme:
    """The scheme that one signature AlgorithmIdentifier names (certificates, CRLs, OCSP answers).

    Bare rsaEncryption says nothing of the hash and takes `bare_rsa_hash` (RFC 3370 3.2); without one it is
    refused. `null_of_ecdsa`: ECDSA may carry the NULL that RFC 5758 3.2 rules out, as iText 8 and 9 write it into
    a SignerInfo; it says nothing, and no signature covers it there. Raises `FormatError` naming an unknown
    algorithm or parameters that must not be there.
    """
    reader = algorithm.expect(der.SEQUENCE).reader()
    dotted = reader.take(der.OID).oid()
    parameters = reader.take() if reader.more else None
    reader.finish()
    if dotted == oids.RSA_ENCRYPTION and bare_rsa_hash:
        scheme = SCHEMES[f"rsa-pkcs1-{bare_rsa_hash}"]
    elif dotted == oids.RSASSA_PSS:
        scheme = _pss(parameters)
    elif dotted in _BY_OID:
        scheme = _BY_OID[dotted]
    else:
        raise FormatError(f"Unknown signature algorithm {dotted}.", oid=dotted)
    null = parameters is not None and parameters.tag == der.NULL and not parameters.content
    bare = parameters is None or (null and null_of_ecdsa and scheme.key_type == "ec")
    allowed = {"pkcs1": parameters is None or null, "none": bare, "pss": True}
    if not allowed[scheme.padding]:
        raise FormatError(f"Signature algorithm {dotted} carries parameters that it must not have.")
    return scheme


def _bare_ecdsa(algorithm: der.Element, hash_name: HashName) -> Scheme | None:
    """ECDSA where a SignerInfo names the kind of the key alone (id-ecPublicKey), as iText 5 and OpenPDF do.

    As with bare rsaEncryption the digest algorithm beside it tells the hash.
    """
    reader = algorithm.expect(der.SEQUENCE).reader()
    dotted = reader.take(der.OID).oid()
    parameters = reader.take() if reader.more else None
    null = parameters is None or (parameters.tag == der.NULL and not parameters.content)
    return SCHEMES.get(f"ecdsa-{hash_name}") if dotted == oids.EC_PUBLIC_KEY and null and not reader.more else None


def _pss(parameters: der.Element | None) -> Scheme:
    """RSASSA-PSS-params (RFC 4055 3.1): hash and MGF1 hash agree, salt as long as the hash, trailer 1."""
    if parameters is None:
        raise FormatError("RSASSA-PSS without parameters.")
    reader = parameters.expect(der.SEQUENCE).reader()
    hash_name: HashName = "sha1"
    mgf_hash: HashName = "sha1"
    salt = 20
    if e := reader.optional(0xA0):
        hash_name = hash_of_oid(algorithm_oid(_inner(e)))
    if e := reader.optional(0xA1):
        inner = _inner(e).expect(der.SEQUENCE).reader()
        if inner.take(der.OID).oid() != oids.MGF1:
            raise FormatError("RSASSA-PSS with a mask generation function other than MGF1.")
        mgf_hash = hash_of_oid(algorithm_oid(inner.take(der.SEQUENCE)))
        inner.finish()
    if e := reader.optional(0xA2):
        salt = _inner(e).expect(der.INTEGER).integer()
    if (e := reader.optional(0xA3)) and _inner(e).expect(der.INTEGER).integer() != 1:
        raise FormatError("RSASSA-PSS with a trailer field other than 1.")
    reader.finish()
    if mgf_hash != hash_name or salt != DIGEST_SIZES[hash_name]:
        raise FormatError(
            f"RSASSA-PSS parameters do not agree: hash {hash_name}, MGF1 {mgf_hash}, salt {salt} bytes."
        )
    return SCHEMES[f"rsa-pss-{hash_name}"]


def _inner(element: der.Element) -> der.Element:
    reader = element.reader()
    inner = reader.take()
    reader.finish()
    return inner


def algorithm_oid(element: der.Element) -> str:
    """The identifier in an AlgorithmIdentifier whose parameters are absent or NULL, as digests have them."""
    reader = element.expect(der.SEQUENCE).reader()
    dotted = reader.take(der.OID).oid()
    reader.optional(der.NULL)
    reader.finish()
    return dotted
