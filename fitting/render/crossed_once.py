"""Integration over pixels that one straight crease crosses, away from the centre: nearly all that any crosses.

As in `fitting.render.crossed_pixel`: an iterated integral, its inner coordinate v across the line and split there, its
outer one u along it and split where the line leaves the pixel. The line is v = c + m u with |m| ≤ 1, so that it leaves
across the width of the pixel at one place at most, through the side that it is nearer to at u = 0.
"""

from dataclasses import dataclass
from functools import cache

import torch
from torch import Tensor

from fitting.render.crease_nodes import CreaseNodes, EdgeNodes
from fitting.render.crossed_pixel import GRADED_ORDER, OUTER_ORDER, unit_nodes
from fitting.render.quadrature import graded_rule

_HALF = 0.5
_LEVEL = 1e-12
"""A line that rises less across a pixel is level."""


@dataclass(frozen=True)
class StraightLines:
    """One for each of some pixels, (pixels,): sides `side` at their centres, and how they change by x and by y."""

    side: Tensor
    by_x: Tensor
    by_y: Tensor
    angle: Tensor


def crossed_once_points(order: int) -> int:
    """Quadrature points per pixel: two pieces of the outer coordinate, and at each place two of the inner one."""
    return 4 * OUTER_ORDER[order] * order


def crossed_once_nodes(x: Tensor, y: Tensor, lines: StraightLines, order: int) -> CreaseNodes:
    """Of pixels with centres x, y (pixels,) from the surface's; `order` as `crossed_pixel_nodes`."""
    upright = lines.by_x.abs() > lines.by_y.abs()
    by_inner, by_outer = torch.where(upright, lines.by_x, lines.by_y), torch.where(upright, lines.by_y, lines.by_x)
    middle, slope = -lines.side / by_inner, -by_outer / by_inner
    slope = torch.where(slope.abs() < _LEVEL, _LEVEL, slope)
    leaves = ((torch.where(middle < 0.0, -_HALF, _HALF) - middle) / slope).clamp_(-_HALF, _HALF)

    node, weight = unit_nodes(OUTER_ORDER[order], x.device)
    before, after = (leaves + _HALF)[:, None], (_HALF - leaves)[:, None]
    outer = torch.cat((before * node - _HALF, leaves[:, None] + after * node), dim=1)
    outer_weight = torch.cat((before * weight, after * weight), dim=1)
    line = torch.addcmul(middle[:, None], slope[:, None], outer)
    met = line.clamp(-_HALF, _HALF)

    below, above, inner_weight = _inner_rules(order, x.device)
    length = torch.stack((met + _HALF, _HALF - met), dim=-1)
    inner = torch.cat((length[..., :1] * below - _HALF, met[..., None] + length[..., 1:] * above), dim=-1)
    inner_weight = (length[..., None] * inner_weight).flatten(2)

    on_x, on_y = _placed(x, y, upright, outer, met)
    along_x = upright[:, None].to(x.dtype).expand_as(met)
    edge_weight = outer_weight * (line == met)
    edge = EdgeNodes(on_x, on_y, along_x, 1.0 - along_x, lines.angle[:, None].expand_as(met), edge_weight)
    over = _placed(x, y, upright, outer[..., None].expand_as(inner), inner)
    return CreaseNodes(*(part.flatten(1) for part in (*over, outer_weight[..., None] * inner_weight)), edge)


def _placed(x: Tensor, y: Tensor, upright: Tensor, outer: Tensor, inner: Tensor) -> tuple[Tensor, Tensor]:
    """x and y of points (pixels, …) from the surface's centre; upright are pixels whose outer coordinate is y."""
    upright, x, y = (part.view(-1, *(1,) * (outer.ndim - 1)) for part in (upright, x, y))
    return x + torch.where(upright, inner, outer), y + torch.where(upright, outer, inner)


@cache
def _inner_rules(order: int, device: torch.device) -> tuple[Tensor, Tensor, Tensor]:
    """Nodes below and above the line, (order,) each, and the weights of both, (2, order); near a kink they are graded
    towards it.
    """
    node, weight = graded_rule(order, device) if order == GRADED_ORDER else unit_nodes(order, device)
    return (1.0 - node).flip(0), node, torch.stack((weight.flip(0), weight))
