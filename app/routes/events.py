"""/v1/fits/{id}/events: a fit's progress as server-sent events."""

from collections.abc import AsyncIterator
from typing import Annotated

from fastapi import APIRouter, Depends, Header
from fastapi.sse import EventSourceResponse, ServerSentEvent
from starlette.concurrency import run_in_threadpool

from app.dependencies import OwnerDep, ServicesDep
from app.domain import fit_changes, fits
from app.presenting.fits import present_fit
from jobs.storage.schema import FINAL_STATES

router = APIRouter(prefix="/fits", tags=["fits"])

_LONGEST_STREAM_SECONDS = 600.0
"""Seconds of a stream, chosen by hand; a browser opens the next by itself, so that a closed one is found out."""
_RECONNECT_MILLISECONDS = 1000
"""Milliseconds before it does, chosen by hand."""


async def _existing_fit(fit_id: str, services: ServicesDep, owner: OwnerDep) -> AsyncIterator[str]:
    """The id, once it is known to exist: a stream that has begun can no longer answer 404."""
    await run_in_threadpool(fits.get, services, owner, fit_id)
    with services.streams.one_more(owner):  # until the stream has ended
        yield fit_id


@router.get("/{fit_id}/events", summary="Progress as server-sent events", response_class=EventSourceResponse)
async def stream_events(
    services: ServicesDep,
    owner: OwnerDep,
    fit_id: Annotated[str, Depends(_existing_fit)],
    last_event_id: Annotated[
        str | None, Header(description="The id of the last event that you have seen.", examples=["7"])
    ] = None,
) -> AsyncIterator[ServerSentEvent]:
    """One event `fit` for each change, with the fit as in `GET /v1/fits/{id}`; the last is `finished`.

    An event's id is the fit's row version. A stream ends after ten minutes; a client that reconnects with
    `Last-Event-ID` is told only of changes since.
    """
    async for fit in fit_changes.follow(services, owner, fit_id, _LONGEST_STREAM_SECONDS):
        final = fit.state in FINAL_STATES
        if str(fit.version) == last_event_id and not final:
            continue
        place = await run_in_threadpool(services.board.place, fit)
        yield ServerSentEvent(
            data=present_fit(fit, place),
            event="finished" if final else "fit",
            id=str(fit.version),
            retry=_RECONNECT_MILLISECONDS,
        )
