"""Answers time-stamp requests (RFC 3161 2.4.2, EN 319 422).

Reach for `timestamp_response`. Whatever comes in, a DER TimeStampResp goes out: a token, or a rejection whose
failInfo says why. Refused: hashes weaker than SHA-256, imprints of the wrong length, foreign policies, any
extension. What the key raises goes through to the caller, who logs it and may send `refusal(SYSTEM_FAILURE, …)`.
"""

from __future__ import annotations

from datetime import datetime

from .. import oids
from ..asn1 import der
from ..cms.attributes import signed_attributes
from ..cms.signed_data import signed_data
from ..errors import CertificateUnsuitable, FormatError, SignatureValueInvalid
from ..scheme import digest
from ..signer import Signer
from ..tsp import TimestampRequest, parse_request, tst_info
from ..x509 import rules

# PKIFailureInfo bits, RFC 3161 2.4.2
BAD_ALG, BAD_REQUEST, BAD_DATA_FORMAT, TIME_NOT_AVAILABLE = 0, 2, 5, 14
UNACCEPTED_POLICY, UNACCEPTED_EXTENSION, ADD_INFO_NOT_AVAILABLE, SYSTEM_FAILURE = 15, 16, 17, 25

MAX_REQUEST_BYTES = 64 * 1024  # against memory exhaustion; real ones have under 200
MAX_NONCE_BITS = 512  # the nonce comes back in the token; 64 bits are usual
ACCURACY_S = 1
_GRANTED, _REJECTION = 0, 2
_STRONG = frozenset({"sha256", "sha384", "sha512", "sha3_256", "sha3_384", "sha3_512"})  # TT 15/2025, Appendix I


def timestamp_response(request: bytes, *, signer: Signer, at: datetime, serial: int, policy: str) -> bytes:
    """The DER TimeStampResp to a DER TimeStampReq.

    `serial` must be unique for this authority; `policy` is the one policy that it stamps under. Raises
    `CertificateUnsuitable` when the signer's certificate is not for timestamps at `at`,
    `SignatureValueInvalid`, and what the key raises; never anything for what the request holds.
    """
    _check_suitable(signer, at)
    asked = read_request(request, policy)
    if isinstance(asked, bytes):
        return asked
    info = tst_info(
        policy=policy,
        imprint=asked.imprint,
        hash_name=asked.hash_name,
        serial=serial,
        time=at.replace(microsecond=0),
        accuracy_s=ACCURACY_S,
        nonce=asked.nonce,
    )
    status = der.sequence(der.integer(_GRANTED))
    return der.sequence(status, _token(info, signer, carry_certificates=asked.cert_req))


def read_request(request: bytes, policy: str) -> TimestampRequest | bytes:
    """What is asked for, or the DER TimeStampResp that refuses it: then no serial number is needed."""
    if len(request) > MAX_REQUEST_BYTES:
        return refusal(BAD_DATA_FORMAT, f"A request of {len(request)} bytes; at most {MAX_REQUEST_BYTES} are read.")
    try:
        asked = parse_request(request)
    except FormatError as e:
        return refusal(BAD_ALG if "oid" in e.details else BAD_DATA_FORMAT, e.message)
    refused = _refused(asked, policy)
    return refusal(*refused) if refused else asked


def refusal(failure: int, text: str) -> bytes:
    """A TimeStampResp with status rejection, one failInfo bit and words for people."""
    bits = (1 << (31 - failure)).to_bytes(4, "big").rstrip(b"\0")
    info = der.sequence(
        der.integer(_REJECTION),
        der.sequence(der.utf8_string(text)),
        der.bit_string(bits, 7 - failure % 8),
    )
    return der.sequence(info)


def _refused(asked: TimestampRequest, policy: str) -> tuple[int, str] | None:
    if asked.hash_name not in _STRONG:
        return BAD_ALG, f"The hash {asked.hash_name} is too weak to be stamped; SHA-256 or stronger is."
    if asked.policy not in (None, policy):
        return UNACCEPTED_POLICY, f"The policy {asked.policy} is not offered; {policy} is."
    if asked.extensions:
        return UNACCEPTED_EXTENSION, "Extensions are not supported."
    if asked.nonce is not None and asked.nonce.bit_length() > MAX_NONCE_BITS:
        return BAD_REQUEST, f"The nonce is longer than {MAX_NONCE_BITS} bits."
    return None


def _check_suitable(signer: Signer, at: datetime) -> None:
    """A token that verifiers must refuse (attack class T2) is not made."""
    leaf = signer.chain.leaf
    broken = rules.unreadable(leaf) or (*rules.out_of_time(leaf, at), *rules.unfit_for(leaf, "timestamping"))
    if broken:
        raise CertificateUnsuitable(broken[0].text, remedy="Issue the authority a TSA certificate.")


def _token(info: bytes, signer: Signer, *, carry_certificates: bool) -> bytes:
    """The TimeStampToken; without certReq no certificate goes along (RFC 3161 2.4.1)."""
    leaf, scheme = signer.chain.leaf, signer.scheme
    attributes = signed_attributes(
        content_digest=digest(scheme.hash_name, info),
        leaf=leaf,
        scheme=scheme,
        content_type=oids.ID_CT_TST_INFO,
    )
    imprint = scheme.imprint(attributes)
    (value,) = signer.sign([imprint])
    if not scheme.verify(leaf.public_key, imprint, value):
        raise SignatureValueInvalid("The timestamp's value does not verify with the authority's key.")
    token = signed_data(attributes, value, signer.chain, scheme, content=info, content_type=oids.ID_CT_TST_INFO)
    return token if carry_certificates else _without_certificates(token)


def _without_certificates(token: bytes) -> bytes:
    """The same SignedData without its certificates, which no signature covers (RFC 5652 5.1)."""
    kind, wrapped = der.read(token, der.SEQUENCE).children()
    (body,) = wrapped.children()
    kept = (e.raw for e in body.children() if e.tag != 0xA0)
    return der.sequence(kind.raw, der.explicit(0, der.sequence(*kept)))
