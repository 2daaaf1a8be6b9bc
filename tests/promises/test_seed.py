"""The three-galaxy problem: from the tutorial's start, and from starts around the truth, to the known optimum."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from fitting.first_values import complete_request
from fitting.inputs import ImageData, load_images
from fitting.methods.minimizers import levenberg_marquardt
from fitting.problem import Problem
from fitting.results import FitResult
from fitting.run import run
from fitting.spec import FitRequest, parse_request

EXAMPLES = Path(__file__).parents[2] / "examples"
OPTIMA = {"three_galaxies": 1.012412, "three_galaxies_psf": 1.012325}
STARTS = 100
ENOUGH = 98

pytestmark = pytest.mark.timeout(600)


def load(name: str) -> tuple[FitRequest, list[ImageData], dict[str, Any]]:
    folder = EXAMPLES / name
    request = parse_request(json.loads((folder / "request.json").read_text()))
    images = load_images(request, lambda file: folder / file)
    return complete_request(request, images), images, json.loads((folder / "reference.json").read_text())


@pytest.fixture(scope="module", params=list(OPTIMA))
def case(request: pytest.FixtureRequest) -> tuple[str, FitResult, dict[str, Any]]:
    """Name, result from the tutorial's start, and the reference."""
    fit, images, reference = load(request.param)
    return request.param, run(fit, images), reference


def turned(difference: float, name: str) -> float:
    """A difference of angles the shorter way round."""
    return (difference + 90.0) % 180.0 - 90.0 if name.endswith(".pa") else difference


def test_the_optimum_is_reached(case: tuple[str, FitResult, dict[str, Any]]) -> None:
    name, result, reference = case
    assert result.converged
    assert result.chi2_reduced == pytest.approx(OPTIMA[name], abs=2e-6)
    assert result.n_pixels == reference["n_pixels"]


def test_every_value_is_within_two_hundredths_of_sigma(case: tuple[str, FitResult, dict[str, Any]]) -> None:
    _, result, reference = case
    assert [parameter.name for parameter in result.parameters] == reference["names"]
    off = {
        parameter.name: turned(parameter.value - reference["values"][parameter.name], parameter.name)
        / reference["uncertainties"][parameter.name]
        for parameter in result.parameters
    }
    assert {name: pull for name, pull in off.items() if abs(pull) > 0.02} == {}


def test_every_uncertainty_is_within_one_percent(case: tuple[str, FitResult, dict[str, Any]]) -> None:
    _, result, reference = case
    got = {parameter.name: parameter.uncertainty for parameter in result.parameters}
    assert got == pytest.approx(reference["uncertainties"], rel=0.01)


def test_the_covariance_is_within_one_percent_of_its_diagonal_scale(
    case: tuple[str, FitResult, dict[str, Any]],
) -> None:
    _, result, reference = case
    expected = np.array(reference["covariance"])
    sigma = np.sqrt(np.diagonal(expected))
    assert list(result.covariance.names) == reference["names"]
    assert np.abs((result.covariance.matrix - expected) / np.outer(sigma, sigma)).max() < 0.01


@pytest.mark.parametrize("name", list(OPTIMA))
def test_starts_around_the_truth_reach_the_optimum(name: str) -> None:
    """±20 %, ±2 pixels, ±20°: all but two of a hundred end at χ²ᵣ 1.01242 or below."""
    request, images, _ = load(name)
    truth = json.loads((EXAMPLES / name / "truth.json").read_text())["parameters"]
    problem = Problem(request, images)
    generator = np.random.default_rng(2024)
    reached = 0
    for _ in range(STARTS):
        start = [moved(truth[parameter], parameter, generator.uniform(-1.0, 1.0)) for parameter in problem.names]
        theta = problem.parameters.theta_of(torch.tensor([start], dtype=torch.float64))
        end = levenberg_marquardt(problem, theta)
        reached += float(end.equations.chi2) / problem.degrees_of_freedom <= 1.01242
    assert reached >= ENOUGH


def moved(value: float, name: str, by: float) -> float:
    """A start off the truth by the share `by` (−1 … 1) of what its kind of parameter is moved."""
    kind = name.partition(".")[2]
    if kind in ("x", "y"):
        return value + 2.0 * by
    if kind == "pa":
        return value + 20.0 * by
    return min(value * (1.0 + 0.2 * by), 1.0 if kind == "q" else np.inf)
