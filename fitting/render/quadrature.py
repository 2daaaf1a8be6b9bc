"""Quadrature rules over one pixel: Gauss–Legendre, the grid stencil, and the graded rule for pixels at a cusp.

A pixel's value is the mean of the brightness over a unit square. Far from the centre the brightness is sampled once a
pixel and the mean follows from neighbouring samples (`stencil_matrix`); nearer, Gauss–Legendre rules of rising order
take over; the few pixels that hold or touch the centre are split into triangles with their apex there
(`CornerRule`; Duffy 1982, SIAM J. Numer. Anal. 19, 1260), which takes the cusp out of the integrand.
"""

from dataclasses import dataclass
from functools import cache

import numpy as np
import torch
from torch import Tensor

from fitting.render.ellipse import Ellipses

STENCIL_MARGIN = 3
"""Samples that the stencil needs beyond the frame on each side."""


@cache
def stencil_taps() -> np.ndarray:
    """Seven weights that turn samples at unit spacing into the mean over the middle unit interval.

    From the series of the averaging operator in central differences, 1 + δ²/24 − 17 δ⁴/5760 + 367 δ⁶/967680
    (Hildebrand, Introduction to Numerical Analysis, 1956, chapter 5); the next term is 6.0e-5 of the eighth derivative.
    """
    second = np.array([1.0, -2.0, 1.0])
    taps = np.zeros(2 * STENCIL_MARGIN + 1)
    taps[STENCIL_MARGIN] = 1.0
    difference = np.array([1.0])
    for power, weight in enumerate((1 / 24, -17 / 5760, 367 / 967680), start=1):
        difference = np.convolve(difference, second)
        taps[STENCIL_MARGIN - power : STENCIL_MARGIN + power + 1] += weight * difference
    return taps


@cache
def stencil_matrix(length: int, device: torch.device) -> Tensor:
    """Banded matrix (length, length + 2·margin): means of `length` pixels from samples on the widened line."""
    matrix = np.zeros((length, length + 2 * STENCIL_MARGIN))
    for row in range(length):
        matrix[row, row : row + 2 * STENCIL_MARGIN + 1] = stencil_taps()
    return torch.as_tensor(matrix, device=device)


@cache
def unit_rule(order: int) -> tuple[np.ndarray, np.ndarray]:
    """Gauss–Legendre nodes and weights on (0, 1)."""
    nodes, weights = np.polynomial.legendre.leggauss(order)
    return 0.5 * (nodes + 1.0), 0.5 * weights


@cache
def pixel_rule(order: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Offsets x, y from the pixel's centre and weights of the order × order rule over a pixel; each (order²,)."""
    nodes, weights = unit_rule(order)
    y, x = np.meshgrid(nodes - 0.5, nodes - 0.5, indexing="ij")
    return x.ravel(), y.ravel(), np.outer(weights, weights).ravel()


@dataclass(frozen=True)
class CornerRule:
    """Integration over pixels that hold, touch or neighbour the centre of a profile with a cusp there.

    Each edge of a pixel spans a signed triangle with the centre. Along the rays of a triangle the radius is graded as
    λ = σ^m, with m from the profile's cusp, so that I(λ) is smooth in σ; along the edge the nodes crowd, cubically,
    towards the foot of the perpendicular from the centre, where a close centre makes the integrand change fast.
    """

    radial: Tensor
    """λ nodes, (instances, radial order)."""
    radial_weights: Tensor
    """Weights of λ dλ, (instances, radial order)."""
    grading: Tensor
    """τ³ nodes, (edge order,)."""
    grading_weights: Tensor
    """Weights of d(τ³), (edge order,)."""

    @classmethod
    def build(cls, cusp_powers: list[float], narrowest: float, radial_order: int, device: torch.device) -> "CornerRule":
        """The rule for a stack of instances whose profiles rise as R^c towards the centre, c in `cusp_powers`.

        `narrowest` is the smallest axis ratio among them; `radial_order` how many nodes their profiles need on a ray.
        """
        edge_nodes, edge_weights = unit_rule(edge_order(cusp_powers, narrowest, radial_order))
        return cls(
            *cusp_grading(cusp_powers, radial_order, device),
            torch.as_tensor(edge_nodes**3, device=device),
            torch.as_tensor(3.0 * edge_nodes**2 * edge_weights, device=device),
        )

    @property
    def points(self) -> int:
        """Quadrature points per pixel: 4 edges, 2 sides of the foot, edge order, radial order."""
        return 8 * self.grading.shape[0] * self.radial.shape[1]

    def nodes(
        self, pixels_x: Tensor, pixels_y: Tensor, form: Ellipses, _break_radius: Tensor | None = None
    ) -> tuple[Tensor, Tensor, Tensor]:
        """Offsets δx, δy from the centre and weights, each (instances, pixels · points), of pixels (instances,
        pixels). A break is not looked at.
        """
        corner_x, corner_y, edge_x, edge_y = pixel_corners(pixels_x, pixels_y, form)
        cross = corner_x * edge_y - corner_y * edge_x
        xx, xy, yy = (field[:, None, None] for field in (form.xx, 0.5 * form.xy2, form.yy))
        along = xx * corner_x * edge_x + xy * (corner_x * edge_y + corner_y * edge_x) + yy * corner_y * edge_y
        foot = (-along / (xx * edge_x**2 + 2.0 * xy * edge_x * edge_y + yy * edge_y**2)).clamp(0.0, 1.0)
        reach = torch.stack((-foot, 1.0 - foot), dim=-1)
        position = foot[..., None, None] + reach[..., None] * self.grading
        edge_weight = (cross[..., None] * reach.abs())[..., None] * self.grading_weights
        point_x = corner_x[..., None, None] + position * edge_x[..., None, None]
        point_y = corner_y[..., None, None] + position * edge_y[..., None, None]
        radial = self.radial[:, None, None, None, None, :]
        weight = edge_weight[..., None] * self.radial_weights[:, None, None, None, None, :]
        return (
            (point_x[..., None] * radial).flatten(1),
            (point_y[..., None] * radial).flatten(1),
            weight.flatten(1),
        )


def pixel_corners(pixels_x: Tensor, pixels_y: Tensor, form: Ellipses) -> tuple[Tensor, Tensor, Tensor, Tensor]:
    """Corners from the centre, counter-clockwise, and the edges from each to the next, x and y: (instances, pixels, 4)
    each.
    """
    corner_x = (pixels_x - form.x[:, None])[..., None] + _corners(0, pixels_x)
    corner_y = (pixels_y - form.y[:, None])[..., None] + _corners(1, pixels_y)
    return corner_x, corner_y, corner_x.roll(-1, -1) - corner_x, corner_y.roll(-1, -1) - corner_y


def edge_order(cusp_powers: list[float], narrowest: float, radial_order: int) -> int:
    """Order along an edge that keeps the error of a pixel at the centre under 1e-5, found by comparison with order 32.

    Sharp cusps, and edges that a small axis ratio stretches, need more nodes along an edge that passes close by; so do
    profiles flatter than a cone (c > 1), which fall off steeply outside their core, and what needs many on a ray.
    """
    if radial_order > 24:
        return 30
    flattest, sharpest = max(cusp_powers), min(cusp_powers)
    if flattest > 1.01 or sharpest <= 0.0:
        return 20
    order = 10 if sharpest >= 0.45 else 14 if sharpest >= 0.22 else 20
    return order + (6 if narrowest < 0.35 else 0)


def cusp_grading(cusp_powers: list[float], order: int, device: torch.device) -> tuple[Tensor, Tensor]:
    """Nodes λ = σ^m on rays from the centre, and the weights of λ dλ: (instances, order) each."""
    nodes, weights = zip(*(ray_rule(order, power) for power in cusp_powers), strict=True)
    return torch.as_tensor(np.stack(nodes), device=device), torch.as_tensor(np.stack(weights), device=device)


def ray_rule(order: int, cusp_power: float) -> tuple[np.ndarray, np.ndarray]:
    """Nodes λ = σ^m on a ray from the centre, and the weights of λ dλ: (order,) each."""
    nodes, weights = unit_rule(order)
    exponent = grading_exponent(cusp_power)
    return nodes**exponent, exponent * nodes ** (2.0 * exponent - 1.0) * weights


def grading_exponent(cusp_power: float) -> float:
    """m of λ = σ^m (m ≥ 2): where I falls as R^c it makes R^c a whole power of σ; where I itself is R^c, c < 0, it
    makes R^c λ dλ one.
    """
    if cusp_power <= 0.0:
        return 4.0 / (2.0 + cusp_power)
    return 2.0 if np.isinf(cusp_power) else float(np.ceil(2.0 * cusp_power) / cusp_power)


@cache
def _corner_offsets(device: torch.device) -> Tensor:
    return torch.tensor([[-0.5, 0.5, 0.5, -0.5], [-0.5, -0.5, 0.5, 0.5]], dtype=torch.float64, device=device)


def _corners(axis: int, like: Tensor) -> Tensor:
    """Offsets of a pixel's corners from its centre along one axis, counter-clockwise."""
    return _corner_offsets(like.device)[axis]
