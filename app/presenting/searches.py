"""Searches for sources, from records to what the outside sees."""

from collections.abc import Mapping
from typing import Any, cast

from app.models.searches import Search, SearchLinks, SearchProgressModel
from app.presenting.problems import present_problem
from jobs.storage.schema import SearchRecord, State

_STEPS = {
    "reading": "Reading the image",
    "defects": "Looking for saturated stars and bad lines",
    "detecting": "Looking for what stands out",
    "measuring": "Measuring",
    "refining": "Fitting each with all others taken off:",
    "structure": "Telling arms and rings from sources",
    "models": "Choosing models of bright galaxies",
    "writing": "Writing the request",
}


def address_of_search(search_id: str) -> str:
    """Where a search is."""
    return f"/v1/searches/{search_id}"


def present_search(record: SearchRecord, before: int | None) -> Search:
    """A search as the outside sees it; `before` is how many come before it."""
    address = address_of_search(record.id)
    return Search(
        id=record.id,
        upload=record.upload_id,
        state=cast(State, record.state),
        created_at=record.created_at,
        started_at=record.started_at,
        finished_at=record.finished_at,
        attempt=record.attempt,
        before=before,
        cancel_requested=record.cancel_requested_at is not None,
        progress=None if record.progress is None else _present_progress(record.progress),
        error=present_problem(record.error, address),
        links=SearchLinks(
            self=address,
            upload=f"/v1/uploads/{record.upload_id}",
            proposal=f"{address}/proposal",
            cancel=f"{address}/cancel",
        ),
    )


def _present_progress(progress: Mapping[str, Any]) -> SearchProgressModel:
    step, round_, done, total = (progress[name] for name in ("step", "round", "done", "total"))
    of = f" source {done + 1} of {total}" if total and step != "models" else f", {done + 1} of {total}" if total else ""
    message = f"{_STEPS[step].rstrip(':') if not of else _STEPS[step]}{of}" + (f", round {round_}" if round_ else "")
    return SearchProgressModel(**progress, message=message)


def etag_of_search(record: SearchRecord, before: int | None) -> str:
    """The weak entity tag of a search: its version, and how many come before it."""
    return f'W/"{record.version}-{before or 0}"'
