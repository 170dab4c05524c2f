"""The next CRL of the issuing CA, from the database: made by the server when one is asked for, or by `kyso ca crl`.

Reach for `make`. Its number is one more than the last one's, whoever made that; it is kept in the database, so that
the server hands out the newest whoever made it.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from kyso_pki.authority import revoke
from kyso_pki.signer import SigningKey
from kyso_pki.x509.certificate import Certificate

from . import store, tables
from .store import Store


@dataclass(frozen=True)
class Made:
    """A CRL in DER."""

    encoded: bytes
    number: int
    revoked: int
    """How many certificates it lists."""
    until: datetime


def make(opened: Store, issuer: Certificate, key: SigningKey, *, after: int, at: datetime, until: datetime) -> Made:
    """A new CRL of all that are revoked. Raises `IntegrityError` when another process took its number meanwhile.

    `after`: the number of the last one (0: there is none), as it was when it was decided to make another. `at`
    without fractions of a second; `until` is cut off where the issuer's certificate ends. Raises what the key
    raises, and `DatabaseUnavailable`.
    """
    with opened.reading() as session:
        rows = store.revoked_certificates(session, issuer)
    number = after + 1
    # A revocation within this very second is not from the future.
    entries = [revoke.Revoked(int(r.serial, 16), min(r.revoked_at or at, at), r.reason) for r in rows]
    end = min(until, issuer.not_after)
    encoded = revoke.issue_crl(key, issuer, entries, at=at, next_update=end, number=number)
    with opened.writing() as session:
        session.add(
            tables.Crl(
                issuer_key=issuer.spki_sha256,
                number=number,
                revoked=len(entries),
                this_update=at,
                next_update=end,
                der=encoded,
            )
        )
    return Made(encoded, number, len(entries), end)
