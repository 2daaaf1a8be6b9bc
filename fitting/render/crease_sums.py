"""Integrals of a surface, and of its derivatives, over pixels that creases cross.

The derivative of an integral over a region whose edge moves is the integral of the derivative and, along the edge, of
the jump times the edge's speed (Reynolds' transport theorem): where s(x, y; θ) = 0 is the edge and s grows towards a
side, that side gains ∂s/∂θ / |∇s|.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, fields

import torch
from torch import Tensor

from fitting.profiles.surface import Surface
from fitting.render.crease_nodes import EdgeNodes
from fitting.render.creased import MOST_NUMBERS, CreasedPixels, creased_pixels
from fitting.render.crossed import CrossedPixels
from fitting.render.frame import Frame

_ASIDE = 1e-7
"""How far beside an edge its two sides are looked at, of the distance from the centre."""
_TINY = 1e-100

Sums = Iterator[tuple[CrossedPixels, Tensor]]
"""Pixels and their integrals, (pixels, …)."""


def crease_means(surface: Surface, values: Tensor, frame: Frame) -> Sums:
    """Of the brightness, (pixels,), where creases cross pixels of a frame."""
    for parts, rows in _batches(surface, values, frame):
        yield from zip((part.pixels for part in parts), _inside(surface.brightness, values, parts, rows), strict=True)


def crease_derivatives(surface: Surface, values: Tensor, frame: Frame) -> Sums:
    """Derivatives of these by every parameter, (pixels, parameters)."""
    jump = surface.creases is not None and surface.creases.jump
    for parts, rows in _batches(surface, values, frame):
        sums = _inside(surface.derivatives, values, parts, rows)
        if jump:
            moving = _moving_edges(surface, values, parts, rows)
            sums = [own + edge for own, edge in zip(sums, moving, strict=True)]
        yield from zip((part.pixels for part in parts), sums, strict=True)


@dataclass(frozen=True)
class _Rows:
    """Places of pixels, which come instance after instance, in one row for each instance of a stack."""

    instance: Tensor
    slot: Tensor
    shape: tuple[int, int]

    @classmethod
    def of(cls, instance: Tensor, stack: int) -> "_Rows":
        """Rows as long as the longest."""
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


def _batches(
    surface: Surface, values: Tensor, frame: Frame
) -> Iterator[tuple[Sequence[CreasedPixels], Sequence[_Rows]]]:
    """As many parts at a time as memory is good for."""
    parts: list[CreasedPixels] = []
    numbers = 0
    for part in creased_pixels(surface, values, frame):
        more = part.nodes.x.numel() * values.shape[1]
        if parts and numbers + more > MOST_NUMBERS:
            yield parts, [_Rows.of(part.pixels.instance, len(values)) for part in parts]
            parts, numbers = [], 0
        parts.append(part)
        numbers += more
    if parts:
        yield parts, [_Rows.of(part.pixels.instance, len(values)) for part in parts]


def _inside(
    evaluate: Callable[[Tensor, Tensor, Tensor], Tensor],
    values: Tensor,
    parts: Sequence[CreasedPixels],
    rows: Sequence[_Rows],
) -> list[Tensor]:
    """Integrals over the insides of pixels."""
    x, y = (
        torch.cat([row.padded(field(part)).flatten(1) for part, row in zip(parts, rows, strict=True)], dim=1)
        for field in (lambda part: part.nodes.x, lambda part: part.nodes.y)
    )
    return _summed(evaluate(x, y, values), [part.nodes.weight for part in parts], rows)


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


def _moving_edges(
    surface: Surface, values: Tensor, parts: Sequence[CreasedPixels], rows: Sequence[_Rows]
) -> list[Tensor]:
    """What moving edges add to derivatives of pixels' integrals, (pixels, parameters) each."""
    assert surface.creases is not None
    edge = EdgeNodes(
        *(
            torch.cat(
                [
                    row.padded(getattr(part.nodes.edge, field.name)).flatten(1)
                    for part, row in zip(parts, rows, strict=True)
                ],
                dim=1,
            )
            for field in fields(EdgeNodes)
        )
    )
    slopes = surface.creases.side_slopes(edge.x, edge.y, values, edge.angle)
    # Points of the image are offsets from a centre, which moves against them.
    grow_x, grow_y = -slopes[:, 0], -slopes[:, 1]
    aside = _ASIDE * torch.hypot(edge.x, edge.y) / torch.hypot(grow_x, grow_y).clamp(min=_TINY)
    step_x, step_y = aside * grow_x, aside * grow_y
    both_x, both_y = (torch.cat((at + step, at - step), dim=1) for at, step in ((edge.x, step_x), (edge.y, step_y)))
    beyond, before = surface.brightness(both_x, both_y, values).chunk(2, dim=1)
    met = (edge.along_x * grow_x + edge.along_y * grow_y).abs().clamp(min=_TINY)
    jumps = ((beyond - before) / met)[:, None] * slopes
    return _summed(jumps, [part.nodes.edge.weight for part in parts], rows)
