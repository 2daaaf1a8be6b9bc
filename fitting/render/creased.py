"""Pixels that creases cross, and the nodes that integrate a surface over them."""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache

import torch
from torch import Tensor

from fitting.profiles.creases import Creases
from fitting.profiles.surface import Surface
from fitting.render.corner import cusp_grading
from fitting.render.crease_nodes import CreaseNodes, side_of_lines
from fitting.render.crossed import CrossedPixels, Crossings, PixelsOfStack, crossings
from fitting.render.crossed_corner import crossed_corner_nodes, crossed_corner_points
from fitting.render.crossed_once import crossed_once_nodes, crossed_once_points
from fitting.render.crossed_pixel import crossed_pixel_nodes, crossed_pixel_points
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
    yield from _central(creases, values, form, rounded, found.central)
    for once in found.once:
        for part in once.parts(_at_once(values, crossed_once_points(once.order))):
            yield CreasedPixels(part.pixels, crossed_once_nodes(part.x, part.y, part.lines, part.order))
    for group in found.others:
        yield from _crossed(creases, values, group)


def _central(
    creases: Creases, values: Tensor, form: Ellipses, rounded: tuple[RoundedSurface, ...], found: CrossedPixels
) -> Iterator[CreasedPixels]:
    if not len(found):
        return
    rays = _rays(rounded, values.device)
    points = crossed_corner_points(rays[0].shape[1], len(creases.angles))
    for crossed in found.parts(_at_once(values, points)):
        pixels = crossed.pixels
        own, ray = values[pixels.instance], (rays[0][pixels.instance], rays[1][pixels.instance])
        side, steps = side_of_lines(creases, own, crossed.angle), _steps(creases)
        x, y = pixels.x.to(values), pixels.y.to(values)
        nodes = crossed_corner_nodes(x, y, crossed.angle, form.select(pixels.instance), ray, side, steps)
        yield CreasedPixels(pixels, nodes)


def _crossed(creases: Creases, values: Tensor, found: CrossedPixels) -> Iterator[CreasedPixels]:
    points = crossed_pixel_points(found.angle.shape[1], found.order)
    for crossed in found.parts(_at_once(values, points)):
        pixels, own = crossed.pixels, values[crossed.pixels.instance]
        side, steps = side_of_lines(creases, own, crossed.angle), _steps(creases)
        x, y = pixels.x - own[:, 0], pixels.y - own[:, 1]
        yield CreasedPixels(pixels, crossed_pixel_nodes(x, y, crossed.angle, found.order, side, steps))


def _at_once(values: Tensor, points: int) -> int:
    """Pixels, of so many quadrature points each."""
    return max(MOST_NUMBERS // (values.shape[1] * points), 1)


def _steps(creases: Creases) -> int:
    """On the way to where a crease is met."""
    return 1 if creases.straight else _STEPS


@lru_cache(maxsize=256)
def _rays(instances: tuple[RoundedSurface, ...], device: torch.device) -> tuple[Tensor, Tensor]:
    """Nodes on rays from the centre and their weights, (instances, radial order) each."""
    cusps = [instance.surface.cusp_power(instance.values) for instance in instances]
    return cusp_grading(cusps, _RAY_ORDER if max(cusps) <= 1.01 else _SMOOTH_RAY_ORDER, device)
