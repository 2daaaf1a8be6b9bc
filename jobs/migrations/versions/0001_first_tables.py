"""First tables: fits, uploads, workers, the reconciler's lock."""

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

_NUMBER = sa.Float(53)


def upgrade() -> None:
    """Make the tables."""
    op.create_table(
        "fits",
        sa.Column("id", sa.String(40), primary_key=True),
        sa.Column("owner", sa.String(100), nullable=False),
        sa.Column("name", sa.String(200), nullable=False),
        sa.Column("state", sa.String(12), nullable=False),
        sa.Column("request", sa.JSON, nullable=False),
        sa.Column("queue", sa.String(20), nullable=False),
        sa.Column("device", sa.String(20), nullable=False),
        sa.Column("created_at", _NUMBER, nullable=False),
        sa.Column("started_at", _NUMBER),
        sa.Column("finished_at", _NUMBER),
        sa.Column("attempt", sa.Integer, nullable=False),
        sa.Column("crashes", sa.Integer, nullable=False),
        sa.Column("lease_until", _NUMBER),
        sa.Column("worker", sa.String(200)),
        sa.Column("task_id", sa.String(64)),
        sa.Column("rung_at", _NUMBER),
        sa.Column("cancel_requested_at", _NUMBER),
        sa.Column("progress", sa.JSON),
        sa.Column("error", sa.JSON),
        sa.Column("warnings", sa.JSON, nullable=False),
        sa.Column("idempotency_key", sa.String(255)),
        sa.Column("body_hash", sa.String(64), nullable=False),
        sa.Column("version", sa.Integer, nullable=False),
        sa.UniqueConstraint("owner", "idempotency_key", name="fits_owner_idempotency_key"),
    )
    op.create_index("fits_owner_id", "fits", ["owner", "id"])
    op.create_index("fits_state", "fits", ["state", "queue"])
    op.create_table(
        "uploads",
        sa.Column("id", sa.String(40), primary_key=True),
        sa.Column("owner", sa.String(100), nullable=False),
        sa.Column("filename", sa.String(255), nullable=False),
        sa.Column("size", sa.BigInteger, nullable=False),
        sa.Column("sha256", sa.String(64), nullable=False, index=True),
        sa.Column("description", sa.JSON, nullable=False),
        sa.Column("created_at", _NUMBER, nullable=False),
        sa.UniqueConstraint("owner", "sha256", name="uploads_owner_sha256"),
    )
    op.create_table(
        "workers",
        sa.Column("id", sa.String(200), primary_key=True),
        sa.Column("queues", sa.JSON, nullable=False),
        sa.Column("devices", sa.JSON, nullable=False),
        sa.Column("stopping", sa.Boolean, nullable=False),
        sa.Column("last_seen", _NUMBER, nullable=False),
    )
    lock = op.create_table(
        "reconciler_lock",
        sa.Column("id", sa.Integer, primary_key=True),
        sa.Column("holder", sa.String(200)),
        sa.Column("until", _NUMBER, nullable=False),
    )
    op.bulk_insert(lock, [{"id": 1, "holder": None, "until": 0.0}])


def downgrade() -> None:
    """Drop the tables."""
    for table in ("reconciler_lock", "workers", "uploads", "fits"):
        op.drop_table(table)
