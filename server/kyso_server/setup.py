"""What is done to a server's folder before it serves: the tables, the certificates it answers for, API tokens.

Every function may be called again with the same arguments and then changes nothing.
"""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

from kyso_pki.authority.revoke import check_reason
from kyso_pki.errors import IssuanceError, UsageError
from kyso_pki.x509.certificate import Certificate

from . import store
from .settings import Settings

MIN_TOKEN_CHARACTERS = 32  # 128 bits in hex; it is stored as plain SHA-256, which only a long random secret allows


def prepare_database(settings: Settings) -> None:
    """Brings the database to the newest tables, making it if it is not there; of two servers one waits for the other.

    Raises `DatabaseUnavailable`, `UsageError`.
    """
    from alembic import command
    from alembic.config import Config

    config = Config()
    config.set_main_option("script_location", str(Path(__file__).parent / "migrations").replace("%", "%%"))
    opened = store.open_store(settings.database)
    try:
        with opened.migrating() as connection:
            config.attributes["connection"] = connection
            command.upgrade(config, "head")
    finally:
        opened.close()


def register_certificate(settings: Settings, certificate: Certificate, issuer: Certificate) -> None:
    """Makes the CA's OCSP responder and CRL answer for this certificate."""
    opened = store.open_store(settings.database)
    try:
        with opened.writing() as session:
            store.put_certificate(session, certificate, issuer)
    finally:
        opened.close()


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
    opened = store.open_store(settings.database)
    try:
        with opened.writing() as session:
            return store.revoke_certificate(session, issuer, certificate.serial, reason, at)
    finally:
        opened.close()


def add_api_token(settings: Settings, name: str, token: str) -> None:
    """Lets this token in under this name, as its SHA-256; an earlier token of the name stops working."""
    if len(token) < MIN_TOKEN_CHARACTERS or not token.isascii() or not token.isprintable() or " " in token:
        raise UsageError(
            f"An API token needs at least {MIN_TOKEN_CHARACTERS} printable ASCII characters without blanks.",
            remedy="Make one with `python -c 'import secrets; print(secrets.token_urlsafe(32))'`.",
        )
    opened = store.open_store(settings.database)
    try:
        with opened.writing() as session:
            store.put_token(session, name, token, datetime.now(UTC))
    finally:
        opened.close()
