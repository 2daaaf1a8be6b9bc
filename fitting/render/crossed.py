"""Which pixels the creases of a surface cross, at the parameters as they are: no rounding is fine enough for that."""

import math
from collections.abc import Iterator
from dataclasses import dataclass

import torch
from torch import Tensor

from fitting.profiles.creases import Creases
from fitting.render.frame import Frame

_CENTRAL = 1.2
"""Pixels whose centres are nearer than this to the surface's centre, along both axes, hold or touch it, or nearly so:
all creases meet there.
"""
_CROWDED = 4
"""Creases in one pixel that are integrated as those of the centre are."""
_NEAR = 5.5
"""Pixels from the centre, along both axes, within which the promise is ten times stricter; kinks, which fade with the
distance, matter nowhere else.
"""


@dataclass(frozen=True)
class CrossedPixels:
    """Pixels of a stack's frame, one after another.

    Attributes:
        instance: whose they are, (pixels,).
        x, y: their centres, (pixels,).
        angle: of the lines that cross each, radians, (pixels, lines).
        near: whether they are near the centre or the surface is thin.
    """

    instance: Tensor
    x: Tensor
    y: Tensor
    angle: Tensor
    near: bool

    def __len__(self) -> int:
        return len(self.instance)

    def target(self, frame: Frame) -> Tensor:
        """Places among the pixels of a frame, row after row."""
        return ((self.y - frame.y0) * frame.width + (self.x - frame.x0)).long()

    def parts(self, most: int) -> Iterator["CrossedPixels"]:
        """The same, no more than `most` at a time."""
        for start in range(0, len(self), most):
            part = slice(start, start + most)
            yield CrossedPixels(self.instance[part], self.x[part], self.y[part], self.angle[part], self.near)


@dataclass(frozen=True)
class Crossings:
    """The pixels of one frame that creases cross.

    Attributes:
        central: those about the centre, and others where many meet, each with all lines of the surface.
        others: those that have the same number of lines and are alike near or far.
    """

    central: CrossedPixels
    others: tuple[CrossedPixels, ...]


def crossings(creases: Creases, values: Tensor, thin: Tensor, frame: Frame) -> Crossings:
    """Of a stack of surfaces at values (instances, parameters); `thin` (instances,) says which need as fine a rule far
    away as near.
    """
    frame = frame if creases.jump else _around(values, frame)
    x, y = _axes(frame, 0.0, values)
    away = torch.maximum(x.abs()[:, None, :], y.abs()[:, :, None])
    angles = torch.tensor(creases.angles, dtype=values.dtype, device=values.device)
    crossed = _crossed(creases, values, frame)
    count = crossed.sum(1)
    reached = away < crease_reach(creases)
    central = (away < _CENTRAL) | (reached & (count >= _CROWDED))
    near = (away < _NEAR) | thin[:, None, None]
    instance, row, column = central.nonzero(as_tuple=True)
    lines = angles.expand(len(instance), -1)
    groups = []
    for number in range(1, min(_CROWDED, len(angles) + 1)):
        for is_near, alike in ((True, near), (False, ~near)):
            place = (~central & reached & alike & (count == number)).nonzero(as_tuple=True)
            if len(place[0]):
                own = angles.expand(len(place[0]), -1)[crossed[place[0], :, place[1], place[2]]].view(-1, number)
                groups.append(CrossedPixels(place[0], place[2] + frame.x0, place[1] + frame.y0, own, is_near))
    return Crossings(CrossedPixels(instance, column + frame.x0, row + frame.y0, lines, True), tuple(groups))


def crease_reach(creases: Creases) -> float:
    """How far from the centre, along either axis, pixels that creases cross need rules of their own, pixels."""
    return math.inf if creases.jump else _NEAR


def distances(creases: Creases, values: Tensor, frame: Frame) -> tuple[Tensor, Tensor, Tensor]:
    """Whether any line crosses a pixel, about how far the nearest is from its centre, and how far the surface's centre
    is along the farther axis, pixels: (instances, height, width) each.
    """
    x, y = _axes(frame.widened(1), 0.0, values)
    side = _sides(creases, values, x, y)
    by_x, by_y = 0.5 * (side[..., 1:-1, 2:] - side[..., 1:-1, :-2]), 0.5 * (side[..., 2:, 1:-1] - side[..., :-2, 1:-1])
    distance = (side[..., 1:-1, 1:-1].abs() / torch.hypot(by_x, by_y)).amin(1)
    away = torch.maximum(x.abs()[:, None, 1:-1], y.abs()[:, 1:-1, None])
    return _crossed(creases, values, frame).any(1), distance, away


def _crossed(creases: Creases, values: Tensor, frame: Frame) -> Tensor:
    """Whether each line passes between the corners of each pixel, (instances, lines, height, width)."""
    corners = Frame(frame.x0, frame.y0, frame.width + 1, frame.height + 1)
    x, y = _axes(corners, -0.5, values)
    beyond = _sides(creases, values, x, y) > 0.0
    above, below = beyond[..., 1:, :], beyond[..., :-1, :]
    together = (above == below)[..., 1:] & (above == below)[..., :-1] & (below[..., 1:] == below[..., :-1])
    return ~together


def _sides(creases: Creases, values: Tensor, x: Tensor, y: Tensor) -> Tensor:
    """On which side of each line points of a grid lie, (instances, lines, height, width): zero on it, pixels.

    Offsets are x (instances, width) and y (instances, height).
    """
    angles = torch.tensor(creases.angles, dtype=values.dtype, device=values.device).expand(len(values), -1)
    if creases.straight:
        by_x, by_y = creases.steepness(values, angles)
        return by_x[..., None, None] * x[:, None, None, :] + by_y[..., None, None] * y[:, None, :, None]
    shape = (len(values), y.shape[1], x.shape[1])
    points = creases.plane(x[:, None, :].expand(shape).flatten(1), y[:, :, None].expand(shape).flatten(1), values)
    a, b = (part.view(shape)[:, None] for part in (points.a, points.b))
    return a * angles.sin()[..., None, None] + b * angles.cos()[..., None, None]


def _axes(frame: Frame, shift: float, values: Tensor) -> tuple[Tensor, Tensor]:
    """Columns and rows of a frame, moved along both axes, from the surfaces' centres: (instances, width) and height."""
    like = {"dtype": values.dtype, "device": values.device}
    x = torch.arange(frame.width, **like) + (frame.x0 + shift) - values[:, :1]
    return x, torch.arange(frame.height, **like) + (frame.y0 + shift) - values[:, 1:2]


def _around(values: Tensor, frame: Frame) -> Frame:
    """The part of a frame that kinks reach."""
    (low_x, low_y), (high_x, high_y) = (
        (values[:, :2].amin(0) - _NEAR).tolist(),
        (values[:, :2].amax(0) + _NEAR).tolist(),
    )
    x0, y0 = max(math.floor(low_x), frame.x0), max(math.floor(low_y), frame.y0)
    x1 = min(math.ceil(high_x) + 1, frame.x0 + frame.width)
    y1 = min(math.ceil(high_y) + 1, frame.y0 + frame.height)
    return Frame(x0, y0, max(x1 - x0, 0), max(y1 - y0, 0))
