"""Images of surfaces and of their derivatives, for a stack of instances at once.

The same quadrature as for plain profiles (`fitting.render.field`): a stencil on one sample a pixel, rules of higher
order where the plan says so; and rules of their own where creases cross.
"""

from collections.abc import Callable
from functools import lru_cache

import torch
from torch import Tensor

from fitting.profiles.surface import Surface
from fitting.render.core import Core
from fitting.render.creased import creased_pixels, moving_edges
from fitting.render.crossed import CrossedPixels
from fitting.render.ellipse import ellipses
from fitting.render.field import pixel_means
from fitting.render.frame import Frame
from fitting.render.quadrature import STENCIL_MARGIN
from fitting.render.surface_plan import RoundedSurface, surface_core_key, surface_plan

Evaluate = Callable[[Tensor, Tensor, Tensor], Tensor]
"""Offsets x, y (instances, points) and values (instances, parameters) to (instances, …, points)."""


@lru_cache(maxsize=256)
def _core(instances: tuple[RoundedSurface, ...], frame: Frame, device: torch.device) -> Core:
    return Core.build([surface_plan(instance, frame.window) for instance in instances], frame, device)


def surface_core(surface: Surface, values: Tensor, frame: Frame) -> Core:
    """The quadrature of a stack on a frame."""
    return _core(surface_core_key(surface, values), frame, values.device)


def sample(evaluate: Evaluate, values: Tensor, frame: Frame) -> Tensor:
    """What `evaluate` gives at the pixels' centres, (instances, …, height, width)."""
    like = {"dtype": values.dtype, "device": values.device}
    x = torch.arange(frame.x0, frame.x0 + frame.width, **like) - values[:, :1]
    y = torch.arange(frame.y0, frame.y0 + frame.height, **like) - values[:, 1:2]
    shape = (len(values), frame.height, frame.width)
    points = (x[:, None, :].expand(shape).flatten(1), y[:, :, None].expand(shape).flatten(1))
    return evaluate(*points, values).unflatten(-1, shape[1:])


def integrate(surface: Surface, values: Tensor, frame: Frame) -> Tensor:
    """Pixel means of the brightness, (instances, height, width)."""
    means = _smooth(surface, surface.brightness, values, frame)
    for part in creased_pixels(surface, values, frame):
        light = surface.brightness(part.nodes.x, part.nodes.y, part.values)
        _put(means, part.pixels, frame, torch.linalg.vecdot(light, part.nodes.weight))
    return means


def integrate_derivatives(surface: Surface, values: Tensor, frame: Frame) -> Tensor:
    """Derivatives of the pixel means by every parameter, (instances, parameters, height, width)."""
    means = _smooth(surface, surface.derivatives, values, frame)
    for part in creased_pixels(surface, values, frame):
        slopes = surface.derivatives(part.nodes.x, part.nodes.y, part.values)
        own = torch.linalg.vecdot(slopes, part.nodes.weight[:, None])
        if surface.creases is not None and surface.creases.jump:
            own = own + moving_edges(surface, part.values, part.nodes.edge)
        _put(means, part.pixels, frame, own)
    return means


def _put(means: Tensor, pixels: CrossedPixels, frame: Frame, own: Tensor) -> None:
    means.flatten(-2)[pixels.instance, ..., pixels.target(frame)] = own


def _smooth(surface: Surface, evaluate: Evaluate, values: Tensor, frame: Frame) -> Tensor:
    """Pixel means of what `evaluate` gives, (instances, …, height, width), wrong where creases cross."""
    core = surface_core(surface, values, frame)
    means = pixel_means(sample(evaluate, values, frame.widened(STENCIL_MARGIN)))
    q, pa, length = surface.ellipse(values)
    form = ellipses(values[:, 0], values[:, 1], q, pa, length)
    x, y, weights = core.points(form, core.split(form, None))
    at_points = evaluate(x, y, values)
    by_instance = core.gather(at_points * (weights if at_points.ndim == 2 else weights[:, None]))
    means.flatten(-2)[core.instance, ..., core.target] = by_instance[core.instance, ..., core.slot]
    return means
