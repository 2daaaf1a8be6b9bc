"""Parameters that routes of fits, catalogues and searches share, and what those of a wait mean."""

import time
from collections.abc import Callable
from typing import Annotated, TypeVar

import anyio
from fastapi import Query
from starlette.concurrency import run_in_threadpool

from app.http.request_parameters import LONGEST_WAIT
from app.lifetime.services import Services
from jobs.storage.schema import CatalogueRecord, SearchRecord, State

Wait = Annotated[
    float,
    Query(ge=0, le=LONGEST_WAIT, allow_inf_nan=False, description="Seconds to wait for one of `state`."),
]
States = Annotated[list[State] | None, Query(description="States to wait for; by default those that are final.")]

Record = TypeVar("Record", CatalogueRecord, SearchRecord)


async def wait_for_state(
    services: Services, look: Callable[[], Record], wanted: frozenset[str], seconds: float, pause: float
) -> Record:
    """The record that `look` gives, as soon as its state is one of `wanted`, else after `seconds`, or as the service
    stops; `pause` seconds lie between looks. Raises what `look` raises.
    """
    until = time.monotonic() + seconds
    while True:
        record = await run_in_threadpool(look)
        left = until - time.monotonic()
        if record.state in wanted or left <= 0 or services.streams.ended:
            return record
        await anyio.sleep(min(pause, left))
