"""Bells as a worker's parent hears them: what rings in vain costs a look at the database, and no task of the child's.

A bell may hang for work that another has taken or its owner cancelled. The child counts its tasks and is replaced after
some (`worker_max_tasks_per_child`), which takes seconds; so the parent looks first, and lets go of a bell for which
there is nothing. It is Celery's execution strategy of the one task (`worker.tasks`).
"""

from collections.abc import Callable
from typing import Any

import structlog
from celery.worker.strategy import default, logger
from sqlalchemy import Engine

from jobs.faults import DatabaseAway
from jobs.queues import turns
from jobs.settings import Settings
from jobs.storage.database import connect

_log = structlog.get_logger("photfit.bells")


class BellListener:
    """Tells whether there is work in a worker's queues, by a connection of its own, opened when first asked."""

    def __init__(self, settings: Settings, queues: tuple[str, ...]) -> None:
        self._settings = settings
        self._queues = queues
        self._engine: Engine | None = None

    def is_worth_a_task(self) -> bool:
        """Whether a fit may be taken now. A database that is away has none; the reconciler rings when it is back."""
        try:
            if self._engine is None:
                self._engine = connect(self._settings)
            return bool(turns.queues_with_work(self._engine, self._queues, self._settings.most_running))
        except DatabaseAway as error:
            _log.warning("the database does not answer", error=str(error))
            return False


def strategy(task: Any, app: Any, consumer: Any, **options: Any) -> Callable[..., Any]:
    """Celery's own strategy, for the bells that are worth a task."""
    from worker.application import served_queues, settings

    listener = BellListener(settings, served_queues())
    take = default(task, app, consumer, **options)

    def on_bell(message: Any, body: Any, ack: Any, reject: Any, callbacks: Any, **more: Any) -> Any:
        if listener.is_worth_a_task():
            return take(message, body, ack, reject, callbacks, **more)
        ack(logger, consumer.connection_errors)
        return None

    return on_bell
