"""Limits of time and memory on fits."""

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the columns; fits that are there have no limits."""
    op.add_column("fits", sa.Column("time_limit", sa.Float(53)))
    op.add_column("fits", sa.Column("memory_limit", sa.Integer))


def downgrade() -> None:
    """Drop the columns."""
    with op.batch_alter_table("fits") as table:
        table.drop_column("time_limit")
        table.drop_column("memory_limit")
