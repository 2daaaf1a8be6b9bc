"""Every modifier over every radial profile: finite, with the derivatives of finite differences, none when at rest."""

from typing import Any

import numpy as np
import pytest
import torch

from fitting.drawing import SurfaceDrawing
from fitting.geometry import ModifiedProfile
from fitting.problem.components.drawn_group import drawing_of
from fitting.profiles import RADIAL_PROFILES, SIZED_PROFILES
from fitting.render.pixels import Frame
from fitting.spec import GEOMETRY, PROFILES, ComponentSpec
from tests.fitting.scene import GALAXY, problem_of, rendered, sersic
from tests.fitting.ulps import assert_few_ulps

FRAME = Frame(0, 0, 31, 31)
SETTINGS: dict[str, Any] = {
    "superellipse": "superellipse",
    "superellipse, discy": "superellipse",
    "fourier": {"fourier": [1, 3, 4]},
    "bending": {"bending": [1, 2, 3]},
    "warp": {"warp": [4, 9, 15]},
    "rotation": "rotation",
    "rotation, log": {"rotation": "log"},
    "truncation": {"truncation": ["inner", "outer"]},
    "rays": {"rays": 4},
    "wedges": {"wedges": 3},
}
VALUES: dict[str, dict[str, float]] = {
    "superellipse": {"c0": 0.4},
    "superellipse, discy": {"c0": -0.3},
    "fourier": {
        "fourier_1_amplitude": 0.1, "fourier_1_phase": 20.0, "fourier_3_amplitude": -0.15, "fourier_3_phase": 50.0,
        "fourier_4_amplitude": 0.05, "fourier_4_phase": 80.0,
    },
    "bending": {"bending_1": 0.2, "bending_2": 0.7, "bending_3": -0.3},
    "warp": {
        "warp_1_q": 0.8, "warp_2_q": 1.2, "warp_3_q": 0.9, "warp_1_pa": 10.0, "warp_2_pa": 40.0, "warp_3_pa": 60.0,
    },
    "rotation": {
        "rotation_inner": 1.0, "rotation_outer": 9.0, "rotation_angle": 120.0, "rotation_inclination": 40.0,
        "rotation_pa": 25.0, "rotation_power": 0.7,
    },
    "rotation, log": {
        "rotation_inner": 2.0, "rotation_outer": 9.0, "rotation_angle": -90.0, "rotation_inclination": 30.0,
        "rotation_pa": 25.0, "rotation_winding": 3.0,
    },
    "truncation": {
        "inner_truncation": 4.0, "inner_truncation_width": 3.0, "outer_truncation": 9.0, "outer_truncation_width": 5.0,
    },
    "rays": {
        "ray_2_size": 1.2, "ray_3_size": 0.9, "ray_4_size": 0.7,
        "ray_2_brightness": 1.2, "ray_3_brightness": 0.9, "ray_4_brightness": 1.5,
    },
    "wedges": {"wedge_2_size": 1.2, "wedge_3_size": 0.9, "wedge_2_brightness": 1.2, "wedge_3_brightness": 0.9},
}  # fmt: skip
AT_REST = {
    "superellipse": {"c0": 0.0},
    "fourier": {name: 0.0 for name in VALUES["fourier"] if name.endswith("amplitude")},
    "bending": dict.fromkeys(VALUES["bending"], 0.0),
    "warp": {name: 1.0 if name.endswith("q") else 0.0 for name in VALUES["warp"]},
    "rotation": {"rotation_angle": 0.0, "rotation_inclination": 0.0},
    "truncation": {"outer_truncation": 1e4, "inner_truncation": 1e-3, "inner_truncation_width": 1e-3},
    "rays": dict.fromkeys(VALUES["rays"], 1.0),
    "wedges": dict.fromkeys(VALUES["wedges"], 1.0),
}
PLACE = {"x": 15.3, "y": 14.6, "q": 0.6, "pa": 35.0}
PROFILE_VALUES = {
    "n": 1.7, "r_e": 5.0, "i_e": 50.0, "r_t": 14.0, "r_out": 14.0, "gamma": 0.3, "r_ring": 6.0, "sigma_r": 2.0,
    "i_1": 50.0, "i_2": 20.0, "i_3": 5.0, "sigma_1": 2.0,
}  # fmt: skip


def test_every_modifier_is_in_the_table() -> None:
    assert {case.partition(",")[0] for case in SETTINGS} == set(GEOMETRY)


def values_of(profile: str, case: str) -> dict[str, float]:
    """Values of all parameters; those of a profile that this file does not know lie within its limits."""
    values = PLACE | VALUES[case]
    for parameter in PROFILES[profile].parameters:
        if parameter.name not in values:
            values[parameter.name] = PROFILE_VALUES.get(parameter.name) or within(parameter)
    return values


def within(parameter: Any) -> float:
    """A value that the parameter may have: its default, or four where that is allowed."""
    if parameter.default is not None:
        return float(parameter.default)
    return float(np.clip(4.0, parameter.min, parameter.max))


def modified(profile: str, case: str) -> tuple[ModifiedProfile, torch.Tensor]:
    """The surface of a case, and its values (1, parameters)."""
    values = values_of(profile, case)
    component = ComponentSpec.model_validate(
        {"name": "g", "profile": profile, "geometry": [SETTINGS[case]], "parameters": values}
    )
    problem = problem_of([sersic()])
    drawing, order = drawing_of(component, problem.images[0])
    assert isinstance(drawing, SurfaceDrawing)
    assert isinstance(drawing.surface, ModifiedProfile)
    return drawing.surface, torch.tensor([[values[name] for name in order]], dtype=torch.float64)


def sampled(component: dict[str, Any]) -> np.ndarray:
    """Brightness at the centres of 41 × 41 pixels."""
    drawing, order = drawing_of(ComponentSpec.model_validate(component), problem_of([sersic()]).images[0])
    assert isinstance(drawing, SurfaceDrawing)
    values = torch.tensor([[component["parameters"][name] for name in order]], dtype=torch.float64)
    return np.asarray(SurfaceDrawing(drawing.surface, integrated=False).image(values, Frame(0, 0, 41, 41))[0])


def points() -> tuple[torch.Tensor, torch.Tensor]:
    generator = np.random.default_rng(8)
    return torch.as_tensor(generator.normal(0.0, 6.0, (1, 300))), torch.as_tensor(generator.normal(0.0, 6.0, (1, 300)))


@pytest.mark.parametrize("case", SETTINGS)
@pytest.mark.parametrize("profile", [name for name in (*RADIAL_PROFILES, *SIZED_PROFILES) if PROFILES[name].elliptical])
def test_derivatives_match_finite_differences(profile: str, case: str) -> None:
    surface, values = modified(profile, case)
    x, y = points()
    exact = surface.derivatives(x, y, values)[0]
    assert bool(exact.isfinite().all())

    def moved(place: int, by: float) -> torch.Tensor:
        changed = values.clone()
        changed[0, place] += by
        return surface.brightness(x + values[0, 0] - changed[0, 0], y + values[0, 1] - changed[0, 1], changed)[0]

    for place, name in enumerate(surface.parameters):
        step = 1e-4 * max(1.0, abs(float(values[0, place])))
        near, far = (moved(place, many * step) - moved(place, -many * step) for many in (1.0, 2.0))
        expected = (8.0 * near - far) / (12.0 * step)
        # A point that a step takes over an edge (of a wedge, of a profile that ends) says nothing.
        error = (exact[place] - expected).abs().sort().values[:-5]
        assert float(error.max()) <= 1e-6 * float(expected.abs().max().clamp_min(1e-12)), name


@pytest.mark.parametrize("case", SETTINGS)
@pytest.mark.parametrize("profile", [name for name in (*RADIAL_PROFILES, *SIZED_PROFILES) if PROFILES[name].elliptical])
def test_every_pair_renders(profile: str, case: str) -> None:
    surface, values = modified(profile, case)
    for integrated in (True, False):
        drawing = SurfaceDrawing(surface, integrated)
        image, derivatives = drawing.image(values, FRAME), drawing.derivatives(values, FRAME)
        assert bool(image.isfinite().all())
        assert bool(derivatives.isfinite().all())
        linear = list(drawing.linear)
        assert torch.allclose((derivatives[:, linear] * values[:, linear, None, None]).sum(1), image, rtol=1e-11)


@pytest.mark.parametrize("case", AT_REST)
def test_a_modifier_at_rest_changes_nothing(case: str) -> None:
    """The samples to rounding; the integrals to the promise, since the two paths choose their rules each for itself."""
    changes = VALUES[case] | AT_REST[case]
    component = sersic(**changes) | {"geometry": [SETTINGS[case]]}
    assert sampled(component) == pytest.approx(sampled(sersic()), rel=1e-10)
    assert rendered([component]) == pytest.approx(rendered([sersic()]), rel=1e-5)


def test_the_order_of_modifiers_in_a_request_means_nothing() -> None:
    modifiers = ["bending", "superellipse", {"fourier": [2]}]
    changes = {"c0": 0.3, "bending_2": 0.4, "fourier_2_amplitude": 0.1, "fourier_2_phase": 20.0}
    one, two = (sersic(**changes) | {"geometry": order} for order in (modifiers, modifiers[::-1]))
    assert_few_ulps(rendered([one]), rendered([two]))


def test_beyond_its_last_node_a_warp_leads_to_the_axis_ratio_and_angle_of_that_node() -> None:
    nodes = {"warp_1_q": 0.8, "warp_1_pa": -15.0, "warp_2_q": 1.3, "warp_2_pa": 40.0}
    warped = sampled(sersic(**nodes) | {"geometry": [{"warp": [3.0, 8.0]}]})
    plain = sampled(sersic(q=GALAXY["q"] * 1.3, pa=GALAXY["pa"] + 40.0))
    y, x = np.mgrid[:41, :41]
    angle = np.radians(GALAXY["pa"])
    along = (y - GALAXY["y"]) * np.cos(angle) - (x - GALAXY["x"]) * np.sin(angle)
    across = (x - GALAXY["x"]) * np.cos(angle) + (y - GALAXY["y"]) * np.sin(angle)
    beyond = np.hypot(along, across / GALAXY["q"]) > 8.0
    assert warped[beyond] == pytest.approx(plain[beyond], rel=1e-10)
    assert np.abs(warped / plain - 1.0)[~beyond].max() > 0.1
