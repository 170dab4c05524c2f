"""Answers OCSP requests (RFC 6960, RFC 5019, RFC 9654).

Reach for `respond`. A request that cannot be read gets `malformedRequest`, one about other issuers'
certificates `unauthorized`: always a DER OCSPResponse. What `status_of` or the key raises goes through to the
caller, who logs it and may send `refusal("internalError")` or `refusal("tryLater")`.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from .. import oids
from ..asn1 import der
from ..errors import FormatError, IssuanceError, LimitExceeded, SignatureValueInvalid, UsageError
from ..scheme import digest
from ..signer import Signer
from ..x509.certificate import Certificate, Extension, extensions_in
from ..x509.ocsp import ID_PKIX_OCSP_BASIC, MAX_NONCE_OCTETS, NONCE, RESPONSE_STATUS, CertId
from .issue import extension
from .revoke import reason_number

MAX_REQUEST_BYTES = 64 * 1024  # against memory exhaustion; a request for one certificate has about 100
MAX_REQUESTS = 32  # certificates asked about at once


@dataclass(frozen=True)
class CertificateStatus:
    """What the CA's own records say of one serial number."""

    status: Literal["good", "revoked", "unknown"]
    at: datetime | None = None
    """The revocation date, when `revoked`."""
    reason: str | None = None
    """A name of RFC 5280 5.3.1, when `revoked` and known."""

    def __post_init__(self) -> None:
        if (self.status == "revoked") != (self.at is not None):
            raise UsageError("A revoked certificate has a revocation date, no other has.")


GOOD, UNKNOWN = CertificateStatus("good"), CertificateStatus("unknown")


def respond(
    request: bytes,
    *,
    signer: Signer,
    issuer: Certificate,
    status_of: Callable[[int], CertificateStatus],
    at: datetime,
    next_update: datetime,
) -> bytes:
    """The DER OCSPResponse to `request`, signed now; `status_of(serial)` reads the CA's records.

    `signer` is the issuer itself or a responder that it certified. A nonce is echoed (RFC 9654). Raises
    `IssuanceError` when the signer may not answer for this issuer, `SignatureValueInvalid`.
    """
    _check_authorised(signer.chain.leaf, issuer, at)
    try:
        wanted, nonce = _read_request(request)
    except FormatError:
        return refusal("malformedRequest")
    if not any(_is_ours(w, issuer) for w in wanted):
        return refusal("unauthorized")  # RFC 5019 2.2.3: nothing is known about these
    singles = [_single(w, status_of(w.serial) if _is_ours(w, issuer) else UNKNOWN, at, next_update) for w in wanted]
    return _successful(_signed(signer, issuer, at, singles, nonce))


def refusal(status: Literal["malformedRequest", "internalError", "tryLater", "sigRequired", "unauthorized"]) -> bytes:
    """An OCSPResponse without an answer (RFC 6960 2.3)."""
    number = next(n for n, name in RESPONSE_STATUS.items() if name == status)
    return der.sequence(der.tlv(der.ENUMERATED, bytes((number,))))


def _check_authorised(leaf: Certificate, issuer: Certificate, at: datetime) -> None:
    """An answer that verifiers must refuse (attack class V1) is not made."""
    if leaf.spki == issuer.spki and leaf.subject.matches(issuer.subject):
        return
    if oids.KP_OCSP_SIGNING not in (leaf.extended_key_usage or ()) or not leaf.issued_by(issuer):
        raise IssuanceError(
            f"The certificate of {leaf.subject.first('CN')} may not answer for {issuer.subject.first('CN')}.",
            remedy="Issue it an OCSP_RESPONDER certificate with this issuer's key.",
        )
    if not leaf.not_before <= at <= leaf.not_after:
        raise IssuanceError(
            f"The certificate of the OCSP responder {leaf.subject.first('CN')} is not valid at this time.",
            remedy="Issue it a new OCSP_RESPONDER certificate.",
        )


def _is_ours(wanted: CertId, issuer: Certificate) -> bool:
    return wanted.is_of(issuer, issuer.subject.der)


def _read_request(data: bytes) -> tuple[list[CertId], Extension | None]:
    """The CertIDs asked about, and the nonce extension. Raises `FormatError`."""
    if len(data) > MAX_REQUEST_BYTES:
        raise LimitExceeded(f"An OCSP request of {len(data)} bytes; at most {MAX_REQUEST_BYTES} are read.")
    outer = der.read(data, der.SEQUENCE).reader()
    tbs = outer.take(der.SEQUENCE).reader()
    outer.optional(0xA0)  # optionalSignature: anybody may ask, so it is not looked at
    outer.finish()
    if (version := tbs.optional(0xA0)) and version.children()[0].integer() != 0:
        raise FormatError("Only version 1 of the OCSP request is known.")
    tbs.optional(0xA1)  # requestorName
    wanted = []
    for item in tbs.take(der.SEQUENCE).reader():
        reader = item.expect(der.SEQUENCE).reader()
        wanted.append(CertId.read(reader.take(der.SEQUENCE)))
        if block := reader.optional(0xA0):
            _refuse_critical(extensions_in(block, "OCSP request"))
        reader.finish()
    block = tbs.optional(0xA2)
    tbs.finish()
    if not 0 < len(wanted) <= MAX_REQUESTS:
        raise LimitExceeded(f"An OCSP request about {len(wanted)} certificates; 1 to {MAX_REQUESTS} are answered.")
    extensions = extensions_in(block, "OCSP request") if block else {}
    nonce = extensions.pop(NONCE, None)
    _refuse_critical(extensions)
    if nonce is not None and not 0 < len(der.read(nonce.value, der.OCTET_STRING).content) <= MAX_NONCE_OCTETS:
        raise FormatError("The nonce of the OCSP request is empty or too long.")
    return wanted, nonce


def _refuse_critical(extensions: dict[str, Extension]) -> None:
    for ext in extensions.values():
        if ext.critical:
            raise FormatError(f"The OCSP request carries an unknown critical extension {ext.oid}.")


def _single(wanted: CertId, status: CertificateStatus, at: datetime, next_update: datetime) -> bytes:
    return der.sequence(wanted.raw, _status(status), _time(at), der.explicit(0, _time(next_update)))


def _status(status: CertificateStatus) -> bytes:
    if status.at is None:
        return der.tlv(der.implicit(0 if status.status == "good" else 2), b"")
    number = reason_number(status.reason)
    reason = b"" if number is None else der.explicit(0, der.tlv(der.ENUMERATED, bytes((number,))))
    return der.tlv(der.implicit(1, constructed=True), _time(status.at) + reason)


def _signed(
    signer: Signer, issuer: Certificate, at: datetime, singles: list[bytes], nonce: Extension | None
) -> bytes:
    """BasicOCSPResponse; the responder is named by its key, and its certificate goes along."""
    leaf, scheme = signer.chain.leaf, signer.scheme
    tbs = der.sequence(
        der.explicit(2, der.octet_string(digest("sha1", leaf.public_key_bits))),  # KeyHash is SHA-1 (4.2.1)
        _time(at),
        der.sequence(*singles),
        b"" if nonce is None else der.explicit(1, der.sequence(extension(NONCE, nonce.value))),
    )
    imprint = scheme.imprint(tbs)
    (value,) = signer.sign([imprint])
    if not scheme.verify(leaf.public_key, imprint, value):
        raise SignatureValueInvalid("The OCSP answer's value does not verify with the responder's key.")
    carried = b"" if leaf == issuer else der.explicit(0, der.sequence(leaf.der))
    return der.sequence(tbs, scheme.identifier, der.bit_string(value), carried)


def _successful(basic: bytes) -> bytes:
    body = der.sequence(der.oid(ID_PKIX_OCSP_BASIC), der.octet_string(basic))
    return der.sequence(der.tlv(der.ENUMERATED, b"\x00"), der.explicit(0, body))


def _time(value: datetime) -> bytes:
    return der.generalized_time(value.replace(microsecond=0))  # RFC 5280 4.1.2.5.2: no fractions
