"""X9: every algorithm identifier that is not ours, and every value that is not the one value of its algorithm."""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Callable

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from tests.pki.xml.made import PERSON, SEAL

from .attack import Attack, Generator, variant
from .forge import DIGESTS, DS, ECDSA, RSA, enveloped, signature, true_value
from .structure import LETTER, WHOLE, honest

ATTACKS: dict[str, Generator] = {}
MORE, MORE_2007, MORE_2021 = (
    "http://www.w3.org/2001/04/xmldsig-more#",
    "http://www.w3.org/2007/05/xmldsig-more#",
    "http://www.w3.org/2021/04/xmldsig-more#",
)
PSS = MORE_2007 + "sha256-rsa-MGF1"
N = 0xFFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551  # order of P-256


def _with(**options: object) -> bytes:
    return enveloped(LETTER, lambda _: signature([WHOLE], **options))  # type: ignore[arg-type] # forwarded as they are


# Identifiers ------------------------------------------------------------------------------------------------

for _uri in (
    DS + "hmac-sha1", MORE + "hmac-md5", MORE + "hmac-sha224", MORE + "hmac-sha256", MORE + "hmac-sha384",
    MORE + "hmac-sha512", MORE + "hmac-ripemd160", DS + "dsa-sha1", "http://www.w3.org/2009/xmldsig11#dsa-sha256",
    MORE + "rsa-md5", MORE + "rsa-ripemd160", MORE + "rsa-sha224", MORE_2007 + "rsa-whirlpool", MORE + "esign-sha1",
    MORE + "ecdsa-sha224", MORE_2007 + "ecdsa-ripemd160", MORE_2007 + "ecdsa-whirlpool", MORE_2007 + "rsa-pss",
    MORE_2007 + "md5-rsa-MGF1", MORE_2007 + "md2-rsa-MGF1", MORE_2007 + "sha224-rsa-MGF1",
    MORE_2007 + "ripemd160-rsa-MGF1", MORE_2007 + "whirlpool-rsa-MGF1", MORE_2021 + "eddsa-ed448",
    MORE_2021 + "xmss-sha2-10-256", MORE_2021 + "siphash-2-4", "http://www.w3.org/2001/04/xmlenc#sha256", DS + "sha1",
    DS + "rsa", RSA + " ", " " + RSA, RSA.upper(), RSA.replace("http:", "https:"), RSA.replace("#", "%23"),
    RSA + "#", RSA.replace("rsa", "RSA"), "rsa-sha256", "none", "", "urn:oid:1.2.840.113549.1.1.11",
    "\u202e" + RSA, RSA.replace("a", "\u0430"),
):  # fmt: skip
    variant(
        ATTACKS,
        f"signature_algorithm_{_uri!a}",
        "X9: SignatureMethod is on the list, letter by letter; there is no HMAC on it.",
        lambda u=_uri: Attack(_with(method=u), "is not accepted|VALUE_INVALID", twin=honest()),  # type: ignore[misc] # bound in the loop
    )

for _uri in (
    MORE + "md5", MORE + "sha224", MORE_2007 + "sha3-224", MORE_2007 + "whirlpool",
    "http://www.w3.org/2001/04/xmlenc#ripemd160", MORE + "sha256", DS + "sha256", DIGESTS["sha256"] + " ",
    DIGESTS["sha256"].upper(), "sha256", "", "urn:x", RSA, DIGESTS["sha256"].replace("http:", "https:"),
):  # fmt: skip
    variant(
        ATTACKS,
        f"digest_algorithm_{_uri!a}",
        "X9: DigestMethod is on the list, letter by letter.",
        lambda u=_uri: Attack(  # type: ignore[misc] # bound in the loop
            _with(
                before=lambda info: info.replace(
                    f'DigestMethod Algorithm="{DIGESTS["sha256"]}"', f'DigestMethod Algorithm="{u}"'
                )
            ),
            "is not accepted",
            twin=honest(),
        ),
    )

for _name, _inside in {
    "an_output_length": "<ds:HMACOutputLength>1</ds:HMACOutputLength>",
    "a_full_output_length": "<ds:HMACOutputLength>256</ds:HMACOutputLength>",
    "pss_parameters": f'<p:RSAPSSParams xmlns:p="{MORE_2007}"><p:SaltLength>0</p:SaltLength></p:RSAPSSParams>',
    "an_element": "<x/>",
}.items():
    for _method in (RSA, PSS, ECDSA):
        variant(
            ATTACKS,
            f"{_name}_in_{_method.rpartition('#')[2]}",
            "X9: No algorithm on the list has parameters.",
            lambda m=_method, i=_inside: Attack(_with(method=m, method_content=i), "Parameters", twin=honest()),  # type: ignore[misc] # bound in the loop
        )
for _name, _inside in {"text": "x", "an_element": "<x/>"}.items():
    variant(
        ATTACKS,
        f"{_name}_in_the_digest_method",
        "X9: No algorithm on the list has parameters.",
        lambda i=_inside: Attack(  # type: ignore[misc] # bound in the loop
            honest().replace(b'xmlenc#sha256"/>', f'xmlenc#sha256">{i}</ds:DigestMethod>'.encode()),
            "Parameters|VALUE_INVALID|Text beside",
        ),
    )

# HMAC with what everybody knows -----------------------------------------------------------------------------

_SPKI = PERSON.public_key.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
for _name, _secret in {
    "the_public_key": _SPKI,
    "the_public_key_as_pem": PERSON.public_key.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo),
    "the_certificate": PERSON.certificate.der,
    "nothing": b"",
}.items():
    for _hash in ("sha1", "sha256", "sha512"):
        variant(
            ATTACKS,
            f"hmac_{_hash}_with_{_name}",
            "X9: There is no HMAC: its secret would be what everybody knows.",
            lambda s=_secret, h=_hash: Attack(  # type: ignore[misc] # bound in the loop
                _with(method=(DS if h == "sha1" else MORE) + f"hmac-{h}", value_of=lambda o: hmac.digest(s, o, h)),
                "is not accepted",
                twin=honest(),
            ),
        )

# ECDSA values -----------------------------------------------------------------------------------------------


def _ecdsa(change: Callable[[int, int], bytes]) -> bytes:
    def value(octets: bytes) -> bytes:
        raw = true_value(SEAL, octets)
        return change(int.from_bytes(raw[:32]), int.from_bytes(raw[32:]))

    return _with(signer=SEAL, value_of=value)


def _raw(r: int, s: int, width: int = 32) -> bytes:
    return r.to_bytes(width) + s.to_bytes(width)


for _name, _change in {
    "zeros": lambda r, s: bytes(64),
    "a_zero_r": lambda r, s: _raw(0, s),
    "a_zero_s": lambda r, s: _raw(r, 0),
    "r_of_the_order": lambda r, s: _raw(N, s),
    "s_of_the_order": lambda r, s: _raw(r, N),
    "ones": lambda r, s: _raw(1, 1),
    "both_of_the_order": lambda r, s: _raw(N, N),
    "the_largest": lambda r, s: b"\xff" * 64,
    "exchanged": lambda r, s: _raw(s, r),
    "r_negated": lambda r, s: _raw(N - r, s),
    "s_alone": lambda r, s: s.to_bytes(32),
    "r_alone": lambda r, s: r.to_bytes(32),
    "a_zero_before": lambda r, s: b"\0" + _raw(r, s),
    "a_zero_after": lambda r, s: _raw(r, s) + b"\0",
    "two_zeros_before_each": lambda r, s: _raw(r, s, 34),
    "the_width_of_p384": lambda r, s: _raw(r, s, 48),
    "the_width_of_p521": lambda r, s: _raw(r, s, 66),
    "twice": lambda r, s: _raw(r, s) * 2,
    "r_and_the_order": lambda r, s: _raw(r + N, s, 33),
    "s_and_the_order": lambda r, s: _raw(r, s + N, 33),
    "little_endian": lambda r, s: r.to_bytes(32, "little") + s.to_bytes(32, "little"),
    "nothing": lambda r, s: b"",
    "one_octet": lambda r, s: b"\x01",
}.items():
    variant(
        ATTACKS,
        f"an_ecdsa_value_of_{_name}",
        "X9 X12: r and s stand side by side, each as wide as the order, in 1 to n-1 (CVE-2022-21449).",
        lambda c=_change: Attack(_ecdsa(c), "VALUE_INVALID", twin=_ecdsa(_raw)),  # type: ignore[misc] # bound in the loop
    )


def the_other_root_of_an_ecdsa_value() -> bytes:
    """(r, n - s) is a value of the same key over the same octets: anybody can make it, and nothing else by it."""
    return _ecdsa(lambda r, s: _raw(r, N - s))


# RSA values -------------------------------------------------------------------------------------------------


def _rsa(change: Callable[[bytes], bytes], method: str = RSA) -> bytes:
    return _with(method=method, value_of=lambda octets: change(true_value(PERSON, octets)))


def _modulus() -> int:
    key = PERSON.public_key
    assert isinstance(key, rsa.RSAPublicKey)
    return key.public_numbers().n


for _name, _alter in {
    "a_zero_before": lambda v: b"\0" + v,
    "a_zero_after": lambda v: v + b"\0",
    "an_octet_less": lambda v: v[:-1],
    "the_modulus_added": lambda v: (int.from_bytes(v) + _modulus()).to_bytes(257),
    "zeros": lambda v: bytes(256),
    "one": lambda v: (1).to_bytes(256),
    "the_modulus": lambda v: _modulus().to_bytes(256),
    "the_largest": lambda v: b"\xff" * 256,
    "negated": lambda v: (_modulus() - int.from_bytes(v)).to_bytes(256),
    "reversed": lambda v: v[::-1],
    "twice": lambda v: v * 2,
    "its_hash": lambda v: hashlib.sha256(v).digest(),
}.items():
    variant(
        ATTACKS,
        f"an_rsa_value_of_{_name}",
        "X9: A value is as long as the modulus and smaller than it (RFC 8017 8.2.2).",
        lambda a=_alter: Attack(_rsa(a), "VALUE_INVALID", twin=_rsa(lambda v: v)),  # type: ignore[misc] # bound in the loop
    )


def _pss(salt: int, mgf: hashes.HashAlgorithm, method: str = PSS) -> bytes:
    key = PERSON.private_key
    assert isinstance(key, rsa.RSAPrivateKey)
    return _with(
        method=method,
        value_of=lambda octets: key.sign(octets, padding.PSS(padding.MGF1(mgf), salt), hashes.SHA256()),
    )


for _name, _salt, _mgf in (
    ("no_salt", 0, hashes.SHA256()),
    ("a_short_salt", 20, hashes.SHA256()), ("a_salt_short", 31, hashes.SHA256()),
    ("a_long_salt", 222, hashes.SHA256()),
    ("another_mask", 32, hashes.SHA384()), ("a_wider_mask", 32, hashes.SHA512()),
):  # fmt: skip
    variant(
        ATTACKS,
        f"pss_with_{_name}",
        "X9: PSS without parameters has mask and salt of its hash (RFC 9231 2.3.10).",
        lambda s=_salt, m=_mgf: Attack(_pss(s, m), "VALUE_INVALID", twin=_pss(32, hashes.SHA256())),  # type: ignore[misc] # bound in the loop
    )
for _method in (
    PSS,
    MORE_2007 + "sha512-rsa-MGF1",
    MORE + "rsa-sha512",
    MORE + "rsa-sha384",
    ECDSA,
    MORE_2021 + "eddsa-ed25519",
):
    variant(
        ATTACKS,
        f"a_pkcs1_value_called_{_method.rpartition('#')[2]}",
        "X9: The algorithm that is named is the one that is checked, by a key of its type.",
        lambda m=_method: Attack(_rsa(lambda v: v, m), "VALUE_INVALID", twin=_rsa(lambda v: v)),  # type: ignore[misc] # bound in the loop
    )
for _method in (
    RSA,
    PSS,
    MORE + "ecdsa-sha384",
    MORE + "ecdsa-sha512",
    MORE_2021 + "ecdsa-sha3-256",
    MORE_2021 + "eddsa-ed25519",
):
    variant(
        ATTACKS,
        f"an_ecdsa_value_called_{_method.rpartition('#')[2]}",
        "X9: The algorithm that is named is the one that is checked, by a key of its type.",
        lambda m=_method: Attack(  # type: ignore[misc] # bound in the loop
            _with(signer=SEAL, method=m), "VALUE_INVALID", twin=_ecdsa(_raw)
        ),
    )


def _der(octets: bytes) -> bytes:
    key = SEAL.private_key
    assert isinstance(key, ec.EllipticCurvePrivateKey)
    value = key.sign(octets, ec.ECDSA(hashes.SHA256()))
    assert decode_dss_signature(value)
    return value


def an_ecdsa_value_in_der_of_the_right_length() -> Attack:
    """X9: DER is no raw value, also where its length could be that of one."""
    return Attack(_with(signer=SEAL, value_of=lambda o: _der(o)[:64]), "VALUE_INVALID", twin=_ecdsa(_raw))


ATTACKS["an_ecdsa_value_in_der_of_the_right_length"] = an_ecdsa_value_in_der_of_the_right_length
