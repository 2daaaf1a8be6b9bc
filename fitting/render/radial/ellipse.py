"""The ellipse: from what an astronomer names to the quadratic form that a pixel needs, and back for derivatives.

ρ = A δx² + 2B δx δy + C δy², with δ = pixel − centre: the squared elliptical radius in units of the scale length.
Every radial profile's derivatives by x, y, q, pa and scale are linear in five sums, of ∂I/∂ρ times δx, δy, δx², δxδy,
δy² (columns), so images of those sums are made once and a small matrix per instance turns them into derivatives by the
parameters that users know.
"""

from dataclasses import dataclass
from functools import cache, cached_property

import numpy as np
import torch
from torch import Tensor

from fitting.profiles.axes import DEGREES
from fitting.profiles.radial import RHO_FLOOR
from fitting.render.pixels import InstanceIndex

GEOMETRY = 5
"""Columns that belong to the geometry: ∂I/∂ρ times δx, δy, δx², δxδy, δy²."""


@dataclass(frozen=True)
class Ellipses:
    """Quadratic forms of a stack of instances.

    Attributes:
        centre: x and y, (2, instances).
        quadratic: A, 2B and C, (3, instances).
    """

    centre: Tensor
    quadratic: Tensor

    def rho(self, x: Tensor, y: Tensor) -> Tensor:
        """`rho` at offsets from the centres, (instances, …) of as many dimensions."""
        return rho(x, y, *self.quadratic.view(3, -1, *(1,) * (x.ndim - 1)).unbind())

    def select(self, instances: slice | Tensor) -> "Ellipses":
        """Ellipses of some instances."""
        return Ellipses(self.centre[:, instances], self.quadratic[:, instances])

    def of(self, index: InstanceIndex) -> "Ellipses":
        """Ellipses of items, each its instance's."""
        return Ellipses(index.of(self.centre), index.of(self.quadratic))


def rho(x: Tensor, y: Tensor, xx: Tensor, xy2: Tensor, yy: Tensor) -> Tensor:
    """A x² + 2B x y + C y², never below the floor, of the shape to which x and y broadcast."""
    if x.shape == y.shape:
        return (x * xx).addcmul_(y, xy2).mul_(x).addcmul_(y * y, yy).clamp_(min=RHO_FLOOR)
    # Each step has one operand that is constant along rows: with two, torch leaves its vectorized loops. The floor is
    # added where there are few numbers yet: only at the centre is it more than rounding.
    return torch.add(xy2 * y, xx * x).mul_(x).add_((yy * y).mul_(y).add_(RHO_FLOOR))


@dataclass(frozen=True)
class Axes:
    """Ellipses as astronomers name them, but for their centres.

    Attributes:
        turn: cosine and sine of twice the position angle, (2, instances).
        along, across: ½ a⁻² and ½ b⁻² of the semi-axes a and b = q a, in pixels, (instances,).
    """

    turn: Tensor
    along: Tensor
    across: Tensor

    @classmethod
    def of(cls, q: Tensor, pa: Tensor, scale: Tensor) -> "Axes":
        """From axis ratio, position angle (degrees from +y, counter-clockwise), scale (pixels), (instances,) each."""
        twice = pa * (2.0 * DEGREES)
        along = scale.square().reciprocal_().mul_(0.5)
        return cls(torch.stack((twice.cos(), twice.sin_())), along, along / q.square())

    @cached_property
    def quadratic(self) -> Tensor:
        """A, 2B and C, (3, instances)."""
        cosine, sine = self._stretched.unbind()
        mean = self.across + self.along
        return torch.stack((mean + cosine, 2.0 * sine, mean - cosine))

    @cached_property
    def _stretched(self) -> Tensor:
        """½ (A − C) and B, which are zero where an ellipse is round, (2, instances)."""
        return self.turn * (self.across - self.along)

    def transfer(self, q: Tensor, scale: Tensor, amplitude: Tensor, shape: int) -> Tensor:
        """d image = columns · this · d parameters: (instances, columns, parameters).

        Columns as in `fitting.render.radial.radial_images`, parameters x, y, q, pa, so many of shape, scale, amplitude;
        those of shape are taken as pure numbers.
        """
        quadratic, falling = self.quadratic, (self.across / q).mul_(2.0)
        alone = torch.stack((self._stretched[0], falling, torch.ones_like(q)))
        parts = (quadratic, quadratic / scale, self.turn * falling, alone)
        features = torch.cat(parts).mul_(amplitude)
        constant, pattern = _pattern(shape, q.device)
        columns, parameters = GEOMETRY + shape + 1, 6 + shape
        return torch.addmm(constant, features.T, pattern).view(-1, columns, parameters)


@cache
def _pattern(shape: int, device: torch.device) -> tuple[Tensor, Tensor]:
    """What `Axes.transfer` has of one and of each feature in all of its entries, (1, entries) and (features, entries).

    With A, 2B, C the quadratic form, g = a⁻² q⁻³ and t twice the position angle, ∂(A, 2B, C) by q is −g (1 + cos t,
    2 sin t, 1 − cos t), by the position angle (−2B, 2 (A − C), 2B) in radians, by the scale a −2 (A, 2B, C)/a; and ∂ρ
    by the centre −(2A δx + 2B δy, 2B δx + 2C δy).
    """
    xx, xy2, yy, xx_by_scale, xy2_by_scale, yy_by_scale, g_cosine, g_sine, half_difference, g, one = range(11)
    columns, parameters = GEOMETRY + shape + 1, 6 + shape
    pattern = np.zeros((11, columns, parameters))
    x, y, q, pa, scale = 0, 1, 2, 3, parameters - 2
    by_x, by_y, by_xx, by_xy, by_yy = range(GEOMETRY)
    pattern[xx, by_x, x] = pattern[yy, by_y, y] = -2.0
    pattern[xy2, by_x, y] = pattern[xy2, by_y, x] = -1.0
    pattern[g, (by_xx, by_yy), q] = -1.0
    pattern[g_cosine, by_xx, q], pattern[g_cosine, by_yy, q] = -1.0, 1.0
    pattern[g_sine, by_xy, q] = -2.0
    pattern[xy2, by_xx, pa], pattern[xy2, by_yy, pa] = -DEGREES, DEGREES
    # Not from A and C: where an ellipse is round the angle has no derivative at all.
    pattern[half_difference, by_xy, pa] = 4.0 * DEGREES
    pattern[(xx_by_scale, xy2_by_scale, yy_by_scale), (by_xx, by_xy, by_yy), scale] = -2.0
    pattern[one, range(GEOMETRY, GEOMETRY + shape), range(4, 4 + shape)] = 1.0
    constant = np.zeros((1, columns, parameters))
    constant[0, -1, -1] = 1.0
    flat = (torch.as_tensor(part.reshape(len(part), -1), device=device) for part in (constant, pattern))
    return next(flat), next(flat)


def ellipses(centre: Tensor, q: Tensor, pa: Tensor, scale: Tensor) -> Ellipses:
    """Quadratic forms of ellipses with centres (pixels; x and y, (2, instances)) and axes as `Axes.of` takes them."""
    return Ellipses(centre, Axes.of(q, pa, scale).quadratic)


def write_geometry(columns: Tensor, by_rho: Tensor, x: Tensor, y: Tensor) -> None:
    """The geometry's columns, first in (columns, …), of ∂I/∂ρ at offsets x, y."""
    torch.mul(by_rho, x, out=columns[0])
    torch.mul(by_rho, y, out=columns[1])
    torch.mul(columns[0], x, out=columns[2])
    torch.mul(columns[0], y, out=columns[3])
    torch.mul(columns[1], y, out=columns[4])
