"""The other frame: a component of frame ``pixel`` as it lies on the sky, one of frame ``sky`` in an image's pixels.

Every quantity is a differentiable function of native values; what several share is worked out once.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence
from functools import partial
from operator import itemgetter
from typing import TypeVar

import torch
from torch import Tensor

from fitting.profiles import SURFACES, radial_profile
from fitting.profiles.axes import DEGREES
from fitting.profiles.sersic import half_light_b
from fitting.results.sky_plane import SkyPlane, ellipse_in_plane, proper_axes
from fitting.results.total_light import Named
from fitting.spec import ComponentSpec, Frame

MAGNITUDE_STEP = 2.5
"""Magnitudes to a factor of ten in flux (Pogson 1856, MNRAS 17, 12)."""
BY_LOG = MAGNITUDE_STEP / math.log(10.0)
"""Magnitudes to a factor of e."""
_HEIGHTS = ("z_0", "sigma_z")
"""Lengths across the plane of a galaxy seen edge on."""
Function = Callable[[Named], Tensor]
"""A function of native values, (batch,) each."""
Quantity = tuple[str, str, Function]
"""Name, unit and function."""
Found = TypeVar("Found")


def once(function: Callable[[Named], Found]) -> Callable[[Named], Found]:
    """The same function, which is worked out once while it is asked for of the same values."""
    last: list[tuple[Named, Found]] = []

    def known(values: Named) -> Found:
        if not last or last[0][0] is not values:
            last[:] = [(values, function(values))]
        return last[0][1]

    return known


def surface_brightness(
    component: ComponentSpec, zero_point: float | None, frame: Frame, plane: SkyPlane | None, total: Function | None
) -> Iterator[Quantity]:
    """Of each intensity i_NAME, its value in the other frame and mu_NAME, mag/arcsec², by the area of a pixel at the
    component's own place; of a Sérsic profile mu of the centre, too, and the mean inside r_e.
    """
    intensities = [item.name for item in component.description.parameters if item.unit == "data/pixel"]
    if component.description.sky or component.role == "psf" or component.profile == "pixelated":
        return  # a background's is that of no source, and free pixels are too many
    for intensity in intensities:
        if frame == "sky":
            yield f"{intensity}_pixel", "data/pixel", itemgetter(intensity)
        elif plane is not None:
            density = partial(_of_one(lambda light, values: light / _pixel_area(plane, values)), intensity)
            yield f"{intensity}_arcsec2", "data/arcsec2", density
    if zero_point is None or plane is None:
        return

    area = once(partial(_pixel_area, plane))

    def faintness(light: Tensor, values: Named) -> Tensor:
        return zero_point - MAGNITUDE_STEP * torch.log10(light / area(values))

    for intensity in intensities:
        yield f"mu{intensity[1:]}", "mag/arcsec2", partial(_of_one(faintness), intensity)
    if component.profile == "sersic":
        yield (
            "mu_0",
            "mag/arcsec2",
            lambda values: faintness(values["i_e"], values) - BY_LOG * half_light_b(values["n"])[0],
        )
    if component.profile in ("sersic", "de_vaucouleurs") and not component.geometry and total is not None:
        yield (
            "mean_mu_e",
            "mag/arcsec2",
            lambda values: faintness(0.5 * total(values) / (math.pi * values["q"] * values["r_e"] ** 2), values),
        )


def _times(name: str, factor: Function) -> Function:
    """A value times a function of all."""
    return lambda values: values[name] * factor(values)


def _of_one(function: Callable[[Tensor, Named], Tensor]) -> Callable[[str, Named], Tensor]:
    """A function of a light, as one of the light's name."""
    return lambda name, values: function(values[name], values)


def _linear(plane: SkyPlane, values: Named) -> Tensor:
    """The map from pixels about a component's centre, or the plane's own where it has none: (batch or 1, 2, 2)."""
    if "x" not in values or "y" not in values:
        return torch.as_tensor(plane.linear)[None]
    return plane.linear_at(values["x"], values["y"])


def _pixel_area(plane: SkyPlane, values: Named) -> Tensor:
    """Square arcsec of a pixel at a component's centre."""
    return torch.linalg.det(_linear(plane, values)).abs()


def in_other_frame(component: ComponentSpec, frame: Frame, plane: SkyPlane | None) -> Iterator[Quantity]:
    """Position, orientation and sizes in the frame that is not the request's."""
    description = component.description
    if description.sky:
        return
    names = description.names
    lengths = [
        item.name
        for item in description.parameters
        if item.unit == "pixel" and item.modifier is None and item.name not in ("x", "y")
    ]
    if frame == "sky":
        yield from _in_pixels(names, lengths)
        if plane is not None and "q" in names:
            yield from _ellipse_on_sky(plane, _scale_length(component, lengths), lengths, all_of_it=False)
        return
    if plane is None:
        return
    if "q" in names:
        yield from _ellipse_on_sky(plane, _scale_length(component, lengths), lengths, all_of_it=True)
    elif component.profile == "gaussian_ellipsoid":
        yield from _projection_on_sky(plane)
    elif "pa" in names:
        yield from _plane_on_sky(plane, lengths)
    if plane.oriented and "x" in names and "y" in names:
        yield "ra", "degree", lambda values: plane.position_at(values["x"], values["y"])[0]
        yield "dec", "degree", lambda values: plane.position_at(values["x"], values["y"])[1]


def _scale_length(component: ComponentSpec, lengths: Sequence[str]) -> str:
    """Name of an elliptical profile's scale length."""
    profile = radial_profile(component.profile, component.options)
    return profile.scale if profile is not None else lengths[-1]


def _in_pixels(names: Sequence[str], lengths: Sequence[str]) -> Iterator[Quantity]:
    """A component of frame ``sky`` in the image's pixels."""
    for name in ("x", "y"):
        if name in names:
            yield name, "pixel", itemgetter(name)
    if "q" not in names:
        for name in lengths:
            yield f"{name}_pixel", "pixel", itemgetter(name)
        if "pa" in names:
            yield "pa_pixel", "degree", lambda values: values["pa"] % 180.0
        return

    @once
    def axes(values: Named) -> tuple[Tensor, Tensor, Tensor]:
        return proper_axes(values["q"], values["pa"], torch.ones_like(values["q"]))

    for name in lengths:
        yield f"{name}_pixel", "pixel", _times(name, lambda values: axes(values)[2])
    yield "q_pixel", "", lambda values: axes(values)[0]
    yield "pa_pixel", "degree", lambda values: axes(values)[1]


def _ellipse_on_sky(plane: SkyPlane, scale: str, lengths: Sequence[str], *, all_of_it: bool) -> Iterator[Quantity]:
    """The projected ellipse: semi-axes, and where north is known axis ratio and position angle; or the minor axis, in
    arcsec, which is no parameter of a request on the sky.
    """

    @once
    def axes(values: Named) -> tuple[Tensor, Tensor, Tensor]:
        linear = _linear(plane, values).expand(len(values["q"]), 2, 2)
        return ellipse_in_plane(linear, values["q"], values["pa"])

    for name in lengths if all_of_it else ():
        yield f"{name}_arcsec", "arcsec", _times(name, lambda values: axes(values)[2])
    yield f"{scale}_minor_arcsec", "arcsec", _times(scale, lambda values: axes(values)[2] * axes(values)[0])
    if plane.oriented and all_of_it:
        yield "q_sky", "", lambda values: axes(values)[0]
        yield "pa_sky", "degree", lambda values: axes(values)[1]


def _plane_on_sky(plane: SkyPlane, lengths: Sequence[str]) -> Iterator[Quantity]:
    """Galaxies seen edge on: lengths along their plane stretch as it does, heights by the area over that."""

    @once
    def along(values: Named) -> Tensor:
        angle = values["pa"] * DEGREES
        return (_linear(plane, values) @ torch.stack((-angle.sin(), angle.cos()), dim=-1)[..., None]).squeeze(-1)

    def stretch(values: Named) -> Tensor:
        return torch.linalg.vector_norm(along(values), dim=-1)

    def height(values: Named) -> Tensor:
        return _pixel_area(plane, values) / stretch(values)

    for name in lengths:
        yield f"{name}_arcsec", "arcsec", _times(name, height if name in _HEIGHTS else stretch)
    if plane.oriented:
        yield (
            "pa_sky",
            "degree",
            lambda values: torch.atan2(-along(values)[..., 0], along(values)[..., 1]) / DEGREES % 180.0,
        )


def _projection_on_sky(plane: SkyPlane) -> Iterator[Quantity]:
    """The ellipse in which an ellipsoid in space is seen: dispersions, axis ratio and position angle."""
    surface = SURFACES["gaussian_ellipsoid"]

    @once
    def axes(values: Named) -> tuple[Tensor, Tensor, Tensor]:
        q, pa, sigma = surface.ellipse(torch.stack([values[name] for name in surface.parameters], dim=-1))
        ratio, angle, stretch = ellipse_in_plane(_linear(plane, values), q, pa)
        return ratio, angle, stretch * sigma

    yield "sigma_arcsec", "arcsec", lambda values: axes(values)[2]
    yield "sigma_minor_arcsec", "arcsec", lambda values: axes(values)[2] * axes(values)[0]
    if plane.oriented:
        yield "q_sky", "", lambda values: axes(values)[0]
        yield "pa_sky", "degree", lambda values: axes(values)[1]
