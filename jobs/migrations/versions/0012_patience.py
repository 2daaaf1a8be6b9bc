"""What is known of attempts that came to nothing, how long leases are, and of what bytes results are."""

import sqlalchemy as sa
from alembic import op

revision = "0012"
down_revision = "0011"
branch_labels = None
depends_on = None

_COUNTS = ("setbacks", "troubles")
_SECONDS = ("lease_length", "elapsed")


def upgrade() -> None:
    """Add the columns."""
    for name in _COUNTS:
        op.add_column("fits", sa.Column(name, sa.Integer, nullable=False, server_default="0"))
    for name in _SECONDS:
        op.add_column("fits", sa.Column(name, sa.Float(53)))
    op.add_column("fits", sa.Column("result_files", sa.JSON))
    op.add_column("workers", sa.Column("incarnation", sa.String(40)))


def downgrade() -> None:
    """Drop them."""
    with op.batch_alter_table("workers") as workers:
        workers.drop_column("incarnation")
    with op.batch_alter_table("fits") as fits:
        for name in ("result_files", *_SECONDS, *_COUNTS):
            fits.drop_column(name)
