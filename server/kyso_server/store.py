"""What the server remembers: the few sentences that are said about its tables.

Reach for `open_store(url)`; then `with store.reading() as s` or `with store.writing() as s`, and the functions
below. SQLite serves one process, PostgreSQL several; both are made to write through before they say "done", because
an audit line that a power cut may lose is none. Stored here are hashes: of API tokens, of SADs, of what was signed.
Never a PIN, a token or a document.
"""

from __future__ import annotations

import hashlib
import json
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal

from sqlalchemy import (
    URL,
    Engine,
    create_engine,
    delete,
    event,
    func,
    make_url,
    select,
    update,
)
from sqlalchemy.engine import Connection, CursorResult
from sqlalchemy.engine.interfaces import DBAPIConnection
from sqlalchemy.exc import ArgumentError, DBAPIError, IntegrityError, NoSuchModuleError
from sqlalchemy.exc import TimeoutError as PoolTimeout
from sqlalchemy.orm import Session
from sqlalchemy.pool import ConnectionPoolEntry

from kyso_pki.errors import UsageError
from kyso_pki.x509.certificate import Certificate

from .problems import DatabaseUnavailable
from .tables import ApiToken, Authorization, AuthorizedHash, Crl, IssuedCertificate, SignatureLine, Timestamp

BUSY_TIMEOUT_MS = 10_000  # how long a writer waits for another; a write takes milliseconds
_SILENCE_MS = 15_000  # after which a database server that does not answer is taken for gone
_MIGRATING = 0x6B79736F  # "kyso": the advisory lock of whoever changes tables
_WRITE = "kyso_write"


class Store:
    """An open database. `writing()` commits at the end of the block or not at all.

    Both raise `DatabaseUnavailable` for what the database does not do; only `IntegrityError` (a number that another
    process took first) is for the caller to answer.
    """

    def __init__(self, engine: Engine) -> None:
        self.engine = engine
        self._writers = engine.execution_options(**{_WRITE: True})

    @contextmanager
    def reading(self) -> Iterator[Session]:
        with _available(), Session(self.engine) as session:
            yield session

    @contextmanager
    def writing(self) -> Iterator[Session]:
        with _available(), Session(self._writers, expire_on_commit=False) as session, session.begin():
            yield session

    @contextmanager
    def migrating(self) -> Iterator[Connection]:
        """A transaction that nobody else changes tables beside."""
        with _available(), self._writers.begin() as connection:
            if connection.dialect.name == "postgresql":
                connection.execute(select(func.pg_advisory_xact_lock(_MIGRATING)))
            yield connection

    def close(self) -> None:
        self.engine.dispose()


@contextmanager
def _available() -> Iterator[None]:
    try:
        yield
    except IntegrityError:
        raise
    except (DBAPIError, PoolTimeout) as e:
        raise DatabaseUnavailable(f"The database cannot be used: {e}") from e


def open_store(url: str) -> Store:
    """The database at a SQLAlchemy URL; connects on first use. Raises `UsageError` for one that cannot be served."""
    known = _known(url)
    try:
        if known.get_backend_name() == "sqlite":
            engine = create_engine(known, hide_parameters=True)
            event.listen(engine, "connect", _prepare_sqlite)
            event.listen(engine, "begin", _begin_sqlite)
        else:
            # What the URL itself says goes first (libpq's names); a connection that broke is replaced before its use.
            waits = {"connect_timeout": "10", "tcp_user_timeout": str(_SILENCE_MS)}
            known = known.set(query={**waits, **known.query})
            engine = create_engine(known, hide_parameters=True, pool_pre_ping=True)
            event.listen(engine, "connect", _prepare_postgresql)
    except ModuleNotFoundError as e:
        raise UsageError(
            f"The database {known.drivername} needs the Python package {e.name}, which is not installed.",
            remedy="pip install 'kyso[postgresql]'.",
        ) from None
    return Store(engine)


def _known(url: str) -> URL:
    """The URL if it is one of SQLite or PostgreSQL and holds no secret. Raises `UsageError`."""
    allowed = "Allowed are sqlite:///FILE and postgresql://USER@HOST/NAME; see docs/config.md."
    try:
        known = make_url(url)
        backend = known.get_backend_name()
    except (ArgumentError, NoSuchModuleError):
        raise UsageError(
            "The setting `database` is not a database URL.", remedy=allowed
        ) from None  # may hold a password
    if backend not in ("sqlite", "postgresql"):
        raise UsageError(f"The setting `database` names {backend}, which is not served.", remedy=allowed)
    if known.password is not None or "password" in known.query:
        raise UsageError(
            "The setting `database` holds a password; no secret stands in kyso.toml.",
            remedy="Put it into a password file of mode 0600 and name that: postgresql://…?passfile=FILE.",
        )
    return known.set(drivername="postgresql+psycopg") if known.drivername == "postgresql" else known


def _prepare_postgresql(connection: DBAPIConnection, _record: ConnectionPoolEntry) -> None:
    cursor = connection.cursor()
    cursor.execute(f"SET lock_timeout = {BUSY_TIMEOUT_MS}")
    cursor.execute("SHOW synchronous_commit")
    if cursor.fetchone() == ("off",):  # whatever is stronger than "on" stays
        cursor.execute("SET synchronous_commit = on")
    cursor.close()
    connection.commit()


def _prepare_sqlite(connection: DBAPIConnection, _record: ConnectionPoolEntry) -> None:
    # The driver's own BEGIN comes too late to lock; we say it ourselves in `_begin_sqlite`.
    connection.isolation_level = None
    cursor = connection.cursor()
    cursor.execute(f"PRAGMA busy_timeout = {BUSY_TIMEOUT_MS}")
    cursor.execute("PRAGMA journal_mode = WAL")
    cursor.execute("PRAGMA synchronous = FULL")
    cursor.execute("PRAGMA foreign_keys = ON")
    cursor.close()


def _begin_sqlite(connection: Connection) -> None:
    """A writer takes the lock at once: a reader that turns writer may be told SQLITE_BUSY without waiting."""
    write = connection.get_execution_options().get(_WRITE)
    connection.exec_driver_sql("BEGIN IMMEDIATE" if write else "BEGIN")


def sha256_hex(secret: str) -> str:
    return hashlib.sha256(secret.encode()).hexdigest()


def _changed(session: Session, statement: Any) -> int:
    """How many rows an UPDATE changed."""
    result = session.execute(statement)
    if not isinstance(result, CursorResult):
        raise TypeError("only UPDATE and DELETE change rows")
    return result.rowcount


# API tokens --------------------------------------------------------------------------------------------------


def active_tokens(session: Session) -> list[tuple[str, str]]:
    """(name, SHA-256) of every token that is not revoked."""
    rows = session.execute(select(ApiToken.name, ApiToken.sha256).where(ApiToken.revoked_at.is_(None)))
    return [(name, digest) for name, digest in rows]


def all_tokens(session: Session) -> list[ApiToken]:
    """Those that were revoked too, by name."""
    return list(session.scalars(select(ApiToken).order_by(ApiToken.name)))


def put_token(session: Session, name: str, token: str, at: datetime) -> None:
    """Makes `token` the one and only secret of this name; the same again changes nothing."""
    digest = sha256_hex(token)
    row = session.scalar(select(ApiToken).where(ApiToken.name == name))
    if row is None:
        session.add(ApiToken(name=name, sha256=digest, created_at=at))
    elif row.sha256 != digest or row.revoked_at is not None:
        row.sha256, row.created_at, row.revoked_at = digest, at, None


def revoke_token(session: Session, name: str, at: datetime) -> bool:
    """Whether there was such a token in force."""
    statement = update(ApiToken).where(ApiToken.name == name, ApiToken.revoked_at.is_(None)).values(revoked_at=at)
    return _changed(session, statement) == 1


# Certificates ------------------------------------------------------------------------------------------------


def put_certificate(session: Session, certificate: Certificate, issuer: Certificate) -> None:
    """Registers what our CA issued; the same again changes nothing."""
    if find_certificate(session, issuer, certificate.serial) is not None:
        return
    session.add(
        IssuedCertificate(
            serial=certificate.serial_hex,
            issuer_key=issuer.spki_sha256,
            issuer=str(issuer.subject),
            subject=str(certificate.subject),
            der=certificate.der,
            not_before=certificate.not_before,
            not_after=certificate.not_after,
            status="valid",
        )
    )


def find_certificate(session: Session, issuer: Certificate, serial: int) -> IssuedCertificate | None:
    return session.scalar(
        select(IssuedCertificate).where(
            IssuedCertificate.issuer_key == issuer.spki_sha256, IssuedCertificate.serial == f"{serial:x}"
        )
    )


def revoke_certificate(session: Session, issuer: Certificate, serial: int, reason: str, at: datetime) -> bool:
    """Whether a valid certificate became revoked; the date and reason of an earlier revocation stay."""
    statement = (
        update(IssuedCertificate)
        .where(
            IssuedCertificate.issuer_key == issuer.spki_sha256,
            IssuedCertificate.serial == f"{serial:x}",
            IssuedCertificate.status == "valid",
        )
        .values(status="revoked", revoked_at=at, reason=reason)
    )
    return _changed(session, statement) == 1


def all_certificates(session: Session, issuer: Certificate) -> list[IssuedCertificate]:
    """What this CA answers for, the oldest first."""
    mine = IssuedCertificate.issuer_key == issuer.spki_sha256
    return list(session.scalars(select(IssuedCertificate).where(mine).order_by(IssuedCertificate.id)))


def revoked_certificates(session: Session, issuer: Certificate) -> Sequence[IssuedCertificate]:
    return session.scalars(
        select(IssuedCertificate)
        .where(IssuedCertificate.issuer_key == issuer.spki_sha256, IssuedCertificate.status == "revoked")
        .order_by(IssuedCertificate.id)
    ).all()


# CRLs and time-stamps ----------------------------------------------------------------------------------------


def newest_crl(session: Session, issuer: Certificate) -> Crl | None:
    return session.scalar(
        select(Crl).where(Crl.issuer_key == issuer.spki_sha256).order_by(Crl.number.desc()).limit(1)
    )


def count_revoked(session: Session, issuer: Certificate) -> int:
    return (
        session.scalar(
            select(func.count())
            .select_from(IssuedCertificate)
            .where(IssuedCertificate.issuer_key == issuer.spki_sha256, IssuedCertificate.status == "revoked")
        )
        or 0
    )


def next_timestamp_serial(session: Session, at: datetime) -> int:
    """A serial that was never given before and never will be again."""
    row = Timestamp(at=at)
    session.add(row)
    session.flush()
    return row.serial


# Authorisations ----------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Burnt:
    """What a SAD was good for: `line` is the audit line that now says `started`."""

    authorization: int
    line: int
    remaining: int


SadProblem = Literal["unknown", "expired", "other_credential", "exhausted", "other_hash"]


class SadRefused(Exception):
    """Why a SAD does not cover what was asked; nothing was burnt."""

    def __init__(self, problem: SadProblem) -> None:
        super().__init__(problem)
        self.problem = problem


def put_authorization(
    session: Session,
    *,
    sad: str,
    credential: str,
    token: str,
    imprints: Sequence[bytes],
    hash_name: str | None,
    at: datetime,
    expires_at: datetime,
) -> int:
    """Stores a SAD (as its hash) for exactly these imprints; returns its row number."""
    row = Authorization(
        sad_sha256=sha256_hex(sad),
        credential=credential,
        token=token,
        hash_name=hash_name,
        remaining=len(imprints),
        created_at=at,
        expires_at=expires_at,
    )
    session.add(row)
    session.flush()
    session.add_all(AuthorizedHash(authorization_id=row.id, imprint=i.hex()) for i in imprints)
    return row.id


@dataclass(frozen=True)
class Use:
    """One use of a key, as the audit line keeps it."""

    request: str
    operation: Literal["signHash", "sign"]
    credential: str
    token: str
    scheme: str
    imprints: tuple[bytes, ...]
    at: datetime


def start_line(session: Session, use: Use) -> int:
    """Writes the audit line `started`; returns its number."""
    row = SignatureLine(
        at=use.at,
        request=use.request,
        operation=use.operation,
        credential=use.credential,
        token=use.token,
        scheme=use.scheme,
        imprints=json.dumps([i.hex() for i in use.imprints]),
        outcome="started",
    )
    session.add(row)
    session.flush()
    return row.id


def finish_line(session: Session, line: int, at: datetime, error: str | None = None) -> None:
    outcome = "done" if error is None else "failed"
    session.execute(
        update(SignatureLine).where(SignatureLine.id == line).values(outcome=outcome, error=error, finished_at=at)
    )


def burn(session: Session, sad: str, use: Use, hash_name: str) -> Burnt:
    """Takes these imprints off the SAD and writes the audit line, all in the caller's transaction.

    The first statement counts down in SQL and so locks the row: of two requests at the same time the second
    sees what the first left. Raises `SadRefused`; the caller's transaction then rolls everything back.
    """
    wanted = len(use.imprints)
    mine = (Authorization.sad_sha256 == sha256_hex(sad)) & (Authorization.token == use.token)
    changed = _changed(
        session,
        update(Authorization)
        .where(
            mine,
            Authorization.credential == use.credential,
            Authorization.expires_at > use.at,
            Authorization.remaining >= wanted,
        )
        .values(remaining=Authorization.remaining - wanted),
    )
    row = session.scalar(select(Authorization).where(mine).execution_options(populate_existing=True))
    if row is None:
        raise SadRefused("unknown")
    if changed != 1:
        raise SadRefused(_why_not(row, use))
    if row.hash_name is not None and row.hash_name != hash_name:
        raise SadRefused("other_hash")
    for imprint, count in Counter(use.imprints).items():
        _burn_hash(session, row.id, imprint, count, use.at)
    return Burnt(row.id, start_line(session, use), row.remaining)


def _why_not(row: Authorization, use: Use) -> SadProblem:
    if row.credential != use.credential:
        return "other_credential"
    return "expired" if row.expires_at <= use.at else "exhausted"


def _burn_hash(session: Session, authorization: int, imprint: bytes, count: int, at: datetime) -> None:
    free = (
        select(AuthorizedHash.id)
        .where(
            AuthorizedHash.authorization_id == authorization,
            AuthorizedHash.imprint == imprint.hex(),
            AuthorizedHash.burnt_at.is_(None),
        )
        .limit(count)
    )
    rows = session.scalars(free).all()
    statement = (
        update(AuthorizedHash)
        .where(AuthorizedHash.id.in_(rows), AuthorizedHash.burnt_at.is_(None))
        .values(burnt_at=at)
    )
    if len(rows) != count or _changed(session, statement) != count:
        raise SadRefused("other_hash")


def forget_authorizations(session: Session, before: datetime) -> None:
    """Deletes SADs that expired before this time; the audit of what they signed stays."""
    session.execute(delete(Authorization).where(Authorization.expires_at < before))
