"""OCSP: requests written, answers read strictly (RFC 6960, attack classes V1 and V2).

Reach for `request` and `answer`. An answer counts only when its responder is the issuer itself or directly
certified by that issuer's key for OCSP signing, when it is about this certificate *of this issuer*, and when it is
fresh; "revoked" is believed of an authorised responder even when stale. tryLater, unauthorized, unknown and
unreadable are never good. `respond` stands in `kyso_pki.authority.ocsp`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import lru_cache

from .. import oids
from ..asn1 import der
from ..errors import FormatError, LimitExceeded
from ..scheme import OID_OF_HASH, Scheme, algorithm_oid, digest, hash_of_oid, scheme_in
from . import certificate as x
from . import rules
from .answer import REASONS, SKEW, Answer, Constraints, freshness, gravity, unusable
from .certificate import Certificate, Extension, Name, extensions_in, name_in, whole_octets
from .crl import INVALIDITY_DATE, invalidity_date

ID_PKIX_OCSP_BASIC = "1.3.6.1.5.5.7.48.1.1"
NONCE, ARCHIVE_CUTOFF = "1.3.6.1.5.5.7.48.1.2", "1.3.6.1.5.5.7.48.1.6"
TINY_RESPONSE_BYTES = 4 << 10
MAX_RESPONSE_BYTES = 256 * 1024  # against memory exhaustion; real ones stay under 10 kB
MAX_SINGLE_RESPONSES, MAX_CERTIFICATES = 64, 16
MAX_NONCE_OCTETS = 128  # RFC 9654 2.1
MAX_AGE = timedelta(hours=24)
"""How long an answer without nextUpdate counts as fresh (V2: "missing nextUpdate -> max age")."""

RESPONSE_STATUS = {1: "malformedRequest", 2: "internalError", 3: "tryLater", 5: "sigRequired", 6: "unauthorized"}

Responder = Callable[[Certificate], str | None]
"""Says why a responder's certificate without id-pkix-ocsp-nocheck is not known to be good; None: it is good."""


@dataclass(frozen=True)
class CertId:
    """CertID (RFC 6960 4.1.1): which certificate, of which issuer."""

    hash_oid: str
    name_hash: bytes
    key_hash: bytes
    serial: int
    raw: bytes

    @classmethod
    def read(cls, element: der.Element) -> CertId:
        reader = element.expect(der.SEQUENCE).reader()
        hash_oid = algorithm_oid(reader.take(der.SEQUENCE))
        name_hash, key_hash = reader.take(der.OCTET_STRING).content, reader.take(der.OCTET_STRING).content
        serial = reader.take(der.INTEGER).integer()
        reader.finish()
        return cls(hash_oid, name_hash, key_hash, serial, element.raw)

    def is_of(self, issuer: Certificate, issuer_name: bytes) -> bool:
        """Whether both hashes are this issuer's. Unknown hash algorithms match nobody."""
        if self.hash_oid not in OID_OF_HASH.values():
            return False
        name = hash_of_oid(self.hash_oid)
        return self.name_hash == digest(name, issuer_name) and self.key_hash == digest(name, issuer.public_key_bits)


@dataclass(frozen=True)
class SingleResponse:
    """What a responder says of one certificate (RFC 6960 4.2.1)."""

    cert_id: CertId
    status: str
    """`good`, `revoked` or `unknown`."""
    revoked_at: datetime | None
    reason: str | None
    this_update: datetime
    next_update: datetime | None
    extensions: dict[str, Extension]

    @property
    def since(self) -> datetime | None:
        """From when on it is revoked: invalidityDate where it is earlier (RFC 6960 4.4.5). Raises `FormatError`."""
        ext = self.extensions.get(INVALIDITY_DATE)
        if ext is None or self.revoked_at is None:
            return self.revoked_at
        return min(self.revoked_at, invalidity_date(ext.value))


@dataclass(frozen=True)
class BasicResponse:
    """BasicOCSPResponse as received (RFC 6960 4.2.1)."""

    tbs_octets: bytes
    scheme: Scheme
    signature_value: bytes
    responder_name: Name | None
    responder_key_hash: bytes | None
    produced_at: datetime
    responses: tuple[SingleResponse, ...]
    extensions: dict[str, Extension]
    certificates: tuple[Certificate, ...]

    @property
    def nonce(self) -> bytes | None:
        """The octets of the nonce extension's value."""
        ext = self.extensions.get(NONCE)
        return ext.value if ext else None


def cert_id(certificate: Certificate, issuer: Certificate, hash_name: str = "sha1") -> bytes:
    """The DER CertID of `certificate`.

    SHA-1 by default: here it only looks a name up, and it is what every responder knows (RFC 5019 2.1.1).
    """
    return der.sequence(
        der.sequence(der.oid(OID_OF_HASH[hash_name]), der.null()),
        der.octet_string(digest(hash_name, certificate.issuer.der)),
        der.octet_string(digest(hash_name, issuer.public_key_bits)),
        der.integer(certificate.serial),
    )


def request(certificate: Certificate, issuer: Certificate, nonce: bytes | None = None) -> bytes:
    """A DER OCSPRequest for one certificate (RFC 6960 4.1.1).

    Without a nonce answers can be cached (RFC 5019); freshness is then judged by thisUpdate and nextUpdate.
    """
    extensions = b""
    if nonce is not None:
        value = der.octet_string(der.octet_string(nonce))
        extensions = der.explicit(2, der.sequence(der.sequence(der.oid(NONCE), value)))
    return der.sequence(
        der.sequence(der.sequence(der.sequence(cert_id(certificate, issuer))), extensions),
    )


def answer(
    data: bytes,
    certificate: Certificate,
    issuer: Certificate,
    at: datetime,
    *,
    candidates: Sequence[Certificate] = (),
    responder_status: Responder | None = None,
    asked: bool = False,
    nonce: bytes | None = None,
    existed: datetime | None = None,
    constraints: Constraints | None = None,
) -> Answer | None:
    """What this OCSPResponse or BasicOCSPResponse says about `certificate` at `at`; None: it is about others.

    `asked`: we asked just now, so that silence about the certificate is an error and a nonce in the answer
    must be our `nonce` (the octets given to `request`). `constraints` None: of "good" no more than that it is not
    signed with SHA-1. `responder_status` is asked about a responder
    without id-pkix-ocsp-nocheck; without it such a responder is not believed. `existed`: by when the answer
    existed for certain, for an `at` in the past. Never raises for what the answer holds.
    """
    try:
        basic = read(data)
        single = [r for r in basic.responses if is_about(r, certificate, issuer)]
        if not single:
            return unusable("the answer is about other certificates") if asked else None
        times = (basic.produced_at, at) if existed is None else (basic.produced_at, at, existed)
        ruled = constraints is not None
        responder = _authentic(basic, issuer, times, candidates, responder_status, ruled=ruled)
        if isinstance(responder, str):
            return unusable(responder)
        if asked and basic.nonce != (None if nonce is None else der.octet_string(nonce)):
            return unusable("the answer is for another request (its nonce differs)")
        silence = None
        if constraints is not None:
            silence = constraints.of_answer(data, basic.scheme, responder)
            if silence is None and not _same_entity(responder, issuer):
                silence = constraints.of_certificate(responder, data if responder in basic.certificates else None)
        elif basic.scheme.hash_name == "sha1":
            silence = "it is signed with SHA-1"
        return _judge(basic, single, certificate, at, silence)
    except FormatError as e:
        return unusable(f"the OCSP answer cannot be read: {e.message}")


def is_about(response: SingleResponse, certificate: Certificate, issuer: Certificate) -> bool:
    """Whether it speaks of this certificate (RFC 6960 4.1.1)."""
    wanted = response.cert_id
    return wanted.serial == certificate.serial and wanted.is_of(issuer, certificate.issuer.der)


def signed_for(basic: BasicResponse, issuer: Certificate, candidates: Sequence[Certificate] = ()) -> bool:
    """Whether a responder that this CA authorised signed it (RFC 6960 4.2.2.2), whatever has become of him since."""
    return any(
        (_same_entity(r, issuer) or _not_authorised(r, issuer, (basic.produced_at,)) is None) and _verifies(basic, r)
        for r in _responders(basic, issuer, candidates)
    )


def _judge(
    basic: BasicResponse,
    responses: Sequence[SingleResponse],
    certificate: Certificate,
    at: datetime,
    silence: str | None,
) -> Answer:
    """Revoked wins over everything, then unknown; good only when nothing speaks against it: no `silence`."""
    for extensions in (basic.extensions, *(r.extensions for r in responses)):
        for ext in extensions.values():
            if ext.critical and ext.oid not in (NONCE, ARCHIVE_CUTOFF):
                return unusable(f"the OCSP answer carries an unknown critical extension ({ext.oid})")
    if revoked := [r for r in responses if r.status == "revoked"]:
        worst = min(revoked, key=lambda r: gravity(r.reason, r.since))
        return Answer("revoked", "the responder says revoked", worst.since, worst.reason, listed_at=worst.revoked_at)
    if any(response.status != "good" for response in responses):
        return Answer("unknown", "the responder does not know the certificate")
    if silence is not None:
        return unusable(f"the OCSP answer does not count: {silence}")
    for response in responses:
        why = freshness(response.this_update, response.next_update, at, MAX_AGE)
        if why is None and not (basic.produced_at - response.this_update >= -SKEW and basic.produced_at - at <= SKEW):
            why = "it was produced before its own thisUpdate or after the time of validation"
        if why := why or _forgotten(response, certificate):
            return unusable(f"the OCSP answer does not count: {why}")
    return Answer("good", "the responder says good", max(r.this_update for r in responses))


def _forgotten(response: SingleResponse, certificate: Certificate) -> str | None:
    """RFC 6960 4.4.4: after expiry a responder may have forgotten a revocation, unless archiveCutoff says not."""
    if certificate.not_after >= response.this_update:
        return None
    ext = response.extensions.get(ARCHIVE_CUTOFF)
    if ext is not None and der.read(ext.value, der.GENERALIZED_TIME).time() <= certificate.not_after:
        return None
    return "the certificate had expired before the answer was given"


def _authentic(
    basic: BasicResponse,
    issuer: Certificate,
    times: Sequence[datetime],
    candidates: Sequence[Certificate],
    responder_status: Responder | None,
    *,
    ruled: bool,
) -> Certificate | str:
    """The authorised responder that signed this (RFC 6960 4.2.2.2), or why there is none.

    `ruled`: a policy says which hashes count on his certificate, and is asked afterwards.
    """
    reasons: list[str] = []
    for responder in _responders(basic, issuer, candidates):
        why = None if _same_entity(responder, issuer) else _not_authorised(responder, issuer, times, ruled=ruled)
        if why is None and not _verifies(basic, responder):
            why = "the signature of the OCSP answer does not verify"
        if why is None and not _same_entity(responder, issuer) and x.OCSP_NO_CHECK not in responder.extensions:
            why = responder_status(responder) if responder_status else "the responder's own status is not known"
        if why is None:
            return responder
        reasons.append(why)
    return reasons[0] if reasons else "the responder's certificate is not at hand"


def _responders(
    basic: BasicResponse, issuer: Certificate, candidates: Sequence[Certificate]
) -> Iterator[Certificate]:
    """Certificates that the responderID names; a bound on how many are tried."""
    tried = 0
    for certificate in dict.fromkeys((issuer, *basic.certificates, *candidates)):
        if basic.responder_name is not None:
            named = basic.responder_name.matches(certificate.subject)
        else:
            named = basic.responder_key_hash == certificate.key_sha1
        if named and tried < MAX_CERTIFICATES:
            tried += 1
            yield certificate


def _same_entity(responder: Certificate, issuer: Certificate) -> bool:
    """The issuer itself: the same key *and* the same name."""
    return responder.spki == issuer.spki and responder.subject.matches(issuer.subject)


def _not_authorised(
    responder: Certificate, issuer: Certificate, times: Sequence[datetime], *, ruled: bool = False
) -> str | None:
    """Why the issuer did not make this one its responder: id-kp-OCSPSigning by name, directly below its key.

    It must be valid at all these times: producedAt, the time of validation, and the one by which the answer is known
    to have existed. A responder's key that leaks after its end must not date answers back.
    """
    if found := rules.unreadable(responder):
        return found[0].text
    if oids.KP_OCSP_SIGNING not in (responder.extended_key_usage or ()):
        return "the responder's certificate is not for OCSP signing (extendedKeyUsage)"
    if responder.key_usage is not None and "digital_signature" not in responder.key_usage:
        return "the responder's key usage lacks digitalSignature"
    broken = (
        *(problem for time in times for problem in rules.out_of_time(responder, time)),
        *rules.weak_key(responder),
        *(rules.unknown_signature(responder) if ruled else rules.weak_signature(responder)),
        *rules.forbidden_extensions(responder),
    )
    if broken:
        return broken[0].text
    if not responder.issued_by(issuer):
        return "the responder was not certified by the issuer's own key"
    return None


def _verifies(basic: BasicResponse, responder: Certificate) -> bool:
    if rules.weak_key(responder):
        return False
    return responder.verifies(basic.scheme, basic.scheme.imprint(basic.tbs_octets), basic.signature_value)


# Reading ------------------------------------------------------------------------------------------------


def read(data: bytes) -> BasicResponse:
    """The BasicOCSPResponse in `data`, bare or inside an OCSPResponse.

    Raises `FormatError`: also for any responseStatus but successful, `LimitExceeded`.
    """
    if len(data) > MAX_RESPONSE_BYTES:
        raise LimitExceeded(f"An OCSP answer of {len(data)} bytes; at most {MAX_RESPONSE_BYTES} are read.")
    return (_cached_tiny if len(data) <= TINY_RESPONSE_BYTES else _cached)(bytes(data))


def _response(data: bytes) -> BasicResponse:
    outer = der.read(data, der.SEQUENCE).reader()
    status = outer.optional(der.ENUMERATED)
    if status is None:
        return _basic(der.read(data))
    if (number := status.integer()) != 0:
        raise FormatError(f"The responder refused: {RESPONSE_STATUS.get(number, number)}.")
    inner = outer.take(0xA0).reader()
    outer.finish()
    body = inner.take(der.SEQUENCE).reader()
    inner.finish()
    if (kind := body.take(der.OID).oid()) != ID_PKIX_OCSP_BASIC:
        raise FormatError(f"OCSP response type {kind} is not known.")
    encoded = body.take(der.OCTET_STRING).content
    body.finish()
    return _basic(der.read(encoded, der.SEQUENCE))


_cached_tiny = lru_cache(maxsize=1024)(_response)  # a file may hold a thousand, and each signature asks all of them
_cached = lru_cache(maxsize=256)(_response)


def _basic(element: der.Element) -> BasicResponse:
    reader = element.reader()
    tbs = reader.take(der.SEQUENCE)
    scheme = scheme_in(reader.take(der.SEQUENCE))
    value = whole_octets(reader.take(der.BIT_STRING))
    certificates = _certificates(reader.optional(0xA0))
    reader.finish()

    body = tbs.reader()
    if (e := body.optional(0xA0)) and _only(e).expect(der.INTEGER).integer() != 0:
        raise FormatError("Only version 1 of OCSP answers is known.")
    responder = body.take()
    name = name_in(_only(responder)) if responder.tag == 0xA1 else None
    key_hash = _only(responder.expect(0xA2)).octets() if name is None else None
    produced_at = body.take(der.GENERALIZED_TIME).time()
    responses = [_single(e) for e in body.take(der.SEQUENCE).reader()]
    block = body.optional(0xA1)
    body.finish()
    if len(responses) > MAX_SINGLE_RESPONSES:
        raise LimitExceeded(f"{len(responses)} answers in one; at most {MAX_SINGLE_RESPONSES} are read.")
    extensions = extensions_in(block, "OCSP answer") if block else {}
    return BasicResponse(
        tbs.raw, scheme, value, name, key_hash, produced_at, tuple(responses), extensions, certificates
    )


def _certificates(element: der.Element | None) -> tuple[Certificate, ...]:
    if element is None:
        return ()
    items = _only(element).expect(der.SEQUENCE).children()
    if len(items) > MAX_CERTIFICATES:
        raise LimitExceeded(f"{len(items)} certificates in an OCSP answer; at most {MAX_CERTIFICATES} are read.")
    return tuple(Certificate.from_der(e.raw) for e in items)


def _single(element: der.Element) -> SingleResponse:
    reader = element.expect(der.SEQUENCE).reader()
    wanted = CertId.read(reader.take(der.SEQUENCE))
    status, revoked_at, reason = _status(reader.take())
    this_update = reader.take(der.GENERALIZED_TIME).time()
    next_update = _only(e).expect(der.GENERALIZED_TIME).time() if (e := reader.optional(0xA0)) else None
    extensions = extensions_in(e, "single OCSP answer") if (e := reader.optional(0xA1)) else {}
    reader.finish()
    return SingleResponse(wanted, status, revoked_at, reason, this_update, next_update, extensions)


def _status(element: der.Element) -> tuple[str, datetime | None, str | None]:
    """CertStatus: good [0] NULL, revoked [1] RevokedInfo, unknown [2] NULL."""
    if element.tag in (0x80, 0x82) and not element.content:
        return ("good" if element.tag == 0x80 else "unknown"), None, None
    reader = element.expect(0xA1).reader()
    at = reader.take(der.GENERALIZED_TIME).time()
    reason = None
    if e := reader.optional(0xA0):
        number = _only(e).expect(der.ENUMERATED).integer()
        reason = REASONS.get(number, f"reason {number}")
    reader.finish()
    return "revoked", at, reason


def _only(element: der.Element) -> der.Element:
    """The one element inside an explicit tag."""
    reader = element.reader()
    inner = reader.take()
    reader.finish()
    return inner
