"""From the ellipse that an astronomer names to the quadratic form that a pixel needs, and back for derivatives.

ρ = A δx² + 2B δx δy + C δy², with δ = pixel − centre: the squared elliptical radius in units of the scale length.
Every radial profile's derivatives by x, y, q, pa and scale are linear in five sums, of ∂I/∂ρ times δx, δy, δx², δxδy,
δy² (columns), so images of those sums are made once and a small matrix per instance turns them into derivatives by the
parameters that users know.
"""

from dataclasses import dataclass

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

    def select(self, index: Tensor) -> "Ellipses":
        """The instances that `index` names."""
        return Ellipses(*(field[index] for field in (self.x, self.y, self.xx, self.xy2, self.yy)))


def ellipses(x: Tensor, y: Tensor, q: Tensor, pa: Tensor, scale: Tensor) -> Ellipses:
    """Quadratic forms from centre (pixels), axis ratio, position angle (degrees from +y, counter-clockwise), scale
    (pixels).
    """
    angle = pa * DEGREES
    sine, cosine = torch.sin(angle), torch.cos(angle)
    stretch = q**-2
    per_scale = scale**-2
    xx = (sine**2 + cosine**2 * stretch) * per_scale
    yy = (cosine**2 + sine**2 * stretch) * per_scale
    xy2 = 2.0 * sine * cosine * (stretch - 1.0) * per_scale
    return Ellipses(x, y, xx, xy2, yy)


def geometry_jacobian(form: Ellipses, q: Tensor, pa: Tensor, scale: Tensor) -> Tensor:
    """Shape (instances, 5 columns, 5 parameters x, y, q, pa, scale): d brightness = columns · this · d parameters."""
    angle = pa * DEGREES
    sine, cosine = torch.sin(angle), torch.cos(angle)
    per_scale = scale**-2
    by_q = -2.0 * per_scale * q**-3
    twist = (q**-2 - 1.0) * per_scale * DEGREES
    zero = torch.zeros_like(q)
    rows = (
        (-2.0 * form.xx, -form.xy2, zero, zero, zero),
        (-form.xy2, -2.0 * form.yy, zero, zero, zero),
        (zero, zero, by_q * cosine**2, -2.0 * sine * cosine * twist, -2.0 * form.xx / scale),
        (zero, zero, 2.0 * by_q * sine * cosine, 2.0 * (cosine**2 - sine**2) * twist, -2.0 * form.xy2 / scale),
        (zero, zero, by_q * sine**2, 2.0 * sine * cosine * twist, -2.0 * form.yy / scale),
    )
    return torch.stack([torch.stack(row, dim=-1) for row in rows], dim=-2)
