"""Reconciler: keeps records and world together, where leases ran out, bells were not heard, cancels not heeded.

    Reconciler.build(engine, doorbell, publisher, settings).thread().start()   # a look every `reconcile_seconds`

API and workers each run one; a lock row lets one at a time look. Where the clock went on between two looks and the
process did not (the machine was suspended, the clock was put right, the database was away), workers could not renew
their leases either: they get a moment for it first. Which transitions it makes, and when, is told by the table in
`jobs.lifecycle.transitions`. A message of the broker may be lost because this rings again
(docs/decisions/0001-broker-as-doorbell.md).
"""

from collections.abc import Iterable
from dataclasses import dataclass, field

import structlog
from sqlalchemy import Engine, or_, select, update

from jobs.clock import database_now
from jobs.ids import new_id
from jobs.lifecycle import catalogues, searches, transitions
from jobs.lifecycle.events import Publisher
from jobs.lifecycle.outcomes import out_of_time
from jobs.lifecycle.retention import forget_checkpoints, remove_old_catalogues, remove_old_fits, remove_old_uploads
from jobs.lifecycle.setbacks import MOST_SETBACKS
from jobs.operation import tallies, uws
from jobs.operation.periodic import PeriodicThread
from jobs.queues import presence, turns
from jobs.queues.doorbell import Doorbell
from jobs.queues.queue_choice import QUEUES
from jobs.settings import Settings
from jobs.storage.blobs import BlobStore, open_blobs
from jobs.storage.schema import FitRecord, ReconcilerLock

_LOCK_LOOKS = 5.0
"""Looks for which the lock is held: whoever missed so many is gone."""
_LONGEST_LOCK_SECONDS = 3600.0
"""Seconds: a lock that is held for longer was written by a clock that was ahead. Chosen by hand, over any setting."""
_MISSED_LOOKS = 3.0
"""Looks without one, by the database's clock, after which workers may not have been able to renew their leases."""
_SPARED_SHARE = 2.0 / 3.0
"""Of a lease that workers then have: they renew it every third (`worker.lease`)."""

_log = structlog.get_logger("photfit.reconciler")


@dataclass
class LastLook:
    """When a reconciler last looked by the database's clock, whether it had the lock or not; None before the first."""

    at: float | None = None


@dataclass(frozen=True)
class Reconciler:
    """One look after another, by one process at a time: each takes a lock row for as long as its look may last."""

    engine: Engine
    doorbell: Doorbell
    publisher: Publisher
    settings: Settings
    blobs: BlobStore
    name: str
    last: LastLook = field(default_factory=LastLook)

    @classmethod
    def build(cls, engine: Engine, doorbell: Doorbell, publisher: Publisher, settings: Settings) -> "Reconciler":
        """A reconciler with a name of its own."""
        return cls(engine, doorbell, publisher, settings, open_blobs(settings.blobs), new_id("reconciler"))

    def look(self) -> None:
        """Put right what is wrong now, unless another process is at it."""
        lease = self.settings.lease_seconds
        if self._missed_looks():
            transitions.spare(self.engine, _SPARED_SHARE * lease, lease, all_leases=True)
        if not self._take_lock():
            return
        transitions.spare(self.engine, lease, lease, all_leases=False)
        self._expire(None, "the lease of a fit is over, its worker was not heard of")
        grace = self.settings.cancel_grace_seconds
        self._end_tasks(transitions.cancel_overdue(self.engine, grace), "its cancellation")
        self._end_tasks(transitions.fail_overdue(self.engine, grace, out_of_time()), "its limit of time")
        for owner, fit_id in uws.overdue(self.engine):
            _log.info("a fit has run for as long as its job allows", fit=fit_id)
            transitions.request_cancel(self.engine, owner, fit_id)
        for catalogue_id in catalogues.unfinished(self.engine):
            catalogues.settle(self.engine, catalogue_id)
        self._ring()
        presence.forget_silent(self.engine)
        self._remove_old()

    def take_from(self, worker: str) -> None:
        """Take its fits from a worker that is known to be gone, whatever is left of their leases, and ring for them.

        For whoever starts another of that name, and needs no lock: each fit is taken by one statement.
        """
        if self._expire(worker, "the worker of a fit is gone, and another of its name starts"):
            self._ring()

    def _expire(self, worker: str | None, what: str) -> int:
        """How many fits were taken from their workers, or from this one."""
        expired = transitions.expire(self.engine, MOST_SETBACKS, worker)
        for record in expired:
            became = "queued again" if record.state == "queued" else record.state
            _log.warning(f"{what}; {became}", fit=record.id)
            tallies.add(self.engine, [tallies.event("expired", became)])
            if record.task_id is not None:  # it may hang
                self.doorbell.end_task(record.task_id)
            if record.state != "queued":
                forget_checkpoints(self.blobs, record.id)
            self.publisher.publish(record.id)
        return len(expired)

    def _end_tasks(self, ended: Iterable[FitRecord], unheeded: str) -> None:
        """End by force the tasks of fits whose records are final already."""
        for record in ended:
            _log.warning(f"a fit did not heed {unheeded}; its task is ended", fit=record.id)
            if record.task_id is not None:
                self.doorbell.end_task(record.task_id)
            forget_checkpoints(self.blobs, record.id)
            self.publisher.publish(record.id)

    def _remove_old(self) -> None:
        """Let go of what the settings keep for some days only."""
        if self.settings.fit_days:
            for fit_id in remove_old_fits(self.engine, self.blobs, self.settings.fit_days):
                _log.info("an old fit is removed", fit=fit_id)
            for catalogue_id in remove_old_catalogues(self.engine, self.blobs, self.settings.fit_days):
                _log.info("an old catalogue is removed", catalogue=catalogue_id)
        if self.settings.search_days and (number := searches.remove_old(self.engine, self.settings.search_days)):
            _log.info("old searches are removed", number=number)
        if self.settings.upload_days:
            for upload_id in remove_old_uploads(self.engine, self.blobs, self.settings.upload_days):
                _log.info("an old upload is removed", upload=upload_id)

    def thread(self) -> PeriodicThread:
        """A look every few seconds, in a thread."""
        return PeriodicThread(self.look, self.settings.reconcile_seconds, "reconciler")

    def _ring(self) -> None:
        """Ring for queues in which a fit may be taken and no bell hangs: it was lost, or what it rang for is due only
        now. Each worker that hears one rings for the next, so that one is enough.
        """
        for queue in turns.queues_with_work(self.engine, QUEUES, self.settings.most_running):
            if not self.doorbell.ring(queue):
                return

    def _missed_looks(self) -> bool:
        """Whether the database's clock has gone on, or back, by more than looks take since this process last looked."""
        with self.engine.connect() as connection:
            now = float(connection.scalar(select(database_now())) or 0.0)
        before, self.last.at = self.last.at, now
        allowed = _MISSED_LOOKS * max(self.settings.reconcile_seconds, 1.0)
        if before is None or -allowed < now - before < allowed:
            return False
        _log.warning("looks were missed, or a clock jumped: workers may renew their leases first", seconds=now - before)
        return True

    def _take_lock(self) -> bool:
        """Take or keep the lock row; one whose holder has been silent for five looks is free, as is one that is held
        for longer ahead than that: by a clock that was ahead.
        """
        length = _LOCK_LOOKS * self.settings.reconcile_seconds
        statement = (
            update(ReconcilerLock)
            .where(
                ReconcilerLock.id == 1,
                or_(
                    ReconcilerLock.holder.is_(None),
                    ReconcilerLock.holder == self.name,
                    ReconcilerLock.until < database_now(),
                    ReconcilerLock.until > database_now() + 2.0 * length,
                ),
            )
            .values(holder=self.name, until=database_now() + length)
        )
        with self.engine.begin() as connection:
            return connection.execute(statement).rowcount == 1


def holder_of_lock(engine: Engine) -> str | None:
    """Whose reconciler looks after this database, or did a moment ago; None where no service runs on it."""
    length = ReconcilerLock.until - database_now()
    with engine.connect() as connection:
        held = connection.execute(select(ReconcilerLock.holder, length)).first()
    return held[0] if held is not None and 0.0 < held[1] < _LONGEST_LOCK_SECONDS else None
