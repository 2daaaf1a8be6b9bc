"""Tallies of what happened, for all processes together: how long fits waited and ran, how they ended, lost leases.

    add(engine, [event("finished", "succeeded"), *duration("stage", "lm", 0.4)])
    counts(engine, "finished")        # {"succeeded": 1.0}
    histograms(engine, "stage")       # {"lm": Histogram((("0.03", 0.0), …, ("0.3", 0.0), ("1", 1.0), …), total=0.4)}

Workers come and go and serve no HTTP, so they count in the database; every API process tells the same numbers.
"""

import bisect
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from itertools import accumulate

from sqlalchemy import Engine, select
from sqlalchemy.dialects.postgresql import insert as postgresql_insert
from sqlalchemy.dialects.sqlite import insert as sqlite_insert

from jobs.storage.schema import TallyRecord

BOUNDS = (0.03, 0.1, 0.3, 1.0, 3.0, 10.0, 30.0, 100.0, 300.0, 1000.0, 3000.0, 10_000.0)
"""Upper bounds of a histogram's buckets in seconds; there is one more without a bound. Chosen by hand: two a decade,
from the quickest fit to hours."""

_SUM = "sum"
_COUNT = "count"


@dataclass(frozen=True)
class Tally:
    """One thing that happened: how often or how long (`amount`), of which kind (`name`) and to what (`label`)."""

    name: str
    label: str
    bound: str
    amount: float


@dataclass(frozen=True)
class Histogram:
    """How many durations there were up to each bound (cumulated, the last without bound), and their sum in seconds."""

    counts: tuple[tuple[str, float], ...]
    total: float


def event(name: str, label: str) -> Tally:
    """It happened once."""
    return Tally(name, label, _COUNT, 1.0)


def duration(name: str, label: str, seconds: float) -> tuple[Tally, Tally]:
    """It happened, and took so long."""
    place = bisect.bisect_left(BOUNDS, seconds)
    return Tally(name, label, _bound(place), 1.0), Tally(name, label, _SUM, max(seconds, 0.0))


def add(engine: Engine, tallies: Iterable[Tally]) -> None:
    """Count them all in one transaction."""
    insert = sqlite_insert if engine.dialect.name == "sqlite" else postgresql_insert
    # In one order everywhere, so that two who count at once do not wait for each other's rows.
    rows = sorted(tallies, key=lambda tally: (tally.name, tally.label, tally.bound))
    with engine.begin() as connection:
        for tally in rows:
            values = {"name": tally.name, "label": tally.label, "bound": tally.bound, "value": tally.amount}
            statement = insert(TallyRecord).values(values)
            more = {"value": TallyRecord.value + statement.excluded.value}
            connection.execute(statement.on_conflict_do_update(index_elements=["name", "label", "bound"], set_=more))


def counts(engine: Engine, name: str) -> dict[str, float]:
    """How often something happened, by label."""
    return {label: values[_COUNT] for label, values in _read(engine, name).items()}


def histograms(engine: Engine, name: str) -> dict[str, Histogram]:
    """How long something took, by label."""
    bounds = [_bound(place) for place in range(len(BOUNDS) + 1)]
    found = {}
    for label, values in _read(engine, name).items():
        cumulated = accumulate(values.get(bound, 0.0) for bound in bounds)
        found[label] = Histogram(tuple(zip(bounds, cumulated, strict=True)), values.get(_SUM, 0.0))
    return found


def _read(engine: Engine, name: str) -> dict[str, dict[str, float]]:
    found: defaultdict[str, dict[str, float]] = defaultdict(dict)
    query = select(TallyRecord.label, TallyRecord.bound, TallyRecord.value).where(TallyRecord.name == name)
    with engine.connect() as connection:
        for label, bound, value in connection.execute(query):
            found[label][bound] = value
    return dict(found)


def _bound(place: int) -> str:
    return f"{BOUNDS[place]:g}" if place < len(BOUNDS) else "+Inf"
