"""Profiles with as many parameters as their options say: how they are asked for, and what is held."""

from typing import Any

import numpy as np
import pytest
from scipy.interpolate import CubicSpline

from fitting.inputs import ImageData
from fitting.problem import Problem
from fitting.spec import FitRequest, RequestInvalid, parse_request
from tests.fitting.images.sky import image, request_of
from tests.fitting.scene import problem_of, rendered

PLACE = {"x": 20.0, "y": 20.0, "q": 1.0, "pa": 0.0}
RADII = [0.0, 3.0, 8.0]
LEVELS = {"i_1": 9.0, "i_2": 4.0, "i_3": 0.5}


def spline(**changes: Any) -> dict[str, Any]:
    return {"name": "g", "profile": "spline", "options": {"radii": RADII}, "parameters": PLACE | LEVELS | changes}


@pytest.mark.parametrize(
    ("options", "path", "words"),
    [
        ({"radii": [0, 3, 3]}, "$.components[0].options.radii", "does not rise"),
        ({"radii": [3]}, "$.components[0].options.radii", ""),
        ({"radii": [-1, 3]}, "$.components[0].options.radii[0]", "too small"),
        ({"radii": [0, 2]}, "$.components[0].parameters.i_3", "no such parameter"),
        ({"nodes": [0, 2, 5]}, "$.components[0].options.nodes", "unknown key"),
    ],
)
def test_options_that_do_not_suit_are_refused(options: dict[str, Any], path: str, words: str) -> None:
    component = {"name": "g", "profile": "spline", "options": options, "parameters": PLACE | LEVELS}
    with pytest.raises(RequestInvalid) as refused:
        parse_request({"images": [{"data": "a.fits"}], "components": [component]})
    assert path in [fault.path for fault in refused.value.faults]
    assert words in str(refused.value)


def test_the_unit_of_the_radii_is_never_fitted() -> None:
    assert "g.r_unit" not in problem_of([spline()]).names
    assert "g.r_unit" not in problem_of([spline(r_unit=2.0)]).names
    assert rendered([spline(r_unit=2.0)])[20, 20 + 6] == pytest.approx(4.0, rel=0.05)


def test_a_spline_does_not_rise_outside_its_last_radius() -> None:
    light = rendered([spline(i_3=8.0)])[20]
    assert light[32] == pytest.approx(light[38], rel=1e-3)


def test_on_the_sky_radii_are_in_arcsec() -> None:
    parameters = {"ra": 150.1, "dec": 2.2, "q": 1.0, "pa": 0.0, "i_1": 9.0, "i_2": 4.0, "i_3": 0.5}
    component = {"name": "g", "profile": "spline", "options": {"radii": RADII}, "parameters": parameters}
    request: FitRequest = request_of(component, names=("g",))
    seen: ImageData = image("g", (81, 81), scale=0.25)
    problem = Problem(request, [seen])
    light = problem.model(problem.start())[0][0].numpy()
    expected = np.exp(CubicSpline(RADII, np.log(list(LEVELS.values())), bc_type="natural")(5.0)) * 0.25**2
    assert light[40, 60] == pytest.approx(expected, rel=1e-3)
