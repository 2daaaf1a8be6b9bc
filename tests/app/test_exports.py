"""Exports over HTTP: the files of a result in other programs' formats, and what became of each part."""

import importlib.util
import io
import json
from pathlib import Path
from typing import Any

import pytest
from astropy.io import fits
from click.testing import CliRunner

from app.models.exports import Exported
from fitting.formats import ImportSource, import_model
from fitting.spec.handling import EXPORT_FORMATS
from photfit.cli import main
from photfit.client import Client
from tests.app.conftest import EXAMPLES, Service
from tests.app.test_fits import post_form
from tests.app.test_whole_path import finished

REQUEST: dict[str, Any] = json.loads((EXAMPLES / "three_galaxies" / "request.json").read_text())


@pytest.fixture(scope="module")
def fitted(working_service: Service, seed_file: Path) -> dict[str, Any]:
    """The seed problem, fitted."""
    fit = finished(working_service, post_form(working_service, REQUEST, seed_file).json())
    assert fit["state"] == "succeeded", fit
    return fit


def test_a_result_is_a_feedme_that_is_the_best_fit(working_service: Service, fitted: dict[str, Any]) -> None:
    found = working_service.client.get(fitted["links"]["export"], params={"format": "galfit"}).json()
    Exported.model_validate(found)
    texts = {file["name"]: working_service.client.get(file["href"]).text for file in found["files"]}
    assert {name: len(text.encode()) for name, text in texts.items()} == {
        file["name"]: file["size"] for file in found["files"]
    }
    again = import_model(ImportSource(found["main"], texts[found["main"]], text_beside=texts.get))
    best = working_service.client.get(fitted["links"]["best_fit"]).json()
    names = {component["name"]: component["parameters"] for component in again.request["components"]}
    for component in best["components"]:
        if component["profile"] == "sersic":
            value = component["parameters"]["r_e"]
            value = value["value"] if isinstance(value, dict) else value
            there = names[component["name"]]["r_e"]
            assert (there["value"] if isinstance(there, dict) else there) == pytest.approx(value, rel=1e-10)
    assert "upl_" not in texts[found["main"]]


def test_every_format_comes(working_service: Service, fitted: dict[str, Any], tmp_path: Path) -> None:
    with Client(str(working_service.client.base_url)) as client:
        here = importlib.util.find_spec("regions") is not None
        for format_ in (name for name in EXPORT_FORMATS if here or name not in ("ds9", "casa", "regions")):
            found = client.export(fitted["id"], format_)
            main_file = next(file for file in found["files"] if file["name"] == found["main"])
            client.download(main_file["href"], tmp_path / found["main"])
            assert (tmp_path / found["main"]).stat().st_size == main_file["size"] > 0
    with fits.open(tmp_path / "imgblock.fits") as block:
        assert len(block) == 4
        assert block[2].header["COMP_1"]


def test_the_command_fetches_from_a_service(working_service: Service, fitted: dict[str, Any], tmp_path: Path) -> None:
    words = ["export", fitted["id"], "--format", "imgblock", "-o", str(tmp_path / "b.fits")]
    done = CliRunner().invoke(main, [*words, "--url", str(working_service.client.base_url)])
    assert done.exit_code == 0, done.output
    assert fits.getheader(io.BytesIO((tmp_path / "b.fits").read_bytes()), 2)["CHISQ"] > 0.0


def test_what_there_is_not_is_refused(working_service: Service, fitted: dict[str, Any]) -> None:
    address = fitted["links"]["export"]
    assert working_service.client.get(address, params={"format": "word"}).status_code == 422
    assert working_service.client.get(f"{address}/../../etc/passwd", params={"format": "galfit"}).status_code == 404
    assert working_service.client.get(f"{address}/none.txt", params={"format": "galfit"}).status_code == 404
    assert working_service.client.get(address, params={"format": "galfit", "image": "no"}).status_code == 404
    assert working_service.client.get("/v1/fits/fit_none/export", params={"format": "galfit"}).status_code == 404
