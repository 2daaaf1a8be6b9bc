"""Light about the centres of components, put on fine pixels as if they were finer still there.

A fine pixel's integral does not say where in the pixel the light is; near a cusp, or where a component is as small as a
pixel, that moves and widens what the point-spread function makes of it. So a small window about each centre is drawn on
pixels that are `SPLIT` times finer again, and the light of each is spread over the fine pixels around it so that its
moments are right: with box_a a square of width a, the sum over fine pixels f of w_f Q(x − x_f) is (Q ⊛ box_h ⊘
box_{h/SPLIT})(x − x_i) for every polynomial Q of degree 2·`REACH`, Q ⊛ box_h being the point-spread function.

The window has no edge: its weight falls smoothly, since sums over fine pixels are integrals only for light that is
smooth where it ends.
"""

from dataclasses import dataclass, replace
from functools import cache
from math import exp, factorial

import torch
from torch import Tensor

from fitting.problem.components.drawn_group import DrawnGroup
from fitting.problem.components.group import Group, LinearLight, Stack
from fitting.problem.components.radial_group import RadialGroup
from fitting.render.pixels import Frame
from fitting.render.radial import GEOMETRY

SIDE = 9
"""Fine pixels along a window's side, odd. This and the next two give 5e-4 of the peak for every FWHM from 2 pixels on,
n from 0.5 to 6 and r_e from 0.5 pixels on (`tests/fitting/render/test_effective_psf.py`).
"""
SPLIT = 5
"""Finer pixels to a fine one along each axis, odd."""
REACH = 3
"""Fine pixels on each side of its own that light is spread over."""
_FALL = 1.8
"""At the window's edge e^{−1.8⁴} of the light is spread."""
_LENGTHS = (1, 1, 2, 2, 2)
"""Powers of length in a radial profile's columns of geometry: δx, δy, δx², δxδy, δy²."""


class CentralLight:
    """What the windows of a group's members add to their light on fine pixels.

    Args:
        group: as it is on the finer pixels.
        factor: of the parameters' units, for pixels that are `SPLIT` times finer, (natives,).
        shift: of the same.
        places: of x and of y of the members, (members, 2), among the natives.
    """

    def __init__(self, group: RadialGroup | DrawnGroup, factor: Tensor, shift: Tensor, places: Tensor) -> None:
        own = group.index[0]
        self._index, self._places = group.index, places
        self._at = torch.stack([(own == place).nonzero()[0, 0] for place in places[0]])
        self._alone = _alone(group)
        self.factor, self._shift = factor[own], shift[own]
        if isinstance(group, RadialGroup):
            powers = factor.new_tensor([*_LENGTHS, *(0,) * (group.columns - GEOMETRY)])
            self.scale = float(SPLIT) ** -powers
        else:
            self.scale = self.factor

    def at(self, fine: Tensor, chosen: tuple[int, ...]) -> "CentralStack":
        """The windows of chosen members at values on fine pixels (batch, natives)."""
        values = fine[:, self._index[list(chosen)]]
        centre = values[..., self._at].round()
        values[..., self._at] -= centre
        values = values * self.factor + self._shift
        half = SPLIT * (SIDE // 2)
        frame = Frame(-half, -half, SPLIT * SIDE, SPLIT * SIDE)
        return CentralStack(self, self._alone.stack(values.flatten(0, 1), (0,), (frame,)), frame, centre.long())


def _alone(group: RadialGroup | DrawnGroup) -> Group:
    """The group of one member whose parameters are all that there is."""
    index = torch.arange(group.index.shape[1], device=group.index.device)[None]
    if isinstance(group, RadialGroup):
        return RadialGroup(group.profile, group.members[:1], index, convolved=True, integrated=True)
    return replace(group, members=group.members[:1], index=index)


class CentralStack:
    """Windows at given values.

    Args:
        stack: of each window alone, (batch · members).
        centre: the fine pixels in the windows' middles, x and y: (batch, members, 2).
    """

    def __init__(self, light: CentralLight, stack: Stack, frame: Frame, centre: Tensor) -> None:
        self._light, self._stack, self._frame, self._centre = light, stack, frame, centre

    def added_to(self, image: Tensor, frame: Frame) -> Tensor:
        """The sum over components with the windows, (batch, height, width)."""
        return self._pixels(frame).added_to(image, _spread(self._stack.image(self._frame)))

    def add_columns(self, columns: Tensor, frame: Frame) -> None:
        """Add to (batch, members · columns, height, width)."""
        pixels = self._pixels(frame)
        batch, members = self._centre.shape[:2]
        count = columns.shape[1] // members
        own = columns.new_empty((batch * members, count, self._frame.height, self._frame.width))
        self._stack.write_columns(own, self._frame)
        added = _spread(own * self._light.scale[:, None, None]).view(batch, members, count, -1)
        places = pixels.places[:, :, None].expand_as(added)
        columns.view(batch, members, count, -1).scatter_add_(3, places, added * pixels.inside[:, :, None])

    def linearize(self, frame: Frame) -> "CentralLinear":
        """One evaluation that serves the image and gradients."""
        return CentralLinear(self._stack.linearize(self._frame), self._light.factor, self._pixels(frame))

    def _pixels(self, frame: Frame) -> "WindowPixels":
        half = SIDE // 2 + REACH
        steps = torch.arange(-half, half + 1, device=self._centre.device)
        x = self._centre[..., 0, None] + steps - frame.x0
        y = self._centre[..., 1, None] + steps - frame.y0
        inside_x, inside_y = (x >= 0) & (x < frame.width), (y >= 0) & (y < frame.height)
        places = y.clamp(0, frame.height - 1)[..., :, None] * frame.width + x.clamp(0, frame.width - 1)[..., None, :]
        inside = (inside_y[..., :, None] & inside_x[..., None, :]).to(torch.float64)
        return WindowPixels(places.flatten(2), inside.flatten(2))


@dataclass(frozen=True)
class WindowPixels:
    """Where the windows' pixels are in a frame (rows times width plus columns), and whether they are: (batch, members,
    pixels) each.
    """

    places: Tensor
    inside: Tensor

    def added_to(self, image: Tensor, windows: Tensor) -> Tensor:
        """An image (batch, height, width) with the windows' (batch · members, side, side)."""
        added = windows.view(self.inside.shape) * self.inside
        return image.flatten(1).scatter_add(1, self.places.flatten(1), added.flatten(1)).view(image.shape)


@dataclass(frozen=True)
class CentralLinear:
    """Windows evaluated once, with the units of their parameters and where they are."""

    light: LinearLight
    factor: Tensor
    pixels: WindowPixels

    def added_to(self, image: Tensor) -> Tensor:
        """The sum over components with the windows, (batch, height, width)."""
        return self.pixels.added_to(image, _spread(self.light.image()))

    def gradient(self, weight: Tensor) -> Tensor:
        """Sums of weight (batch, height, width) times the derivatives by values on fine pixels, (batch, values)."""
        places, inside = self.pixels.places, self.pixels.inside
        seen = weight.flatten(1).gather(1, places.flatten(1)).view(inside.shape) * inside
        side = SIDE + 2 * REACH
        by_own = self.light.gradient(_gather(seen.view(-1, side, side))) * self.factor
        return by_own.view(len(weight), -1)


def _spread(light: Tensor) -> Tensor:
    """What the light of finer pixels (…, finer, finer) changes on fine pixels (…, side, side), a brightness each."""
    moved, summed = _matrices(light.device)
    return moved @ light @ moved.mT - summed @ light @ summed.mT


def _gather(weight: Tensor) -> Tensor:
    """The transpose of `_spread`."""
    moved, summed = _matrices(weight.device)
    return moved.mT @ weight @ moved - summed.mT @ weight @ summed


def _share(offset: float) -> float:
    """How much of the light at an offset from a window's middle, fine pixels, is spread; the rest is smooth."""
    return exp(-((_FALL * 2.0 * offset / SIDE) ** 4))


@cache
def _matrices(device: torch.device) -> tuple[Tensor, Tensor]:
    """Weights of finer pixels on fine ones along an axis, with moments and as sums: (fine, finer) each."""
    size = SIDE + 2 * REACH
    moved = torch.zeros((size, SIDE * SPLIT), dtype=torch.float64)
    summed = torch.zeros_like(moved)
    degrees = range(2 * REACH + 1)
    box = [1.0 / (2**degree * factorial(degree + 1)) if degree % 2 == 0 else 0.0 for degree in degrees]
    narrow = [weight / SPLIT**degree for degree, weight in enumerate(box)]
    series: list[float] = []
    for degree in degrees:
        series.append(box[degree] - sum(series[low] * narrow[degree - low] for low in range(degree)))
    nodes = torch.arange(-REACH, REACH + 1, dtype=torch.float64)
    powers = torch.stack([nodes**degree for degree in degrees])
    for place in range(SIDE * SPLIT):
        fine = place // SPLIT
        offset = (place % SPLIT + 0.5) / SPLIT - 0.5
        moments = [
            sum(
                series[lost] * factorial(degree) / factorial(degree - lost) * offset ** (degree - lost)
                for lost in range(degree + 1)
            )
            for degree in degrees
        ]
        weights = torch.linalg.solve(powers, torch.tensor(moments, dtype=torch.float64))
        share = _share((place + 0.5) / SPLIT - 0.5 * SIDE) / SPLIT
        moved[fine : fine + 2 * REACH + 1, place] = share * weights
        summed[fine + REACH, place] = share
    return moved.to(device), summed.to(device)
