"""What becomes of a fit whose child dies, hangs or is told to end, with real processes."""

import os
import signal
from typing import Any

import psutil
import pytest

from jobs.queues import presence
from jobs.storage.schema import FitRecord
from tests.worker.conftest import Service, wait_until
from worker.children import death_of

pytestmark = pytest.mark.timeout(600)


def child_of(service: Service) -> psutil.Process:
    """The worker's child, which computes."""
    children = psutil.Process(service.worker.handle.pid).children()
    (child,) = [child for child in children if "spawn_main" in " ".join(child.cmdline())]
    return child


def has_ended(process: psutil.Process) -> bool:
    return not process.is_running() or process.status() == psutil.STATUS_ZOMBIE


def running(service: Service, document: dict[str, Any]) -> str:
    """A fit that has begun to report."""
    fit_id = service.submit(document)
    wait_until(lambda: service.fit(fit_id).progress, 180, "progress")
    return fit_id


def taken_again(service: Service, fit_id: str, seconds: float) -> FitRecord:
    def second() -> FitRecord | None:
        record = service.fit(fit_id)
        return record if record.attempt >= 2 else None

    return wait_until(second, seconds, "the second attempt")


@pytest.mark.parametrize(
    ("exit_code", "how", "own"),
    [
        (-9, "was ended by SIGKILL", True),
        (-11, "was ended by SIGSEGV", True),
        (-6, "was ended by SIGABRT", True),
        (-15, "was ended by SIGTERM", False),
        (-1, "was ended by SIGHUP", False),
        (-34, "was ended by SIGRTMIN", True),
        (-50, "was ended by signal 50", True),
        (1, "ended with exit code 1", True),
        (0, "ended with exit code 0", False),
    ],
)
def test_a_death_is_told_in_words(exit_code: int, how: str, own: bool) -> None:
    assert death_of(exit_code) == (how, own)


@pytest.mark.slow
def test_a_child_that_dies_is_seen_at_once_and_one_that_is_told_to_end_gives_its_fit_back(
    service: Service, slow_document: dict[str, Any]
) -> None:
    fit_id = running(service, slow_document)
    child_of(service).send_signal(signal.SIGSEGV)
    dead = wait_until(lambda: service.fit(fit_id).crashes and service.fit(fit_id), 3.0, "the crash, before its lease")
    assert (dead.crashes, dead.setbacks) == (1, 0)
    wait_until(lambda: service.fit(fit_id).attempt == 2 and service.fit(fit_id).progress, 180, "the second attempt")
    child = child_of(service)
    child.send_signal(signal.SIGTERM)
    given_back = wait_until(lambda: service.fit(fit_id).setbacks and service.fit(fit_id), 10.0, "giving it back")
    assert (given_back.crashes, given_back.setbacks) == (1, 1)


@pytest.mark.slow
def test_a_group_that_is_told_to_end_gives_its_fit_back(service: Service, slow_document: dict[str, Any]) -> None:
    fit_id = running(service, slow_document)
    service.worker.wanted = False
    os.killpg(service.worker.handle.pid, signal.SIGTERM)
    record = wait_until(lambda: service.fit(fit_id).state == "queued" and service.fit(fit_id), 10.0, "giving it back")
    assert (record.attempt, record.crashes, record.setbacks) == (1, 0, 1)
    assert service.worker.handle.wait(30) == 0
    assert presence.alive(service.engine) == []
    service.worker = service.start_worker()
    taken_again(service, fit_id, 180)


@pytest.mark.slow
def test_a_child_that_hangs_is_ended_and_its_worker_goes_on(service: Service, slow_document: dict[str, Any]) -> None:
    fit_id = running(service, slow_document)
    child = child_of(service)
    child.suspend()
    again = taken_again(service, fit_id, 120)
    assert (again.crashes, again.setbacks) == (0, 1)
    wait_until(lambda: has_ended(child), 20, "the end of the child")
    assert service.worker.starts == 1


@pytest.mark.slow
def test_a_child_that_hangs_is_ended_by_its_parent_where_no_broker_passes_it_on(
    service: Service, slow_document: dict[str, Any]
) -> None:
    running(service, slow_document)
    service.broker.stop()
    child = child_of(service)
    child.suspend()
    try:
        wait_until(lambda: has_ended(child), 60, "the end of the child")
    finally:
        service.broker = service.start_broker()


@pytest.mark.slow
def test_a_worker_whose_name_returns_after_a_hard_stop_works(service: Service, slow_document: dict[str, Any]) -> None:
    service.worker.stop()
    name = "box:1"
    presence.report(service.engine, name, ["cpu"], ["cpu"], "an earlier one")
    presence.mark_stopping(service.engine, name, "an earlier one")
    service.worker = service.start_worker("--name", name)
    fit_id = running(service, slow_document)
    record = service.fit(fit_id)
    assert (record.worker, record.attempt) == (name, 1)
    assert [worker.id for worker in presence.alive(service.engine)] == [name]


@pytest.mark.slow
def test_a_killed_worker_s_fit_does_not_wait_for_its_lease_where_the_next_one_has_its_name(
    service: Service, slow_document: dict[str, Any]
) -> None:
    service.worker.stop()
    service.environment["PHOTFIT_LEASE_SECONDS"] = "600"
    service.worker = service.start_worker("--sole", "--name", "box:1")
    fit_id = running(service, slow_document)
    service.worker.kill()
    again = taken_again(service, fit_id, 60)
    assert (again.worker, again.crashes, again.setbacks) == ("box:1", 0, 1)
