"""Noise that follows from a fit: unbiased photon noise, and a variance that was estimated from the residual."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from fitting.first_values import complete_request
from fitting.inputs import load_images
from fitting.results import FitResult
from fitting.run import run
from fitting.spec import parse_request
from tests.fitting.inputs.test_pixel_scatter import sersic

Array = NDArray[np.float64]
CASES = Path(__file__).parents[3] / "shared" / "cases" / "fits"


def fit(folder: Path, data: Array, components: list[dict[str, Any]], stages: Any = None, **image: Any) -> FitResult:
    np.save(folder / "d.npy", data)
    for key, plane in image.items():
        if isinstance(plane, np.ndarray):
            np.save(folder / f"{key}.npy", plane)
            image[key] = f"{key}.npy"
    stages = [{"method": "lm"}] if stages is None else stages
    request = parse_request({"images": [{"data": "d.npy", **image}], "components": components, "stages": stages})
    images = load_images(request, folder.joinpath)
    return run(complete_request(request, images), images)


def value(result: FitResult, name: str) -> tuple[float, float]:
    (row,) = [row for row in result.parameters if row.name == name]
    assert row.uncertainty is not None
    return row.value, row.uncertainty


def codes(result: FitResult) -> list[str]:
    return [notice.code for notice in result.notices]


SKY = {"name": "sky", "profile": "flat_sky"}
SHAPE = (64, 64)
STAR: Array = np.exp(-0.5 * (np.hypot(*np.mgrid[-31:33, -31:33]) / 3.0) ** 2)
"""Of peak 1, sampled at pixel centres, which of that width is the integral to 1 %."""


@pytest.mark.slow
@pytest.mark.parametrize(("gain", "read_noise", "taken_off"), [(1.0, 0.0, 0.0), (0.5, 2.0, 0.0), (4.0, 3.0, 20.0)])
@pytest.mark.parametrize("method", ["lm", "gradient"])
def test_photon_noise_biases_neither_sky_nor_flux(
    tmp_path: Path, gain: float, read_noise: float, taken_off: float, method: str
) -> None:
    """Over twelve simulated exposures; with noise of the data the sky is 1 electron low, 60 of its uncertainties."""
    random = np.random.default_rng(1)
    light = 20.0 + 60.0 * STAR
    pulls = []
    for _ in range(12 if method == "lm" else 4):
        electrons = random.poisson(gain * light) + random.normal(0.0, read_noise, SHAPE)
        noise = {"gain": gain, "read_noise": read_noise, "subtracted_sky": taken_off}
        star = {"x": 31.0, "y": 31.0, "q": {"value": 1, "fixed": True}, "pa": {"value": 0, "fixed": True}}
        peak = {"name": "s", "profile": "gaussian", "parameters": star}
        result = fit(tmp_path, electrons / gain - taken_off, [SKY, peak], [{"method": method}], variance=noise)
        assert result.converged
        assert result.chi2_reduced == pytest.approx(1.0, abs=0.1)
        sky, sigma = value(result, "sky.i")
        (flux,) = [row for row in result.derived if row.name == "s.flux"]
        assert flux.uncertainty is not None
        true_flux = 60.0 * 2.0 * np.pi * 9.0
        pulls.append(((sky - (20.0 - taken_off)) / sigma, (flux.value - true_flux) / flux.uncertainty))
    off = np.mean(pulls, axis=0) * np.sqrt(len(pulls))
    assert np.abs(off).max() < 3.5, off


def test_the_variance_of_a_result_is_that_of_its_model(tmp_path: Path) -> None:
    random = np.random.default_rng(2)
    data = random.poisson(30.0, SHAPE) / 2.0
    result = fit(tmp_path, data, [SKY], variance={"gain": 2.0, "read_noise": 4.0})
    sky, _ = value(result, "sky.i")
    assert sky == pytest.approx(data.mean(), abs=5e-4), "all pixels count alike, to a hundredth of sigma"
    assert result.images[0].variance == pytest.approx(sky / 2.0 + 4.0, rel=1e-3)


def test_chains_without_a_fit_before_them_say_whose_noise_they_have(tmp_path: Path) -> None:
    random = np.random.default_rng(3)
    data = random.poisson(30.0, SHAPE).astype(float)
    chains = {"method": "metropolis", "samples": 300, "chains": 4}
    alone = fit(tmp_path, data, [SKY], [chains], variance={"gain": 1.0})
    assert "photon-noise-of-data" in codes(alone)
    assert value(alone, "sky.i")[0] == pytest.approx(data.mean(), abs=0.3)
    after = fit(tmp_path, data, [SKY], [{"method": "lm"}, chains], variance={"gain": 1.0})
    assert "photon-noise-of-data" not in codes(after)


@pytest.mark.parametrize(("n", "r_e"), [(4.0, 30.0), (1.0, 12.0), (0.5, 25.0)])
@pytest.mark.parametrize("sigma", [1.0, 0.003, 40.0])
def test_a_variance_that_was_not_given_is_the_residual_s(tmp_path: Path, n: float, r_e: float, sigma: float) -> None:
    random = np.random.default_rng(4)
    data = sigma * (12.0 + sersic((100, 100), n, r_e, 30.0) + random.normal(0.0, 1.0, (100, 100)))
    galaxy = {"x": 49.7, "y": 50.2, "n": n, "r_e": r_e, "q": 0.7, "pa": 90.0, "i_e": 30.0 * sigma}
    model = [SKY, {"name": "g", "profile": "sersic", "parameters": galaxy}]
    result = fit(tmp_path, data, model)
    assert result.images[0].variance == pytest.approx(sigma**2, rel=0.15)
    assert result.chi2_reduced == pytest.approx(1.0, abs=0.1)
    assert {"variance-estimated", "variance-estimated-again"} <= set(codes(result))
    given = fit(tmp_path, data, model, variance={"constant": sigma**2})
    for name in ("g.n", "g.r_e", "sky.i"):
        assert value(result, name)[1] == pytest.approx(value(given, name)[1], rel=0.08)


def test_what_a_model_lacks_is_not_taken_for_noise(tmp_path: Path) -> None:
    random = np.random.default_rng(5)
    data = 5.0 + sersic((100, 100), 1.0, 15.0, 30.0) + random.normal(0.0, 1.0, (100, 100))
    result = fit(tmp_path, data, [SKY])
    assert result.images[0].variance == pytest.approx(1.0, rel=0.15)
    assert result.chi2_reduced > 10.0


@pytest.mark.parametrize(
    ("factor", "code"), [(0.1, "noise-too-small"), (0.5, "noise-too-small"), (1.0, None), (3.0, "noise-too-large")]
)
def test_chi2_far_from_one_is_told_where_noise_is_the_reason(tmp_path: Path, factor: float, code: str | None) -> None:
    data = 5.0 + np.random.default_rng(6).normal(0.0, 1.0, SHAPE)
    result = fit(tmp_path, data, [SKY], variance={"constant": factor**2})
    assert [found for found in codes(result) if found.startswith("noise-too")] == ([] if code is None else [code])


def test_structure_is_no_noise_that_is_too_small(tmp_path: Path) -> None:
    data = 5.0 + 30.0 * STAR + np.random.default_rng(7).normal(0.0, 1.0, SHAPE)
    result = fit(tmp_path, data, [SKY], variance={"constant": 1.0})
    assert result.chi2_reduced > 3.0
    assert "noise-too-small" not in codes(result)


@pytest.mark.skipif(not CASES.is_dir(), reason=f"the cases are not at {CASES}")
@pytest.mark.parametrize("name", ["02_auto_variance", "09_saturate"])
def test_the_cases_come_right(name: str) -> None:
    request = parse_request(json.loads((CASES / f"{name}.json").read_text()))
    images = load_images(request, CASES.joinpath)
    result = run(complete_request(request, images), images)
    assert result.converged
    assert result.chi2_reduced == pytest.approx(1.0, abs=0.1)
    if name == "02_auto_variance":
        assert result.images[0].variance == pytest.approx(1.0, rel=0.15)
    else:
        assert value(result, "s.flux")[0] == pytest.approx(2e6, rel=2e-4)
        assert "saturated" in codes(result)
