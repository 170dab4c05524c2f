"""Row numbers of 64 bits on PostgreSQL, where "integer" has 32; SQLite's have 64 already."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

NUMBERED = {"authorizations": "id", "authorized_hashes": "id", "signatures": "id", "timestamps": "serial"}


def upgrade() -> None:
    if op.get_bind().dialect.name != "postgresql":
        return
    for table, column in NUMBERED.items():
        op.alter_column(table, column, type_=sa.BigInteger)
        op.execute(f"ALTER SEQUENCE {table}_{column}_seq AS bigint")
    op.alter_column("authorized_hashes", "authorization_id", type_=sa.BigInteger)


def downgrade() -> None:
    raise NotImplementedError("numbers beyond 2^31 would be lost")
