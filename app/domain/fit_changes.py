"""Changes of a fit, waited for: a nudge from the broker where one comes, a look at the record in any case."""

import asyncio
import time
from collections.abc import AsyncGenerator
from contextlib import aclosing

from starlette.concurrency import run_in_threadpool

from app.domain import fits
from app.lifetime.services import Services
from jobs.storage.schema import FINAL_STATES, FitRecord

_FIRST_PAUSE = 0.02
"""Seconds between the first looks, which come quickly for fits that take milliseconds. Chosen by hand."""
_LONGEST_PAUSE = 0.5
"""Seconds between later looks, which only stand in for lost nudges. Chosen by hand: what a lost one costs at most."""


async def wait_for_state(
    services: Services, owner: str, fit_id: str, wanted: frozenset[str], seconds: float
) -> FitRecord:
    """The fit, as soon as its state is one of `wanted` or final, else after `seconds`, or as the service stops."""
    async with aclosing(follow(services, owner, fit_id, seconds)) as records:
        async for record in records:
            if record.state in wanted:
                break
    return record


async def follow(services: Services, owner: str, fit_id: str, seconds: float) -> AsyncGenerator[FitRecord, None]:
    """The fit now and whenever it changed since, until it is final, `seconds` are over, or the service stops."""
    deadline = time.monotonic() + seconds
    version = -1
    pause = _FIRST_PAUSE
    with services.watcher.nudges_of(fit_id) as nudge:
        while True:
            nudge.clear()
            record = await run_in_threadpool(fits.get, services, owner, fit_id)
            if record.version != version:
                version = record.version
                yield record
            left = deadline - time.monotonic()
            if record.state in FINAL_STATES or left <= 0 or services.streams.ended:
                return
            try:
                await asyncio.wait_for(nudge.wait(), min(pause, left))
            except TimeoutError:
                pause = min(1.5 * pause, _LONGEST_PAUSE)
