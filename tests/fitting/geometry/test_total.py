"""Total fluxes of modified isophotes: against sums over the sky, closed forms, finite differences, and in fits."""

import math
from typing import Any

import numpy as np
import pytest
import torch
from scipy.special import gamma

from fitting.geometry import ModifiedProfile, total_of
from fitting.geometry.total import ModifiedTotal
from fitting.problem.components.drawn_group import drawing_of
from fitting.profiles import radial_profile
from fitting.spec import ComponentSpec, RequestInvalid
from tests.fitting.geometry.test_modifiers import SETTINGS, VALUES, values_of
from tests.fitting.scene import (
    GALAXY,
    fit_request,
    fitted,
    flat_sky,
    image_of,
    noisy,
    problem_of,
    rendered,
    sersic,
    uncertainties_of,
)
from tests.fitting.scene import values_of as fitted_values

MIXED = {
    "discy and lopsided": (
        ["superellipse", {"fourier": [1, 3]}],
        {"c0": -0.7, "fourier_1_amplitude": 0.2, "fourier_1_phase": 40.0, "fourier_3_amplitude": 0.3,
         "fourier_3_phase": 10.0},
    ),
    "boxy rays, truncated": (
        ["superellipse", {"rays": 3}, "truncation"],
        {"c0": 2.5, "ray_2_size": 1.7, "ray_3_size": 0.8, "ray_2_brightness": 0.5, "ray_3_brightness": 2.0,
         "outer_truncation": 6.0, "outer_truncation_width": 2.0},
    ),
    "lopsided wedges, wound": (
        ["rotation", {"fourier": [2]}, {"wedges": 3}],
        VALUES["rotation"] | VALUES["wedges"] | {"fourier_2_amplitude": -0.4, "fourier_2_phase": 20.0},
    ),
    "warped and wound": (["rotation", {"warp": [4, 9, 15]}, "bending"],
        VALUES["rotation"] | VALUES["warp"] | {"bending_2": 0.3}),
    "warped much": ([{"warp": [3, 8]}],
        {"q": 0.25, "warp_1_q": 0.6, "warp_2_q": 2.5, "warp_1_pa": 60.0, "warp_2_pa": 120.0}),
    "hole": ([{"truncation": "inner"}], {"inner_truncation": 5.0, "inner_truncation_width": 1.0}),
}  # fmt: skip


def total_and_values(profile: str, geometry: list[Any], values: dict[str, float]) -> tuple[Any, torch.Tensor, Any]:
    """The total, its values (1, parameters), and the surface with its own."""
    needed = values_of(profile, "superellipse") | values
    brought = {name: value for name, value in values.items() if name not in ("beta", "sigma_r")}
    component = ComponentSpec.model_validate(
        {"name": "g", "profile": profile, "geometry": geometry, "parameters": brought}
    )
    radial = radial_profile(profile)
    assert radial is not None
    total = total_of(radial, component.geometry)
    assert total is not None
    drawing, order = drawing_of(component, problem_of([sersic()]).images[0])
    surface: ModifiedProfile = drawing.surface  # type: ignore[attr-defined]
    at = torch.tensor([[needed[name] for name in order]], dtype=torch.float64)
    return total, torch.tensor([[needed[name] for name in total.parameters]], dtype=torch.float64), (surface, at)


def summed_on_the_sky(surface: ModifiedProfile, at: torch.Tensor) -> float:
    """The surface's brightness over circles that reach far out, by even steps in angle and ln radius."""
    angles = (np.arange(720) + 0.5) * (2.0 * np.pi / 720)
    log_radii, step = np.linspace(math.log(1e-5), math.log(1e4), 1500, retstep=True)
    radii = np.exp(log_radii)[:, None]
    x, y = (torch.as_tensor((radii * part(angles)).reshape(1, -1)) for part in (np.cos, np.sin))
    light = surface.brightness(x, y, at)[0].numpy().reshape(len(radii), -1)
    return float((light * radii**2).sum() * step * 2.0 * np.pi / 720)


@pytest.mark.parametrize("case", [*SETTINGS, *MIXED])
def test_the_total_is_the_light_on_the_sky(case: str) -> None:
    geometry, own = MIXED[case] if case in MIXED else ([SETTINGS[case]], VALUES[case])
    profile = "nuker" if case == "hole" else "sersic"
    total, values, (surface, at) = total_and_values(profile, geometry, own)
    # The even steps meet edges of wedges, and the kinks and tails of others, between two angles.
    tolerance = 5e-3 if "wedges" in case else 1e-5 if "discy" in case or case == "bending" else 1e-6
    assert float(total(values)) == pytest.approx(summed_on_the_sky(surface, at), rel=tolerance)


@pytest.mark.parametrize("profile", ["king", "ferrers", "gaussian_ring", "broken_exponential", "core_sersic", "moffat"])
def test_a_truncated_profile_is_summed_through_its_bends(profile: str) -> None:
    values = {"sigma_r": 0.3} | VALUES["truncation"]
    total, at, (surface, own) = total_and_values(profile, [SETTINGS["truncation"]], values)
    assert float(total(at)) == pytest.approx(summed_on_the_sky(surface, own), rel=1e-5)


@pytest.mark.parametrize("c0", [-1.0, -0.95, -0.5, 0.0, 0.3, 3.0, 10.0])
def test_the_area_of_a_superellipse_is_the_closed_form(c0: float) -> None:
    total, values, _ = total_and_values("sersic", ["superellipse"], {"c0": c0})
    plain, plain_values, _ = total_and_values("sersic", [{"bending": [2]}], {"bending_2": 0.0})
    p = c0 + 2.0
    area = 4.0 * gamma(1.0 + 1.0 / p) ** 2 / gamma(1.0 + 2.0 / p) / math.pi
    assert float(total(values) / plain(plain_values)) == pytest.approx(area, rel=1e-12)


@pytest.mark.parametrize("amplitude", [0.05, -0.3, 0.9])
@pytest.mark.parametrize("mode", [1, 3, 24])
def test_the_area_within_one_mode_is_the_closed_form(mode: int, amplitude: float) -> None:
    own = {f"fourier_{mode}_amplitude": amplitude, f"fourier_{mode}_phase": 5.0}
    total, values, _ = total_and_values("exponential", [{"fourier": [mode]}], own)
    plain, plain_values, _ = total_and_values("exponential", [{"bending": [2]}], {"bending_2": 0.0})
    assert float(total(values) / plain(plain_values)) == pytest.approx((1.0 - amplitude**2) ** -1.5, rel=1e-11)


@pytest.mark.parametrize("profile", ["sersic", "king", "gaussian_ring"])
@pytest.mark.parametrize("case", [*SETTINGS, *MIXED])
def test_derivatives_match_finite_differences(profile: str, case: str) -> None:
    profile = {"king": "exponential", "gaussian_ring": "moffat"}.get(profile, profile) if "warp" in case else profile
    geometry, own = MIXED[case] if case in MIXED else ([SETTINGS[case]], VALUES[case])
    total, values, _ = total_and_values(profile, geometry, own)
    (exact,) = torch.autograd.grad(total(values.requires_grad_()).sum(), values)
    values = values.detach()
    for place, name in enumerate(total.parameters):
        step = 1e-5 * max(abs(float(values[0, place])), 1.0)
        ends = []
        for sign in (1.0, -1.0):
            moved = values.clone()
            moved[0, place] += sign * step
            ends.append(float(total(moved)))
        slope = (ends[0] - ends[1]) / (2.0 * step)
        scale = abs(ends[0]) / max(abs(float(values[0, place])), 1.0)
        assert float(exact[0, place]) == pytest.approx(slope, rel=1e-5, abs=1e-6 * scale), name


def test_instances_are_summed_each_by_itself() -> None:
    total, values, _ = total_and_values("sersic", *MIXED["boxy rays, truncated"])
    several = values.repeat(6, 1) * torch.linspace(1.0, 1.2, 6, dtype=torch.float64)[:, None]
    together = total(several.reshape(2, 3, -1))
    assert torch.allclose(together.reshape(-1), torch.cat([total(row[None]) for row in several]), rtol=1e-12)


def test_an_outer_truncation_bounds_what_is_infinite() -> None:
    own = {"beta": 0.9, "outer_truncation": 10.0, "outer_truncation_width": 3.0}
    total, values, (surface, at) = total_and_values("moffat", ["truncation"], own)
    assert float(total(values)) == pytest.approx(summed_on_the_sky(surface, at), rel=1e-6)
    shape = {"x": 20.0, "y": 20.0, "q": 0.7, "pa": 0.0, "fwhm": 4.0, "flux": 50.0}
    component = {"name": "g", "profile": "moffat", "geometry": ["truncation"], "parameters": shape | own}
    assert fit_request([component]).components[0].parameters["beta"].value == 0.9  # type: ignore[union-attr]


@pytest.mark.parametrize("case", ["superellipse", "fourier", "bending", "rotation", "truncation", "rays", "warp"])
def test_a_given_flux_is_the_sum_of_the_picture(case: str) -> None:
    own = {"x": 100.3, "y": 99.8, "q": 0.7, "pa": 30.0, "n": 1.0, "r_e": 4.0, "flux": 900.0} | VALUES[case]
    component = {"name": "g", "profile": "sersic", "geometry": [SETTINGS[case]], "parameters": own}
    result = fitted([component], image_of(np.zeros((201, 201))), stages=[])
    assert result.images[0].model.sum() == pytest.approx(900.0, rel=3e-5)


def test_derivatives_by_a_given_flux_match_finite_differences() -> None:
    own = {name: value for name, value in GALAXY.items() if name != "i_e"} | {"flux": 900.0} | VALUES["fourier"]
    problem = problem_of(
        [{"name": "g", "profile": "sersic", "geometry": ["superellipse", {"fourier": [1, 3, 4]}, "truncation"],
          "parameters": own | {"c0": 0.3, "outer_truncation": 8.0, "outer_truncation_width": 3.0}}]
    )  # fmt: skip
    theta, view = problem.start(), problem.views[0]
    place = view.index["g.i_e"]
    exact = view.native(problem.parameters.values(theta)).jacobian[0, place]
    for number in range(theta.shape[1]):
        step = torch.zeros_like(theta)
        step[0, number] = 1e-5
        up, down = (view.native(problem.parameters.values(theta + sign * step)).physical[0, place] for sign in (1, -1))
        assert float(exact[number]) == pytest.approx(float((up - down) / 2e-5), rel=1e-6, abs=1e-6)


def test_flux_and_magnitude_that_were_fitted_are_those_derived_from_an_intensity() -> None:
    own = {"c0": 0.4, "fourier_3_amplitude": 0.15, "fourier_3_phase": 40.0}
    geometry = {"geometry": ["superellipse", {"fourier": [3]}]}
    by_intensity = [flat_sky(), sersic(**own) | geometry]
    image = image_of(noisy(rendered(by_intensity), 0.2), 0.04, zero_point=25.0)
    plain = fitted(by_intensity, image)
    derived = {row.name: row for row in plain.derived}
    for form, start in (("flux", 3000.0), ("magnitude", 16.0)):
        given = {name: value for name, value in (GALAXY | own).items() if name != "i_e"} | {form: start}
        result = fitted([flat_sky(), {"name": "g", "profile": "sersic", "parameters": given} | geometry], image)
        row = derived[f"g.{form}"]
        assert fitted_values(result)[f"g.{form}"] == pytest.approx(row.value, rel=1e-6)
        assert uncertainties_of(result)[f"g.{form}"] == pytest.approx(row.uncertainty, rel=1e-4)


@pytest.mark.parametrize("beside", ["superellipse", {"fourier": [2]}, {"rays": 3}])
def test_a_total_of_warped_and_otherwise_modified_isophotes_is_refused(beside: Any) -> None:
    parameters = {name: value for name, value in GALAXY.items() if name != "i_e"} | {"flux": 900.0}
    component = {"name": "g", "profile": "sersic", "geometry": [{"warp": [5]}, beside], "parameters": parameters}
    with pytest.raises(RequestInvalid, match="a warped sersic with this geometry") as caught:
        fit_request([component])
    assert [fault.path for fault in caught.value.faults] == ["$.components[0].parameters.flux"]


def test_plain_ellipses_keep_their_formula() -> None:
    radial = radial_profile("sersic")
    assert radial is not None
    assert not isinstance(total_of(radial), ModifiedTotal)
