"""Frame sky: against astropy's coordinates, against rendering in pixels, and against finite differences."""

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
import torch
from astropy.wcs import WCS
from hypothesis import given, settings
from hypothesis import strategies as st

from fitting.inputs import ImageData, sky_of
from fitting.problem import Problem
from fitting.problem.coordinates.local_map import SkyFrame, mapped_ellipse
from fitting.run import run
from tests.fitting.images.sky import BANDS, CENTRE, galaxy, image, request_of, sky
from tests.fitting.scene import values_of

HEADERS: Any = st.fixed_dictionaries(
    {
        "scale": st.floats(0.03, 2.0),
        "turn": st.floats(-180.0, 180.0),
        "mirrored": st.booleans(),
        "shear": st.floats(-0.3, 0.3),
        "centre": st.tuples(st.floats(0.0, 360.0), st.floats(-88.0, 88.0)),
        "projection": st.sampled_from(["TAN", "SIN", "ZEA", "STG"]),
    }
)


@settings(max_examples=60, deadline=None, derandomize=True)
@given(HEADERS, st.floats(0.0, 1.0), st.floats(0.0, 1.0))
def test_positions_are_astropys(wcs: dict[str, Any], across: float, up: float) -> None:
    data = image("r", (80, 100), **wcs)
    plane = sky_of(data)
    grid = WCS(data.header)
    assert plane is not None
    pixel = (across * 99.0, up * 79.0)
    ra, dec = (torch.tensor(float(value), dtype=torch.float64) for value in grid.all_pix2world(*pixel, 0))
    around = SkyFrame(plane).around(ra, dec)
    assert around.pixel.tolist() == pytest.approx(pixel, abs=3e-6)
    assert np.array(plane.pixel(ra.numpy(), dec.numpy())).ravel() == pytest.approx(pixel, abs=3e-6)
    step = 1.0 / 3600.0
    north = np.array(grid.all_world2pix(ra, dec + step, 0)) - np.array(grid.all_world2pix(ra, dec - step, 0))
    assert around.linear[:, 1].tolist() == pytest.approx(north / 2.0, rel=1e-5, abs=1e-5)


@settings(max_examples=40, deadline=None, derandomize=True)
@given(HEADERS)
def test_derivatives_of_the_local_map_match_finite_differences(wcs: dict[str, Any]) -> None:
    plane = sky_of(image("r", (80, 100), **wcs))
    assert plane is not None
    there = SkyFrame(plane)
    ra, dec = (torch.tensor([value], dtype=torch.float64) for value in (plane.ra + 1e-3, plane.dec - 2e-3))
    around, step = there.around(ra, dec), 1e-4
    for axis, (a, b) in enumerate(((step, 0.0), (0.0, step))):
        up, down = there.around(ra + a, dec + b), there.around(ra - a, dec - b)
        size = float(around.by_sky.abs().max())
        assert torch.allclose(
            (up.pixel - down.pixel) / (2 * step), around.by_sky[..., axis], rtol=1e-6, atol=1e-6 * size
        )
        expected = (up.linear - down.linear) / (2 * step)
        slack = 1e-5 * float(expected.abs().max()) + 1e-7 * float(around.linear.abs().max())
        assert torch.allclose(expected, around.linear_by_sky[:, axis], rtol=1e-5, atol=slack)


@settings(max_examples=200, deadline=None, derandomize=True)
@given(st.lists(st.floats(-2.0, 2.0), min_size=4, max_size=4), st.floats(0.05, 1.4), st.floats(-180.0, 180.0))
def test_an_ellipse_is_mapped_exactly_under_any_linear_map(entries: list[float], q: float, pa: float) -> None:
    linear = torch.tensor(entries, dtype=torch.float64).reshape(1, 2, 2)
    if abs(float(torch.linalg.det(linear))) < 0.05:
        return
    none = torch.zeros((1, 2, 2, 2), dtype=torch.float64)
    mapped = mapped_ellipse(
        linear, none, torch.tensor([q], dtype=torch.float64), torch.tensor([pa], dtype=torch.float64)
    )

    def form(q: float, pa: float, scale: float) -> np.ndarray:
        sine, cosine = np.sin(np.radians(pa)), np.cos(np.radians(pa))
        axes = np.array([[-sine, cosine], [cosine, sine]]).T * scale @ np.diag([1.0, q])
        return np.asarray(axes @ axes.T)

    matrix = linear[0].numpy()
    expected = matrix @ form(q, pa, 1.0) @ matrix.T
    found = form(float(mapped.q), float(mapped.pa), float(mapped.stretch))
    assert found == pytest.approx(expected, rel=1e-9, abs=1e-9 * np.abs(expected).max())


@pytest.mark.parametrize("mirrored", [False, True])
@pytest.mark.parametrize("q", [0.4, 1.0, 1.3])
def test_turned_and_mirrored_pixels_keep_the_axis_ratio_and_its_slopes(mirrored: bool, q: float) -> None:
    """Also at q = 1, where a quadratic form has no angle."""
    plane = sky_of(image("r", (40, 40), scale=0.3, turn=33.0, mirrored=mirrored))
    assert plane is not None
    linear = torch.tensor(plane.local)[None]
    none = torch.zeros((1, 2, 2, 2), dtype=torch.float64)
    mapped = mapped_ellipse(
        linear, none, torch.tensor([q], dtype=torch.float64), torch.tensor([20.0], dtype=torch.float64)
    )
    assert float(mapped.q) == pytest.approx(q, rel=1e-7)
    assert mapped.q_by[0].tolist() == pytest.approx([1.0, 0.0, 0.0, 0.0], abs=1e-6)
    assert mapped.pa_by[0, 1] == pytest.approx(-1.0 if mirrored else 1.0, rel=1e-6)


def models_of(request: Any, images: list[ImageData]) -> list[np.ndarray]:
    problem = Problem(request, images)
    return [model[0].numpy() for model in problem.model(problem.start())]


@pytest.mark.parametrize("band", BANDS, ids=lambda band: band.name)
def test_flux_and_sky_are_what_was_asked_for(band: ImageData) -> None:
    (light,) = models_of(request_of(galaxy(n=0.6), names=(band.name,)), [band])
    assert light.sum() == pytest.approx(4000.0, rel=2e-3)
    (level,) = models_of(request_of(sky(20.0), names=(band.name,)), [band])
    grid = WCS(band.header)
    corners = np.array(grid.all_pix2world([[20, 20], [21, 20], [20, 21]], 0))
    sides = (corners[1:] - corners[0]) * 3600.0 * np.array([np.cos(np.radians(CENTRE[1])), 1.0])
    area = abs(float(np.linalg.det(sides)))
    assert float(level[0, 0]) == pytest.approx(20.0 * area, rel=1e-5)


def test_a_magnitude_is_the_flux_behind_the_zero_point() -> None:
    given_flux = models_of(request_of(galaxy(), names=("g",)), [BANDS[0]])[0]
    magnitude = 25.0 - 2.5 * np.log10(4000.0)
    given_magnitude = models_of(request_of(galaxy(flux=None, magnitude=magnitude), names=("g",)), [BANDS[0]])[0]
    assert given_magnitude == pytest.approx(given_flux, rel=1e-12)


@pytest.mark.parametrize("amplitude", ["flux", "magnitude", "i_e"])
def test_derivatives_match_finite_differences(amplitude: str) -> None:
    level: Any = {"flux": {"by_image": {"g": 3000.0, "r": 4000.0, "i": 5000.0}}, "magnitude": {"magnitude": 16.0}}
    changed = {"flux": level["flux"], "magnitude": 16.0, "i_e": {"by_image": {"g": 100.0, "r": 150.0, "i": 90.0}}}
    request = request_of(galaxy(**{"flux": None, amplitude: changed[amplitude]}), sky())
    noise = np.random.default_rng(3)
    images = [replace(band, data=noise.normal(5.0, 1.0, band.data.shape)) for band in BANDS]
    problem = Problem(request, images)
    theta = problem.start()
    _, gradient = problem.value_and_gradient(theta)
    matrix = problem.normal_equations(theta).matrix[0]
    steps = 0.3 * matrix.diagonal().rsqrt()
    value = problem.value
    for place, step in enumerate(torch.diag(steps)):
        rise = (
            8 * (value(theta + step) - value(theta - step)) - value(theta + 2 * step) + value(theta - 2 * step)
        ) / 12
        size = float((gradient[0] * steps).abs().max())
        assert float(rise) == pytest.approx(float(gradient[0, place] * steps[place]), rel=1e-4, abs=1e-6 * size)


def test_three_bands_know_the_shared_geometry_as_well_as_their_information_adds_up() -> None:
    fluxes = {"g": 3000.0, "r": 4000.0, "i": 5000.0}
    request = request_of(galaxy(flux={"by_image": fluxes}), sky({"by_image": {"g": 20.0, "r": 22.0, "i": 25.0}}))
    generator = np.random.default_rng(8)
    images = [
        replace(band, data=model + generator.normal(0.0, band.variance[0, 0] ** 0.5, model.shape))
        for band, model in zip(BANDS, models_of(request, list(BANDS)), strict=True)
    ]
    off = request.with_values(
        {"a.ra": CENTRE[0] + 1e-4, "a.dec": CENTRE[1] - 1e-4, "a.q": 0.75, "a.pa": 20.0, "a.r_e": 2.6, "a.n": 1.2}
    )
    joint = run(off, images)
    assert joint.converged
    sigmas = {row.name: row.uncertainty or 0.0 for row in joint.parameters}
    alone = []
    for band, flux in zip(images, fluxes.values(), strict=True):
        single = run(request_of(galaxy(flux=flux), sky(20.0), names=(band.name,)), [band])
        alone.append({row.name: row.uncertainty or 0.0 for row in single.parameters})
    truth = {"a.ra": CENTRE[0], "a.dec": CENTRE[1], "a.q": 0.6, "a.pa": 35.0, "a.r_e": 2.0, "a.n": 1.7}
    values = values_of(joint)
    for name, expected in truth.items():
        assert abs(values[name] - expected) < 4.0 * sigmas[name]
        predicted = sum(band[name] ** -2 for band in alone) ** -0.5
        assert sigmas[name] == pytest.approx(predicted, rel=0.1)
        assert sigmas[name] < min(band[name] for band in alone)
