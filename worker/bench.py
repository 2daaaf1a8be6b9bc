"""What a worker's child keeps from one fit to the next: connections, and the engine, warm."""

import os
from dataclasses import dataclass

from sqlalchemy import Engine

from jobs.lifecycle.events import Publisher
from jobs.queues.doorbell import Doorbell
from jobs.settings import Settings
from jobs.storage.blobs import BlobStore, open_blobs
from jobs.storage.database import connect

_NICENESS = 5
"""The engine yields to the API on the same machine."""


@dataclass(frozen=True)
class Bench:
    """The child's connections and its name."""

    settings: Settings
    engine: Engine
    blobs: BlobStore
    publisher: Publisher
    doorbell: Doorbell
    worker: str


_bench: Bench | None = None


def open_bench(settings: Settings, worker: str) -> Bench:
    """Connect, and load the engine with its share of the cores."""
    global _bench
    os.nice(_NICENESS)
    _warm_engine(settings.worker_threads or max(1, (os.cpu_count() or 1) // settings.workers))
    publisher = Publisher(settings.broker_url)
    _bench = Bench(settings, connect(settings), open_blobs(settings.blobs), publisher, Doorbell(settings), worker)
    return _bench


def bench() -> Bench:
    """The open bench."""
    assert _bench is not None, "open_bench comes first"
    return _bench


def _warm_engine(threads: int) -> None:
    """Import torch and the engine, and touch what is slow the first time."""
    import torch

    import worker.running  # noqa: F401
    from fitting.profiles.sersic import half_light_b

    torch.set_num_threads(threads)
    half_light_b(torch.tensor([1.0], dtype=torch.float64))
