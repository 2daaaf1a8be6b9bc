"""An image in, a fitted galaxy out: through the API, the broker and a worker."""

import io
import json
import statistics
import threading
import time
from pathlib import Path
from typing import Any

import httpx
import numpy as np
import pytest
from astropy.io import fits
from click.testing import CliRunner

from app.models.results import CovarianceDocument, ParametersDocument
from photfit.cli import main
from photfit.client import Client
from tests.app.conftest import EXAMPLES, Service, wait_until
from tests.app.test_fits import post_form, with_uploads

REFERENCE = json.loads((EXAMPLES / "three_galaxies" / "reference.json").read_text())
FINAL = ("succeeded", "failed", "cancelled")


def finished(service: Service, fit: dict[str, Any]) -> dict[str, Any]:
    """The fit when it is final."""

    def look() -> dict[str, Any] | None:
        answer: dict[str, Any] = service.client.get(fit["links"]["self"], params={"wait": 20}).json()
        return answer if answer["state"] in FINAL else None

    found: dict[str, Any] = wait_until(look, 180, f"the end of {fit['id']}")
    return found


@pytest.fixture(scope="module")
def seed_fit(working_service: Service, seed_file: Path) -> dict[str, Any]:
    """The seed problem, fitted."""
    request = json.loads((EXAMPLES / "three_galaxies" / "request.json").read_text())
    response = post_form(working_service, request, seed_file)
    assert response.status_code == 202, response.text
    fit = finished(working_service, response.json())
    assert fit["state"] == "succeeded", fit
    return fit


def part(service: Service, fit: dict[str, Any], name: str) -> httpx.Response:
    """A part of a fit's result."""
    return service.client.get(f"{fit['links']['self']}/{name}")


def test_the_seed_problem_reaches_the_reference(working_service: Service, seed_fit: dict[str, Any]) -> None:
    document = part(working_service, seed_fit, "parameters").json()
    ParametersDocument.model_validate(document)
    assert document["converged"]
    assert document["chi2_reduced"] == pytest.approx(1.012412, abs=2e-6)


def test_the_covariance_is_in_the_order_of_its_names(working_service: Service, seed_fit: dict[str, Any]) -> None:
    document = part(working_service, seed_fit, "covariance").json()
    CovarianceDocument.model_validate(document)
    matrix = np.array(document["matrix"])
    assert matrix.shape == (len(document["names"]),) * 2
    uncertainties = {
        entry["name"]: entry["uncertainty"]
        for entry in part(working_service, seed_fit, "parameters").json()["parameters"]
    }
    assert np.sqrt(np.diag(matrix)) == pytest.approx([uncertainties[name] for name in document["names"]])


def test_the_images_come_as_fits(working_service: Service, seed_fit: dict[str, Any]) -> None:
    planes = {}
    for name, address in seed_fit["links"]["images"]["image"].items():
        response = working_service.client.get(address)
        assert (response.status_code, response.headers["content-type"]) == (200, "application/fits"), name
        with fits.open(io.BytesIO(response.content)) as opened:
            planes[name] = np.array(opened[0].data)
    assert planes["data"] - planes["model"] == pytest.approx(planes["residual"])
    assert {plane.shape for plane in planes.values()} == {(99, 99)}


def test_a_part_of_an_image_can_be_asked_for(working_service: Service, seed_fit: dict[str, Any]) -> None:
    address = seed_fit["links"]["images"]["image"]["model"]
    response = working_service.client.get(address, headers={"Range": "bytes=0-8"})
    assert (response.status_code, response.content) == (206, b"SIMPLE  =")


def plot(service: Service, fit: dict[str, Any], name: str, **query: str) -> httpx.Response:
    """A plot of a fit."""
    return service.client.get(f"{fit['links']['self']}/plots/{name}", params=query)


def test_the_links_name_the_plots_that_the_stages_lead_to(seed_fit: dict[str, Any]) -> None:
    assert list(seed_fit["links"]["plots"]) == ["fit", "profile", "corner", "convergence"]


@pytest.mark.parametrize("name", ["fit", "profile", "corner", "convergence"])
def test_each_plot_is_a_picture_and_is_drawn_once(
    working_service: Service, seed_fit: dict[str, Any], name: str
) -> None:
    first = working_service.client.get(seed_fit["links"]["plots"][name])
    second = working_service.client.get(seed_fit["links"]["plots"][name])
    assert first.headers["content-type"] == "image/png"
    assert first.content.startswith(b"\x89PNG")
    assert first.content == second.content
    assert second.elapsed.total_seconds() < 0.2


@pytest.mark.parametrize(
    ("name", "media_type", "magic"),
    [("profile.svg", "image/svg+xml", b"<?xml"), ("convergence.pdf", "application/pdf", b"%PDF")],
)
def test_a_plot_comes_in_the_format_asked_for(
    working_service: Service, seed_fit: dict[str, Any], name: str, media_type: str, magic: bytes
) -> None:
    response = plot(working_service, seed_fit, name)
    assert response.headers["content-type"].startswith(media_type)
    assert response.content.startswith(magic)


@pytest.mark.parametrize("truth", ["a.n=2.145,a.r_e=22.05", '{"a.n": 2.145, "a.r_e": 22.05}'])
def test_a_corner_plot_shows_the_parameters_and_true_values_of_the_readers_choice(
    working_service: Service, seed_fit: dict[str, Any], truth: str
) -> None:
    drawn = plot(working_service, seed_fit, "corner.svg", parameters="a.n,a.r_e", truth=truth).text
    assert drawn.count("<!-- true ") == 3  # one in the legend
    assert "a.r_e" in drawn
    assert "b.r_e" not in drawn


@pytest.mark.parametrize(
    ("name", "query", "place"),
    [
        ("fit.png", {"truth": "a.n=2"}, "query.truth"),
        ("corner.png", {"image": "image"}, "query.image"),
        ("corner.png", {"truth": "a.n=two"}, "query.truth"),
        ("corner.png", {"truth": "nosuch.n=2"}, "query.truth"),
        ("corner.png", {"truth": "{"}, "query.truth"),
        ("corner.png", {"parameters": "nosuch"}, "query.parameters"),
    ],
)
def test_a_choice_that_a_plot_does_not_have_is_a_fault(
    working_service: Service, seed_fit: dict[str, Any], name: str, query: dict[str, str], place: str
) -> None:
    response = plot(working_service, seed_fit, name, **query)
    assert (response.status_code, response.headers["content-type"]) == (422, "application/problem+json")
    (fault,) = response.json()["faults"]
    assert fault["path"] == place
    assert fault["expected"]


@pytest.mark.parametrize("name", ["trace.png", "rank.svg"])
def test_a_plot_of_chains_needs_chains_and_says_so(
    working_service: Service, seed_fit: dict[str, Any], name: str
) -> None:
    response = plot(working_service, seed_fit, name)
    assert (response.status_code, response.headers["content-type"]) == (404, "application/problem+json")
    problem = response.json()
    assert problem["type"] == "urn:photfit:problem:no-such-plot"
    assert "no chains" in problem["detail"]
    assert problem["plots"] == ["fit", "profile", "corner", "convergence"]


@pytest.mark.parametrize("plane", ["data", "model", "residual", "normalized_residual", "component/a"])
def test_each_plane_comes_as_a_picture(working_service: Service, seed_fit: dict[str, Any], plane: str) -> None:
    response = working_service.client.get(seed_fit["links"]["previews"]["image"][plane])
    assert response.headers["content-type"] == "image/png"
    assert response.content.startswith(b"\x89PNG")


def test_the_log_tells_of_the_stage(working_service: Service, seed_fit: dict[str, Any]) -> None:
    response = part(working_service, seed_fit, "log")
    assert response.headers["content-type"].startswith("text/plain")
    assert "lm" in response.text


@pytest.mark.parametrize(
    "name", ["images/nosuch/model.fits", "images/image/component/nosuch.fits", "plots/nosuch.png", "plots/fit.exe"]
)
def test_a_result_that_does_not_exist_is_a_404(working_service: Service, seed_fit: dict[str, Any], name: str) -> None:
    assert part(working_service, seed_fit, name).status_code == 404


@pytest.mark.parametrize("name", ["images/..%2f..%2f1/model.fits", "images/image/component/..%2fmodel.fits"])
def test_no_name_leads_out_of_the_result(working_service: Service, seed_fit: dict[str, Any], name: str) -> None:
    assert part(working_service, seed_fit, name).status_code in (404, 422)


def test_a_result_that_the_client_has_is_a_304(working_service: Service, seed_fit: dict[str, Any]) -> None:
    etag = part(working_service, seed_fit, "parameters").headers["etag"]
    response = working_service.client.get(seed_fit["links"]["parameters"], headers={"If-None-Match": etag})
    assert (response.status_code, response.content) == (304, b"")


def test_the_events_end_with_the_finished_fit(
    working_service: Service, seed_request: dict[str, Any], seed_file: Path
) -> None:
    fit = post_form(working_service, {**seed_request, "seed": 7}, seed_file).json()
    names, last = [], ""
    with working_service.client.stream("GET", fit["links"]["events"]) as stream:
        assert stream.headers["content-type"].startswith("text/event-stream")
        for line in stream.iter_lines():
            names += [line.removeprefix("event: ")] if line.startswith("event: ") else []
            last = line.removeprefix("data: ") if line.startswith("data: ") else last
    assert names[-1] == "finished"
    assert json.loads(last)["state"] == "succeeded"


def test_a_finished_fit_can_be_deleted_with_its_files(
    working_service: Service, seed_request: dict[str, Any], seed_file: Path
) -> None:
    fit = finished(working_service, post_form(working_service, {**seed_request, "seed": 8}, seed_file).json())
    assert list(working_service.data.rglob(f"{fit['id']}/*"))
    assert working_service.client.delete(fit["links"]["self"]).status_code == 204
    assert not list(working_service.data.rglob(f"{fit['id']}/*"))


def test_a_fit_that_is_out_of_time_tells_the_best_that_it_had(
    working_service: Service, seed_request: dict[str, Any], seed_file: Path
) -> None:
    stages = [{"method": "lm", "max_iterations": 2}, {"method": "metropolis", "warmup": 20, "samples": 50_000}]
    request = seed_request | {"stages": stages, "limits": {"seconds": 2}}
    fit = finished(working_service, post_form(working_service, request, seed_file).json())
    with Client(str(working_service.client.base_url)) as client:
        told = client.status(fit["id"])
        parameters = client.parameters(fit["id"])
        chains = client.chains(fit["id"])
    assert (told.state, told.error and told.error.title) == ("failed", "Out of time")
    assert not parameters["converged"]
    assert parameters["message"].startswith("not converged: out of time after ")
    assert np.isfinite(np.array(chains["chains"])).all()


def test_a_fit_goes_on_from_its_best(working_service: Service, seed_fit: dict[str, Any]) -> None:
    best = working_service.client.get(seed_fit["links"]["best_fit"]).json()
    told = {row["name"]: row["value"] for row in part(working_service, seed_fit, "parameters").json()["parameters"]}
    (galaxy,) = [item for item in best["components"] if item["name"] == "a"]
    assert galaxy["parameters"]["x"] == told["a.x"]
    again = working_service.client.post(seed_fit["links"]["rerun"], params={"from": "best"}, json={"name": "further"})
    assert again.status_code == 202, again.text
    fit = finished(working_service, again.json())
    assert (fit["state"], fit["name"], fit["has_result"]) == ("succeeded", "further", True)
    stage = part(working_service, fit, "parameters").json()["stages"][0]
    assert stage["iterations"] <= 2
    assert stage["chi2_reduced"] == pytest.approx([1.012412] * 2, abs=2e-6)
    wrong = working_service.client.post(seed_fit["links"]["rerun"], params={"from": "there"}, json={})
    assert wrong.status_code == 422


def test_a_fit_that_is_cancelled_keeps_what_it_had(
    working_service: Service, seed_request: dict[str, Any], seed_file: Path, tmp_path: Path
) -> None:
    stages = [{"method": "lm"}, {"method": "metropolis", "warmup": 20, "samples": 500_000}, {"method": "lm"}]
    fit = post_form(working_service, seed_request | {"stages": stages}, seed_file).json()

    def sampling() -> bool:
        progress = working_service.client.get(fit["links"]["self"]).json()["progress"]
        return progress is not None and (progress["stage"], progress["iteration"]) > (1, 40)

    wait_until(sampling, 120, "the second stage")
    working_service.client.post(fit["links"]["cancel"])
    ended = finished(working_service, fit)
    assert (ended["state"], ended["error"], ended["has_result"]) == ("cancelled", None, True)
    codes = {notice["code"] for notice in ended["notices"]}
    assert {"stopped-early", "stages-not-run"} <= codes
    parameters = part(working_service, ended, "parameters").json()
    assert parameters["chi2_reduced"] == pytest.approx(1.0124, abs=1e-3)
    assert all(row["uncertainty"] for row in parameters["parameters"])
    assert part(working_service, ended, "covariance").status_code == 200
    assert np.isfinite(np.array(part(working_service, ended, "chains").json()["chains"])).all()
    assert plot(working_service, ended, "corner.png").status_code == 200
    url, out = str(working_service.client.base_url), tmp_path / "out"
    shown = CliRunner().invoke(main, ["results", ended["id"], "-o", str(out), "--url", url])
    assert shown.exit_code == 0, shown.output
    assert "was cancelled; kept is what it had found" in shown.stderr
    assert {"chains.nc", "best-fit.json", "parameters.json"} <= {path.name for path in out.iterdir()}


def test_a_fit_that_runs_is_cancelled_soon(working_service: Service, seed_request: dict[str, Any]) -> None:
    fit = post_slow(working_service, seed_request)
    wait_for_state(working_service, fit, "running")
    assert working_service.client.delete(fit["links"]["self"]).status_code == 409
    working_service.client.post(fit["links"]["cancel"])
    assert finished(working_service, fit)["state"] == "cancelled"


def test_the_api_answers_in_20_ms_while_a_worker_fits(working_service: Service, seed_request: dict[str, Any]) -> None:
    fit = post_slow(working_service, seed_request)
    wait_for_state(working_service, fit, "running")
    seconds = []
    for _ in range(100):
        start = time.perf_counter()
        working_service.client.get(fit["links"]["self"])
        seconds.append(time.perf_counter() - start)
    state = working_service.client.get(fit["links"]["self"]).json()["state"]
    working_service.client.post(fit["links"]["cancel"])
    finished(working_service, fit)
    assert state == "running"
    assert statistics.median(seconds) < 0.020


@pytest.mark.slow
def test_a_fit_costs_little_more_than_its_fitting(
    working_service: Service, seed_request: dict[str, Any], seed_file: Path, seed_fit: dict[str, Any]
) -> None:
    request = with_uploads(seed_request, working_service.upload(seed_file), seed_file.name)
    posts, wholes = [], []
    for seed in range(10):
        start = time.perf_counter()
        response = working_service.client.post("/v1/fits", json={**request, "seed": seed})
        posts.append(time.perf_counter() - start)
        assert finished(working_service, response.json())["state"] == "succeeded"
        wholes.append(time.perf_counter() - start)
    print(f"POST {statistics.median(posts):.4f} s, to the result {statistics.median(wholes):.4f} s")
    assert statistics.median(posts) < 0.150, "the images are read in a fork behind walls of its own"
    assert statistics.median(wholes) < 1.0


def test_many_clients_may_wait_at_once(service: Service, seed_request: dict[str, Any], seed_file: Path) -> None:
    fit = post_form(service, seed_request, seed_file).json()
    states: list[str] = []

    def wait() -> None:
        response = httpx.get(f"{service.client.base_url}{fit['links']['self']}", params={"wait": 30}, timeout=60)
        states.append(response.json()["state"])

    waiting = [threading.Thread(target=wait) for _ in range(60)]
    for thread in waiting:
        thread.start()
    assert service.client.get("/healthz").elapsed.total_seconds() < 2
    service.client.post(fit["links"]["cancel"])
    for thread in waiting:
        thread.join(20)
    assert states == ["cancelled"] * 60


def post_slow(service: Service, request: dict[str, Any]) -> dict[str, Any]:
    """A fit that takes a while: an image without galaxies, and many stages that look for some."""
    side = 600
    image = np.random.default_rng(3).normal(100.0, 3.0, (side, side))
    file = io.BytesIO()
    np.save(file, image)
    upload = service.client.post("/v1/uploads", params={"filename": "large.npy"}, content=file.getvalue()).json()["id"]
    galaxies = [
        {
            "name": f"g{number}",
            "profile": "sersic",
            "parameters": {
                "x": 40.0 + 60 * number,
                "y": 300.0,
                "q": 0.5,
                "pa": 10.0,
                "n": 2.5,
                "r_e": 30.0,
                "i_e": 9.0,
            },
        }
        for number in range(8)
    ]
    document = {
        "name": "slow",
        "images": [{"data": upload, "variance": {"constant": 9.0}}],
        "components": [request["components"][0], *galaxies],
        "stages": [{"method": "lm", "max_iterations": 1000, "tolerance": 1e-15}] * 100,
    }
    response = service.client.post("/v1/fits", json=document)
    assert response.status_code == 202, response.text
    fit: dict[str, Any] = response.json()
    return fit


def wait_for_state(service: Service, fit: dict[str, Any], state: str) -> None:
    """Wait until the fit is in a state."""
    answer = service.client.get(fit["links"]["self"], params={"wait": 30, "state": state}).json()
    assert answer["state"] == state, answer
