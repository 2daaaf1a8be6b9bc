"""Effective point-spread functions: the continuous convolution at the pixels' centres, against quadrature by hand."""

from collections.abc import Callable
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from astropy.io import fits
from numpy.polynomial.legendre import leggauss
from scipy.interpolate import RectBivariateSpline
from scipy.special import erf, gamma, gammaincinv

from fitting.first_values import complete_request
from fitting.inputs import load_images
from fitting.problem import Problem
from fitting.run import run
from fitting.spec import PROFILES, parse_request
from fitting.spec.images.image_spec import GaussianShape
from tests.fitting.geometry.test_modifiers import SETTINGS, VALUES
from tests.fitting.profiles.test_every_profile import PLACE, SHAPES
from tests.fitting.profiles.test_every_profile import component as radial_component
from tests.fitting.profiles.test_surfaces import CASES
from tests.fitting.profiles.test_surfaces import component as surface_component
from tests.fitting.scene import fitted, flat_sky, image_of, noisy, problem_of, rendered, sersic, values_of

FILES = Path(__file__).parents[2] / "cases"
Response = Callable[[np.ndarray, np.ndarray], np.ndarray]
CENTRE = 25
PIXELS = [(CENTRE + dx, CENTRE + dy) for dx in (-6, -2, -1, 0, 1, 2) for dy in (-3, -1, 0, 1)]


def gaussian(fwhm: float) -> Response:
    sigma = fwhm / np.sqrt(8.0 * np.log(2.0))
    return lambda x, y: np.exp(-0.5 * (x * x + y * y) / sigma**2) / (2.0 * np.pi * sigma**2)


def moffat(fwhm: float, beta: float = 3.0) -> Response:
    core = fwhm / (2.0 * np.sqrt(2.0 ** (1.0 / beta) - 1.0))
    return lambda x, y: (beta - 1.0) / (np.pi * core**2) * (1.0 + (x * x + y * y) / core**2) ** -beta


def stamp(response: Response, oversampling: int = 1, half: int = 25) -> np.ndarray:
    """The response at steps of a pixel, or of a part of it, over its sum."""
    place = np.arange(-half * oversampling, half * oversampling + 1.0) / oversampling
    samples = response(place[None, :], place[:, None])
    return np.asarray(samples / samples.sum())


def convolved(response: Response, pixels: list[tuple[int, int]], galaxy: dict[str, float]) -> np.ndarray:
    """∫ I(x′) P(x − x′) d²x′ of a Sérsic galaxy, in elliptical polar coordinates about its own centre, with t =
    (R/r_e)^{1/n} for the radius: the cusp is smooth in t.
    """
    n, q = galaxy["n"], galaxy["q"]
    b = gammaincinv(2.0 * n, 0.5)
    nodes, weights = leggauss(60)
    edges = np.linspace(0.0, (b + 40.0 + 4.0 * n) / b, 5)
    t = np.concatenate([low + (high - low) * (nodes + 1.0) / 2.0 for low, high in pairwise(edges)])
    weight = np.concatenate([(high - low) / 2.0 * weights for low, high in pairwise(edges)])
    radius = galaxy["r_e"] * t**n
    light = weight * radius * galaxy["r_e"] * n * t ** (n - 1.0) * q * galaxy["i_e"] * np.exp(-b * (t - 1.0))
    angle = (np.arange(256) + 0.5) * 2.0 * np.pi / 256
    sine, cosine = np.sin(np.radians(galaxy["pa"])), np.cos(np.radians(galaxy["pa"]))
    along, across = radius[:, None] * np.cos(angle), q * radius[:, None] * np.sin(angle)
    x, y = galaxy["x"] - along * sine + across * cosine, galaxy["y"] + along * cosine + across * sine
    sums = [(light[:, None] * response(px - x, py - y)).sum() for px, py in pixels]
    return np.array(sums) * 2.0 * np.pi / 256


def at(image: np.ndarray, pixels: list[tuple[int, int]] = PIXELS) -> np.ndarray:
    return np.array([image[y, x] for x, y in pixels])


GALAXIES = [(0.5, 3.0, 0.7), (1.0, 0.5, 0.5), (1.0, 4.0, 0.7), (4.0, 6.0, 0.7), (4.0, 1.0, 0.7), (6.0, 3.0, 0.3)]
OFFSETS = [(0.0, 0.0), (0.2, -0.4), (0.5, 0.5), (0.31, 0.13)]


@pytest.mark.parametrize("fwhm", [2.0, 3.0, 4.5, 6.0])
@pytest.mark.parametrize(("n", "r_e", "q"), GALAXIES)
def test_a_pixel_is_the_light_convolved_with_a_known_formula_at_its_centre(
    fwhm: float, n: float, r_e: float, q: float
) -> None:
    for dx, dy in OFFSETS:
        galaxy = {"x": CENTRE + dx, "y": CENTRE + dy, "q": q, "pa": 30.0, "n": n, "r_e": r_e, "i_e": 10.0}
        form = {"psf": stamp(gaussian(fwhm)), "psf_convention": "effective", "psf_form": GaussianShape(fwhm=fwhm)}
        model = rendered([sersic(**galaxy)], (51, 51), **form)
        exact = convolved(gaussian(fwhm), PIXELS, galaxy)
        assert np.abs(at(model) - exact).max() <= 5e-4 * exact.max()


@pytest.mark.parametrize("response", [gaussian, moffat])
@pytest.mark.parametrize("fwhm", [2.0, 2.5, 3.0, 6.0])
@pytest.mark.parametrize(("n", "r_e", "q"), GALAXIES)
def test_a_pixel_is_the_light_convolved_with_the_interpolated_samples_at_its_centre(
    response: Callable[[float], Response], fwhm: float, n: float, r_e: float, q: float
) -> None:
    """By a quintic spline through the samples, and not by the formula, which samples 2 pixels wide do not know."""
    samples = stamp(response(fwhm))
    place = np.arange(-25, 26)
    spline = RectBivariateSpline(place, place, samples, kx=5, ky=5)

    def interpolated(x: np.ndarray, y: np.ndarray) -> np.ndarray:
        inside = (np.abs(x) <= 25.0) & (np.abs(y) <= 25.0)
        return np.where(inside, spline.ev(np.clip(y, -25, 25), np.clip(x, -25, 25)), 0.0)

    dx, dy = OFFSETS[1]
    galaxy = {"x": CENTRE + dx, "y": CENTRE + dy, "q": q, "pa": 30.0, "n": n, "r_e": r_e, "i_e": 10.0}
    model = rendered([sersic(**galaxy)], (51, 51), psf=samples, psf_convention="effective")
    exact = convolved(interpolated, PIXELS[::3], galaxy)
    assert np.abs(at(model, PIXELS[::3]) - exact).max() <= 1e-3 * exact.max()


@pytest.mark.parametrize("oversampling", [2, 3, 4])
def test_a_response_that_is_sampled_more_finely_serves_narrow_ones_too(oversampling: int) -> None:
    galaxy = {"x": CENTRE + 0.3, "y": CENTRE - 0.2, "q": 0.6, "pa": 30.0, "n": 4.0, "r_e": 3.0, "i_e": 10.0}
    fields = {"psf_convention": "effective", "psf_oversampling": oversampling}
    model = rendered([sersic(**galaxy)], (51, 51), psf=stamp(moffat(2.0), oversampling), **fields)
    exact = convolved(moffat(2.0), PIXELS, galaxy)
    place = np.arange(-25 * oversampling, 25 * oversampling + 1) / oversampling
    lost = float(moffat(2.0)(*np.meshgrid(place, place)).sum()) / oversampling**2
    assert np.abs(at(model) - exact / lost).max() <= 5e-4 * exact.max()


@pytest.mark.parametrize("fwhm", [2.0, 3.0, 6.0])
@pytest.mark.parametrize("n", [0.5, 1.0, 2.0])
def test_no_light_is_lost(fwhm: float, n: float) -> None:
    galaxy = {"x": 60.3, "y": 59.6, "q": 0.7, "pa": 30.0, "n": n, "r_e": 3.0, "i_e": 10.0}
    b = gammaincinv(2.0 * n, 0.5)
    total = 2 * np.pi * n * 0.7 * 9.0 * 10.0 * np.exp(b) * b ** (-2 * n) * gamma(2 * n)
    model = rendered([sersic(**galaxy)], (121, 121), psf=stamp(gaussian(fwhm)), psf_convention="effective")
    assert model.sum() == pytest.approx(total, rel=1e-4)


def moved(component: dict[str, Any], dx: float, dy: float) -> dict[str, Any]:
    parameters = component["parameters"]
    return component | {"parameters": parameters | {"x": parameters["x"] + dx, "y": parameters["y"] + dy}}


def pixel_response(sigma: float, half: int = 9) -> np.ndarray:
    line = np.diff(0.5 * erf((np.arange(2 * half + 2) - half - 0.5) / sigma / np.sqrt(2.0)))
    return np.asarray(np.outer(line, line) / line.sum() ** 2)


EVERY: dict[str, dict[str, Any]] = {
    **{name: radial_component(name, **PLACE, **shapes[0]) for name, shapes in SHAPES.items()},
    **{name: surface_component(name) for name in CASES if PROFILES[name].blurred},
    **{case: sersic(n=3.0, **VALUES[case]) | {"geometry": [SETTINGS[case]]} for case in SETTINGS},
}


@pytest.mark.parametrize("name", EVERY)
def test_every_profile_and_modifier_is_convolved(name: str) -> None:
    """The response is a pixel's square blurred by a Gaussian G, so that the model is I ⊛ box ⊛ G: pixel integrals of
    images that are moved by thirds of a pixel (fifths where there is a cusp), weighted by G.
    """
    component, sigma, steps = EVERY[name], 1.3, 5 if name == "de_vaucouleurs" else 3
    model = rendered([component], psf=pixel_response(sigma), psf_convention="effective")
    half = 6 * steps
    line = np.exp(-0.5 * (np.arange(-half, half + 1) / steps / sigma) ** 2)
    weight = np.outer(line, line) / line.sum() ** 2
    exact = np.zeros_like(model)
    for row in range(steps):
        for column in range(steps):
            light = rendered([moved(component, 6 + column / steps, 6 + row / steps)], (53, 53))
            for (dy, dx), share in np.ndenumerate(weight):
                if (dy - half - row) % steps == 0 and (dx - half - column) % steps == 0:
                    y, x = 6 - (dy - half - row) // steps, 6 - (dx - half - column) // steps
                    if 0 <= y <= 12 and 0 <= x <= 12:
                        exact += share * light[y : y + 41, x : x + 41]
    assert np.abs(model - exact).max() <= 1e-3 * np.abs(exact).max()


def star(**values: float) -> dict[str, Any]:
    return {"name": "s", "profile": "point_source", "parameters": {"x": 14.3, "y": 12.8, "flux": 900.0} | values}


@pytest.mark.parametrize(("oversampling", "fwhm"), [(1, 3.0), (2, 2.0), (3, 1.5)])
def test_a_star_is_the_response_itself(oversampling: int, fwhm: float) -> None:
    fields = {"psf_convention": "effective", "psf_oversampling": oversampling}
    image = rendered([star()], (27, 31), psf=stamp(gaussian(fwhm), oversampling, 12), **fields)
    y, x = np.mgrid[:27, :31]
    assert np.abs(image - 900.0 * gaussian(fwhm)(x - 14.3, y - 12.8)).max() <= 5e-4 * image.max()


@pytest.mark.parametrize("geometry", [[], [{"warp": [4, 9, 15]}]])
@pytest.mark.parametrize("oversampling", [1, 2])
def test_derivatives_match_finite_differences(geometry: list[Any], oversampling: int) -> None:
    shape = VALUES["warp"] if geometry else {}
    galaxies = [sersic("a", n=3.0, x=17.2, **shape), sersic("b", n=1.0, r_e=1.0, x=20.4, y=23.1)]
    galaxies[0] |= {"geometry": geometry} if geometry else {}
    components = [flat_sky(), *galaxies, star(x=25.2)]
    fields: dict[str, Any] = {
        "psf": stamp(moffat(3.0), oversampling, 9), "psf_convention": "effective", "psf_oversampling": oversampling,
    }  # fmt: skip
    data = noisy(rendered([flat_sky(3.4), *galaxies, star()], **fields))
    problem = problem_of(components, data=data, **fields)
    theta = problem.start()
    value, gradient = problem.value_and_gradient(theta)
    equations = problem.normal_equations(theta)
    assert float(equations.chi2) == pytest.approx(float(problem.value(theta)), rel=1e-10)
    assert float(equations.chi2) == pytest.approx(float(value), rel=1e-10)
    size = equations.matrix[0].diagonal().sqrt() * value.sqrt()
    assert float(((gradient + 2.0 * equations.gradient)[0] / size).abs().max()) < 1e-9
    for place, step in enumerate(torch.diag(0.03 * equations.matrix[0].diagonal().rsqrt())):
        rise = 8 * (problem.value(theta + step) - problem.value(theta - step))
        rise = (rise - problem.value(theta + 2 * step) + problem.value(theta - 2 * step)) / 12
        slope = float(gradient[0, place] * step[place])
        assert float(rise) == pytest.approx(slope, rel=1e-4, abs=1e-5 * float((gradient[0] * step).abs().max() + 1e-3))


def test_a_batch_is_drawn_as_each_alone() -> None:
    problem = problem_of(
        [sersic(n=4.0), sersic("b", x=9.0, n=2.0)], psf=stamp(moffat(3.0), 1, 9), psf_convention="effective"
    )
    thetas = torch.cat([problem.start(), problem.start() + 0.3])
    together = problem.model(thetas)[0]
    for place in range(2):
        assert torch.allclose(together[place], problem.model(thetas[place : place + 1])[0][0], rtol=1e-5, atol=1e-9)


def test_parts_are_fitted_on_fine_pixels_too() -> None:
    galaxies = [sersic("a", n=3.0, x=12.3), sersic("b", n=1.0, r_e=2.0, x=29.4, y=23.1)]
    fields: dict[str, Any] = {"psf": stamp(moffat(3.0), 1, 9), "psf_convention": "effective"}
    image = image_of(noisy(rendered([*galaxies], **fields), 0.1), 0.01, **fields)
    start = [sersic("a", n=2.5, x=12.0), sersic("b", n=1.3, r_e=2.3, x=29.0, y=23.1)]
    result = fitted(start, image, [{"method": "iterative_components"}])
    assert result.chi2_reduced == pytest.approx(1.0, abs=0.08)
    assert values_of(result)["a.n"] == pytest.approx(3.0, abs=0.1)


def test_a_fit_of_an_exact_image_is_unbiased() -> None:
    galaxy = {"x": 20.3, "y": 19.6, "q": 0.7, "pa": 30.0, "n": 4.0, "r_e": 6.0, "i_e": 35.0}
    pixels = [(x, y) for y in range(41) for x in range(41)]
    exact = convolved(gaussian(3.0), pixels, galaxy).reshape(41, 41)
    image = image_of(exact, 1.0, psf=stamp(gaussian(3.0), 1, 12), psf_convention="effective")
    result = fitted([sersic(**galaxy | {"x": 20.0, "n": 3.0, "i_e": 40.0})], image)
    assert values_of(result) == pytest.approx({f"g.{name}": value for name, value in galaxy.items()}, rel=2e-3)


def test_the_case_that_summed_to_five_times_its_light() -> None:
    parameters = {"x": 40.2, "y": 39.6, "q": 0.7, "pa": 30, "n": 4, "r_e": 6, "i_e": 35.08}
    request = parse_request(
        {
            "images": [{"data": "ef_4_3.fits", "variance": {"constant": 1},
                        "psf": {"image": "ef_3_psf.fits", "convention": "effective"}}],
            "components": [{"name": "sky", "profile": "flat_sky", "parameters": {"i": 0}},
                           {"name": "g", "profile": "sersic", "parameters": parameters}],
            "stages": [{"method": "lm"}],
        }
    )  # fmt: skip
    images = load_images(request, lambda name: FILES / name)
    problem = Problem(request, images)
    model = problem.model(problem.start())[0][0].numpy()
    data = fits.getdata(FILES / "ef_4_3.fits").astype(float)
    assert model.sum() == pytest.approx(data.sum(), rel=0.01)
    result = run(complete_request(request, images), images)
    assert result.chi2_reduced == pytest.approx(1.0, abs=0.05)
    assert values_of(result)["g.n"] == pytest.approx(4.0, abs=0.15)
