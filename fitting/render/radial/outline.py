"""Outlines of pixels: their corners and edges as seen from a centre, points along them, and Gauss's theorem.

∬ ∇I = ∮ I n: towards a cusp the gradient grows faster than the brightness, by which the outline alone is needed.
"""

from dataclasses import dataclass
from functools import cache

import numpy as np
import torch
from torch import Tensor

from fitting.render.radial.ellipse import Ellipses

EDGES = 4
"""Edges of a pixel."""
_EDGES = np.array([[1.0, 0.0, -1.0, 0.0], [0.0, 1.0, 0.0, -1.0]])
"""x and y from each corner to the next, pixels, counter-clockwise."""
_CORNERS = np.array([[-0.5, 0.5, 0.5, -0.5], [-0.5, -0.5, 0.5, 0.5]])
"""x and y of the corners, pixels from the middle."""


@dataclass(frozen=True)
class OutlinePoints:
    """Points on the outlines of pixels, (pixels, points) each: from the centre, and the outward normal times the length
    that a point stands for.
    """

    x: Tensor
    y: Tensor
    normal_x: Tensor
    normal_y: Tensor


@dataclass(frozen=True)
class EdgeTriangles:
    """Pixels as seen from centres, edge after edge counter-clockwise.

    Attributes:
        corners: x and y where an edge begins, (2, pixels, 4).
        areas: twice those of the triangles that edges span with the centre, (pixels, 4).
        feet: where along an edge the elliptical radius is least, 0 … 1, (pixels, 4).
    """

    corners: Tensor
    areas: Tensor
    feet: Tensor

    @classmethod
    def of(cls, offsets: Tensor, form: Ellipses) -> "EdgeTriangles":
        """Pixels at offsets (2, pixels), x and y, from the centres of ellipses, one for each.

        Along a row ρ is least at δx = −B δy / A, along a column at δy = −B δx / C; so everything is linear in δx, δy,
        B/C, B/A, δx B/C and δy B/A.
        """
        xx, half, yy = form.quadratic.unbind()
        ratios = half / torch.stack((yy, xx))
        features = torch.cat((offsets, ratios, ratios * offsets))
        constant, slopes = _linear(offsets.device)
        x, y, areas, feet = torch.addmm(constant, features.T, slopes).view(-1, 4, EDGES).unbind(1)
        return cls(torch.stack((x, y)), areas, feet.clamp(0.0, 1.0))


@cache
def pixel_edges(device: torch.device) -> Tensor:
    """x and y from each corner to the next, (2, 4)."""
    return torch.as_tensor(_EDGES, device=device)


@cache
def _linear(device: torch.device) -> tuple[Tensor, Tensor]:
    """Constant (16,) and slopes (6, 16) of corners' x, y, areas and feet by the features of `EdgeTriangles.of`."""
    constant, slopes = np.zeros((4, EDGES)), np.zeros((4, EDGES, 6))
    (edge_x, edge_y), (corner_x, corner_y) = _EDGES, _CORNERS
    constant[:2], slopes[0, :, 0], slopes[1, :, 1] = _CORNERS, 1.0, 1.0
    constant[2] = corner_x * edge_y - corner_y * edge_x
    slopes[2, :, 0], slopes[2, :, 1] = edge_y, -edge_x
    # ½ as the quadratic form has 2B.
    constant[3] = -edge_x * corner_x - edge_y * corner_y
    slopes[3, :, 0], slopes[3, :, 1] = -edge_x, -edge_y
    slopes[3, :, 2], slopes[3, :, 3] = -0.5 * edge_y * corner_x, -0.5 * edge_x * corner_y
    slopes[3, :, 4], slopes[3, :, 5] = -0.5 * edge_y, -0.5 * edge_x
    flat = constant.ravel(), np.ascontiguousarray(slopes.reshape(-1, 6).T)
    return torch.as_tensor(flat[0], device=device), torch.as_tensor(flat[1], device=device)


def by_centre(flow: Tensor, form: Ellipses) -> Tensor:
    """The integrals of ∂I/∂ρ times δx and δy over pixels from those of ∇I, (pixels, 2) both; of each pixel's form."""
    xx, half, yy = (form.quadratic * _halves(flow.device)).unbind()
    adjoint = torch.stack((yy, half, half, xx), dim=-1).view(-1, 2, 2)
    determinant = (xx * yy).addcmul_(half, half, value=-1.0)
    return (adjoint * flow.unsqueeze(-2)).sum(-1) / (2.0 * determinant).unsqueeze(-1)


@cache
def _halves(device: torch.device) -> Tensor:
    """What turns A, 2B, C into A, −B, C: (3, 1)."""
    return torch.tensor([[1.0], [-0.5], [1.0]], dtype=torch.float64, device=device)
