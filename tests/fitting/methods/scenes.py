"""The problems that the optimisers are tried on: the examples, and small scenes whose truth is known."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor

from fitting.inputs import ImageData, load_images
from fitting.methods.progress import Cancelled
from fitting.methods.results import MinimizerResult
from fitting.problem import Problem
from fitting.spec import parse_request

EXAMPLES = Path(__file__).parents[3] / "examples"
GOAL = 1.01242
"""Reduced chi-squared that counts as the minimum of the three galaxies; the reference is 1.0124123."""


def example(name: str = "three_galaxies", edit: Callable[[dict[str, Any]], None] | None = None) -> Problem:
    """The problem of an example, its request changed by `edit`."""
    document = json.loads((EXAMPLES / name / "request.json").read_text())
    if edit is not None:
        edit(document)
    request = parse_request(document)
    return Problem(request, load_images(request, lambda file: EXAMPLES / name / file))


def reference(name: str = "three_galaxies") -> dict[str, Any]:
    """The example's reference numbers."""
    document: dict[str, Any] = json.loads((EXAMPLES / name / "reference.json").read_text())
    return document


def scene(components: list[dict[str, Any]], size: int, *, start: list[dict[str, Any]], noise: float = 1.0) -> Problem:
    """A problem whose data are `components` with noise, and whose request starts at `start`."""
    truth = _problem(components, np.zeros((size, size)), noise)
    light = truth.model(truth.start())[0][0].numpy()
    data = light + np.random.default_rng(7).normal(0.0, noise, light.shape)
    return _problem(start, data, noise)


def _problem(components: list[dict[str, Any]], data: np.ndarray, noise: float) -> Problem:
    image = {"name": "image", "data": "image.fits", "variance": {"constant": noise**2}}
    request = parse_request({"images": [image], "components": components, "stages": [{"method": "lm"}], "seed": 42})
    variance, mask = np.full(data.shape, noise**2), np.zeros(data.shape, dtype=bool)
    return Problem(request, [ImageData("image", data, variance, mask)])


def galaxy(name: str, **parameters: Any) -> dict[str, Any]:
    """A Sérsic component as JSON."""
    return {"name": name, "profile": "sersic", "parameters": parameters}


def sky(level: float) -> dict[str, Any]:
    """A flat sky as JSON."""
    return {"name": "sky", "profile": "flat_sky", "parameters": {"i": level}}


def tied_scene() -> Problem:
    """A bulge tied to its disc by links, beside a galaxy of its own, with a sky."""
    links = {"x": "= disc.x", "y": "= disc.y", "pa": "= disc.pa"}
    disc = {"x": 30.3, "y": 31.6, "q": 0.6, "pa": 30.0, "n": 1.0, "r_e": 8.0, "i_e": 20.0}
    bulge = {"q": 0.9, "n": 2.5, "r_e": 2.5, "i_e": 60.0}
    lone = {"x": 50.0, "y": 14.0, "q": 0.7, "pa": 120.0, "n": 1.5, "r_e": 4.0, "i_e": 30.0}
    near = {"x": 30.8, "y": 31.2, "q": 0.7, "pa": 38.0, "n": 1.2, "r_e": 9.0, "i_e": 15.0}
    return scene(
        [sky(5.0), galaxy("disc", **disc), galaxy("bulge", **bulge, **links), galaxy("lone", **lone)],
        64,
        start=[
            sky(4.0),
            galaxy("disc", **near),
            galaxy("bulge", **{**bulge, "r_e": 2.0, "i_e": 40.0}, **links),
            galaxy("lone", **{**lone, "x": 50.6, "r_e": 5.0, "i_e": 20.0}),
        ],
    )


def at_start(problem: Problem) -> MinimizerResult:
    """The request's values as the end of no search."""
    theta = problem.start()
    equations = problem.normal_equations(theta)
    return MinimizerResult(theta, equations, 0, 0, True, "", (float(equations.chi2),))


def reduced(problem: Problem, end: MinimizerResult) -> float:
    """Reduced chi-squared of an end, evaluated anew at its θ."""
    return float(problem.value(end.theta)) / problem.degrees_of_freedom


def silent(_iteration: int, _most: int, _chi2: float, _theta: Tensor) -> None:
    """A report that nobody reads."""


class Recorder:
    """A report that keeps what it is told, and cancels at the call of a given number."""

    def __init__(self, cancel_at: int | None = None) -> None:
        self.told: list[tuple[int, int, float]] = []
        self._cancel_at = cancel_at

    def __call__(self, iteration: int, most: int, chi2: float, _theta: Tensor) -> None:
        self.told.append((iteration, most, chi2))
        if len(self.told) == self._cancel_at:
            raise Cancelled


def same(one: MinimizerResult, other: MinimizerResult) -> bool:
    """Whether two ends are the same to the last bit."""
    return torch.equal(one.theta, other.theta)
