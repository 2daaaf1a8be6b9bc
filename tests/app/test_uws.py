"""The IVOA's Universal Worker Service, as pyvo and plain HTTP see it."""

import io
import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace
from typing import Any

import httpx
import pytest
import requests
from pyvo.dal.tap import AsyncTAPJob
from pyvo.io import uws

from app.domain.uws import quote_of
from app.lifetime.queue_board import Place
from tests.app.accounts import client_of, key_of
from tests.app.conftest import Service, wait_until

PROBLEM = "application/problem+json"


@pytest.fixture
def session() -> Iterator[requests.Session]:
    with requests.Session() as session:
        session.trust_env = False
        yield session


def with_upload(service: Service, request: dict[str, Any], path: Any) -> str:
    return json.dumps(request).replace(path.name, service.upload(path))


@pytest.fixture
def request_text(service: Service, seed_request: dict[str, Any], seed_file: Any) -> str:
    return with_upload(service, seed_request, seed_file)


@pytest.fixture
def job(service: Service, request_text: str) -> str:
    """The address of a job that waits."""
    return make(service, REQUEST=request_text)


def make(service: Service, **form: str) -> str:
    response = service.client.post("/uws/fits", data=form)
    assert response.status_code == 303, response.text
    return response.headers["location"]


def parsed(response: httpx.Response) -> Any:
    assert response.headers["content-type"] == "application/xml"
    return uws.parse_job(io.BytesIO(response.content))


def test_pyvo_follows_a_job_from_pending_to_completed_and_reads_its_results(
    working_service: Service, session: requests.Session, seed_request: dict[str, Any], seed_file: Any
) -> None:
    base = str(working_service.client.base_url).rstrip("/")
    text = with_upload(working_service, seed_request, seed_file)
    made = session.post(f"{base}/uws/fits", data={"REQUEST": text, "RUNID": "a word"})
    job = AsyncTAPJob(made.url, session=session)
    assert (job.phase, job.uws_version) == ("PENDING", "1.1")
    # Were it told to run now: known as soon as a worker is there.
    text = wait_until(lambda: session.get(f"{made.url}/quote").text, 60, "a quote")
    now, quoted = datetime.now(UTC), datetime.fromisoformat(text)
    assert now - timedelta(seconds=2) < quoted < now + timedelta(seconds=600)
    assert abs(job.quote.to_datetime(UTC) - quoted) < timedelta(seconds=30)
    job.execution_duration = 600
    assert job.execution_duration.sec == 600
    job.run()
    job.wait(timeout=200)
    job.raise_if_error()
    assert job.phase == "COMPLETED"
    assert job.job.runid == "a word"
    results = {result.id_: result for result in job.results}
    parameters = session.get(results["parameters"].href).json()
    assert parameters["chi2_reduced"] == pytest.approx(1.012412, abs=1e-5)
    assert session.get(results["image-model"].href).content[:6] == b"SIMPLE"
    assert results["image-model"].mimetype == "application/fits"
    for result in job.results:
        assert session.get(result.href).status_code == 200, result.id_
    table = job.fetch_result().to_table()
    told = session.get(results["parameters"].href).json()
    assert list(table["name"]) == [row["name"] for row in told["parameters"] + told["derived"]]
    assert table["value"][1] == told["parameters"][1]["value"]
    fit = results["parameters"].href.removesuffix("/parameters")
    job.delete()
    assert session.get(made.url).status_code == session.get(fit).status_code == 404


def test_a_job_waits_until_it_is_told_to_run(service: Service, job: str) -> None:
    assert service.client.get(f"{job}/phase").text == "PENDING"
    assert service.client.post(f"{job}/phase", data={"PHASE": "RUN"}).headers["location"] == job
    assert service.client.get(f"{job}/phase").text == "QUEUED"
    service.client.post(f"{job}/phase", data={"PHASE": "RUN"})
    assert parsed(service.client.get(job)).phase == "QUEUED"
    fits = service.client.get("/v1/fits").json()["fits"]
    assert len([fit for fit in fits if fit["state"] == "queued"]) >= 1


@pytest.mark.parametrize("first", ["PENDING", "QUEUED"])
def test_a_job_is_aborted(service: Service, request_text: str, first: str) -> None:
    job = make(service, REQUEST=request_text, **({"PHASE": "RUN"} if first == "QUEUED" else {}))
    assert service.client.get(f"{job}/phase").text == first
    service.client.post(f"{job}/phase", data={"PHASE": "ABORT"})
    assert service.client.get(f"{job}/phase").text == "ABORTED"
    service.client.post(f"{job}/phase", data={"PHASE": "RUN"})
    assert service.client.get(f"{job}/phase").text == "ABORTED"


def test_waiting_ends_when_the_phase_changes_and_at_once_where_it_is_another(service: Service, job: str) -> None:
    assert parsed(service.client.get(job, params={"WAIT": "0.2"})).phase == "PENDING"
    assert parsed(service.client.get(job, params={"WAIT": "30", "PHASE": "QUEUED"})).phase == "PENDING"
    service.client.post(f"{job}/phase", data={"PHASE": "ABORT"})
    assert parsed(service.client.get(job, params={"WAIT": "-1"})).phase == "ABORTED"


def test_parameters_duration_and_destruction_can_be_set_while_it_waits(service: Service, job: str) -> None:
    document = json.loads(parsed(service.client.get(job)).parameters[0].content)
    changed = json.dumps({**document, "name": "<another> & more"})
    assert service.client.post(f"{job}/parameters", data={"request": changed}).status_code == 303
    assert json.loads(parsed(service.client.get(job)).parameters[0].content)["name"] == "<another> & more"
    service.client.post(f"{job}/executionduration", data={"EXECUTIONDURATION": "90"})
    assert service.client.get(f"{job}/executionduration").text == "90"
    service.client.post(f"{job}/destruction", data={"DESTRUCTION": "2099-01-02T03:04:05"})
    assert service.client.get(f"{job}/destruction").text == "2099-01-02T03:04:05Z"
    service.client.post(f"{job}/phase", data={"PHASE": "RUN"})
    assert service.client.post(f"{job}/parameters", data={"REQUEST": changed}).status_code == 409


def test_a_job_is_gone_when_its_time_has_come_or_its_owner_says_so(service: Service, request_text: str) -> None:
    for method, path, form in (
        ("POST", "/destruction", {"DESTRUCTION": "2020-01-01T00:00:00Z"}),
        ("POST", "", {"ACTION": "DELETE"}),
        ("DELETE", "", None),
    ):
        job = make(service, REQUEST=request_text)
        assert service.client.request(method, job + path, data=form).status_code == 303
        assert service.client.get(job).status_code == 404
        assert job not in service.client.get("/uws/fits").text


def test_the_list_is_filtered(service: Service, job: str) -> None:
    def ids(**query: str) -> list[str]:
        return [
            one.jobid for one in uws.parse_job_list(io.BytesIO(service.client.get("/uws/fits", params=query).content))
        ]

    mine = job.rpartition("/")[2]
    assert ids(LAST="1") == [mine]
    assert mine in ids(PHASE="PENDING")
    assert mine not in ids(PHASE="COMPLETED")
    assert mine in ids(AFTER="2020-01-01T00:00:00")
    assert ids(AFTER="2099-01-01T00:00:00Z") == []


@pytest.mark.parametrize("after", ["0.5", "tomorrow", "2026-13-01T00:00:00"])
def test_a_list_after_what_is_no_time_is_refused(service: Service, after: str) -> None:
    response = service.client.get("/uws/fits", params={"AFTER": after})
    assert (response.status_code, response.json()["faults"][0]["path"]) == (422, "AFTER")


@pytest.mark.parametrize(
    ("path", "form", "place"),
    [
        ("", {}, "REQUEST"),
        ("", {"REQUEST": "{"}, "REQUEST"),
        ("", {"REQUEST": '{"images": [], "components": []}'}, "$.images"),
        ("/phase", {"PHASE": "STOP"}, "PHASE"),
        ("/phase", {}, "PHASE"),
        ("/executionduration", {"EXECUTIONDURATION": "-3"}, "EXECUTIONDURATION"),
        ("/destruction", {"DESTRUCTION": "tomorrow"}, "DESTRUCTION"),
        ("/parameters", {"REQUEST": "[]"}, "$"),
    ],
)
def test_a_wrong_parameter_is_told_by_its_name(
    service: Service, job: str, path: str, form: dict[str, str], place: str
) -> None:
    response = service.client.post(f"{job}{path}" if path else "/uws/fits", data=form)
    assert (response.status_code, response.headers["content-type"]) == (422, PROBLEM)
    assert response.json()["faults"][0]["path"].startswith(place)


def queued(seconds: float | None = 40.0, state: str = "queued", **progress: float) -> Any:
    """A job as the presenting of it sees one."""
    fit = SimpleNamespace(state=state, expected_seconds=seconds, progress=progress or None)
    return SimpleNamespace(fit=fit)


def test_a_job_that_waits_is_quoted_by_the_forecast() -> None:
    start = datetime(2026, 5, 1, 12, 0, tzinfo=UTC)
    assert quote_of(queued(), Place("cpu", 3, start)) == start + timedelta(seconds=40)
    assert quote_of(queued(), Place("cpu", 3, None)) is None  # no worker serves it
    assert quote_of(queued(None), Place("cpu", 3, start)) is None
    assert quote_of(queued(state="succeeded"), None) is None
    assert quote_of(SimpleNamespace(fit=None), None) is None  # type: ignore[arg-type]


def test_a_job_that_runs_is_quoted_by_its_progress() -> None:
    quote = quote_of(queued(state="running", eta_seconds=30.0), None)
    assert quote is not None
    assert 25 < (quote - datetime.now(UTC)).total_seconds() <= 30


def test_the_small_resources_answer_in_a_word(service: Service, job: str) -> None:
    assert service.client.get(f"{job}/owner").text == ""
    assert service.client.get(f"{job}/error").text == ""
    assert service.client.get(f"{job}/quote").text == ""  # no worker is there
    assert b"REQUEST" in service.client.get(f"{job}/parameters").content.upper()
    assert b"<uws:results" in service.client.get(f"{job}/results").content
    assert parsed(service.client.get(job)).ownerid is None


@pytest.mark.slow
def test_another_account_has_no_such_job(make_service: Any, seed_request: dict[str, Any], seed_file: Any) -> None:
    service = make_service(accounts="true")
    with client_of(service, key_of(service, "vera")) as vera, client_of(service, key_of(service, "h")) as henrietta:
        upload = vera.post("/v1/uploads", content=seed_file.read_bytes()).json()["id"]
        text = json.dumps(seed_request).replace(seed_file.name, upload)
        job = vera.post("/uws/fits", data={"REQUEST": text}).headers["location"]
        assert parsed(vera.get(job)).ownerid == vera.get(f"{job}/owner").text == "vera"
        assert henrietta.get(job).status_code == 404
        assert henrietta.post(f"{job}/phase", data={"PHASE": "RUN"}).status_code == 404
        assert job not in henrietta.get("/uws/fits").text
        stolen = henrietta.post("/uws/fits", data={"REQUEST": text, "PHASE": "RUN"})
        assert stolen.status_code == 422
