"""Pixels that creases cross, and the nodes that integrate a surface over them."""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache

import torch
from torch import Tensor

from fitting.profiles.creases import Creases
from fitting.profiles.surface import Surface
from fitting.render.crease_nodes import CreaseNodes, side_of_lines
from fitting.render.crossed import CrossedPixels, crossings
from fitting.render.crossed_corner import crossed_corner_nodes, crossed_corner_points
from fitting.render.crossed_pixel import crossed_pixel_nodes, crossed_pixel_points
from fitting.render.ellipse import Ellipses, ellipses
from fitting.render.frame import Frame
from fitting.render.quadrature import cusp_grading
from fitting.render.surface_plan import RoundedSurface, serving_orders, surface_core_key

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
    """Pixels of a stack's frame that creases cross, and nodes."""

    pixels: CrossedPixels
    nodes: CreaseNodes


def creased_pixels(surface: Surface, values: Tensor, frame: Frame) -> Iterator[CreasedPixels]:
    """All of a frame, no more at a time than memory is good for; none where the surface has no creases."""
    creases = surface.creases
    if creases is None:
        return
    q, pa, length = surface.ellipse(values)
    asked = serving_orders(surface_core_key(surface, values), frame, values.device)
    found = crossings(creases, values, q * length < _THIN, asked, frame)
    form = ellipses(values[:, 0], values[:, 1], q, pa, length)
    yield from _central(surface, creases, values, form, found.central)
    for group in found.others:
        yield from _crossed(creases, values, group)


def _central(
    surface: Surface, creases: Creases, values: Tensor, form: Ellipses, found: CrossedPixels
) -> Iterator[CreasedPixels]:
    rays = _rays(surface_core_key(surface, values), values.device)
    points = crossed_corner_points(rays[0].shape[1], len(creases.angles))
    for pixels in found.parts(_at_once(values, points)):
        own, ray = values[pixels.instance], (rays[0][pixels.instance], rays[1][pixels.instance])
        side, steps = side_of_lines(creases, own, pixels.angle), _steps(creases)
        x, y = pixels.x.to(values), pixels.y.to(values)
        nodes = crossed_corner_nodes(x, y, pixels.angle, form.select(pixels.instance), ray, side, steps)
        yield CreasedPixels(pixels, nodes)


def _crossed(creases: Creases, values: Tensor, found: CrossedPixels) -> Iterator[CreasedPixels]:
    points = crossed_pixel_points(found.angle.shape[1], found.order)
    for pixels in found.parts(_at_once(values, points)):
        own = values[pixels.instance]
        side, steps = side_of_lines(creases, own, pixels.angle), _steps(creases)
        x, y = pixels.x - own[:, 0], pixels.y - own[:, 1]
        yield CreasedPixels(pixels, crossed_pixel_nodes(x, y, pixels.angle, found.order, side, steps))


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
