"""`adbe.x509.rsa_sha1`: a bare RSA value over SHA-1 of the byte range, certificates beside it (ISO 32000-2 12.8.3.2).

Reach for `bare_rsa`. Such signatures are old and weak, and policy never lets them pass; but whose they are, and
whether the file is still what was signed, can be told.
"""

from __future__ import annotations

from ..asn1 import der
from ..errors import CertificateUnsuitable, FormatError, LimitExceeded
from ..facts import Coverage, Finding, SignatureFacts
from ..scheme import SCHEMES
from ..x509.certificate import Certificate
from .objects import Value
from .place import Place

MAX_CERTIFICATES = 64  # as in a CMS structure


def bare_rsa(place: Place, name: str, digest: bytes) -> SignatureFacts:
    """The facts of such a signature; `digest` is SHA-1 over its byte range. Raises `FormatError`.

    The certificates in /Cert are not bound by the value, but stand inside the byte range. A wrong value and a
    changed file cannot be told apart here: the value holds the digest only when it verifies.
    """
    value = der.read(place.value, der.OCTET_STRING).content
    certificates = _certificates(place.dictionary.get("Cert"))
    signer = certificates[0]
    scheme = SCHEMES["rsa-pkcs1-sha1"]
    try:
        intact = signer.takes(scheme) and scheme.verify(signer.public_key, digest, value)
    except CertificateUnsuitable:
        intact = False
    text = "The signature is a bare RSA value over SHA-1 (adbe.x509.rsa_sha1); it binds neither signer nor time."
    return SignatureFacts(
        id=name,
        format="pdf",
        family="CMS",
        references_intact=intact,
        signature_intact=intact,
        coverage=Coverage(False, "not determined"),
        certificate=signer,
        certificates=certificates,
        scheme=scheme,
        content_hash="sha1",
        findings=(Finding("WEAK_FORMAT", "warning", text),),
    )


def _certificates(value: Value) -> tuple[Certificate, ...]:
    """The signer's certificate first, its chain after it."""
    items = value if isinstance(value, list) else [value]
    if len(items) > MAX_CERTIFICATES:
        raise LimitExceeded(f"{len(items)} certificates beside a signature; at most {MAX_CERTIFICATES} are read.")
    octets = [item for item in items if isinstance(item, bytes)]
    if not octets or len(octets) != len(items):
        raise FormatError("The signature has no /Cert with its signer's certificate.")
    return tuple(Certificate.from_der(item) for item in octets)
