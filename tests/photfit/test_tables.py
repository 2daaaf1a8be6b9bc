"""Tables say what a reader has to know."""

from __future__ import annotations

from typing import Any

import pytest
from rich.console import Console

from photfit.answers import FitAnswer
from photfit.tables import parameters_report, status_table


def document(**changes: Any) -> dict[str, Any]:
    parameter = {"name": "a.pa", "value": 179.0, "uncertainty": 1.0, "unit": "degree", "free": True, "at_limit": False}
    return {
        "converged": True,
        "message": "",
        "chi2_reduced": 1.0,
        "n_pixels": 9,
        "stages": [],
        "parameters": [{**parameter, **changes}],
    }


def shown(content: dict[str, Any], truth: dict[str, float] | None = None) -> str:
    console = Console(width=160)
    with console.capture() as capture:
        console.print(parameters_report(content, truth))
    return capture.get()


def test_a_position_angle_near_180_is_near_0() -> None:
    assert "-2.00" in shown(document(), {"a.pa": 1.0})


@pytest.mark.parametrize(
    ("changes", "remark"),
    [
        ({"at_limit": True}, "at its limit"),
        ({"free": False}, "linked"),
        ({"free": False, "uncertainty": None}, "fixed"),
    ],
)
def test_a_parameter_that_is_not_an_ordinary_result_is_marked(changes: dict[str, Any], remark: str) -> None:
    assert remark in shown(document(**changes))


def test_a_fit_that_did_not_converge_says_why() -> None:
    assert "NOT converged" in shown({**document(), "converged": False, "message": "singular"})
    assert "singular" in shown({**document(), "converged": False, "message": "singular"})


def test_a_parameter_without_uncertainty_is_shown_without() -> None:
    assert "±" not in shown(document(uncertainty=None))


def test_a_parameter_with_an_interval_shows_the_distances_to_both_ends() -> None:
    text = shown(document(interval=[177.6, 181.2]))
    assert "+2.2 -1.4" in text
    assert "±" not in text
    assert "± 1.0" in shown(document(interval=[None, 181.2]))


def test_the_status_of_a_running_fit_tells_its_parameters_and_where_they_began() -> None:
    progress = {"stage": 0, "stages": 1, "method": "lm", "fraction": 0.25, "iteration": 3}
    numbers = {"parameters": {"a.n": 2.1449, "b.n": None}, "parameters_at_start": {"a.n": 1.5, "b.n": 4.0}}
    fit = FitAnswer.model_validate(
        {"id": "fit_1", "state": "running", "created_at": "2026-05-02T10:31:07Z", "progress": {**progress, **numbers}}
    )
    console = Console(width=160)
    with console.capture() as capture:
        console.print(status_table(fit))
    lines = [line.split() for line in capture.get().splitlines()]
    assert ["a.n", "2.1449,", "from", "1.5"] in lines
    assert ["b.n", "no", "number,", "from", "4"] in lines


def test_derived_values_follow_the_parameters() -> None:
    derived = [
        {"name": "a.magnitude[r]", "value": 18.1234, "uncertainty": 0.0123, "unit": "mag"},
        {"name": "a.flux", "value": None, "uncertainty": None, "unit": "data"},
    ]
    text = shown({**document(), "derived": derived})
    assert "a.magnitude[r]" in text
    assert "18.123" in text
    assert "a.flux" not in text


def test_what_magnitudes_count_from_is_said() -> None:
    images = [{"name": "image", "flux_scale": {"sentence": "the zero point is MAGZERO 25"}}]
    assert "magnitudes: the zero point is MAGZERO 25" in shown({**document(), "images": images})
    assert "magnitudes:" not in shown({**document(), "images": [{"name": "image", "flux_scale": None}]})


def test_what_magnitudes_count_from_is_told_once() -> None:
    content = {**document(), "images": [{"name": "i", "flux_scale": {"sentence": "zero point 25"}}]}
    assert "magnitudes: zero point 25" in shown(content)
    assert "zero point 25" not in shown({**content, "warnings": ["image i: zero point 25"]})
