"""Tables of the database: fits and their turns, catalogues and their parts, searches, uploads, workers, accounts, UWS.

A column that comes or goes needs a migration (`jobs/migrations/versions/`); a test holds the two against each other.
"""

from datetime import datetime
from typing import Any, Literal

from sqlalchemy import JSON, BigInteger, Dialect, Float, ForeignKey, Index, String, TypeDecorator, UniqueConstraint
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

from fitting.spec.notices import Notice, sentences
from jobs.clock import Instant

State = Literal["queued", "running", "succeeded", "failed", "cancelled"]
FINAL_STATES: frozenset[str] = frozenset({"succeeded", "failed", "cancelled"})


class Table(DeclarativeBase):
    """What all tables share."""

    type_annotation_map = {datetime: Instant, dict[str, Any]: JSON, list[str]: JSON}  # noqa: RUF012 - SQLAlchemy's way


class StoredNotices(TypeDecorator[tuple[Notice, ...]]):
    """Notices as JSON in the column `warnings`, whose rows from before there were codes hold plain sentences."""

    impl = JSON
    cache_ok = True

    def process_bind_param(self, value: tuple[Notice, ...] | None, dialect: Dialect) -> list[Any]:  # noqa: ARG002
        """As the column has them."""
        return [notice.document() for notice in value or ()]

    def process_result_value(self, value: list[Any] | None, dialect: Dialect) -> tuple[Notice, ...]:  # noqa: ARG002
        """As they were."""
        return tuple(Notice.read(stored) for stored in value or ())


class FitRecord(Table):
    """One fit: what was asked, where it stands, who holds it. Only `jobs.lifecycle.transitions` writes `state`.

    Attributes:
        labels: words of the owner's to find it by.
        request_sha256: of the request and its files (`fitting.spec.request`).
        notices: what a careful reader should know: of the images, from its submission on, and of its result.
        expected_seconds: that it will take (`jobs.queues.costs`).
        time_limit, memory_limit: seconds of an attempt and MiB that it may take; None is no limit.
        webhook, webhook_due, webhook_tries: who is told when it is final, when next (None: no more), how often so far.
        attempt: how often a worker has taken it; results are stored under the attempt.
        crashes: attempts in a row in which the child that ran it was seen to die of its own.
        setbacks, troubles: attempts in a row that were lost or given back for another reason, and that met a part of
            the service that did not answer; like `crashes` they are forgotten when the fit gets further.
        lease_until, lease_length: when the holder loses it unless it renews, and the seconds that a renewal gives.
        elapsed: seconds that the attempt has run, by its worker's clock, at its last renewal.
        task_id: the Celery task of the holder, for ending it by force.
        rung_at: of versions whose messages named a fit; nothing reads it.
        priority: above 0 it comes before all turns (`jobs.queues.turns`).
        due_at: a worker takes it from then on; None is at once.
        expected_wait: seconds from acceptance to its first attempt, as forecast when it was accepted.
        progress: last snapshot, with a `sequence` number.
        error: a problem (RFC 9457) that says why it failed.
        version: rises with every change; the entity tag.
        request_id: the HTTP request that asked for it, as in the API's log.
        result_bytes: what the result's files take.
        result_files: bytes and SHA-256 of each of the result's files, by name; None of fits before there were any.
        catalogue_id: of the catalogue whose part this is; None of a fit of its own.
    """

    __tablename__ = "fits"
    __table_args__ = (
        UniqueConstraint("owner", "idempotency_key", name="fits_owner_idempotency_key"),
        Index("fits_owner_id", "owner", "id"),
        # What a claim and a forecast read, so that neither opens the rows: requests make those long.
        Index("fits_turns", "state", "queue", "owner", "id", "priority", "due_at", "expected_seconds"),
        Index("fits_ahead", "state", "queue", "priority", "id"),
        # What the pace of a queue is taken from: the newest that succeeded.
        Index("fits_newest", "state", "queue", "id"),
        Index("fits_owner_request", "owner", "request_sha256"),
        Index("fits_webhook_due", "webhook_due"),
        Index("fits_catalogue", "catalogue_id", "state"),
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
    setbacks: Mapped[int] = mapped_column(default=0, server_default="0")
    troubles: Mapped[int] = mapped_column(default=0, server_default="0")
    lease_until: Mapped[float | None] = mapped_column(Float(53))
    lease_length: Mapped[float | None] = mapped_column(Float(53))
    elapsed: Mapped[float | None] = mapped_column(Float(53))
    worker: Mapped[str | None] = mapped_column(String(200))
    task_id: Mapped[str | None] = mapped_column(String(64))
    rung_at: Mapped[float | None] = mapped_column(Float(53))
    priority: Mapped[int] = mapped_column(default=0, server_default="0")
    due_at: Mapped[float | None] = mapped_column(Float(53))
    expected_wait: Mapped[float | None] = mapped_column(Float(53))
    cancel_requested_at: Mapped[float | None] = mapped_column(Float(53))
    progress: Mapped[dict[str, Any] | None]
    error: Mapped[dict[str, Any] | None]
    notices: Mapped[tuple[Notice, ...]] = mapped_column("warnings", StoredNotices)
    idempotency_key: Mapped[str | None] = mapped_column(String(255))
    body_hash: Mapped[str] = mapped_column(String(64))
    request_sha256: Mapped[str | None] = mapped_column(String(64))
    expected_seconds: Mapped[float | None] = mapped_column(Float(53))
    time_limit: Mapped[float | None] = mapped_column(Float(53))
    memory_limit: Mapped[int | None]
    webhook: Mapped[str | None] = mapped_column(String(2000))
    webhook_due: Mapped[float | None] = mapped_column(Float(53))
    webhook_tries: Mapped[int] = mapped_column(default=0, server_default="0")
    version: Mapped[int] = mapped_column(default=1)
    request_id: Mapped[str | None] = mapped_column(String(80))
    result_bytes: Mapped[int] = mapped_column(BigInteger, default=0, server_default="0")
    result_files: Mapped[dict[str, Any] | None]
    catalogue_id: Mapped[str | None] = mapped_column(String(40))

    @property
    def warnings(self) -> list[str]:
        """The notices as sentences."""
        return list(sentences(self.notices))


class CatalogueRecord(Table):
    """One catalogue: a template, fitted to the rows of a table. Only `jobs.lifecycle.catalogues` writes `state`.

    Attributes:
        rows: of its table.
        next_row: from which on rows have no part yet.
        row_seconds: that a row will take, as forecast.
        parameters: columns of the answer that were known before anything was fitted, each as name, unit, description
            and UCD.
        objects_file: bytes and SHA-256 of its table as Parquet, the blob `catalogues/<id>/objects.parquet`.
        retries: which rows were fitted again, and with which request, one after the other.
        version: rises with every change; the entity tag.
    """

    __tablename__ = "catalogues"
    __table_args__ = (
        UniqueConstraint("owner", "idempotency_key", name="catalogues_owner_idempotency_key"),
        Index("catalogues_owner_id", "owner", "id"),
        Index("catalogues_state", "state"),
    )

    id: Mapped[str] = mapped_column(String(40), primary_key=True)
    owner: Mapped[str] = mapped_column(String(100))
    name: Mapped[str] = mapped_column(String(200))
    labels: Mapped[list[str]] = mapped_column(default=list)
    state: Mapped[str] = mapped_column(String(12))
    request: Mapped[dict[str, Any]]
    queue: Mapped[str] = mapped_column(String(20))
    device: Mapped[str] = mapped_column(String(20))
    rows: Mapped[int] = mapped_column(BigInteger)
    next_row: Mapped[int] = mapped_column(BigInteger, default=0, server_default="0")
    row_seconds: Mapped[float] = mapped_column(Float(53))
    parameters: Mapped[list[dict[str, Any]]] = mapped_column(JSON)
    objects_file: Mapped[dict[str, Any] | None]
    retries: Mapped[list[dict[str, Any]]] = mapped_column(JSON)
    created_at: Mapped[datetime]
    started_at: Mapped[datetime | None]
    finished_at: Mapped[datetime | None]
    cancel_requested_at: Mapped[float | None] = mapped_column(Float(53))
    error: Mapped[dict[str, Any] | None]
    notices: Mapped[tuple[Notice, ...]] = mapped_column("warnings", StoredNotices)
    idempotency_key: Mapped[str | None] = mapped_column(String(255))
    body_hash: Mapped[str] = mapped_column(String(64))
    version: Mapped[int] = mapped_column(default=1)
    request_id: Mapped[str | None] = mapped_column(String(80))


class PartRecord(Table):
    """One part of a catalogue: a range of its rows.

    Its state, attempt and lease are those of the row of `fits` with its id, its result the blob `part.parquet` under
    that attempt.

    Attributes:
        start, stop: first row, and one past the last.
        shape: of the images of its rows, in words, once it was read.
        retry: of which retry it is, from 1; 0 of the catalogue as it was asked for.
        numbers: rows that a retry fits anew; the others are as the part `previous` had them.
        fate: ``halved`` where two others stand in its place, ``crashed`` where its one row was given up; else empty.
        fitted, flagged, failed: how many of its rows have numbers, a flag, no numbers.
        seconds: that it took.
    """

    __tablename__ = "parts"
    __table_args__ = (Index("parts_catalogue_start", "catalogue_id", "start"),)

    id: Mapped[str] = mapped_column(String(40), primary_key=True)
    catalogue_id: Mapped[str] = mapped_column(String(40))
    start: Mapped[int] = mapped_column(BigInteger)
    stop: Mapped[int] = mapped_column(BigInteger)
    shape: Mapped[str] = mapped_column(String(200), default="", server_default="")
    retry: Mapped[int] = mapped_column(default=0, server_default="0")
    numbers: Mapped[list[int] | None] = mapped_column(JSON)
    previous: Mapped[str | None] = mapped_column(String(40))
    fate: Mapped[str] = mapped_column(String(12), default="", server_default="")
    fitted: Mapped[int] = mapped_column(default=0, server_default="0")
    flagged: Mapped[int] = mapped_column(default=0, server_default="0")
    failed: Mapped[int] = mapped_column(default=0, server_default="0")
    seconds: Mapped[float] = mapped_column(Float(53), default=0.0, server_default="0")


class SearchRecord(Table):
    """One search for sources in an upload. Only `jobs.lifecycle.searches` writes `state`.

    Attributes:
        request: what was asked: the id of its ``upload``, and ``options`` as the body had them.
        attempt: how often it was begun; it ends by the attempt that holds it alone.
        lease_until: when whoever runs it loses it unless it renews.
        progress: last snapshot: step, round, done, total, sources.
        proposal: what came out.
        error: a problem (RFC 9457) that says why it failed.
        version: rises with every change; the entity tag.
    """

    __tablename__ = "searches"
    __table_args__ = (Index("searches_owner_id", "owner", "id"), Index("searches_state", "state"))

    id: Mapped[str] = mapped_column(String(40), primary_key=True)
    owner: Mapped[str] = mapped_column(String(100))
    upload_id: Mapped[str] = mapped_column(String(40))
    request: Mapped[dict[str, Any]]
    state: Mapped[str] = mapped_column(String(12))
    attempt: Mapped[int] = mapped_column(default=0)
    lease_until: Mapped[float | None] = mapped_column(Float(53))
    created_at: Mapped[datetime]
    started_at: Mapped[datetime | None]
    finished_at: Mapped[datetime | None]
    cancel_requested_at: Mapped[float | None] = mapped_column(Float(53))
    progress: Mapped[dict[str, Any] | None]
    proposal: Mapped[dict[str, Any] | None]
    error: Mapped[dict[str, Any] | None]
    version: Mapped[int] = mapped_column(default=1)
    request_id: Mapped[str | None] = mapped_column(String(80))


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
    """One worker process, as it last reported itself; `memory` is its GPUs', in bytes by device and kind.

    `incarnation` tells it from one before it that was called the same.
    """

    __tablename__ = "workers"

    id: Mapped[str] = mapped_column(String(200), primary_key=True)
    queues: Mapped[list[str]]
    devices: Mapped[list[str]]
    stopping: Mapped[bool] = mapped_column(default=False)
    last_seen: Mapped[float] = mapped_column(Float(53))
    memory: Mapped[dict[str, Any] | None]
    incarnation: Mapped[str | None] = mapped_column(String(40))


class TallyRecord(Table):
    """One count of what happened; see `jobs.operation.tallies`."""

    __tablename__ = "tallies"

    name: Mapped[str] = mapped_column(String(40), primary_key=True)
    label: Mapped[str] = mapped_column(String(80), primary_key=True)
    bound: Mapped[str] = mapped_column(String(16), primary_key=True)
    value: Mapped[float] = mapped_column(Float(53))


class ReconcilerLock(Table):
    """One row: who reconciles, until when."""

    __tablename__ = "reconciler_lock"

    id: Mapped[int] = mapped_column(primary_key=True)
    holder: Mapped[str | None] = mapped_column(String(200))
    until: Mapped[float] = mapped_column(Float(53))


class UserRecord(Table):
    """One account. Its id is the `owner` of what it has; what it may have at most is the service's where None.

    `weight`: turns of its fits a round of all accounts, 1 where None.
    """

    __tablename__ = "users"

    id: Mapped[str] = mapped_column(String(40), primary_key=True)
    name: Mapped[str] = mapped_column(String(100), unique=True)
    administrator: Mapped[bool] = mapped_column(default=False)
    created_at: Mapped[datetime]
    disabled_at: Mapped[datetime | None]
    upload_bytes: Mapped[int | None] = mapped_column(BigInteger)
    stored_bytes: Mapped[int | None] = mapped_column(BigInteger)
    queued_fits: Mapped[int | None]
    running_fits: Mapped[int | None]
    weight: Mapped[int | None]


class TurnRecord(Table):
    """Turns of one owner in one queue: when the last began and the next is due, in ticks of `jobs.queues.turns`."""

    __tablename__ = "turns"

    queue: Mapped[str] = mapped_column(String(20), primary_key=True)
    owner: Mapped[str] = mapped_column(String(100), primary_key=True)
    started: Mapped[int] = mapped_column(BigInteger)
    due: Mapped[int] = mapped_column(BigInteger)


class KeyRecord(Table):
    """One key of an account. The key itself is kept nowhere: only its hash, and its first letters to tell it by."""

    __tablename__ = "keys"

    id: Mapped[str] = mapped_column(String(40), primary_key=True)
    user_id: Mapped[str] = mapped_column(ForeignKey("users.id", ondelete="CASCADE"), index=True)
    name: Mapped[str] = mapped_column(String(100))
    prefix: Mapped[str] = mapped_column(String(20))
    hash: Mapped[str] = mapped_column(String(64), unique=True)
    scopes: Mapped[list[str]]
    shows: Mapped[str | None] = mapped_column(String(40), index=True)
    """The one fit or catalogue that it may look at; None is all of the account's."""
    created_at: Mapped[datetime]
    expires_at: Mapped[datetime | None]
    last_used_at: Mapped[datetime | None]
    revoked_at: Mapped[datetime | None]


class SessionRecord(Table):
    """One browser that is signed in with a key; it ends with the key at the latest."""

    __tablename__ = "sessions"

    hash: Mapped[str] = mapped_column(String(64), primary_key=True)
    key_id: Mapped[str] = mapped_column(ForeignKey("keys.id", ondelete="CASCADE"), index=True)
    created_at: Mapped[datetime]
    expires_at: Mapped[datetime]


class UwsJobRecord(Table):
    """One job of the Universal Worker Service: a request that waits, or the fit that it has become.

    Attributes:
        run_id: a word of the client's.
        destruction: when it is forgotten.
        execution_duration: seconds that its fit may run; 0 for any number.
    """

    __tablename__ = "uws_jobs"

    id: Mapped[str] = mapped_column(String(40), primary_key=True)
    owner: Mapped[str] = mapped_column(String(100), index=True)
    request: Mapped[dict[str, Any]]
    run_id: Mapped[str | None] = mapped_column(String(200))
    fit_id: Mapped[str | None] = mapped_column(String(40))
    created_at: Mapped[datetime]
    aborted_at: Mapped[datetime | None]
    destruction: Mapped[datetime]
    execution_duration: Mapped[int] = mapped_column(default=0)
