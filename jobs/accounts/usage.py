"""What an account uses of the service."""

from dataclasses import dataclass

from sqlalchemy import Engine, func, select
from sqlalchemy.orm import Session

from jobs.storage.schema import FitRecord, UploadRecord


@dataclass(frozen=True)
class Usage:
    """Bytes and fits of one owner at a moment."""

    upload_bytes: int
    result_bytes: int
    queued_fits: int
    running_fits: int

    @property
    def stored_bytes(self) -> int:
        """Uploads and results together."""
        return self.upload_bytes + self.result_bytes


def usage_of(engine: Engine, owner: str) -> Usage:
    """What the owner uses now."""
    states = select(FitRecord.state, func.count()).where(FitRecord.owner == owner).group_by(FitRecord.state)
    with Session(engine) as session:
        counts = {state: count for state, count in session.execute(states)}  # noqa: C416 - rows are no pairs to mypy
        results = session.scalar(select(func.sum(FitRecord.result_bytes)).where(FitRecord.owner == owner))
        uploads = session.scalar(select(func.sum(UploadRecord.size)).where(UploadRecord.owner == owner))
    return Usage(int(uploads or 0), int(results or 0), counts.get("queued", 0), counts.get("running", 0))
