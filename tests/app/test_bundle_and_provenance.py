"""What a result was made from, results that are found again, and the archive that makes a fit again."""

import hashlib
import io
import json
import subprocess
import sys
import zipfile
from pathlib import Path
from typing import Any

import pytest
from astropy.io import fits

import fitting
from app.models.results import ProvenanceDocument
from tests.app.conftest import EXAMPLES, ROOT, Service
from tests.app.test_fits import post_form, with_uploads
from tests.app.test_whole_path import finished

REQUEST: dict[str, Any] = json.loads((EXAMPLES / "three_galaxies" / "request.json").read_text())


@pytest.fixture(scope="module")
def fitted(working_service: Service, seed_file: Path) -> dict[str, Any]:
    """The seed problem, with one first value left out, fitted."""
    components = [dict(component) for component in REQUEST["components"]]
    components[0] = {**components[0], "parameters": {}}
    request = {**REQUEST, "components": components, "labels": ["bundle"]}
    fit = finished(working_service, post_form(working_service, request, seed_file).json())
    assert fit["state"] == "succeeded", fit
    return fit


@pytest.fixture(scope="module")
def archive(working_service: Service, fitted: dict[str, Any], tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The fit's archive, unpacked."""
    response = working_service.client.get(fitted["links"]["bundle"])
    assert (response.status_code, response.headers["content-type"]) == (200, "application/zip")
    folder = tmp_path_factory.mktemp("bundle")
    with zipfile.ZipFile(io.BytesIO(response.content)) as file:
        assert file.testzip() is None
        file.extractall(folder)
    return folder / fitted["id"]


def test_provenance_says_what_the_result_was_made_from(
    working_service: Service, fitted: dict[str, Any], seed_file: Path
) -> None:
    document = working_service.client.get(fitted["links"]["provenance"]).json()
    ProvenanceDocument.model_validate(document)
    assert (document["photfit"], document["fit"], document["dtype"]) == (fitting.__version__, fitted["id"], "float64")
    assert {"torch", "numpy", "astropy"} <= document["libraries"].keys()
    assert (document["device"], document["seed"]) == ("cpu", 42)
    (used,) = document["inputs"]
    assert used["sha256"] == hashlib.sha256(seed_file.read_bytes()).hexdigest()
    assert (used["filename"], used["size"]) == (seed_file.name, seed_file.stat().st_size)
    assert used["used_as"] == ["$.images[0].data", "$.images[0].variance"]
    assert document["request"] == working_service.client.get(fitted["links"]["request"]).json()
    assert document["request"]["components"][0]["parameters"] == {}
    assert document["completed_request"]["components"][0]["parameters"]["i"]


def test_the_parameters_carry_it_too(working_service: Service, fitted: dict[str, Any]) -> None:
    provenance = working_service.client.get(fitted["links"]["provenance"]).json()
    carried = working_service.client.get(fitted["links"]["parameters"]).json()["provenance"]
    assert carried.items() <= provenance.items()
    assert carried["request_sha256"]


def test_the_headers_of_images_say_how_they_were_made(working_service: Service, fitted: dict[str, Any]) -> None:
    provenance = working_service.client.get(fitted["links"]["provenance"]).json()
    for plane in ("model", "residual", "component/a"):
        content = working_service.client.get(fitted["links"]["images"]["image"][plane]).content
        history = list(fits.getheader(io.BytesIO(content))["HISTORY"])
        assert f"photfit {fitting.__version__}" in history
        assert f"photfit fit: {fitted['id']}" in history
        assert provenance["request_sha256"] in history
        assert any(line.startswith(f"photfit: {plane.rpartition('/')[2]} of image") for line in history)


def test_the_archive_holds_everything(archive: Path, seed_file: Path) -> None:
    names = {str(path.relative_to(archive)) for path in archive.rglob("*") if path.is_file()}
    assert {
        "README.md",
        "request.json",
        "completed_request.json",
        "parameters.json",
        "covariance.json",
        "provenance.json",
        "log.txt",
        "images/image/model.fits",
        "images/image/component/a.fits",
        "plots/fit.png",
        "plots/corner.png",
        f"inputs/{seed_file.name}",
    } <= names
    assert (archive / "inputs" / seed_file.name).read_bytes() == seed_file.read_bytes()


@pytest.mark.slow
def test_the_command_of_the_readme_makes_the_fit_again(archive: Path) -> None:
    (command,) = [
        line.split() for line in (archive / "README.md").read_text().splitlines() if line.startswith("    photfit ")
    ]
    run = subprocess.run(
        [sys.executable, "-m", *command],
        cwd=archive,
        env={"PYTHONPATH": str(ROOT), "OMP_NUM_THREADS": "1", "MPLBACKEND": "Agg", "PATH": ""},
        capture_output=True,
        text=True,
        timeout=120,
    )
    assert run.returncode == 0, run.stderr
    before, after = (
        {row["name"]: row["value"] for row in json.loads((folder / "parameters.json").read_text())["parameters"]}
        for folder in (archive, archive / "again")
    )
    assert after == pytest.approx(before, rel=1e-9)
    hashes = [
        json.loads((folder / "provenance.json").read_text())["request_sha256"]
        for folder in (archive, archive / "again")
    ]
    assert hashes[0] == hashes[1]


def test_an_archive_without_inputs_says_what_to_fetch(working_service: Service, fitted: dict[str, Any]) -> None:
    response = working_service.client.get(fitted["links"]["bundle"], params={"inputs": False})
    with zipfile.ZipFile(io.BytesIO(response.content)) as file:
        assert not any("inputs/" in name for name in file.namelist())
        page = file.read(f"{fitted['id']}/README.md").decode()
    assert "upl_" in page
    assert "SHA-256" in page


def test_an_archive_that_the_client_has_is_a_304(working_service: Service, fitted: dict[str, Any]) -> None:
    with working_service.client.stream("GET", fitted["links"]["bundle"]) as response:
        tag = response.headers["etag"]
    again = working_service.client.get(fitted["links"]["bundle"], headers={"If-None-Match": tag})
    assert (again.status_code, again.content) == (304, b"")


def test_reuse_finds_the_earlier_result(working_service: Service, fitted: dict[str, Any], seed_file: Path) -> None:
    request = working_service.client.get(fitted["links"]["request"]).json()
    renamed = {**request, "name": "other", "labels": []}
    for document, same in ((renamed, True), ({**renamed, "seed": 1}, False)):
        response = working_service.client.post("/v1/fits", json={**document, "reuse": True})
        assert response.status_code == (200 if same else 202)
        assert (response.json()["id"] == fitted["id"]) == same
    assert working_service.client.post("/v1/fits", json=renamed).json()["id"] != fitted["id"]
    upload = working_service.upload(seed_file)
    components = {**REQUEST, "components": request["components"], "reuse": True}
    again = working_service.client.post("/v1/fits", json=with_uploads(components, upload, seed_file.name))
    assert again.status_code == 200, "however the file is named"


def test_a_rerun_runs_again(working_service: Service, fitted: dict[str, Any]) -> None:
    first = working_service.client.post(fitted["links"]["rerun"]).json()
    assert first["id"] != fitted["id"]
    response = working_service.client.post(fitted["links"]["rerun"], json={"reuse": True})
    assert response.status_code == 200
