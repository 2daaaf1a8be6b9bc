"""Images of radial profiles, pixel by pixel integrated, and of their derivatives, for a stack of instances at once.

Columns are, in this order: ∂I/∂ρ times δx, δy, δx², δxδy, δy²; ∂I/∂(shape parameters); I itself; all for unit
amplitude.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache

import torch
from torch import Tensor

from fitting.render.pixels import STENCIL_MARGIN, Frame, cached_bytes, most_cached, pixel_means, spread_means
from fitting.render.radial.ellipse import GEOMETRY, Ellipses, write_geometry
from fitting.render.radial.quadrature_pixels import QuadraturePixels, QuadraturePixelSums, put_columns, put_values
from fitting.render.radial.radial_instances import RadialInstances


def sample(instances: RadialInstances, frame: Frame) -> Tensor:
    """Unit-amplitude brightness at the pixels' centres, shape (instances, height, width)."""
    _, _, log_rho, _ = _grid(instances.form, frame)
    return instances.profile.brightness(log_rho, instances.constants_at(3))


def sample_columns(instances: RadialInstances, frame: Frame) -> Tensor:
    """The derivative columns at the pixels' centres, shape (instances, columns, height, width)."""
    x, y, log_rho, rho = _grid(instances.form, frame)
    brightness, by_log_rho, by_shape = instances.profile.derivatives(log_rho, instances.constants_at(3))
    columns = rho.new_empty((rho.shape[0], GEOMETRY + len(by_shape) + 1, *rho.shape[1:]))
    write_geometry(columns.movedim(1, 0), by_log_rho.div_(rho), x, y)
    for index, part in enumerate((*by_shape, brightness), start=GEOMETRY):
        columns[:, index] = part
    return columns


def integrate(instances: RadialInstances, frame: Frame, quadrature_pixels: QuadraturePixels) -> Tensor:
    """Pixel means of unit-amplitude brightness, shape (instances, height, width)."""
    means = instances.form.centre.new_empty((len(instances), frame.height, frame.width))
    for part, margin in _parts(quadrature_pixels, means):
        pixel_means(sample(instances.select(part), frame.widen(margin)), margin, means[part])
    put_values(instances, quadrature_pixels, means)
    return means


def integrate_columns(
    instances: RadialInstances, frame: Frame, quadrature_pixels: QuadraturePixels, out: Tensor | None = None
) -> Tensor:
    """Pixel means of the derivative columns, shape (instances, columns, height, width); in `out`, if it is given."""
    if out is None:
        columns = GEOMETRY + len(instances.profile.shape) + 1
        out = instances.form.centre.new_empty((len(instances), columns, frame.height, frame.width))
    for part, margin in _parts(quadrature_pixels, out):
        some, wide = instances.select(part), frame.widen(margin)
        # All columns at once on a GPU always, else where the caches hold them.
        if out.device.type != "cpu" or out[part].nbytes <= cached_bytes():
            pixel_means(sample_columns(some, wide), margin, out[part])
            continue
        for column, samples in enumerate(_each_column(some, wide)):
            pixel_means(samples, margin, out[part, column])
    put_columns(instances, quadrature_pixels, out)
    return out


@dataclass(frozen=True)
class Linearization:
    """Brightness and derivatives of a stack on one frame, kept so that image and gradient come from one evaluation.

    Attributes:
        x, y: offsets of the grid from the centres, (instances, 1, width) and (instances, height, 1).
        by_rho, by_shape, brightness: on the grid, (instances, height, width) each; widened for the stencil if pixels
            are integrated.
        quadrature: over the pixels that the stencil does not serve, or None where pixels hold samples.
    """

    x: Tensor
    y: Tensor
    by_rho: Tensor
    by_shape: tuple[Tensor, ...]
    brightness: Tensor
    quadrature: QuadraturePixelSums | None

    def image(self) -> Tensor:
        """Pixel values of unit-amplitude brightness, (instances, height, width)."""
        if self.quadrature is None:
            return self.brightness
        means = _means(self.brightness, self.quadrature.pixels)
        self.quadrature.put_values(means)
        return means

    def backproject(self, weight: Tensor) -> Tensor:
        """Sums over pixels of `weight` times each column: (instances, columns). `weight` is (batch, height, width), of
        which each serves as many instances in a row as there are to it.

        The transpose of `integrate_columns` (or `sample_columns`) without the columns' images: the geometry's five sums
        are moments of one image.
        """
        weight = weight.repeat_interleave(len(self.x) // len(weight), 0)
        if self.quadrature is None:
            return self._grid_sums(weight)
        sums = self.quadrature.take(weight)
        return sum(sums, self._grid_sums(_spread_back(weight, self.quadrature.pixels)))

    def _grid_sums(self, weight: Tensor) -> Tensor:
        moments = _moments(self.by_rho * weight, self.x.squeeze(-2), self.y.squeeze(-1))
        others = [(part * weight).sum((-1, -2)) for part in (*self.by_shape, self.brightness)]
        return torch.cat((moments, torch.stack(others, dim=-1)), dim=-1)


def linearize(instances: RadialInstances, frame: Frame, quadrature_pixels: QuadraturePixels | None) -> Linearization:
    """Evaluate a stack on a frame once, for its image and for gradients; without quadrature, pixels hold samples."""
    x, y, log_rho, rho = _grid(instances.form, frame if quadrature_pixels is None else frame.widen(STENCIL_MARGIN))
    brightness, by_log_rho, by_shape = instances.profile.derivatives(log_rho, instances.constants_at(3))
    sums = None if quadrature_pixels is None else QuadraturePixelSums.of(instances, quadrature_pixels)
    return Linearization(x, y, by_log_rho.div_(rho), by_shape, brightness, sums)


def _moments(image: Tensor, x: Tensor, y: Tensor) -> Tensor:
    """Sums of image · δx, δy, δx², δxδy, δy² over the grid: (instances, 5)."""
    one = x.new_ones(1)
    by_column = torch.stack((one.expand_as(y), y, y * y), dim=-2) @ image
    grid = by_column @ torch.stack((one.expand_as(x), x, x * x), dim=-1)
    return grid.flatten(1).index_select(1, _of_moments(x.device))


@cache
def _of_moments(device: torch.device) -> Tensor:
    """Places of the moments x, y, x², xy, y² among those of all powers of y (rows) and x up to the second."""
    return torch.tensor([1, 3, 2, 4, 6], device=device)


def _grid(form: Ellipses, frame: Frame) -> tuple[Tensor, Tensor, Tensor, Tensor]:
    """δx (instances, 1, width), δy (instances, height, 1), ln ρ and ρ at the pixels' centres."""
    centre_x, centre_y = form.centre.unbind()
    x, y = frame.offsets(centre_x, centre_y)
    x, y = x[:, None, :], y[:, :, None]
    rho = form.rho(x, y)
    return x, y, rho.log(), rho


def _parts(quadrature_pixels: QuadraturePixels, images: Tensor) -> Iterator[tuple[slice, int]]:
    """Instances that are rendered together, and their stencil's margin.

    On the CPU so few that one image of each stays in its caches; `images` are (instances, …, height, width).
    """
    most = most_cached(images) if images.device.type == "cpu" else len(images)
    for run, margin in quadrature_pixels.runs:
        for start in range(run.start, run.stop, most):
            yield slice(start, min(start + most, run.stop)), margin


def _means(samples: Tensor, quadrature_pixels: QuadraturePixels) -> Tensor:
    """Pixel means (instances, height, width) from samples of the widened frame, each instance's by its stencil."""
    height, width = (size - 2 * STENCIL_MARGIN for size in samples.shape[-2:])
    means = samples.new_empty((len(samples), height, width))
    for run, margin in quadrature_pixels.runs:
        pixel_means(_inner(samples[run], STENCIL_MARGIN - margin), margin, means[run])
    return means


def _spread_back(weight: Tensor, quadrature_pixels: QuadraturePixels) -> Tensor:
    """The transpose of `_means`, for weights (instances, height, width)."""
    if all(margin == STENCIL_MARGIN for _, margin in quadrature_pixels.runs):
        return spread_means(weight)
    height, width = (size + 2 * STENCIL_MARGIN for size in weight.shape[-2:])
    back = weight.new_zeros((len(weight), height, width))
    for run, margin in quadrature_pixels.runs:
        _inner(back[run], STENCIL_MARGIN - margin).copy_(spread_means(weight[run], margin))
    return back


def _inner(images: Tensor, margin: int) -> Tensor:
    """All but the outermost pixels on every side."""
    return images[..., margin : images.shape[-2] - margin, margin : images.shape[-1] - margin]


def _each_column(instances: RadialInstances, frame: Frame) -> Iterator[Tensor]:
    """The columns of `sample_columns` one after the other, (instances, height, width) each."""
    x, y, log_rho, rho = _grid(instances.form, frame)
    brightness, by_log_rho, by_shape = instances.profile.derivatives(log_rho, instances.constants_at(3))
    by_rho = by_log_rho.div_(rho)
    yield by_rho * x
    yield by_rho * y
    yield by_rho * (x * x)
    yield (by_rho * x).mul_(y)
    yield by_rho * (y * y)
    yield from by_shape
    yield brightness
