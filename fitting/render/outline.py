"""The outlines of pixels: their corners and edges as seen from a centre, and points along them."""

from dataclasses import dataclass
from functools import cache

import torch
from torch import Tensor

from fitting.render.ellipse import Ellipses


@dataclass(frozen=True)
class OutlinePoints:
    """Points on the outlines of pixels, (instances, pixels, points) each: from the centre, and the outward normal times
    the length that a point stands for.
    """

    x: Tensor
    y: Tensor
    normal_x: Tensor
    normal_y: Tensor


def pixel_corners(pixels_x: Tensor, pixels_y: Tensor, form: Ellipses) -> tuple[Tensor, Tensor, Tensor, Tensor]:
    """Corners from the centre, counter-clockwise, and the edges from each to the next, x and y: (instances, pixels, 4)
    each.
    """
    corners_x, corners_y, edges_x, edges_y = _square(pixels_x.device)
    corner_x = (pixels_x - form.x[:, None])[..., None] + corners_x
    corner_y = (pixels_y - form.y[:, None])[..., None] + corners_y
    return corner_x, corner_y, edges_x.expand_as(corner_x), edges_y.expand_as(corner_y)


@cache
def _square(device: torch.device) -> Tensor:
    """Corners of a unit square from its centre, counter-clockwise, and edges from each to the next: (4, 4)."""
    x, y = [-0.5, 0.5, 0.5, -0.5], [-0.5, -0.5, 0.5, 0.5]
    return torch.tensor([x, y, [1.0, 0.0, -1.0, 0.0], [0.0, 1.0, 0.0, -1.0]], dtype=torch.float64, device=device)
