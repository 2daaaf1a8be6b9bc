"""Fixed pixels: those with Gauss–Legendre points of their own, at places that do not depend on where the centre is.

A pixel's points, as many as its order asks for, are parted into groups of nine, the last of them filled up with points
that weigh nothing. So the points of all pixels of all orders are one array, (9, groups), and what belongs to an
instance is needed once a group.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache

import numpy as np
import torch
from torch import Tensor

from fitting.render.pixels import InstanceIndex, PixelList, pixel_rule
from fitting.render.radial.ellipse import GEOMETRY, Ellipses, rho, write_geometry
from fitting.render.radial.radial_instances import RadialInstances

_GROUP = 9
"""Points in a group: those of order 3, and few are missing to whole groups of the 25, 64 and 256 of the next orders."""


@dataclass(frozen=True)
class FixedPixels:
    """Pixels with points of their own, those of one order after those of the other.

    Attributes:
        pixels: all of them.
        groups: whose the groups of points are.
        points: x and y, (2, 9, groups).
        weights: (9, groups).
        group_pixel: the pixel of each group, (groups,).
        counts: of each order, how many pixels there are, and how many groups each has.
    """

    pixels: PixelList
    groups: InstanceIndex
    points: Tensor
    weights: Tensor
    group_pixel: Tensor
    counts: tuple[tuple[int, int], ...]

    @classmethod
    def of(cls, pixels: PixelList, counts: Sequence[tuple[int, int]]) -> "FixedPixels":
        """Pixels, and how many there are of each order: (pixels, order)."""
        device, index = pixels.places.device, pixels.index
        rules = [_groups_of(order) for _, order in counts]
        pairs = [(rule, count) for rule, (count, _) in zip(rules, counts, strict=True)]
        offsets = np.concatenate([np.tile(rule, (1, 1, count)) for rule, count in pairs], axis=2)
        times = np.concatenate([np.full(count, rule.shape[2]) for rule, count in pairs])
        pixel = torch.as_tensor(np.repeat(np.arange(len(times)), times), device=device)
        *places, weights = torch.as_tensor(offsets, device=device).unbind()
        points = torch.stack(places) + pixels.places[:, pixel].unsqueeze(1)
        groups = InstanceIndex.of_items(index.instances, index.instance[pixel])
        parts = tuple((count, rule.shape[2]) for rule, count in pairs)
        return cls(pixels, groups, points, weights, pixel, parts)

    @property
    def nbytes(self) -> int:
        """Bytes of its arrays."""
        arrays = (self.groups.instance, self.groups.number, self.points, self.weights, self.group_pixel)
        return self.pixels.nbytes + sum(array.nbytes for array in arrays)

    def offsets(self, form: Ellipses) -> Tensor:
        """x and y of the points from the centres, (2, 9, groups); `form` are those of the groups' instances."""
        return self.points - form.centre.unsqueeze(1)

    def gather(self, sums: Tensor) -> Tensor:
        """Sums of groups (…, groups) to pixels (…, pixels)."""
        if sums.device.type == "cpu":
            return sums.new_zeros((*sums.shape[:-1], len(self.pixels.target))).index_add_(-1, self.group_pixel, sums)
        # A GPU would add in whatever order comes first, and the same fit is to give the same numbers.
        parts, start = [], 0
        for pixels, groups in self.counts:
            stop = start + pixels * groups
            parts.append(sums[..., start:stop].unflatten(-1, (pixels, groups)).sum(-1))
            start = stop
        return torch.cat(parts, dim=-1)


@cache
def _groups_of(order: int) -> np.ndarray:
    """Offsets x, y and weights of the groups of one pixel, (3, 9, groups)."""
    rule = np.stack(pixel_rule(order))
    filled = np.zeros((3, -(-rule.shape[1] // _GROUP) * _GROUP))
    filled[:, : rule.shape[1]] = rule
    return filled.reshape(3, -1, _GROUP).swapaxes(1, 2)


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
        each = instances.of(fixed.groups)
        places = fixed.offsets(each.form)
        of_points = rho(*places.unbind(), *each.form.quadratic.unsqueeze(1).unbind())
        return cls(places, of_points, each.constants.unsqueeze(1))


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
