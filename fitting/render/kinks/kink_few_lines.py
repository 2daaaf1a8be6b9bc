"""A few kinks in a pixel away from the centre: an iterated integral, split where they are met.

∬ I dx dy as an iterated integral. The inner coordinate runs across the kinks and is split where they are met; the
outer one runs along them and is split where they enter and leave the pixel. So every piece is smooth inside; nodes are
graded towards kinks near the centre, which leave broken powers of the distance.
"""

from dataclasses import dataclass
from functools import cache

import torch
from torch import Tensor

from fitting.render.kinks.kink_nodes import EdgeNodes, KinkNodes, Side, find_roots
from fitting.render.pixels import crowded_rule, graded_rule, unit_rule

GRADED_ORDER = 9
"""Nodes on a piece near the centre, graded where it meets a line with a kink. Chosen by hand, as those below;
tests/fitting/geometry/test_kinks.py holds them.
"""
NEAR_ORDER = 8
"""Nodes on a piece near the centre where lines have jumps alone."""
FAR_ORDERS = (5, 2)
"""Nodes on a piece far from the centre, highest first: the plan says which the light asks for."""
OUTER_ORDER = {GRADED_ORDER: 7, NEAR_ORDER: 6, 5: 5, 2: 2}
"""Nodes on pieces of the outer coordinate, along which there is no kink, but the lengths of inner pieces change."""
_HALF = 0.5
"""Half a pixel's side, pixels."""


def few_lines_points(lines: int, order: int) -> int:
    """Quadrature points per pixel."""
    return _cells(lines) * order * OUTER_ORDER[order]


def few_lines_nodes(x: Tensor, y: Tensor, angle: Tensor, order: int, side: Side, steps: int) -> KinkNodes:
    """Nodes over pixels with centres x, y (pixels,) from the surface's, crossed by lines at angles (pixels, lines).

    `order` is one of the above; `steps` are those of `find_roots`.
    """
    lines = angle.shape[1]
    pixels = _Pixels.of_lines(x, y, lines, side)
    node, weight = unit_nodes(OUTER_ORDER[order], x.device)
    start, length = _pieces(pixels.entries(lines, steps))
    outer = (start[..., None] + length[..., None] * node).flatten(1)
    outer_weight = (length[..., None] * weight).flatten(1)
    met, found = pixels.meetings(outer, lines, steps)

    start, length = (part.flatten(1) for part in _pieces(met))
    area = length * outer_weight.repeat_interleave(lines + 1, dim=1)
    area, cell = area.topk(_cells(lines) * OUTER_ORDER[order], dim=-1)
    node, weight = _inner_rules(lines, order, x.device)
    piece = cell % (lines + 1)
    inner = start.gather(1, cell)[..., None] + length.gather(1, cell)[..., None] * node[piece]
    over = pixels.points(outer.gather(1, cell // (lines + 1))[..., None].expand_as(inner), inner)

    def edge() -> EdgeNodes:
        along_x = pixels.upright[:, None, None].to(x.dtype)
        on = pixels.points(outer[..., None].expand_as(met), met)
        edge = (*on, along_x, 1.0 - along_x, angle[:, None, :], outer_weight[..., None] * found)
        return EdgeNodes(*(part.expand_as(met).flatten(1).T for part in edge))

    nodes = (part.flatten(1).T for part in (*over, area[..., None] * weight[piece]))
    return KinkNodes(*nodes, edge)  # type: ignore[call-arg, arg-type]  # x, y and weights


@dataclass(frozen=True)
class _Pixels:
    """Pixels, and whether their outer coordinate is y: where their lines run along y more than along x, (pixels,)."""

    x: Tensor
    y: Tensor
    upright: Tensor
    side: Side

    @classmethod
    def of_lines(cls, x: Tensor, y: Tensor, lines: int, side: Side) -> "_Pixels":
        """So that the inner coordinate runs across the lines."""
        shift = x.new_tensor([_HALF, -_HALF, 0.0, 0.0])
        at_x, at_y = x[:, None, None] + shift[:, None], y[:, None, None] + shift.roll(2)[:, None]
        sides = side(at_x.expand(-1, -1, lines), at_y.expand(-1, -1, lines))
        rise_x, rise_y = (sides[:, 0] - sides[:, 1]).abs().sum(-1), (sides[:, 2] - sides[:, 3]).abs().sum(-1)
        return cls(x, y, rise_x > rise_y, side)

    def points(self, outer: Tensor, inner: Tensor) -> tuple[Tensor, Tensor]:
        """x and y of points, (pixels, …), from the surface's centre."""
        shape = (len(outer), *(1,) * (outer.ndim - 1))
        upright, x, y = (part.view(shape) for part in (self.upright, self.x, self.y))
        return x + torch.where(upright, inner, outer), y + torch.where(upright, outer, inner)

    def entries(self, lines: int, steps: int) -> Tensor:
        """Outer coordinates where lines pass the sides along it, (pixels, 2 · lines)."""
        low = self.x.new_full((len(self.x), 2, lines), -_HALF)
        ends = low.clone()
        ends[:, 1] = _HALF
        return find_roots(lambda place: self.side(*self.points(place, ends)), low, -low, steps)[0].flatten(1)

    def meetings(self, outer: Tensor, lines: int, steps: int) -> tuple[Tensor, Tensor]:
        """Inner coordinates where lines are met, at outer ones (pixels, places), and whether they are, (…, lines)."""
        outer = outer[..., None].expand(*outer.shape, lines)
        low = torch.full_like(outer, -_HALF)
        return find_roots(lambda place: self.side(*self.points(outer, place)), low, -low, steps)


def _cells(lines: int) -> int:
    """Most cells of a pixel that have an area: at each of its outer pieces, one more than lines that pass there."""
    return 2 * lines * lines + lines + 1


def _pieces(cuts: Tensor) -> tuple[Tensor, Tensor]:
    """Starts and lengths of the pieces of a pixel's side between cuts (…, cuts): (…, cuts + 1) each."""
    end = torch.full_like(cuts[..., :1], _HALF)
    places = torch.cat((-end, cuts.sort(dim=-1).values, end), dim=-1)
    return places[..., :-1], places.diff(dim=-1)


@cache
def unit_nodes(order: int, device: torch.device) -> tuple[Tensor, Tensor]:
    """Gauss–Legendre nodes and weights on (0, 1)."""
    nodes, weights = unit_rule(order)
    return torch.as_tensor(nodes, device=device), torch.as_tensor(weights, device=device)


@cache
def _inner_rules(lines: int, order: int, device: torch.device) -> tuple[Tensor, Tensor]:
    """Nodes and weights on each piece between lines, (pieces, order); near the centre graded towards the lines."""
    if order != GRADED_ORDER:
        node, weight = unit_nodes(order, device)
        return node.expand(lines + 1, -1), weight.expand(lines + 1, -1)
    node, weight = graded_rule(order, device)
    between = crowded_rule(order, device)
    nodes = [(1.0 - node).flip(0), *(between[0] for _ in range(lines - 1)), node]
    weights = [weight.flip(0), *(between[1] for _ in range(lines - 1)), weight]
    return torch.stack(nodes), torch.stack(weights)
