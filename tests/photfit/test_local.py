"""`photfit fit` and `photfit render`: a fit in one process, from file to files."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from astropy.io import fits
from click.testing import CliRunner, Result

from photfit.cli import main

EXAMPLES = Path(__file__).resolve().parents[2] / "examples"


def run(*arguments: str | Path) -> Result:
    return CliRunner().invoke(main, [str(argument) for argument in arguments], catch_exceptions=False)


def read(path: Path) -> dict[str, Any]:
    document: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    return document


@pytest.fixture(scope="module")
def outcome(tmp_path_factory: pytest.TempPathFactory) -> tuple[Result, Path]:
    """The three galaxies, fitted once."""
    output = tmp_path_factory.mktemp("fit")
    return run("fit", EXAMPLES / "three_galaxies" / "request.json", "-o", output), output


@pytest.mark.parametrize(("example", "chi2_reduced"), [("three_galaxies", 1.012412), ("three_galaxies_psf", 1.012325)])
def test_it_brings_the_reference_fit(example: str, chi2_reduced: float, tmp_path: Path) -> None:
    run("fit", EXAMPLES / example / "request.json", "-o", tmp_path)
    found, known = read(tmp_path / "parameters.json"), read(EXAMPLES / example / "reference.json")
    assert found["chi2_reduced"] == pytest.approx(chi2_reduced, abs=2e-6)
    for parameter in found["parameters"]:
        name, sigma = parameter["name"], known["uncertainties"][parameter["name"]]
        assert parameter["value"] == pytest.approx(known["values"][name], abs=0.02 * sigma), name
        assert parameter["uncertainty"] == pytest.approx(sigma, rel=0.01), name


@pytest.mark.parametrize("example", ["three_galaxies", "three_galaxies_psf"])
def test_its_covariance_is_the_reference(example: str, tmp_path: Path) -> None:
    run("fit", EXAMPLES / example / "request.json", "-o", tmp_path)
    found, known = read(tmp_path / "covariance.json"), read(EXAMPLES / example / "reference.json")
    assert found["names"] == known["names"]
    sigma = np.array(list(known["uncertainties"].values()))
    difference = (np.array(found["matrix"]) - np.array(known["covariance"])) / np.outer(sigma, sigma)
    assert np.abs(difference).max() < 0.01


def test_the_example_with_bulge_and_disc_comes_back_within_four_sigma(tmp_path: Path) -> None:
    run("fit", EXAMPLES / "bulge_disc" / "request.json", "-o", tmp_path)
    found, truth = read(tmp_path / "parameters.json"), read(EXAMPLES / "bulge_disc" / "truth.json")["parameters"]
    assert found["converged"] is True
    for parameter in found["parameters"]:
        if parameter["uncertainty"] is not None:
            name = parameter["name"]
            assert parameter["value"] == pytest.approx(truth[name], abs=4 * parameter["uncertainty"]), name


def test_it_prints_values_as_a_paper_would(outcome: tuple[Result, Path]) -> None:
    assert outcome[0].exit_code == 0
    (line,) = [line for line in outcome[0].stdout.splitlines() if " a.x " in line]
    assert "67.938" in line
    assert "± 0.004 " in line


@pytest.mark.parametrize("plane", ["data", "model", "residual", "normalized_residual", "component/a"])
def test_it_writes_each_plane(outcome: tuple[Result, Path], plane: str) -> None:
    assert fits.getdata(outcome[1] / "images" / "image" / f"{plane}.fits").shape == (99, 99)


def test_it_draws_the_plots_of_its_stages(outcome: tuple[Result, Path]) -> None:
    plots = {path.name: path.read_bytes()[:4] for path in (outcome[1] / "plots").iterdir()}
    assert plots == dict.fromkeys(("fit.png", "profile.png", "corner.png", "convergence.png"), b"\x89PNG")


def test_render_writes_the_model_alone(tmp_path: Path) -> None:
    result = run("render", EXAMPLES / "three_galaxies" / "request.json", "-o", tmp_path)
    assert result.exit_code == 0
    assert [path.name for path in tmp_path.iterdir()] == ["model.fits"]


def test_render_keeps_the_given_parameters(tmp_path: Path) -> None:
    document = read(EXAMPLES / "three_galaxies" / "request.json")
    document["images"][0] = {
        "data": str(EXAMPLES / "three_galaxies" / "three_galaxies.fits"),
        "variance": {"constant": 1},
    }
    document["components"] = [{"name": "sky", "profile": "flat_sky", "parameters": {"i": 7.25}}]
    (tmp_path / "request.json").write_text(json.dumps(document))
    run("render", tmp_path / "request.json", "-o", tmp_path / "out")
    assert np.all(fits.getdata(tmp_path / "out" / "model.fits") == 7.25)


@pytest.mark.skipif(torch.cuda.is_available(), reason="there is a CUDA device")
def test_a_gpu_that_is_not_there_is_said_in_one_sentence(tmp_path: Path) -> None:
    request = read(EXAMPLES / "three_galaxies" / "request.json") | {"device": "gpu"}
    for image in request["images"]:
        image |= {plane: str(EXAMPLES / "three_galaxies" / image[plane]) for plane in ("data", "variance")}
    (tmp_path / "request.json").write_text(json.dumps(request))
    result = run("fit", tmp_path / "request.json", "-o", tmp_path / "out")
    assert result.exit_code == 2
    assert "$.device: 'gpu', but torch finds no GPU on this machine (expected cpu or auto)" in result.output
    assert not (tmp_path / "out").exists()
