"""Integration over pixels about a centre where creases meet.

As in `CornerRule`, a pixel is the signed sum of the triangles that its edges span with the centre, graded along the
rays by the cusp. At each step λ on the way from the centre to an edge, the edge is split at its foot and where creases
are met, which depends on λ where they are bent; nodes crowd towards both ends of each piece.
"""

import torch
from torch import Tensor

from fitting.render.crease_nodes import CreaseNodes, EdgeNodes, Side
from fitting.render.ellipse import Ellipses
from fitting.render.outline import EDGES, Corners, pixel_edges
from fitting.render.quadrature import crowded_rule
from fitting.render.roots import bracketed

_EDGE_ORDER = 14


def crossed_corner_points(levels: int, lines: int) -> int:
    """Quadrature points per pixel."""
    return levels * _pieces(lines) * _EDGE_ORDER


def crossed_corner_nodes(
    x: Tensor, y: Tensor, angle: Tensor, form: Ellipses, ray: tuple[Tensor, Tensor], side: Side, steps: int
) -> CreaseNodes:
    """Of pixels x, y (pixels,) of surfaces with these ellipses (pixels,), met by lines at angles (pixels, lines).

    `ray` are nodes λ and weights of λ dλ, (pixels, radial order) each; `steps` are those of `bracketed`.
    """
    seen = Corners.of(torch.stack((x, y)) - form.centre, form)
    foot, (corner_x, corner_y) = seen.feet, seen.corners
    edge_x, edge_y = pixel_edges(x.device)[:, None]
    level, level_weight = ray
    shape = (len(x), level.shape[1], EDGES, angle.shape[1])

    def along(corner: Tensor, edge: Tensor, place: Tensor) -> Tensor:
        return level[:, :, None, None] * (corner[:, None, :, None] + place * edge[:, None, :, None])

    def side_of(place: Tensor) -> Tensor:
        return side(along(corner_x, edge_x, place), along(corner_y, edge_y, place))

    low = x.new_zeros(shape)
    met, found = bracketed(side_of, low, low + 1.0, steps)
    cross = seen.areas
    on_weight = (level_weight / level)[:, :, None, None] * cross[:, None, :, None] * found
    on = (along(corner_x, edge_x, met), along(corner_y, edge_y, met))
    direction = (edge_x[:, None, :, None], edge_y[:, None, :, None])
    edge = EdgeNodes(*(part.expand(shape).flatten(1) for part in (*on, *direction, angle[:, None, None, :], on_weight)))
    start, length, of_piece = _longest(met, foot)
    nodes, weights = crowded_rule(_EDGE_ORDER, x.device)
    place = start[..., None] + length[..., None] * nodes

    def at(corner: Tensor, edge: Tensor) -> Tensor:
        own_corner, own_edge = (part[:, None, :].expand(shape[:3]).gather(-1, of_piece) for part in (corner, edge))
        return (level[:, :, None, None] * (own_corner[..., None] + place * own_edge[..., None])).flatten(1)

    own_cross = cross[:, None, :].expand(shape[:3]).gather(-1, of_piece)
    weight = ((level_weight[:, :, None] * own_cross * length)[..., None] * weights).flatten(1)
    return CreaseNodes(at(corner_x, edge_x), at(corner_y, edge_y), weight, edge)


def _longest(met: Tensor, foot: Tensor) -> tuple[Tensor, Tensor, Tensor]:
    """Starts, lengths and edges of the pieces of the outline, (pixels, levels, pieces) each."""
    zero = torch.zeros_like(met[..., :1])
    cuts = torch.cat((zero, foot[:, None, :, None].expand_as(zero), met, zero + 1.0), dim=-1).sort(dim=-1).values
    length, order = cuts.diff(dim=-1).flatten(2).topk(_pieces(met.shape[-1]), dim=-1)
    return cuts[..., :-1].flatten(2).gather(-1, order), length, order // (cuts.shape[-1] - 1)


def _pieces(lines: int) -> int:
    """Most that have a length: an edge has two, parted at its foot, and each line parts two edges at most."""
    return 2 * (EDGES + lines)
