"""Radial groups: components of one radial profile, rendered as one stack of instances (batch × components)."""

from collections.abc import Hashable, Sequence
from dataclasses import dataclass
from functools import cached_property, lru_cache

import torch
from torch import Tensor

from fitting.problem.components.group import reaching_any
from fitting.profiles import RadialProfile
from fitting.profiles.dimensions import NUMBER, PureNumbers
from fitting.render.pixels import Frame, cached_by_bytes, windows
from fitting.render.radial import (
    GEOMETRY,
    Axes,
    CompiledLinearization,
    CompiledPixels,
    Ellipses,
    QuadraturePixels,
    RadialInstances,
    RoundedShape,
    compiled_columns,
    compiled_images,
    is_compiled,
    quadrature_plan,
    radial_images,
    round_shape,
)


@cached_by_bytes
def _quadrature_pixels(
    instances: tuple[RoundedShape, ...], frame: Frame, device: torch.device, together: int
) -> QuadraturePixels:
    plans = [quadrature_plan(instance, frame.window) for instance in instances]
    return QuadraturePixels.build(plans, frame, device, together)


@cached_by_bytes
def _compiled_pixels(instances: tuple[RoundedShape, ...], frame: Frame, together: int) -> CompiledPixels:
    """As `_quadrature_pixels`, for compiled loops."""
    return CompiledPixels.of([quadrature_plan(instance, frame.window) for instance in instances], together)


class RadialGroup:
    """All components of one radial profile.

    Args:
        members: names of the components, in the request's order.
        index: (components, parameters of the profile) places in the parameter table; the order of parameters is x, y,
            q, pa, the shape parameters, scale, amplitude.
        convolved: whether the image's point-spread function acts on them.
        integrated: whether pixels hold the integral of the brightness (else its value at their centres).
    """

    def __init__(
        self, profile: RadialProfile, members: tuple[str, ...], index: Tensor, *, convolved: bool, integrated: bool
    ) -> None:
        self.profile = profile
        self.members = members
        self.index = index
        self.convolved = convolved
        self.integrated = integrated
        self.columns = GEOMETRY + len(self.profile.shape) + 1
        self.places_of = lru_cache(maxsize=512)(self._places_of)

    def stack(self, physical: Tensor, chosen: tuple[int, ...], frames: tuple[Frame, ...]) -> "RadialStack":
        """The chosen components at values (batch, rows of the table)."""
        rows = self.places_of(chosen).flatten()
        return RadialStack(self, physical.index_select(1, rows).view(len(physical), len(chosen), -1), chosen)

    @cached_property
    def likeness(self) -> Hashable:
        """See `Group`."""
        places = tuple(self.index.flatten().tolist())
        return "radial", self.profile, self.members, places, self.convolved, self.integrated

    def _places_of(self, chosen: tuple[int, ...]) -> Tensor:
        """Places in the table of the chosen components' parameters, (components, parameters)."""
        return self.index[list(chosen)]

    def reaching(self, physical: Tensor, frames: Sequence[Frame], faintest: Sequence[float]) -> list[tuple[int, ...]]:
        """Of each frame, the components that are brighter than its `faintest` anywhere in it, for any of the batch."""
        values = physical[:, self.index].flatten(0, 1)
        left, right, low, high = windows(frames, values) - 0.5
        x, y = values[:, 0], values[:, 1]
        away_x = (left - x).clamp_min(0.0) + (x - right).clamp_min(0.0)
        away_y = (low - y).clamp_min(0.0) + (y - high).clamp_min(0.0)
        longest = values[:, -2] * values[:, 2].clamp_min(1.0)
        rho = ((away_x**2 + away_y**2) / longest**2).clamp_min(1e-30)
        *shape, scale, amplitude = values[:, 4:].unbind(-1)
        constants = self.profile.constants(PureNumbers.of(shape, self.profile.dimensions, scale, amplitude).shape)
        brightness = self.profile.brightest_beyond(rho.log().flatten(), constants.tile(len(frames))).view_as(rho)
        bright = brightness * amplitude.abs() > values.new_tensor(faintest).unsqueeze(-1)
        return reaching_any(bright.unflatten(1, physical.shape[:1] + self.index.shape[:1]))


class RadialStack:
    """Instances (batch × chosen components) of one group at given values (batch, components, parameters)."""

    def __init__(self, group: RadialGroup, values: Tensor, chosen: tuple[int, ...]) -> None:
        self.group = group
        self.chosen = chosen
        self.batch, self.count = values.shape[:2]
        self.columns = self.count * group.columns
        self.values = values.reshape(self.batch * self.count, -1)
        _, _, self.q, pa, *shape, self.scale, self.amplitude = self.values.unbind(-1)
        self.pure = PureNumbers.of(shape, group.profile.dimensions, self.scale, self.amplitude)
        self.axes = Axes.of(self.q, pa, self.scale)
        form = Ellipses(self.values[:, :2].T, self.axes.quadratic)
        self.instances = RadialInstances(group.profile, form, group.profile.constants(self.pure.shape))

    @property
    def places(self) -> Tensor:
        """Places in the table, (components, parameters)."""
        return self.group.places_of(self.chosen)

    @property
    def rows(self) -> Tensor:
        """The same as one list, (components · parameters,)."""
        return self.places.flatten()

    def _quadrature_pixels(self, frame: Frame) -> QuadraturePixels:
        return _quadrature_pixels(self._rounded_shapes, frame, self.values.device, self.count)

    @cached_property
    def _rounded_shapes(self) -> tuple[RoundedShape, ...]:
        profile = self.group.profile
        rows = self.values.tolist()
        if all(dimension == NUMBER for dimension in self.pure.dimensions):
            shapes = [row[4:-2] for row in rows]
        else:
            shapes = torch.stack(self.pure.shape, dim=-1).tolist()
        breaks = profile.break_radius(self.instances.constants)
        radii = [None] * len(rows) if breaks is None else (breaks * self.scale).tolist()
        of_instances = zip(rows, shapes, radii, strict=True)
        return tuple(
            round_shape(profile, row[0], row[1], row[2], row[3], row[-2], tuple(shape), radius)
            for row, shape, radius in of_instances
        )

    def _compiled_pixels(self, frame: Frame) -> CompiledPixels | None:
        """Those of a frame where compiled loops draw the stack; None where tensors do."""
        if not (self.group.integrated and self.values.device.type == "cpu" and is_compiled(self.group.profile)):
            return None
        return _compiled_pixels(self._rounded_shapes, frame, self.count)

    def image(self, frame: Frame) -> Tensor:
        """Sum over components, (batch, height, width), data units."""
        compiled = self._compiled_pixels(frame)
        if compiled is not None:
            return self.sum_components(compiled_images(self.instances, frame, compiled))
        if self.group.integrated:
            return self.sum_components(radial_images.integrate(self.instances, frame, self._quadrature_pixels(frame)))
        return self.sum_components(radial_images.sample(self.instances, frame))

    def sum_components(self, images: Tensor) -> Tensor:
        """Sum over components of unit-amplitude images times their amplitudes."""
        if self.count == 1:
            return images * self.amplitude[:, None, None]
        amplitude = self.amplitude.view(self.batch, 1, self.count)
        return (amplitude @ images.view(self.batch, self.count, -1)).view(self.batch, *images.shape[-2:])

    def write_columns(self, columns: Tensor, frame: Frame) -> None:
        """Fill (batch, components · columns, height, width) with the derivative columns, unit amplitude."""
        by_component = columns.unflatten(1, (self.count, self.group.columns))
        compiled = self._compiled_pixels(frame)
        if compiled is not None:
            if self.batch == 1 or by_component.is_contiguous():
                compiled_columns(self.instances, frame, compiled, by_component.flatten(0, 1))
                return
            images = compiled_columns(self.instances, frame, compiled)
        elif not self.group.integrated:
            images = radial_images.sample_columns(self.instances, frame)
        elif self.batch == 1 or by_component.is_contiguous():
            made = by_component.flatten(0, 1)
            radial_images.integrate_columns(self.instances, frame, self._quadrature_pixels(frame), made)
            return
        else:
            images = radial_images.integrate_columns(self.instances, frame, self._quadrature_pixels(frame))
        by_component.copy_(images.view(by_component.shape))

    def linearize(self, frame: Frame) -> "RadialLight":
        """One evaluation that serves the image and gradients."""
        compiled = self._compiled_pixels(frame)
        if compiled is not None:
            return RadialLight(self, CompiledLinearization.of(self.instances, frame, compiled))
        quadrature_pixels = self._quadrature_pixels(frame) if self.group.integrated else None
        return RadialLight(self, radial_images.linearize(self.instances, frame, quadrature_pixels))

    @cached_property
    def transfer(self) -> Tensor:
        """d(image) = columns · transfer · d(values): (batch, components, columns, parameters of the profile)."""
        pure, amplitude = self.pure, self.amplitude
        matrix = self.axes.transfer(self.q, self.scale, amplitude, len(pure.shape))
        for place, dimension in enumerate(pure.dimensions):
            if dimension != NUMBER:
                row = matrix[:, GEOMETRY + place]
                row[:, 4 + place] = pure.by_parameter[place] * amplitude
                row[:, -2] = pure.by_scale[place] * amplitude
                row[:, -1] = pure.by_amplitude[place] * amplitude
        return matrix.view(self.batch, self.count, *matrix.shape[1:])

    def write_transfer(self, transfer: Tensor) -> None:
        """Fill (batch, columns, table) with `transfer`, each component's block at its rows of the table."""
        by_component = self.transfer
        blocks = transfer.view(self.batch, self.count, self.group.columns, -1)
        blocks.scatter_(3, self.places[None, :, None, :].expand_as(by_component), by_component)

    def weights(self) -> Tensor:
        """Weights (batch, columns) with which the columns add up to the image: the amplitudes on the last of each."""
        weights = torch.zeros((self.batch, self.count, self.group.columns), dtype=self.values.dtype)
        weights = weights.to(self.values.device)
        weights[..., -1] = self.amplitude.view(self.batch, self.count)
        return weights.flatten(1)


@dataclass(frozen=True)
class RadialLight:
    """A stack evaluated on a frame."""

    stack: RadialStack
    linearization: radial_images.Linearization | CompiledLinearization

    def image(self) -> Tensor:
        """Sum over components, (batch, height, width), data units."""
        return self.stack.sum_components(self.linearization.image())

    def gradient(self, weight: Tensor) -> Tensor:
        """Sums over pixels of weight (batch, height, width) times the derivatives: (batch, components · parameters)."""
        stack = self.stack
        sums = self.linearization.backproject(weight)
        sums = sums.view(stack.batch, stack.count, 1, -1)
        return (sums @ stack.transfer).flatten(1)
