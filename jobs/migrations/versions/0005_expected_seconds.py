"""How long a fit is expected to take."""

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the column; of fits that are there nothing is expected."""
    op.add_column("fits", sa.Column("expected_seconds", sa.Float(53)))


def downgrade() -> None:
    """Drop the column."""
    with op.batch_alter_table("fits") as table:
        table.drop_column("expected_seconds")
