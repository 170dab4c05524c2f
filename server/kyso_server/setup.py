"""What is done to a server's folder besides serving: the tables, the certificates it answers for, API tokens.

Every function but `new_api_token` may be called again with the same arguments and then changes nothing.
"""

from __future__ import annotations

import re
import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from sqlalchemy import column, select, table
from sqlalchemy.exc import IntegrityError

from kyso_pki.authority.revoke import check_reason
from kyso_pki.errors import IssuanceError, UsageError
from kyso_pki.signer import SigningKey
from kyso_pki.x509.certificate import Certificate

from . import store
from .crls import Made, make
from .problems import DatabaseUnavailable
from .settings import Settings

_MIGRATIONS = Path(__file__).parent / "migrations"
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,99}", re.ASCII)
MIN_TOKEN_CHARACTERS = 32  # 128 bits in hex; it is stored as plain SHA-256, which only a long random secret allows


def prepare_database(settings: Settings) -> None:
    """Brings the database to the newest tables, making it if it is not there; of two servers one waits for the other.

    Raises `DatabaseUnavailable`, `UsageError`.
    """
    with _opened(settings) as opened:
        if _form(opened) == max(path.name[:4] for path in (_MIGRATIONS / "versions").glob("[0-9]*.py")):
            return
        from alembic import command
        from alembic.config import Config

        config = Config()
        config.set_main_option("script_location", str(_MIGRATIONS).replace("%", "%%"))
        with opened.migrating() as connection:
            config.attributes["connection"] = connection
            command.upgrade(config, "head")


def _form(opened: store.Store) -> str | None:
    """Which migration the tables have; None where that cannot be read, as in a database that is not made yet."""
    try:
        with opened.reading() as session:
            return session.execute(select(column("version_num")).select_from(table("alembic_version"))).scalar()
    except DatabaseUnavailable:  # or it is gone: then making the tables says so
        return None


@contextmanager
def _opened(settings: Settings) -> Iterator[store.Store]:
    opened = store.open_store(settings.database)
    try:
        yield opened
    finally:
        opened.close()


def register_certificate(settings: Settings, certificate: Certificate, issuer: Certificate) -> None:
    """Makes the CA's OCSP responder and CRL answer for this certificate."""
    with _opened(settings) as opened, opened.writing() as session:
        store.put_certificate(session, certificate, issuer)


def revoke_certificate(
    settings: Settings, certificate: Certificate, issuer: Certificate, *, reason: str, at: datetime
) -> bool:
    """Whether the certificate became revoked by this call; an earlier revocation stays as it was.

    `reason` as in RFC 5280 5.3.1 (`keyCompromise`, `superseded`, …). The next CRL that is asked for holds it.
    Raises `UsageError` for a date in the future and for an unknown reason, which no CRL could carry.
    """
    if at > datetime.now(UTC):
        raise UsageError(f"A revocation from the future ({at.isoformat()}).", remedy="Revoke when the time has come.")
    try:
        check_reason(reason)
    except IssuanceError as e:
        raise UsageError(e.message, remedy=e.remedy) from None
    with _opened(settings) as opened, opened.writing() as session:
        return store.revoke_certificate(session, issuer, certificate.serial, reason, at)


@dataclass(frozen=True)
class IssuedState:
    """A certificate that this CA answers for, and how it stands."""

    certificate: Certificate
    revoked_at: datetime | None
    reason: str | None


def issued_certificates(settings: Settings, issuer: Certificate) -> tuple[IssuedState, ...]:
    """Every certificate that the responder of this CA knows, the oldest first."""
    with _opened(settings) as opened, opened.reading() as session:
        rows = store.all_certificates(session, issuer)
        return tuple(IssuedState(Certificate(row.der), row.revoked_at, row.reason) for row in rows)


def make_crl(settings: Settings, issuer: Certificate, key: SigningKey, *, until: datetime) -> Made:
    """The next CRL of this CA, which the running server hands out from now on.

    Raises `UsageError` when somebody else makes one at this moment, and what the key raises.
    """
    with _opened(settings) as opened:
        with opened.reading() as session:
            newest = store.newest_crl(session, issuer)
        after, at = newest.number if newest else 0, datetime.now(UTC).replace(microsecond=0)
        try:
            return make(opened, issuer, key, after=after, at=at, until=until)
        except IntegrityError:
            raise UsageError("Another CRL was made at this moment.", remedy="Run it again if you need one.") from None


@dataclass(frozen=True)
class ApiTokenState:
    """An API token by its name; the token itself is not known here."""

    name: str
    created_at: datetime
    revoked_at: datetime | None


def api_tokens(settings: Settings) -> tuple[ApiTokenState, ...]:
    """Every API token that was ever let in, by name."""
    with _opened(settings) as opened, opened.reading() as session:
        rows = store.all_tokens(session)
        return tuple(ApiTokenState(row.name, row.created_at, row.revoked_at) for row in rows)


def new_api_token(settings: Settings, name: str, *, replace: bool = False) -> str:
    """A new secret (256 bits) that is let in under this name; nobody can be told it again.

    Raises `UsageError` for a name that no setting could hold, and, unless `replace`, for one that was used before:
    in the audit it stands for whoever had it.
    """
    check_token_name(name)
    token = secrets.token_urlsafe(32)
    with _opened(settings) as opened, opened.writing() as session:
        if not replace and any(row.name == name for row in store.all_tokens(session)):
            raise UsageError(
                f"There is an API token {name} already, or was.",
                remedy="Choose another name, or give it a new secret (--replace); the old one stops working then.",
            )
        store.put_token(session, name, token, datetime.now(UTC))
    return token


def revoke_api_token(settings: Settings, name: str) -> bool:
    """Whether there was such a token in force; from now on it is refused."""
    with _opened(settings) as opened, opened.writing() as session:
        return store.revoke_token(session, name, datetime.now(UTC))


def check_token_name(name: str) -> None:
    """Raises `UsageError` unless a log, a table and a setting can all show the name as it is."""
    if not _NAME.fullmatch(name):
        raise UsageError(
            f"{name[:120]!r} is no name for an API token.",
            remedy="Use 1 to 100 letters (a-z, A-Z), digits, dots, hyphens and underscores: mot-cua, van-ban.so-tt.",
        )


def add_api_token(settings: Settings, name: str, token: str) -> None:
    """Lets this token in under this name, as its SHA-256; an earlier token of the name stops working."""
    if len(token) < MIN_TOKEN_CHARACTERS or not token.isascii() or not token.isprintable() or " " in token:
        raise UsageError(
            f"An API token needs at least {MIN_TOKEN_CHARACTERS} printable ASCII characters without blanks.",
            remedy="Make one with `python -c 'import secrets; print(secrets.token_urlsafe(32))'`.",
        )
    with _opened(settings) as opened, opened.writing() as session:
        store.put_token(session, name, token, datetime.now(UTC))
