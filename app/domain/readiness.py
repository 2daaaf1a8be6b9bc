"""Whether the parts that the service needs answer."""

from sqlalchemy import text
from sqlalchemy.exc import SQLAlchemyError

from app.lifetime.services import Services
from app.models.health import Check
from jobs.faults import DatabaseAway, StorageTrouble


def check_parts(services: Services) -> dict[str, Check]:
    """A check of each part, by its name."""
    return {
        "database": _check_database(services),
        "broker": _check(services.doorbell.waiting("cpu") is not None, "The broker does not answer."),
        "blobs": _check_blobs(services),
        "sandbox": _check(services.sandbox.ready(), "The children that read files are still starting."),
    }


def _check(good: bool, detail: str) -> Check:
    return Check(ok=good, detail=None if good else detail)


def _check_database(services: Services) -> Check:
    try:
        with services.engine.connect() as connection:
            connection.execute(text("select 1"))
    except (DatabaseAway, SQLAlchemyError):  # the second where every connection is taken
        return Check(ok=False, detail="The database does not answer.")
    return Check(ok=True)


def _check_blobs(services: Services) -> Check:
    try:
        services.blobs.check()
    except StorageTrouble:
        return Check(ok=False, detail="The file store does not take files.")
    return Check(ok=True)
