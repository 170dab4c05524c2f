"""Time-stamp protocol (RFC 3161): requests, responses, tokens.

Reach for `timestamp_request` and `token_from_response` as a client, `parse_request` and `tst_info` as an
authority, `timestamp_facts` when verifying, `ContentStamps` when what is signed is stamped before it is signed. The
clock and the network belong to others.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from . import oids
from .asn1 import ber, der
from .cms.examine import examine
from .cms.signed_data import read_signed_data
from .errors import FormatError, KysoError, TimestampError
from .facts import Finding, TimestampFacts, TimestampKind
from .scheme import DIGEST_SIZES, OID_OF_HASH, HashName, algorithm_oid, hash_of_oid
from .signer import Timestamper
from .x509.certificate import SUBJECT_ALTERNATIVE_NAME, Certificate, name_in

MAX_RESPONSE_BYTES = 1 << 20  # a token with a long chain stays under 16 kB
MAX_ACCURACY_S = 1 << 31  # against overflow; what is too coarse to prove anything is decided in `ades`
GRANTED, GRANTED_WITH_MODS = 0, 1
_STATUS = {
    0: "granted",
    1: "granted with modifications",
    2: "rejection",
    3: "waiting",
    4: "revocation warning",
    5: "revocation notification",
}
_KEPT = 1024  # tokens of some 5 kB; as many documents as wait for a key together, and more
_FAILURES = {
    0: "unrecognised or unsupported algorithm",
    2: "request not permitted",
    5: "wrong data format",
    14: "time source not available",
    15: "policy not accepted",
    16: "extension not accepted",
    17: "additional information not available",
    25: "system failure",
}


@dataclass(frozen=True)
class TimestampRequest:
    """TimeStampReq as received (RFC 3161 2.4.1)."""

    imprint: bytes
    hash_name: HashName
    nonce: int | None
    policy: str | None
    cert_req: bool
    extensions: bool
    """Whether there were any extensions; none is supported."""


@dataclass(frozen=True)
class TstInfo:
    """TSTInfo as received (RFC 3161 2.4.2). `accuracy_s` in seconds."""

    policy: str
    hash_name: HashName
    imprint: bytes
    serial: int
    time: datetime
    accuracy_s: float
    nonce: int | None
    authority: bytes | None
    """The GeneralName in `tsa`, DER."""


def _message_imprint(imprint: bytes, hash_name: str) -> bytes:
    if len(imprint) != DIGEST_SIZES.get(hash_name):
        raise TimestampError(f"An imprint of {len(imprint)} bytes is no {hash_name} digest.")
    return der.sequence(der.sequence(der.oid(OID_OF_HASH[hash_name]), der.null()), der.octet_string(imprint))


def _read_imprint(element: der.Element) -> tuple[HashName, bytes]:
    reader = element.expect(der.SEQUENCE).reader()
    hash_name = hash_of_oid(algorithm_oid(reader.take(der.SEQUENCE)))
    imprint = reader.take(der.OCTET_STRING).content
    reader.finish()
    if len(imprint) != DIGEST_SIZES[hash_name]:
        raise FormatError(f"A message imprint of {len(imprint)} bytes is no {hash_name} digest.")
    return hash_name, imprint


def timestamp_request(imprint: bytes, hash_name: str, nonce: int | None = None) -> bytes:
    """A DER TimeStampReq that asks for the authority's certificate (RFC 3161 2.4.1)."""
    parts = [der.integer(1), _message_imprint(imprint, hash_name)]
    if nonce is not None:
        parts.append(der.integer(nonce))
    return der.sequence(*parts, der.boolean(True))


def parse_request(data: bytes) -> TimestampRequest:
    """Reads a TimeStampReq. Raises `FormatError`."""
    reader = der.read(data, der.SEQUENCE).reader()
    if reader.take(der.INTEGER).integer() != 1:
        raise FormatError("Only version 1 of the time-stamp request is known.")
    hash_name, imprint = _read_imprint(reader.take(der.SEQUENCE))
    policy = e.oid() if (e := reader.optional(der.OID)) else None
    nonce = e.integer() if (e := reader.optional(der.INTEGER)) else None
    cert_req = bool((e := reader.optional(der.BOOLEAN)) and e.boolean())
    extensions = reader.optional(0xA0) is not None
    reader.finish()
    return TimestampRequest(imprint, hash_name, nonce, policy, cert_req, extensions)


def tst_info(
    *,
    policy: str,
    imprint: bytes,
    hash_name: str,
    serial: int,
    time: datetime,
    accuracy_s: int = 1,
    nonce: int | None = None,
) -> bytes:
    """A DER TSTInfo (RFC 3161 2.4.2). The serial must fit 160 bits."""
    if not 0 < serial < 1 << 160:
        raise TimestampError("A timestamp serial number must be positive and fit 160 bits.")
    parts = [
        der.integer(1),
        der.oid(policy),
        _message_imprint(imprint, hash_name),
        der.integer(serial),
        der.generalized_time(time),
        der.sequence(der.integer(accuracy_s)),
    ]
    if nonce is not None:
        parts.append(der.integer(nonce))
    return der.sequence(*parts)


def read_tst_info(data: bytes) -> TstInfo:
    """Reads a TSTInfo. Unknown critical extensions are refused (class T3). Raises `FormatError`."""
    reader = der.read(data, der.SEQUENCE).reader()
    if reader.take(der.INTEGER).integer() != 1:
        raise FormatError("Only version 1 of TSTInfo is known.")
    policy = reader.take(der.OID).oid()
    hash_name, imprint = _read_imprint(reader.take(der.SEQUENCE))
    serial = reader.take(der.INTEGER).integer()
    time = reader.take(der.GENERALIZED_TIME).time()
    accuracy = 0.0
    if e := reader.optional(der.SEQUENCE):
        accuracy = _accuracy(e)
    reader.optional(der.BOOLEAN)  # ordering
    nonce = e.integer() if (e := reader.optional(der.INTEGER)) else None
    authority = _name(e) if (e := reader.optional(0xA0)) else None
    if e := reader.optional(0xA1):
        _refuse_critical(e)
    reader.finish()
    if serial.bit_length() > 160:
        raise FormatError("The timestamp's serial number is longer than 160 bits.")
    return TstInfo(policy, hash_name, imprint, serial, time, accuracy, nonce, authority)


def _accuracy(element: der.Element) -> float:
    """Accuracy in seconds; millis and micros are 1 to 999 where they stand (RFC 3161 2.4.2)."""
    reader = element.reader()
    seconds = 0.0
    for tag, unit, least, most in ((der.INTEGER, 1.0, 0, MAX_ACCURACY_S), (0x80, 1e-3, 1, 999), (0x81, 1e-6, 1, 999)):
        if e := reader.optional(tag):
            value = e.integer()
            if not least <= value <= most:
                raise FormatError("The timestamp's accuracy is out of range.")
            seconds += value * unit
    reader.finish()
    return seconds


def _name(tsa: der.Element) -> bytes:
    reader = tsa.reader()
    name = reader.take()
    reader.finish()
    return name.raw


def _bears(certificate: Certificate, name: bytes) -> bool:
    """Whether this GeneralName is the certificate's subject or one of its alternative names (RFC 3161 2.4.2, T2)."""
    general = der.read(name)
    if general.tag == 0xA4 and name_in(general.reader().take(der.SEQUENCE)).matches(certificate.subject):
        return True
    alternative = certificate.extensions.get(SUBJECT_ALTERNATIVE_NAME)
    return alternative is not None and name in [e.raw for e in der.read(alternative.value, der.SEQUENCE).reader()]


def _refuse_critical(extensions: der.Element) -> None:
    for item in extensions.reader():
        reader = item.reader()
        dotted = reader.take(der.OID).oid()
        if (e := reader.optional(der.BOOLEAN)) and e.boolean():
            raise FormatError(f"The timestamp carries an unknown critical extension {dotted}.")


def token_from_response(data: bytes, *, imprint: bytes, hash_name: str, nonce: int | None) -> bytes:
    """The DER TimeStampToken in a TimeStampResp, checked against what was asked (RFC 3161 2.4.2, class T1).

    Raises `TimestampError` with the authority's own words when it refused.
    """
    if len(data) > MAX_RESPONSE_BYTES:
        raise TimestampError(f"The time-stamp answer has {len(data)} bytes; at most {MAX_RESPONSE_BYTES} are read.")
    try:
        reader = der.read(data, der.SEQUENCE).reader()
        status, words = _status(reader.take(der.SEQUENCE))
        token = reader.take(der.SEQUENCE).raw if reader.more else None
        reader.finish()
    except FormatError as e:
        raise TimestampError(f"The time-stamp answer cannot be read: {e.message}") from None
    if status not in (GRANTED, GRANTED_WITH_MODS) or token is None:
        raise TimestampError(f"The time-stamping authority refused: {words}.", status=status)
    facts = timestamp_facts(token, lambda name: imprint if name == hash_name else b"", "signature")
    if not facts.intact:
        why = "; ".join(f.text for f in facts.findings) or "its imprint or its signature does not match"
        raise TimestampError(f"The time-stamping authority sent an unusable token: {why}.")
    if nonce is not None and info_in(token).nonce != nonce:
        raise TimestampError("The time-stamp answer is for another request (its nonce differs).")
    return token


def info_in(token: bytes) -> TstInfo:
    """What a token says, checked by nobody here (`token_from_response`, `timestamp_facts`). Raises `FormatError`."""
    return read_tst_info(read_signed_data(token).content or b"")


def _status(element: der.Element) -> tuple[int, str]:
    """PKIStatusInfo: the status number, and words made of statusString and failInfo."""
    reader = element.reader()
    status = reader.take(der.INTEGER).integer()
    words = [_STATUS.get(status, f"status {status}")]
    if e := reader.optional(der.SEQUENCE):
        words += [t.expect(der.UTF8_STRING).text() for t in e.reader()]
    if e := reader.optional(der.BIT_STRING):
        bits = e.content[1:]
        words += [text for n, text in _FAILURES.items() if n // 8 < len(bits) and bits[n // 8] >> (7 - n % 8) & 1]
    reader.finish()
    return status, ", ".join(words)


def timestamp_facts(
    token: bytes,
    digest_of: Callable[[HashName], bytes],
    kind: TimestampKind,
) -> TimestampFacts:
    """The facts of one token; a broken one gives facts with an `error` finding, never an exception.

    `digest_of(hash_name)`: the digest of the octets that this kind of timestamp must cover.
    """
    try:
        cms = examine(_definite(token), lambda _: b"", content_type=oids.ID_CT_TST_INFO)
        info = read_tst_info(cms.content or b"")
        findings = list(cms.findings)
        if not cms.cades:  # RFC 3161 2.4.2: the ESS signing certificate attribute is mandatory
            findings.append(Finding("TIMESTAMP_NOT_BOUND", "error", "The timestamp does not bind its certificate."))
        if not cms.references_intact:
            findings.append(Finding("TIMESTAMP_CONTENT", "error", "The timestamp's own content digest differs."))
        if info.authority is not None and cms.certificate is not None and not _bears(cms.certificate, info.authority):
            text = "The timestamp names another authority than its certificate does."
            findings.append(Finding("TIMESTAMP_NOT_BOUND", "error", text))
        return TimestampFacts(
            kind=kind,
            time=info.time,
            hash_name=info.hash_name,
            imprint_matches=digest_of(info.hash_name) == info.imprint,
            signature_intact=cms.signature_intact and cms.references_intact,
            certificate=cms.certificate,
            certificates=cms.certificates,
            scheme=cms.scheme,
            accuracy_s=info.accuracy_s,
            serial=info.serial,
            policy=info.policy,
            token=token,
            findings=tuple(findings),
        )
    except KysoError as e:
        return TimestampFacts(
            kind=kind,
            time=None,
            hash_name=None,
            imprint_matches=False,
            signature_intact=False,
            certificate=None,
            token=token,
            findings=(Finding("TIMESTAMP_FORMAT", "error", f"The timestamp cannot be read: {e.message}"),),
        )


def _definite(token: bytes) -> bytes:
    """A token that BouncyCastle wrote in BER, with definite lengths (ADR 12). Raises `FormatError`."""
    if not ber.is_indefinite(token):
        return token
    structure, end = ber.definite(token)
    if end != len(token):
        raise FormatError(f"DER: {len(token) - end} bytes follow the end of the structure.")
    return structure


class ContentStamps:
    """Timestamps over what is to be signed (EN 319 122-1 5.2.8, EN 319 132-1 5.2.8): it existed before the signature.

    One token for one content: a document that is prepared a second time is prepared with the same.
    """

    def __init__(self, timestamper: Timestamper) -> None:
        self._timestamper = timestamper
        self._tokens: dict[tuple[HashName, bytes], bytes] = {}

    def token(self, imprint: bytes, hash_name: HashName) -> bytes:
        """A token over content with this hash. Raises `TimestampError`, `FetchError`."""
        key = hash_name, imprint
        if key not in self._tokens:
            token = self._timestamper.timestamp(imprint, hash_name)
            if not timestamp_facts(token, lambda name: imprint if name == hash_name else b"", "content").intact:
                raise TimestampError("The timestamp is broken or does not cover what is to be signed.")
            if len(self._tokens) >= _KEPT:
                del self._tokens[next(iter(self._tokens))]  # the oldest
            self._tokens[key] = token
        return self._tokens[key]
