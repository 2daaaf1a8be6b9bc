"""Profiles that are no ellipses, and PSF models: pixels, derivatives, and galaxies recovered from noise, by table."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import torch
from scipy.special import j1, k1

from fitting.drawing import SurfaceDrawing
from fitting.profiles import SURFACES
from fitting.render.pixels import Frame
from fitting.spec import PROFILES
from tests.fitting.scene import fitted, flat_sky, image_of, noisy, rendered, uncertainties_of, values_of
from tests.references.pixel_means import pixel_mean

Array = np.ndarray
Formula = Callable[[Array, Array, dict[str, float]], Array]
CENTRE = {"x": 20.3, "y": 19.6}


def axes(x: Array, y: Array, p: dict[str, float]) -> tuple[Array, Array]:
    """Along and across, pa counter-clockwise from +y."""
    angle = np.radians(p["pa"])
    x, y = x - p["x"], y - p["y"]
    return y * np.cos(angle) - x * np.sin(angle), x * np.cos(angle) + y * np.sin(angle)


def disk(x: Array, y: Array, p: dict[str, float]) -> Array:
    u, v = axes(x, y, p)
    s = np.maximum(np.abs(u) / p["h"], 1e-12)
    return np.asarray(p["i_0"] * s * k1(s) * np.cosh(p["n"] * v / (2.0 * p["z_0"])) ** (-2.0 / p["n"]))


def ring(x: Array, y: Array, p: dict[str, float]) -> Array:
    u, v = axes(x, y, p)
    sides = sum(np.exp(-((u - side * p["r"]) ** 2) / (2 * p["sigma_r"] ** 2)) for side in (-1.0, 1.0))
    return np.asarray(p["i_0"] * sides * np.exp(-(v**2) / (2 * p["sigma_z"] ** 2)))


def ellipsoid(x: Array, y: Array, p: dict[str, float]) -> Array:
    """Rotate the body's axes into space, and leave out the line of sight."""
    phi, i = np.radians(p["azimuth"]), np.radians(p["inclination"])
    spin = np.array([[np.cos(phi), -np.sin(phi), 0.0], [np.sin(phi), np.cos(phi), 0.0], [0.0, 0.0, 1.0]])
    tilt = np.array([[1.0, 0.0, 0.0], [0.0, np.cos(i), np.sin(i)], [0.0, -np.sin(i), np.cos(i)]])
    body = tilt @ spin @ np.diag([p["sigma_a"], p["sigma_b"], p["sigma_c"]])
    covariance = (body @ body.T)[:2, :2]
    offsets = np.stack(axes(x, y, p))
    form = np.einsum("i...,ij,j...->...", offsets, np.linalg.inv(covariance), offsets)
    return np.asarray(p["flux"] / (2 * np.pi * np.sqrt(np.linalg.det(covariance))) * np.exp(-0.5 * form))


def radius(x: Array, y: Array, p: dict[str, float]) -> Array:
    u, v = axes(x, y, p)
    return np.hypot(u, v / p["q"])


def gaussian(x: Array, y: Array, p: dict[str, float]) -> Array:
    sigma = p["fwhm"] / 2.3548200450309493
    return p["flux"] / (2 * np.pi * sigma**2 * p["q"]) * np.exp(-0.5 * (radius(x, y, p) / sigma) ** 2)


def moffat(x: Array, y: Array, p: dict[str, float]) -> Array:
    core = p["fwhm"] / (2.0 * np.sqrt(2.0 ** (1.0 / p["beta"]) - 1.0))
    norm = p["flux"] * (p["beta"] - 1.0) / (np.pi * core**2 * p["q"])
    return norm * (1.0 + (radius(x, y, p) / core) ** 2) ** -p["beta"]


def airy(x: Array, y: Array, p: dict[str, float]) -> Array:
    wave = 2.0 * 1.61633995 / p["fwhm"]
    v = np.maximum(wave * radius(x, y, p), 1e-9)
    return p["flux"] * wave**2 / (4.0 * np.pi * p["q"]) * (2.0 * j1(v) / v) ** 2


ELLIPSE = CENTRE | {"q": 0.8, "pa": 30.0}
CASES: dict[str, tuple[Formula, dict[str, float]]] = {
    "edge_on_disk": (disk, CENTRE | {"pa": 35.0, "n": 1.4, "h": 5.0, "z_0": 1.2, "i_0": 80.0}),
    "edge_on_ring": (ring, CENTRE | {"pa": 35.0, "r": 9.0, "sigma_r": 2.0, "sigma_z": 1.5, "i_0": 50.0}),
    "gaussian_ellipsoid": (
        ellipsoid,
        CENTRE
        | {
            "pa": 35.0, "inclination": 50.0, "azimuth": 20.0,
            "sigma_a": 6.0, "sigma_b": 4.0, "sigma_c": 1.5, "flux": 9000.0,
        },
    ),
    "gaussian_psf": (gaussian, ELLIPSE | {"fwhm": 4.0, "flux": 3000.0}),
    "moffat_psf": (moffat, ELLIPSE | {"beta": 2.8, "fwhm": 4.0, "flux": 5000.0}),
    "airy_psf": (airy, ELLIPSE | {"fwhm": 4.0, "flux": 5000.0}),
}  # fmt: skip
REACH = 12.0


def component(name: str, **changes: Any) -> dict[str, Any]:
    return {"name": "g", "profile": name, "parameters": CASES[name][1] | changes}


def test_every_surface_is_in_the_table() -> None:
    assert set(CASES) == set(SURFACES)


@pytest.mark.parametrize("name", CASES)
def test_pixels_hold_the_integrals_of_the_formula(name: str) -> None:
    formula, values = CASES[name]
    model = rendered([component(name)])
    centre = (values["x"], values["y"])
    pixels = [(x, y) for x in range(0, 41) for y in range(0, 41)]
    near = [pixel for pixel in pixels if np.hypot(pixel[0] - centre[0], pixel[1] - centre[1]) <= 5.0]
    far = [pixel for pixel in pixels[::11] if 5.0 < np.hypot(pixel[0] - centre[0], pixel[1] - centre[1]) <= REACH]
    brightest = model.max()
    for chosen, depth, promise in ((near, 9, 1e-5), (far, 4, 1e-4)):
        exact = np.array([pixel_mean(lambda x, y: formula(x, y, values), pixel, centre, depth) for pixel in chosen])
        got = np.array([model[y, x] for x, y in chosen])
        assert np.abs(got - exact).max() <= promise * brightest
        bright = exact > 1e-3 * brightest
        assert np.abs(got[bright] / exact[bright] - 1.0).max() <= promise


@pytest.mark.parametrize("name", [name for name in CASES if not name.endswith("_psf")])
def test_samples_follow_the_formula(name: str) -> None:
    formula, values = CASES[name]
    y, x = np.mgrid[:41, :41].astype(float)
    surface = SURFACES[name]
    own = torch.tensor([[values[parameter] for parameter in surface.parameters]], dtype=torch.float64)
    model = SurfaceDrawing(surface, integrated=False).image(own, Frame(0, 0, 41, 41))[0].numpy()
    assert model == pytest.approx(formula(x, y, values), rel=1e-10, abs=1e-11)


@pytest.mark.parametrize("name", CASES)
def test_derivatives_match_finite_differences(name: str) -> None:
    surface = SURFACES[name]
    values = torch.tensor([[CASES[name][1][parameter] for parameter in surface.parameters]], dtype=torch.float64)
    generator = np.random.default_rng(8)
    x, y = (torch.as_tensor(generator.normal(0.0, 6.0, (1, 300))) for _ in range(2))
    exact = surface.derivatives(x, y, values)[0]

    def moved(place: int, by: float) -> torch.Tensor:
        changed = values.clone()
        changed[0, place] += by
        return surface.brightness(x + values[0, 0] - changed[0, 0], y + values[0, 1] - changed[0, 1], changed)[0]

    for place, parameter in enumerate(surface.parameters):
        step = 1e-4 * max(1.0, abs(float(values[0, place])))
        near, far = (moved(place, many * step) - moved(place, -many * step) for many in (1.0, 2.0))
        expected = (8.0 * near - far) / (12.0 * step)
        assert float((exact[place] - expected).abs().max()) <= 1e-6 * float(expected.abs().max()), parameter


@pytest.mark.parametrize("name", CASES)
def test_order_of_parameters_is_that_of_the_description(name: str) -> None:
    assert set(SURFACES[name].parameters) == set(PROFILES[name].names)


HELD = {"gaussian_ellipsoid": ("azimuth", "inclination", "sigma_b")}
"""A projection has three shapes, and the ellipsoid five."""


@pytest.mark.parametrize("name", CASES)
def test_a_source_is_recovered_from_noise(name: str) -> None:
    truth = CASES[name][1]
    data = noisy(rendered([flat_sky(), component(name)]), 0.3)
    start: dict[str, Any] = {key: value + 5.0 if key == "pa" else 1.1 * value for key, value in truth.items()}
    start |= {"x": truth["x"] + 0.5, "y": truth["y"] - 0.5}
    start |= {key: {"value": truth[key], "fixed": True} for key in HELD.get(name, ())}
    result = fitted([flat_sky(2.7), component(name) | {"parameters": start}], image_of(data, 0.09))
    sigma = uncertainties_of(result)
    assert result.converged
    assert result.chi2_reduced == pytest.approx(1.0, abs=0.1)
    pulls = {key: (values_of(result)[f"g.{key}"] - truth[key]) / (sigma[f"g.{key}"] or np.inf) for key in truth}
    assert {key: pull for key, pull in pulls.items() if abs(pull) > 3.0} == {}
