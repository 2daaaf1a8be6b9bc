"""Celery application of a worker: one parent that listens, one spawned child that computes.

The parent never imports torch (forking or terminating a process that has used it hangs); the child imports it when it
starts, so that the first fit is as quick as the next.
"""

import atexit
import contextlib
import os
import socket
import threading
from pathlib import Path
from typing import Any

import structlog
from celery import Celery, signals

from jobs.faults import DatabaseAway
from jobs.lifecycle.events import Publisher
from jobs.lifecycle.reconciler import Reconciler
from jobs.operation.logs import configure_logging
from jobs.operation.parentage import end_with_parent
from jobs.operation.tracing import start_tracing
from jobs.queues import presence
from jobs.queues.doorbell import Doorbell, celery_settings
from jobs.settings import Settings
from jobs.storage.database import connect
from jobs.storage.scratch import sweep_process_folders, use_process_folder
from worker.children import SilentChildren, bury, tell_of_deaths
from worker.connections import open_connections
from worker.pulse import PulseStep, pulse
from worker.stop_signal import StopSignal

NAME_VARIABLE = "PHOTFIT_WORKER_NAME"
INCARNATION_VARIABLE = "PHOTFIT_WORKER_INCARNATION"
QUEUES_VARIABLE = "PHOTFIT_WORKER_QUEUES"
"""How `python -m worker` tells its child what it is called and serves."""
_REPORT_SECONDS = 5.0
"""Between reports of the worker's presence: a third of `presence.ALIVE_SECONDS`, so that two may be late."""
_NICENESS = 5
"""Of the child: the engine yields to the API on the same machine. Chosen by hand."""

_log = structlog.get_logger("photfit.worker")

settings = Settings()
application = Celery("photfit", include=["worker.tasks"])
application.conf.update(celery_settings(settings) | {"worker_pool": "worker.child_pool:ChildPool"})
application.steps["worker"].add(PulseStep)


def worker_name() -> str:
    """This worker's name, the same in parent and child."""
    return os.environ.get(NAME_VARIABLE) or f"{socket.gethostname()}:{os.getpid()}"


def incarnation() -> str | None:
    """Which start of a worker of this name it is, the same in parent and child."""
    return os.environ.get(INCARNATION_VARIABLE)


def served_queues() -> tuple[str, ...]:
    """The queues that this worker serves, the same in parent and child."""
    return tuple((os.environ.get(QUEUES_VARIABLE) or "quick,cpu").split(","))


def take_over(worker: str) -> None:
    """Free the fits of a former worker of this name, before this one begins: they need not wait for their leases.

    Where that cannot be done just now, they do.
    """
    engine, doorbell, publisher = connect(settings), Doorbell(settings), Publisher(settings.broker_url)
    try:
        Reconciler.build(engine, doorbell, publisher, settings).take_from(worker)
    except DatabaseAway as error:
        _log.warning("fits of a former worker wait for the end of their leases", error=str(error))
    finally:
        doorbell.close()
        publisher.close()
        engine.dispose()


class Parent:
    """What runs beside Celery in the parent: the worker's presence, an eye on its child, and a reconciler."""

    def __init__(self) -> None:
        self._engine = connect(settings)
        self._doorbell, publisher = Doorbell(settings), Publisher(settings.broker_url)
        self._reconciler = Reconciler.build(self._engine, self._doorbell, publisher, settings).thread()
        self._children = SilentChildren(self._engine, settings.lease_seconds)
        self._stop = threading.Event()
        self._stopping = False
        self._thread = threading.Thread(target=self._report, name="presence", daemon=True)

    def start(self) -> None:
        """Begin."""
        tell_of_deaths(self.bury)
        self._thread.start()
        self._reconciler.start()

    def tell_children_to_stop(self) -> None:
        """Make the child give its fit back to the queue."""
        self._stopping = True
        presence.mark_stopping(self._engine, worker_name(), incarnation())

    def bury(self, task_id: str, exit_code: int) -> None:
        """Tell how a task's process died."""
        bury(self._engine, worker_name(), task_id, exit_code, settings.max_crashes, self._stopping)

    def stop(self) -> None:
        """End in good order."""
        self._stop.set()
        self._thread.join(timeout=2.0)
        self._reconciler.stop()
        presence.withdraw(self._engine, worker_name(), incarnation())
        sweep_process_folders()

    def _report(self) -> None:
        queues = list(served_queues())
        devices = ["cpu", "cuda"] if "gpu" in queues else ["cpu"]
        while True:
            try:
                # A worker whose child is silent does not count, nor one that hears no bell.
                if not self._children.look() and not pulse.is_missed(self._doorbell.waiting("cpu") is not None):
                    presence.report(self._engine, worker_name(), queues, devices, incarnation())
                    show_sign_of_life(settings.worker_alive_file)
            except DatabaseAway as error:
                _log.warning("the worker could not report itself", error=str(error))
                show_sign_of_life(settings.worker_alive_file)
            except Exception:  # noqa: BLE001 - the next report is due, whatever failed
                _log.exception("the worker could not report itself")
            if self._stop.wait(_REPORT_SECONDS):
                return


def show_sign_of_life(file: Path | None) -> None:
    """Touch the file by which whoever started the worker sees that it goes on."""
    if file is not None:
        with contextlib.suppress(OSError):
            file.touch()


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
    stop = StopSignal()
    # Imports torch and the engine: in the child alone.
    from worker.running import warm_engine

    stop.watch()
    end_with_parent(os.getppid())
    sweep_process_folders()
    use_process_folder()
    os.nice(_NICENESS)
    warm_engine(settings.worker_threads or max(1, (os.cpu_count() or 1) // settings.workers))
    open_connections(settings, worker_name(), served_queues(), incarnation(), stop)
    if settings.telemetry:
        atexit.register(start_tracing("worker"))
