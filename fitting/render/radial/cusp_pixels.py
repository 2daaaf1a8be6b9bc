"""Cusp pixels: those that hold, touch or neighbour the centre of a profile, integrated along rays from there.

Each edge of a pixel spans a signed triangle with the centre (Duffy 1982, SIAM J. Numer. Anal. 19, 1260). Along the rays
of a triangle the radius is graded as λ = σ^m, with m from the profile's cusp, so that I(λ) is smooth in σ; along the
edge the nodes crowd, cubically, towards the foot of the perpendicular from the centre, where a close centre makes the
integrand change fast.

Along a ray from the centre ρ grows as λ², whatever the ray. So ρ and its logarithm are made for the ends of rays alone,
on the pixels' edges, and what is summed along rays is summed before it is multiplied with what belongs to the ends.

How exactly: to 1e-5 of the pixel. `edge_order` and `measure_smoothness` choose orders by comparison with finer ones,
tests/fitting/render/radial/test_cusp_pixels.py compares with adaptive quadrature,
tests/promises/test_render_accuracy.py with Green's theorem, and finds 6e-6 at most (decision 0009).

Why it is so: in x and y a cusp R^{1/n} spoils every rule of fixed points, and closed forms end at the Sérsic profile.
Along a graded ray it is smooth, for whatever profile says its `cusp_power`. Derivatives by the centre come from the
outline alone (`fitting.render.radial.outline`), as the gradient is sharper still.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache, cached_property

import numpy as np
import torch
from torch import Tensor

from fitting.render.pixels import PixelList, unit_rule
from fitting.render.radial.ellipse import Ellipses
from fitting.render.radial.outline import EdgeTriangles, by_centre, pixel_edges
from fitting.render.radial.radial_instances import RadialInstances

OUTLINE_ORDER = 24
"""Nodes between a foot and a corner, which keep the derivatives of a pixel at the centre under 1e-5 for n < 4
(tests/fitting/render/radial/test_derivatives.py).
"""
_LEAST_CUSP = 0.05
"""c below which a cusp I ~ R^c is drawn as the constant that it nearly is; a Sérsic profile's least is this, n = 20."""


@dataclass(frozen=True)
class EdgeRule:
    """Nodes on both sides of a foot, t = f + (1 − f) τ³ and f − f τ³, τ from 0 to 1, and the weights of dt.

    All are linear in f, which is why they are kept as constant and slope: (nodes,) each.
    """

    place: Tensor
    place_by_foot: Tensor
    weight: Tensor
    weight_by_foot: Tensor

    @classmethod
    def build(cls, orders: Sequence[int], device: torch.device) -> "EdgeRule":
        """One rule after the other, with so many nodes on either side."""
        fields = zip(*map(_both_sides, orders), strict=True)
        return cls(*(torch.as_tensor(np.concatenate(field), device=device) for field in fields))

    def places(self, foot: Tensor) -> Tensor:
        """Nodes t of edges with feet (…): (…, nodes)."""
        return torch.addcmul(self.place, foot.unsqueeze(-1), self.place_by_foot)

    def weights(self, foot: Tensor) -> Tensor:
        """Weights of dt, (…, nodes)."""
        return torch.addcmul(self.weight, foot.unsqueeze(-1), self.weight_by_foot)


def _both_sides(order: int) -> tuple[np.ndarray, ...]:
    """The fields of `EdgeRule`."""
    nodes, weights = unit_rule(order)
    place, weight = nodes**3, 3.0 * nodes**2 * weights
    zero = np.zeros(order)
    fields = ((place, zero), (1.0 - place, 1.0 - place), (weight, zero), (-weight, weight))
    return tuple(np.concatenate(field) for field in fields)


@dataclass(frozen=True)
class CuspRule:
    """Integration over pixels near the centres of a stack of instances.

    Attributes:
        radial: λ nodes, (instances, radial order).
        radial_weights: weights of λ dλ, (instances, radial order).
        edge: nodes on edges to which rays go.
        edge_and_outline: the same, and then those for integrals along edges alone, which converge slower.
    """

    radial: Tensor
    radial_weights: Tensor
    edge: EdgeRule
    edge_and_outline: EdgeRule

    @classmethod
    def build(cls, cusp_powers: list[float], order: int, radial_order: int, device: torch.device) -> "CuspRule":
        """The rule for a stack of instances whose profiles rise as R^c towards the centre, c in `cusp_powers`.

        `order` is how many nodes they need along an edge (`edge_order`), `radial_order` how many on a ray.
        """
        edges = EdgeRule.build([order], device), EdgeRule.build([order, OUTLINE_ORDER], device)
        return cls(*cusp_grading(cusp_powers, radial_order, device), *edges)


@dataclass(frozen=True)
class CentralPixels:
    """Pixels near the centres.

    Attributes:
        pixels: all of them.
        radial, radial_weights: nodes λ on rays, and weights of λ dλ, (pixels, radial order).
        edge, edge_and_outline: as in `CuspRule`.
    """

    pixels: PixelList
    radial: Tensor
    radial_weights: Tensor
    edge: EdgeRule
    edge_and_outline: EdgeRule

    @classmethod
    def of(cls, pixels: PixelList, rule: CuspRule) -> "CentralPixels":
        """Pixels and the rule of their instances."""
        whose = pixels.index.instance
        return cls(pixels, rule.radial[whose], rule.radial_weights[whose], rule.edge, rule.edge_and_outline)

    @cached_property
    def log_squares(self) -> Tensor:
        """ln λ² of the nodes on rays, (pixels, radial order)."""
        return 2.0 * self.radial.log()

    @property
    def nbytes(self) -> int:
        """Bytes of its arrays."""
        return self.pixels.nbytes + self.radial.nbytes + self.radial_weights.nbytes

    def nodes(self, form: Ellipses) -> tuple[Tensor, Tensor]:
        """Nodes on rays, x and y, (2, pixels, points of a pixel), and their weights, for instances with these forms."""
        split = CentralSplit.of(self, form.of(self.pixels.index))
        places, weights = split.along(self.edge)
        radial, radial_weights = self.radial[:, :, None, None], self.radial_weights[:, :, None, None]
        weights = (weights * split.triangles.areas.unsqueeze(-1)).unsqueeze(1) * radial_weights
        return (places.unsqueeze(2) * radial).flatten(2), weights.flatten(1)


@dataclass(frozen=True)
class CentralSplit:
    """Pixels near centres as seen from there.

    Attributes:
        form: of the pixels' instances.
        triangles: that their edges span with the centres.
    """

    form: Ellipses
    triangles: EdgeTriangles

    @classmethod
    def of(cls, pixels: CentralPixels, form: Ellipses) -> "CentralSplit":
        """With the forms of each pixel's instance; their edges are split at the feet, and breaks not looked at."""
        return cls(form, EdgeTriangles.of(pixels.pixels.places - form.centre, form))

    def along(self, edge: EdgeRule) -> tuple[Tensor, Tensor]:
        """Nodes on the edges, x and y from the centre, (2, pixels, 4, nodes), and their weights of dt."""
        feet = self.triangles.feet
        direction = pixel_edges(feet.device)[:, None, :, None]
        return torch.addcmul(self.triangles.corners.unsqueeze(-1), edge.places(feet), direction), edge.weights(feet)


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
    makes R^c λ dλ one. So it is taken where I vanishes in the centre as R^c with a small c > 0, nearly a constant,
    whose whole power of σ would be beyond float64.
    """
    if cusp_power < _LEAST_CUSP:
        return 4.0 / (2.0 + cusp_power)
    return 2.0 if np.isinf(cusp_power) else float(np.ceil(2.0 * cusp_power) / cusp_power)


def central_values(instances: RadialInstances, central: CentralPixels) -> Tensor:
    """Pixel means of unit-amplitude brightness, (pixels,)."""
    each = instances.of(central.pixels.index)
    split = CentralSplit.of(central, each.form)
    places, weights = split.along(central.edge)
    weights = weights.mul_(split.triangles.areas.unsqueeze(-1)).flatten(1)
    log_rho = _on_rays(split.form.rho(*places.unbind()).log_(), central)
    brightness = each.profile.brightness(log_rho, each.constants_at(3))
    return (_along(central, brightness).mul_(weights)).sum(-1)


def central_columns(instances: RadialInstances, central: CentralPixels) -> Tensor:
    """Pixel means of the derivative columns, (pixels, columns)."""
    profile, each = instances.profile, instances.of(central.pixels.index)
    split = CentralSplit.of(central, each.form)
    places, weights = split.along(central.edge_and_outline)
    rho, ends = split.form.rho(*places.unbind()), len(central.edge.place)
    log_rho, constants = rho.log(), each.constants_at(3)
    along_edges = profile.brightness(log_rho[..., ends:], constants).mul_(weights[..., ends:]).sum(-1)
    brightness, by_log_rho, by_shape = profile.derivatives(_on_rays(log_rho[..., :ends], central), constants)
    sums = torch.stack([_along(central, part) for part in (by_log_rho, *by_shape, brightness)], dim=1)
    weights = (weights[..., :ends] * split.triangles.areas.unsqueeze(-1)).flatten(1)
    places = places[..., :ends].flatten(2)
    by_x, by_y = ((weights / rho[..., :ends].flatten(1)) * places).unbind()
    # The weights (pixels, rays) themselves, and over ρ times δx², δxδy, δy² at the ends of rays: (pixels, 4, rays).
    sums = sums @ torch.stack((weights, *(by_x * places).unbind(), by_y * places[1]), dim=1).mT
    shifts = by_centre(along_edges @ _normals(rho.device), split.form)
    return torch.cat((shifts, sums[:, 0, 1:], sums[:, 1:, 0]), dim=-1)


def _on_rays(log_rho: Tensor, central: CentralPixels) -> Tensor:
    """ln ρ of all nodes on all rays, (pixels, nodes on a ray, rays), of that at their ends (pixels, 4, nodes)."""
    return log_rho.flatten(1).unsqueeze(1) + central.log_squares.unsqueeze(-1)


def _along(central: CentralPixels, values: Tensor) -> Tensor:
    """Sums along each ray of values (pixels, nodes on a ray, rays), (pixels, rays)."""
    return (central.radial_weights.unsqueeze(1) @ values).squeeze(1)


@cache
def _normals(device: torch.device) -> Tensor:
    """Outward normals of a pixel's edges, (4, 2)."""
    x, y = pixel_edges(device)
    return torch.stack((y, -x), dim=-1)
