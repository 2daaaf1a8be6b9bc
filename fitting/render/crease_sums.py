"""Integrals of a surface, and of its derivatives, over pixels that creases cross.

The derivative of an integral over a region whose edge moves is the integral of the derivative and, along the edge, of
the jump times the edge's speed (Reynolds' transport theorem): where s(x, y; θ) = 0 is the edge and s grows towards a
side, that side gains ∂s/∂θ / |∇s|.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, fields

import torch
from torch import Tensor

from fitting.profiles.surface import Surface
from fitting.render.crease_nodes import EdgeNodes
from fitting.render.creased import MOST_NUMBERS, CreasedPixels, creased_pixels
from fitting.render.crossed import Crossings, PixelsOfStack
from fitting.render.ellipse import Ellipses
from fitting.render.surface_plan import RoundedSurface

_ASIDE = 1e-7
"""How far beside an edge its two sides are looked at, of the distance from the centre."""
_TINY = 1e-100


@dataclass(frozen=True)
class _Rows:
    """Places of pixels, which come instance after instance, in one row for each instance of a stack."""

    instance: Tensor
    slot: Tensor
    shape: tuple[int, int]

    @classmethod
    def of(cls, instance: Tensor, stack: int) -> "_Rows":
        """Rows as long as the longest."""
        if stack == 1:
            return cls(instance, torch.arange(len(instance), device=instance.device), (1, len(instance)))
        counts = instance.bincount(minlength=stack)
        slot = torch.arange(len(instance), device=instance.device) - (counts.cumsum(0) - counts)[instance]
        return cls(instance, slot, (stack, int(counts.max())))

    def padded(self, field: Tensor) -> Tensor:
        """A field (pixels, points) as (instances, longest row, points)."""
        if self.shape[0] == 1:
            return field[None]
        rows = field.new_ones((*self.shape, field.shape[1]))
        rows[self.instance, self.slot] = field
        return rows

    def sums(self, weighted: Tensor) -> Tensor:
        """Those of the pixels, (pixels, …), among those of the rows, (instances, …, longest row)."""
        return weighted[self.instance, ..., self.slot]


@dataclass(frozen=True)
class CreaseBatch:
    """As many pixels that creases cross as memory is good for at a time, in parts that have the same rule."""

    parts: tuple[CreasedPixels, ...]
    rows: tuple[_Rows, ...]

    @classmethod
    def of(cls, parts: Sequence[CreasedPixels], stack: int) -> "CreaseBatch":
        """Of a stack of so many instances."""
        return cls(tuple(parts), tuple(_Rows.of(part.pixels.instance, stack) for part in parts))

    @property
    def pixels(self) -> tuple[PixelsOfStack, ...]:
        """Those of each part."""
        return tuple(part.pixels for part in self.parts)

    def points(self) -> tuple[Tensor, Tensor]:
        """Offsets x, y of the quadrature points over pixels, (instances, points) each."""
        return self._joined([part.nodes.x for part in self.parts]), self._joined([part.nodes.y for part in self.parts])

    def sums(self, at_points: Tensor) -> list[Tensor]:
        """Integrals over each part's pixels, (pixels, …), of what is found at the points (instances, …, points)."""
        return _summed(at_points, [part.nodes.weight for part in self.parts], self.rows)

    def moving_edges(self, surface: Surface, values: Tensor) -> list[Tensor]:
        """What moving edges add to derivatives of each part's integrals, (pixels, parameters)."""
        assert surface.creases is not None
        edges = [part.nodes.edge for part in self.parts]
        edge = EdgeNodes(*(self._joined([getattr(own, field.name) for own in edges]) for field in fields(EdgeNodes)))
        return _summed(_jumps(surface, values, edge), [own.weight for own in edges], self.rows)

    def _joined(self, of_parts: Sequence[Tensor]) -> Tensor:
        """Fields (pixels, points) of the parts as (instances, points)."""
        return torch.cat([row.padded(own).flatten(1) for own, row in zip(of_parts, self.rows, strict=True)], dim=1)


def crease_batches(
    surface: Surface, values: Tensor, form: Ellipses, rounded: tuple[RoundedSurface, ...], found: Crossings
) -> Iterator[CreaseBatch]:
    """All pixels that creases cross, of surfaces with these ellipses and rounded parameters."""
    assert surface.creases is not None
    parts: list[CreasedPixels] = []
    numbers = 0
    for part in creased_pixels(surface.creases, values, form, rounded, found):
        more = part.nodes.x.numel() * values.shape[1]
        if parts and numbers + more > MOST_NUMBERS:
            yield CreaseBatch.of(parts, len(values))
            parts, numbers = [], 0
        parts.append(part)
        numbers += more
    if parts:
        yield CreaseBatch.of(parts, len(values))


def _summed(at_points: Tensor, weights: Sequence[Tensor], rows: Sequence[_Rows]) -> list[Tensor]:
    """Weighted sums, (pixels, …), of what is found at points (instances, …, points), row after row."""
    sums, start = [], 0
    for weight, row in zip(weights, rows, strict=True):
        stop = start + row.shape[1] * weight.shape[1]
        own = at_points[..., start:stop].unflatten(-1, (row.shape[1], weight.shape[1]))
        padded = row.padded(weight)
        sums.append(row.sums(torch.linalg.vecdot(own, padded if own.ndim == padded.ndim else padded[:, None])))
        start = stop
    return sums


def _jumps(surface: Surface, values: Tensor, edge: EdgeNodes) -> Tensor:
    """The jump across edges times their speed by every parameter, (instances, parameters, points)."""
    assert surface.creases is not None
    slopes = surface.creases.side_slopes(edge.x, edge.y, values, edge.angle)
    # Points of the image are offsets from a centre, which moves against them.
    grow_x, grow_y = -slopes[:, 0], -slopes[:, 1]
    aside = _ASIDE * torch.hypot(edge.x, edge.y) / torch.hypot(grow_x, grow_y).clamp(min=_TINY)
    step_x, step_y = aside * grow_x, aside * grow_y
    both_x, both_y = (torch.cat((at + step, at - step), dim=1) for at, step in ((edge.x, step_x), (edge.y, step_y)))
    beyond, before = surface.brightness(both_x, both_y, values).chunk(2, dim=1)
    met = (edge.along_x * grow_x + edge.along_y * grow_y).abs().clamp(min=_TINY)
    return ((beyond - before) / met)[:, None] * slopes
