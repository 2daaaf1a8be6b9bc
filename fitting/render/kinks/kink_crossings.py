"""Kink crossings: which pixels the kinks of a surface cross, at its parameters as they are.

No rounding of parameters is fine enough for that. How a pixel lies to a line is told by the line's side: what is zero
on the line and changes sign across it.
"""

import math
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache, cached_property, reduce

import torch
from torch import Tensor

from fitting.profiles.kinks import KinkLines
from fitting.render.kinks.kink_candidates import Candidates, PixelsOfStack
from fitting.render.kinks.kink_few_lines import FAR_ORDERS, GRADED_ORDER, NEAR_ORDER
from fitting.render.kinks.kink_one_line import StraightLines
from fitting.render.pixels import STENCIL_MARGIN

_CAUTION = 1.25
"""By how much steps across bent lines are taken longer than they are: they change on the way to a pixel's corner. By
hand.
"""
_ABOUT = 2.5
"""Pixels from the centre, along both axes, within which lines are looked at on both sides: thin surfaces change fast
there, to which the rules for crossed pixels are equal. By hand.
"""
_HALF = 0.5 + 1e-9
"""Half a pixel's side, pixels, and a little more than rounding."""
CENTRAL_REACH = 1.2
"""Pixels whose centres are nearer than this to the surface's centre, along both axes, hold or touch it, or nearly so:
all kinks meet there.
"""
_CROWDED = 4
"""Lines in one pixel from which on it is integrated as those of the centre are: cells grow as their square."""
_FEW = 8
"""So many pixels of a kind are not worth a rule of their own: they are integrated as those of the centre are. By hand:
the small operations of a rule cost as much as those pixels' points.
"""
_KINDS = 1 + max(GRADED_ORDER, NEAR_ORDER, *FAR_ORDERS)
"""More than any order."""
_NEAR = 5.5
"""Pixels from the centre, along both axes, within which the promise, which goes to five, is ten times stricter; kinks,
which fade with the distance, matter nowhere else (decision 0016).
"""


@dataclass(frozen=True)
class KinkSides:
    """Sides of lines that pixels are on, (lines, pixels) each, or (lines, 1) where it is the same for all.

    Attributes:
        side: at their centres, zero on the line; (lines, pixels).
        by_x, by_y: its slopes.
        step_x, step_y: how far it changes from one pixel to the next along x and along y; never negative, and with some
            caution where the line is bent.
        there: whether the kink is on this side of the surface's centre, or that is near; (lines, pixels).
        slopes: of straight lines by_x and by_y of each instance, (lines, instances).
    """

    side: Tensor
    by_x: Tensor
    by_y: Tensor
    step_x: Tensor
    step_y: Tensor
    there: Tensor
    slopes: tuple[Tensor, Tensor] | None

    @cached_property
    def _size(self) -> Tensor:
        return self.side.abs()

    @property
    def parting(self) -> Tensor:
        """Whether the line passes between a pixel's centre and that of one of the four beside it."""
        return (self._size <= torch.maximum(self.step_x, self.step_y)).logical_and_(self.there)

    def nearer(self, pixels: float) -> Tensor:
        """Whether it enters the square that reaches so many columns and rows from a pixel's centre."""
        return (self._size <= pixels * (self.step_x + self.step_y)).logical_and_(self.there)

    @property
    def distance(self) -> Tensor:
        """About how far it is from the pixels' centres, pixels; infinite on the other side of the surface's centre."""
        return torch.where(self.there, self._size / torch.hypot(self.step_x, self.step_y), torch.inf)


def kink_sides(kinks: KinkLines, values: Tensor, instance: Tensor, x: Tensor, y: Tensor) -> KinkSides:
    """Sides of pixels at offsets x, y from the centres of surfaces `instance` (pixels,) of a stack with `values`."""
    return (_straight_sides if kinks.straight else _bent_sides)(kinks, values, instance, x, y)


@cache
def line_angles(angles: tuple[float, ...], device: torch.device) -> Tensor:
    """Angles of lines, radians."""
    return torch.tensor(angles, dtype=torch.float64, device=device)


@cache
def _across_and_along(angles: tuple[float, ...], device: torch.device) -> Tensor:
    """Angles of lines and of those at right angles to them."""
    return line_angles((*angles, *(angle + 0.5 * math.pi for angle in angles)), device)


def _straight_sides(kinks: KinkLines, values: Tensor, instance: Tensor, x: Tensor, y: Tensor) -> KinkSides:
    lines = len(kinks.angles)
    by_x, by_y = (slope.T for slope in kinks.steepness(values, _across_and_along(kinks.angles, values.device)))
    slopes = by_x[:lines], by_y[:lines]
    if len(values) > 1:
        by_x, by_y = by_x[:, instance], by_y[:, instance]
    side, along = torch.addcmul(by_x * x, by_y, y).split(lines)
    (across_x, along_x), (across_y, along_y) = by_x.split(lines), by_y.split(lines)
    there = _there(kinks, side, along, (across_x, across_y), (along_x, along_y)).logical_or_(_about(x, y))
    return KinkSides(side, across_x, across_y, across_x.abs(), across_y.abs(), there, slopes)


def _bent_sides(kinks: KinkLines, values: Tensor, instance: Tensor, x: Tensor, y: Tensor) -> KinkSides:
    angle = line_angles(kinks.angles, values.device)
    shift = x.new_tensor([0.0, 1.0, -1.0, 0.0, 0.0])
    points = kinks.plane(x[:, None] + shift, y[:, None] + shift.roll(2), values[instance])
    a, b = points.a.T, points.b.T
    sine, cosine = angle.sin()[:, None, None], angle.cos()[:, None, None]
    side, right, left, above, below = (a * sine + b * cosine).unbind(1)
    along, along_right, along_left, along_above, along_below = (a * cosine - b * sine).unbind(1)
    across = (0.5 * (right - left), 0.5 * (above - below))
    onward = (0.5 * (along_right - along_left), 0.5 * (along_above - along_below))
    there = _there(kinks, side, along, across, onward).logical_or_(_about(x, y))
    step_x = _CAUTION * torch.maximum((right - side).abs(), (left - side).abs())
    step_y = _CAUTION * torch.maximum((above - side).abs(), (below - side).abs())
    return KinkSides(side, *across, step_x, step_y, there, None)


def _about(x: Tensor, y: Tensor) -> Tensor:
    """Whether pixels are about the centre."""
    return torch.maximum(x.abs(), y.abs()) < _ABOUT


def _there(
    kinks: KinkLines, side: Tensor, along: Tensor, across: tuple[Tensor, Tensor], onward: tuple[Tensor, Tensor]
) -> Tensor:
    """Whether the nearest points of lines are on a kink; `across` and `onward` are slopes of `side` and `along`."""
    square = (across[0] * across[0] + across[1] * across[1]).clamp(min=1e-100)
    share = (across[0] * onward[0] + across[1] * onward[1]) / square
    there = along > side * share
    return there.logical_or_(_whole(kinks.whole, side.device)) if any(kinks.whole) else there


@cache
def _whole(whole: tuple[bool, ...], device: torch.device) -> Tensor:
    """`KinkLines.whole`, (lines, 1)."""
    return torch.tensor(whole, device=device)[:, None]


@dataclass(frozen=True)
class KinkPixels:
    """Pixels that lines cross.

    Attributes:
        pixels: they.
        x, y: their centres from the surface's, (pixels,).
        angle: of the lines that cross each, radians, (pixels, lines).
        order: of the rule on their pieces (`fitting.render.kinks.kink_few_lines`).
    """

    pixels: PixelsOfStack
    x: Tensor
    y: Tensor
    angle: Tensor
    order: int

    def __len__(self) -> int:
        return len(self.pixels)

    def parts(self, most: int) -> Iterator["KinkPixels"]:
        """Parts of no more than `most` pixels."""
        for start in range(0, len(self), most):
            part = slice(start, start + most)
            yield KinkPixels(self.pixels.part(part), self.x[part], self.y[part], self.angle[part], self.order)


@dataclass(frozen=True)
class OneKinkPixels:
    """Pixels that one straight line crosses each.

    Attributes:
        pixels: they.
        x, y: their centres from the surface's, (pixels,).
        lines: one for each.
        order: of the rule on their pieces (`fitting.render.kinks.kink_one_line`).
    """

    pixels: PixelsOfStack
    x: Tensor
    y: Tensor
    lines: StraightLines
    order: int

    def parts(self, most: int) -> Iterator["OneKinkPixels"]:
        """Parts of no more than `most` pixels."""
        for start in range(0, len(self.pixels), most):
            part = slice(start, start + most)
            of_all = self.lines
            lines = StraightLines(of_all.side[part], of_all.by_x[part], of_all.by_y[part], of_all.angle[part])
            yield OneKinkPixels(self.pixels.part(part), self.x[part], self.y[part], lines, self.order)


@dataclass(frozen=True)
class KinkCrossings:
    """The pixels of frames that kinks cross or come near. Where a stencil would do but for a jump, those count as
    crossed whose centre a line parts from that of one of the four beside it.

    Attributes:
        central: those about the centre, and others where many meet, each with all lines of the surface.
        once: those that one straight line crosses and that have the same order.
        others: those that have the same number of lines and the same order.
        beside: those that none crosses, but whose stencil reaches across one where the brightness jumps, frame after
            frame.
        slopes: how the sides of all lines change by x and by y, (lines, instances) each, if they are straight.
    """

    central: KinkPixels
    once: tuple[OneKinkPixels, ...]
    others: tuple[KinkPixels, ...]
    beside: PixelsOfStack
    slopes: tuple[Tensor, Tensor] | None


def kink_crossings(kinks: KinkLines, values: Tensor, thin: Tensor, candidates: Candidates) -> KinkCrossings:
    """Crossings of a stack of surfaces at values (instances, parameters).

    Args:
        kinks: of the surface.
        values: of its parameters.
        thin: which need as fine a rule far away as near, (instances,).
        candidates: pixels to look at.
    """
    pixels, centre = candidates.pixels, values[:, :2].T
    x, y = (candidates.centres - (centre if len(values) == 1 else centre[:, pixels.instance])).unbind()
    away = torch.maximum(x.abs(), y.abs())
    sides = kink_sides(kinks, values, pixels.instance, x, y)
    crossed = sides.nearer(_HALF)
    if kinks.jump:
        crossed.logical_or_(sides.parting.logical_and_(candidates.coarse))
    hit = _any(crossed).logical_or_(away < CENTRAL_REACH)
    beside = _any(sides.nearer(STENCIL_MARGIN)) > hit if kinks.jump else away < 0.0
    place = (hit if kinks.jump else hit & (away < _NEAR)).nonzero()[:, 0]
    fine = away[place] < _NEAR
    if len(values) > 1:
        thin = thin[pixels.instance[place]]
    meetings = crossed.index_select(1, place)
    groups, middle = _groups(
        kinks, fine.logical_or_(thin), candidates.order[place], away[place] < CENTRAL_REACH, meetings
    )
    angles = line_angles(kinks.angles, values.device)
    once, others = [], []
    for group in groups:
        member = place[group.places]
        at = (pixels.at(member), x[member], y[member])
        of_group = meetings.index_select(1, group.places).T
        if kinks.straight and group.lines == 1:
            line = of_group.nonzero()[:, 1]
            once.append(OneKinkPixels(*at, _straight_lines(sides, line, member, *at[1:], angles[line]), group.order))
        else:
            of_pixel = angles.expand(len(member), -1)[of_group].view(-1, group.lines)
            others.append(KinkPixels(*at, of_pixel, group.order))
    middle = place[middle]
    every = angles.expand(len(middle), -1)
    central = KinkPixels(pixels.at(middle), x[middle], y[middle], every, _near_order(kinks))
    return KinkCrossings(central, tuple(once), tuple(others), pixels.at(beside.nonzero()[:, 0]), sides.slopes)


@dataclass(frozen=True)
class _Group:
    """Pixels that so many lines cross, for rules of one order, at places among all that are crossed, (pixels,)."""

    lines: int
    order: int
    places: Tensor


def _any(of_lines: Tensor) -> Tensor:
    """Where any of some lines (lines, pixels) is, (pixels,)."""
    return reduce(torch.logical_or, of_lines.unbind())


def _straight_lines(
    sides: KinkSides, line: Tensor, member: Tensor, x: Tensor, y: Tensor, angle: Tensor
) -> StraightLines:
    """The line of this number and angle in pixels at places `member` and x, y from the surface's centre, (pixels,)."""

    def of_line(slope: Tensor) -> Tensor:
        return slope.take(line if slope.shape[1] == 1 else line * slope.shape[1] + member)

    by_x, by_y = of_line(sides.by_x), of_line(sides.by_y)
    return StraightLines(torch.addcmul(by_x * x, by_y, y), by_x, by_y, angle)


def _groups(
    kinks: KinkLines, fine: Tensor, asked: Tensor, central: Tensor, crossed: Tensor
) -> tuple[list[_Group], Tensor]:
    """Groups of pixels that lines cross (lines, pixels), by whether they need fine rules, the order that the light asks
    for and whether they are about the centre; and the places of those that are integrated as the central ones are.
    """
    count = crossed.sum(0)
    number = count.masked_fill_(central.logical_or_(count >= _CROWDED), 0)
    # The lengths of the pieces beside a bent line change as it bends.
    order = _far_order(asked if kinks.straight else asked + 1)
    near = _near_order(kinks)
    order.masked_fill_(fine, near)
    if kinks.straight:
        order.masked_fill_((number == 1) & (order > FAR_ORDERS[-1]), near)
    groups, middle = [], number == 0
    kind = number * _KINDS + order
    for of_group, pixels in enumerate(kind.bincount().tolist()):
        lines, of_order = divmod(of_group, _KINDS)
        if not (lines and pixels):
            continue
        member = kind == of_group
        if kinks.straight and lines > 1 and pixels < _FEW:
            middle = middle | member
        else:
            groups.append(_Group(lines, of_order, member.nonzero()[:, 0]))
    return groups, middle.nonzero()[:, 0]


def _near_order(kinks: KinkLines) -> int:
    return GRADED_ORDER if kinks.slope_jumps else NEAR_ORDER


def _far_order(asked: Tensor) -> Tensor:
    """The lowest of `FAR_ORDERS` that is no lower than what is asked for, or the highest."""
    order = torch.full_like(asked, FAR_ORDERS[0])
    for lower in FAR_ORDERS[1:]:
        order.masked_fill_(asked <= lower, lower)
    return order


def kink_reach(kinks: KinkLines) -> float:
    """How far from the centre, along either axis, pixels that kinks cross need rules of their own, pixels."""
    return math.inf if kinks.jump else _NEAR
