"""Catalogues as the outside sees them."""

from datetime import datetime
from typing import Any

from pydantic import Field

from app.models.fits import QueuePlace
from app.models.notices import NoticeModel
from app.models.problems import ProblemModel
from app.models.shape import PublicModel
from jobs.storage.schema import State


class CatalogueRows(PublicModel):
    """Rows of a catalogue by what has become of them."""

    total: int
    waiting: int
    running: int
    fitted: int = Field(description="With numbers, flagged or not.")
    flagged: int = Field(description="With a flag, whether they have numbers or not.")
    failed: int = Field(description="Without numbers; their `message` says why.")


class CatalogueLinks(PublicModel):
    """Where a catalogue's parts are."""

    self: str
    request: str
    events: str
    cancel: str
    retry: str
    rerun: str
    table: str = Field(description="Takes `?format=json|csv|ecsv|fits|votable|parquet&columns=…&flags=…&sort=…`.")
    row: str = Field(description="Address of a row as a URI template (RFC 6570); `n` counts from 0.")


class Catalogue(PublicModel):
    """One catalogue: its state, how far it is, and links."""

    id: str = Field(examples=["cat_01JDA6Q8Z4M1V6T9W3K2B7C5XN"])
    name: str = Field(examples=["field 12, r"])
    labels: list[str]
    state: State
    created_at: datetime
    started_at: datetime | None
    finished_at: datetime | None
    device: str
    queue: str
    rows: CatalogueRows
    rate: float | None = Field(description="Rows a second, since it began; null before the first.")
    eta_seconds: float | None = Field(description="Seconds that remain at that rate.")
    retries: int = Field(description="How often rows of it were fitted again.")
    error: ProblemModel | None
    warnings: list[str]
    notices: list[NoticeModel] = Field(default=[], description="The warnings with code and place.")
    links: CatalogueLinks


class CatalogueList(PublicModel):
    """A page of catalogues, newest first."""

    catalogues: list[Catalogue]
    next: str | None = Field(description="Address of the next page; absent on the last.")


class CatalogueForecast(PublicModel):
    """What a catalogue would do."""

    rows: int
    parts: int = Field(description="About, by what a row is expected to take.")
    shapes: list[str] = Field(description="Sizes of the images of some rows: rows of one shape are fitted together.")
    estimated_memory_bytes: int = Field(description="Of a worker's process, for one row at a time.")
    estimated_seconds: float = Field(description="Of one core, for all rows; rough.")
    queue: QueuePlace
    row: int = Field(description="The row whose request stands here, from 0.")
    requests: dict[str, dict[str, Any]] = Field(
        description="That row's own request by model (one without a name where there are no models), with first values."
    )
    columns: list[str] = Field(description="Of the answer, as far as they are known before anything is fitted.")
    warnings: list[str] = Field(description="Rows of those that were tried that cannot be fitted, and why.")


class CatalogueRow(PublicModel):
    """One row of a catalogue."""

    row: int
    done: bool
    flags: list[str] = Field(description="Names of its flags.")
    message: str | None
    values: dict[str, Any] | None = Field(description="The row of the answer's table; null while it is not done.")
    request: dict[str, Any] | None = Field(description="Its own request, which as a fit gives the same numbers.")
    requests: dict[str, dict[str, Any]] = Field(description="The same for each of several models.")


class CatalogueTable(PublicModel):
    """A page of a catalogue's table."""

    columns: list[dict[str, str]] = Field(description="Name, unit, description and UCD of each column.")
    rows: list[dict[str, Any]]
    numbers: list[int] = Field(
        default=[], description="Of each row, its number in the input, from 0: the `n` of its address."
    )
    next: str | None = Field(description="Address of the next page; absent on the last.")


class Flag(PublicModel):
    """A flag of rows of catalogues."""

    bit: int
    name: str
    meaning: str
    remedy: str
    failed: bool = Field(description="Whether rows with it have no numbers.")
