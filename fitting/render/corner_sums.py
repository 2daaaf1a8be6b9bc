"""Radial profiles integrated over the pixels near their centres.

Along a ray from the centre ρ grows as λ², whatever the ray. So ρ and its logarithm are made for the ends of rays alone,
on the pixels' edges, and what is summed along rays is summed before it is multiplied with what belongs to the ends.
"""

from dataclasses import dataclass
from functools import cache

import torch
from torch import Tensor

from fitting.profiles import RadialProfile
from fitting.render.corner import CornerPixels
from fitting.render.ellipse import Ellipses
from fitting.render.outline import pixel_edges


def corner_values(profile: RadialProfile, form: Ellipses, constants: Tensor, corner: CornerPixels) -> Tensor:
    """Pixel means of unit-amplitude brightness, (pixels,)."""
    split = corner.split(form)
    places, weights = split.along(corner.edge)
    rays = _Rays(corner, split.form.rho(*places), weights.mul_(split.areas()))
    brightness = profile.brightness(rays.log_rho(), corner.constants(constants)[..., None])
    return rays.sum(brightness)


def corner_columns(profile: RadialProfile, form: Ellipses, constants: Tensor, corner: CornerPixels) -> Tensor:
    """Pixel means of the derivative columns, (pixels, columns)."""
    split = corner.split(form)
    places, weights = split.along(corner.edge_and_outline)
    rho, ends = split.form.rho(*places), len(corner.edge.place)
    own = corner.constants(constants)
    along_edges = profile.brightness(rho[..., ends:].log(), own[..., None, None]).mul_(weights[..., ends:]).sum(-1)
    rays = _Rays(corner, rho[..., :ends], weights[..., :ends] * split.areas())
    brightness, by_log_rho, by_shape = profile.derivatives(rays.log_rho(), own[..., None])
    others = [rays.sum(part) for part in (*by_shape, brightness)]
    moments = rays.second_moments(by_log_rho, places[..., :ends])
    return torch.stack((*by_centre(along_edges @ _normals(rho.device), split.form), *moments, *others), dim=-1)


@dataclass(frozen=True)
class _Rays:
    """Rays from the centres to nodes on the edges of the pixels near them.

    Attributes:
        corner: the pixels.
        rho, weights: of the nodes on edges, (pixels, 4, nodes).
    """

    corner: CornerPixels
    rho: Tensor
    weights: Tensor

    def log_rho(self) -> Tensor:
        """ln ρ of all nodes on all rays, (pixels, nodes on a ray · rays)."""
        along = self.corner.log_squares.unsqueeze(-1)
        return (self.rho.log().flatten(1).unsqueeze(1) + along).flatten(1)

    def _along(self, values: Tensor) -> Tensor:
        """Sums along each ray, (pixels, rays)."""
        radial = self.corner.radial_weights.unsqueeze(1)
        return (radial @ values.unflatten(1, (radial.shape[-1], -1))).squeeze(1)

    def sum(self, values: Tensor) -> Tensor:
        """Sums of values at all nodes, (pixels,)."""
        return (self._along(values) * self.weights.flatten(1)).sum(-1)

    def second_moments(self, by_log_rho: Tensor, places: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """Sums of ∂I/∂ρ times δx², δxδy, δy², (pixels,) each; `places` are those of the nodes on edges."""
        by_rho = self._along(by_log_rho).mul_((self.weights / self.rho).flatten(1))
        places = places.flatten(2)
        moments = (by_rho * places).transpose(0, 1) @ places.permute(1, 2, 0)
        return moments[:, 0, 0], moments[:, 0, 1], moments[:, 1, 1]


@cache
def _normals(device: torch.device) -> Tensor:
    """Outward normals of a pixel's edges, (4, 2)."""
    x, y = pixel_edges(device)
    return torch.stack((y, -x), dim=-1)


def by_centre(flow: Tensor, form: Ellipses) -> tuple[Tensor, Tensor]:
    """The sums of ∂I/∂ρ times δx and δy over pixels, from those of ∇I, (instances, …, 2): the columns of a shift.

    By Gauss's theorem ∬ ∇I = ∮ I n: towards a cusp the gradient grows faster than the brightness, by which the outline
    alone is needed.
    """
    xx, xy2, yy = form.quadratic.view(3, -1, *(1,) * (flow.ndim - 2))
    half = 0.5 / (xx * yy - 0.25 * xy2 * xy2)
    flow_x, flow_y = flow.unbind(-1)
    return (yy * flow_x - 0.5 * xy2 * flow_y) * half, (xx * flow_y - 0.5 * xy2 * flow_x) * half
