"""One worker with one broker: what a fit leaves behind, and how it ends when it is stopped."""

import json
from typing import Any

import pytest

from jobs.lifecycle import transitions
from jobs.queues import presence
from tests.worker.conftest import Service, wait_until
from tests.worker.test_children import child_of


def test_a_fit_leaves_its_result_under_its_attempt(service: Service, request_document: dict[str, Any]) -> None:
    record = service.finished(service.submit(request_document))
    assert (record.state, record.attempt, record.error) == ("succeeded", 1, None)
    folder = f"fits/{record.id}/1"
    parameters = json.loads(service.blobs.read(f"{folder}/parameters.json"))
    assert parameters["converged"]
    assert abs(parameters["chi2_reduced"] - 1.012412) < 2e-6
    assert f"{folder}/images/image/model.fits" in service.blobs.keys(folder)
    assert record.progress is not None
    assert record.progress["fraction"] == 1.0


@pytest.mark.slow
def test_a_cancelled_fit_stops_within_a_few_iterations(
    service: Service, request_document: dict[str, Any], slow_document: dict[str, Any]
) -> None:
    fit_id = service.submit(slow_document)
    wait_until(lambda: service.fit(fit_id).progress, 180, "progress")
    transitions.request_cancel(service.engine, "local", fit_id)
    record = service.finished(fit_id, 20.0)
    assert record.state == "cancelled"
    assert f"fits/{fit_id}/1/parameters.json" in service.blobs.keys(f"fits/{fit_id}/1"), "what it had found is kept"
    assert service.finished(service.submit(request_document)).state == "succeeded", "the worker goes on"


@pytest.mark.slow
def test_a_worker_that_is_told_to_stop_gives_its_fit_back(service: Service, slow_document: dict[str, Any]) -> None:
    fit_id = service.submit(slow_document)
    wait_until(lambda: service.fit(fit_id).progress, 180, "progress")
    assert service.worker.stop() == 0
    record = service.fit(fit_id)
    assert (record.state, record.crashes, record.attempt) == ("queued", 0, 1)
    assert presence.alive(service.engine) == []
    service.worker = service.start_worker()
    wait_until(lambda: service.fit(fit_id).attempt == 2, 180, "the second attempt")


@pytest.mark.slow
def test_a_fit_whose_upload_is_gone_fails_with_a_reason(service: Service, request_document: dict[str, Any]) -> None:
    request_document["images"][0]["data"] = "upl_gone[DATA]"
    record = service.finished(service.submit(request_document))
    assert record.state == "failed"
    assert record.error is not None
    assert "upl_gone" in record.error["detail"]
    assert "Traceback" not in json.dumps(record.error)


@pytest.mark.slow
def test_a_fit_that_kills_its_process_each_time_fails_and_the_next_one_runs(
    service: Service, request_document: dict[str, Any], slow_document: dict[str, Any]
) -> None:
    poison = service.submit(slow_document)
    for attempt in (1, 2, 3):
        wait_until(lambda attempt=attempt: service.fit(poison).attempt == attempt, 180, f"attempt {attempt}")
        wait_until(lambda: service.fit(poison).progress, 180, "progress")
        child_of(service).kill()
    record = service.finished(poison)
    assert (record.state, record.crashes) == ("failed", 3)
    assert record.error is not None
    assert "was ended by SIGKILL" in record.error["detail"]
    assert service.finished(service.submit(request_document)).state == "succeeded"
