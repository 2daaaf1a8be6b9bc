"""Stages: their options, and what these must have in common with the rest of the request."""

from typing import Any

import pytest

from fitting.spec import METHODS, RequestInvalid, parse_request

GALAXY = {"name": "g", "profile": "sersic", "parameters": {"x": 20, "y": 20, "n": 2, "r_e": 5, "i_e": 10}}
SKY = {"name": "sky", "profile": "flat_sky", "parameters": {"i": {"value": 1, "fixed": True}}}


def request(*stages: dict[str, Any]) -> dict[str, Any]:
    return {"images": [{"name": "r", "data": "a.fits"}], "components": [SKY, GALAXY], "stages": list(stages)}


@pytest.mark.parametrize("method", METHODS)
def test_every_method_runs_without_options(method: str) -> None:
    (stage,) = parse_request(request({"method": method})).stages
    assert stage.method == method
    assert parse_request(parse_request(request({"method": method})).document()).stages == (stage,)


@pytest.mark.parametrize(
    ("stage", "path", "words"),
    [
        ({"method": "iterative_components", "groups": [["g", "halo"]]}, "groups[0][1]", "unknown component 'halo'"),
        ({"method": "iterative_components", "groups": [["g"], ["g"]]}, "groups[1][0]", "in a group already"),
        ({"method": "iterative_parameters", "chunks": 2, "chunk_size": 3}, "chunks", "both given"),
        ({"method": "ensemble", "walkers": 12}, "walkers", "12 walkers do not suit 7 free parameters"),
        ({"method": "ensemble", "walkers": 15}, "walkers", "15 walkers do not suit"),
        ({"method": "nuts", "chains": 1000, "samples": 1000000}, "samples", "too many to keep"),
        ({"method": "gradient", "optimizer": "adamant"}, "optimizer", "unknown optimizer"),
        ({"method": "gradient", "optimizer_options": {"betas": 3}}, "optimizer_options.betas", "will not do"),
        ({"method": "scipy", "solver": "simplex"}, "solver", "unknown solver"),
        ({"method": "bootstrap", "samples": 1}, "samples", "too small"),
        ({"method": "hmc", "metric": "euclid"}, "metric", "'euclid'"),
    ],
)
def test_a_stage_that_does_not_suit_is_refused_at_its_place(stage: dict[str, Any], path: str, words: str) -> None:
    with pytest.raises(RequestInvalid) as caught:
        parse_request(request({"method": "lm"}, stage))
    (fault,) = caught.value.faults
    assert fault.path == f"$.stages[1].{path}"
    assert words in fault.message


def test_an_ensemble_may_have_as_many_walkers_as_it_needs() -> None:
    parse_request(request({"method": "ensemble", "walkers": 14}))
