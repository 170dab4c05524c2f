"""X8 and X9: whose key, and which algorithm. The key comes from our trust decision, the algorithm from our table."""

from __future__ import annotations

import hashlib
import hmac

from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from kyso_pki.testing import software_key
from tests.pki.xml.made import PERSON, SEAL, WORLD

from .attack import Attack, collected
from .forge import DS, ECDSA, RSA, Ref, b64, enveloped, signature, true_value, x509_data
from .structure import LETTER, WHOLE


def _with(word: str, *, hashes: bool = False, **options: object) -> Attack:
    return Attack(enveloped(LETTER, lambda _: signature([WHOLE], **options)), word, hashes)  # type: ignore[arg-type] # forwarded as they are


def _rsa_key_value(key: rsa.RSAPublicKey) -> str:
    numbers = key.public_numbers()
    modulus = b64(numbers.n.to_bytes((numbers.n.bit_length() + 7) // 8))
    return (
        f"<ds:KeyValue><ds:RSAKeyValue><ds:Modulus>{modulus}</ds:Modulus><ds:Exponent>AQAB</ds:Exponent>"
        "</ds:RSAKeyValue></ds:KeyValue>"
    )


# X8 ---------------------------------------------------------------------------------------------------------


def a_key_value_without_certificate() -> Attack:
    """X8: No trust in KeyInfo alone: a bare key names nobody."""
    key = PERSON.public_key
    assert isinstance(key, rsa.RSAPublicKey)
    return _with("NO_SIGNING_CERTIFICATE", key_info=f"<ds:KeyInfo>{_rsa_key_value(key)}</ds:KeyInfo>")


def a_key_value_beside_anothers_certificate() -> Attack:
    """X8: The value verifies with the KeyValue's key; the certificate is the victim's."""
    stranger = WORLD.stranger_signer
    assert isinstance(stranger.public_key, rsa.RSAPublicKey)
    info = x509_data(PERSON).replace("<ds:KeyInfo>", f"<ds:KeyInfo>{_rsa_key_value(stranger.public_key)}")
    return _with("KEY_VALUE_MISMATCH", signer=stranger, key_info=info)


def another_key_value_beside_the_true_certificate() -> Attack:
    """X8: KeyValue, if there, equals the certificate's key."""
    other = software_key("rsa2048", 77).public_key()
    assert isinstance(other, rsa.RSAPublicKey)
    info = x509_data(PERSON).replace("<ds:KeyInfo>", f"<ds:KeyInfo>{_rsa_key_value(other)}")
    return _with("KEY_VALUE_MISMATCH", key_info=info, hashes=True)


def another_der_encoded_key_beside_the_true_certificate() -> Attack:
    """X8: Another der encoded key beside the true certificate."""
    spki = SEAL.public_key.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    encoded = f'<k:DEREncodedKeyValue xmlns:k="http://www.w3.org/2009/xmldsig11#">{b64(spki)}</k:DEREncodedKeyValue>'
    info = x509_data(PERSON).replace("</ds:KeyInfo>", encoded + "</ds:KeyInfo>")
    return _with("KEY_VALUE_MISMATCH", key_info=info, hashes=True)


def the_victims_certificate_over_an_attackers_value() -> Attack:
    """X8: The victims certificate over an attackers value."""
    return _with("VALUE_INVALID", signer=WORLD.stranger_signer, key_info=x509_data(PERSON))


def both_certificates_over_an_attackers_value() -> Attack:
    """X8: The victim's certificate stands first; the key that verifies is the attacker's, and it is not trusted."""
    both = x509_data(PERSON).replace("</ds:X509Data>", "") + x509_data(WORLD.stranger_signer).replace(
        "<ds:KeyInfo><ds:X509Data>", ""
    ).replace("</ds:KeyInfo>", "")
    info = both.replace("</ds:KeyInfo>", "") + "</ds:KeyInfo>"
    return _with("NO_CERTIFICATE_CHAIN_FOUND", signer=WORLD.stranger_signer, key_info=info, hashes=True)


def an_impostors_certificate() -> Attack:
    """X8: Names prove nothing: a CA with the same names and other keys."""
    return _with("NAME_WITHOUT_KEY", signer=WORLD.impostor_signer, hashes=True)


def content_hidden_in_key_info() -> Attack:
    """X8: Content hidden in key info."""
    info = x509_data(PERSON).replace("<ds:KeyInfo>", "<ds:KeyInfo><CongVan>giả</CongVan>")
    return _with("not accepted", key_info=info)


def content_hidden_in_x509_data() -> Attack:
    """X8: Content hidden in x509 data."""
    info = x509_data(PERSON).replace("<ds:X509Data>", "<ds:X509Data><CongVan>giả</CongVan>")
    return _with("not accepted", key_info=info)


def a_certificate_that_is_none() -> Attack:
    """X8: A certificate that is none."""
    return _with(
        "certificate",
        key_info="<ds:KeyInfo><ds:X509Data><ds:X509Certificate>QQ==</ds:X509Certificate></ds:X509Data></ds:KeyInfo>",
    )


def a_key_value_on_a_curve_without_name() -> Attack:
    """X8: Named curves only (CVE-2020-0601)."""
    explicit = (
        '<ds:KeyValue><k:ECKeyValue xmlns:k="http://www.w3.org/2009/xmldsig11#"><k:ECParameters/>'
        "<k:PublicKey>BAAA</k:PublicKey></k:ECKeyValue></ds:KeyValue>"
    )
    return _with("not accepted", key_info=x509_data(PERSON).replace("<ds:KeyInfo>", f"<ds:KeyInfo>{explicit}"))


# X9 ---------------------------------------------------------------------------------------------------------


def hmac_with_the_public_key_as_secret() -> Attack:
    """X9: GHSA-m5mw: the verifier takes the certificate's public key as the HMAC secret."""
    secret = PERSON.public_key.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
    return _with(
        "hmac-sha256 is not accepted",
        method="http://www.w3.org/2001/04/xmldsig-more#hmac-sha256",
        value_of=lambda octets: hmac.digest(secret, octets, "sha256"),
    )


def hmac_cut_to_nothing() -> Attack:
    """X9: CVE-2009-0217: HMACOutputLength 0."""
    return _with(
        "not accepted",
        method=DS + "hmac-sha1",
        method_content="<ds:HMACOutputLength>0</ds:HMACOutputLength>",
        value_of=lambda _: b"",
    )


def an_output_length_under_rsa() -> Attack:
    """X9: An output length under rsa."""
    return _with("Parameters", method_content="<ds:HMACOutputLength>8</ds:HMACOutputLength>")


def an_unknown_signature_algorithm() -> Attack:
    """X9: An unknown signature algorithm."""
    return _with("is not accepted", method="urn:mau:ky")


def an_empty_signature_algorithm() -> Attack:
    """X9: An empty signature algorithm."""
    return _with("is not accepted", method="")


def an_unknown_canonicalisation_of_signed_info() -> Attack:
    """X9: An unknown canonicalisation of signed info."""
    return _with("is not accepted", c14n="urn:mau:c14n")


def md5_as_digest() -> Attack:
    """X9: Md5 as digest."""
    return Attack(
        enveloped(LETTER, lambda _: signature([Ref("", LETTER, envelope=True, digest="md5")])), "is not accepted"
    )


def sha1_as_digest() -> Attack:
    """X9: Read and flagged; beside a strong signature algorithm it must not slip through."""
    return Attack(
        enveloped(LETTER, lambda _: signature([Ref("", LETTER, envelope=True, digest="sha1")])), "WEAK_DIGEST", True
    )


def sha1_as_signature_algorithm() -> Attack:
    """X9: Sha1 as signature algorithm."""
    return _with("WEAK_HASH", signer=PERSON.using("sha1"), method=DS + "rsa-sha1", hashes=True)


def an_rsa_value_called_ecdsa() -> Attack:
    """X9: An rsa value called ecdsa."""
    return _with("VALUE_INVALID", method=ECDSA)


def an_ecdsa_value_called_rsa() -> Attack:
    """X9: An ecdsa value called rsa."""
    return _with("VALUE_INVALID", signer=SEAL, method=RSA)


def an_rsa_value_called_pss() -> Attack:
    """X9: An rsa value called pss."""
    return _with("VALUE_INVALID", method="http://www.w3.org/2007/05/xmldsig-more#sha256-rsa-MGF1")


def an_ecdsa_value_in_der() -> Attack:
    """X9: r and s stand side by side, each as long as the curve's order; nothing else is accepted."""
    return _with(
        "VALUE_INVALID", signer=SEAL, value_of=lambda octets: SEAL.sign([hashlib.sha256(octets).digest()])[0]
    )


def an_ecdsa_value_with_leading_zeros() -> Attack:
    """X9: An ecdsa value with leading zeros."""

    def padded(octets: bytes) -> bytes:
        raw = true_value(SEAL, octets)
        return b"\x00" + raw[:32] + b"\x00" + raw[32:]

    return _with("VALUE_INVALID", signer=SEAL, value_of=padded)


def an_ecdsa_value_of_zeros() -> Attack:
    """X9: CVE-2022-21449."""
    return _with("VALUE_INVALID", signer=SEAL, value_of=lambda _: bytes(64))


def an_empty_value() -> Attack:
    """X9: An empty value."""
    return _with("VALUE_INVALID", value_of=lambda _: b"")


ATTACKS = collected(globals())
