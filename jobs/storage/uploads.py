"""Records of uploaded files; every question names the owner who asks."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, Engine, delete, func, select
from sqlalchemy.dialects.postgresql import insert as postgresql_insert
from sqlalchemy.dialects.sqlite import insert as sqlite_insert
from sqlalchemy.orm import Session

from jobs.clock import database_now
from jobs.ids import new_id
from jobs.storage.schema import UploadRecord


@dataclass(frozen=True)
class UploadPage:
    """Part of a list, newest first; `cursor` asks for the next part, None on the last."""

    items: tuple[UploadRecord, ...]
    cursor: str | None


def blob_key(sha256: str) -> str:
    """Where a file's bytes are in the blob store."""
    return f"uploads/{sha256[:2]}/{sha256[2:4]}/{sha256}"


def add_upload(
    engine: Engine, owner: str, *, filename: str, size: int, sha256: str, description: dict[str, Any]
) -> tuple[UploadRecord, bool]:
    """The record of a file whose blob is stored, and whether it is new: an owner has the same bytes once."""
    values = {
        "id": new_id("upl"),
        "owner": owner,
        "filename": filename,
        "size": size,
        "sha256": sha256,
        "description": description,
        "created_at": database_now(),
    }
    insert = sqlite_insert if engine.dialect.name == "sqlite" else postgresql_insert
    statement = insert(UploadRecord).values(values).on_conflict_do_nothing(index_elements=["owner", "sha256"])
    with Session(engine, expire_on_commit=False) as session, session.begin():
        _lock_bytes(session.connection(), sha256)
        added = session.scalars(statement.returning(UploadRecord)).all()
        if added:
            return added[0], True
        query = select(UploadRecord).where(UploadRecord.owner == owner, UploadRecord.sha256 == sha256)
        return session.scalars(query).one(), False


def get_upload(engine: Engine, owner: str, upload_id: str) -> UploadRecord | None:
    """The owner's upload, or None."""
    with Session(engine) as session:
        return session.scalar(select(UploadRecord).where(UploadRecord.id == upload_id, UploadRecord.owner == owner))


def find_upload(engine: Engine, owner: str, sha256: str) -> UploadRecord | None:
    """The owner's upload of these bytes, or None."""
    with Session(engine) as session:
        return session.scalar(select(UploadRecord).where(UploadRecord.sha256 == sha256, UploadRecord.owner == owner))


def get_uploads(engine: Engine, owner: str, upload_ids: Iterable[str]) -> dict[str, UploadRecord]:
    """Those of the owner's uploads that exist, by id."""
    query = select(UploadRecord).where(UploadRecord.owner == owner, UploadRecord.id.in_(list(upload_ids)))
    with Session(engine) as session:
        return {record.id: record for record in session.scalars(query)}


def list_uploads(engine: Engine, owner: str, *, limit: int, cursor: str | None = None) -> UploadPage:
    """The owner's uploads, newest first; `cursor` is the id of the last one seen."""
    query = select(UploadRecord).where(UploadRecord.owner == owner).order_by(UploadRecord.id.desc()).limit(limit + 1)
    if cursor is not None:
        query = query.where(UploadRecord.id < cursor)
    with Session(engine) as session:
        found = tuple(session.scalars(query))
    return UploadPage(found[:limit], found[limit - 1].id if len(found) > limit else None)


def remove_upload(
    engine: Engine, owner: str, upload_id: str, forget: Callable[[str], None] | None = None
) -> str | None:
    """Delete an upload's record; the key of its blob where no other upload has the same bytes, else None.

    `forget` is to remove the blob of that key. It is called before anybody else can add a record of the same bytes, who
    then looks whether they are there.
    """
    with engine.begin() as connection:
        gone = delete(UploadRecord).where(UploadRecord.id == upload_id, UploadRecord.owner == owner)
        sha256 = connection.scalar(gone.returning(UploadRecord.sha256))
        if sha256 is None:
            return None
        _lock_bytes(connection, sha256)
        left = connection.scalar(select(func.count()).where(UploadRecord.sha256 == sha256))
        key = None if left else blob_key(sha256)
        if key is not None and forget is not None:
            forget(key)
    return key


def _lock_bytes(connection: Connection, sha256: str) -> None:
    """Wait until nobody else adds or removes a record of these bytes; SQLite has one writer at a time as it is."""
    if connection.dialect.name == "postgresql":
        connection.execute(select(func.pg_advisory_xact_lock(int(sha256[:15], 16))))
