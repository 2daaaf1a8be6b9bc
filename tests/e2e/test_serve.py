"""`photfit serve` as a user has it: real broker, real worker, real API, real signals."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import psutil
import pytest
from astropy.io import fits
from click.testing import CliRunner

from photfit.cli import main
from photfit.client import Client
from photfit.submission import submit_file
from photfit.supervisor import is_ready
from tests.e2e.serving import Service, alive, free_port, serve_command, serving, wait_for

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(240)]

EXAMPLES = Path(__file__).resolve().parents[2] / "examples"
FINAL = {"wait": 60, "state": ["succeeded", "failed", "cancelled"]}
CHI2_TOLERANCE = 2e-6


@pytest.fixture(scope="module")
def service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    with serving(tmp_path_factory.mktemp("s")) as running:
        yield running


@pytest.fixture
def client(service: Service) -> Iterator[Client]:
    with Client(service.url) as client:
        yield client


def reference(example: str) -> dict[str, Any]:
    document: dict[str, Any] = json.loads((EXAMPLES / example / "reference.json").read_text())
    return document


def fit_by_client(client: Client, example: str) -> dict[str, Any]:
    fit = client.wait(submit_file(client, EXAMPLES / example / "request.json").id, timeout=120)
    assert fit.state == "succeeded", fit
    return client.parameters(fit.id)


def command(*words: str, url: str) -> str:
    result = CliRunner().invoke(main, [*words, "--url", url], catch_exceptions=False)
    assert result.exit_code == 0, result.output
    return result.stdout


def test_it_says_where_it_answers(service: Service) -> None:
    assert service.printed(f"photfit is ready at {service.url}")


def test_every_part_is_ready(service: Service) -> None:
    answer = httpx.get(f"{service.url}/readyz", timeout=30)
    assert answer.status_code == 200, answer.text


def test_one_multipart_request_brings_a_fit(service: Service) -> None:
    folder = EXAMPLES / "three_galaxies"
    files = {
        "request": ("request.json", (folder / "request.json").read_bytes(), "application/json"),
        "three_galaxies.fits": ("three_galaxies.fits", (folder / "three_galaxies.fits").read_bytes()),
    }
    with httpx.Client(base_url=service.url, timeout=90) as http:
        created = http.post("/v1/fits", files=files)
        assert created.status_code == 202, created.text
        fit = http.get(created.headers["Location"], params=FINAL).json()
        parameters = http.get(fit["links"]["parameters"]).json()
    assert parameters["chi2_reduced"] == pytest.approx(1.012412, abs=CHI2_TOLERANCE)


@pytest.mark.parametrize(("example", "chi2_reduced"), [("three_galaxies", 1.012412), ("three_galaxies_psf", 1.012325)])
def test_the_client_brings_the_reference_fit(client: Client, example: str, chi2_reduced: float) -> None:
    parameters = fit_by_client(client, example)
    known = reference(example)
    assert parameters["chi2_reduced"] == pytest.approx(chi2_reduced, abs=CHI2_TOLERANCE)
    for parameter in parameters["parameters"]:
        name, sigma = parameter["name"], known["uncertainties"][parameter["name"]]
        assert parameter["value"] == pytest.approx(known["values"][name], abs=0.02 * sigma), name
        assert parameter["uncertainty"] == pytest.approx(sigma, rel=0.01), name


def test_submit_waits_and_prints_a_table(service: Service) -> None:
    printed = command("submit", str(EXAMPLES / "three_galaxies" / "request.json"), "--wait", url=service.url)
    assert "converged, reduced chi-squared 1.012412" in printed


def test_a_fit_can_be_followed_and_fetched_by_its_id(service: Service, tmp_path: Path) -> None:
    fit_id = command("submit", str(EXAMPLES / "three_galaxies" / "request.json"), url=service.url).strip()
    assert "reduced chi-squared" in command("watch", fit_id, url=service.url)
    assert "succeeded" in command("status", fit_id, url=service.url)
    command("results", fit_id, "-o", str(tmp_path), url=service.url)
    assert json.loads((tmp_path / "parameters.json").read_text())["converged"] is True
    assert fits.getdata(tmp_path / "images" / "image" / "residual.fits").shape == (99, 99)
    assert (tmp_path / "plots" / "fit.png").read_bytes().startswith(b"\x89PNG")


def test_a_refused_request_is_told_with_its_path(service: Service, tmp_path: Path) -> None:
    request = json.loads((EXAMPLES / "three_galaxies" / "request.json").read_text())
    request["images"][0]["data"] = str(EXAMPLES / "three_galaxies" / "three_galaxies.fits[NONE]")
    request["images"][0]["variance"] = {"constant": 1.0}
    path = tmp_path / "request.json"
    path.write_text(json.dumps(request))
    result = CliRunner().invoke(main, ["submit", str(path), "--url", service.url])
    assert result.exit_code == 2
    assert "$.images[0].data" in result.stderr


def test_a_second_service_on_the_same_data_says_so(service: Service) -> None:
    second = subprocess.run(
        serve_command(free_port(), service.data_directory), capture_output=True, text=True, timeout=60, check=False
    )
    assert second.returncode == 2
    assert "is in use by another photfit serve" in second.stderr
    assert second.stderr.count("\n") == 1


@pytest.mark.slow
@pytest.mark.parametrize("words", [("-m", "worker"), ("-m", "app")])
def test_a_killed_part_is_started_again(service: Service, client: Client, words: tuple[str, ...]) -> None:
    killed = service.child(*words)
    killed.kill()

    def replaced() -> bool:
        try:
            return service.child(*words).pid != killed.pid
        except LookupError:
            return False

    wait_for(replaced, 30, f"python {' '.join(words)} starts again")
    wait_for(lambda: not alive(killed), 10, "the killed one is gone")
    wait_for(lambda: is_ready(service.url), 60, "the service is ready again")
    assert fit_by_client(client, "three_galaxies")["converged"] is True


def test_a_killed_broker_loses_no_fit(service: Service, client: Client) -> None:
    (broker,) = [
        child
        for child in psutil.Process(service.process.pid).children()
        if "broker.conf" in child.cmdline()[-1] or "broker.sock" in " ".join(child.cmdline())
    ]
    broker.kill()
    assert fit_by_client(client, "three_galaxies")["converged"] is True


@pytest.mark.slow
def test_what_is_quick_waits_for_no_long_fit(tmp_path: Path) -> None:
    path = EXAMPLES / "three_galaxies" / "request.json"
    with serving(tmp_path, quick_workers=1) as running, Client(running.url) as client:
        wait_for(lambda: _workers(running, "quick") == 2, 60, "both workers are there")
        long = submit_file(client, _with_stages(tmp_path, path, [{"method": "nuts", "samples": 100_000}]))
        wait_for(lambda: client.status(long.id).state == "running", 60, "the long fit runs")
        preview = submit_file(client, _with_stages(tmp_path, path, []))
        short = submit_file(client, path)
        for fit in (preview, short):
            assert client.wait(fit.id, timeout=60).state == "succeeded"
        assert client.status(long.id).state == "running"
        client.cancel(long.id)


def _with_stages(folder: Path, path: Path, stages: list[dict[str, Any]]) -> Path:
    """An example's request with other stages, as a file whose images are named whole."""
    request = json.loads(path.read_text()) | {"stages": stages}
    text = json.dumps(request).replace("three_galaxies.fits", str(path.with_name("three_galaxies.fits")))
    changed = folder / "changed.json"
    changed.write_text(text)
    return changed


def _workers(service: Service, queue: str) -> int:
    """How many workers serve a queue, as the metrics have it."""
    lines = httpx.get(f"{service.url}/metrics", timeout=30).text.splitlines()
    found = [line for line in lines if line.startswith(f'photfit_workers{{queue="{queue}"}}')]
    return int(float(found[0].split()[1])) if found else 0


@pytest.mark.slow
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_stop_leaves_no_process_behind(tmp_path: Path, number: signal.Signals) -> None:
    with serving(tmp_path) as running:
        family = running.family()
        assert len(family) >= 3
        assert running.stop(number) == 0, running.output()
        assert [process for process in family if alive(process)] == []


@pytest.mark.slow
@pytest.mark.skipif(sys.platform != "linux", reason="only Linux signals children of a killed parent")
def test_a_killed_service_leaves_no_process_behind_and_starts_again_with_its_fits(tmp_path: Path) -> None:
    with serving(tmp_path) as first, Client(first.url) as client:
        fit_id = submit_file(client, EXAMPLES / "three_galaxies" / "request.json").id
        family = first.family()
        first.process.kill()
        wait_for(lambda: not any(alive(process) for process in family), 30, "the killed service's children are gone")
    with serving(tmp_path) as second, Client(second.url) as client:
        assert client.wait(fit_id, timeout=90).state == "succeeded"
