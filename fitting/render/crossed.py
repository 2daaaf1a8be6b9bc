"""Which pixels the creases of a surface cross, at the parameters as they are: no rounding is fine enough for that."""

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, fields

import torch
from torch import Tensor

from fitting.profiles.creases import Creases
from fitting.render.crease_sides import crease_sides
from fitting.render.crossed_once import StraightLines
from fitting.render.crossed_pixel import FAR_ORDERS, GRADED_ORDER, NEAR_ORDER
from fitting.render.frame import Frame
from fitting.render.smoothness import ORDERS
from fitting.render.stencil import STENCIL_MARGIN

_HALF = 0.5 + 1e-9
CENTRAL = 1.2
"""Pixels whose centres are nearer than this to the surface's centre, along both axes, hold or touch it, or nearly so:
all creases meet there.
"""
_CROWDED = 4
"""Creases in one pixel that are integrated as those of the centre are."""
_FEW = 8
"""So many pixels of a kind are not worth a rule of their own: they are integrated as those of the centre are."""
_KINDS = 1 + max(GRADED_ORDER, NEAR_ORDER, *FAR_ORDERS)
"""More than any order."""
_NEAR = 5.5
"""Pixels from the centre, along both axes, within which the promise is ten times stricter; kinks, which fade with the
distance, matter nowhere else.
"""


@dataclass(frozen=True)
class PixelsOfStack:
    """Pixels of a stack's frames: whose they are, of which frame, and their centres, (pixels,) each."""

    instance: Tensor
    frame: Tensor
    x: Tensor
    y: Tensor

    @classmethod
    def joined(cls, parts: Sequence["PixelsOfStack"]) -> "PixelsOfStack":
        """Several lists as one."""
        return cls(*(torch.cat([getattr(part, field.name) for part in parts]) for field in fields(cls)))

    def __len__(self) -> int:
        return len(self.instance)

    def at(self, places: Tensor | slice) -> "PixelsOfStack":
        """Those at places, or where a mask says so."""
        return PixelsOfStack(self.instance[places], self.frame[places], self.x[places], self.y[places])

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
        return sum(getattr(self.pixels, field.name).nbytes for field in fields(self.pixels)) + self.order.nbytes


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
    """The pixels of frames that creases cross or come near. Where a stencil would do but for a jump, those count as
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
    pixels = candidates.pixels
    centre = values[:, :2][pixels.instance] if len(values) > 1 else values[:, :2]
    x, y = pixels.x - centre[:, 0], pixels.y - centre[:, 1]
    away = torch.maximum(x.abs(), y.abs())
    sides = crease_sides(creases, values, pixels.instance, x, y)
    crossed = sides.nearer(_HALF)
    if creases.jump:
        crossed.logical_or_(sides.parting.logical_and_(candidates.order == ORDERS[-1]))
    hit = crossed.any(0).logical_or_(away < CENTRAL)
    beside = sides.nearer(STENCIL_MARGIN).any(0).logical_and_(~hit) if creases.jump else away < 0.0
    place = (hit if creases.jump else hit & (away < _NEAR)).nonzero()[:, 0]
    groups, middle = _groups(creases, thin, candidates, place, away[place], crossed[:, place])
    angles = torch.tensor(creases.angles, dtype=values.dtype, device=values.device)
    once, others = [], []
    for group in groups:
        member = place[group.places]
        if creases.straight and group.lines == 1:
            line = crossed.T[member].nonzero()[:, 1]
            slopes = (slope.expand_as(sides.side)[line, member] for slope in (sides.by_x, sides.by_y))
            straight = StraightLines(sides.side[line, member], *slopes, angles[line])
            once.append(CrossedOnce(pixels.at(member), x[member], y[member], straight, group.order))
        else:
            of_pixel = angles.expand(len(member), -1)[crossed.T[member]].view(-1, group.lines)
            others.append(CrossedPixels(pixels.at(member), of_pixel, group.order))
    middle = place[middle]
    all_lines = CrossedPixels(pixels.at(middle), angles.expand(len(middle), -1), _near_order(creases))
    return Crossings(all_lines, tuple(once), tuple(others), pixels.at(beside.nonzero()[:, 0]))


@dataclass(frozen=True)
class _Group:
    """Pixels that so many lines cross, for rules of one order, at places among all that are crossed, (pixels,)."""

    lines: int
    order: int
    places: Tensor


def _groups(
    creases: Creases, thin: Tensor, candidates: Candidates, place: Tensor, away: Tensor, crossed: Tensor
) -> tuple[list[_Group], Tensor]:
    """Of crossed pixels at places (pixels,) among candidates, so far away and crossed by lines (lines, pixels); and the
    places among them of those that are integrated as the central ones are.
    """
    count = crossed.sum(0)
    number = count.masked_fill_((away < CENTRAL) | (count >= _CROWDED), 0)
    # The lengths of the pieces beside a bent line change as it bends.
    order = _far_order(candidates.order[place] + (0 if creases.straight else 1))
    near = _near_order(creases)
    order.masked_fill_((away < _NEAR) | thin[candidates.pixels.instance[place]], near)
    if creases.straight:
        order.masked_fill_((number == 1) & (order > FAR_ORDERS[-1]), near)
    groups, middle = [], number == 0
    kind = number * _KINDS + order
    for of_group, pixels in enumerate(kind.bincount().tolist()):
        lines, own_order = divmod(of_group, _KINDS)
        if not (lines and pixels):
            continue
        member = kind == of_group
        if creases.straight and lines > 1 and pixels < _FEW:
            middle = middle | member
        else:
            groups.append(_Group(lines, own_order, member.nonzero()[:, 0]))
    return groups, middle.nonzero()[:, 0]


def _near_order(creases: Creases) -> int:
    return GRADED_ORDER if creases.kinked else NEAR_ORDER


def _far_order(asked: Tensor) -> Tensor:
    """The lowest of `FAR_ORDERS` that is no lower than what is asked for, or the highest."""
    order = torch.full_like(asked, FAR_ORDERS[0])
    for lower in FAR_ORDERS[1:]:
        order = torch.where(asked <= lower, lower, order)
    return order


def crease_reach(creases: Creases) -> float:
    """How far from the centre, along either axis, pixels that creases cross need rules of their own, pixels."""
    return math.inf if creases.jump else _NEAR
