"""Clock of the service, the only one: the database's, so that machines whose clocks differ agree on leases.

update(FitRecord).values(lease_until=database_now() + 30.0)      # seconds since 1970, reckoned by SQL
"""

from datetime import UTC, datetime
from typing import Any

from sqlalchemy import Dialect, Float
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.functions import FunctionElement
from sqlalchemy.types import TypeDecorator


class database_now(FunctionElement[float]):  # noqa: N801 - it is a function of SQL
    """Seconds since 1970 by the database's clock, as an SQL expression."""

    type = Float()
    inherit_cache = True


@compiles(database_now, "sqlite")
def _sqlite_now(*_: Any, **__: Any) -> str:
    return "((julianday('now') - 2440587.5) * 86400.0)"


@compiles(database_now)
def _now(*_: Any, **__: Any) -> str:
    return "extract(epoch from clock_timestamp())::double precision"


class Instant(TypeDecorator[datetime]):
    """An aware datetime, stored as seconds since 1970 so that SQL can reckon with it."""

    impl = Float(53)
    cache_ok = True

    def process_bind_param(self, value: datetime | float | None, dialect: Dialect) -> float | None:  # noqa: ARG002
        """To the database."""
        return value.timestamp() if isinstance(value, datetime) else value

    def process_result_value(self, value: float | None, dialect: Dialect) -> datetime | None:  # noqa: ARG002
        """From the database."""
        return None if value is None else datetime.fromtimestamp(value, UTC)
