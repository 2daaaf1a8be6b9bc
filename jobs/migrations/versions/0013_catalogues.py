"""Catalogues and their parts; a part's life is that of a row of `fits`, which says whose part it is."""

import sqlalchemy as sa
from alembic import op

revision = "0013"
down_revision = "0012"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make the tables and the column."""
    op.add_column("fits", sa.Column("catalogue_id", sa.String(40)))
    op.create_index("fits_catalogue", "fits", ["catalogue_id", "state"])
    op.create_table(
        "catalogues",
        sa.Column("id", sa.String(40), primary_key=True),
        sa.Column("owner", sa.String(100), nullable=False),
        sa.Column("name", sa.String(200), nullable=False),
        sa.Column("labels", sa.JSON, nullable=False),
        sa.Column("state", sa.String(12), nullable=False),
        sa.Column("request", sa.JSON, nullable=False),
        sa.Column("queue", sa.String(20), nullable=False),
        sa.Column("device", sa.String(20), nullable=False),
        sa.Column("rows", sa.BigInteger, nullable=False),
        sa.Column("next_row", sa.BigInteger, nullable=False, server_default="0"),
        sa.Column("row_seconds", sa.Float(53), nullable=False),
        sa.Column("parameters", sa.JSON, nullable=False),
        sa.Column("objects_file", sa.JSON),
        sa.Column("retries", sa.JSON, nullable=False),
        sa.Column("created_at", sa.Float(53), nullable=False),
        sa.Column("started_at", sa.Float(53)),
        sa.Column("finished_at", sa.Float(53)),
        sa.Column("cancel_requested_at", sa.Float(53)),
        sa.Column("error", sa.JSON),
        sa.Column("warnings", sa.JSON, nullable=False),
        sa.Column("idempotency_key", sa.String(255)),
        sa.Column("body_hash", sa.String(64), nullable=False),
        sa.Column("version", sa.Integer, nullable=False),
        sa.Column("request_id", sa.String(80)),
        sa.UniqueConstraint("owner", "idempotency_key", name="catalogues_owner_idempotency_key"),
    )
    op.create_index("catalogues_owner_id", "catalogues", ["owner", "id"])
    op.create_index("catalogues_state", "catalogues", ["state"])
    op.create_table(
        "parts",
        sa.Column("id", sa.String(40), primary_key=True),
        sa.Column("catalogue_id", sa.String(40), nullable=False),
        sa.Column("start", sa.BigInteger, nullable=False),
        sa.Column("stop", sa.BigInteger, nullable=False),
        sa.Column("shape", sa.String(200), nullable=False, server_default=""),
        sa.Column("retry", sa.Integer, nullable=False, server_default="0"),
        sa.Column("numbers", sa.JSON),
        sa.Column("previous", sa.String(40)),
        sa.Column("fate", sa.String(12), nullable=False, server_default=""),
        sa.Column("fitted", sa.Integer, nullable=False, server_default="0"),
        sa.Column("flagged", sa.Integer, nullable=False, server_default="0"),
        sa.Column("failed", sa.Integer, nullable=False, server_default="0"),
        sa.Column("seconds", sa.Float(53), nullable=False, server_default="0"),
    )
    op.create_index("parts_catalogue_start", "parts", ["catalogue_id", "start"])


def downgrade() -> None:
    """Drop them."""
    op.drop_table("parts")
    op.drop_table("catalogues")
    op.execute("delete from fits where catalogue_id is not null")
    op.drop_index("fits_catalogue", "fits")
    with op.batch_alter_table("fits") as fits:
        fits.drop_column("catalogue_id")
