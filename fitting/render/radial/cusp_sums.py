"""Radial profiles integrated over the pixels near their centres.

Along a ray from the centre ρ grows as λ², whatever the ray. So ρ and its logarithm are made for the ends of rays alone,
on the pixels' edges, and what is summed along rays is summed before it is multiplied with what belongs to the ends.
"""

from functools import cache

import torch
from torch import Tensor

from fitting.render.pixels.gauss_theorem import by_centre
from fitting.render.pixels.outline import pixel_edges
from fitting.render.radial.cusp import CentralPixels, CentralSplit
from fitting.render.radial.radial_instances import RadialInstances


def central_values(instances: RadialInstances, central: CentralPixels) -> Tensor:
    """Pixel means of unit-amplitude brightness, (pixels,)."""
    own = instances.of(central.pixels.index)
    split = CentralSplit.of(central, own.form)
    places, weights = split.along(central.edge)
    weights = weights.mul_(split.seen.areas.unsqueeze(-1)).flatten(1)
    log_rho = _on_rays(split.form.rho(*places.unbind()).log_(), central)
    brightness = own.profile.brightness(log_rho, own.constants_at(3))
    return (_along(central, brightness).mul_(weights)).sum(-1)


def central_columns(instances: RadialInstances, central: CentralPixels) -> Tensor:
    """Pixel means of the derivative columns, (pixels, columns)."""
    profile, own = instances.profile, instances.of(central.pixels.index)
    split = CentralSplit.of(central, own.form)
    places, weights = split.along(central.edge_and_outline)
    rho, ends = split.form.rho(*places.unbind()), len(central.edge.place)
    log_rho, constants = rho.log(), own.constants_at(3)
    along_edges = profile.brightness(log_rho[..., ends:], constants).mul_(weights[..., ends:]).sum(-1)
    brightness, by_log_rho, by_shape = profile.derivatives(_on_rays(log_rho[..., :ends], central), constants)
    sums = torch.stack([_along(central, part) for part in (by_log_rho, *by_shape, brightness)], dim=1)
    weights = (weights[..., :ends] * split.seen.areas.unsqueeze(-1)).flatten(1)
    sums = sums @ _powers(weights, rho[..., :ends].flatten(1), places[..., :ends].flatten(2)).mT
    shifts = by_centre(along_edges @ _normals(rho.device), split.form)
    return torch.cat((shifts, sums[:, 0, 1:], sums[:, 1:, 0]), dim=-1)


def _on_rays(log_rho: Tensor, central: CentralPixels) -> Tensor:
    """ln ρ of all nodes on all rays, (pixels, nodes on a ray, rays), of that at their ends (pixels, 4, nodes)."""
    return log_rho.flatten(1).unsqueeze(1) + central.log_squares.unsqueeze(-1)


def _along(central: CentralPixels, values: Tensor) -> Tensor:
    """Sums along each ray of values (pixels, nodes on a ray, rays), (pixels, rays)."""
    return (central.radial_weights.unsqueeze(1) @ values).squeeze(1)


def _powers(weights: Tensor, rho: Tensor, places: Tensor) -> Tensor:
    """Weights (pixels, rays) themselves, and over ρ times δx², δxδy, δy² at the ends: (pixels, 4, rays)."""
    by_x, by_y = ((weights / rho) * places).unbind()
    return torch.stack((weights, *(by_x * places).unbind(), by_y * places[1]), dim=1)


@cache
def _normals(device: torch.device) -> Tensor:
    """Outward normals of a pixel's edges, (4, 2)."""
    x, y = pixel_edges(device)
    return torch.stack((y, -x), dim=-1)
