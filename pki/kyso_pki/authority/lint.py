"""What is wrong with a certificate before it is signed: every problem at once (attack class V7).

`issue.issue` calls `problems` on the draft (the to-be-signed octets with an empty signature), read by the
same reader that verifiers use, and refuses to sign when the answer is not empty. The checks look at the
octets and at the profile, never at the request, so that nothing that was asked for slips in.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Iterator

from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.asymmetric.types import PublicKeyTypes

from .. import oids
from ..errors import CertificateUnsuitable
from ..scheme import key_name, strong_enough
from ..x509 import certificate as x
from ..x509.certificate import Certificate, Name
from .profile import Profile

MAX_TEXT = {"C": 2, "O": 64, "OU": 64, "CN": 64, "title": 64, "L": 128, "UID": 256}  # RFC 5280 Appendix A
MIN_SERIAL_BITS, MAX_SERIAL_OCTETS = 64, 20  # against chosen-prefix collisions; RFC 5280 4.1.2.2


def problems(draft: Certificate, profile: Profile, issuer: Certificate | None) -> tuple[str, ...]:
    """Everything that forbids signing `draft`, in English; `issuer` is None for a self-signed certificate.

    Raises `FormatError` when the draft cannot be read.
    """
    return (
        *_names(draft, issuer),
        *_serial(draft),
        *_validity(draft, profile, issuer),
        *_key(draft, issuer),
        *_usage(draft, profile),
        *_urls(draft),
        *(_below(draft, profile, issuer) if issuer else _alone(draft, profile)),
    )


def _names(draft: Certificate, issuer: Certificate | None) -> Iterator[str]:
    yield from name_problems(draft.subject)
    wanted = issuer.subject if issuer else draft.subject
    if draft.issuer.der != wanted.der:
        yield "the issuer's name is not, octet for octet, the name that the issuer bears"
    if issuer and draft.subject.matches(issuer.subject):
        yield "subject and issuer bear the same name"


def name_problems(name: Name) -> Iterator[str]:
    """What forbids writing this name into a certificate or a request."""
    if not name.first("CN"):
        yield "the subject has no common name"
    yield from text_problems(name)
    country = name.first("C")
    if country is None or len(country) != 2 or not (country.isascii() and country.isupper()):
        yield "the country is not two capital letters (ISO 3166)"


def text_problems(name: Name) -> Iterator[str]:
    """What in a name could show another name than it is (attack class V7), or is longer than RFC 5280 allows."""
    for kind, text in name.attributes:
        if not text.strip():
            yield f"{kind} is empty"
        elif text != text.strip():
            yield f"{kind} begins or ends with a space"
        if not unicodedata.is_normalized("NFC", text):
            yield f"{kind} is not in Unicode form NFC"
        if any(unicodedata.category(c) in ("Cc", "Cf", "Co", "Cs", "Cn", "Zl", "Zp") for c in text):
            yield f"{kind} holds a character that cannot be seen"  # NUL, direction marks: another name is shown
        if len(text) > MAX_TEXT.get(kind, 64):
            yield f"{kind} has {len(text)} characters; at most {MAX_TEXT.get(kind, 64)} are allowed"


def _serial(draft: Certificate) -> Iterator[str]:
    if draft.serial <= 0 or draft.serial.bit_length() > 8 * MAX_SERIAL_OCTETS - 1:
        yield f"the serial number is not positive or longer than {MAX_SERIAL_OCTETS} octets"
    elif draft.serial.bit_length() < MIN_SERIAL_BITS:
        yield f"the serial number has {draft.serial.bit_length()} bits; {MIN_SERIAL_BITS} random ones are needed"


def _validity(draft: Certificate, profile: Profile, issuer: Certificate | None) -> Iterator[str]:
    if draft.not_before >= draft.not_after:
        yield "it ends before it begins"
    if draft.not_after - draft.not_before > profile.max_validity:
        days = (draft.not_after - draft.not_before).days
        yield f"it is valid for {days} days; kind {profile.kind} for at most {profile.max_validity.days}"
    if issuer and (draft.not_before < issuer.not_before or draft.not_after > issuer.not_after):
        yield (
            f"its validity leaves the issuer's, which is {issuer.not_before:%Y-%m-%d %H:%M:%S} "
            f"to {issuer.not_after:%Y-%m-%d %H:%M:%S} UTC"
        )


def _key(draft: Certificate, issuer: Certificate | None) -> Iterator[str]:
    try:
        key = draft.public_key
    except CertificateUnsuitable as e:
        yield e.message.removesuffix(".")
        return
    yield from key_problems(key)
    if issuer and draft.spki == issuer.spki:
        yield "the key is the issuer's own"


def key_problems(key: PublicKeyTypes) -> Iterator[str]:
    """What forbids certifying this key, or asking for that."""
    if not strong_enough(key):
        yield f"the key {key_name(key)} is too weak or of a kind that is not allowed"
    if isinstance(key, rsa.RSAPublicKey):
        exponent = key.public_numbers().e
        if not 65537 <= exponent < 1 << 33:  # FIPS 186-5 5.1 below; R2 above
            yield f"the RSA exponent {exponent} is outside 65537 to 2^33"


def _usage(draft: Certificate, profile: Profile) -> Iterator[str]:
    ca, path_length = draft.basic_constraints
    if (ca, path_length) != (profile.ca, profile.path_length):
        yield "basicConstraints differs from the profile"
    if draft.key_usage != profile.key_usage or not draft.extensions[x.KEY_USAGE].critical:
        yield "key usage differs from the profile or is not critical"
    if ca != ("key_cert_sign" in profile.key_usage):
        yield "keyCertSign belongs to CAs, and every CA needs it"
    if ca and not draft.extensions[x.BASIC_CONSTRAINTS].critical:
        yield "basicConstraints of a CA must be critical"
    if (draft.extended_key_usage or frozenset()) != frozenset(profile.extended_key_usage):
        yield "extended key usage differs from the profile"
    stamps = oids.KP_TIME_STAMPING in profile.extended_key_usage
    ext = draft.extensions.get(x.EXTENDED_KEY_USAGE)
    if stamps and (len(profile.extended_key_usage) != 1 or ext is None or not ext.critical):
        yield "timeStamping must be the only extended key usage, and critical (RFC 3161 2.3)"
    if (x.OCSP_NO_CHECK in draft.extensions) and oids.KP_OCSP_SIGNING not in profile.extended_key_usage:
        yield "id-pkix-ocsp-nocheck belongs to OCSP responders only"
    if draft.policies != profile.policies:
        yield "certificate policies differ from the profile"
    if draft.signature_scheme.hash_name == "sha1":
        yield "SHA-1 is never written"


def _urls(draft: Certificate) -> Iterator[str]:
    for url in (*draft.ocsp_urls, *draft.crl_urls, *draft.ca_issuer_urls):
        if not url.startswith(("http://", "https://")) or not url.isascii() or any(c <= " " for c in url):
            yield f"{url!r} is not an http or https URL in ASCII"


def _below(draft: Certificate, profile: Profile, issuer: Certificate) -> Iterator[str]:
    ca, path_length = issuer.basic_constraints
    if not ca or (issuer.key_usage is not None and "key_cert_sign" not in issuer.key_usage):
        yield "the issuer is not a CA that may sign certificates"
    if profile.ca and path_length is not None:
        if path_length == 0:
            yield "the issuer may have no CA below it (pathLenConstraint 0)"
        elif profile.path_length is None or profile.path_length >= path_length:
            yield f"the path length must be less than the issuer's {path_length}"
    if draft.authority_key_identifier != issuer.subject_key_identifier:
        yield "the authority key identifier is not the issuer's subject key identifier"
    if draft.subject_key_identifier is None:
        yield "the subject key identifier is missing"


def _alone(draft: Certificate, profile: Profile) -> Iterator[str]:
    if not profile.ca:
        yield f"a certificate of kind {profile.kind} must have an issuer; only a CA signs itself"
    if draft.ocsp_urls or draft.crl_urls or draft.ca_issuer_urls:
        yield "nobody asks for the status of a self-signed certificate: it carries no URLs"
