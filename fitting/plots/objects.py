"""What a radial profile is drawn of: components that share a centre are one object."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from fitting.plots.finished_fit import FinishedFit
from fitting.plots.isophotes import Isophotes, isophotes_of, single_ellipse
from fitting.plots.radial import RadialBrightness, radial_brightness
from fitting.spec.plots import PlotUnavailable

Array = NDArray[np.float64]

_SAME_CENTRE = 1.5
"""Pixels between centres of components that are one object."""


@dataclass(frozen=True)
class SkyObject:
    """One object of an image, measured.

    Attributes:
        name: of its components.
        profile: its surface brightness.
        alone: whether the light of all else was taken off the data.
    """

    name: str
    profile: RadialBrightness
    alone: bool


def measured_objects(fit: FinishedFit, image: str) -> list[SkyObject]:
    """Every object within an image, in the request's order.

    The model of all other components is taken off the data first. Where the light of single components was not kept,
    since the image is large, nothing is taken off and the isophotes are the parameters' own ellipses.

    Raises PlotUnavailable where no component is an object within the image.
    """
    data, model, residual, normalized = (
        fit.plane(image, name) for name in ("data", "model", "residual", "normalized_residual")
    )
    sigma = np.divide(residual, normalized, out=np.full(data.shape, np.nan), where=normalized != 0)
    sigma[normalized == 0] = np.nanmedian(sigma)  # a residual of exactly zero tells no noise
    groups = _groups(fit, image)
    kept = fit.components_kept(image)
    found = []
    for names, centre in groups:
        if kept.issuperset(names):
            parts = {name: fit.plane(image, f"component/{name}") for name in names}
            own = np.sum(list(parts.values()), axis=0)
            isophotes = isophotes_of(own, centre)
        else:
            parts, own = {}, model
            isophotes = _own_ellipse(fit, names, centre, (model.shape[0], model.shape[1]))
        if isophotes is None:
            continue
        profile = radial_brightness(isophotes, data - model + own, own, sigma, parts if len(parts) > 1 else {})
        if len(profile.radius) > 1:
            found.append(SkyObject(" + ".join(names), profile, bool(parts)))
    if not found:
        raise PlotUnavailable(f"has no component that is an object within the image {image!r}")
    return found


def _groups(fit: FinishedFit, image: str) -> list[tuple[list[str], tuple[float, float] | None]]:
    """Components with a centre, those at one place together, with that place in pixels of the plane."""
    origin = fit.scale(image).origin
    groups: list[tuple[list[str], tuple[float, float] | None]] = []
    for name in fit.components:
        centre = fit.centre(name)
        if centre is None:
            continue
        place = (centre[0] - origin[0], centre[1] - origin[1])
        near = (names for names, other in groups if other is not None and math.dist(place, other) < _SAME_CENTRE)
        names = next(near, None)
        if names is None:
            groups.append(([name], place))
        else:
            names.append(name)
    return groups


def _own_ellipse(
    fit: FinishedFit, names: list[str], centre: tuple[float, float] | None, shape: tuple[int, int]
) -> Isophotes | None:
    """The ellipse of the first of some components that has one, if its centre is in the image."""
    if centre is None or not (0 <= centre[0] < shape[1] and 0 <= centre[1] < shape[0]):
        return None
    for name in names:
        ratio, angle = fit.value(f"{name}.q"), fit.value(f"{name}.pa")
        if ratio is not None and angle is not None:
            return single_ellipse(centre, ratio, angle)
    return None
