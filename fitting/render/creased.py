"""Pixels that creases cross, and the nodes that integrate a surface over them."""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache

import torch
from torch import Tensor

from fitting.profiles.creases import Creases
from fitting.profiles.surface import Surface
from fitting.render.crease_nodes import CreaseNodes, side_of_lines
from fitting.render.crease_pixels import PixelsOfStack
from fitting.render.crossed import CrossedPixels, Crossings, crossings
from fitting.render.crossed_corner import crossed_corner_nodes, crossed_corner_points, straight_corner_nodes
from fitting.render.crossed_once import crossed_once_nodes, crossed_once_points
from fitting.render.crossed_pixel import crossed_pixel_nodes, crossed_pixel_points
from fitting.render.cusp import cusp_grading
from fitting.render.ellipse import Ellipses
from fitting.render.frame import Frame
from fitting.render.surface_plan import RoundedSurface, crease_candidates

_STEPS = 7
"""On the way to where a bent crease is met."""
_RAY_ORDER, _SMOOTH_RAY_ORDER = 12, 24
"""Nodes on rays from the centre, towards a cusp and where there is none."""
_THIN = 1.0
"""A shorter minor axis than this, pixels, asks for fine rules everywhere."""
MOST_NUMBERS = 4_000_000
"""Held at once for one field of derivatives."""


@dataclass(frozen=True)
class CreasedPixels:
    """Pixels of a stack's frames that creases cross, and nodes."""

    pixels: PixelsOfStack
    nodes: CreaseNodes

    @property
    def instance(self) -> Tensor:
        """Whose what the nodes belong to is."""
        owner, whose = self.nodes.owner, self.pixels.instance
        return whose if owner is None else whose[owner]

    def gathered(self, sums: Tensor) -> Tensor:
        """Sums of what the nodes belong to as those of pixels, (pixels, …)."""
        owner = self.nodes.owner
        if owner is None:
            return sums
        return sums.new_zeros((len(self.pixels), *sums.shape[1:])).index_put_((owner,), sums, accumulate=True)


def surface_crossings(
    surface: Surface, values: Tensor, rounded: tuple[RoundedSurface, ...], frames: tuple[Frame, ...]
) -> Crossings | None:
    """Where creases of a stack with these rounded parameters are on frames; None where there are none."""
    assert surface.creases is not None
    candidates = crease_candidates(rounded, frames, values.device)
    if not len(candidates.pixels):
        return None
    q, _, length = surface.ellipse(values)
    return crossings(surface.creases, values, q * length < _THIN, candidates)


def creased_pixels(
    creases: Creases, values: Tensor, form: Ellipses, rounded: tuple[RoundedSurface, ...], found: Crossings
) -> Iterator[CreasedPixels]:
    """All pixels that creases cross, no more at a time than memory is good for."""
    yield from _central(creases, values, form, rounded, found)
    for once in found.once:
        for part in once.parts(_at_once(values, crossed_once_points(once.order))):
            yield CreasedPixels(part.pixels, crossed_once_nodes(part.x, part.y, part.lines, part.order))
    for group in found.others:
        yield from _crossed(creases, values, group)


def _central(
    creases: Creases, values: Tensor, form: Ellipses, rounded: tuple[RoundedSurface, ...], found: Crossings
) -> Iterator[CreasedPixels]:
    if not len(found.central):
        return
    rays = _rays(rounded, values.device)
    points = crossed_corner_points(rays[0].shape[1], len(creases.angles))
    for crossed in found.central.parts(_at_once(values, points)):
        whose, angle, offsets = crossed.pixels.instance, crossed.angle, torch.stack((crossed.x, crossed.y))
        own, ray = form.select(whose), (rays[0][whose], rays[1][whose])
        if found.slopes is None:
            side = side_of_lines(creases, values[whose], angle)
            nodes = crossed_corner_nodes(offsets, angle, own, ray, side, _STEPS)
        else:
            by_x, by_y = (slope.T[whose] for slope in found.slopes)
            nodes = straight_corner_nodes(offsets, (by_x, by_y), angle, own, ray)
        yield CreasedPixels(crossed.pixels, nodes)


def _crossed(creases: Creases, values: Tensor, found: CrossedPixels) -> Iterator[CreasedPixels]:
    points = crossed_pixel_points(found.angle.shape[1], found.order)
    for crossed in found.parts(_at_once(values, points)):
        pixels, own = crossed.pixels, values[crossed.pixels.instance]
        side, steps = side_of_lines(creases, own, crossed.angle), 1 if creases.straight else _STEPS
        nodes = crossed_pixel_nodes(crossed.x, crossed.y, crossed.angle, found.order, side, steps)
        yield CreasedPixels(pixels, nodes)


def _at_once(values: Tensor, points: int) -> int:
    """Pixels, of so many quadrature points each."""
    return max(MOST_NUMBERS // (values.shape[1] * points), 1)


@lru_cache(maxsize=256)
def _rays(instances: tuple[RoundedSurface, ...], device: torch.device) -> tuple[Tensor, Tensor]:
    """Nodes on rays from the centre and their weights, (instances, radial order) each."""
    cusps = [instance.surface.cusp_power(instance.values) for instance in instances]
    return cusp_grading(cusps, _RAY_ORDER if max(cusps) <= 1.01 else _SMOOTH_RAY_ORDER, device)
