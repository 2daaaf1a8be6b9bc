"""From the ellipse that an astronomer names to the quadratic form that a pixel needs, and back for derivatives.

ρ = A δx² + 2B δx δy + C δy², with δ = pixel − centre: the squared elliptical radius in units of the scale length.
Every radial profile's derivatives by x, y, q, pa and scale are linear in five sums, of ∂I/∂ρ times δx, δy, δx², δxδy,
δy² (columns), so images of those sums are made once and a small matrix per instance turns them into derivatives by the
parameters that users know.
"""

from dataclasses import dataclass
from functools import cache

import torch
from torch import Tensor

from fitting.profiles.axes import DEGREES

GEOMETRY = 5
"""Columns that belong to the geometry: ∂I/∂ρ times δx, δy, δx², δxδy, δy²."""


@dataclass(frozen=True)
class Ellipses:
    """Quadratic forms of a stack of instances; every field has shape (instances,)."""

    x: Tensor
    y: Tensor
    xx: Tensor
    xy2: Tensor
    yy: Tensor

    def broadcast(self, dimensions: int) -> "Ellipses":
        """The same with `dimensions` trailing axes of length one."""
        shape = self.x.shape + (1,) * dimensions
        return Ellipses(*(field.reshape(shape) for field in (self.x, self.y, self.xx, self.xy2, self.yy)))

    def select(self, index: Tensor | slice) -> "Ellipses":
        """The instances that `index` names."""
        return Ellipses(*(field[index] for field in (self.x, self.y, self.xx, self.xy2, self.yy)))


def ellipses(x: Tensor, y: Tensor, q: Tensor, pa: Tensor, scale: Tensor) -> Ellipses:
    """Quadratic forms from centre (pixels), axis ratio, position angle (degrees from +y, counter-clockwise), scale
    (pixels).
    """
    twice = pa * (2.0 * DEGREES)
    per_scale = 0.5 * scale**-2
    stretched = q**-2 * per_scale
    mean, half_difference = stretched + per_scale, stretched - per_scale
    along = half_difference * torch.cos(twice)
    return Ellipses(x, y, mean + along, 2.0 * half_difference * torch.sin(twice), mean - along)


def geometry_jacobian(form: Ellipses, q: Tensor, pa: Tensor, scale: Tensor) -> Tensor:
    """Shape (instances, 5 columns, 5 parameters x, y, q, pa, scale): d brightness = columns · this · d parameters."""
    twice = pa * (2.0 * DEGREES)
    falling = -(scale**-2) * q**-3
    by_q_along = falling * torch.cos(twice)
    by_x = torch.stack((form.xx, form.xy2, form.yy), dim=-1) * -2.0
    by_scale = by_x / scale[:, None]
    by_pa = form.xy2 * DEGREES
    entries = (
        *(by_x[:, 0], -form.xy2),
        *(-form.xy2, by_x[:, 2]),
        *(falling + by_q_along, -by_pa, by_scale[:, 0]),
        *(2.0 * falling * torch.sin(twice), (form.xx - form.yy) * (2.0 * DEGREES), by_scale[:, 1]),
        *(falling - by_q_along, by_pa, by_scale[:, 2]),
    )
    jacobian = torch.zeros((q.shape[0], GEOMETRY * GEOMETRY), dtype=q.dtype, device=q.device)
    jacobian[:, _filled(q.device)] = torch.stack(entries, dim=-1)
    return jacobian.view(-1, GEOMETRY, GEOMETRY)


@cache
def _filled(device: torch.device) -> Tensor:
    """Places of the Jacobian's entries that are not zero, row after row: x and y; then q, pa and scale."""
    rows = ((0, 1), (0, 1), (2, 3, 4), (2, 3, 4), (2, 3, 4))
    return torch.tensor(
        [GEOMETRY * row + column for row, columns in enumerate(rows) for column in columns], device=device
    )
