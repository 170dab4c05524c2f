"""What goes into C_Sign and what comes out of it: mechanisms, DigestInfo, the two halves of an ECDSA value."""

from __future__ import annotations

import hashlib

from pkcs11 import Mechanism

from kyso_pki import oids
from kyso_pki.asn1 import der

_HASHES: dict[str, tuple[str, int, int]] = {  # name: object identifier, CKM of the hash, CKG of its MGF1
    "sha1": (oids.SHA1, 0x220, 1),
    "sha256": (oids.SHA256, 0x250, 2),
    "sha384": (oids.SHA384, 0x260, 3),
    "sha512": (oids.SHA512, 0x270, 4),
    "sha3_256": (oids.SHA3_256, 0x2B0, 7),
    "sha3_384": (oids.SHA3_384, 0x2C0, 8),
    "sha3_512": (oids.SHA3_512, 0x2D0, 9),
}


def digest_info(hash_name: str, digest: bytes) -> bytes:
    """DigestInfo (RFC 8017 9.2), which CKM_RSA_PKCS pads and signs: not every token can hash by itself."""
    return digest_info_head(hash_name) + digest


def digest_info_head(hash_name: str) -> bytes:
    """What stands before the digest in a DigestInfo."""
    size = hashlib.new(hash_name).digest_size
    algorithm = der.sequence(der.oid(_HASHES[hash_name][0]), der.null())
    return der.sequence(algorithm, der.octet_string(bytes(size)))[:-size]


def ecdsa_der(value: bytes) -> bytes:
    """Ecdsa-Sig-Value (RFC 3279 2.2.3) from the two halves that PKCS#11 gives (r, s, equally long)."""
    half = len(value) // 2
    return der.sequence(_unsigned(value[:half]), _unsigned(value[half:]))


def _unsigned(octets: bytes) -> bytes:
    """DER INTEGER of a number that is not negative; it has at most 66 octets (P-521)."""
    octets = octets.lstrip(b"\0") or b"\0"
    if octets[0] & 0x80:
        octets = b"\0" + octets
    return bytes((2, len(octets))) + octets


def mechanism_of(name: str, hash_name: str) -> tuple[int, tuple[int, int, int] | None]:
    """The mechanism's number and the parameters that PSS needs."""
    if name == "rsa-pss":
        _, mechanism, mgf = _HASHES[hash_name]
        return Mechanism.RSA_PKCS_PSS.value, (mechanism, mgf, hashlib.new(hash_name).digest_size)
    return {"rsa-pkcs1": Mechanism.RSA_PKCS, "ecdsa": Mechanism.ECDSA, "eddsa": Mechanism.EDDSA}[name].value, None
