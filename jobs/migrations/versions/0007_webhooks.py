"""Who is to be told when a fit is final."""

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the columns; of fits that are there nobody is told."""
    op.add_column("fits", sa.Column("webhook", sa.String(2000)))
    op.add_column("fits", sa.Column("webhook_due", sa.Float(53)))
    op.add_column("fits", sa.Column("webhook_tries", sa.Integer, nullable=False, server_default="0"))
    op.create_index("fits_webhook_due", "fits", ["webhook_due"])


def downgrade() -> None:
    """Drop the columns."""
    op.drop_index("fits_webhook_due", "fits")
    with op.batch_alter_table("fits") as table:
        for column in ("webhook", "webhook_due", "webhook_tries"):
            table.drop_column(column)
