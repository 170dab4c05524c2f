"""Issues certificates: builds the TBSCertificate, lints it, signs it, checks the value, gives it back.

Reach for `issue`. The key is any `SigningKey`, so one in an HSM signs like one in memory. Refused: whatever
`lint` finds, above all a validity that leaves the issuer's (it is never shortened in silence) and a key usage
that the profile does not name. Requests (PKCS#10) are not read here: nothing a requester writes is copied.
"""

from __future__ import annotations

import hashlib
import secrets
import unicodedata
from collections.abc import Iterable, Iterator
from datetime import datetime

from cryptography.hazmat.primitives.asymmetric.types import PublicKeyTypes
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from ..asn1 import der
from ..errors import FormatError, IssuanceError, SignatureValueInvalid
from ..signer import SigningKey
from ..x509 import certificate as x
from ..x509.certificate import Certificate
from . import lint
from .profile import NO_URLS, Profile, Subject, Urls

_KEY_USAGE_BITS = {name: bit for bit, name in enumerate(x.KEY_USAGES)}


def issue(
    profile: Profile,
    subject: Subject,
    public_key: PublicKeyTypes,
    *,
    key: SigningKey,
    issuer: Certificate | None,
    not_before: datetime,
    not_after: datetime,
    serial: int | None = None,
    urls: Urls = NO_URLS,
) -> Certificate:
    """The certificate of `subject` for `public_key`, signed with the issuer's `key`.

    `issuer=None` makes a self-signed CA: then `key` is the private part of `public_key`. Times are cut to
    seconds; `serial=None` draws 127 random bits. Raises `IssuanceError` naming every problem,
    `SignatureValueInvalid` when `key` is not the issuer's, and what the key itself raises.
    """
    spki = public_key.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    name = encoded_name(subject)
    tbs = der.sequence(
        der.explicit(0, der.integer(2)),  # v3
        der.integer(new_serial() if serial is None else serial),
        key.scheme.identifier,
        issuer.subject.der if issuer else name,
        der.sequence(
            der.utc_or_generalized_time(not_before),
            der.utc_or_generalized_time(not_after),
        ),
        name,
        spki,
        der.explicit(3, der.sequence(*_extensions(profile, spki, issuer, urls))),
    )
    _refuse_problems(tbs, key, profile, issuer)
    return Certificate.from_der(signed(tbs, key, issuer.public_key if issuer else public_key))


def new_serial() -> int:
    """A random positive serial number of 127 bits, at least 64 of them significant."""
    return secrets.randbits(126) | 1 << 126


def encoded_name(subject: Subject) -> bytes:
    """The Name in DER: country as PrintableString, everything else as UTF8String in NFC (RFC 5280 4.1.2.4)."""
    return der.sequence(*(_relative_name(dotted, text) for dotted, text in subject.attributes()))


def key_identifier(spki: bytes) -> bytes:
    """The leftmost 160 bits of the SHA-256 of the key's octets (RFC 7093 2, method 1)."""
    return hashlib.sha256(der.read(spki).children()[1].content[1:]).digest()[:20]


def signed(tbs: bytes, key: SigningKey, public_key: PublicKeyTypes) -> bytes:
    """SIGNED{…} over `tbs` (certificate, CRL), with the value checked by `public_key` before it leaves.

    Raises `SignatureValueInvalid`.
    """
    scheme = key.scheme
    imprint = scheme.imprint(tbs)
    (value,) = key.sign([imprint])
    if not scheme.verify(public_key, imprint, value):
        raise SignatureValueInvalid(
            "The value does not verify with the issuer's key, nothing was issued.",
            remedy="Check that the key belongs to the issuing certificate.",
        )
    return der.sequence(tbs, scheme.identifier, der.bit_string(value))


def _refuse_problems(tbs: bytes, key: SigningKey, profile: Profile, issuer: Certificate | None) -> None:
    try:
        draft = Certificate.from_der(der.sequence(tbs, key.scheme.identifier, der.bit_string(b"")))
        found = lint.problems(draft, profile, issuer)
    except FormatError as e:
        found = (f"it could not be read back: {e.message.removesuffix('.')}",)
    if found:
        raise IssuanceError(
            f"The certificate was not issued: {'; '.join(found)}.",
            remedy="Change the request or the profile.",
            problems=found,
        )


def _relative_name(dotted: str, text: str) -> bytes:
    tag = der.PRINTABLE_STRING if dotted == "2.5.4.6" else der.UTF8_STRING
    value = der.tlv(tag, unicodedata.normalize("NFC", text).encode())
    return der.set_of([der.sequence(der.oid(dotted), value)])


def extension(dotted: str, value: bytes, *, critical: bool = False) -> bytes:
    """One Extension; `critical` only written when True (DER leaves defaults out)."""
    return der.sequence(der.oid(dotted), der.boolean(True) if critical else b"", der.octet_string(value))


def authority_key_identifier(issuer: Certificate) -> bytes:
    """The extension that names the issuer's key (RFC 5280 4.2.1.1, 5.2.1)."""
    identifier = issuer.subject_key_identifier or key_identifier(issuer.spki)
    return extension(x.AUTHORITY_KEY_IDENTIFIER, der.sequence(der.tlv(der.implicit(0), identifier)))


def _extensions(profile: Profile, spki: bytes, issuer: Certificate | None, urls: Urls) -> Iterator[bytes]:
    constraints = der.boolean(True) if profile.ca else b""
    if profile.path_length is not None:
        constraints += der.integer(profile.path_length)
    yield extension(x.BASIC_CONSTRAINTS, der.sequence(constraints), critical=True)
    yield extension(x.KEY_USAGE, _key_usage(profile.key_usage), critical=True)
    if profile.extended_key_usage:
        usages = der.sequence(*map(der.oid, profile.extended_key_usage))
        yield extension(x.EXTENDED_KEY_USAGE, usages, critical=profile.extended_key_usage_critical)
    yield extension(x.SUBJECT_KEY_IDENTIFIER, der.octet_string(key_identifier(spki)))
    if issuer:
        yield authority_key_identifier(issuer)
    if profile.policies:
        policies = der.sequence(*(der.sequence(der.oid(p)) for p in profile.policies))
        yield extension(x.CERTIFICATE_POLICIES, policies)
    if profile.ocsp_no_check:
        yield extension(x.OCSP_NO_CHECK, der.null())
    yield from _url_extensions(urls)


def _url_extensions(urls: Urls) -> Iterator[bytes]:
    if urls.crl is not None:
        full_name = der.explicit(0, der.explicit(0, _url(urls.crl)))
        yield extension(x.CRL_DISTRIBUTION_POINTS, der.sequence(der.sequence(full_name)))
    access = [(x.AD_OCSP, urls.ocsp), (x.AD_CA_ISSUERS, urls.ca_issuers)]
    if described := [der.sequence(der.oid(method), _url(url)) for method, url in access if url is not None]:
        yield extension(x.AUTHORITY_INFO_ACCESS, der.sequence(*described))


def _url(url: str) -> bytes:
    return der.tlv(der.implicit(6), url.encode())  # lint refuses what is not ASCII


def _key_usage(names: Iterable[str]) -> bytes:
    """The shortest BIT STRING (X.690 11.2.2)."""
    bits = [_KEY_USAGE_BITS[name] for name in names]
    value = sum(1 << (15 - bit) for bit in bits).to_bytes(2, "big").rstrip(b"\0")
    return der.bit_string(value, 7 - max(bits) % 8 if bits else 0)
