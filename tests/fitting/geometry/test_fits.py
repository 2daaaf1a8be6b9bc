"""Modified galaxies simulated with noise and fitted from ten percent off."""

from typing import Any

import pytest

from fitting.inputs import ImageData
from fitting.results import FitResult
from fitting.spec.profiles import PROFILES
from tests.fitting.geometry.test_modifiers import SETTINGS, VALUES
from tests.fitting.scene import GALAXY, fitted, flat_sky, image_of, noisy, rendered, sersic, uncertainties_of, values_of

CASES = [
    "superellipse", "superellipse, discy", "fourier", "bending", "truncation", "rays", "wedges", "warp", "rotation",
]  # fmt: skip
NOISE = 0.2


def started(name: str, value: float) -> float:
    """Ten percent off; angles by five degrees."""
    return value + 5.0 if name.endswith(("pa", "phase")) else 1.1 * value if abs(value) > 0 else 0.05


@pytest.mark.parametrize("case", CASES)
def test_a_modified_galaxy_is_recovered(case: str) -> None:
    own = {name: value for name, value in VALUES[case].items() if name != "bending_1"}
    geometry = {"geometry": [{"bending": [2, 3]} if case == "bending" else SETTINGS[case]]}
    truth: dict[str, float] = GALAXY | own
    image = image_of(noisy(rendered([flat_sky(), sersic(**own) | geometry]), NOISE), NOISE**2)
    start: dict[str, Any] = {name: started(name, value) for name, value in truth.items() if name not in ("x", "y")}
    result = fitted([flat_sky(2.7), sersic(x=20.7, y=19.2, **start) | geometry], image)
    sigma = uncertainties_of(result)
    off = {
        name: (value - truth[name[2:]]) / sigma[name]
        for name, value in values_of(result).items()
        if name.startswith("g.")
    }
    assert result.converged
    assert result.chi2_reduced == pytest.approx(1.0, abs=0.1)
    assert {name: pull for name, pull in off.items() if abs(pull) > 3.0} == {}


@pytest.mark.parametrize(
    ("profile", "geometry", "own"),
    [
        ("ferrers", "truncation", {"outer_truncation": 15.0, "outer_truncation_width": 5.0}),
        ("gaussian_ring", {"rotation": "power"}, {"rotation_outer": 15.0, "rotation_angle": 30.0}),
        ("king", {"rotation": "log"}, {"rotation_outer": 200.0, "rotation_angle": -170.0, "rotation_winding": 1.0}),
        ("sersic", "truncation", {"outer_truncation": 900.0, "outer_truncation_width": 3.0}),
    ],
)
def test_a_modifier_never_makes_a_fit_worse(profile: str, geometry: Any, own: dict[str, float]) -> None:
    """From defaults and from bad starts, beside the same profile without it."""
    truth = [flat_sky(2.0), sersic(x=30.3, y=29.6, r_e=7.0, i_e=30.0)]
    image = image_of(noisy(rendered(truth, (61, 61))))
    component = {"name": "g", "profile": profile, "parameters": {}}
    plain = fitted([flat_sky({}), component], image)
    modified = fitted([flat_sky({}), component | {"geometry": [geometry], "parameters": own}], image)
    assert modified.chi2 < plain.chi2 + 0.1


SETTINGS_OF_ALL: dict[str, tuple[Any, dict[str, float]]] = {
    "superellipse": ("superellipse", {}),
    "fourier": ("fourier", {}),
    "bending": ("bending", {}),
    "warp": ({"warp": [5, 10]}, {}),
    "rotation": ("rotation", {"rotation_outer": 10.0, "rotation_angle": 30.0}),
    "truncation": ("truncation", {"outer_truncation": 15.0, "outer_truncation_width": 5.0}),
    "rays": ("rays", {}),
    "wedges": ("wedges", {}),
}
"""Every modifier, and values of what it has no default for."""
ALL = [(profile.name, name) for profile in PROFILES.values() if profile.elliptical for name in SETTINGS_OF_ALL]
QUICK = [("nuker", "fourier"), ("nuker", "bending")]
"""Which once ended above: they looked settled."""


@pytest.mark.parametrize(
    ("profile", "modifier"), [pytest.param(*pair, marks=[] if pair in QUICK else pytest.mark.slow) for pair in ALL]
)
def test_no_modifier_ends_above_its_profile_from_the_defaults(profile: str, modifier: str) -> None:
    image = bulge_and_disc()
    plain = fitted([flat_sky({}), {"name": "g", "profile": profile, "parameters": {}}], image)
    assert modified_fit(profile, modifier, image).chi2 < plain.chi2 + 0.1


def test_a_modified_profile_that_ran_out_of_steps_below_all_others_goes_on() -> None:
    """Released from the profile alone it was four steps short of its minimum."""
    assert modified_fit("moffat", "rotation", bulge_and_disc()).converged


def bulge_and_disc() -> ImageData:
    """A bulge and a disc at right angles, which no profile fits."""
    place = {"x": 31.0, "y": 28.0}
    disc = {"name": "g", "profile": "exponential", "parameters": place | {"q": 0.4, "pa": 70.0, "h": 5.0, "i_0": 60.0}}
    bulge = sersic("b", **place, q=0.8, pa=10.0, r_e=2.0, n=2.0, i_e=60.0)
    return image_of(noisy(rendered([flat_sky(2.0), disc, bulge], (61, 61))))


def modified_fit(profile: str, modifier: str, image: ImageData) -> FitResult:
    """A profile with a modifier, from the defaults."""
    geometry, own = SETTINGS_OF_ALL[modifier]
    component = {"name": "g", "profile": profile, "parameters": own, "geometry": [geometry]}
    return fitted([flat_sky({}), component], image)
