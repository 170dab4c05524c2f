"""The first tables: API tokens, certificates, authorisations, the audit of signatures, CRLs, time-stamps."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

TIME = sa.DateTime(timezone=True)


def upgrade() -> None:
    op.create_table(
        "api_tokens",
        sa.Column("id", sa.Integer, primary_key=True),
        sa.Column("name", sa.String(100), nullable=False, unique=True),
        sa.Column("sha256", sa.String(64), nullable=False, unique=True),
        sa.Column("created_at", TIME, nullable=False),
        sa.Column("revoked_at", TIME),
    )
    op.create_table(
        "certificates",
        sa.Column("id", sa.Integer, primary_key=True),
        sa.Column("serial", sa.String(64), nullable=False),
        sa.Column("issuer_key", sa.String(64), nullable=False, index=True),
        sa.Column("issuer", sa.Text, nullable=False),
        sa.Column("subject", sa.Text, nullable=False),
        sa.Column("der", sa.LargeBinary, nullable=False),
        sa.Column("not_before", TIME, nullable=False),
        sa.Column("not_after", TIME, nullable=False),
        sa.Column("status", sa.String(10), nullable=False),
        sa.Column("revoked_at", TIME),
        sa.Column("reason", sa.String(40)),
        sa.UniqueConstraint("issuer_key", "serial"),
    )
    op.create_table(
        "authorizations",
        sa.Column("id", sa.Integer, primary_key=True),
        sa.Column("sad_sha256", sa.String(64), nullable=False, unique=True),
        sa.Column("credential", sa.String(200), nullable=False),
        sa.Column("token", sa.String(100), nullable=False),
        sa.Column("hash_name", sa.String(10)),
        sa.Column("remaining", sa.Integer, nullable=False),
        sa.Column("created_at", TIME, nullable=False),
        sa.Column("expires_at", TIME, nullable=False, index=True),
    )
    op.create_table(
        "authorized_hashes",
        sa.Column("id", sa.Integer, primary_key=True),
        sa.Column(
            "authorization_id",
            sa.Integer,
            sa.ForeignKey("authorizations.id", ondelete="CASCADE"),
            nullable=False,
            index=True,
        ),
        sa.Column("imprint", sa.String(128), nullable=False),
        sa.Column("burnt_at", TIME),
    )
    op.create_table(
        "signatures",
        sa.Column("id", sa.Integer, primary_key=True),
        sa.Column("at", TIME, nullable=False, index=True),
        sa.Column("request", sa.String(32), nullable=False),
        sa.Column("operation", sa.String(20), nullable=False),
        sa.Column("credential", sa.String(200), nullable=False, index=True),
        sa.Column("token", sa.String(100), nullable=False),
        sa.Column("scheme", sa.String(40), nullable=False),
        sa.Column("imprints", sa.Text, nullable=False),
        sa.Column("outcome", sa.String(10), nullable=False),
        sa.Column("error", sa.String(60)),
        sa.Column("finished_at", TIME),
    )
    op.create_table(
        "crls",
        sa.Column("id", sa.Integer, primary_key=True),
        sa.Column("issuer_key", sa.String(64), nullable=False, index=True),
        sa.Column("number", sa.Integer, nullable=False),
        sa.Column("revoked", sa.Integer, nullable=False),
        sa.Column("this_update", TIME, nullable=False),
        sa.Column("next_update", TIME, nullable=False),
        sa.Column("der", sa.LargeBinary, nullable=False),
        sa.UniqueConstraint("issuer_key", "number"),
    )
    op.create_table(
        "timestamps",
        sa.Column("serial", sa.Integer, primary_key=True),
        sa.Column("at", TIME, nullable=False),
        sqlite_autoincrement=True,
    )


def downgrade() -> None:
    for table in (
        "timestamps",
        "crls",
        "signatures",
        "authorized_hashes",
        "authorizations",
        "certificates",
        "api_tokens",
    ):
        op.drop_table(table)
