"""GALFITM's kind of start: five bands, polynomials of 5, 4 and 4 coefficients over wavelength, all but the first
zero, and positions 2.5 pixels off.
"""

from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from benchmarks.random_scenes import reference_chi2
from fitting.first_values import complete_request
from fitting.inputs import ImageData
from fitting.problem import Problem
from fitting.run import run
from fitting.spec import FitRequest, parse_request

BANDS = {"g": 480.0, "r": 620.0, "i": 760.0, "z": 900.0, "y": 1000.0}
SHAPE = (49, 49)
LIGHT = {"i_e": [30.0, 15.0, 3.0, -1.5, 0.6], "flux": [4000.0, 1500.0, 300.0, -200.0, 80.0],
         "magnitude": [15.8, -0.6, 0.1, -0.05, 0.02]}  # fmt: skip
BEGUN = {"i_e": 15.0, "flux": 8000.0, "magnitude": 16.6}


def five_bands(parameters: dict[str, Any], sky: float) -> FitRequest:
    images = [{"name": name, "data": f"{name}.fits", "wavelength": length} for name, length in BANDS.items()]
    galaxy = {"name": "g", "profile": "sersic", "parameters": parameters}
    level = {"i": {"by_image": dict.fromkeys(BANDS, sky)}}
    components = [{"name": "sky", "profile": "flat_sky", "parameters": level}, galaxy]
    return parse_request({"frame": "pixel", "images": images, "components": components, "stages": [{"method": "lm"}]})


def psf(sigma: float) -> np.ndarray:
    y, x = np.mgrid[-8:9, -8:9]
    stamp = np.exp(-(x**2 + y**2) / (2.0 * sigma**2))
    return np.asarray(stamp / stamp.sum())


@pytest.mark.parametrize("light", list(LIGHT))
def test_five_bands_converge_from_flat_polynomials(light: str) -> None:
    true = {"x": 24.3, "y": 23.8, "q": 0.6, "pa": 40.0, "r_e": {"polynomial": [6.0, -0.9, 0.2, -0.06]},
            "n": {"polynomial": [1.8, 0.3, 0.07, -0.04]}, light: {"polynomial": LIGHT[light]}}  # fmt: skip
    start = {"x": 26.8, "y": 21.3, "q": 0.8, "pa": 70.0, "r_e": {"polynomial": [8.5, 0.0, 0.0, 0.0]},
             "n": {"polynomial": [2.5, 0.0, 0.0, 0.0]}, light: {"polynomial": [BEGUN[light], *[0.0] * 4]}}  # fmt: skip
    truth, request, noise = five_bands(true, 3.0), five_bands(start, 2.0), np.random.default_rng(4)
    blank = [
        ImageData(name, np.zeros(SHAPE), np.ones(SHAPE), np.zeros(SHAPE, bool), psf(1.2 + 0.1 * band), zero_point=25.0)
        for band, name in enumerate(BANDS)
    ]
    problem = Problem(truth, blank)
    models = problem.model(problem.start())
    images = [
        replace(image, data=model[0].numpy() + noise.normal(size=SHAPE))
        for image, model in zip(blank, models, strict=True)
    ]
    result = run(complete_request(request, images), images)
    assert result.converged
    assert result.stages[0].iterations <= 30
    assert result.chi2 < reference_chi2(truth, images)[0] + 0.01
