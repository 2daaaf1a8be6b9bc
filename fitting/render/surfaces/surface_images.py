"""Images of surfaces and of their derivatives, for a stack of instances at once.

The same quadrature as for plain profiles (`fitting.render.radial.radial_images`): a stencil on one sample a pixel,
rules of higher order where the plan says so; and rules of their own where kinks cross, or where ripples ask for samples
at the pixels' corners.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

import torch
from torch import Tensor

from fitting.profiles.surface import Surface
from fitting.render.kinks import PixelsOfStack
from fitting.render.pixels import STENCIL_MARGIN, Frame, cached_by_bytes, corner_frame, pixel_means, quincunx_means
from fitting.render.radial import Ellipses, QuadraturePixels
from fitting.render.surfaces.surface_frames import Evaluate, FieldOnFrames, SurfaceFrames
from fitting.render.surfaces.surface_plan import RoundedSurface, surface_plan
from fitting.render.surfaces.surface_points import FixedRows, RowsOfPoints, central_rows


@dataclass(frozen=True)
class SurfaceQuadrature:
    """The quadrature of a stack on a frame.

    Attributes:
        pixels: as of plain profiles.
        fixed: its pixels with points of their own.
    """

    pixels: QuadraturePixels
    fixed: FixedRows | None

    @property
    def nbytes(self) -> int:
        """Bytes of its arrays."""
        return self.pixels.nbytes + (0 if self.fixed is None else self.fixed.nbytes)

    def near(self, form: Ellipses) -> list[RowsOfPoints]:
        """Points of pixels that lattices do not serve, of surfaces with these ellipses."""
        near = [] if self.fixed is None else [self.fixed.rows(form.centre)]
        return [*(central_rows(central, form) for central in self.pixels.central), *near]


@cached_by_bytes
def surface_quadrature(instances: tuple[RoundedSurface, ...], frame: Frame, device: torch.device) -> SurfaceQuadrature:
    """The quadrature of a stack on a frame."""
    pixels = QuadraturePixels.build([surface_plan(instance, frame.window) for instance in instances], frame, device)
    return SurfaceQuadrature(pixels, None if pixels.fixed is None else FixedRows.of(pixels.fixed))


def sample(evaluate: Evaluate, values: Tensor, frame: Frame) -> Tensor:
    """What `evaluate` gives at the pixels' centres, (instances, …, height, width)."""
    return evaluate(*_grid(values, frame), values).unflatten(-1, (frame.height, frame.width))


def _grid(values: Tensor, frame: Frame, shift: float = 0) -> tuple[Tensor, Tensor]:
    """Offsets of the pixels' centres, both moved by `shift`, from the surfaces': (instances, pixels) each."""
    x, y = frame.offsets(values[:, 0], values[:, 1], shift)
    shape = (len(values), frame.height, frame.width)
    return x[:, None, :].expand(shape).flatten(1), y[:, :, None].expand(shape).flatten(1)


def _grid_and(values: Tensor, frame: Frame, others: Sequence[tuple[Tensor, Tensor]]) -> tuple[Tensor, Tensor]:
    """Offsets of the pixels' centres, and of other points (instances, points) after them."""
    if not others:
        return _grid(values, frame)
    count = frame.height * frame.width
    joined = values.new_empty((2, len(values), count + sum(x.shape[1] for x, _ in others)))
    grid = joined[..., :count].unflatten(-1, (frame.height, frame.width))
    x, y = frame.offsets(values[:, 0], values[:, 1])
    grid[0], grid[1] = x[:, None, :], y[:, :, None]
    for axis, parts in enumerate(zip(*others, strict=True)):
        torch.cat(parts, dim=1, out=joined[axis, :, count:])
    return joined[0], joined[1]


def integrate(surface: Surface, values: Tensor, frame: Frame) -> Tensor:
    """Pixel means of the brightness, (instances, height, width)."""
    return field_means(SurfaceFrames(surface, values, (frame,)).brightness, frame)


def integrate_derivatives(surface: Surface, values: Tensor, frame: Frame) -> Tensor:
    """Derivatives of the pixel means by every parameter, (instances, parameters, height, width)."""
    return field_means(SurfaceFrames(surface, values, (frame,)).derivatives, frame)


def field_means(field: FieldOnFrames, frame: Frame) -> Tensor:
    """Pixel means of a field on one of its frames, (instances, …, height, width).

    Where there is one frame alone, the first batch of pixels that kinks cross is evaluated with all the rest.
    """
    on, values = field.on, field.on.values
    quadrature = surface_quadrature(on.rounded_surfaces, frame, values.device)
    wide = frame.widen(STENCIL_MARGIN)
    near = quadrature.near(on.form)
    batches = on.batches() if len(on.frames) == 1 else iter(())
    first = next(batches, None)
    others = [*((rows.x, rows.y) for rows in near), *(() if first is None else (first.points(),))]
    counts = [wide.height * wide.width, *(x.shape[1] for x, _ in others)]
    samples, *at_parts = field.evaluate(*_grid_and(values, wide, others), values).split_with_sizes(counts, dim=-1)
    at_near, at_first = at_parts[: len(near)], at_parts[len(near) :]
    if first is None:
        kinks = field.kink_means(frame)
    else:
        (samples_of_first,) = at_first
        kinks = field.alone(frame, first, samples_of_first, batches)

    samples_of_grid = samples.view(*samples.shape[:-1], wide.height, wide.width)
    means = _grid_means(field.evaluate, values, samples_of_grid, quadrature.pixels, frame)
    flat = means.flatten(-2)
    if kinks is not None and len(kinks.beside):
        flat[kinks.beside.instance, ..., kinks.beside.target] = _close_means(samples, kinks.beside, wide.width)
    for rows, at_rows in zip(near, at_near, strict=True):
        rows.pixels.put_columns(rows.means(at_rows), means)
    if kinks is not None and len(kinks.pixels):
        flat[kinks.pixels.instance, ..., kinks.pixels.target] = kinks.sums
    return means


def _grid_means(
    evaluate: Evaluate, values: Tensor, samples: Tensor, quadrature_pixels: QuadraturePixels, frame: Frame
) -> Tensor:
    """Pixel means where the lattices' weights serve, from samples at the centres (instances, …, height + 6, width + 6)
    and, of the instances that are sampled there, at the corners.
    """
    places = list(quadrature_pixels.quincunx)
    if not places:
        return pixel_means(samples)
    sampled, around = values if len(places) == len(values) else values[places], corner_frame(frame)
    corners = evaluate(*_grid(sampled, around, 0.5), sampled).unflatten(-1, (around.height, around.width))
    if len(places) == len(values):
        return quincunx_means(samples, corners)
    means = pixel_means(samples)
    means[places] = quincunx_means(samples[places], corners)
    return means


def _close_means(samples: Tensor, pixels: PixelsOfStack, width: int) -> Tensor:
    """Means over pixels, (pixels, …), from samples (instances, …, those of a frame so wide) at their centres and at
    those of the four beside each.
    """
    steps, weights = _five(width, samples.device)
    places = pixels.wide_target.unsqueeze(1) + steps
    if len(samples) == 1:
        return (samples[0].index_select(-1, places.flatten()).unflatten(-1, places.shape) @ weights).movedim(-1, 0)
    return samples[pixels.instance.unsqueeze(1), ..., places].movedim(1, -1) @ weights


@lru_cache(maxsize=256)
def _five(width: int, device: torch.device) -> tuple[Tensor, Tensor]:
    """Steps to five samples of a frame so wide, and their weights: 1 + δ²/24 along both axes, of which the next term is
    2.95e-3 of the fourth derivative.
    """
    weights = (5 / 6, 1 / 24, 1 / 24, 1 / 24, 1 / 24)
    steps = torch.tensor((0, 1, -1, width, -width), device=device)
    return steps, torch.tensor(weights, dtype=torch.float64, device=device)
