"""Turns: who has had which, what comes before them, and the indices by which a claim finds the next in milliseconds."""

import sqlalchemy as sa
from alembic import op

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make the table, the columns and the indices; nobody has had a turn yet."""
    op.create_table(
        "turns",
        sa.Column("queue", sa.String(20), primary_key=True),
        sa.Column("owner", sa.String(100), primary_key=True),
        sa.Column("started", sa.BigInteger, nullable=False),
        sa.Column("due", sa.BigInteger, nullable=False),
    )
    op.add_column("fits", sa.Column("priority", sa.Integer, nullable=False, server_default="0"))
    op.add_column("fits", sa.Column("due_at", sa.Float(53)))
    op.add_column("fits", sa.Column("expected_wait", sa.Float(53)))
    op.add_column("users", sa.Column("weight", sa.Integer))
    op.create_index("fits_turns", "fits", ["state", "queue", "owner", "id", "priority", "due_at", "expected_seconds"])
    op.create_index("fits_ahead", "fits", ["state", "queue", "priority", "id"])
    op.drop_index("fits_state", "fits")


def downgrade() -> None:
    """Drop them."""
    op.create_index("fits_state", "fits", ["state", "queue"])
    op.drop_index("fits_ahead", "fits")
    op.drop_index("fits_turns", "fits")
    with op.batch_alter_table("users") as users:
        users.drop_column("weight")
    with op.batch_alter_table("fits") as fits:
        fits.drop_column("expected_wait")
        fits.drop_column("due_at")
        fits.drop_column("priority")
    op.drop_table("turns")
