"""Images of pixel-integrated radial profiles, and of their derivative columns, for a stack of instances at once.

Columns are, in this order: ∂I/∂ρ times δx, δy, δx², δxδy, δy²; ∂I/∂(shape parameters); I itself; all for unit
amplitude.
"""

from collections.abc import Iterator
from dataclasses import dataclass

import torch
from torch import Tensor

from fitting.profiles import RadialProfile
from fitting.profiles.radial import RHO_FLOOR
from fitting.render.core import Core
from fitting.render.ellipse import GEOMETRY, Ellipses
from fitting.render.frame import Frame
from fitting.render.outline import OutlinePoints
from fitting.render.quadrature import STENCIL_MARGIN, stencil_means

_IN_CACHE = 2**19
"""Bytes of images, for each thread, that a dozen passes over them find in a core's own cache."""


def sample(profile: RadialProfile, form: Ellipses, constants: Tensor, frame: Frame) -> Tensor:
    """Unit-amplitude brightness at the pixels' centres, shape (instances, height, width)."""
    _, _, log_rho, _ = _grid(form, frame)
    return profile.brightness(log_rho, constants[..., None, None])


def sample_columns(profile: RadialProfile, form: Ellipses, constants: Tensor, frame: Frame) -> Tensor:
    """The derivative columns at the pixels' centres, shape (instances, columns, height, width)."""
    x, y, log_rho, rho = _grid(form, frame)
    return _columns(profile, x, y, log_rho, rho, constants[..., None, None])


def integrate(profile: RadialProfile, form: Ellipses, constants: Tensor, frame: Frame, core: Core) -> Tensor:
    """Pixel means of unit-amplitude brightness, shape (instances, height, width)."""
    means = torch.empty((len(form.x), frame.height, frame.width), dtype=form.x.dtype, device=form.x.device)
    for part, margin in _parts(core, means):
        samples = sample(profile, form.select(part), constants[..., part], frame.widened(margin))
        pixel_means(samples, margin, means[part])
    x, y, weights = core.points(form, core.split(form, profile.break_radius(constants)))
    log_rho = _rho(form.broadcast(1), x, y).log_()
    values = core.gather(profile.brightness(log_rho, constants[..., None]).mul_(weights))
    means.flatten(1)[core.instance, core.target] = values[core.instance, core.slot]
    return means


def integrate_columns(
    profile: RadialProfile, form: Ellipses, constants: Tensor, frame: Frame, core: Core, out: Tensor | None = None
) -> Tensor:
    """Pixel means of the derivative columns, shape (instances, columns, height, width); in `out`, if it is given."""
    values = _core_columns(profile, form, constants, core)
    if out is None:
        shape = (*values.shape[:2], frame.height, frame.width)
        out = torch.empty(shape, dtype=values.dtype, device=values.device)
    for part, margin in _parts(core, out):
        own, wide = form.select(part), frame.widened(margin)
        if _together(out[part]):
            pixel_means(sample_columns(profile, own, constants[..., part], wide), margin, out[part])
            continue
        for column, samples in enumerate(_each_column(profile, own, constants[..., part], wide)):
            pixel_means(samples, margin, out[part, column])
    out.flatten(2)[core.instance, :, core.target] = values[core.instance, :, core.slot]
    return out


@dataclass(frozen=True)
class Linearization:
    """Brightness and derivatives of a stack on one frame, kept so that image and gradient come from one evaluation.

    Attributes:
        x, y: offsets of the grid from the centres, (instances, 1, width) and (instances, height, 1).
        by_rho, by_shape, brightness: on the grid, (instances, height, width) each; widened for the stencil if there is
        a core.
        core: quadrature of the frame, or None where pixels hold samples.
        values: columns over the core's pixels, (instances, columns, slots), or None.
    """

    x: Tensor
    y: Tensor
    by_rho: Tensor
    by_shape: tuple[Tensor, ...]
    brightness: Tensor
    core: Core | None
    values: Tensor | None

    def image(self) -> Tensor:
        """Pixel values of unit-amplitude brightness, (instances, height, width)."""
        if self.core is None or self.values is None:
            return self.brightness
        means = _means(self.brightness, self.core)
        means.flatten(1)[self.core.instance, self.core.target] = self.values[self.core.instance, -1, self.core.slot]
        return means

    def backproject(self, weight: Tensor) -> Tensor:
        """Sums over pixels of `weight` (instances, height, width) times each column: (instances, columns).

        The transpose of `integrate_columns` (or `sample_columns`) without the columns' images: the geometry's five sums
        are moments of one image.
        """
        if self.core is None or self.values is None:
            return self._grid_sums(weight)
        weight = weight.clone()
        flat = weight.flatten(1)
        at_core = torch.zeros_like(self.values[:, 0])
        at_core[self.core.instance, self.core.slot] = flat[self.core.instance, self.core.target]
        flat[self.core.instance, self.core.target] = 0.0
        return self._grid_sums(_spread_back(weight, self.core)) + (self.values @ at_core.unsqueeze(-1)).squeeze(-1)

    def _grid_sums(self, weight: Tensor) -> Tensor:
        moments = _moments(self.by_rho * weight, self.x.squeeze(-2), self.y.squeeze(-1))
        others = [(part * weight).sum((-1, -2)) for part in (*self.by_shape, self.brightness)]
        return torch.cat((moments, torch.stack(others, dim=-1)), dim=-1)


def linearize(
    profile: RadialProfile, form: Ellipses, constants: Tensor, frame: Frame, core: Core | None
) -> Linearization:
    """Evaluate a stack on a frame once, for its image and for gradients; without a core, pixels hold samples."""
    x, y, log_rho, rho = _grid(form, frame if core is None else frame.widened(STENCIL_MARGIN))
    brightness, by_log_rho, by_shape = profile.derivatives(log_rho, constants[..., None, None])
    values = None if core is None else _core_columns(profile, form, constants, core)
    return Linearization(x, y, by_log_rho.div_(rho), by_shape, brightness, core, values)


def _moments(image: Tensor, x: Tensor, y: Tensor) -> Tensor:
    """Sums of image · δx, δy, δx², δxδy, δy² over the grid: (instances, 5)."""
    by_column = torch.stack((torch.ones_like(y), y, y * y), dim=-2) @ image
    grid = by_column @ torch.stack((torch.ones_like(x), x, x * x), dim=-1)
    return torch.stack((grid[:, 0, 1], grid[:, 1, 0], grid[:, 0, 2], grid[:, 1, 1], grid[:, 2, 0]), dim=-1)


def _grid(form: Ellipses, frame: Frame) -> tuple[Tensor, Tensor, Tensor, Tensor]:
    """δx (instances, 1, width), δy (instances, height, 1), ln ρ and ρ at the pixels' centres."""
    x, y = frame.offsets(form.x, form.y)
    x, y = x[:, None, :], y[:, :, None]
    rho = _rho(form.broadcast(2), x, y)
    return x, y, rho.log(), rho


def _rho(form: Ellipses, x: Tensor, y: Tensor) -> Tensor:
    """A δx² + 2B δxδy + C δy², never below the floor."""
    if x.shape == y.shape:
        return (x * form.xx).addcmul_(y, form.xy2).mul_(x).addcmul_(y * y, form.yy).clamp_(min=RHO_FLOOR)
    # Each step has one operand that is constant along rows: with two, torch leaves its vectorized loops.
    return torch.add(form.xy2 * y, form.xx * x).mul_(x).add_(form.yy * y * y).clamp_(min=RHO_FLOOR)


def pixel_means(samples: Tensor, margin: int = STENCIL_MARGIN, out: Tensor | None = None) -> Tensor:
    """Pixel means from samples (…, height + 2·margin, width + 2·margin) by the stencil of that margin.

    On the CPU as many images at a time as the caches hold.
    """
    if samples.ndim == 2 or _together(samples):
        return stencil_means(stencil_means(samples, -2, margin), -1, margin, out)
    height, width = (size - 2 * margin for size in samples.shape[-2:])
    means = samples.new_empty((*samples.shape[:-2], height, width)) if out is None else out
    images, most = samples.flatten(0, -3), _most_cached(samples)
    for own, part in zip(images.split(most), means.view(-1, height, width).split(most), strict=True):
        stencil_means(stencil_means(own, -2, margin), -1, margin, part)
    return means


def _parts(core: Core, images: Tensor) -> Iterator[tuple[slice, int]]:
    """Instances that are rendered together, and their stencil's margin.

    On the CPU so few that one image of each stays in its caches; `images` are (instances, …, height, width).
    """
    most = _most_cached(images) if images.device.type == "cpu" else len(images)
    for run, margin in core.runs:
        for start in range(run.start, run.stop, most):
            yield slice(start, min(start + most, run.stop)), margin


def _means(samples: Tensor, core: Core) -> Tensor:
    """Pixel means (instances, height, width) from samples of the widened frame, each instance's by its stencil."""
    height, width = (size - 2 * STENCIL_MARGIN for size in samples.shape[-2:])
    means = torch.empty((len(samples), height, width), dtype=samples.dtype, device=samples.device)
    for run, margin in core.runs:
        pixel_means(_inner(samples[run], STENCIL_MARGIN - margin), margin, means[run])
    return means


def _spread_back(weight: Tensor, core: Core) -> Tensor:
    """The transpose of `_means`, for weights (instances, height, width); the stencils are symmetric."""
    height, width = (size + 2 * STENCIL_MARGIN for size in weight.shape[-2:])
    back = torch.zeros((len(weight), height, width), dtype=weight.dtype, device=weight.device)
    for run, margin in core.runs:
        padded = torch.nn.functional.pad(weight[run], (2 * margin,) * 4)
        pixel_means(padded, margin, _inner(back[run], STENCIL_MARGIN - margin))
    return back


def _inner(images: Tensor, margin: int) -> Tensor:
    """All but the outermost pixels on every side."""
    return images[..., margin : images.shape[-2] - margin, margin : images.shape[-1] - margin]


def _columns(
    profile: RadialProfile,
    x: Tensor,
    y: Tensor,
    log_rho: Tensor,
    rho: Tensor,
    constants: Tensor,
    weights: Tensor | None = None,
) -> Tensor:
    """The columns at points of shape (instances, …), times their weights: (instances, columns, …)."""
    brightness, by_log_rho, by_shape = profile.derivatives(log_rho, constants)
    if weights is not None:
        brightness, by_log_rho = brightness.mul_(weights), by_log_rho.mul_(weights)
        by_shape = tuple(part.mul_(weights) for part in by_shape)
    columns = torch.empty(
        (rho.shape[0], GEOMETRY + len(by_shape) + 1, *rho.shape[1:]), dtype=rho.dtype, device=rho.device
    )
    by_rho = by_log_rho.div_(rho)
    torch.mul(by_rho, x, out=columns[:, 0])
    torch.mul(by_rho, y, out=columns[:, 1])
    torch.mul(columns[:, 0], x, out=columns[:, 2])
    torch.mul(columns[:, 0], y, out=columns[:, 3])
    torch.mul(columns[:, 1], y, out=columns[:, 4])
    for index, part in enumerate((*by_shape, brightness), start=GEOMETRY):
        columns[:, index] = part
    return columns


def _together(images: Tensor) -> bool:
    """Whether all columns (instances, columns, height, width) are made at once: on a GPU always, else where the caches
    hold them.
    """
    return images.device.type != "cpu" or images.nbytes <= _cached()


def _cached() -> int:
    """Bytes that the caches of all threads hold between passes."""
    return _IN_CACHE * torch.get_num_threads()


def _most_cached(images: Tensor) -> int:
    """How many images as large as these (…, height, width) they hold, at least one."""
    return max(1, _cached() // max(8 * images.shape[-2] * images.shape[-1], 1))


def _each_column(profile: RadialProfile, form: Ellipses, constants: Tensor, frame: Frame) -> Iterator[Tensor]:
    """The columns of `sample_columns` one after the other, (instances, height, width) each."""
    x, y, log_rho, rho = _grid(form, frame)
    brightness, by_log_rho, by_shape = profile.derivatives(log_rho, constants[..., None, None])
    by_rho = by_log_rho.div_(rho)
    yield by_rho * x
    yield by_rho * y
    yield by_rho * (x * x)
    yield (by_rho * x).mul_(y)
    yield by_rho * (y * y)
    yield from by_shape
    yield brightness


def _core_columns(profile: RadialProfile, form: Ellipses, constants: Tensor, core: Core) -> Tensor:
    """Columns integrated over the core's pixels: (instances, columns, slots)."""
    splits = core.split(form, profile.break_radius(constants))
    x, y, weights = core.points(form, splits)
    rho = _rho(form.broadcast(1), x, y)
    columns = core.gather(_columns(profile, x, y, rho.log(), rho, constants[..., None], weights))
    for slots, outline in core.outlines(splits):
        columns[:, :2, slots] = _shifts(profile, form, constants, outline)
    return columns


def _shifts(profile: RadialProfile, form: Ellipses, constants: Tensor, outline: OutlinePoints) -> Tensor:
    """The first two columns of pixels near a centre, (instances, 2, pixels), by Gauss's theorem.

    ∬ ∇I = ∮ I n: towards a cusp the gradient grows faster than the brightness, by which the outline alone is needed.
    """
    rho = _rho(form.broadcast(2), outline.x, outline.y)
    brightness = profile.brightness(rho.log(), constants[..., None, None])
    flow_x, flow_y = ((brightness * normal).sum(-1) for normal in (outline.normal_x, outline.normal_y))
    xx, xy2, yy = (field[:, None] for field in (2.0 * form.xx, form.xy2, 2.0 * form.yy))
    determinant = xx * yy - xy2 * xy2
    return torch.stack((yy * flow_x - xy2 * flow_y, xx * flow_y - xy2 * flow_x), dim=1) / determinant[:, None]
