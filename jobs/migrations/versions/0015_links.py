"""Keys that show one fit or catalogue: read-only links."""

import sqlalchemy as sa
from alembic import op

revision = "0015"
down_revision = "0014"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add what a key shows."""
    with op.batch_alter_table("keys") as table:
        table.add_column(sa.Column("shows", sa.String(40)))
        table.create_index("ix_keys_shows", ["shows"])


def downgrade() -> None:
    """Drop it."""
    with op.batch_alter_table("keys") as table:
        table.drop_index("ix_keys_shows")
        table.drop_column("shows")
