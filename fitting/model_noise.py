"""Noise that follows from a model: photon noise of its light, and the scatter of what it leaves of the data.

Where the variance of a pixel was taken from its own datum, a pixel that happens to be low counts more, and a sky of any
brightness comes out one electron low (Humphrey, Liu & Buote 2009, ApJ 693, 822). So it is taken of the model, the fit
goes on, and so on until nothing moves: the same as solving Σ (d − m)/V(m) ∂m/∂θ = 0, which has no bias.
"""

import numpy as np
from numpy.typing import NDArray
from torch import Tensor

from fitting.inputs import ImageData, background, photon_variance, pixel_scatter, smooth_light
from fitting.problem import Problem
from fitting.spec import Notice

Array = NDArray[np.float64]

_ALIKE = 3.0
"""Times 1/√pixels: two standard errors of a scatter by differences, within which the rms of a residual is the same."""
_RENEWED = 1e-3
"""Change of a variance, relatively, that is worth while: a thousandth of what the noise's own uncertainty is worth."""


def follows_model(problem: Problem) -> bool:
    """Whether the noise of any image does."""
    return any(image.electrons is not None or image.estimated for image in problem.sources)


def noise_of_smooth_light(problem: Problem) -> Problem:
    """The problem with photon noise of the data's local means: next to no bias, before there is a model."""
    return problem.with_variances(
        [
            None if image.electrons is None else photon_variance(smooth_light(image.data, ~image.mask), image.electrons)
            for image in problem.sources
        ]
    )


def noise_of_model(problem: Problem, theta: Tensor) -> tuple[Problem, float]:
    """The problem with the noise that its model at θ (1, free) gives, and the largest relative change of a variance."""
    if not follows_model(problem):
        return problem, 0.0
    changes, variances = [0.0], []
    for image, target, model in zip(problem.sources, problem.images, problem.model(theta), strict=True):
        light = model[0].cpu().numpy()
        found = _photon_noise(image, light) if image.electrons is not None else _residual_noise(image, light)
        variances.append(found)
        if found is not None:
            before = target.variance(model[0]).cpu().numpy()
            changes.append(float(np.abs(found / before - 1.0)[~image.mask].max()))
    return problem.with_variances(variances), max(changes)


def is_renewed(change: float) -> bool:
    """Whether a largest relative change of variances counts."""
    return change > _RENEWED


def noise_notices(problem: Problem, renewed: bool) -> list[Notice]:
    """What there is to say of noise that a fit found, or could not find since no stage came to a model before.

    Args:
        problem: with the noise as it is at the end.
        renewed: whether it is that of the model.
    """
    notices = []
    for image, target in zip(problem.sources, problem.images, strict=True):
        used = ~image.mask
        where = f"image {image.name}"
        named = f"{where}: " if len(problem.sources) > 1 else ""
        if image.estimated and renewed:
            before, now = float(image.variance[used][0]), float(1.0 / target.weight.max())
            sentence = (
                f"{named}the variance was estimated again from the residual: {now:.6g} in every pixel, after "
                f"{before:.6g} before the fit; chi-squared and uncertainties are by that"
            )
            notices.append(Notice("variance-estimated-again", sentence, where))
        elif image.electrons is not None and not renewed:
            sentence = (
                f"{named}photon noise is that of the smoothed data, since nothing was fitted before the chains; the "
                f"light may be low by a part of an electron in a pixel"
            )
            notices.append(Notice("photon-noise-of-data", sentence, where))
    return notices


def _photon_noise(image: ImageData, light: Array) -> Array:
    assert image.electrons is not None
    return photon_variance(light, image.electrons)


def _residual_noise(image: ImageData, light: Array) -> Array | None:
    """The same variance everywhere, of the residual about its neighbours; None where the noise was given, or none is
    left.
    """
    if not image.estimated:
        return None
    used = ~image.mask
    residual = np.where(used, image.data - light, 0.0)
    scatter = pixel_scatter(residual, used)
    rms = background(residual, used)[1]
    sigma = rms if scatter is None else scatter.ratio
    if sigma > 0.0 and abs(rms / sigma - 1.0) < _ALIKE / np.sqrt(used.sum()):
        sigma = rms  # the residual has no structure, and its rms is the surer of the two
    return np.full_like(residual, sigma * sigma) if np.isfinite(sigma) and sigma > 0.0 else None
