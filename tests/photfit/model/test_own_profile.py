"""Profiles of one's own, from Python functions that are followed into formulas."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest
import scipy.special
import torch

import photfit
from fitting.spec import RequestInvalid, parse_request
from photfit import Exponential, FlatSky, Fourier
from photfit.model import request_document

UNITS = {"h": "pixel", "i0": "data/pixel"}
PLACE: dict[str, Any] = {"x": 14.2, "y": 15.3, "q": 0.7, "pa": 30}


@photfit.profile(c={"min": 0.2, "max": 4})
def stretched(r: Any, i0: Any, h: Any, c: Any = 1.0) -> Any:
    """A stretched exponential."""
    return i0 * np.exp(-((r / h) ** c))


def test_a_function_becomes_a_class_of_components() -> None:
    component = stretched("g", h=3, i0=5)
    assert (stretched.__name__, (stretched.__doc__ or "").splitlines()[0]) == ("Stretched", "A stretched exponential.")
    assert component.document()["options"] == {
        "brightness": "i0 * exp(-(r / h) ** c)",
        "symbols": {"i0": {}, "h": {}, "c": {"default": 1.0, "min": 0.2, "max": 4}},
    }
    assert str(component.c / 2) == "= g.c / 2"
    request = parse_request(request_document([{"data": "a.fits"}], [stretched(geometry=[Fourier([2])]), FlatSky()]))
    assert [row.name for row in request.rows()][:3] == ["formula.x", "formula.y", "formula.q"]


def test_it_is_drawn_and_fitted_as_the_profile_that_it_is() -> None:
    known = photfit.model_image(Exponential("g", h=3, i_0=90, **PLACE), (30, 31))
    assert photfit.model_image(stretched("g", h=3, i0=90, c=1, **PLACE), (30, 31)) == pytest.approx(known, rel=1e-6)
    data = known + np.random.default_rng(2).normal(size=known.shape)
    found = photfit.fit(data, [stretched("g"), FlatSky("sky")], variance=1.0)
    assert found.converged
    assert abs(float(found["g.c"]) - 1.0) < 4 * (found["g.c"].uncertainty or 0)


@pytest.mark.parametrize(
    "function",
    [
        lambda r, i0, h: i0 * np.exp(-r / h),
        lambda r, i0, h: torch.exp(-r / h) * i0,
        lambda r, i0, h: np.multiply(i0, np.exp(np.negative(np.divide(r, h)))),
        lambda r, i0, h: i0 / np.exp(r / h),
        lambda r, i0, h: i0 * np.exp(-np.sqrt(np.square(r / h))),
        lambda r, i0, h: i0 * math.e ** (-r / h),
    ],
)
def test_functions_of_numpy_and_torch_are_followed(function: Any) -> None:
    own = photfit.profile(function)
    drawn = photfit.model_image(own("g", h=3, i0=9, **PLACE), (30, 31))
    assert drawn == pytest.approx(photfit.model_image(Exponential("g", h=3, i_0=9, **PLACE), (30, 31)), rel=1e-6)


def test_what_changes_over_is_a_bend() -> None:
    own = photfit.profile(lambda r, i0, h: i0 * np.maximum(1 - (r / h) ** 2, 0), bend="h", **UNITS)
    drawn = photfit.model_image(own("g", h=9, i0=9, **PLACE), (30, 31))
    same = photfit.Ferrers("g", r_out=9, i_0=9, alpha=1, beta=0, **PLACE)
    assert drawn == pytest.approx(photfit.model_image(same, (30, 31)), rel=1e-9, abs=1e-12)


OWN = {
    "torch": lambda r, i0, h: i0 * (1 + torch.special.expm1(-r / h)),
    "torch without derivatives": lambda r, i0, h: i0 * torch.exp(-torch.nan_to_num(r.detach() / h.detach())),
    "NumPy": lambda r, i0, h: i0 * (1 + scipy.special.expm1(-r / h)),
    "a choice": lambda r, i0, h: torch.where(r < 1e6 * h, i0 * torch.exp(-r / h), 0 * i0),
}


@pytest.mark.parametrize("name", OWN)
def test_what_no_formula_has_is_taken_as_it_is_for_fits_here(name: str) -> None:
    own = photfit.profile(OWN[name], h="pixel", i0="data/pixel")
    known = photfit.model_image(Exponential("g", h=3, i_0=90, **PLACE), (30, 31))
    assert photfit.model_image(own("g", h=3, i0=90, **PLACE), (30, 31)) == pytest.approx(known, rel=1e-6)
    data = known + np.random.default_rng(2).normal(size=known.shape)
    found = photfit.fit(data, [own("g"), FlatSky("sky")], variance=1.0)
    same = photfit.fit(data, [Exponential("g"), FlatSky("sky")], variance=1.0)
    assert found.converged
    assert found["g.h"].value == pytest.approx(same["g.h"].value, rel=1e-6)
    sigma, expected = (found["g.i0"].uncertainty, same["g.i_0"].uncertainty)
    assert (found["g.h"].uncertainty, sigma) == pytest.approx((same["g.h"].uncertainty, expected), rel=1e-4)
    assert found["g.flux"].uncertainty == pytest.approx(same["g.flux"].uncertainty, rel=1e-4)


def test_differences_serve_where_torch_has_no_derivative() -> None:
    by_torch = photfit.profile(
        lambda r, i0, h: i0 * (r / h) * torch.special.modified_bessel_k1(r / h), h="pixel", i0="data/pixel"
    )
    by_scipy = photfit.profile(lambda r, i0, h: i0 * (r / h) * scipy.special.k1(r / h), h="pixel", i0="data/pixel")
    drawn = photfit.model_image(by_torch("g", h=3, i0=90, **PLACE), (30, 31))
    assert photfit.model_image(by_scipy("g", h=3, i0=90, **PLACE), (30, 31)) == pytest.approx(drawn, rel=1e-6)
    data = drawn + np.random.default_rng(2).normal(size=drawn.shape)
    found = photfit.fit(data, [by_torch("g"), FlatSky("sky")], variance=1.0)
    assert abs(float(found["g.h"]) - 3.0) < 4 * (found["g.h"].uncertainty or 0)


def test_a_service_knows_no_function_of_this_process() -> None:
    own = photfit.profile(OWN["NumPy"], h="pixel", i0="data/pixel")
    text = own("g").document()["options"]["brightness"].replace("(", "_of_another_process(")
    component = {"name": "g", "profile": "formula", "brightness": text, "parameters": {"h": {"unit": "pixel"}}}
    with pytest.raises(RequestInvalid, match="is not a function of expressions"):
        parse_request({"images": [{"data": "a.fits"}], "components": [component]})


@pytest.mark.parametrize(
    ("function", "error", "sentence"),
    [
        (lambda r, i0, h: i0 * math.exp(-r / h), TypeError, "take numpy's or torch's functions"),
        (lambda r, i0, h: i0 if r < h else 0 * i0, TypeError, r"cannot compare .* numpy\.maximum"),
        (
            lambda r, i0, h: i0 * torch.special.i0(-r) * h / h,
            TypeError,
            "does what a formula cannot .*say which parameters are le",
        ),
        (lambda r, i0, h: i0**2 * scipy.special.k1(r / h), TypeError, "does not grow with its brightnesses"),
        (lambda r, i0, h: i0 * scipy.special.k1(r / h) / r.sum() * h, TypeError, "does not work element by element"),
        (lambda r, i0, h: 0.0 if r is i0 is h else 3.0, TypeError, "gives 3.0, which does not depend on r"),
        (lambda r, i0, h: i0 * np.exp(-r) * h / h, RequestInvalid, 'exp takes a pure number, and "-r" is pixel'),
        (lambda r, i0, k: i0 * np.exp(-r / k), TypeError, "has no parameter h"),
    ],
)
def test_what_cannot_be_followed_is_said(function: Any, error: type[Exception], sentence: str) -> None:
    with pytest.raises(error, match=sentence):
        photfit.profile(function, h="pixel", i0="data/pixel")
