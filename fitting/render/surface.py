"""Images of surfaces and of their derivatives, for a stack of instances at once.

The same quadrature as for plain profiles (`fitting.render.field`): a stencil on one sample a pixel, rules of higher
order where the plan says so; and rules of their own where creases cross.
"""

from collections.abc import Callable

import torch
from torch import Tensor

from fitting.profiles.surface import Surface
from fitting.render.core import Core
from fitting.render.crease_sums import crease_derivatives, crease_means
from fitting.render.crossed import CrossedPixels
from fitting.render.ellipse import ellipses
from fitting.render.field import pixel_means
from fitting.render.frame import Frame
from fitting.render.kept import kept
from fitting.render.quadrature import STENCIL_MARGIN
from fitting.render.surface_plan import RoundedSurface, surface_core_key, surface_plan

Evaluate = Callable[[Tensor, Tensor, Tensor], Tensor]
"""Offsets x, y (instances, points) and values (instances, parameters) to (instances, …, points)."""


@kept
def _core(instances: tuple[RoundedSurface, ...], frame: Frame, device: torch.device) -> Core:
    return Core.build([surface_plan(instance, frame.window) for instance in instances], frame, device)


def surface_core(surface: Surface, values: Tensor, frame: Frame) -> Core:
    """The quadrature of a stack on a frame."""
    return _core(surface_core_key(surface, values), frame, values.device)


def sample(evaluate: Evaluate, values: Tensor, frame: Frame) -> Tensor:
    """What `evaluate` gives at the pixels' centres, (instances, …, height, width)."""
    return evaluate(*_grid(values, frame), values).unflatten(-1, (frame.height, frame.width))


def _grid(values: Tensor, frame: Frame) -> tuple[Tensor, Tensor]:
    """Offsets of the pixels' centres from the surfaces', (instances, pixels) each."""
    x, y = frame.offsets(values[:, 0], values[:, 1])
    shape = (len(values), frame.height, frame.width)
    return x[:, None, :].expand(shape).flatten(1), y[:, :, None].expand(shape).flatten(1)


def integrate(surface: Surface, values: Tensor, frame: Frame) -> Tensor:
    """Pixel means of the brightness, (instances, height, width)."""
    means = _smooth(surface, surface.brightness, values, frame)
    for pixels, own in crease_means(surface, values, frame):
        _put(means, pixels, frame, own)
    return means


def integrate_derivatives(surface: Surface, values: Tensor, frame: Frame) -> Tensor:
    """Derivatives of the pixel means by every parameter, (instances, parameters, height, width)."""
    means = _smooth(surface, surface.derivatives, values, frame)
    for pixels, own in crease_derivatives(surface, values, frame):
        _put(means, pixels, frame, own)
    return means


def _put(means: Tensor, pixels: CrossedPixels, frame: Frame, own: Tensor) -> None:
    means.flatten(-2)[pixels.instance, ..., pixels.target(frame)] = own


def _smooth(surface: Surface, evaluate: Evaluate, values: Tensor, frame: Frame) -> Tensor:
    """Pixel means of what `evaluate` gives, (instances, …, height, width), wrong where creases cross."""
    core = surface_core(surface, values, frame)
    wide = frame.widened(STENCIL_MARGIN)
    grid_x, grid_y = _grid(values, wide)
    q, pa, length = surface.ellipse(values)
    form = ellipses(values[:, 0], values[:, 1], q, pa, length)
    x, y, weights = core.points(form, core.split(form, None))
    found = evaluate(torch.cat((grid_x, x), dim=1), torch.cat((grid_y, y), dim=1), values)
    samples, at_points = found.split((grid_x.shape[1], x.shape[1]), dim=-1)
    means = pixel_means(samples.unflatten(-1, (wide.height, wide.width)))
    by_instance = core.gather(at_points * (weights if at_points.ndim == 2 else weights[:, None]))
    means.flatten(-2)[core.instance, ..., core.target] = by_instance[core.instance, ..., core.slot]
    return means
