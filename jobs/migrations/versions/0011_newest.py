"""An index by which the newest fits of a queue are found, which its pace is taken from."""

from alembic import op

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make the index."""
    op.create_index("fits_newest", "fits", ["state", "queue", "id"])


def downgrade() -> None:
    """Drop it."""
    op.drop_index("fits_newest", "fits")
