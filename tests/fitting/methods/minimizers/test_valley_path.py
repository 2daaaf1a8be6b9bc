"""Bent valleys: the parabola ahead is the one through the last places, and fits that crept come to their end."""

import torch

from benchmarks.random_scenes import reference_chi2
from fitting.first_values import complete_request
from fitting.methods.minimizers.valley_path import ValleyPath
from fitting.problem import NormalEquations
from fitting.run import run
from fitting.spec import FitRequest
from tests.fitting.scene import fit_request, flat_sky, image_of, noisy, rendered, sersic

IMAGE = image_of(noisy(rendered([flat_sky(2.0), sersic(x=30.3, y=29.6, r_e=7.0, i_e=30.0)], (61, 61))))


def unit_equations(size: int) -> NormalEquations:
    """With JᵀWJ the unit matrix."""
    one = torch.eye(size, dtype=torch.float64)[None]
    return NormalEquations(torch.zeros(1), torch.zeros(1, size), one)


def test_what_lies_ahead_is_on_the_circle_to_second_order() -> None:
    angle = torch.tensor([0.0, 0.01, 0.02, 0.02 + 8 * 0.01], dtype=torch.float64)
    places = torch.stack((angle.cos(), angle.sin()), dim=1)
    ahead = ValleyPath(tuple(places[:3].split(1))).ahead(unit_equations(2))
    straight = places[2] + 8.0 * (places[2] - places[1])
    assert float((ahead - places[3]).norm()) < 2e-4
    assert float((straight - places[3]).norm()) > 3e-3


def test_a_search_that_converges_or_turns_does_not_creep() -> None:
    line = tuple(torch.tensor([[0.1 * step, 0.0]], dtype=torch.float64) for step in range(5))
    turning = tuple(torch.tensor([[0.1 * step, 0.3 * (step % 2)]], dtype=torch.float64) for step in range(5))
    steady, falling = [10.0, 9.0, 8.1, 7.3, 6.6], [10.0, 5.0, 4.0, 3.9, 3.89]
    assert ValleyPath(line).creeps(unit_equations(2), steady)
    assert not ValleyPath(line).creeps(unit_equations(2), falling)
    assert not ValleyPath(turning).creeps(unit_equations(2), steady)
    assert not ValleyPath(line[:4]).creeps(unit_equations(2), steady)


def test_a_nuker_profile_converges_from_its_defaults() -> None:
    """Its valley runs on to a break a hundred pixels out; steps alone take over three hundred."""
    request = complete_request(
        fit_request([flat_sky({}), {"name": "g", "profile": "nuker", "parameters": {}}]), [IMAGE]
    )
    result = run(request, [IMAGE])
    assert result.converged
    assert result.stages[0].iterations < 150
    assert result.chi2 < reference_chi2(at_end(request, result.parameters), [IMAGE])[0] + 1.0


def at_end(request: FitRequest, parameters: tuple) -> FitRequest:  # type: ignore[type-arg]
    """The request with the values of a result."""
    document = request.model_dump(mode="json", exclude_none=True)
    for parameter in parameters:
        component, _, name = parameter.name.partition(".")
        own = next(item for item in document["components"] if item["name"] == component)
        own["parameters"][name] = {"value": parameter.value}
    return FitRequest.model_validate(document)
