"""Small problems made in memory for the engine's tests: a request, its image and the truth behind it."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from fitting.first_values import complete_request
from fitting.inputs import ImageData
from fitting.problem import Problem
from fitting.results import FitResult
from fitting.run import run
from fitting.spec import FitRequest, parse_request

GALAXY = {"x": 20.3, "y": 19.6, "q": 0.6, "pa": 35.0, "n": 1.7, "r_e": 5.0, "i_e": 50.0}
"""A galaxy that a frame of 41 × 41 pixels holds well."""


def sersic(name: str = "g", **changes: Any) -> dict[str, Any]:
    """`GALAXY` as a component of a request, with changes."""
    return {"name": name, "profile": "sersic", "parameters": GALAXY | changes}


def flat_sky(level: Any = 3.0, name: str = "sky") -> dict[str, Any]:
    """A flat sky as a component of a request."""
    return {"name": name, "profile": "flat_sky", "parameters": {"i": level}}


def fit_request(components: Sequence[Mapping[str, Any]], stages: Sequence[Any] = ({"method": "lm"},)) -> FitRequest:
    """A request of one image, called `image`; with a PSF file where the components need one."""
    psf = {"psf": "psf.fits"} if any(component["profile"] == "point_source" for component in components) else {}
    document = {
        "images": [{"name": "image", "data": "image.fits"} | psf],
        "components": [dict(component) for component in components],
        "stages": list(stages),
    }
    return parse_request(document)


def image_of(data: np.ndarray, variance: float | np.ndarray = 1.0, **fields: Any) -> ImageData:
    """An image with nothing masked, unless `mask` is given."""
    fields = {"mask": np.zeros(data.shape, dtype=bool)} | fields
    return ImageData("image", data, np.broadcast_to(np.asarray(variance, dtype=float), data.shape).copy(), **fields)


def problem_of(
    components: Sequence[Mapping[str, Any]], shape: tuple[int, int] = (41, 41), data: Any = None, **fields: Any
) -> Problem:
    """The problem of components on an image of `shape`, empty unless `data` is given."""
    plane = np.zeros(shape) if data is None else data
    return Problem(fit_request(components), [image_of(plane, **fields)])


def rendered(components: Sequence[Mapping[str, Any]], shape: tuple[int, int] = (41, 41), **fields: Any) -> np.ndarray:
    """The model of components at their values, (height, width)."""
    problem = problem_of(components, shape, **fields)
    model: np.ndarray = problem.model(problem.start())[0][0].numpy()
    return model


def noisy(model: np.ndarray, sigma: float = 1.0, seed: int = 1) -> np.ndarray:
    """The model with Gaussian noise."""
    return model + np.random.default_rng(seed).normal(0.0, sigma, model.shape)


def fitted(
    components: Sequence[Mapping[str, Any]],
    image: ImageData,
    stages: Sequence[Any] = ({"method": "lm"},),
    **options: Any,
) -> FitResult:
    """The result of a request of these components on this image."""
    return run(complete_request(fit_request(components, stages), [image]), [image], **options)


def values_of(result: FitResult) -> dict[str, float]:
    """Values by name."""
    return {parameter.name: parameter.value for parameter in result.parameters}


def uncertainties_of(result: FitResult) -> dict[str, float | None]:
    """Uncertainties by name."""
    return {parameter.name: parameter.uncertainty for parameter in result.parameters}
