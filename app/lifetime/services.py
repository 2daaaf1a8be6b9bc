"""Services: the process's parts, opened as the application starts, asked whether they answer, closed as it ends."""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import anyio
import anyio.to_thread
import sqlalchemy
from sqlalchemy import Engine
from sqlalchemy.exc import SQLAlchemyError
from starlette.concurrency import run_in_threadpool

from app.http.rate_limits import RateLimiter
from app.lifetime.metrics import Metrics
from app.lifetime.nudges import Waker, Watcher
from app.lifetime.queue_board import QueueBoard
from app.lifetime.search_runner import SearchRunner
from app.lifetime.streams import OpenStreams
from app.models.health import Check
from app.sandbox.pool import Sandbox
from app.sandbox.upload_checks import preload
from jobs.faults import DatabaseAway, StorageTrouble
from jobs.lifecycle.events import Publisher
from jobs.lifecycle.reconciler import Reconciler
from jobs.lifecycle.searches import SearchClaim
from jobs.operation.webhooks import WebhookSender
from jobs.queues import presence
from jobs.queues.doorbell import Doorbell
from jobs.settings import Settings
from jobs.storage.blobs import BlobStore, open_blobs
from jobs.storage.database import connect, migrate
from jobs.storage.schema import FitRecord
from jobs.storage.scratch import RECEIVING, sweep

_THREADS = 128
"""Threads that requests share. Chosen by hand: twice what may wait for the sandbox, so that others find some."""
_CHECKING_THREADS = 4
"""Threads of `/readyz` alone. Chosen by hand: it has few askers, and one that hangs is not to hide the others."""


@dataclass(frozen=True)
class Services:
    """What the domain works with.

    Attributes:
        receiving_folder: holds files on their way in.
        checking: the threads of who asks whether the service can work.
    """

    settings: Settings
    engine: Engine
    blobs: BlobStore
    doorbell: Doorbell
    sandbox: Sandbox
    searches: SearchRunner
    waker: Waker
    watcher: Watcher
    board: QueueBoard
    receiving_folder: Path
    rate_limiter: RateLimiter
    metrics: Metrics
    checking: anyio.CapacityLimiter
    streams: OpenStreams


@asynccontextmanager
async def open_services(
    settings: Settings,
    analysis: Callable[[Services, FitRecord], bytes] | None = None,
    search: Callable[[Services, SearchClaim], None] | None = None,
) -> AsyncIterator[Services]:
    """Bring the database up to date, start children and threads, and end them all afterwards.

    `analysis` makes what SkyPortal is told of a final fit, `search` carries out a search for sources.
    """
    anyio.to_thread.current_default_thread_limiter().total_tokens = _THREADS
    receiving_folder = (settings.data_dir / "receiving").absolute()
    settings.data_dir.mkdir(parents=True, exist_ok=True, mode=0o700)
    engine = connect(settings)
    await run_in_threadpool(migrate, engine)
    await run_in_threadpool(sweep, receiving_folder, RECEIVING)  # what killed processes left
    doorbell = Doorbell(settings)
    publisher = Publisher(settings.broker_url)
    sandbox = Sandbox.for_uploads(settings.max_upload_bytes, preload, accounts=bool(settings.accounts))
    patient = Sandbox.for_searches(
        settings.max_upload_bytes, preload, workers=settings.search_workers, seconds=settings.search_seconds
    )
    searches = SearchRunner(engine, patient, at_once=settings.search_workers, lease_seconds=settings.lease_seconds)
    waker = Waker(doorbell, publisher)
    watcher = Watcher(settings.broker_url)
    reconciler = Reconciler.build(engine, doorbell, publisher, settings).thread()
    sandbox.start()
    waker.warm()
    reconciler.start()
    listening = asyncio.create_task(watcher.listen())
    try:
        services = Services(
            settings=settings,
            engine=engine,
            blobs=open_blobs(settings.blobs),
            doorbell=doorbell,
            sandbox=sandbox,
            searches=searches,
            waker=waker,
            watcher=watcher,
            board=QueueBoard(engine, settings.most_running),
            receiving_folder=receiving_folder,
            rate_limiter=RateLimiter(settings.broker_url),
            metrics=Metrics(engine),
            checking=anyio.CapacityLimiter(_CHECKING_THREADS),
            streams=OpenStreams(
                settings.max_streams, settings.account_streams if settings.accounts else settings.max_streams
            ),
        )
        told = None if analysis is None else partial(analysis, services)
        webhook_sender = WebhookSender.from_settings(engine, settings, told).thread()
        webhook_sender.start()
        if search is not None:
            searches.start(partial(search, services))
        try:
            yield services
        finally:
            await run_in_threadpool(webhook_sender.stop)
    finally:
        listening.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await listening
        for stop in (
            reconciler.stop,
            waker.stop,
            searches.stop,
            sandbox.stop,
            doorbell.close,
            publisher.close,
            engine.dispose,
        ):
            await run_in_threadpool(stop)


def check_parts(services: Services) -> dict[str, Check]:
    """A check of each part, by its name."""
    return {
        "database": _check_database(services),
        "broker": _check_part(services.doorbell.waiting("cpu") is not None, "The broker does not answer."),
        "blobs": _check_blobs(services),
        "sandbox": _check_part(services.sandbox.ready(), "The children that read files are still starting."),
        "workers": _check_workers(services),
    }


def _check_part(good: bool, detail: str) -> Check:
    return Check(ok=good, detail=None if good else detail)


def _check_database(services: Services) -> Check:
    try:
        with services.engine.connect() as connection:
            connection.execute(sqlalchemy.text("select 1"))
    except (DatabaseAway, SQLAlchemyError):  # the second where every connection is taken
        return Check(ok=False, detail="The database does not answer.")
    return Check(ok=True)


def _check_workers(services: Services) -> Check:
    """Whether each queue that a worker served minutes ago still has one.

    A service that has no worker yet is ready, and says so: workers may be started after it, and fits wait for them.
    """
    try:
        working, missing = presence.alive(services.engine), presence.missing(services.engine)
    except (DatabaseAway, SQLAlchemyError):
        return Check(ok=False, detail="Nobody knows while the database does not answer.")
    served = {queue for worker in working for queue in worker.queues}
    names = ", ".join(worker.id for worker in missing)
    unserved = sorted({queue for worker in missing for queue in worker.queues} - served)
    if unserved:
        return Check(ok=False, detail=f"No worker serves {', '.join(unserved)}: nothing was heard of {names} any more.")
    if missing:
        return Check(ok=True, detail=f"Nothing was heard of {names} any more; others serve its queues.")
    return Check(ok=True, detail=None if working else "No worker has reported itself: fits wait until one does.")


def _check_blobs(services: Services) -> Check:
    try:
        services.blobs.check()
    except StorageTrouble:
        return Check(ok=False, detail="The file store does not take files.")
    return Check(ok=True)
