"""Which plots a fit has, and what a reader may choose of them."""

from __future__ import annotations

import pytest

from fitting.spec.plots import PLOTS, ChoiceInvalid, plots_of, read_choices


def test_a_fit_without_stages_has_no_plot_of_what_was_fitted() -> None:
    assert plots_of([]) == ("fit", "profile")


def test_a_fit_without_a_sampler_has_no_plot_of_chains() -> None:
    assert plots_of(["lm"]) == ("fit", "profile", "corner", "convergence")


@pytest.mark.parametrize("text", ["a.x=67.9, a.n = -2e-1", '{"a.x": 67.9, "a.n": -0.2}'])
def test_true_values_are_pairs_or_an_object(text: str) -> None:
    assert read_choices(PLOTS["corner"], None, None, text).truth == {"a.x": 67.9, "a.n": -0.2}


@pytest.mark.parametrize("text", ["a.x", "a.x=", "a.x=1,b", "{", '{"a.x": "one"}', '{"a.x": null}', "a.x=nan", "[1]"])
def test_true_values_that_are_none_are_refused(text: str) -> None:
    with pytest.raises(ChoiceInvalid) as refusal:
        read_choices(PLOTS["corner"], None, None, text)
    assert refusal.value.option == "truth"


@pytest.mark.parametrize(("plot", "option"), [("fit", "truth"), ("corner", "image"), ("rank", "truth")])
def test_a_choice_that_a_plot_does_not_take_is_refused(plot: str, option: str) -> None:
    given = {"image": None, "parameters": None, "truth": None} | {option: "x"}
    with pytest.raises(ChoiceInvalid, match=f"takes no {option}"):
        read_choices(PLOTS[plot], **given)
