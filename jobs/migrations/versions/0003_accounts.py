"""Accounts: users, their keys, browsers that are signed in; bytes that a fit's result takes."""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

_NUMBER = sa.Float(53)


def upgrade() -> None:
    """Make the tables."""
    op.create_table(
        "users",
        sa.Column("id", sa.String(40), primary_key=True),
        sa.Column("name", sa.String(100), nullable=False, unique=True),
        sa.Column("administrator", sa.Boolean, nullable=False),
        sa.Column("created_at", _NUMBER, nullable=False),
        sa.Column("disabled_at", _NUMBER),
        sa.Column("upload_bytes", sa.BigInteger),
        sa.Column("stored_bytes", sa.BigInteger),
        sa.Column("queued_fits", sa.Integer),
        sa.Column("running_fits", sa.Integer),
    )
    op.create_table(
        "keys",
        sa.Column("id", sa.String(40), primary_key=True),
        sa.Column("user_id", sa.String(40), sa.ForeignKey("users.id", ondelete="CASCADE"), nullable=False, index=True),
        sa.Column("name", sa.String(100), nullable=False),
        sa.Column("prefix", sa.String(20), nullable=False),
        sa.Column("hash", sa.String(64), nullable=False, unique=True),
        sa.Column("scopes", sa.JSON, nullable=False),
        sa.Column("created_at", _NUMBER, nullable=False),
        sa.Column("expires_at", _NUMBER),
        sa.Column("last_used_at", _NUMBER),
        sa.Column("revoked_at", _NUMBER),
    )
    op.create_table(
        "sessions",
        sa.Column("hash", sa.String(64), primary_key=True),
        sa.Column("key_id", sa.String(40), sa.ForeignKey("keys.id", ondelete="CASCADE"), nullable=False, index=True),
        sa.Column("created_at", _NUMBER, nullable=False),
        sa.Column("expires_at", _NUMBER, nullable=False),
    )
    with op.batch_alter_table("fits") as fits:
        fits.add_column(sa.Column("result_bytes", sa.BigInteger, nullable=False, server_default="0"))


def downgrade() -> None:
    """Drop the tables."""
    with op.batch_alter_table("fits") as fits:
        fits.drop_column("result_bytes")
    for table in ("sessions", "keys", "users"):
        op.drop_table(table)
