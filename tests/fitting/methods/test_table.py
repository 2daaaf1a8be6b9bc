"""Problems × methods: every method through a whole run, held against reference numbers."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from fitting.chains import read_chains
from fitting.first_values import complete_request
from fitting.inputs import load_images
from fitting.methods.progress import Cancelled, Progress
from fitting.results import FitResult, parameters_document, write_result
from fitting.run import run
from fitting.spec import METHODS, parse_request
from tests.fitting.methods.scenes import EXAMPLES, reference
from tests.fitting.scene import fitted, flat_sky, image_of, noisy, rendered, sersic

GALAXY = [flat_sky(), sersic()]
DATA = noisy(rendered(GALAXY))
NEAR = [flat_sky(2.5), sersic(x=20.6, r_e=5.6, n=1.5, pa=41.0)]

MINIMIZERS: dict[str, dict[str, Any]] = {
    "lm": {},
    "iterative_components": {},
    "iterative_parameters": {},
    "gradient": {"steps": 400},
    "scipy": {},
}
SAMPLERS: dict[str, dict[str, Any]] = {
    "nuts": {"warmup": 20, "samples": 40, "chains": 2},
    "hmc": {"warmup": 20, "samples": 40, "chains": 2, "leapfrog_steps": 5},
    "metropolis": {"warmup": 100, "samples": 200, "chains": 2, "thin": 20},
    "ensemble": {"warmup": 40, "samples": 30, "thin": 5},
    "mala": {"warmup": 60, "samples": 150, "chains": 2},
    "importance": {"samples": 200},
    "svi": {"steps": 60, "samples": 200, "learning_rate": 0.05},
}


def galaxy_by(method: str, **options: Any) -> FitResult:
    stages = [{"method": method, **options}]
    return fitted(NEAR, image_of(DATA), [{"method": "lm"}, *stages] if METHODS[method].samples else stages)


@pytest.fixture(scope="module")
def best() -> FitResult:
    return galaxy_by("lm")


@pytest.mark.parametrize("method", MINIMIZERS)
def test_every_minimizer_ends_where_lm_does(method: str, best: FitResult) -> None:
    result = galaxy_by(method, **MINIMIZERS[method])
    assert result.converged, result.message
    assert result.chi2 == pytest.approx(best.chi2, abs=0.02)
    (stage,) = parameters_document(result)["stages"]
    assert stage["history"]["step"][0] == 0
    assert stage["history"]["chi2"][-1] == pytest.approx(result.chi2, abs=0.5)
    assert stage["diagnostics"] is None


@pytest.mark.parametrize("method", SAMPLERS)
def test_every_sampler_draws_what_the_covariance_says(method: str, best: FitResult, tmp_path: Path) -> None:
    result = galaxy_by(method, **SAMPLERS[method])
    assert result.chi2 == pytest.approx(best.chi2, rel=1e-6)
    document = parameters_document(result)
    for row, known in zip(document["parameters"], best.parameters, strict=True):
        middle, width = row["quantiles"]["0.5"], row["quantiles"]["0.84"] - row["quantiles"]["0.16"]
        assert known.uncertainty is not None
        assert abs(middle - known.value) < 0.8 * known.uncertainty, row["name"]
        assert 0.55 < 0.5 * width / known.uncertainty < 1.6, row["name"]
    write_result(result, tmp_path)
    chains = read_chains(tmp_path / "chains.nc")
    assert chains.names == result.covariance.names
    assert document["stages"][1]["diagnostics"]["draws"] == chains.draws[..., 0].size


def test_chains_that_must_not_be_used_are_among_the_warnings() -> None:
    tiny = {"samples": 100, "chains": 1, "step_scale": 0.001, "adapt": False, "warmup": 0, "thin": 1}
    result = galaxy_by("metropolis", **tiny)
    assert not result.converged
    assert any("100 draws, but only" in warning and "do not use" in warning for warning in result.warnings)


def test_the_bootstraps_uncertainty_stands_beside_the_others(best: FitResult) -> None:
    result = fitted(NEAR, image_of(DATA), [{"method": "lm"}, {"method": "bootstrap", "samples": 60}])
    for row in result.parameters:
        assert row.uncertainty is not None
        assert row.uncertainty_bootstrap is not None
        assert 0.4 < row.uncertainty_bootstrap / row.uncertainty < 2.5, row.name
        assert row.uncertainty_scaled == pytest.approx(row.uncertainty * result.chi2_reduced**0.5)
    assert result.sampled is None
    assert all(row.quantiles is None for row in result.parameters)


def test_linked_and_turning_parameters_have_quantiles_and_fixed_ones_have_none() -> None:
    tied = [sersic("a", pa=178.0), sersic("b", x="= a.x", y="= a.y", pa="= a.pa", r_e=1.5, i_e=200.0)]
    start = [sersic("a", pa=-2.0, n={"value": 1.7, "fixed": True}), *tied[1:]]
    data = image_of(noisy(rendered(tied), 0.5), 0.25)
    stages = [{"method": "lm"}, {"method": "nuts", "warmup": 10, "samples": 30, "chains": 1}]
    rows = {row.name: row for row in fitted(start, data, stages).parameters}
    assert rows["a.n"].quantiles is None
    for name in ("a.pa", "b.pa"):
        level, sigma = rows[name].quantiles, rows[name].uncertainty
        assert level is not None
        assert sigma is not None
        assert abs(level["0.5"] - rows[name].value) < sigma
    assert rows["a.x"].quantiles == rows["b.x"].quantiles


@pytest.mark.parametrize("method", [*MINIMIZERS, *SAMPLERS, "bootstrap"])
def test_every_method_lets_a_cancel_through(method: str) -> None:
    def report(at: Progress) -> None:
        if at.method == method:
            raise Cancelled

    with pytest.raises(Cancelled):
        fitted(NEAR, image_of(DATA), [{"method": method}], report=report)


SHORT: dict[str, dict[str, Any]] = {
    **{method: {"warmup": 5, "samples": 8, "chains": 2} for method in ("nuts", "metropolis", "mala")},
    "hmc": {"warmup": 5, "samples": 8, "chains": 2, "leapfrog_steps": 3},
    "ensemble": {"warmup": 5, "samples": 8},
    "iterative_parameters": {"max_cycles": 2},
}


@pytest.mark.parametrize("method", SHORT)
def test_the_seed_alone_decides(method: str) -> None:
    values = [galaxy_of_seed(method, seed, SHORT[method]).chi2 for seed in (1, 1, 2)]
    assert values[0] == values[1]
    assert values[0] != values[2]


def galaxy_of_seed(method: str, seed: int, options: dict[str, Any]) -> FitResult:
    document = {
        "images": [{"name": "image", "data": "image.fits"}],
        "components": NEAR,
        "stages": [{"method": method, **options}],
        "seed": seed,
    }
    image = image_of(DATA)
    return run(complete_request(parse_request(document), [image]), [image])


def seed_problem(*stages: dict[str, Any]) -> FitResult:
    """The three galaxies from the tutorial's start."""
    folder = EXAMPLES / "three_galaxies"
    document = json.loads((folder / "request.json").read_text()) | {"stages": list(stages)}
    request = parse_request(document)
    images = load_images(request, lambda file: folder / file)
    return run(complete_request(request, images), images)


@pytest.mark.parametrize(
    ("stage", "chi2_reduced"),
    [
        ({"method": "lm"}, 1.01242),
        ({"method": "iterative_components"}, 1.01242),
        ({"method": "iterative_parameters"}, 1.01242),
        ({"method": "gradient", "learning_rate": 5e-3, "schedule": "constant"}, 1.63),
        ({"method": "gradient"}, 1.02),
    ],
    ids=["lm", "iterative_components", "iterative_parameters", "adam at 5e-3", "adam with a schedule"],
)
def test_the_seed_problem_from_the_tutorials_start(stage: dict[str, Any], chi2_reduced: float) -> None:
    result = seed_problem(stage)
    assert result.chi2_reduced <= chi2_reduced
    assert result.converged


@pytest.mark.slow
@pytest.mark.timeout(1200)
@pytest.mark.parametrize(
    "stage",
    [
        {"method": "nuts", "warmup": 500, "samples": 1000, "chains": 4},
        {"method": "hmc", "warmup": 500, "samples": 1000, "chains": 4, "leapfrog_steps": 5},
        {"method": "metropolis", "warmup": 1000, "samples": 1000, "thin": 100, "chains": 8},
        {"method": "ensemble", "warmup": 2000, "samples": 500, "thin": 200},
    ],
    ids=lambda stage: stage["method"],
)
def test_the_seed_problem_is_sampled_as_its_covariance_says(stage: dict[str, Any]) -> None:
    result = seed_problem({"method": "lm"}, stage)
    known = reference()
    assert result.converged, result.message
    diagnostics = parameters_document(result)["stages"][1]["diagnostics"]
    assert max(diagnostics["r_hat"].values()) < 1.01
    assert min(diagnostics["ess_bulk"].values()) > 1000
    assert result.sampled is not None
    chains = result.sampled.chains
    draws = chains.draws.reshape(-1, 22)
    for place, name in enumerate(chains.names):
        sigma = known["uncertainties"][name]
        off = draws[:, place].mean() - known["values"][name]
        if name.endswith(".pa"):
            off = (off + 90.0) % 180.0 - 90.0
        assert abs(off) < 0.1 * sigma, name
        assert abs(draws[:, place].std() / sigma - 1.0) < 0.1, name
    assert not np.array_equal(chains.draws[0], chains.draws[1])


@pytest.mark.parametrize("method", ["metropolis", "ensemble"])
def test_the_tutorials_few_draws_at_a_tiny_step_are_flagged(method: str) -> None:
    tiny: dict[str, Any] = {"step_scale": 0.01, "adapt": False} if method == "metropolis" else {"stretch": 1.001}
    chains = {"chains": 1, "samples": 200} if method == "metropolis" else {"samples": 10}
    result = seed_problem({"method": "lm"}, {"method": method, "warmup": 0, "screen": False, **tiny, **chains})
    assert not result.converged
    assert "do not use" in result.message
