"""X8: whose certificate. KeyInfo is only a place where certificates may be found; trust is decided elsewhere."""

from __future__ import annotations

from collections.abc import Sequence

from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from kyso_pki.testing import SoftwareSigner, software_key
from kyso_pki.x509.certificate import Certificate
from tests.pki.xml.made import PERSON, SEAL, WORLD

from .attack import Attack, Generator, variant
from .forge import b64, enveloped, signature
from .structure import LETTER, WHOLE, honest

ATTACKS: dict[str, Generator] = {}
D11 = "http://www.w3.org/2009/xmldsig11#"
REASONS = (
    "VALUE_INVALID|NO_CERTIFICATE_CHAIN_FOUND|NAME_WITHOUT_KEY|NO_SIGNING_CERTIFICATE|CHAIN_CONSTRAINTS|"
    "AMBIGUOUS_CERTIFICATE|KEY_VALUE_MISMATCH|cannot be read|not accepted|ertificate|at most 32|base64"
)
OTHER = {
    "the_seal": SEAL,
    "a_stranger": WORLD.stranger_signer,
    "an_impostor": WORLD.impostor_signer,
    "an_expired_one": WORLD.expired_signer,
    "the_tsa": WORLD.tsa_signer,
    "the_ocsp_responder": WORLD.ocsp_signer,
    "the_issuing_ca": WORLD.issuing_signer,
    "the_root": WORLD.root_signer,
}


def _listed(certificates: Sequence[Certificate], more: str = "") -> str:
    written = "".join(f"<ds:X509Certificate>{b64(c.der)}</ds:X509Certificate>" for c in certificates)
    return f"<ds:KeyInfo>{more}<ds:X509Data>{written}</ds:X509Data></ds:KeyInfo>"


def _signed(signer: SoftwareSigner, certificates: Sequence[Certificate], more: str = "") -> bytes:
    info = _listed(certificates, more)
    return enveloped(LETTER, lambda _: signature([WHOLE], signer=signer, key_info=info))


for _name, _signer in OTHER.items():
    variant(
        ATTACKS,
        f"signed_by_{_name}_shown_as_the_person",
        "X8: The value verifies with the key of the certificate that is shown, or it is invalid.",
        lambda s=_signer: Attack(_signed(s, list(PERSON.chain)), REASONS, twin=honest()),  # type: ignore[misc] # bound in the loop
    )
    variant(
        ATTACKS,
        f"signed_by_the_person_shown_as_{_name}",
        "X8: The value verifies with the key of the certificate that is shown, or it is invalid.",
        lambda s=_signer: Attack(_signed(PERSON, list(s.chain)), REASONS, twin=honest()),  # type: ignore[misc] # bound in the loop
    )
for _name in (
    "a_stranger",
    "an_impostor",
    "an_expired_one",
    "the_tsa",
    "the_ocsp_responder",
    "the_issuing_ca",
    "the_root",
):
    variant(
        ATTACKS,
        f"signed_and_shown_as_{_name}",
        "X8: A key is believed for its certificate's path and purpose, not because it verifies.",
        lambda s=OTHER[_name]: Attack(
            _signed(s, list(s.chain)), REASONS + "|TRY_LATER|OUT_OF_BOUNDS|EXPIRED|validity|purpose"
        ),  # type: ignore[misc] # bound in the loop
    )
    variant(
        ATTACKS,
        f"signed_by_{_name}_with_the_person_first",
        "X8: Not the first certificate in the list, and not the trusted one in it: the one whose key verifies.",
        lambda s=OTHER[_name]: Attack(  # type: ignore[misc] # bound in the loop
            _signed(s, [*PERSON.chain, *s.chain]),
            REASONS + "|EXPIRED|validity|purpose",
            twin=_signed(PERSON, [*s.chain, *PERSON.chain]),
        ),
    )


def _rsa_value(modulus: int, exponent: int) -> str:
    m, e = (b64(n.to_bytes((n.bit_length() + 7) // 8 or 1)) for n in (modulus, exponent))
    inside = f"<ds:Modulus>{m}</ds:Modulus><ds:Exponent>{e}</ds:Exponent>"
    return f"<ds:KeyValue><ds:RSAKeyValue>{inside}</ds:RSAKeyValue></ds:KeyValue>"


def _ec_value(signer: SoftwareSigner, curve: str = "urn:oid:1.2.840.10045.3.1.7") -> str:
    key = signer.public_key
    assert isinstance(key, ec.EllipticCurvePublicKey)
    point = b64(key.public_bytes(Encoding.X962, PublicFormat.UncompressedPoint))
    return (
        f'<ds:KeyValue><k:ECKeyValue xmlns:k="{D11}"><k:NamedCurve URI="{curve}"/><k:PublicKey>{point}</k:PublicKey>'
        "</k:ECKeyValue></ds:KeyValue>"
    )


_key = PERSON.public_key
assert isinstance(_key, rsa.RSAPublicKey)
_n, _e = _key.public_numbers().n, _key.public_numbers().e
_other = software_key("rsa2048", 78).public_key()
assert isinstance(_other, rsa.RSAPublicKey)
_TRUE = _rsa_value(_n, _e)
for _name, _value in {
    "another_modulus": _rsa_value(_other.public_numbers().n, _e),
    "another_exponent": _rsa_value(_n, 3),
    "an_exponent_of_one": _rsa_value(_n, 1),
    "an_even_exponent": _rsa_value(_n, 65536),
    "a_modulus_of_zero": _rsa_value(0, _e),
    "a_modulus_of_one": _rsa_value(1, _e),
    "a_doubled_modulus": _rsa_value(_n * 2 + 1, _e),
    "a_huge_modulus": _rsa_value((1 << 400_000) + 1, _e),
    "a_huge_exponent": _rsa_value(_n, (1 << 400_000) + 1),
    "the_true_one_and_another": _TRUE + _rsa_value(_other.public_numbers().n, _e),
    "the_seal_s": _ec_value(SEAL),
    "an_unnamed_curve": _ec_value(SEAL, "urn:oid:1.2.3"),
    "an_obsolete_curve": _ec_value(SEAL, "urn:oid:1.2.840.10045.3.1.1"),
    "the_wrong_curve": _ec_value(SEAL, "urn:oid:1.3.132.0.34"),
    "two_in_one": _TRUE.replace("</ds:KeyValue>", "") + _TRUE.replace("<ds:KeyValue>", ""),
    "its_parts_exchanged": _TRUE.replace("Modulus", "M")
    .replace("Exponent", "Modulus")
    .replace("<ds:M>", "<ds:Exponent>")
    .replace("</ds:M>", "</ds:Exponent>"),
    "an_empty_modulus": "<ds:KeyValue><ds:RSAKeyValue><ds:Modulus/><ds:Exponent>AQAB</ds:Exponent></ds:RSAKeyValue>"
    "</ds:KeyValue>",
    "der_of_nothing": f'<k:DEREncodedKeyValue xmlns:k="{D11}">MAA=</k:DEREncodedKeyValue>',
    "der_that_is_empty": f'<k:DEREncodedKeyValue xmlns:k="{D11}"/>',
    "der_of_a_certificate": f'<k:DEREncodedKeyValue xmlns:k="{D11}">{b64(PERSON.certificate.der)}'
    "</k:DEREncodedKeyValue>",
}.items():
    variant(
        ATTACKS,
        f"a_key_value_of_{_name}",
        "X8: Every key that is given is the certificate's own.",
        lambda v=_value: Attack(  # type: ignore[misc] # bound in the loop
            _signed(PERSON, list(PERSON.chain), v), REASONS, twin=_signed(PERSON, list(PERSON.chain), _TRUE)
        ),
    )

_der = PERSON.certificate.der
for _name, _octets in {
    "cut": _der[:-1],
    "with_a_tail": _der + b"\0",
    "empty": b"",
    "doubled": _der * 2,
    "of_another_kind": b"0\x80\0\0",
    "as_pem": b"-----BEGIN CERTIFICATE-----\n" + b64(_der).encode() + b"\n-----END CERTIFICATE-----\n",
    "with_a_huge_length": b"\x30\x84\xff\xff\xff\xff" + _der[4:],
    "nested_deep": b"\x30\x80" * 5000,
}.items():
    variant(
        ATTACKS,
        f"a_certificate_{_name}",
        "X8: A certificate is one DER structure; one that is not makes the signature unreadable.",
        lambda o=_octets: Attack(  # type: ignore[misc] # bound in the loop
            enveloped(
                LETTER,
                lambda _: signature(
                    [WHOLE],
                    key_info=_listed(list(PERSON.chain)).replace(
                        "</ds:X509Data>", f"<ds:X509Certificate>{b64(o)}</ds:X509Certificate></ds:X509Data>"
                    ),
                ),
            ),
            REASONS,
            twin=_signed(PERSON, list(PERSON.chain)),
        ),
    )


def more_certificates_than_are_read() -> Attack:
    """X8 R1: Certificates are counted."""
    many = [PERSON.certificate] * 40
    return Attack(_signed(PERSON, many), "at most 32", twin=_signed(PERSON, list(PERSON.chain)))


ATTACKS["more_certificates_than_are_read"] = more_certificates_than_are_read
