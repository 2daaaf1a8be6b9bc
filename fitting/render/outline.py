"""The outlines of pixels: their corners and edges as seen from a centre, and points along them."""

from dataclasses import dataclass
from functools import cache

import torch
from torch import Tensor

from fitting.render.ellipse import Ellipses

EDGES = 4
"""Of a pixel."""


@dataclass(frozen=True)
class OutlinePoints:
    """Points on the outlines of pixels, (instances, pixels, points) each: from the centre, and the outward normal times
    the length that a point stands for.
    """

    x: Tensor
    y: Tensor
    normal_x: Tensor
    normal_y: Tensor


def pixel_corners(offsets: Tensor) -> Tensor:
    """Corners of pixels at offsets (2, …), x and y, from the centre, counter-clockwise: (2, …, 4)."""
    return offsets.unsqueeze(-1) + _like(_corners(offsets.device), offsets.ndim + 1)


@cache
def pixel_edges(device: torch.device) -> Tensor:
    """x and y from each corner to the next, (2, 4)."""
    return torch.tensor([[1.0, 0.0, -1.0, 0.0], [0.0, 1.0, 0.0, -1.0]], dtype=torch.float64, device=device)


def signed_areas(corners: Tensor) -> Tensor:
    """Twice the areas of the triangles that edges span with the centre, (…, 4), of corners (2, …, 4)."""
    edge_x, edge_y = pixel_edges(corners.device).unbind()
    return (corners[0] * edge_y).addcmul_(corners[1], edge_x, value=-1.0)


def feet(corners: Tensor, form: Ellipses) -> Tensor:
    """Where along the edges of pixels the elliptical radius is least, 0 … 1: (instances, …, 4), of corners (2,
    instances, …, 4).
    """
    # Along a row ρ is least at δx = −B δy / A, along a column at δy = −B δx / C.
    xx, xy2, yy = form.quadratic.unbind()
    least = (xy2 / torch.stack((yy, xx))).view(2, -1, *(1,) * (corners.ndim - 2))
    backwards, across = (_like(part, corners.ndim) for part in _towards_foot(corners.device))
    towards_x, towards_y = torch.addcmul(backwards, least, across).unbind()
    return (towards_x * corners[0]).addcmul_(towards_y, corners[1]).clamp_(0.0, 1.0)


def _like(pattern: Tensor, dimensions: int) -> Tensor:
    """A pattern (2, 4) as (2, 1, …, 4)."""
    return pattern.view(2, *(1,) * (dimensions - 2), EDGES)


@cache
def _corners(device: torch.device) -> Tensor:
    """Of a unit square from its centre, (2, 4)."""
    return torch.tensor([[-0.5, 0.5, 0.5, -0.5], [-0.5, -0.5, 0.5, 0.5]], dtype=torch.float64, device=device)


@cache
def _towards_foot(device: torch.device) -> tuple[Tensor, Tensor]:
    """x and y of the edges backwards, and −½ y and −½ x of them: (2, 4) each."""
    edges = pixel_edges(device)
    return -edges, -0.5 * edges.flip(0)
