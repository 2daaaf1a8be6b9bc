"""What whoever looks after the service sees: figures and logs."""

import json
from collections.abc import Callable
from typing import Any

import pytest
from prometheus_client.parser import text_string_to_metric_families

from tests.app.accounts import client_of, key_of
from tests.app.conftest import EXAMPLES, Service, wait_until
from tests.app.test_fits import post_form


def figures(service: Service) -> dict[tuple[str, ...], float]:
    """The value of each sample of /metrics, by its name and labels' values, a bucket's bound last."""
    response = service.client.get("/metrics")
    assert response.status_code == 200, response.text
    assert response.headers["content-type"].startswith("text/plain; version=0.0.4")
    return {
        (sample.name, *(sample.labels[label] for label in sorted(sample.labels, key="le".__eq__))): sample.value
        for family in text_string_to_metric_families(response.text)
        for sample in family.samples
    }


@pytest.fixture(scope="module")
def figures_before(working_service: Service) -> dict[tuple[str, ...], float]:
    """Of what other tests have done."""
    return figures(working_service)


@pytest.fixture(scope="module")
def finished(working_service: Service, figures_before: dict[tuple[str, ...], float]) -> dict[str, Any]:
    """A fit that has run, asked for by a request with an id of its own."""
    folder = EXAMPLES / "three_galaxies"
    request = json.loads((folder / "request.json").read_text())
    headers = {"X-Request-Id": "request-of-this-test"}
    fit = post_form(working_service, request, folder / "three_galaxies.fits", headers=headers).json()
    fit = working_service.finished(fit["id"])
    assert fit["state"] == "succeeded", fit
    counted = ("photfit_fits_finished_total", "succeeded")
    seen = figures_before.get(counted, 0)
    wait_until(lambda: figures(working_service).get(counted, 0) > seen, 20, "the attempt's count")
    return fit


def test_waits_runs_and_ends_are_counted(
    working_service: Service, figures_before: dict[tuple[str, ...], float], finished: dict[str, Any]
) -> None:
    now = figures(working_service)
    found = {name: value - figures_before.get(name, 0) for name, value in now.items()}
    assert found["photfit_fits_finished_total", "succeeded"] == 1
    # A short fit goes to `quick` where its worker has started already.
    assert sum(found.get(("photfit_fit_wait_seconds_count", queue), 0) for queue in ("quick", "cpu")) == 1
    assert found["photfit_stage_seconds_count", "lm"] == 1
    assert found["photfit_stage_seconds_bucket", "lm", "+Inf"] == 1
    assert found["photfit_stage_seconds_sum", "lm"] > 0
    assert now["photfit_workers", "cpu"] == 1
    assert now["photfit_running",] == 0


def test_requests_are_counted_by_route(working_service: Service, finished: dict[str, Any]) -> None:
    found = figures(working_service)
    assert found["photfit_http_request_seconds_count", "POST", "/v1/fits", "202"] >= 1
    assert found["photfit_http_request_seconds_count", "GET", "/v1/fits/{fit_id}", "200"] >= 1


def test_fits_that_wait_are_counted_by_queue(service: Service, seed_request: dict[str, Any], seed_file: Any) -> None:
    post_form(service, seed_request, seed_file)
    found = figures(service)
    assert found["photfit_queue_depth", "cpu"] >= 1
    assert found["photfit_queue_oldest_seconds", "cpu"] >= 0


def test_a_request_can_be_followed_from_the_api_s_log_into_the_worker_s(
    working_service: Service, finished: dict[str, Any]
) -> None:
    api = [json.loads(line) for line in working_service.api.log.read_text().splitlines() if line[:1] == "{"]
    worker = [json.loads(line) for line in working_service.workers[0].log.read_text().splitlines() if line[:1] == "{"]
    assert any(
        entry["event"] == "request" and entry.get("request_id") == "request-of-this-test" and entry["status"] == 202
        for entry in api
    )
    mine = [entry for entry in worker if entry.get("request_id") == "request-of-this-test"]
    assert {entry["event"] for entry in mine} >= {"taken", "ended"}
    assert {(entry["fit"], entry["attempt"]) for entry in mine} == {(finished["id"], 1)}


@pytest.mark.slow
def test_figures_are_for_administrators_where_there_are_accounts(make_service: Callable[..., Service]) -> None:
    service = make_service(accounts="true")
    for scopes, status in ((["read", "submit"], 403), (["admin"], 200)):
        with client_of(service, key_of(service, "vera", scopes)) as client:
            assert client.get("/metrics").status_code == status
    assert service.client.get("/metrics").status_code == 401
