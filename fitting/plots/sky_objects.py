"""Sky objects, of which radial profiles are drawn: components that share a centre are one."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from fitting.plots.finished_fit import FinishedFit
from fitting.plots.isophotes import MeasuredIsophotes, RadialBrightness, isophotes_of, radial_brightness, single_ellipse
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
    found = []
    for group in _groups(fit, image):
        parts = {each.name: each.light for each in group if each.light is not None}
        light = np.sum(list(parts.values()), axis=0) if parts else model
        isophotes = (
            isophotes_of(light, group[0].centre) if parts else _ellipse_of_parameters(fit, image, group, model.shape)
        )
        if isophotes is None:
            continue
        profile = radial_brightness(isophotes, data - model + light, light, sigma, parts if len(parts) > 1 else {})
        if len(profile.radius) > 1:
            found.append(SkyObject(" + ".join(each.name for each in group), profile, bool(parts)))
    if not found:
        raise PlotUnavailable(f"has no component that is an object within the image {image!r}")
    return found


@dataclass(frozen=True)
class _ComponentOnPlane:
    """A component with the pixel of the plane where it is, and its light where that was kept."""

    name: str
    centre: tuple[float, float]
    light: Array | None


def _groups(fit: FinishedFit, image: str) -> list[list[_ComponentOnPlane]]:
    """The components that are somewhere in the image, those at one place together."""
    groups: list[list[_ComponentOnPlane]] = []
    for component in _components_on_plane(fit, image):
        near = (group for group in groups if math.dist(component.centre, group[0].centre) < _SAME_CENTRE)
        group = next(near, None)
        if group is None:
            groups.append([component])
        else:
            group.append(component)
    return groups


def _components_on_plane(fit: FinishedFit, image: str) -> Iterator[_ComponentOnPlane]:
    """Where the parameters are no pixels, a component is where its light is brightest."""
    origin, kept = fit.scale(image).origin, fit.components_kept(image)
    for name in fit.components:
        if not fit.has_place(name) or (kept and name not in kept):
            continue
        light = fit.plane(image, f"component/{name}") if kept else None
        centre = fit.centre(name, image)
        if centre is not None:
            yield _ComponentOnPlane(name, (centre[0] - origin[0], centre[1] - origin[1]), light)
        elif light is not None:
            isophotes = isophotes_of(light)
            if isophotes is not None:
                yield _ComponentOnPlane(name, isophotes.centre, light)


def _ellipse_of_parameters(
    fit: FinishedFit, image: str, group: list[_ComponentOnPlane], shape: tuple[int, ...]
) -> MeasuredIsophotes | None:
    """The ellipse of the first of some components that has one, if its centre is in the image."""
    centre = group[0].centre
    if not (0 <= centre[0] < shape[1] and 0 <= centre[1] < shape[0]):
        return None
    for each in group:
        ratio, angle = fit.value(f"{each.name}.q", image), fit.value(f"{each.name}.pa", image)
        if ratio is not None and angle is not None:
            return single_ellipse(centre, ratio, angle)
    return None
