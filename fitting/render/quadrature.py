"""Quadrature rules over one pixel: Gauss–Legendre, the grid stencil, and the graded rule for pixels at a cusp.

A pixel's value is the mean of the brightness over a unit square. Far from the centre the brightness is sampled once a
pixel and the mean follows from neighbouring samples (`stencil_means`); nearer, Gauss–Legendre rules of rising order
take over; the few pixels that hold or touch the centre are split into triangles with their apex there
(`CornerRule`; Duffy 1982, SIAM J. Numer. Anal. 19, 1260), which takes the cusp out of the integrand.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache

import numpy as np
import torch
from torch import Tensor

from fitting.render.ellipse import Ellipses
from fitting.render.outline import OutlinePoints, pixel_corners

STENCIL_MARGIN = 3
"""Samples that the stencil needs beyond the frame on each side."""
SHORT_MARGIN = 1
"""The same of the short stencil, which is enough far from all centres."""

_OUTLINE_ORDER = 24
"""Nodes between a foot and a corner, which keep the derivatives of a pixel at the centre under 1e-5 for n < 4."""


@cache
def stencil_taps(margin: int = STENCIL_MARGIN) -> list[float]:
    """Weights (2 · margin + 1) that turn samples at unit spacing into the mean over the middle unit interval.

    From the series of the averaging operator in central differences, 1 + δ²/24 − 17 δ⁴/5760 + 367 δ⁶/967680
    (Hildebrand, Introduction to Numerical Analysis, 1956, chapter 5), as far as the margin goes; the next term is
    6.0e-5 of the eighth derivative, and where the margin is one, 3.0e-3 of the fourth.
    """
    second = np.array([1.0, -2.0, 1.0])
    taps = np.zeros(2 * margin + 1)
    taps[margin] = 1.0
    difference = np.array([1.0])
    for power, weight in enumerate((1 / 24, -17 / 5760, 367 / 967680)[:margin], start=1):
        difference = np.convolve(difference, second)
        taps[margin - power : margin + power + 1] += weight * difference
    return taps.tolist()


def stencil_means(samples: Tensor, axis: int, margin: int = STENCIL_MARGIN, out: Tensor | None = None) -> Tensor:
    """Means over unit intervals along `axis`, shorter by the margin at both ends, from samples at unit spacing."""
    return weighted_sums(samples, axis, stencil_taps(margin), out)


def weighted_sums(samples: Tensor, axis: int, taps: Sequence[float], out: Tensor | None = None) -> Tensor:
    """Sums of as many neighbours along `axis` as there are taps, times these: shorter by one less.

    Sums of shifted samples, which cost less than a product with the banded matrix already for a hundred pixels.
    """
    length = samples.shape[axis] - len(taps) + 1
    sums = torch.mul(samples.narrow(axis, 0, length), taps[0], out=out)
    for shift, tap in enumerate(taps[1:], start=1):
        sums.add_(samples.narrow(axis, shift, length), alpha=tap)
    return sums


@cache
def unit_rule(order: int) -> tuple[np.ndarray, np.ndarray]:
    """Gauss–Legendre nodes and weights on (0, 1)."""
    nodes, weights = np.polynomial.legendre.leggauss(order)
    return 0.5 * (nodes + 1.0), 0.5 * weights


def graded_rule(order: int, device: torch.device) -> tuple[Tensor, Tensor]:
    """Nodes σ² and their weights on (0, 1): whole powers of the distance from 0, and halves, become polynomials."""
    nodes, weights = unit_rule(order)
    return torch.as_tensor(nodes**2, device=device), torch.as_tensor(2.0 * nodes * weights, device=device)


def crowded_rule(order: int, device: torch.device) -> tuple[Tensor, Tensor]:
    """Nodes σ² (3 − 2σ) and their weights on (0, 1), crowded towards both ends."""
    nodes, weights = unit_rule(order)
    crowded, speed = nodes**2 * (3.0 - 2.0 * nodes), 6.0 * nodes * (1.0 - nodes)
    return torch.as_tensor(crowded, device=device), torch.as_tensor(speed * weights, device=device)


def closely_crowded_rule(order: int, device: torch.device) -> tuple[Tensor, Tensor]:
    """Nodes σ³ (10 − 15σ + 6σ²) and their weights on (0, 1), crowded more closely towards both ends."""
    nodes, weights = unit_rule(order)
    crowded, speed = nodes**3 * (10.0 - nodes * (15.0 - 6.0 * nodes)), 30.0 * (nodes * (1.0 - nodes)) ** 2
    return torch.as_tensor(crowded, device=device), torch.as_tensor(speed * weights, device=device)


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
    edge: "EdgeRule"
    """Nodes along an edge."""

    @classmethod
    def build(cls, cusp_powers: list[float], narrowest: float, radial_order: int, device: torch.device) -> "CornerRule":
        """The rule for a stack of instances whose profiles rise as R^c towards the centre, c in `cusp_powers`.

        `narrowest` is the smallest axis ratio among them; `radial_order` how many nodes their profiles need on a ray.
        """
        order = edge_order(cusp_powers, narrowest, radial_order)
        return cls(*cusp_grading(cusp_powers, radial_order, device), EdgeRule.build(order, device))

    @property
    def points(self) -> int:
        """Quadrature points per pixel: 4 edges, 2 sides of the foot, edge order, radial order."""
        return 8 * self.edge.order * self.radial.shape[1]

    def split(
        self, pixels_x: Tensor, pixels_y: Tensor, form: Ellipses, _break_radius: Tensor | None = None
    ) -> "CornerSplit":
        """Pixels (instances, pixels), their edges split at the feet. A break is not looked at."""
        corner_x, corner_y, edge_x, edge_y = pixel_corners(pixels_x, pixels_y, form)
        foot = feet(corner_x, corner_y, edge_x, edge_y, form)
        return CornerSplit(self, corner_x, corner_y, edge_x, edge_y, foot)


@dataclass(frozen=True)
class EdgeRule:
    """Nodes on both sides of a foot, t = f + (1 − f) τ³ and f − f τ³, τ from 0 to 1, and the weights of dt.

    Both are linear in f, which is why they are kept as constant and slope: (2 sides, order) each.
    """

    place: Tensor
    place_by_foot: Tensor
    weight: Tensor
    weight_by_foot: Tensor

    @classmethod
    def build(cls, order: int, device: torch.device) -> "EdgeRule":
        """With `order` nodes on either side."""
        nodes, weights = unit_rule(order)
        place, weight = nodes**3, 3.0 * nodes**2 * weights
        zero = np.zeros(order)
        fields = ((zero, place), (1.0 - place, 1.0 - place), (zero, weight), (weight, -weight))
        return cls(*(torch.as_tensor(np.stack(field), device=device) for field in fields))

    @property
    def order(self) -> int:
        """Nodes on either side."""
        return self.place.shape[1]

    def places(self, foot: Tensor) -> Tensor:
        """Nodes t of edges with feet (…): (…, 2, order)."""
        return torch.addcmul(self.place, foot[..., None, None], self.place_by_foot)

    def weights(self, foot: Tensor) -> Tensor:
        """Weights of dt, (…, 2, order)."""
        return torch.addcmul(self.weight, foot[..., None, None], self.weight_by_foot)


@dataclass(frozen=True)
class CornerSplit:
    """Pixels as a `CornerRule` sees them.

    Attributes:
        corner_x, corner_y: from the centre, counter-clockwise, (instances, pixels, 4).
        edge_x, edge_y: from each corner to the next.
        foot: where along the edge it is nearest to the centre, 0 … 1.
    """

    rule: CornerRule
    corner_x: Tensor
    corner_y: Tensor
    edge_x: Tensor
    edge_y: Tensor
    foot: Tensor

    def nodes(self) -> tuple[Tensor, Tensor, Tensor]:
        """Offsets δx, δy from the centre and weights, each (instances, pixels · points)."""
        rule = self.rule
        cross = (self.corner_x * self.edge_y).addcmul_(self.corner_y, self.edge_x, value=-1.0)
        edge_weight = rule.edge.weights(self.foot).mul_(cross[..., None, None])
        point_x, point_y = self._along(rule.edge)
        radial = rule.radial[:, None, None, None, None, :]
        return (
            (point_x[..., None] * radial).flatten(1),
            (point_y[..., None] * radial).flatten(1),
            (edge_weight[..., None] * rule.radial_weights[:, None, None, None, None, :]).flatten(1),
        )

    def outline(self) -> OutlinePoints:
        """The pixels' outlines, with more points than the rule's own: integrals over a line alone converge slower."""
        rule = _outline_rule(self.foot.device)
        length = rule.weights(self.foot)
        normal_x, normal_y = self.edge_y[..., None, None] * length, self.edge_x[..., None, None] * -length
        return OutlinePoints(*(points.flatten(2) for points in (*self._along(rule), normal_x, normal_y)))

    def _along(self, rule: EdgeRule) -> tuple[Tensor, Tensor]:
        """Points at both sides of the foot, x and y: (instances, pixels, 4, 2, order)."""
        place = rule.places(self.foot)
        corners, edges = (self.corner_x, self.corner_y), (self.edge_x, self.edge_y)
        x, y = (
            torch.addcmul(corner[..., None, None], place, edge[..., None, None])
            for corner, edge in zip(corners, edges, strict=True)
        )
        return x, y


def feet(corner_x: Tensor, corner_y: Tensor, edge_x: Tensor, edge_y: Tensor, form: Ellipses) -> Tensor:
    """Where along the edges of pixels the elliptical radius is least, 0 … 1; corners as `pixel_corners` gives them."""
    # Along a row ρ is least at δx = −B δy / A, along a column at δy = −B δx / C.
    half = -0.5 * form.xy2
    of_row, of_column = (half / form.xx)[:, None, None], (half / form.yy)[:, None, None]
    foot = ((edge_x * of_row - edge_y) * corner_y).addcmul_(edge_y * of_column - edge_x, corner_x)
    return foot.clamp_(0.0, 1.0)


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
def _outline_rule(device: torch.device) -> EdgeRule:
    return EdgeRule.build(_OUTLINE_ORDER, device)
