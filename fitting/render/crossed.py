"""Which pixels the creases of a surface cross, at the parameters as they are: no rounding is fine enough for that."""

import math
from collections.abc import Iterator
from dataclasses import dataclass

import torch
from torch import Tensor

from fitting.profiles.creases import Creases
from fitting.render.crossed_pixel import FAR_ORDERS, GRADED_ORDER, NEAR_ORDER
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
        order: of the rule on their pieces (`fitting.render.crossed_pixel`).
    """

    instance: Tensor
    x: Tensor
    y: Tensor
    angle: Tensor
    order: int

    def __len__(self) -> int:
        return len(self.instance)

    def target(self, frame: Frame) -> Tensor:
        """Places among the pixels of a frame, row after row."""
        return ((self.y - frame.y0) * frame.width + (self.x - frame.x0)).long()

    def parts(self, most: int) -> Iterator["CrossedPixels"]:
        """The same, no more than `most` at a time."""
        for start in range(0, len(self), most):
            part = slice(start, start + most)
            yield CrossedPixels(self.instance[part], self.x[part], self.y[part], self.angle[part], self.order)


@dataclass(frozen=True)
class Crossings:
    """The pixels of one frame that creases cross.

    Attributes:
        central: those about the centre, and others where many meet, each with all lines of the surface.
        others: those that have the same number of lines and the same order.
    """

    central: CrossedPixels
    others: tuple[CrossedPixels, ...]


def crossings(creases: Creases, values: Tensor, thin: Tensor, asked: Tensor, frame: Frame) -> Crossings:
    """Of a stack of surfaces at values (instances, parameters).

    Args:
        creases: of the surface.
        values: of its parameters.
        thin: which need as fine a rule far away as near, (instances,).
        asked: the order that the light about a pixel asks for, (instances, height, width of the frame).
        frame: the pixels.
    """
    reached = frame if creases.jump else _around(values, frame)
    x, y = reached.offsets(values[:, 0], values[:, 1])
    crossed = _crossed(creases, values, reached)
    hit = crossed.any(1) | _within(_CENTRAL, x, y)
    instance, row, column = (hit if creases.jump else hit & _within(_NEAR, x, y)).nonzero(as_tuple=True)
    own = crossed[instance, :, row, column]
    away = torch.maximum(x[instance, column].abs(), y[instance, row].abs())
    count = own.sum(1)
    at_x, at_y = column + reached.x0, row + reached.y0
    # The lengths of the pieces beside a bent line change as it bends.
    order = asked[instance, at_y - frame.y0, at_x - frame.x0] + (0 if creases.straight else 1)
    near = GRADED_ORDER if creases.kinked else NEAR_ORDER
    order = torch.where((away < _NEAR) | thin[instance], near, _far_order(order))
    central = (away < _CENTRAL) | (count >= _CROWDED)
    count = torch.where(central, 0, count)
    angles = torch.tensor(creases.angles, dtype=values.dtype, device=values.device)

    def chosen(place: Tensor, lines: Tensor, order: int) -> CrossedPixels:
        return CrossedPixels(instance[place], at_x[place], at_y[place], lines, order)

    place = central.nonzero()[:, 0]
    middle = chosen(place, angles.expand(len(place), -1), near)
    groups = []
    for number, of_group in sorted(set(zip(count.tolist(), order.tolist(), strict=True))):
        if number:
            place = ((count == number) & (order == of_group)).nonzero()[:, 0]
            lines = angles.expand(len(place), -1)[own[place]].view(-1, number)
            groups.append(chosen(place, lines, of_group))
    return Crossings(middle, tuple(groups))


def _within(reach: float, x: Tensor, y: Tensor) -> Tensor:
    """Pixels nearer than that to the centre along both axes, (instances, height, width)."""
    return (x.abs() < reach)[:, None, :] & (y.abs() < reach)[:, :, None]


def _far_order(asked: Tensor) -> Tensor:
    """The lowest of `FAR_ORDERS` that is no lower than what is asked for, or the highest."""
    order = torch.full_like(asked, FAR_ORDERS[0])
    for lower in FAR_ORDERS[1:]:
        order = torch.where(asked <= lower, lower, order)
    return order


def crease_reach(creases: Creases) -> float:
    """How far from the centre, along either axis, pixels that creases cross need rules of their own, pixels."""
    return math.inf if creases.jump else _NEAR


def distances(creases: Creases, values: Tensor, frame: Frame) -> tuple[Tensor, Tensor, Tensor]:
    """Whether any line crosses a pixel, about how far the nearest is from its centre, and how far the surface's centre
    is along the farther axis, pixels: (instances, height, width) each.
    """
    x, y = frame.widened(1).offsets(values[:, 0], values[:, 1])
    side = _sides(creases, values, x, y)
    by_x, by_y = 0.5 * (side[..., 1:-1, 2:] - side[..., 1:-1, :-2]), 0.5 * (side[..., 2:, 1:-1] - side[..., :-2, 1:-1])
    distance = (side[..., 1:-1, 1:-1].abs() / torch.hypot(by_x, by_y)).amin(1)
    away = torch.maximum(x.abs()[:, None, 1:-1], y.abs()[:, 1:-1, None])
    return _crossed(creases, values, frame).any(1), distance, away


def _crossed(creases: Creases, values: Tensor, frame: Frame) -> Tensor:
    """Whether each line passes between the corners of each pixel, (instances, lines, height, width)."""
    corners = Frame(frame.x0, frame.y0, frame.width + 1, frame.height + 1)
    x, y = corners.offsets(values[:, 0], values[:, 1], -0.5)
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
