"""Quadrature over pixels that kinks cross: which nodes integrate a surface over each."""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache

import torch
from torch import Tensor

from fitting.profiles.kinks import KinkLines
from fitting.profiles.surface import Surface
from fitting.render.kinks import (
    KinkCrossings,
    KinkNodes,
    PixelsOfStack,
    central_kink_nodes,
    central_kink_points,
    few_lines_nodes,
    few_lines_points,
    kink_crossings,
    one_line_nodes,
    one_line_points,
    side_of_lines,
    straight_central_kink_nodes,
)
from fitting.render.pixels import Frame
from fitting.render.radial import Ellipses, cusp_grading
from fitting.render.surfaces.surface_plan import RoundedSurface, kink_candidates

_STEPS = 7
"""Steps of `find_roots` on the way to where a bent kink is met. Chosen by hand; tests/fitting/geometry/test_kinks.py
holds it.
"""
_RAY_ORDER, _SMOOTH_RAY_ORDER = 12, 24
"""Nodes on rays from the centre, towards a cusp and where there is none. By hand, as `_STEPS`."""
_THIN = 1.0
"""A shorter minor axis than this, pixels, asks for fine rules everywhere. By hand."""
MOST_NUMBERS = 4_000_000
"""Numbers of one field of derivatives that are held at once: 32 MB. By hand: so many that small operations do not
count.
"""


@dataclass(frozen=True)
class KinkQuadrature:
    """Pixels of a stack's frames that kinks cross, and nodes."""

    pixels: PixelsOfStack
    nodes: KinkNodes

    @property
    def instance(self) -> Tensor:
        """Whose what the nodes belong to is."""
        owner, whose = self.nodes.owner, self.pixels.instance
        return whose if owner is None else whose[owner]

    def gather(self, sums: Tensor) -> Tensor:
        """Sums of what the nodes belong to as those of pixels, (pixels, …)."""
        owner = self.nodes.owner
        if owner is None:
            return sums
        return sums.new_zeros((len(self.pixels), *sums.shape[1:])).index_put_((owner,), sums, accumulate=True)


def surface_kink_crossings(
    surface: Surface, values: Tensor, rounded: tuple[RoundedSurface, ...], frames: tuple[Frame, ...]
) -> KinkCrossings | None:
    """Where kinks of a stack with these rounded parameters are on frames; None where there are none."""
    assert surface.kink_lines is not None
    candidates = kink_candidates(rounded, frames, values.device)
    if not len(candidates.pixels):
        return None
    q, _, length = surface.ellipse(values)
    return kink_crossings(surface.kink_lines, values, q * length < _THIN, candidates)


def kink_quadratures(
    kinks: KinkLines, values: Tensor, form: Ellipses, rounded: tuple[RoundedSurface, ...], found: KinkCrossings
) -> Iterator[KinkQuadrature]:
    """Quadratures over all pixels that kinks cross, no more at a time than memory is good for."""
    yield from _central_quadratures(kinks, values, form, rounded, found)
    for once in found.once:
        for part in once.parts(_at_once(values, one_line_points(once.order))):
            yield KinkQuadrature(part.pixels, one_line_nodes(part.x, part.y, part.lines, part.order))
    for group in found.others:
        points = few_lines_points(group.angle.shape[1], group.order)
        for crossed in group.parts(_at_once(values, points)):
            side = side_of_lines(kinks, values[crossed.pixels.instance], crossed.angle)
            steps = 1 if kinks.straight else _STEPS
            nodes = few_lines_nodes(crossed.x, crossed.y, crossed.angle, group.order, side, steps)
            yield KinkQuadrature(crossed.pixels, nodes)


def _central_quadratures(
    kinks: KinkLines, values: Tensor, form: Ellipses, rounded: tuple[RoundedSurface, ...], found: KinkCrossings
) -> Iterator[KinkQuadrature]:
    if not len(found.central):
        return
    rays = _rays(rounded, values.device)
    points = central_kink_points(rays[0].shape[1], len(kinks.angles))
    for crossed in found.central.parts(_at_once(values, points)):
        whose, angle, offsets = crossed.pixels.instance, crossed.angle, torch.stack((crossed.x, crossed.y))
        forms, ray = form.select(whose), (rays[0][whose], rays[1][whose])
        if found.slopes is None:
            side = side_of_lines(kinks, values[whose], angle)
            nodes = central_kink_nodes(offsets, angle, forms, ray, side, _STEPS)
        else:
            by_x, by_y = (slope.T[whose] for slope in found.slopes)
            nodes = straight_central_kink_nodes(offsets, (by_x, by_y), angle, forms, ray)
        yield KinkQuadrature(crossed.pixels, nodes)


def _at_once(values: Tensor, points: int) -> int:
    """Pixels, of so many quadrature points each."""
    return max(MOST_NUMBERS // (values.shape[1] * points), 1)


@lru_cache(maxsize=256)
def _rays(instances: tuple[RoundedSurface, ...], device: torch.device) -> tuple[Tensor, Tensor]:
    """Nodes on rays from the centre and their weights, (instances, radial order) each."""
    cusps = [instance.surface.cusp_power(instance.values) for instance in instances]
    return cusp_grading(cusps, _RAY_ORDER if max(cusps) <= 1.01 else _SMOOTH_RAY_ORDER, device)
