"""Searches for sources."""

import sqlalchemy as sa
from alembic import op

revision = "0014"
down_revision = "0013"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make the table."""
    op.create_table(
        "searches",
        sa.Column("id", sa.String(40), primary_key=True),
        sa.Column("owner", sa.String(100), nullable=False),
        sa.Column("upload_id", sa.String(40), nullable=False),
        sa.Column("request", sa.JSON, nullable=False),
        sa.Column("state", sa.String(12), nullable=False),
        sa.Column("attempt", sa.Integer, nullable=False),
        sa.Column("lease_until", sa.Float(53)),
        sa.Column("created_at", sa.Float(53), nullable=False),
        sa.Column("started_at", sa.Float(53)),
        sa.Column("finished_at", sa.Float(53)),
        sa.Column("cancel_requested_at", sa.Float(53)),
        sa.Column("progress", sa.JSON),
        sa.Column("proposal", sa.JSON),
        sa.Column("error", sa.JSON),
        sa.Column("version", sa.Integer, nullable=False),
        sa.Column("request_id", sa.String(80)),
    )
    op.create_index("searches_owner_id", "searches", ["owner", "id"])
    op.create_index("searches_state", "searches", ["state"])


def downgrade() -> None:
    """Drop it."""
    op.drop_table("searches")
