"""Modified isophotes and tilted skies in frame sky: against pixels, mirror images, astropy and finite differences."""

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
import torch
from astropy.wcs import WCS

from fitting.inputs import ImageData
from fitting.problem import Problem
from fitting.run import run
from fitting.spec import FitRequest, parse_request
from tests.fitting.geometry.test_modifiers import SETTINGS, VALUES
from tests.fitting.images.sky import BANDS, CENTRE, galaxy, image, request_of, sky
from tests.fitting.scene import uncertainties_of, values_of

SCALE = 0.3
PLACE = (27.2, 31.4)
SHAPE = {"q": 0.6, "n": 1.7, "r_e": 5.0}
PA = 215.0
ANGLES = ("_phase", "warp_1_pa", "warp_2_pa", "warp_3_pa", "rotation_angle")
LENGTHS = ("bending", "truncation", "rotation_inner", "rotation_outer", "rotation_winding")
SKIES = {"turned": (20.0, False), "mirrored": (-75.0, True), "upside down": (170.0, False)}


def in_pixels(case: str) -> dict[str, Any]:
    """A component in pixels."""
    parameters = {"x": PLACE[0], "y": PLACE[1], "pa": PA, "i_e": 50.0, **SHAPE, **VALUES[case]}
    return {"name": "g", "profile": "sersic", "geometry": [SETTINGS[case]], "parameters": parameters}


def on_the_sky(case: str, band: ImageData, mirrored: bool) -> dict[str, Any]:
    """The same by right ascension, declination, arcsec and angles from north through east."""
    grid = WCS(band.header)
    ra, dec = (float(value) for value in grid.all_pix2world(*PLACE, 0))
    north = np.array(grid.all_world2pix(ra, dec + 1e-4, 0)) - PLACE
    up = np.degrees(np.arctan2(-north[0], north[1]))
    sense = -1.0 if mirrored else 1.0
    own = {}
    for name, value in VALUES[case].items():
        if mirrored and name.startswith(("ray", "wedge")):
            word, number, quantity = name.split("_")
            count = len(VALUES[case]) // 2 + 1
            value = VALUES[case][f"{word}_{count + 2 - int(number)}_{quantity}"]
        elif name.startswith("bending"):
            value *= sense * SCALE
        elif name.endswith(ANGLES):
            value *= sense
        elif name == "rotation_pa":
            value = sense * (value - up)
        elif any(word in name for word in LENGTHS):
            value *= SCALE
        own[name] = value
    setting = {"warp": [node * SCALE for node in SETTINGS[case]["warp"]]} if case == "warp" else SETTINGS[case]
    parameters = {"ra": ra, "dec": dec, "pa": sense * (PA - up), "i_e": 50.0 / SCALE**2, **SHAPE, **own}
    parameters["r_e"] = SHAPE["r_e"] * SCALE
    return {"name": "g", "profile": "sersic", "geometry": [setting], "parameters": parameters}


def light(request: FitRequest, band: ImageData) -> np.ndarray:
    problem = Problem(request, [band])
    return np.asarray(problem.model(problem.start())[0][0].numpy())


def pixel_request(component: dict[str, Any]) -> FitRequest:
    images = [{"name": "g", "data": "g.fits"}]
    return parse_request({"frame": "pixel", "images": images, "components": [component]})


@pytest.mark.parametrize("where", SKIES)
@pytest.mark.parametrize("case", SETTINGS)
def test_a_modified_galaxy_is_that_of_the_pixels(case: str, where: str) -> None:
    turn, mirrored = SKIES[where]
    band = image("g", (61, 57), scale=SCALE, turn=turn, mirrored=mirrored)
    expected = light(pixel_request(in_pixels(case)), band)
    found = light(request_of(on_the_sky(case, band, mirrored), names=("g",)), band)
    assert found == pytest.approx(expected, rel=1e-4, abs=1e-5 * float(expected.max()))


@pytest.mark.parametrize("case", SETTINGS)
def test_in_a_mirror_image_the_sky_is_mirrored(case: str) -> None:
    plain, mirror = (image("g", (61, 61), scale=SCALE, mirrored=mirrored) for mirrored in (False, True))
    component = on_the_sky(case, plain, False)
    component["parameters"] |= {"ra": CENTRE[0], "dec": CENTRE[1]}
    request = request_of(component, names=("g",))
    seen = light(request, plain)
    assert light(request, mirror) == pytest.approx(seen[:, ::-1], rel=1e-4, abs=1e-5 * float(seen.max()))


@pytest.mark.parametrize("case", ["fourier", "warp"])
def test_a_total_is_the_light_of_the_picture(case: str) -> None:
    band = image("g", (201, 201), scale=SCALE, turn=20.0, mirrored=True)
    component = on_the_sky(case, band, True)
    parameters = {name: value for name, value in component["parameters"].items() if name != "i_e"} | {"n": 1.0}
    parameters |= {"ra": CENTRE[0], "dec": CENTRE[1], "flux": 900.0}
    request = request_of(component | {"parameters": parameters}, names=("g",))
    assert light(request, band).sum() == pytest.approx(900.0, rel=1e-4)
    parameters["i_e"] = 40.0 / SCALE**2
    del parameters["flux"]
    by_intensity = request_of(component | {"parameters": parameters}, names=("g",), stages=[])
    result = run(by_intensity, [band])
    derived = {row.name: row.value for row in result.derived}
    assert derived["g.flux"] == pytest.approx(result.images[0].model.sum(), rel=1e-4)


def test_a_broken_exponential_bends_where_it_should() -> None:
    band = image("g", (61, 61), scale=SCALE, turn=20.0)
    shape = {"q": 0.7, "pa": 0.0, "h_1": 5.0, "h_2": 2.0, "r_b": 8.0, "alpha": 2.0}
    own = {"x": 30.0, "y": 30.0, "i_0": 9.0, **shape, "q": 1.0}
    expected = light(pixel_request({"name": "g", "profile": "broken_exponential", "parameters": own}), band)
    lengths = {name: shape[name] * SCALE for name in ("h_1", "h_2", "r_b")}
    own = {
        "ra": CENTRE[0],
        "dec": CENTRE[1],
        "q": 1.0,
        "pa": 0.0,
        "i_0": 9.0 / SCALE**2,
        **lengths,
        "alpha": 2.0 / SCALE,
    }
    found = light(request_of({"name": "g", "profile": "broken_exponential", "parameters": own}, names=("g",)), band)
    assert found == pytest.approx(expected, rel=1e-4)


@pytest.mark.parametrize("band", BANDS, ids=lambda band: band.name)
def test_a_tilted_sky_is_the_plane_of_tangent_coordinates(band: ImageData) -> None:
    own = {"i": 20.0, "di_dx": 0.4, "di_dy": -0.3}
    found = light(request_of({"name": "s", "profile": "plane_sky", "parameters": own}, names=(band.name,)), band)
    grid = WCS(band.header)
    (height, width) = band.data.shape
    y, x = np.mgrid[:height, :width]
    ra, dec = grid.all_pix2world(x, y, 0)
    middle = grid.all_pix2world((width - 1) / 2, (height - 1) / 2, 0)
    west = -(ra - middle[0]) * np.cos(np.radians(dec)) * 3600.0
    north = (dec - middle[1]) * 3600.0
    flat = light(request_of(sky(1.0), names=(band.name,)), band)
    assert found / flat == pytest.approx(20.0 + 0.4 * west - 0.3 * north, abs=2e-3)


@pytest.mark.slow
@pytest.mark.parametrize("case", ["fourier", "bending", "rotation", "warp", "rays", "truncation"])
def test_derivatives_match_finite_differences(case: str) -> None:
    component = galaxy(**VALUES[case], r_e=3.0, flux=None, i_e=120.0) | {"geometry": [SETTINGS[case]]}
    tilted = {"name": "s", "profile": "plane_sky", "parameters": {"i": 20.0, "di_dx": 0.2, "di_dy": 0.1}}
    noise = np.random.default_rng(3)
    images = [replace(band, data=noise.normal(5.0, 1.0, band.data.shape)) for band in BANDS]
    problem = Problem(request_of(component, tilted), images)
    theta = problem.start()
    value, gradient = problem.value_and_gradient(theta)
    steps = 0.1 * problem.normal_equations(theta).matrix[0].diagonal().rsqrt()
    size = float((gradient[0] * steps).abs().max())
    for place, step in enumerate(torch.diag(steps)):
        near = problem.value(theta + step) - problem.value(theta - step)
        far = problem.value(theta + 2 * step) - problem.value(theta - 2 * step)
        # The choice of quadrature may change over a step: to the promise on pixels.
        rise = float(8 * near - far) / 12
        name = problem.names[place]
        assert rise == pytest.approx(float(gradient[0, place] * steps[place]), rel=1e-3, abs=1e-4 * size), name
    assert torch.isfinite(value).all()


def test_a_lopsided_galaxy_is_found_by_images_of_either_parity() -> None:
    own = {"fourier_1_amplitude": 0.2, "fourier_1_phase": 50.0, "bending_2": 0.15}
    geometry = {"geometry": [{"fourier": [1]}, "bending"]}
    truth = [sky(), galaxy(**own) | geometry]
    request = request_of(*truth)
    problem = Problem(request, list(BANDS))
    noise = np.random.default_rng(5)
    images = [
        replace(band, data=model[0].numpy() + np.sqrt(band.variance) * noise.normal(size=band.data.shape))
        for band, model in zip(BANDS, problem.model(problem.start()), strict=True)
    ]
    off = {"fourier_1_amplitude": 0.1, "fourier_1_phase": 20.0, "bending_2": 0.0, "pa": 30.0}
    result = run(request_of(sky(), galaxy(**(own | off)) | geometry), images)
    found, sigma = values_of(result), uncertainties_of(result)
    assert result.converged
    assert result.chi2_reduced == pytest.approx(1.0, abs=0.05)
    pulls = {name: (found[f"a.{name}"] - value) / sigma[f"a.{name}"] for name, value in own.items()}
    assert {name: pull for name, pull in pulls.items() if abs(pull) > 3.5} == {}
