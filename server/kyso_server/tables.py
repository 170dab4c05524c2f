"""The server's tables. What is said about them stands in `store`; `migrations` bring a database to this form.

Stored are hashes: of API tokens, of SADs, of what was signed. Never a PIN, a token or a document.
"""

from __future__ import annotations

from datetime import UTC, datetime

from sqlalchemy import BigInteger, DateTime, ForeignKey, Integer, LargeBinary, String, Text, UniqueConstraint
from sqlalchemy.engine import Dialect
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column
from sqlalchemy.types import TypeDecorator

BigNumber = BigInteger().with_variant(Integer, "sqlite")
"""A row number that does not run out: 100 a second pass 2^31 in 248 days. SQLite's INTEGER has 64 bits anyway."""


class UtcDateTime(TypeDecorator[datetime]):
    """An aware UTC time on every database; a naive one is refused rather than guessed."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError("a time without a zone must not reach the database")
        return value.astimezone(UTC)

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        if value is None:
            return None
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)


class Base(DeclarativeBase):
    type_annotation_map = {datetime: UtcDateTime}  # noqa: RUF012 - SQLAlchemy's own declaration


class ApiToken(Base):
    __tablename__ = "api_tokens"

    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(String(100), unique=True)
    sha256: Mapped[str] = mapped_column(String(64), unique=True)
    created_at: Mapped[datetime]
    revoked_at: Mapped[datetime | None]


class IssuedCertificate(Base):
    """A certificate that our CA answers for."""

    __tablename__ = "certificates"
    __table_args__ = (UniqueConstraint("issuer_key", "serial"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    serial: Mapped[str] = mapped_column(String(64))
    """Hex without leading zeros."""
    issuer_key: Mapped[str] = mapped_column(String(64), index=True)
    """SHA-256 of the issuer's SubjectPublicKeyInfo: names prove nothing, and a renewed CA keeps its key."""
    issuer: Mapped[str] = mapped_column(Text)
    subject: Mapped[str] = mapped_column(Text)
    der: Mapped[bytes] = mapped_column(LargeBinary)
    not_before: Mapped[datetime]
    not_after: Mapped[datetime]
    status: Mapped[str] = mapped_column(String(10), default="valid")
    """`valid` or `revoked`."""
    revoked_at: Mapped[datetime | None]
    reason: Mapped[str | None] = mapped_column(String(40))


class Authorization(Base):
    """One SAD: for one credential and one caller, `remaining` signatures, until `expires_at`."""

    __tablename__ = "authorizations"

    id: Mapped[int] = mapped_column(BigNumber, primary_key=True)
    sad_sha256: Mapped[str] = mapped_column(String(64), unique=True)
    credential: Mapped[str] = mapped_column(String(200))
    token: Mapped[str] = mapped_column(String(100))
    """Name of the API token that asked; no other may use the SAD."""
    hash_name: Mapped[str | None] = mapped_column(String(10))
    remaining: Mapped[int]
    created_at: Mapped[datetime]
    expires_at: Mapped[datetime] = mapped_column(index=True)


class AuthorizedHash(Base):
    """One hash that a SAD covers; used once, then burnt."""

    __tablename__ = "authorized_hashes"

    id: Mapped[int] = mapped_column(BigNumber, primary_key=True)
    authorization_id: Mapped[int] = mapped_column(
        BigNumber, ForeignKey("authorizations.id", ondelete="CASCADE"), index=True
    )
    imprint: Mapped[str] = mapped_column(String(128))
    burnt_at: Mapped[datetime | None]


class SignatureLine(Base):
    """The audit line of one use of a key: written before the key moves, finished afterwards."""

    __tablename__ = "signatures"

    id: Mapped[int] = mapped_column(BigNumber, primary_key=True)
    at: Mapped[datetime] = mapped_column(index=True)
    request: Mapped[str] = mapped_column(String(32))
    operation: Mapped[str] = mapped_column(String(20))
    """`signHash` or `sign`."""
    credential: Mapped[str] = mapped_column(String(200), index=True)
    token: Mapped[str] = mapped_column(String(100))
    scheme: Mapped[str] = mapped_column(String(40))
    imprints: Mapped[str] = mapped_column(Text)
    """JSON list of hex: what the key signed, which is a hash, never a document."""
    outcome: Mapped[str] = mapped_column(String(10))
    """`started`, `done` or `failed`; a line that stays `started` tells of a crash."""
    error: Mapped[str | None] = mapped_column(String(60))
    finished_at: Mapped[datetime | None]


class Crl(Base):
    __tablename__ = "crls"
    __table_args__ = (UniqueConstraint("issuer_key", "number"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    issuer_key: Mapped[str] = mapped_column(String(64), index=True)
    number: Mapped[int]
    revoked: Mapped[int]
    """How many certificates it lists; fewer than are revoked means that it is stale, whatever its dates."""
    this_update: Mapped[datetime]
    next_update: Mapped[datetime]
    der: Mapped[bytes] = mapped_column(LargeBinary)


class Timestamp(Base):
    """One time-stamp: its row number is its serial, so that no serial is given twice (RFC 3161 2.4.2)."""

    __tablename__ = "timestamps"
    __table_args__ = ({"sqlite_autoincrement": True},)

    serial: Mapped[int] = mapped_column(BigNumber, primary_key=True)
    at: Mapped[datetime]
