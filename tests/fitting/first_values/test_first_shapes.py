"""First values of every profile: as bright and as large as the galaxy that was measured, and near enough for a fit."""

from typing import Any

import numpy as np
import pytest
import torch

from fitting.first_values import Galaxy, complete_request
from fitting.first_values.first_shapes import first_values
from fitting.problem.components.drawn_group import DRAWINGS
from fitting.profiles import RADIAL_PROFILES, SURFACES
from fitting.profiles.radial import total_flux
from fitting.spec import PROFILES, ComponentSpec, ParameterTable, RequestInvalid, parse_request
from fitting.spec.profiles.first_shape import EllipseShape
from tests.fitting.images.sky import image as image_on_sky
from tests.fitting.scene import fit_request, fitted, image_of, noisy, rendered, values_of

GALAXY = Galaxy(x=30.4, y=29.2, q=0.6, pa=35.0, n=1.0, r_e=5.0, i_e=20.0)
TRUTH: dict[str, dict[str, float]] = {
    "exponential": {"h": 3.0, "i_0": 60.0},
    "de_vaucouleurs": {"r_e": 6.0, "i_e": 20.0},
    "gaussian": {"fwhm": 8.0, "i_0": 60.0},
    "moffat": {"fwhm": 6.0, "beta": 2.5, "i_0": 60.0},
    "nuker": {"r_b": 6.0, "alpha": 2.5, "beta": 4.0, "gamma": 0.2, "i_b": 20.0},
    "king": {"r_c": 3.0, "r_t": 20.0, "i_0": 100.0},
    "modified_king": {"r_c": 3.0, "r_t": 20.0, "alpha": 1.7, "i_0": 100.0},
    "ferrers": {"r_out": 12.0, "alpha": 1.7, "beta": 0.3, "i_0": 50.0},
    "core_sersic": {"n": 2.5, "r_b": 1.5, "r_e": 7.0, "alpha": 4.0, "gamma": 0.1, "i_b": 90.0},
    "broken_exponential": {"h_1": 5.0, "h_2": 2.0, "r_b": 8.0, "alpha": 1.0, "i_0": 60.0},
    "isothermal": {"r_c": 2.0, "i_0": 100.0},
    "gaussian_ring": {"r_ring": 7.0, "sigma_r": 2.5, "i_r": 30.0},
    "spline": {"i_1": 100.0, "i_2": 50.0, "i_3": 20.0, "i_4": 6.0, "i_5": 0.5},
    "multi_gaussian": {"sigma_1": 1.5, "i_1": 100.0, "sigma_2": 4.0, "i_2": 60.0, "sigma_3": 8.0, "i_3": 20.0},
    "einasto": {"alpha": 0.6, "r_s": 7.0, "i_s": 20.0},
    "formula": {"h": 3.0, "i_0": 60.0},
    "point_source": {"flux": 3000.0},
    "gaussian_psf": {"fwhm": 4.0, "flux": 3000.0},
    "moffat_psf": {"fwhm": 4.0, "beta": 2.5, "flux": 5000.0},
    "airy_psf": {"fwhm": 4.0, "flux": 5000.0},
    "edge_on_disk": {"n": 1.3, "h": 6.0, "z_0": 1.2, "i_0": 40.0},
    "edge_on_ring": {"r": 9.0, "sigma_r": 2.5, "sigma_z": 1.8, "i_0": 40.0},
    "gaussian_ellipsoid": {
        "inclination": 30.0, "azimuth": 0.0, "sigma_a": 6.0, "sigma_b": 3.0, "sigma_c": 2.0, "flux": 5000.0,
    },
    "pixelated": {f"i_{row}_{column}": 30.0 + 9.0 * row - 4.0 * column for row in range(3) for column in range(3)},
}  # fmt: skip
MEASURED = {name for name, profile in PROFILES.items() if profile.first_shape is not None}
FIRST_SHAPES = {name for name in MEASURED if isinstance(PROFILES[name].first_shape, EllipseShape)}
FIRST_SURFACES = {name for name in MEASURED if name in SURFACES or name in DRAWINGS}
NEEDS_FILES = {"basis", "image_psf"}
ELLIPSE = {"x": 30.4, "y": 29.2, "q": 0.6, "pa": 35.0}


def component(profile: str, **parameters: Any) -> dict[str, Any]:
    return {"name": "g", "profile": profile, "parameters": parameters}


def truth(profile: str) -> dict[str, float]:
    names = PROFILES[profile].names
    return {name: value for name, value in ELLIPSE.items() if name in names} | TRUTH[profile]


def test_every_profile_is_tried() -> None:
    assert set(TRUTH) | NEEDS_FILES == MEASURED
    assert set(RADIAL_PROFILES) | {"spline", "multi_gaussian", "formula"} == {"sersic", *MEASURED} - {
        name for name in PROFILES if name.endswith("_psf") or name == "point_source" or name in FIRST_SURFACES
    }


@pytest.mark.parametrize("name", sorted(set(FIRST_SHAPES) - {"isothermal"}))
def test_first_values_hold_the_light_of_the_galaxy(name: str) -> None:
    values = first_values(ComponentSpec.model_validate(component(name)), GALAXY)
    profile = RADIAL_PROFILES[name]
    q, scale, amplitude = (
        torch.tensor([values[key]], dtype=torch.float64) for key in ("q", profile.scale, profile.amplitude)
    )
    shape = [torch.tensor([values[key]], dtype=torch.float64) for key in profile.shape]
    assert float(total_flux(profile, q, shape, scale, amplitude)) == pytest.approx(GALAXY.flux, rel=1e-3)
    light = rendered([component(name, **values)], shape=(61, 61))
    y, x = np.mgrid[:61, :61]
    angle = np.radians(GALAXY.pa)
    along = (y - GALAXY.y) * np.cos(angle) - (x - GALAXY.x) * np.sin(angle)
    across = (x - GALAXY.x) * np.cos(angle) + (y - GALAXY.y) * np.sin(angle)
    inside = np.hypot(along, across / GALAXY.q) < GALAXY.r_e
    assert light[inside].sum() == pytest.approx(0.5 * GALAXY.flux, rel=0.05)


@pytest.mark.parametrize("name", sorted(TRUTH))
def test_a_fit_of_an_image_alone_finds_the_galaxy(name: str) -> None:
    psf = np.exp(-0.5 * np.hypot(*np.mgrid[-9:10, -9:10]) ** 2 / 1.5**2)
    fields: dict[str, Any] = {"psf": psf / psf.sum()} if name == "point_source" else {}
    sky = {"name": "sky", "profile": "flat_sky", "parameters": {"i": 10.0}}
    model = rendered([sky, component(name, **truth(name))], shape=(61, 61), **fields)
    image = image_of(noisy(model, 1.0), 1.0, **fields)
    result = fitted([{"name": "sky", "profile": "flat_sky"}, component(name)], image)
    assert result.chi2_reduced < 1.06
    found = values_of(result)
    assert (found["g.x"], found["g.y"]) == pytest.approx((ELLIPSE["x"], ELLIPSE["y"]), abs=0.1)


def test_what_the_request_gives_stays() -> None:
    model = rendered([component("exponential", **truth("exponential"))], shape=(61, 61))
    image = image_of(noisy(model, 0.5), 0.25)
    request = complete_request(fit_request([component("exponential", q=0.9, h=2.0)]), [image])
    values = {name: spec.value for name, spec in request.components[0].parameters.items()}
    assert (values["q"], values["h"]) == (0.9, 2.0)
    assert values["i_0"] is not None
    assert values["x"] == pytest.approx(30.4, abs=0.5)


def test_a_total_flux_is_found_in_every_form() -> None:
    own = truth("exponential")
    model = rendered([component("exponential", **own)], shape=(61, 61))
    flux = 2.0 * np.pi * own["q"] * own["h"] ** 2 * own["i_0"]
    seen = image_on_sky("image", (61, 61), scale=0.5)
    for frame, given in (("pixel", {"magnitude": {"min": 0.0}}), ("pixel", {"flux": {"min": 1.0}})):
        document = {"frame": frame, "images": [{"data": "a.fits"}], "components": [component("exponential", **given)]}
        image = image_of(noisy(model, 0.5), 0.25, zero_point=25.0, header=seen.header)
        request = complete_request(parse_request(document), [image])
        found = request.components[0].parameters[next(iter(given))].value  # type: ignore[union-attr]
        expected = 25.0 - 2.5 * np.log10(flux) if "magnitude" in given else flux
        assert found == pytest.approx(expected, rel=0.2)


def test_what_no_rule_finds_is_still_asked_for() -> None:
    with pytest.raises(RequestInvalid, match="is missing"):
        fit_request([component("exponential") | {"geometry": ["truncation"]}])


def test_a_sky_with_nodes_begins_level_and_leaves_the_galaxy_its_light() -> None:
    nodes = {f"i_{row}_{column}": 10.0 + row - 0.5 * column for row in range(3) for column in range(3)}
    sky = {"name": "sky", "profile": "bilinear_sky"}
    model = rendered([sky | {"parameters": nodes}, component("exponential", **truth("exponential"))], shape=(81, 81))
    image = image_of(noisy(model, 0.5), 0.25)
    left_out = [sky, component("exponential")]
    first = ParameterTable.of(complete_request(fit_request(left_out), [image])).values()
    assert all(first[f"sky.{node}"] == pytest.approx(10.5, abs=1.0) for node in nodes)
    found = values_of(fitted(left_out, image))
    assert {node: found[f"sky.{node}"] for node in nodes} == pytest.approx(nodes, abs=0.3)
    assert found["g.h"] == pytest.approx(TRUTH["exponential"]["h"], rel=0.02)


def test_a_sum_of_images_is_put_on_the_light() -> None:
    image = image_of(noisy(rendered([component("gaussian", **truth("gaussian"))], shape=(61, 61)), 0.5), 0.25)
    eigen_images = component("basis") | {"options": {"images": ["eigen.fits[0]", "eigen.fits[1]"]}}
    values = ParameterTable.of(complete_request(fit_request([eigen_images]), [image])).values()
    assert (values["g.x"], values["g.y"]) == pytest.approx((ELLIPSE["x"], ELLIPSE["y"]), abs=0.3)
    assert (values["g.c_1"], values["g.c_2"]) == (1.0, 0.0)
