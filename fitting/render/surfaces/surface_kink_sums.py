"""Integrals of a surface, and of its derivatives, over pixels that kinks cross.

The derivative of an integral over a region whose edge moves is the integral of the derivative and, along the edge, of
the jump times the edge's speed (Reynolds' transport theorem): where s(x, y; θ) = 0 is the edge and s grows towards a
side, that side gains ∂s/∂θ / |∇s|.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, fields

import torch
from torch import Tensor

from fitting.profiles.surface import Surface
from fitting.render.kinks import EdgeNodes, KinkCrossings, PixelsOfStack
from fitting.render.pixels import InstanceIndex
from fitting.render.radial import Ellipses
from fitting.render.surfaces.surface_kink_quadrature import MOST_NUMBERS, KinkQuadrature, kink_quadratures
from fitting.render.surfaces.surface_plan import RoundedSurface

_ASIDE = 1e-7
"""How far beside an edge its two sides are looked at, of the distance from the centre: far above rounding, and errs by
as much.
"""
_TINY = 1e-100
"""What divisors are never below: where it is met, at the centre itself, weights are zero."""


@dataclass(frozen=True)
class _Rows:
    """Places of items in one row for each instance of a stack.

    Attributes:
        index: whose the items are; None where there is one instance.
    """

    index: InstanceIndex | None

    @classmethod
    def of(cls, instance: Tensor, stack: int) -> "_Rows":
        """Rows for items of these instances of a stack."""
        return cls(InstanceIndex.of_items(stack, instance) if stack > 1 else None)

    def pad(self, field: Tensor) -> Tensor:
        """A field (points, items) as (instances, points, longest row)."""
        if self.index is None:
            return field[None]
        rows = field.new_ones((self.index.instances, len(field), self.index.most))
        rows[self.index.instance, :, self.index.number] = field.T
        return rows

    def sums(self, weighted: Tensor) -> Tensor:
        """Those of the items, (items, …), among those of the rows, (instances, …, longest row)."""
        if self.index is None:
            return weighted[0].movedim(-1, 0)
        return weighted[self.index.instance, ..., self.index.number]


@dataclass(frozen=True)
class KinkBatch:
    """As many pixels that kinks cross as memory is good for at a time, in parts that have the same rule.

    Attributes:
        rows: of what quadrature points belong to, for each part.
    """

    parts: tuple[KinkQuadrature, ...]
    rows: tuple[_Rows, ...]

    @classmethod
    def of(cls, parts: Sequence[KinkQuadrature], stack: int) -> "KinkBatch":
        """The batch of these parts, of a stack of so many instances."""
        return cls(tuple(parts), tuple(_Rows.of(part.instance, stack) for part in parts))

    @property
    def pixels(self) -> tuple[PixelsOfStack, ...]:
        """Those of each part."""
        return tuple(part.pixels for part in self.parts)

    def points(self) -> tuple[Tensor, Tensor]:
        """Offsets x, y of the quadrature points over pixels, (instances, points) each."""
        nodes = [part.nodes for part in self.parts]
        return _concatenate([part.x for part in nodes], self.rows), _concatenate([part.y for part in nodes], self.rows)

    def sums(self, at_points: Tensor) -> list[Tensor]:
        """Integrals over each part's pixels, (pixels, …), of what is found at the points (instances, …, points)."""
        sums = _weighted_sums(at_points, [part.nodes.weight for part in self.parts], self.rows)
        return [part.gather(of_part) for part, of_part in zip(self.parts, sums, strict=True)]

    def moving_edges(self, surface: Surface, values: Tensor) -> list[Tensor]:
        """What moving edges add to derivatives of each part's integrals, (pixels, parameters)."""
        assert surface.kink_lines is not None
        rows = [_Rows.of(part.pixels.instance, len(values)) for part in self.parts]
        edges = [part.nodes.edge() for part in self.parts]
        edge = EdgeNodes(
            *(_concatenate([getattr(part, field.name) for part in edges], rows) for field in fields(EdgeNodes))
        )
        return _weighted_sums(_jumps(surface, values, edge), [part.weight for part in edges], rows)


def kink_batches(
    surface: Surface, values: Tensor, form: Ellipses, rounded: tuple[RoundedSurface, ...], found: KinkCrossings
) -> Iterator[KinkBatch]:
    """Batches of all pixels that kinks cross, of surfaces with these ellipses and rounded parameters."""
    assert surface.kink_lines is not None
    parts: list[KinkQuadrature] = []
    numbers = 0
    for part in kink_quadratures(surface.kink_lines, values, form, rounded, found):
        more = part.nodes.x.numel() * values.shape[1]
        if parts and numbers + more > MOST_NUMBERS:
            yield KinkBatch.of(parts, len(values))
            parts, numbers = [], 0
        parts.append(part)
        numbers += more
    if parts:
        yield KinkBatch.of(parts, len(values))


def _concatenate(of_parts: Sequence[Tensor], rows: Sequence[_Rows]) -> Tensor:
    """Fields (points, items) of parts as (instances, points)."""
    return torch.cat([row.pad(field).flatten(1) for field, row in zip(of_parts, rows, strict=True)], dim=1)


def _weighted_sums(at_points: Tensor, weights: Sequence[Tensor], rows: Sequence[_Rows]) -> list[Tensor]:
    """Weighted sums, (items, …), of what is found at points (instances, …, points), part after part."""
    sums, start = [], 0
    for weight, row in zip(weights, rows, strict=True):
        padded = row.pad(weight)
        stop = start + padded[0].numel()
        at_part = at_points[..., start:stop].unflatten(-1, padded.shape[1:])
        sums.append(row.sums((at_part * (padded if at_part.ndim == padded.ndim else padded[:, None])).sum(-2)))
        start = stop
    return sums


def _jumps(surface: Surface, values: Tensor, edge: EdgeNodes) -> Tensor:
    """The jump across edges times their speed by every parameter, (instances, parameters, points)."""
    assert surface.kink_lines is not None
    slopes = surface.kink_lines.side_slopes(edge.x, edge.y, values, edge.angle)
    # Points of the image are offsets from a centre, which moves against them.
    grow_x, grow_y = -slopes[:, 0], -slopes[:, 1]
    aside = _ASIDE * torch.hypot(edge.x, edge.y) / torch.hypot(grow_x, grow_y).clamp(min=_TINY)
    step_x, step_y = aside * grow_x, aside * grow_y
    both_x, both_y = (torch.cat((at + step, at - step), dim=1) for at, step in ((edge.x, step_x), (edge.y, step_y)))
    beyond, before = surface.brightness(both_x, both_y, values).chunk(2, dim=1)
    met = (edge.along_x * grow_x + edge.along_y * grow_y).abs().clamp(min=_TINY)
    return ((beyond - before) / met)[:, None] * slopes
