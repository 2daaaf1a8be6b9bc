"""Kinks at the centre: integration over the pixels where all of them meet.

As in `CuspRule`, a pixel is the signed sum of the triangles that its edges span with the centre, graded along the
rays by the cusp. At each step λ on the way from the centre to an edge, the edge is split at its foot and where kinks
are met, which depends on λ where they are bent; nodes crowd towards both ends of each piece. Straight kinks are rays
themselves: each piece is one triangle.
"""

from functools import cache

import torch
from torch import Tensor

from fitting.render.kinks.kink_nodes import EdgeNodes, KinkNodes, Side, find_roots
from fitting.render.pixels import crowded_rule
from fitting.render.radial import EDGES, EdgeTriangles, Ellipses, pixel_edges

_EDGE_ORDER = 14
"""Nodes on each piece of an edge. Chosen by hand; tests/fitting/geometry/test_kinks.py holds pixels at the centre to
1e-5.
"""


def central_kink_points(levels: int, lines: int) -> int:
    """Quadrature points per pixel."""
    return levels * _pieces(lines) * _EDGE_ORDER


def central_kink_nodes(
    offsets: Tensor, angle: Tensor, form: Ellipses, ray: tuple[Tensor, Tensor], side: Side, steps: int
) -> KinkNodes:
    """Nodes over pixels at offsets (2, pixels) from the centres of these ellipses (pixels,), met by lines at angles
    (pixels, lines).

    `ray` are nodes λ and weights of λ dλ, (pixels, radial order) each; `steps` are those of `find_roots`.
    """
    triangles = EdgeTriangles.of(offsets, form)
    foot, (corner_x, corner_y) = triangles.feet, triangles.corners
    edge_x, edge_y = pixel_edges(offsets.device)[:, None]
    level, level_weight = ray
    shape = (offsets.shape[1], level.shape[1], EDGES, angle.shape[1])

    def along(corner: Tensor, edge: Tensor, place: Tensor) -> Tensor:
        return level[:, :, None, None] * (corner[:, None, :, None] + place * edge[:, None, :, None])

    def side_of(place: Tensor) -> Tensor:
        return side(along(corner_x, edge_x, place), along(corner_y, edge_y, place))

    low = offsets.new_zeros(shape)
    met, found = find_roots(side_of, low, low + 1.0, steps)
    cross = triangles.areas

    def edge() -> EdgeNodes:
        on_weight = (level_weight / level)[:, :, None, None] * cross[:, None, :, None] * found
        on = (along(corner_x, edge_x, met), along(corner_y, edge_y, met))
        direction = (edge_x[:, None, :, None], edge_y[:, None, :, None])
        parts = (*on, *direction, angle[:, None, None, :], on_weight)
        return EdgeNodes(*(part.expand(shape).flatten(1).T for part in parts))

    start, length, of_piece = _longest(met, foot)
    nodes, weights = crowded_rule(_EDGE_ORDER, offsets.device)
    place = start[..., None] + length[..., None] * nodes

    def at(corner: Tensor, edge: Tensor) -> Tensor:
        of_corner, of_edge = (part[:, None, :].expand(shape[:3]).gather(-1, of_piece) for part in (corner, edge))
        return (level[:, :, None, None] * (of_corner[..., None] + place * of_edge[..., None])).flatten(1)

    piece_cross = cross[:, None, :].expand(shape[:3]).gather(-1, of_piece)
    weight = ((level_weight[:, :, None] * piece_cross * length)[..., None] * weights).flatten(1)
    return KinkNodes(at(corner_x, edge_x).T, at(corner_y, edge_y).T, weight.T, edge)


def straight_central_kink_nodes(
    offsets: Tensor, slopes: tuple[Tensor, Tensor], angle: Tensor, form: Ellipses, ray: tuple[Tensor, Tensor]
) -> KinkNodes:
    """Nodes for straight lines, whose sides change by `slopes` along x and y, (pixels, lines) each."""
    triangles = EdgeTriangles.of(offsets, form)
    side = (slopes[0][:, None] * triangles.corners[0, ..., None]).addcmul_(
        slopes[1][:, None], triangles.corners[1, ..., None]
    )
    after = side.roll(-1, 1)
    found = (side > 0.0) != (after > 0.0)
    met = torch.where(found, side / (side - after), 0.0)
    zero = torch.zeros_like(met[..., :1])
    cuts = torch.cat((zero, triangles.feet[..., None], met, zero + 1.0), dim=-1).sort(dim=-1).values
    length = cuts.diff(dim=-1)
    piece = length.flatten().nonzero()[:, 0]
    edge_number = piece // length.shape[-1]
    owner = edge_number // EDGES
    outline = pixel_edges(offsets.device)
    node, weight = _edge_rule(offsets.device)
    place = torch.addcmul(cuts[..., :-1].take(piece), length.take(piece), node)
    corner, direction = triangles.corners.flatten(1)[:, edge_number], outline[:, edge_number % EDGES]
    level, level_weight = (part.T[:, None, owner] for part in ray)
    x, y = (torch.addcmul(corner[:, None], direction[:, None], place).unsqueeze(1) * level).flatten(1, 2)
    size = (triangles.areas.take(edge_number) * length.take(piece)) * weight

    def edge() -> EdgeNodes:
        level, level_weight = (part.T[:, None, None] for part in ray)
        on = ((triangles.corners[axis, ..., None] + met * outline[axis, :, None]).permute(1, 2, 0) for axis in (0, 1))
        along = (part[:, None, None] for part in outline)
        weight = (level_weight / level) * (triangles.areas[..., None] * found).permute(1, 2, 0)
        parts = (*(level * part for part in on), *along, angle.T, weight)
        return EdgeNodes(*(part.expand_as(weight).flatten(0, 2) for part in parts))

    return KinkNodes(x, y, (level_weight * size).flatten(0, 1), edge, owner)


@cache
def _edge_rule(device: torch.device) -> tuple[Tensor, Tensor]:
    """Nodes on a piece of an edge and their weights, (nodes, 1)."""
    nodes, weights = crowded_rule(_EDGE_ORDER, device)
    return nodes[:, None], weights[:, None]


def _longest(met: Tensor, foot: Tensor) -> tuple[Tensor, Tensor, Tensor]:
    """Starts, lengths and edges of the pieces of the outline, (pixels, levels, pieces) each."""
    zero = torch.zeros_like(met[..., :1])
    cuts = torch.cat((zero, foot[:, None, :, None].expand_as(zero), met, zero + 1.0), dim=-1).sort(dim=-1).values
    length, order = cuts.diff(dim=-1).flatten(2).topk(_pieces(met.shape[-1]), dim=-1)
    return cuts[..., :-1].flatten(2).gather(-1, order), length, order // (cuts.shape[-1] - 1)


def _pieces(lines: int) -> int:
    """Most that have a length: an edge has two, parted at its foot, and each line parts two edges at most."""
    return 2 * (EDGES + lines)
