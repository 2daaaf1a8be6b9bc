"""Quadrature points at which surfaces are evaluated, in one row for each instance of a stack."""

from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch import Tensor

from fitting.render.pixels import InstanceIndex, PixelList
from fitting.render.radial import CentralPixels, Ellipses, FixedPixels

_FAR = -1e4
"""Where points that stand for nothing lie, pixels from the centre or from the first pixel."""


@dataclass(frozen=True)
class RowsOfPoints:
    """Points of pixels.

    Attributes:
        pixels: all of them.
        x, y: from the centres, (instances, points of an instance).
        means: pixel means (pixels, …) from values at the points (instances, …, points of an instance).
    """

    pixels: PixelList
    x: Tensor
    y: Tensor
    means: Callable[[Tensor], Tensor]


@dataclass(frozen=True)
class FixedRows:
    """Gauss–Legendre points, those of pixels of one order after those of the other.

    Attributes:
        pixels: all of them.
        points: x and y on the image, (2, instances, points of an instance).
        slots: place of each point among those of all instances, (points,); None where there is one instance.
        rules: of each order, how many pixels there are, and their weights, (points of a pixel,).
    """

    pixels: PixelList
    points: Tensor
    slots: Tensor | None
    rules: tuple[tuple[int, Tensor], ...]

    @classmethod
    def of(cls, fixed: FixedPixels) -> "FixedRows":
        """Rows of points of these pixels, without those that weigh nothing."""
        parts, rules, start = [], [], 0
        for pixels, groups in fixed.counts:
            stop = start + pixels * groups
            weights = fixed.weights[:, start : start + groups].T.flatten()
            used = weights.nonzero()[:, 0]
            places = fixed.points[:, :, start:stop].unflatten(-1, (pixels, groups)).permute(0, 2, 3, 1).flatten(2)
            parts.append(places[..., used].flatten(1))
            rules.append((pixels, weights[used]))
            start = stop
        points, whose = torch.cat(parts, dim=1), fixed.pixels.index
        if whose.instances == 1:
            return cls(fixed.pixels, points[:, None], None, tuple(rules))
        times = torch.cat([torch.full((pixels,), len(weights)) for pixels, weights in rules]).to(points.device)
        index = InstanceIndex.of_items(whose.instances, whose.instance.repeat_interleave(times))
        padded = index.pad(points[..., None], _FAR)
        return cls(fixed.pixels, padded, index.instance * index.most + index.number, tuple(rules))

    @property
    def nbytes(self) -> int:
        """Bytes of its own arrays."""
        return self.points.nbytes + (0 if self.slots is None else self.slots.nbytes)

    def rows(self, centre: Tensor) -> RowsOfPoints:
        """For surfaces with centres (2, instances)."""
        x, y = (self.points - centre[..., None]).unbind()
        return RowsOfPoints(self.pixels, x, y, self.means)

    def means(self, values: Tensor) -> Tensor:
        """Pixel means (pixels, …) from values at the points (instances, …, points of an instance)."""
        in_order = values[0] if self.slots is None else values.movedim(0, -2).flatten(-2).index_select(-1, self.slots)
        of_orders = in_order.split_with_sizes([pixels * len(weights) for pixels, weights in self.rules], dim=-1)
        pairs = zip(of_orders, self.rules, strict=True)
        means = [part.unflatten(-1, (pixels, len(weights))) @ weights for part, (pixels, weights) in pairs]
        return torch.cat(means, dim=-1).movedim(-1, 0)


def central_rows(central: CentralPixels, form: Ellipses) -> RowsOfPoints:
    """Points on rays to the edges of pixels about the centres of surfaces with these ellipses."""
    places, weights = central.nodes(form)
    index = central.pixels.index

    def means(values: Tensor) -> Tensor:
        of_pixels = index.unpad(values)
        return (of_pixels * weights.view(len(of_pixels), *(1,) * (of_pixels.ndim - 2), -1)).sum(-1)

    x, y = index.pad(places, _FAR)
    return RowsOfPoints(central.pixels, x, y, means)
