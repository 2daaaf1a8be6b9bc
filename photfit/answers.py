"""Answers of the service, as the client reads them.

Unknown members are ignored, so that a client works with a newer service.
"""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict

State = Literal["queued", "running", "succeeded", "failed", "cancelled"]

FINAL_STATES: frozenset[str] = frozenset({"succeeded", "failed", "cancelled"})
"""States that a fit never leaves."""


class Answer(BaseModel):
    """The rule of every model here: read-only, tolerant of members that it does not know."""

    model_config = ConfigDict(frozen=True, extra="ignore")


class Upload(Answer):
    """A file that the service holds."""

    id: str
    filename: str = ""
    size: int | None = None


class FitProgress(Answer):
    """Where a running fit is."""

    stage: int
    stages: int
    method: str
    fraction: float
    iteration: int
    chi2_reduced: float | None = None
    message: str = ""
    eta_seconds: float | None = None
    parameters: dict[str, float | None] | None = None
    parameters_at_start: dict[str, float | None] | None = None


class QueuePlace(Answer):
    """Where a queued fit is: 1 is next."""

    name: str
    position: int
    estimated_start: datetime | None = None


class FaultAnswer(Answer):
    """One thing that is wrong with a request: a JSON path and a sentence."""

    path: str
    message: str
    expected: str = ""


class ProblemAnswer(Answer):
    """An error of the service (RFC 9457)."""

    type: str = "about:blank"
    title: str = ""
    status: int = 0
    detail: str = ""
    instance: str = ""
    faults: Annotated[tuple[FaultAnswer, ...], BeforeValidator(lambda faults: faults or ())] = ()


class NoticeAnswer(Answer):
    """One thing that a careful reader should know: a code that stays, a sentence, and what it belongs to."""

    code: str
    sentence: str
    where: str | None = None


class FitAnswer(Answer):
    """One fit: its state and progress."""

    id: str
    name: str = ""
    labels: tuple[str, ...] = ()
    state: State
    created_at: datetime
    started_at: datetime | None = None
    finished_at: datetime | None = None
    attempt: int = 0
    worker: str | None = None
    device: str | None = None
    queue: QueuePlace | None = None
    progress: FitProgress | None = None
    error: ProblemAnswer | None = None
    warnings: tuple[str, ...] = ()
    notices: tuple[NoticeAnswer, ...] = ()
    has_result: bool = False
    links: dict[str, Any] = {}

    @property
    def finished(self) -> bool:
        """Whether its state is final."""
        return self.state in FINAL_STATES

    def images(self) -> dict[str, dict[str, str]]:
        """For each image the address of each of its planes."""
        images = self.links.get("images", {})
        return images if isinstance(images, dict) else {}
