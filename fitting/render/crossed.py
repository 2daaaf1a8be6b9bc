"""Which pixels the creases of a surface cross, at the parameters as they are: no rounding is fine enough for that."""

import math
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass

import torch
from torch import Tensor

from fitting.profiles.creases import Creases
from fitting.render.crease_sides import crease_sides
from fitting.render.crossed_once import StraightLines
from fitting.render.crossed_pixel import FAR_ORDERS, GRADED_ORDER, NEAR_ORDER
from fitting.render.frame import Frame
from fitting.render.quadrature import STENCIL_MARGIN
from fitting.render.smoothness import ORDERS

_HALF = 0.5 + 1e-9
CENTRAL = 1.2
"""Pixels whose centres are nearer than this to the surface's centre, along both axes, hold or touch it, or nearly so:
all creases meet there.
"""
_CROWDED = 4
"""Creases in one pixel that are integrated as those of the centre are."""
_FEW = 8
"""So many pixels of a kind are not worth a rule of their own: they are integrated as those of the centre are."""
_NEAR = 5.5
"""Pixels from the centre, along both axes, within which the promise is ten times stricter; kinks, which fade with the
distance, matter nowhere else.
"""


@dataclass(frozen=True)
class PixelsOfStack:
    """Pixels of a stack's frame: whose they are, and their centres, (pixels,) each."""

    instance: Tensor
    x: Tensor
    y: Tensor

    def __len__(self) -> int:
        return len(self.instance)

    def at(self, places: Tensor | slice) -> "PixelsOfStack":
        """Those at places, or where a mask says so."""
        return PixelsOfStack(self.instance[places], self.x[places], self.y[places])

    def target(self, frame: Frame) -> Tensor:
        """Places among the pixels of a frame, row after row."""
        return (self.y - frame.y0) * frame.width + (self.x - frame.x0)


@dataclass(frozen=True)
class Candidates:
    """Pixels that creases may cross or come near, as far as rounded parameters tell.

    Attributes:
        pixels: they, instance after instance.
        order: the Gauss–Legendre order that the light about each asks for.
    """

    pixels: PixelsOfStack
    order: Tensor

    @property
    def nbytes(self) -> int:
        """Bytes of its arrays."""
        return sum(part.nbytes for part in (self.pixels.instance, self.pixels.x, self.pixels.y, self.order))


@dataclass(frozen=True)
class CrossedPixels:
    """Pixels that lines cross.

    Attributes:
        pixels: they, instance after instance.
        angle: of the lines that cross each, radians, (pixels, lines).
        order: of the rule on their pieces (`fitting.render.crossed_pixel`).
    """

    pixels: PixelsOfStack
    angle: Tensor
    order: int

    def __len__(self) -> int:
        return len(self.pixels)

    def parts(self, most: int) -> Iterator["CrossedPixels"]:
        """The same, no more than `most` at a time."""
        for start in range(0, len(self), most):
            part = slice(start, start + most)
            yield CrossedPixels(self.pixels.at(part), self.angle[part], self.order)


@dataclass(frozen=True)
class CrossedOnce:
    """Pixels that one straight line crosses each.

    Attributes:
        pixels: they, instance after instance.
        x, y: their centres from the surface's, (pixels,).
        lines: one for each.
        order: of the rule on their pieces (`fitting.render.crossed_once`).
    """

    pixels: PixelsOfStack
    x: Tensor
    y: Tensor
    lines: StraightLines
    order: int

    def parts(self, most: int) -> Iterator["CrossedOnce"]:
        """The same, no more than `most` at a time."""
        for start in range(0, len(self.pixels), most):
            part = slice(start, start + most)
            own = self.lines
            lines = StraightLines(own.side[part], own.by_x[part], own.by_y[part], own.angle[part])
            yield CrossedOnce(self.pixels.at(part), self.x[part], self.y[part], lines, self.order)


@dataclass(frozen=True)
class Crossings:
    """The pixels of one frame that creases cross or come near. Where a stencil would do but for a jump, those count as
    crossed whose centre a line parts from that of one of the four beside it.

    Attributes:
        central: those about the centre, and others where many meet, each with all lines of the surface.
        once: those that one straight line crosses and that have the same order.
        others: those that have the same number of lines and the same order.
        beside: those that none crosses, but whose stencil reaches across one where the brightness jumps.
    """

    central: CrossedPixels
    once: tuple[CrossedOnce, ...]
    others: tuple[CrossedPixels, ...]
    beside: PixelsOfStack


def crossings(creases: Creases, values: Tensor, thin: Tensor, candidates: Candidates) -> Crossings:
    """Of a stack of surfaces at values (instances, parameters).

    Args:
        creases: of the surface.
        values: of its parameters.
        thin: which need as fine a rule far away as near, (instances,).
        candidates: pixels to look at.
    """
    pixels, own = candidates.pixels, values[candidates.pixels.instance]
    x, y = pixels.x - own[:, 0], pixels.y - own[:, 1]
    away = torch.maximum(x.abs(), y.abs())
    sides = crease_sides(creases, values, pixels.instance, x, y)
    crossed = sides.nearer(_HALF)
    if creases.jump:
        crossed |= sides.parting & (candidates.order == ORDERS[-1])[:, None]
    count = crossed.sum(1)
    central = away < CENTRAL
    hit = central | (count > 0)
    hit = hit if creases.jump else hit & (away < _NEAR)
    beside = pixels.at(sides.nearer(STENCIL_MARGIN).any(1) & ~hit) if creases.jump else pixels.at(away < 0.0)
    near = GRADED_ORDER if creases.kinked else NEAR_ORDER
    place = hit.nonzero()[:, 0]
    number = torch.where(central | (count >= _CROWDED), 0, count)[place]
    # The lengths of the pieces beside a bent line change as it bends.
    order = _far_order(candidates.order[place] + (0 if creases.straight else 1))
    order = torch.where((away[place] < _NEAR) | thin[pixels.instance[place]], near, order)
    angles = torch.tensor(creases.angles, dtype=values.dtype, device=values.device)
    if creases.straight:
        order = torch.where((number == 1) & (order > FAR_ORDERS[-1]), near, order)
    once, others = [], []
    for (lines, of_group), pixels_of_group in sorted(
        Counter(zip(number.tolist(), order.tolist(), strict=True)).items()
    ):
        member = place[(number == lines) & (order == of_group)]
        if creases.straight and lines == 1:
            line = (member, crossed[member].byte().argmax(1))
            straight = StraightLines(sides.side[line], sides.by_x[line], sides.by_y[line], angles[line[1]])
            once.append(CrossedOnce(pixels.at(member), x[member], y[member], straight, of_group))
        elif lines and not (creases.straight and pixels_of_group < _FEW):
            of_pixel = angles.expand(len(member), -1)[crossed[member]].view(-1, lines)
            others.append(CrossedPixels(pixels.at(member), of_pixel, of_group))
        elif lines:
            number = torch.where((number == lines) & (order == of_group), 0, number)
    middle = place[number == 0]
    all_lines = CrossedPixels(pixels.at(middle), angles.expand(len(middle), -1), near)
    return Crossings(all_lines, tuple(once), tuple(others), beside)


def _far_order(asked: Tensor) -> Tensor:
    """The lowest of `FAR_ORDERS` that is no lower than what is asked for, or the highest."""
    order = torch.full_like(asked, FAR_ORDERS[0])
    for lower in FAR_ORDERS[1:]:
        order = torch.where(asked <= lower, lower, order)
    return order


def crease_reach(creases: Creases) -> float:
    """How far from the centre, along either axis, pixels that creases cross need rules of their own, pixels."""
    return math.inf if creases.jump else _NEAR
