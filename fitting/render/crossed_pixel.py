"""Integration over pixels that a few creases cross, away from the centre.

∬ I dx dy as an iterated integral. The inner coordinate runs across the creases and is split where they are met; the
outer one runs along them and is split where they enter and leave the pixel. So every piece is smooth inside. Near the
centre nodes crowd towards its ends, to which kinks leave broken powers of the distance.
"""

from functools import cache

import torch
from torch import Tensor

from fitting.render.crease_nodes import CreaseNodes, EdgeNodes, Side
from fitting.render.quadrature import crowded_rule, graded_rule, unit_rule
from fitting.render.roots import bracketed

_ORDER = {True: 12, False: 6}
"""Nodes on a piece, near the centre and far away."""
_HALF = 0.5


def crossed_pixel_points(lines: int, near: bool) -> int:
    """Quadrature points per pixel."""
    return _cells(lines) * _ORDER[near] ** 2


def crossed_pixel_nodes(x: Tensor, y: Tensor, angle: Tensor, near: bool, side: Side, steps: int) -> CreaseNodes:
    """Of pixels with centres x, y (pixels,) from the surface's, crossed by lines at angles (pixels, lines).

    `steps` are those of `bracketed`.
    """
    number = angle.shape[1]
    upright = _upright(x, y, number, side)

    def placed(outer: Tensor, inner: Tensor) -> tuple[Tensor, Tensor]:
        swap, centre_x, centre_y = (part.view(-1, *(1,) * (outer.ndim - 1)) for part in (upright, x, y))
        return centre_x + torch.where(swap, inner, outer), centre_y + torch.where(swap, outer, inner)

    def side_of(outer: Tensor, inner: Tensor) -> Tensor:
        return side(*placed(outer, inner))

    low = x.new_full((len(x), 2, number), -_HALF)
    ends = low.clone()
    ends[:, 1] = _HALF
    crossed, _ = bracketed(lambda place: side_of(place, ends), low, -low, steps)
    node, weight = _outer_rule(near, x.device)
    start, length = _pieces(crossed.flatten(1))
    outer, outer_weight = (
        (start[..., None] + length[..., None] * node).flatten(1),
        (length[..., None] * weight).flatten(1),
    )

    lines = outer[..., None].expand(*outer.shape, number)
    low = torch.full_like(lines, -_HALF)
    met, found = bracketed(lambda place: side_of(lines, place), low, -low, steps)
    along_x = upright[:, None, None].to(x.dtype)
    edge = (*placed(lines, met), along_x, 1.0 - along_x, angle[:, None, :], outer_weight[..., None] * found)

    start, length = _pieces(met)
    kept = _cells(number) * _ORDER[near]
    area, cell = (length * outer_weight[..., None]).flatten(1).topk(kept, dim=-1)
    node, weight = _inner_rules(number, near, x.device)
    piece = cell % (number + 1)
    inner = start.flatten(1).gather(1, cell)[..., None] + length.flatten(1).gather(1, cell)[..., None] * node[piece]
    outer = outer.gather(1, cell // (number + 1))[..., None].expand_as(inner)
    return CreaseNodes(
        *(part.flatten(1) for part in (*placed(outer, inner), area[..., None] * weight[piece])),
        EdgeNodes(*(part.expand_as(met).flatten(1) for part in edge)),
    )


def _cells(lines: int) -> int:
    """Most cells of a pixel that have an area: at each of its outer pieces, one more than lines that pass there."""
    return 2 * lines * lines + lines + 1


def _upright(x: Tensor, y: Tensor, lines: int, side: Side) -> Tensor:
    """Whether the lines of a pixel run along y more than along x, (pixels,)."""
    shift = x.new_tensor([_HALF, -_HALF, 0.0, 0.0])
    at_x, at_y = x[:, None, None] + shift[:, None], y[:, None, None] + shift.roll(2)[:, None]
    sides = side(at_x.expand(-1, -1, lines), at_y.expand(-1, -1, lines))
    rise_x, rise_y = (sides[:, 0] - sides[:, 1]).abs().sum(-1), (sides[:, 2] - sides[:, 3]).abs().sum(-1)
    return rise_x > rise_y


def _pieces(cuts: Tensor) -> tuple[Tensor, Tensor]:
    """Starts and lengths of the pieces of a pixel's side between cuts (…, cuts): (…, cuts + 1) each."""
    end = torch.full_like(cuts[..., :1], _HALF)
    places = torch.cat((-end, cuts.sort(dim=-1).values, end), dim=-1)
    return places[..., :-1], places.diff(dim=-1)


@cache
def _outer_rule(near: bool, device: torch.device) -> tuple[Tensor, Tensor]:
    nodes, weights = unit_rule(_ORDER[near])
    return torch.as_tensor(nodes, device=device), torch.as_tensor(weights, device=device)


@cache
def _inner_rules(lines: int, near: bool, device: torch.device) -> tuple[Tensor, Tensor]:
    """Nodes and weights on each piece between lines, (pieces, order): graded towards the lines."""
    node, weight = graded_rule(_ORDER[near], device)
    between = crowded_rule(_ORDER[near], device)
    nodes = [(1.0 - node).flip(0), *(between[0] for _ in range(lines - 1)), node]
    weights = [weight.flip(0), *(between[1] for _ in range(lines - 1)), weight]
    return torch.stack(nodes), torch.stack(weights)
