"""What operation needs: counts for all processes, the request behind each fit, memory of each worker's GPUs."""

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make the table and the columns."""
    op.create_table(
        "tallies",
        sa.Column("name", sa.String(40), primary_key=True),
        sa.Column("label", sa.String(80), primary_key=True),
        sa.Column("bound", sa.String(16), primary_key=True),
        sa.Column("value", sa.Float(53), nullable=False),
    )
    with op.batch_alter_table("fits") as fits:
        fits.add_column(sa.Column("request_id", sa.String(80)))
    with op.batch_alter_table("workers") as workers:
        workers.add_column(sa.Column("memory", sa.JSON))


def downgrade() -> None:
    """Drop them."""
    with op.batch_alter_table("workers") as workers:
        workers.drop_column("memory")
    with op.batch_alter_table("fits") as fits:
        fits.drop_column("request_id")
    op.drop_table("tallies")
