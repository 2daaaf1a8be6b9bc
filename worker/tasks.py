"""Task of Celery's, the only one: an attempt at a fit."""

from celery import Task

from jobs.queues.doorbell import TASK
from worker.application import application
from worker.connections import connections


@application.task(name=TASK, bind=True)
def run_fit(self: Task, fit_id: str) -> None:
    """Make one attempt at the fit."""
    # The parent imports this file too, and never torch; the child has imported the engine when it started.
    from worker.running import attempt

    attempt(connections(), fit_id, self.request.id)
