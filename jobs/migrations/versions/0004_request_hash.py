"""Hash of a fit's request and files."""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the column; fits that are there have none."""
    op.add_column("fits", sa.Column("request_sha256", sa.String(64)))
    op.create_index("fits_owner_request", "fits", ["owner", "request_sha256"])


def downgrade() -> None:
    """Drop the column."""
    op.drop_index("fits_owner_request", "fits")
    with op.batch_alter_table("fits") as table:
        table.drop_column("request_sha256")
