"""Dry run: what a request would do, said without doing it; nothing is stored."""

from dataclasses import dataclass

from app.domain.submission import ExaminedRequest, Submission, examine_submission, queue_for
from app.lifetime.queue_board import Place
from app.lifetime.services import Services
from fitting.spec import FitRequest, Notice, ParameterTable
from jobs.queues import costs, queue_forecast


@dataclass(frozen=True)
class Plan:
    """A sound request and what it would come to.

    Attributes:
        request: with the first values that were left out.
        n_pixels: that are used, of all images together.
        n_free: parameters that the fit varies.
        expected_bytes: memory of the worker's process, at most.
        expected_seconds: by what earlier fits of the queue took.
        place: in the queue, were it asked for now.
    """

    request: FitRequest
    n_pixels: int
    n_free: int
    expected_bytes: int
    expected_seconds: float
    place: Place
    notices: tuple[Notice, ...]


def plan_fit(services: Services, owner: str, submission: Submission) -> Plan:
    """What a submission would do. Raises as `app.domain.submission.submit_fit` does for its faults."""
    found: ExaminedRequest = examine_submission(services, owner, submission)
    request, pixels = found.completed, found.n_pixels
    place = services.board.next_place(queue_for(services, found), owner)
    return Plan(
        request=request,
        n_pixels=pixels,
        n_free=len(ParameterTable.with_constraints(request).free),
        expected_bytes=costs.expected_bytes(request, pixels),
        expected_seconds=found.expected_seconds * queue_forecast.pace(services.engine, place.queue),
        place=place,
        notices=found.notices,
    )
