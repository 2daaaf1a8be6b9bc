"""Images of surfaces and of their derivatives, for a stack of instances at once.

The same quadrature as for plain profiles (`fitting.render.field`): a stencil on one sample a pixel, rules of higher
order where the plan says so.
"""

from collections.abc import Callable
from functools import lru_cache

import torch
from torch import Tensor

from fitting.profiles.surface import Surface
from fitting.render.core import Core
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


def integrate(surface: Surface, evaluate: Evaluate, values: Tensor, frame: Frame, core: Core) -> Tensor:
    """Pixel means of what `evaluate` gives, (instances, …, height, width)."""
    means = pixel_means(sample(evaluate, values, frame.widened(STENCIL_MARGIN)))
    q, pa, length = surface.ellipse(values)
    form = ellipses(values[:, 0], values[:, 1], q, pa, length)
    x, y, weights = core.points(form, core.split(form, None))
    at_points = evaluate(x, y, values)
    by_instance = core.gather(at_points * (weights if at_points.ndim == 2 else weights[:, None]))
    means.flatten(-2)[core.instance, ..., core.target] = by_instance[core.instance, ..., core.slot]
    return means
