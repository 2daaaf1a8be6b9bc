"""Which profiles may be given by their total."""

from typing import Any

import pytest
import torch

from fitting.profiles import RADIAL_PROFILES
from fitting.profiles.radial import total_flux
from fitting.spec import PROFILES, RequestInvalid
from tests.fitting.scene import fit_request, problem_of, sersic

WITH_TOTAL = {name for name, profile in PROFILES.items() if profile.total}


def test_profiles_with_a_total_are_the_radial_ones_but_those_without_bound() -> None:
    assert (RADIAL_PROFILES.keys() - {"isothermal"}) | {"formula"} == WITH_TOTAL
    assert PROFILES.keys() >= WITH_TOTAL


def test_a_total_flux_gives_the_amplitude_of_that_flux() -> None:
    parameters = {key: value for key, value in sersic()["parameters"].items() if key != "i_e"} | {"flux": 900.0}
    problem = problem_of([{"name": "g", "profile": "sersic", "parameters": parameters}])
    native = problem.views[0].native(problem.parameters.values(problem.start())).physical[0]
    q, n, scale, amplitude = (native[problem.views[0].index[f"g.{name}"]] for name in ("q", "n", "r_e", "i_e"))
    total = total_flux(RADIAL_PROFILES["sersic"], q[None], (n[None],), scale[None], amplitude[None])
    assert torch.allclose(total, torch.tensor([900.0], dtype=torch.float64))


@pytest.mark.parametrize("total", ["flux", "magnitude"])
@pytest.mark.parametrize(("profile", "beta"), [("moffat", 0.9), ("moffat", {"value": 1.0}), ("nuker", 1.8)])
def test_a_total_that_would_be_infinite_is_refused(profile: str, beta: Any, total: str) -> None:
    own = {"x": 20.0, "y": 20.0, "q": 0.7, "pa": 0.0, "beta": beta, total: 20.0}
    own |= {"fwhm": 4.0} if profile == "moffat" else {"alpha": 2.0, "gamma": 0.1, "r_b": 3.0}
    with pytest.raises(RequestInvalid, match=r"total flux of \w+ is infinite") as caught:
        fit_request([{"name": "g", "profile": profile, "parameters": own}])
    assert [fault.path for fault in caught.value.faults] == ["$.components[0].parameters.beta"]


def test_a_total_keeps_the_fit_where_it_is_finite() -> None:
    own = {"x": 20.0, "y": 20.0, "q": 0.7, "pa": 0.0, "beta": 1.2, "fwhm": 4.0}
    for form, least in (("flux", 1.001), ("i_0", 0.2)):
        table = problem_of([{"name": "g", "profile": "moffat", "parameters": {**own, form: 20.0}}]).table
        assert table["g.beta"].min == least
