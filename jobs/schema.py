"""The tables."""

from datetime import datetime
from typing import Any, Literal

from sqlalchemy import JSON, BigInteger, Float, Index, String, UniqueConstraint
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

from jobs.clock import Instant

State = Literal["queued", "running", "succeeded", "failed", "cancelled"]
FINAL_STATES: frozenset[str] = frozenset({"succeeded", "failed", "cancelled"})


class Table(DeclarativeBase):
    """What all tables share."""

    type_annotation_map = {datetime: Instant, dict[str, Any]: JSON, list[str]: JSON}  # noqa: RUF012 - SQLAlchemy's way


class FitRecord(Table):
    """One fit: what was asked, where it stands, who holds it. Only `jobs.transitions` writes `state`.

    Attributes:
        labels: words of the owner's to find it by.
        attempt: how often a worker has taken it; results are stored under the attempt.
        crashes: attempts that ended because their worker died.
        lease_until: when the holder loses it unless it renews.
        task_id: the Celery task of the holder, for ending it by force.
        rung_at: when a worker was last woken for it.
        progress: last snapshot, with a `sequence` number.
        error: a problem (RFC 9457) that says why it failed.
        version: rises with every change; the entity tag.
    """

    __tablename__ = "fits"
    __table_args__ = (
        UniqueConstraint("owner", "idempotency_key", name="fits_owner_idempotency_key"),
        Index("fits_owner_id", "owner", "id"),
        Index("fits_state", "state", "queue"),
    )

    id: Mapped[str] = mapped_column(String(40), primary_key=True)
    owner: Mapped[str] = mapped_column(String(100))
    name: Mapped[str] = mapped_column(String(200))
    labels: Mapped[list[str]] = mapped_column(default=list)
    state: Mapped[str] = mapped_column(String(12))
    request: Mapped[dict[str, Any]]
    queue: Mapped[str] = mapped_column(String(20))
    device: Mapped[str] = mapped_column(String(20))
    created_at: Mapped[datetime]
    started_at: Mapped[datetime | None]
    finished_at: Mapped[datetime | None]
    attempt: Mapped[int] = mapped_column(default=0)
    crashes: Mapped[int] = mapped_column(default=0)
    lease_until: Mapped[float | None] = mapped_column(Float(53))
    worker: Mapped[str | None] = mapped_column(String(200))
    task_id: Mapped[str | None] = mapped_column(String(64))
    rung_at: Mapped[float | None] = mapped_column(Float(53))
    cancel_requested_at: Mapped[float | None] = mapped_column(Float(53))
    progress: Mapped[dict[str, Any] | None]
    error: Mapped[dict[str, Any] | None]
    warnings: Mapped[list[str]]
    idempotency_key: Mapped[str | None] = mapped_column(String(255))
    body_hash: Mapped[str] = mapped_column(String(64))
    version: Mapped[int] = mapped_column(default=1)


class UploadRecord(Table):
    """One uploaded file. Its bytes are the blob `uploads/ab/cd/<sha256>`; `filename` is shown, never used as a path."""

    __tablename__ = "uploads"
    __table_args__ = (UniqueConstraint("owner", "sha256", name="uploads_owner_sha256"),)

    id: Mapped[str] = mapped_column(String(40), primary_key=True)
    owner: Mapped[str] = mapped_column(String(100))
    filename: Mapped[str] = mapped_column(String(255))
    size: Mapped[int] = mapped_column(BigInteger)
    sha256: Mapped[str] = mapped_column(String(64), index=True)
    description: Mapped[dict[str, Any]]
    created_at: Mapped[datetime]


class WorkerRecord(Table):
    """One worker process, as it last reported itself."""

    __tablename__ = "workers"

    id: Mapped[str] = mapped_column(String(200), primary_key=True)
    queues: Mapped[list[str]]
    devices: Mapped[list[str]]
    stopping: Mapped[bool] = mapped_column(default=False)
    last_seen: Mapped[float] = mapped_column(Float(53))


class ReconcilerLock(Table):
    """One row: who reconciles, until when."""

    __tablename__ = "reconciler_lock"

    id: Mapped[int] = mapped_column(primary_key=True)
    holder: Mapped[str | None] = mapped_column(String(200))
    until: Mapped[float] = mapped_column(Float(53))
