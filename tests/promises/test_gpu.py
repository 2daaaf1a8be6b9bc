"""The engine on a GPU against the same on the CPU: every profile, blur, noise and frame, every method, the same twice.

The CPU's answers are held to independent references elsewhere.
"""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pytest
import torch

from benchmarks.profiles import components
from benchmarks.scenes import SCENES, VARIANCE
from fitting.first_values import complete_request
from fitting.inputs import ImageData
from fitting.problem import Problem
from fitting.results import FitResult
from fitting.run import run
from fitting.spec import FitRequest, parse_request
from tests.fitting.images.sky import BANDS
from tests.fitting.images.sky import GALAXY as ON_THE_SKY
from tests.fitting.images.test_varying_psf import GRID
from tests.fitting.problem.test_fitted_psf import scene as with_fitted_psf
from tests.fitting.scene import fit_request, flat_sky, image_of, noisy, rendered, sersic

pytestmark = [
    pytest.mark.gpu,
    pytest.mark.skipif(not torch.cuda.is_available(), reason="no CUDA device"),
]

SIDE = 120
"""Of one tile on either device; frames of several are compared more loosely."""
STAMP = np.outer(*2 * [np.hanning(15)[1:-1]]) / np.hanning(15).sum() ** 2
STAR = {"name": "s", "profile": "point_source", "parameters": {"x": 11.3, "y": 28.8, "flux": 900.0}}
SKIES: dict[str, dict[str, Any]] = {
    "plane_sky": {"i": 3.0, "di_dx": 0.02, "di_dy": -0.01},
    "bilinear_sky": {f"i_{row}_{column}": 3.0 + 0.2 * row - 0.1 * column for row in (0, 1) for column in (0, 1)},
}
BLURS: dict[str, dict[str, Any]] = {
    "none": {},
    "pixelated": {"psf": STAMP},
    "effective": {"psf": STAMP, "psf_convention": "effective"},
    "oversampled": {"psf": STAMP, "psf_oversampling": 3},
    "varying": {"psf": GRID.middle, "psf_grid": GRID},
}
METHODS: dict[str, Mapping[str, Any]] = {
    "lm": {},
    "lm, intervals": {"intervals": True},
    "lm, restarts": {"restarts": 2},
    "iterative_components": {},
    "iterative_parameters": {"chunks": 2},
    "gradient": {"steps": 40},
    "scipy": {},
    "bootstrap": {"samples": 12},
    "nuts": {"warmup": 20, "samples": 20, "chains": 2},
    "hmc": {"warmup": 20, "samples": 20, "chains": 2},
    "mala": {"warmup": 20, "samples": 20, "chains": 4},
    "metropolis": {"warmup": 20, "samples": 20, "chains": 8},
    "ensemble": {"warmup": 20, "samples": 20},
}


def assert_alike(request: FitRequest, images: Sequence[ImageData]) -> None:
    """The questions have the same answers, at two θ at once."""
    here, there = Problem(request, images), Problem(request, images, "cuda")
    theta = here.start().repeat(2, 1)
    theta[1] += 0.01
    assert there.value(theta) == pytest.approx(here.value(theta), rel=1e-10)
    chi2, gradient = here.value_and_gradient(theta)
    chi2_there, gradient_there = there.value_and_gradient(theta)
    assert chi2_there == pytest.approx(chi2, rel=1e-10)
    equations, equations_there = here.normal_equations(theta), there.normal_equations(theta)
    roots = equations.matrix.diagonal(dim1=-2, dim2=-1).sqrt()
    scale = roots * chi2.sqrt()[:, None] + 1e-12
    assert float(((gradient_there - gradient).abs() / scale).max()) < 1e-9
    assert float(((equations_there.gradient - equations.gradient).abs() / scale).max()) < 1e-9
    products = roots[:, :, None] * roots[:, None, :] + 1e-12
    assert float(((equations_there.matrix - equations.matrix).abs() / products).max()) < 1e-9
    for model, model_there in zip(here.model(theta), there.model(theta), strict=True):
        assert model_there.device.type == "cuda"
        assert model_there.cpu().numpy() == pytest.approx(model.numpy(), rel=1e-10, abs=1e-10 * float(model.max()))


@pytest.mark.parametrize("name", components())
def test_every_profile_and_modifier(name: str) -> None:
    component = components()[name]
    request = parse_request({"images": [{"name": "image", "data": "a.fits"}], "components": [component]})
    data = np.random.default_rng(1).normal(0.0, 1.0, (SIDE, SIDE))
    assert_alike(request, [image_of(data, origin=(40, 40))])


@pytest.mark.parametrize("profile", SKIES)
def test_skies(profile: str) -> None:
    options = {"options": {"nodes": [2, 2]}} if profile == "bilinear_sky" else {}
    sky = {"name": "sky", "profile": profile, "parameters": SKIES[profile], **options}
    assert_alike(fit_request([sky, sersic()]), [image_of(noisy(rendered([sersic()])))])


@pytest.mark.parametrize("blur", BLURS)
@pytest.mark.parametrize("noise", ["gaussian", "poisson", "student_t"])
def test_blurs_and_noises(blur: str, noise: str) -> None:
    stars = [STAR] if blur in ("pixelated", "varying") else []
    document = {
        "images": [{"name": "image", "data": "a.fits"} | ({"psf": "psf.fits"} if stars else {})],
        "components": [flat_sky(), sersic(), *stars],
        "noise": noise,
    }
    image = image_of(np.abs(noisy(rendered([flat_sky(), sersic()], shape=(64, 64)))), **BLURS[blur])
    assert_alike(parse_request(document), [image])


@pytest.mark.parametrize("profile", ["gaussian_psf", "moffat_psf", "airy_psf"])
def test_point_spread_functions_that_are_fitted(profile: str) -> None:
    document = {"images": [{"name": "image", "data": "a.fits"}], "components": with_fitted_psf(profile)}
    assert_alike(parse_request(document), [image_of(noisy(rendered([flat_sky(), sersic()])))])


def test_several_images_on_the_sky() -> None:
    document = {
        "frame": "sky",
        "images": [{"name": band.name, "data": f"{band.name}.fits"} for band in BANDS],
        "components": [
            {"name": "g", "profile": "sersic", "parameters": ON_THE_SKY},
            {"name": "sky", "profile": "flat_sky", "parameters": {"i": 2.0}},
        ],
    }
    assert_alike(parse_request(document), BANDS)


def test_tiles_are_larger_and_add_up_alike() -> None:
    """More pixels than one tile has, with components that some tiles leave out."""
    scene = SCENES["five_galaxies"]
    plane = np.full((scene.side, scene.side), 20.0)
    request = parse_request(scene.request(off=True))
    image = ImageData("image", plane, np.full_like(plane, VARIANCE), np.zeros(plane.shape, dtype=bool))
    here, there = Problem(request, [image]), Problem(request, [image], "cuda")
    assert 1 < len(there.images[0].tiles) < len(here.images[0].tiles)
    theta = here.start()
    equations, equations_there = here.normal_equations(theta), there.normal_equations(theta)
    assert float(equations_there.chi2) == pytest.approx(float(equations.chi2), rel=1e-9)
    roots = equations.matrix[0].diagonal().sqrt()
    assert float(((equations_there.matrix - equations.matrix)[0].abs() / roots / roots[:, None]).max()) < 1e-6


def fitted_by(method: str, device: str) -> FitResult:
    """A sky and a galaxy from ten percent off, by a method."""
    components = [flat_sky(2.8), sersic(r_e=5.4, i_e=46.0, n=1.6)]
    image = image_of(noisy(rendered([flat_sky(), sersic()])))
    stages = [{"method": method.split(",")[0], **METHODS[method]}]
    return run(complete_request(fit_request(components, stages), [image]), [image], device=device)


def numbers(result: FitResult) -> np.ndarray:
    """All that came out: values, uncertainties, draws."""
    rows = [(row.value, row.uncertainty or 0.0, row.uncertainty_bootstrap or 0.0) for row in result.parameters]
    draws = [] if result.sampled is None else result.sampled.chains.draws.ravel().tolist()
    return np.array([*np.ravel(rows), result.chi2, *draws])


@pytest.mark.parametrize("method", METHODS)
def test_every_method_gives_the_same_numbers_twice(method: str) -> None:
    first = fitted_by(method, "cuda")
    assert numbers(fitted_by(method, "gpu")).tolist() == numbers(first).tolist()
    assert first.provenance["device"] == "cuda"


@pytest.mark.parametrize("method", ["lm", "iterative_components", "iterative_parameters"])
def test_a_fit_ends_where_it_does_on_the_cpu(method: str) -> None:
    here, there = fitted_by(method, "cpu"), fitted_by(method, "cuda")
    assert there.converged
    assert there.chi2 == pytest.approx(here.chi2, rel=1e-8)
    for row, other in zip(here.parameters, there.parameters, strict=True):
        assert row.uncertainty is not None
        assert other.value == pytest.approx(row.value, abs=1e-3 * row.uncertainty)
        assert other.uncertainty == pytest.approx(row.uncertainty, rel=1e-5)
    assert there.images[0].model == pytest.approx(here.images[0].model, rel=1e-6)


def test_the_seed_from_the_start_of_the_tutorial() -> None:
    from benchmarks.examples import load

    example = load("three_galaxies")
    document = {
        "images": [{"name": "image", "data": "a.fits"}],
        "components": [
            {"name": name, "profile": "flat_sky" if name == "sky" else "sersic",
             "parameters": {key.partition(".")[2]: value for key, value in example.start.items()
                            if key.startswith(f"{name}.")}}
            for name in ("sky", "a", "b", "c")
        ],
        "stages": [{"method": "lm"}],
    }  # fmt: skip
    image = image_of(example.data, example.variance)
    result = run(parse_request(document), [image], device="cuda")
    assert result.chi2_reduced == pytest.approx(1.012412, abs=1e-6)
    assert [row.value for row in result.parameters] == pytest.approx(list(example.optimum.values()), rel=1e-4)
