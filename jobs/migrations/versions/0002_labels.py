"""Labels on fits."""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the column; fits that are there have no labels."""
    op.add_column("fits", sa.Column("labels", sa.JSON, nullable=False, server_default="[]"))


def downgrade() -> None:
    """Drop the column."""
    with op.batch_alter_table("fits") as table:
        table.drop_column("labels")
