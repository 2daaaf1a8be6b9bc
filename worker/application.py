"""Celery application of a worker: one parent that listens, one spawned child that computes.

The parent never imports torch (forking or terminating a process that has used it hangs); the child imports it when it
starts, so that the first fit is as quick as the next.
"""

import atexit
import os
import socket
import threading
from typing import Any

import structlog
from celery import Celery, signals

from jobs.lifecycle.events import Publisher
from jobs.lifecycle.reconciler import Reconciler
from jobs.operation.logs import configure_logging
from jobs.operation.parentage import end_with_parent
from jobs.operation.tracing import start_tracing
from jobs.queues import presence
from jobs.queues.doorbell import Doorbell, celery_settings
from jobs.settings import Settings
from jobs.storage.database import connect, migrate
from worker.connections import open_connections

NAME_VARIABLE = "PHOTFIT_WORKER_NAME"
QUEUES_VARIABLE = "PHOTFIT_WORKER_QUEUES"
"""How `python -m worker` tells its child what it is called and serves."""
_REPORT_SECONDS = 5.0
"""Between reports of the worker's presence: a third of `presence.ALIVE_SECONDS`, so that two may be late."""
_NICENESS = 5
"""Of the child: the engine yields to the API on the same machine. Chosen by hand."""

_log = structlog.get_logger("photfit.worker")

settings = Settings()
application = Celery("photfit", include=["worker.tasks"])
application.conf.update(celery_settings(settings))


def worker_name() -> str:
    """This worker's name, the same in parent and child."""
    return os.environ.get(NAME_VARIABLE) or f"{socket.gethostname()}:{os.getpid()}"


def served_queues() -> tuple[str, ...]:
    """The queues that this worker serves, the same in parent and child."""
    return tuple((os.environ.get(QUEUES_VARIABLE) or "quick,cpu").split(","))


class Parent:
    """What runs beside Celery in the parent: the worker's presence, and a reconciler."""

    def __init__(self) -> None:
        self._engine = connect(settings)
        migrate(self._engine)
        doorbell, publisher = Doorbell(settings), Publisher(settings.broker_url)
        self._reconciler = Reconciler.build(self._engine, doorbell, publisher, settings).thread()
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._report, name="presence", daemon=True)

    def start(self) -> None:
        """Begin."""
        self._thread.start()
        self._reconciler.start()

    def tell_children_to_stop(self) -> None:
        """Make the child give its fit back to the queue."""
        presence.mark_stopping(self._engine, worker_name())

    def stop(self) -> None:
        """End in good order."""
        self._stop.set()
        self._thread.join(timeout=2.0)
        self._reconciler.stop()
        presence.withdraw(self._engine, worker_name())

    def _report(self) -> None:
        queues = list(served_queues())
        devices = ["cpu", "cuda"] if "gpu" in queues else ["cpu"]
        while True:
            try:
                presence.report(self._engine, worker_name(), queues, devices)
            except Exception:  # noqa: BLE001 - the next report is due, whatever failed
                _log.exception("the worker could not report itself")
            if self._stop.wait(_REPORT_SECONDS):
                return


_parent: Parent | None = None


@signals.setup_logging.connect
def _on_setup_logging(**_: Any) -> None:
    """In the place of Celery's own: parent and child log as the API does."""
    configure_logging()


@signals.worker_ready.connect
def _on_ready(**_: Any) -> None:
    global _parent
    _parent = Parent()
    _parent.start()
    _log.info("ready", worker=worker_name())


@signals.worker_shutting_down.connect
def _on_shutting_down(**_: Any) -> None:
    if _parent is not None:
        _parent.tell_children_to_stop()


@signals.worker_shutdown.connect
def _on_shutdown(**_: Any) -> None:
    if _parent is not None:
        _parent.stop()


@signals.worker_process_init.connect
def _on_child_start(**_: Any) -> None:
    # Imports torch and the engine: in the child alone.
    from worker.running import warm_engine

    end_with_parent(os.getppid())
    os.nice(_NICENESS)
    warm_engine(settings.worker_threads or max(1, (os.cpu_count() or 1) // settings.workers))
    open_connections(settings, worker_name(), served_queues())
    if settings.telemetry:
        atexit.register(start_tracing("worker"))
