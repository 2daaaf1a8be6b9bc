"""Jobs of the Universal Worker Service."""

import sqlalchemy as sa
from alembic import op

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None

_NUMBER = sa.Float(53)


def upgrade() -> None:
    """Make the table."""
    op.create_table(
        "uws_jobs",
        sa.Column("id", sa.String(40), primary_key=True),
        sa.Column("owner", sa.String(100), nullable=False, index=True),
        sa.Column("request", sa.JSON, nullable=False),
        sa.Column("run_id", sa.String(200)),
        sa.Column("fit_id", sa.String(40)),
        sa.Column("created_at", _NUMBER, nullable=False),
        sa.Column("aborted_at", _NUMBER),
        sa.Column("destruction", _NUMBER, nullable=False),
        sa.Column("execution_duration", sa.Integer, nullable=False),
    )


def downgrade() -> None:
    """Drop it."""
    op.drop_table("uws_jobs")
