"""One straight kink in a pixel away from the centre, in closed form: nearly all that any crosses.

As in `fitting.render.kinks.kink_few_lines`: an iterated integral, its inner coordinate v across the line and split
there, its outer one u along it and split where the line leaves the pixel. The line is v = c + m u with |m| ≤ 1, so that
it leaves across the width of the pixel at one place at most, through the side that it is nearer to at u = 0.
"""

from dataclasses import dataclass
from functools import cache

import torch
from torch import Tensor

from fitting.render.kinks.kink_few_lines import GRADED_ORDER, OUTER_ORDER, unit_nodes
from fitting.render.kinks.kink_nodes import EdgeNodes, KinkNodes
from fitting.render.pixels import graded_rule

_HALF = 0.5
"""Half a pixel's side, pixels."""
_LEVEL = 1e-12
"""A line that rises less across a pixel is level: divisors stay above rounding."""


@dataclass(frozen=True)
class StraightLines:
    """One for each of some pixels, (pixels,): sides `side` at their centres, and how they change by x and by y."""

    side: Tensor
    by_x: Tensor
    by_y: Tensor
    angle: Tensor


def one_line_points(order: int) -> int:
    """Quadrature points per pixel: two pieces of the outer coordinate, and at each place two of the inner one."""
    return 4 * OUTER_ORDER[order] * order


def one_line_nodes(x: Tensor, y: Tensor, lines: StraightLines, order: int) -> KinkNodes:
    """Nodes over pixels with centres x, y (pixels,) from the surface's; `order` as `few_lines_nodes`."""
    upright = lines.by_x.abs() > lines.by_y.abs()
    by_inner, by_outer = torch.where(upright, lines.by_x, lines.by_y), torch.where(upright, lines.by_y, lines.by_x)
    middle, slope = -lines.side / by_inner, -by_outer / by_inner
    slope = torch.where(slope.abs() < _LEVEL, _LEVEL, slope)
    leaves = ((torch.where(middle < 0.0, -_HALF, _HALF) - middle) / slope).clamp_(-_HALF, _HALF)

    node, weight = _outer_rule(order, x.device)
    before, after = leaves + _HALF, _HALF - leaves
    outer = torch.cat(((before * node).sub_(_HALF), torch.addcmul(leaves, after, node)))
    outer_weight = torch.cat((before * weight, after * weight))
    line = torch.addcmul(middle, slope, outer)
    met = line.clamp(-_HALF, _HALF)

    below, above, below_weight, above_weight = _inner_rules(order, x.device)
    under, over = met + _HALF, _HALF - met
    inner = torch.cat(((under * below).sub_(_HALF), torch.addcmul(met, over, above)))
    inner_weight = torch.cat((under * below_weight, over * above_weight)).mul_(outer_weight)

    across_x = upright.to(x.dtype)

    def edge() -> EdgeNodes:
        along = (part.expand_as(met) for part in (across_x, 1.0 - across_x, lines.angle))
        on = _points(x, y, across_x, outer, met)
        return EdgeNodes(*on, *along, outer_weight * (line == met))  # type: ignore[call-arg]  # six in all

    nodes = (*_points(x, y, across_x, outer.expand_as(inner), inner), inner_weight)
    flat = (part.flatten(0, 1) for part in nodes)
    return KinkNodes(*flat, edge)  # type: ignore[call-arg, arg-type]  # x, y and weights


def _points(x: Tensor, y: Tensor, across_x: Tensor, outer: Tensor, inner: Tensor) -> tuple[Tensor, Tensor]:
    """x and y of points (…, pixels) from the surface's centre; `across_x` is one where the inner coordinate is x, else
    zero, (pixels,).
    """
    return torch.lerp(outer, inner, across_x).add_(x), torch.lerp(inner, outer, across_x).add_(y)


@cache
def _outer_rule(order: int, device: torch.device) -> tuple[Tensor, Tensor]:
    """Nodes along the line and their weights, (nodes, 1) each."""
    node, weight = unit_nodes(OUTER_ORDER[order], device)
    return node[:, None], weight[:, None]


@cache
def _inner_rules(order: int, device: torch.device) -> tuple[Tensor, Tensor, Tensor, Tensor]:
    """Nodes below and above the line, and their weights, (order, 1, 1) each; near a kink they are graded towards it."""
    rule = graded_rule(order, device) if order == GRADED_ORDER else unit_nodes(order, device)
    node, weight = (part[:, None, None] for part in rule)
    return (1.0 - node).flip(0), node, weight.flip(0), weight
