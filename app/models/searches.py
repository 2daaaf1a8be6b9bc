"""Searches for sources as the outside sees them."""

from datetime import datetime

from pydantic import Field

from app.models.problems import ProblemModel
from app.models.shape import PublicModel
from app.sandbox.file_products import SearchStepName
from jobs.storage.schema import State


class SearchProgressModel(PublicModel):
    """How far a running search is: what is counted is counted within its step."""

    step: SearchStepName
    round: int = Field(description="Of looking for sources in what others leave, from 1; 0 before the first.")
    done: int = Field(description="Sources of this step that are done.")
    total: int = Field(description="Sources of this step; 0 of one that is not counted.")
    sources: int = Field(description="Found so far.")
    message: str = Field(description="All that as a sentence.", examples=["Measuring source 4 of 27, round 1"])


class SearchLinks(PublicModel):
    """Where a search's parts are."""

    self: str
    upload: str
    proposal: str = Field(description="Once it has succeeded.")
    cancel: str


class Search(PublicModel):
    """One search for the sources of an upload: its state, how far it is, and links."""

    id: str = Field(examples=["sea_01JDA6Q8Z4M1V6T9W3K2B7C5XN"])
    upload: str
    state: State
    created_at: datetime
    started_at: datetime | None
    finished_at: datetime | None
    attempt: int = Field(description="How often it was begun.")
    before: int | None = Field(
        description="Searches that were asked for before it and are not done; null once it runs."
    )
    cancel_requested: bool = Field(description="Whether it is to end.")
    progress: SearchProgressModel | None
    error: ProblemModel | None
    links: SearchLinks


class SearchList(PublicModel):
    """A page of searches, newest first."""

    searches: list[Search]
    next: str | None = Field(description="Address of the next page; absent on the last.")
