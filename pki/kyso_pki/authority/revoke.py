"""Issues CRLs of version 2 (RFC 5280 5): complete, direct, numbered.

Reach for `issue_crl`. Refused: unknown reasons and removeFromCRL (which belongs to delta CRLs), one serial
number twice, revocations from the future, an issuer whose key usage lacks cRLSign.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime

from ..asn1 import der
from ..errors import IssuanceError
from ..signer import SigningKey
from ..x509 import crl
from ..x509.answer import REASONS
from ..x509.certificate import Certificate
from .issue import authority_key_identifier, extension, signed

_NUMBER_OF_REASON = {name: number for number, name in REASONS.items()}


@dataclass(frozen=True)
class Revoked:
    """One revoked certificate."""

    serial: int
    at: datetime
    reason: str | None = None
    """`keyCompromise`, `superseded`, … (RFC 5280 5.3.1); None and `unspecified` write no reason."""


def issue_crl(
    key: SigningKey,
    issuer: Certificate,
    revoked: Sequence[Revoked],
    *,
    at: datetime,
    next_update: datetime,
    number: int,
) -> bytes:
    """A DER CertificateList of all `revoked` certificates of `issuer`, current from `at` to `next_update`.

    `number` must grow from CRL to CRL (RFC 5280 5.2.3). Raises `IssuanceError` naming every problem,
    `SignatureValueInvalid` when `key` is not the issuer's.
    """
    if problems := tuple(_problems(issuer, revoked, at, next_update, number)):
        raise IssuanceError(f"The CRL was not issued: {'; '.join(problems)}.", problems=problems)
    entries = der.sequence(*(_entry(r) for r in sorted(revoked, key=lambda r: r.serial)))
    tbs = der.sequence(
        der.integer(1),  # v2
        key.scheme.identifier,
        issuer.subject.der,
        der.utc_or_generalized_time(at),
        der.utc_or_generalized_time(next_update),
        entries if revoked else b"",  # RFC 5280 5.1.2.6: absent, not empty
        der.explicit(
            0,
            der.sequence(authority_key_identifier(issuer), extension(crl.CRL_NUMBER, der.integer(number))),
        ),
    )
    return signed(tbs, key, issuer.public_key)


def check_reason(reason: str | None) -> None:
    """Raises `IssuanceError` unless a complete CRL or an OCSP answer may carry this reason."""
    if reason is not None and (reason not in _NUMBER_OF_REASON or reason == "removeFromCRL"):
        allowed = ", ".join(name for name in _NUMBER_OF_REASON if name != "removeFromCRL")
        raise IssuanceError(f"Unknown revocation reason {reason!r}.", remedy=f"Use one of {allowed}.")


def reason_number(reason: str | None) -> int | None:
    """The number to write; None for no reason and for `unspecified`, which SHOULD be left out (5.3.1)."""
    check_reason(reason)
    return None if reason in (None, "unspecified") else _NUMBER_OF_REASON[reason]


def _problems(
    issuer: Certificate, revoked: Sequence[Revoked], at: datetime, next_update: datetime, number: int
) -> Iterator[str]:
    if not issuer.is_ca or (issuer.key_usage is not None and "crl_sign" not in issuer.key_usage):
        yield "the issuer is not a CA that may sign CRLs"
    if not issuer.not_before <= at <= issuer.not_after:
        yield "the issuer's certificate is not valid at this time"
    if next_update <= at:
        yield "it ends before it begins"
    if not 0 <= number < 1 << 159:  # 20 octets, RFC 5280 5.2.3
        yield "the CRL number is negative or longer than 20 octets"
    if len({r.serial for r in revoked}) != len(revoked):
        yield "a serial number stands twice"
    for entry in revoked:
        if entry.at > at:
            yield f"serial {entry.serial:x} is revoked from a time in the future"
        try:
            check_reason(entry.reason)
        except IssuanceError as e:
            yield e.message.removesuffix(".")


def _entry(revoked: Revoked) -> bytes:
    number = reason_number(revoked.reason)
    reason = b""
    if number is not None:
        reason = der.sequence(extension(crl.REASON_CODE, der.tlv(der.ENUMERATED, bytes((number,)))))
    return der.sequence(der.integer(revoked.serial), der.utc_or_generalized_time(revoked.at), reason)
