"""What CRLs say about one certificate (RFC 5280 6.3.3, attack class V3).

Reach for `answers`. "Revoked" is believed of any CRL of the right issuer, stale or partial; "good" only of one that
is fresh and whose scope holds this certificate and every reason, or of several that share the reasons among them. A
delta CRL goes with a complete one of the same scope: it adds to it, and takes holds away, and nothing but holds. A
CRL may be signed by another key than the certificate's issuer's (indirect CRLs, CRL keys of their own, a changed key)
where `signer` gives a certificate for it that was validated. Not usable at all: unknown critical extensions.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from ..errors import FormatError
from . import certificate as x
from . import crl as c
from .answer import Answer, Constraints, freshness, unusable
from .certificate import Certificate
from .crl import CertificateList, Entry

Signer = Callable[[CertificateList], "Certificate | str"]
"""The validated certificate whose key signed the CRL, or why there is none."""

_KNOWN = frozenset(
    {
        c.CRL_NUMBER,
        c.DELTA_CRL_INDICATOR,
        c.ISSUING_DISTRIBUTION_POINT,
        c.EXPIRED_CERTS_ON_CRL,
        x.AUTHORITY_KEY_IDENTIFIER,
    }
)


def direct(issuer: Certificate) -> Signer:
    """For CRLs that the issuer of the certificate signed itself, with the key of this certificate."""

    def signer(crl: CertificateList) -> Certificate | str:
        if not crl.issuer.matches(issuer.subject):
            return "the CRL is from another issuer (cRLIssuer)"
        return issuer if crl.signed_by(issuer) else "the CRL is not signed with the issuer's key"

    return signer


def answer(data: bytes, certificate: Certificate, issuer: Certificate, at: datetime) -> Answer | None:
    """What one CRL says by itself; None when it is another issuer's. Never raises for what the CRL holds.

    `issuer` is the certificate above in a path that was validated.
    """
    return next(iter(answers((data,), certificate, at, direct(issuer))), None)


def answers(
    crls: Sequence[bytes],
    certificate: Certificate,
    at: datetime,
    signer: Signer,
    constraints: Constraints | None = None,
) -> list[Answer]:
    """What these CRLs say about `certificate` at `at`: nothing of those of other issuers. Never raises.

    `constraints` None: a list that is signed with SHA-1 is silent, and nothing else is asked.
    """
    said: list[Answer] = []
    heard: list[_Heard] = []
    for data in crls:
        try:
            crl = CertificateList.from_der(data)
            if not about(crl, certificate):
                continue
            one = _hear(crl, certificate, at, signer, constraints)
        except FormatError as e:
            one = unusable(f"the CRL cannot be read: {e.message}")
        if isinstance(one, Answer):
            said.append(one)
        else:
            heard.append(one)
    return said + _weigh(heard)


def about(crl: CertificateList, certificate: Certificate) -> bool:
    """Whether the CRL is from an issuer that may list this certificate. Raises `FormatError`."""
    if crl.issuer.matches(certificate.issuer):
        return True
    return any(crl.issuer.canonical in point.issuers for point in c.points_of(certificate))


@dataclass(frozen=True)
class _Heard:
    """An authentic CRL that is understood."""

    crl: CertificateList
    entry: Entry | None
    silence: str | None
    """Why it means nothing that the certificate is not listed; None: it means "good" for `reasons`."""
    reasons: frozenset[str]

    def goes_with(self, base: _Heard) -> bool:
        """Whether this delta CRL may be applied to the complete CRL (RFC 5280 5.2.4)."""
        start, own, number = self.crl.base_number, self.crl.number, base.crl.number
        if start is None or own is None or number is None:
            return False
        return start <= number <= own and self._is_of_the_series_of(base)

    def ends(self, listed: _Heard) -> bool:
        """Whether this delta CRL tells that what the other one lists was a hold, and is over (RFC 5280 5.3.1)."""
        if self.silence is not None or self.entry is None or not self.entry.removal:
            return False
        own, number = self.crl.number, listed.crl.number
        later = own is not None and number is not None and own > number
        hold = listed.entry is not None and listed.entry.hold
        return hold and later and self._is_of_the_series_of(listed)

    def _is_of_the_series_of(self, other: _Heard) -> bool:
        """Whether both are of one issuer, scope and key, whose numbers can be compared."""
        scopes = [h.crl.extensions.get(c.ISSUING_DISTRIBUTION_POINT) for h in (self, other)]
        keys = [h.crl.extensions.get(x.AUTHORITY_KEY_IDENTIFIER) for h in (self, other)]
        if len({s and s.value for s in scopes}) > 1 or len({k and k.value for k in keys}) > 1:
            return False
        return self.crl.issuer.matches(other.crl.issuer)


def _hear(
    crl: CertificateList, certificate: Certificate, at: datetime, signer: Signer, constraints: Constraints | None
) -> _Heard | Answer:
    signed = signer(crl)
    if isinstance(signed, str):
        return unusable(signed)
    if signed.key_usage is not None and "crl_sign" not in signed.key_usage:
        return unusable("the issuer's key usage lacks cRLSign")
    for ext in crl.extensions.values():  # RFC 5280 5.2: with an unknown critical one it must not be used at all
        if ext.critical and ext.oid not in _KNOWN:
            return unusable(f"the CRL carries an unknown critical extension ({ext.oid})")
    if crl.foreign_entry:
        return unusable(crl.foreign_entry)
    reasons, outside = _scope_of(crl, certificate)
    silence = outside or freshness(crl.this_update, crl.next_update, at, timedelta(0)) or _forgotten(crl, certificate)
    if silence is None and constraints is not None:
        silence = constraints.of_answer(crl.encoded, crl.scheme, signed)
    elif silence is None and crl.scheme.hash_name == "sha1":
        silence = "it is signed with SHA-1"
    return _Heard(crl, crl.entry_of(certificate), silence, reasons)


def _weigh(heard: Sequence[_Heard]) -> list[Answer]:
    deltas = [h for h in heard if h.crl.is_delta]
    found: list[Answer] = []
    shares: list[_Heard] = []
    for base in heard:
        if base.crl.is_delta:
            continue
        with_it = [d for d in deltas if d.silence is None and d.goes_with(base)]
        newest = max(with_it, key=lambda d: d.crl.number or 0, default=None)
        entry = base.entry if newest is None or newest.entry is None else _changed(base.entry, newest.entry)
        if entry is not None:
            found.append(_listed(entry))
        elif base.silence is not None:
            found.append(unusable(f"the CRL does not count: {base.silence}"))
        elif base.reasons >= c.ALL_REASONS:
            found.append(Answer("good", "not listed", (newest or base).crl.this_update))
        else:
            shares.append(base)
    listing = (d for d in deltas if d.entry and not d.entry.removal)
    found += [_listed(d.entry) for d in listing if d.entry and not any(other.ends(d) for other in deltas)]
    if deltas and not found and not shares:
        found.append(unusable("the CRL does not count: it is a delta CRL, and none is at hand that it goes with"))
    if shares:
        missing = c.ALL_REASONS.difference(*(s.reasons for s in shares))
        if missing:
            found.append(
                unusable(f"the CRL does not count: its scope leaves out the reasons {', '.join(sorted(missing))}")
            )
        else:
            found.append(Answer("good", "not listed", min(s.crl.this_update for s in shares)))
    return found


def _changed(entry: Entry | None, by: Entry) -> Entry | None:
    """What a complete CRL and a delta CRL say together: a hold is lifted or made final, all else stands."""
    if entry is None or entry.hold:
        return None if by.removal else by
    return min(entry, by, key=lambda e: e.weight)


def _listed(entry: Entry) -> Answer:
    if entry.removal:
        return unusable("the CRL does not count: its entry is removeFromCRL")
    return Answer("revoked", "the CRL lists it", entry.at, entry.reason, listed_at=entry.revoked_at)


def _scope_of(crl: CertificateList, certificate: Certificate) -> tuple[frozenset[str], str | None]:
    """For which reasons the CRL's silence counts, or why for none (RFC 5280 6.3.3 (b) to (d))."""
    scope = crl.scope
    own = crl.issuer.matches(certificate.issuer)
    points = [p for p in c.points_of(certificate) if (crl.issuer.canonical in p.issuers if p.issuers else own)]
    if not points:
        return frozenset(), "the certificate's revocations are listed by another issuer (cRLIssuer)"
    if not own and (scope is None or not scope.indirect):
        return frozenset(), "the CRL is not indirect, but is from another issuer than the certificate"
    if scope is None:
        return frozenset().union(*(p.reasons for p in points)), None
    if scope.attributes_only:
        return frozenset(), "its scope is attribute certificates"
    if (scope.users_only and certificate.is_ca) or (scope.cas_only and not certificate.is_ca):
        return frozenset(), "its scope leaves out certificates of this kind"
    if scope.names is not None:
        points = [p for p in points if scope.names & (p.names or p.issuers)]
        if not points:
            return frozenset(), "its distribution point is not one of the certificate's"
    return scope.reasons & frozenset().union(*(p.reasons for p in points)), None


def _forgotten(crl: CertificateList, certificate: Certificate) -> str | None:
    """A CA may drop entries of expired certificates (RFC 5280 3.3): then silence says nothing."""
    if certificate.not_after >= crl.this_update:
        return None
    since = crl.expired_kept_since
    return None if since and since <= certificate.not_after else "the certificate had expired before it was issued"
