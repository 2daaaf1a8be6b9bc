"""Images of surfaces and of their derivatives, for a stack of instances at once.

The same quadrature as for plain profiles (`fitting.render.field`): a stencil on one sample a pixel, rules of higher
order where the plan says so; and rules of their own where creases cross, or where ripples ask for samples at the
pixels' corners.
"""

from collections.abc import Callable

import torch
from torch import Tensor

from fitting.profiles.surface import Surface
from fitting.render.core import Core
from fitting.render.crease_sums import CreaseBatch, crease_batches
from fitting.render.creased import surface_crossings
from fitting.render.crossed import PixelsOfStack
from fitting.render.ellipse import ellipses
from fitting.render.field import pixel_means
from fitting.render.frame import Frame
from fitting.render.kept import kept
from fitting.render.quadrature import STENCIL_MARGIN
from fitting.render.quincunx import corner_frame, quincunx_means
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


def _grid(values: Tensor, frame: Frame, shift: float = 0) -> tuple[Tensor, Tensor]:
    """Offsets of the pixels' centres, both moved by `shift`, from the surfaces': (instances, pixels) each."""
    x, y = frame.offsets(values[:, 0], values[:, 1], shift)
    shape = (len(values), frame.height, frame.width)
    return x[:, None, :].expand(shape).flatten(1), y[:, :, None].expand(shape).flatten(1)


def integrate(surface: Surface, values: Tensor, frame: Frame) -> Tensor:
    """Pixel means of the brightness, (instances, height, width)."""
    return _means(surface, surface.brightness, values, frame, CreaseBatch.sums)


def integrate_derivatives(surface: Surface, values: Tensor, frame: Frame) -> Tensor:
    """Derivatives of the pixel means by every parameter, (instances, parameters, height, width)."""

    def sums(batch: CreaseBatch, at_points: Tensor) -> list[Tensor]:
        inside = batch.sums(at_points)
        if surface.creases is None or not surface.creases.jump:
            return inside
        return [own + edge for own, edge in zip(inside, batch.moving_edges(surface, values), strict=True)]

    return _means(surface, surface.derivatives, values, frame, sums)


def _put(means: Tensor, pixels: PixelsOfStack, frame: Frame, own: Tensor) -> None:
    means.flatten(-2)[pixels.instance, ..., pixels.target(frame)] = own


def _means(
    surface: Surface,
    evaluate: Evaluate,
    values: Tensor,
    frame: Frame,
    crease_sums: Callable[[CreaseBatch, Tensor], list[Tensor]],
) -> Tensor:
    """Pixel means of what `evaluate` gives, (instances, …, height, width); `crease_sums` are those of a batch of pixels
    that creases cross.

    The first batch, most often the only one, is evaluated with all the rest.
    """
    found = surface_crossings(surface, values, frame)
    batches = iter(()) if found is None else crease_batches(surface, values, found)
    first = next(batches, None)
    core = surface_core(surface, values, frame)
    wide = frame.widened(STENCIL_MARGIN)
    q, pa, length = surface.ellipse(values)
    form = ellipses(values[:, 0], values[:, 1], q, pa, length)
    x, y, weights = core.points(form, core.split(form, None))
    parts = [_grid(values, wide), (x, y), *(() if first is None else (first.points(),))]
    x, y = (torch.cat(part, dim=1) for part in zip(*parts, strict=True))
    samples, at_core, *at_creases = evaluate(x, y, values).split([part[0].shape[1] for part in parts], dim=-1)

    means = _grid_means(evaluate, values, samples.unflatten(-1, (wide.height, wide.width)), core, frame)
    if found is not None and len(found.beside):
        _put(means, found.beside, frame, _close_means(samples, found.beside, wide))
    by_instance = core.gather(at_core * (weights if at_core.ndim == 2 else weights[:, None]))
    means.flatten(-2)[core.instance, ..., core.target] = by_instance[core.instance, ..., core.slot]
    if first is not None:
        _put_batch(means, first, frame, crease_sums(first, *at_creases))
    for batch in batches:
        _put_batch(means, batch, frame, crease_sums(batch, evaluate(*batch.points(), values)))
    return means


def _grid_means(evaluate: Evaluate, values: Tensor, samples: Tensor, core: Core, frame: Frame) -> Tensor:
    """Pixel means where the lattices' weights serve, from samples at the centres (instances, …, height + 6, width + 6)
    and, of the instances that the core says, at the corners.
    """
    places = list(core.quincunx)
    if not places:
        return pixel_means(samples)
    own, around = values[places], corner_frame(frame)
    corners = evaluate(*_grid(own, around, 0.5), own).unflatten(-1, (around.height, around.width))
    if len(places) == len(values):
        return quincunx_means(samples, corners)
    means = pixel_means(samples)
    means[places] = quincunx_means(samples[places], corners)
    return means


def _put_batch(means: Tensor, batch: CreaseBatch, frame: Frame, sums: list[Tensor]) -> None:
    for pixels, own in zip(batch.pixels, sums, strict=True):
        _put(means, pixels, frame, own)


def _close_means(samples: Tensor, pixels: PixelsOfStack, wide: Frame) -> Tensor:
    """Means over pixels, (pixels, …), from samples (instances, …, those of a frame) at their centres and at those of
    the four beside each: 1 + δ²/24 along both axes, of which the next term is 2.95e-3 of the fourth derivative.
    """
    centre = pixels.target(wide)
    around = centre.new_tensor([1, -1, wide.width, -wide.width])
    own, beside = (
        samples[pixels.instance, ..., centre],
        samples[pixels.instance[:, None], ..., centre[:, None] + around],
    )
    return own + (beside.sum(1) - 4.0 * own) / 24.0
