"""Connections of a worker's child, kept from one fit to the next: database, blobs, broker; its name and queues."""

import threading
from collections.abc import Iterable
from dataclasses import dataclass, field

from sqlalchemy import Engine

from jobs.lifecycle.events import Publisher
from jobs.queues.doorbell import Doorbell
from jobs.queues.turns import QueueRotation
from jobs.settings import Settings
from jobs.storage.blobs import BlobStore, open_blobs
from jobs.storage.database import connect
from worker.stop_signal import StopSignal


@dataclass(frozen=True)
class Connections:
    """What an attempt at a fit works with; `worker` is what the worker is called, `rotation` which queue is next.

    `incarnation` tells it from others that were called the same; `stop` hears SIGTERM, `storage_trouble` is
    set by the last fit that met trouble with the files.
    """

    settings: Settings
    engine: Engine
    blobs: BlobStore
    publisher: Publisher
    doorbell: Doorbell
    worker: str
    rotation: QueueRotation
    incarnation: str | None = None
    stop: StopSignal = field(default_factory=StopSignal)
    storage_trouble: threading.Event = field(default_factory=threading.Event)


_of_this_process: Connections | None = None


def open_connections(
    settings: Settings,
    worker: str,
    queues: Iterable[str],
    incarnation: str | None = None,
    stop: StopSignal | None = None,
) -> None:
    """Connect; once, as the child starts."""
    global _of_this_process
    _of_this_process = Connections(
        settings,
        connect(settings),
        open_blobs(settings.blobs),
        Publisher(settings.broker_url),
        Doorbell(settings),
        worker,
        QueueRotation(queues),
        incarnation,
        stop or StopSignal(),
    )


def connections() -> Connections:
    """Those of this process."""
    assert _of_this_process is not None, "open_connections comes first"
    return _of_this_process
