"""Task of Celery's, the only one: a bell was heard, so an attempt at the fit whose turn it is."""

from celery import Task

from jobs.queues.doorbell import TASK
from worker.application import application
from worker.connections import connections


@application.task(name=TASK, bind=True, Strategy="worker.bells:strategy", Request="worker.children:TaskOfChild")
def run_fit(self: Task, *_: str) -> None:
    """Make one attempt at a fit. Bells of earlier versions named one; which it is, the database decides."""
    # The parent imports this file too, and never torch; the child has imported the engine when it started.
    from worker.running import attempt

    attempt(connections(), self.request.id)
