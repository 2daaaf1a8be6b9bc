"""What a fit's owner calls it: name and labels, which may change at any time."""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import Engine, update
from sqlalchemy.orm import Session

from jobs.storage.schema import FitRecord


def rename(
    engine: Engine, owner: str, fit_id: str, *, name: str | None = None, labels: Sequence[str] | None = None
) -> FitRecord | None:
    """Change what is given and leave the rest; the fit as it is then, or None where the owner has none of this id."""
    given = {"name": name, "labels": None if labels is None else list(labels)}
    values: dict[str, Any] = {key: value for key, value in given.items() if value is not None}
    statement = update(FitRecord).where(FitRecord.id == fit_id, FitRecord.owner == owner)
    statement = statement.values(values | {"version": FitRecord.version + 1})
    with Session(engine, expire_on_commit=False) as session, session.begin():
        return session.scalars(statement.returning(FitRecord)).one_or_none()
