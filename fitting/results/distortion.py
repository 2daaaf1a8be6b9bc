"""Distortion over a component: how far the image's coordinates bend where a fit on the sky takes them as straight.

A component of frame ``sky`` sees the pixels about its centre c as a linear map of the sky (`SkyToPixels`). The
isophote through the sky offset s is drawn at p = c + L s; the image's coordinates have it at P(s). There the light of
the model is that of P(s) where it should be that of p, and where pixels have another area than at the centre, it
differs by that, too:

    error = I(P(s)) A(c) / (I(p) A(P(s))) − 1,

with A the area of a pixel. What a fit makes of that depends on the other components and the noise; the size is what is
told.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from fitting.files import sky_coordinates
from fitting.inputs import ARCSEC, ImageData, sky_of
from fitting.problem import Problem
from fitting.problem.coordinates import SkyFrame, Values
from fitting.profiles import SURFACES, radial_profile
from fitting.profiles.axes import DEGREES
from fitting.profiles.dimensions import PureNumbers
from fitting.spec import ComponentSpec, Notice

_RADII = (0.25, 0.5)
"""Of a profile's extent, which is about four half-light radii: at one and at two of these."""
_AROUND = 48
"""Directions; the error of a bend is a wave or three around."""
_TOLD = 0.01
"""Of the light: below a percent it is less than what most profiles differ from galaxies by; chosen by hand."""
_NOT_SQUARE = 1.01
"""Ratio of a pixel's sides from which it is told."""


@dataclass(frozen=True)
class _Bend:
    """The largest error of one component's light, its radius and the isophote's displacement there, pixels."""

    component: str
    error: float
    radius: float
    displacement: float

    def __str__(self) -> str:
        return (
            f"{self.component}: at {self.radius:.3g} pixels the isophote is up to {self.displacement:.2g} pixels off "
            f"and the light up to {100.0 * self.error:.2g} %"
        )


def distortion_notices(problem: Problem, images: Sequence[ImageData], physical: Tensor) -> list[Notice]:
    """Of each image of a fit on the sky, the components that are larger than its coordinates are straight.

    Args:
        physical: values of the table's rows, (parameters,).
    """
    if problem.request.frame_in_use != "sky":
        return []
    rows = Values(physical[None], physical.new_zeros(1), lambda: physical.new_zeros((1, len(physical), 0)))
    notices: list[Notice] = []
    for image, view in zip(images, problem.views, strict=True):
        native = view.native(rows).physical.cpu()
        shown = [item for item in problem.request.seen_in(image.name) if item.role == "light"]
        placed = [
            (item, {name: native[:, view.index[f"{item.name}.{name}"]] for name in item.description.names})
            for item in shown
            if "ra" in item.description_in("sky").names
        ]
        notices += _of_image(image, placed)
    return notices


Placed = tuple[ComponentSpec, dict[str, Tensor]]
"""A component and its native values, (1,) each, by name."""


def _of_image(image: ImageData, placed: Sequence[Placed]) -> Iterator[Notice]:
    plane, wcs = sky_of(image), sky_coordinates(image.header)
    if plane is None or wcs is None or not placed:
        return
    frame = SkyFrame(plane)
    centres = np.array([[float(values["x"]), float(values["y"])] for _, values in placed])
    positions = np.asarray(wcs.sky(centres))
    bends, oblong = [], {}
    for (component, values), position in zip(placed, positions, strict=True):
        linear = frame.around(*torch.as_tensor(position)).linear
        if not torch.isfinite(linear).all():
            continue
        bend = _bend(component, values, image, frame, position)
        if bend is not None and bend.error >= _TOLD:
            bends.append(bend)
        longest, shortest = torch.linalg.svdvals(linear).tolist()
        if longest > _NOT_SQUARE * shortest and _wants_square_pixels(component):
            oblong[component.name] = longest / shortest
    if bends:
        worst = sorted(bends, key=lambda bend: -bend.error)
        sentence = (
            "distortion is taken as linear about each component's centre, and is not over the size of "
            f"{'; '.join(map(str, worst))}"
        )
        yield Notice("distortion-not-linear", sentence, f"image {image.name}")
    if oblong:
        sentence = (
            f"pixels are {max(oblong.values()):.3g} times as long as wide, and shapes other than plain ellipses are "
            f"carried over from the sky as if they were square: {', '.join(oblong)}"
        )
        yield Notice("pixels-not-square", sentence, f"image {image.name}")


def _wants_square_pixels(component: ComponentSpec) -> bool:
    """Whether a component has a shape that is no ellipse, which only a map of square pixels keeps."""
    names = component.description.names
    return bool(component.geometry) or ("q" not in names and "pa" in names)


def _bend(
    component: ComponentSpec, values: dict[str, Tensor], image: ImageData, frame: SkyFrame, position: np.ndarray
) -> _Bend | None:
    """The largest error over the radii and directions that lie in the image; None where there is none."""
    light = _light_of(component, values)
    if light is None:
        return None
    brightness, ring = light
    centre = torch.stack((values["x"], values["y"]), dim=-1)
    here = frame.around(*torch.as_tensor(position))
    (height, width), (left, bottom) = image.data.shape, image.origin
    found = None
    for share in _RADII:
        straight = ring(share)
        sky = straight @ torch.linalg.inv(here.linear).mT
        there = frame.around(*_offset(position, sky))
        bent = there.pixel - centre
        inside = (there.pixel - torch.tensor([left - 0.5, bottom - 0.5])) / torch.tensor([width, height])
        seen = ((inside > 0.0) & (inside < 1.0)).all(-1)
        # Areas of pixels are the inverse of the maps' determinants.
        area = torch.linalg.det(there.linear) / torch.linalg.det(here.linear)
        error = (brightness(bent) * area / brightness(straight) - 1.0).abs()
        error = torch.where(seen & error.isfinite(), error, 0.0)
        at = int(error.argmax())
        if found is None or float(error[at]) > found.error:
            displacement = float(torch.linalg.vector_norm(bent[at] - straight[at]))
            radius = float(torch.linalg.vector_norm(straight[at]))
            found = _Bend(component.name, float(error[at]), radius, displacement)
    return found


Light = Callable[[Tensor], Tensor]
"""Brightness at offsets from the centre in pixels, (points, 2): (points,)."""
Ring = Callable[[float], Tensor]
"""Offsets (directions, 2) of an isophote, or near one, at a share of the extent."""


def _light_of(component: ComponentSpec, values: dict[str, Tensor]) -> tuple[Light, Ring] | None:
    """Light of a component, modifiers left out, and its rings; None of what has no extent of its own."""
    profile = radial_profile(component.profile, component.options)
    if profile is not None:
        scale, amplitude = values[profile.scale], values[profile.amplitude]
        pure = PureNumbers.of([values[name] for name in profile.shape], profile.dimensions, scale, amplitude).shape
        constants = profile.constants(pure)
        q, pa, size = values["q"], values["pa"], scale

        def brightness(offset: Tensor) -> Tensor:
            along, across = _axes(offset, pa)
            log_rho = ((along**2 + (across / q) ** 2) / scale**2).log()
            return profile.brightness(log_rho[None], constants[..., None])[0]

        size = scale * profile.extent(tuple(float(value) for value in pure))
        return brightness, lambda share: _ring(share * size, q, pa)
    surface = SURFACES.get(component.profile)
    if surface is None:
        return None
    stacked = torch.stack([values[name] for name in surface.parameters], dim=-1)
    ratio, angle, length = surface.ellipse(stacked)

    def of_surface(offset: Tensor) -> Tensor:
        return surface.brightness(offset[None, :, 0], offset[None, :, 1], stacked)[0]

    # Four lengths out the promise on pixels ends.
    return of_surface, lambda share: _ring(4.0 * share * length, ratio, angle)


def _axes(offset: Tensor, pa: Tensor) -> tuple[Tensor, Tensor]:
    sine, cosine = torch.sin(pa * DEGREES), torch.cos(pa * DEGREES)
    return -sine * offset[..., 0] + cosine * offset[..., 1], cosine * offset[..., 0] + sine * offset[..., 1]


def _ring(radius: Tensor, q: Tensor, pa: Tensor) -> Tensor:
    angle = torch.arange(_AROUND, dtype=torch.float64) * (2.0 * torch.pi / _AROUND)
    along, across = radius * angle.cos(), radius * q * angle.sin()
    sine, cosine = torch.sin(pa * DEGREES), torch.cos(pa * DEGREES)
    return torch.stack((-sine * along + cosine * across, cosine * along + sine * across), dim=-1)


def _offset(position: np.ndarray, sky: Tensor) -> tuple[Tensor, Tensor]:
    """Right ascension and declination, degrees, of offsets in arcsec towards west and north, (…, 2)."""
    ra, dec = np.radians(position)
    west, north = (sky * ARCSEC).unbind(-1)
    depth = np.cos(dec) - north * np.sin(dec)
    turned = torch.atan2(-west, depth)
    height = torch.atan2((np.sin(dec) + north * np.cos(dec)) * turned.cos(), depth)
    return (ra + turned) / DEGREES, height / DEGREES
