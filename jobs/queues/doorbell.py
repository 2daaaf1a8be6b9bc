"""Doorbell that wakes workers: a message says that there is work in a queue, and not which.

    Doorbell(settings).ring("cpu")      # False where the broker does not answer: it is rung again later

One bell is enough for a queue. The worker that hears it takes the fit whose turn it is (`jobs.queues.turns`), and rings
for the next one where more waits; so does a worker that has ended a fit. A bell that hangs is therefore never doubled,
and a queue in which nothing waits holds one at most.

The database is the truth, the broker a doorbell (docs/decisions/0001-broker-as-doorbell.md). Which queue a fit waits in
is chosen in `jobs.queues.queue_choice`.
"""

from typing import Any

import structlog
from celery import Celery
from kombu import Queue

from jobs.queues.queue_choice import QUEUES
from jobs.settings import Settings

TASK = "photfit.run_fit"
_RING_SECONDS = 1.0
"""Seconds that connecting and sending may take each: a broker that is away is not to hold a request up. Chosen by
hand."""

_log = structlog.get_logger("photfit.doorbell")


def celery_settings(settings: Settings) -> dict[str, Any]:
    """Celery's settings, for those who ring and those who answer.

    No result backend and no late acknowledgement: a lost message is rung again by the reconciler, so a message may be
    dropped, doubled or late without harm.
    """
    return {
        "broker_url": settings.broker_url,
        "task_ignore_result": True,
        "task_acks_late": False,
        "task_store_errors_even_if_ignored": False,
        "worker_prefetch_multiplier": 1,
        "worker_disable_prefetch": True,
        "accept_content": ["json"],
        "worker_hijack_root_logger": False,
        "broker_connection_retry_on_startup": True,
        "broker_connection_max_retries": None,
        "task_publish_retry": False,
        "task_queues": [Queue(name, routing_key=name) for name in QUEUES],
        "task_default_queue": "cpu",
        "worker_pool": "prefork",
        "worker_concurrency": 1,
        "worker_pool_start_method": "spawn",
        "worker_max_tasks_per_child": settings.worker_max_tasks_per_child,
        # A child imports torch before it says that it is up: slow on a busy machine, and Celery kills it after 4 s.
        "worker_proc_alive_timeout": 120.0,
        "worker_cancel_long_running_tasks_on_connection_loss": False,
        "broker_transport_options": {
            "visibility_timeout": 86400,
            "socket_keepalive": True,
            "health_check_interval": 25,
        },
    }


class Doorbell:
    """Rings for fits; failing to ring is logged and left to the reconciler."""

    def __init__(self, settings: Settings) -> None:
        self._celery = Celery("photfit", set_as_current=False)
        self._celery.conf.update(celery_settings(settings))
        self._celery.conf.broker_connection_timeout = _RING_SECONDS
        self._celery.conf.broker_transport_options = {
            **self._celery.conf.broker_transport_options,
            "socket_timeout": _RING_SECONDS,
            "socket_connect_timeout": _RING_SECONDS,
            "max_retries": 0,
        }

    def ring(self, queue: str) -> bool:
        """Wake a worker of `queue`, unless a bell hangs there already; False where the broker does not answer.

        Call it once what there is to do is committed: whoever takes the bell looks at the database afterwards.
        """
        hanging = self.waiting(queue)
        if hanging is None:
            return False
        if hanging:
            return True
        try:
            self._celery.send_task(TASK, queue=queue, retry=False, ignore_result=True)
        except Exception as error:  # noqa: BLE001 - every transport has errors of its own, and none may fail a fit
            _log.warning("the broker does not answer; the reconciler will ring", queue=queue, error=str(error))
            return False
        return True

    def waiting(self, queue: str) -> int | None:
        """Messages that wait in a queue; None where the broker does not tell."""
        try:
            # One of those that are kept: each bell asks first, and a new connection costs ten times as much.
            with self._celery.pool.acquire(block=True) as connection:
                return int(connection.default_channel.client.llen(queue))
        except Exception as error:  # noqa: BLE001 - as above
            _log.warning("the broker does not answer", error=str(error))
            return None

    def end_task(self, task_id: str) -> None:
        """End a running task by force, wherever it is."""
        try:
            self._celery.control.revoke(task_id, terminate=True, signal="SIGKILL")
        except Exception as error:  # noqa: BLE001 - as above; whoever ends tasks looks again
            _log.warning("a task could not be ended", task=task_id, error=str(error))

    def close(self) -> None:
        """Close the connections."""
        self._celery.close()
