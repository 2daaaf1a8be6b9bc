"""photfit as an external analysis of SkyPortal: its documented messages, by a stand-in that takes one callback."""

import base64
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import xarray

from app.domain import skyportal as skyportal_analyses
from jobs.storage import records
from tests.app.conftest import EXAMPLES, Service, free_port, started_broker, wait_until
from tests.app.https_server import Answer, HttpsServer, https_server
from tests.app.images import noise, npy_bytes
from tests.app.in_process import InProcess, request_of

SECRET = "whsec_" + base64.b64encode(bytes(range(32))).decode()
EXAMPLE_UPLOAD = "upl_01JDA6Q8Z4M1V6T9W3K2B7C5XN"
FILE = EXAMPLES / "three_galaxies" / "three_galaxies.fits"
TOKEN = "/api/webhook/obj_analysis/555ce6d4"


@pytest.fixture(scope="module")
def skyportal(tmp_path_factory: pytest.TempPathFactory) -> Iterator[HttpsServer]:
    """A stand-in: an analysis is told of once, and its token is of no use afterwards; the first try fails."""
    told: list[str] = []

    def answer(path: str, before: int) -> Answer:
        if path.endswith("555ce6d4") and before == 0:
            return Answer(503)
        told.append(path)
        return Answer(200 if told.count(path) == 1 else 403)

    with https_server(tmp_path_factory.mktemp("skyportal"), answer) as server:
        yield server


@pytest.fixture(scope="module")
def service(tmp_path_factory: pytest.TempPathFactory, skyportal: HttpsServer) -> Iterator[Service]:
    server = started_broker()
    settings = {
        "PHOTFIT_WEBHOOK_HOSTS": skyportal.host,
        "PHOTFIT_WEBHOOK_SECRET": SECRET,
        "PHOTFIT_OUTBOUND_PRIVATE": "true",
        "PHOTFIT_RECONCILE_SECONDS": "0.3",
        "SSL_CERT_FILE": str(skyportal.certificate),
    }
    made = Service(tmp_path_factory.mktemp("analyses"), free_port(), server, settings)
    made.start()
    made.start_worker()
    yield made
    made.stop()
    server.stop()


def asked(service: Service, url: str, upload: str, samples: int = 20, **more: Any) -> Any:
    """What the service answers to the message of the API document, sent as SkyPortal sends it."""
    document = service.client.get("/openapi.json").json()
    body = document["paths"]["/v1/skyportal"]["post"]["requestBody"]["content"]["application/json"]
    message = next(iter(body["examples"].values()))["value"]
    request = json.loads(json.dumps(message["analysis_parameters"]["request"]).replace(EXAMPLE_UPLOAD, upload))
    request["stages"] = [{"method": "lm"}, {"method": "metropolis", "samples": samples, "chains": 2, "warmup": 5}]
    message |= {"callback_url": url, "inputs": {"analysis_parameters": {"request": json.dumps(request)}}}
    message |= {"analysis_parameters": {}, "invalid_after": "2026-12-01 05:00:00", "analysis_resource_type": "obj"}
    return service.client.post("/v1/skyportal", json=message | more)


@pytest.mark.slow
def test_an_analysis_is_told_of_once_with_draws_plots_and_results(
    service: Service, skyportal: HttpsServer, tmp_path: Path
) -> None:
    assert service.client.get("/v1/skyportal").json()["status"] == "active"
    upload = service.upload(FILE)
    answer = asked(service, skyportal.url(TOKEN), upload)
    assert (answer.status_code, answer.json()["status"]) == (200, "pending")
    again = asked(service, skyportal.url(TOKEN), upload).json()
    assert again["fit"] == answer.json()["fit"]
    wait_until(lambda: len(skyportal.seen) == 2, 120, "a callback that is heard")
    told = json.loads(skyportal.seen[-1][2])
    assert told["status"] == "success"
    analysis = told["analysis"]
    assert analysis["results"]["format"] == "json"
    assert analysis["results"]["data"]["chi2_reduced"] == pytest.approx(1.012412, abs=1e-2)
    assert [plot["format"] for plot in analysis["plots"]] == ["png"] * 3
    assert all(base64.b64decode(plot["data"])[:8] == b"\x89PNG\r\n\x1a\n" for plot in analysis["plots"])
    assert analysis["inference_data"]["format"] == "netcdf4"
    path = tmp_path / "tmp.nc"
    path.write_bytes(base64.b64decode(analysis["inference_data"]["data"]))
    with xarray.open_dataset(path, group="posterior", engine="h5netcdf") as posterior:
        assert posterior.sizes["draw"] == 20
    fit = service.client.get(answer.json()["fit"]).json()
    assert (fit["name"], fit["labels"]) == ("three galaxies", ["skyportal"])


@pytest.mark.slow
def test_a_fit_that_is_cancelled_is_told_of_as_a_failure(service: Service, skyportal: HttpsServer) -> None:
    answer = asked(service, skyportal.url("/other"), service.upload(FILE), inputs={}, analysis_parameters={})
    assert (answer.status_code, answer.json()["faults"][0]["path"]) == (422, "$.analysis_parameters.request")
    away = asked(service, "https://example.org/x", service.upload(FILE))
    assert (away.status_code, away.json()["faults"][0]["path"]) == (422, "$.webhook")
    assert asked(service, skyportal.url("/x"), service.upload(FILE), callback_method="GET").status_code == 422
    seen = len(skyportal.seen)
    fit = asked(service, skyportal.url("/cancelled"), service.upload(FILE), samples=20_000).json()["fit"]
    service.client.post(f"{fit}/cancel")
    wait_until(lambda: len(skyportal.seen) > seen, 60, "a callback")
    told = json.loads(skyportal.seen[-1][2])
    assert (told["status"], "cancelled" in told["message"]) == ("failure", True)


def test_draws_without_end_are_not_sent_but_told_of(running: InProcess, monkeypatch: pytest.MonkeyPatch) -> None:
    """They would be held three times in the memory of a service that others use: a fit may draw gigabytes."""
    monkeypatch.setattr(skyportal_analyses, "_PLOTS", ())
    request = request_of(running.upload(npy_bytes(noise()))[0])
    record = records.get_fit(running.services.engine, "local", running.fit(request))
    assert record is not None
    short = json.loads(skyportal_analyses.callback(running.services, record))
    assert len(base64.b64decode(short["analysis"]["inference_data"]["data"])) == 2 << 20
    monkeypatch.setattr(skyportal_analyses, "MOST_DRAWS_BYTES", (2 << 20) - 1)
    long = json.loads(skyportal_analyses.callback(running.services, record))
    assert long["status"] == "success"
    assert "inference_data" not in long["analysis"]
    assert f"GET /v1/fits/{record.id}/chains" in long["message"]
