"""Radial profiles integrated over pixels with Gauss–Legendre points of their own."""

from dataclasses import dataclass

import torch
from torch import Tensor

from fitting.render.radial.ellipse import GEOMETRY, rho, write_geometry
from fitting.render.radial.fixed_points import FixedPixels
from fitting.render.radial.radial_instances import RadialInstances


def fixed_values(instances: RadialInstances, fixed: FixedPixels) -> Tensor:
    """Pixel means of unit-amplitude brightness, (pixels,)."""
    nodes = _Nodes.of(instances, fixed)
    brightness = instances.profile.brightness(nodes.rho.log_(), nodes.constants)
    return fixed.gather(brightness.mul_(fixed.weights).sum(0))


@dataclass(frozen=True)
class _Nodes:
    """The points as seen from the centres: x and y (2, 9, groups), ρ (9, groups), constants (constants, 1, groups)."""

    places: Tensor
    rho: Tensor
    constants: Tensor

    @classmethod
    def of(cls, instances: RadialInstances, fixed: FixedPixels) -> "_Nodes":
        """As the instances see them."""
        own = instances.of(fixed.groups)
        places = fixed.offsets(own.form)
        of_points = rho(*places.unbind(), *own.form.quadratic.unsqueeze(1).unbind())
        return cls(places, of_points, own.constants.unsqueeze(1))


@dataclass(frozen=True)
class FixedSums:
    """Brightness and derivatives at the points, evaluated once for values and gradients.

    Attributes:
        parts: ∂I/∂ρ, ∂I/∂(shape parameters) and I, (9, groups) each.
    """

    fixed: FixedPixels
    nodes: _Nodes
    parts: tuple[Tensor, ...]

    @classmethod
    def of(cls, instances: RadialInstances, fixed: FixedPixels) -> "FixedSums":
        """As the instances see them."""
        nodes = _Nodes.of(instances, fixed)
        brightness, by_log_rho, by_shape = instances.profile.derivatives(nodes.rho.log(), nodes.constants)
        return cls(fixed, nodes, (by_log_rho.div_(nodes.rho), *by_shape, brightness))

    def values(self) -> Tensor:
        """Pixel means of brightness, (pixels,)."""
        return self.fixed.gather((self.parts[-1] * self.fixed.weights).sum(0))

    def columns(self) -> Tensor:
        """Pixel means of the derivative columns, (pixels, columns)."""
        (by_rho, *others), weights = self.parts, self.fixed.weights
        columns = by_rho.new_empty((GEOMETRY + len(others), *by_rho.shape))
        write_geometry(columns, by_rho * weights, *self.nodes.places.unbind())
        for index, part in enumerate(others, start=GEOMETRY):
            torch.mul(part, weights, out=columns[index])
        return self.fixed.gather(columns.sum(1)).T

    def backproject(self, weight: Tensor) -> Tensor:
        """Sums over pixels of `weight` (pixels,) times each column, (instances, columns)."""
        weights = self.fixed.weights * weight[self.fixed.group_pixel]
        by_rho, *others = self.parts
        by_place = (by_rho * weights) * self.nodes.places
        by_x, by_y = by_place.unbind()
        sums = (
            by_place.sum(1),
            (by_x * self.nodes.places).sum(1),
            (by_y * self.nodes.places[1]).sum(0, keepdim=True),
            *((part * weights).sum(0, keepdim=True) for part in others),
        )
        return self.fixed.groups.sums(torch.cat(sums)).T
