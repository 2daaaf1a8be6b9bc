"""Surfaces on frames of one image, drawn one after the other: what they have in common is found once.

What kinks ask for is found and integrated for all frames together.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cached_property
from itertools import chain

import torch
from torch import Tensor

from fitting.profiles.surface import Surface
from fitting.render.kinks import KinkCrossings, PixelsOfStack
from fitting.render.pixels import Frame
from fitting.render.radial import Ellipses, ellipses
from fitting.render.surfaces.surface_kink_quadrature import surface_kink_crossings
from fitting.render.surfaces.surface_kink_sums import KinkBatch, kink_batches
from fitting.render.surfaces.surface_plan import RoundedSurface, surface_quadrature_key

Evaluate = Callable[[Tensor, Tensor, Tensor], Tensor]
"""Offsets x, y (instances, points) and values (instances, parameters) to (instances, …, points)."""


@dataclass(frozen=True)
class KinkMeans:
    """Means over the pixels of one frame that kinks cross or come near.

    Attributes:
        pixels: those that kinks cross.
        sums: what is integrated over them, (pixels, …).
        beside: pixels whose mean follows from five samples.
    """

    pixels: PixelsOfStack
    sums: Tensor
    beside: PixelsOfStack


@dataclass(frozen=True, eq=False)
class SurfaceFrames:
    """Surfaces at values (instances, parameters) on frames."""

    surface: Surface
    values: Tensor
    frames: tuple[Frame, ...]

    @cached_property
    def form(self) -> Ellipses:
        """The surfaces' ellipses."""
        values = self.values
        return ellipses(values[:, :2].T, *self.surface.ellipse(values))

    @cached_property
    def rounded_surfaces(self) -> tuple[RoundedSurface, ...]:
        """What their quadrature is chosen by."""
        return surface_quadrature_key(self.surface, self.values)

    @cached_property
    def _surface_at_values(self) -> Surface:
        return self.surface.at(self.values)

    @cached_property
    def brightness(self) -> "FieldOnFrames":
        """Their brightness."""
        return FieldOnFrames(self, self._surface_at_values.brightness, KinkBatch.sums)

    @cached_property
    def derivatives(self) -> "FieldOnFrames":
        """Its derivatives by every parameter: those of moving edges included."""
        kinks = self.surface.kink_lines
        moving = kinks is not None and kinks.jump
        return FieldOnFrames(
            self, self._surface_at_values.derivatives, self._sums_with_edges if moving else KinkBatch.sums
        )

    def _sums_with_edges(self, batch: KinkBatch, at_points: Tensor) -> list[Tensor]:
        moving = batch.moving_edges(self._surface_at_values, self.values)
        return [inside + edge for inside, edge in zip(batch.sums(at_points), moving, strict=True)]

    @cached_property
    def crossings(self) -> KinkCrossings | None:
        """Where kinks are on the frames; None where there are none."""
        if self.surface.kink_lines is None:
            return None
        return surface_kink_crossings(self.surface, self.values, self.rounded_surfaces, self.frames)

    def batches(self) -> Iterator[KinkBatch]:
        """Batches of all pixels that kinks cross."""
        if self.crossings is None:
            return iter(())
        return kink_batches(self.surface, self.values, self.form, self.rounded_surfaces, self.crossings)


@dataclass(frozen=True, eq=False)
class FieldOnFrames:
    """A field of surfaces on frames.

    Attributes:
        on: the surfaces and the frames.
        evaluate: the field at points.
        sums: its integrals over the pixels of a batch from its values at the batch's points.
    """

    on: SurfaceFrames
    evaluate: Evaluate
    sums: Callable[[KinkBatch, Tensor], list[Tensor]]

    def kink_means(self, frame: Frame) -> KinkMeans | None:
        """What kinks ask for; None where they cross no frame."""
        return None if self.on.crossings is None else self._kink_means_by_frame[frame]

    @cached_property
    def _kink_means_by_frame(self) -> dict[Frame, KinkMeans]:
        return self._by_frame(self._integrals(self.on.batches()))

    def alone(self, frame: Frame, first: KinkBatch, at_first: Tensor, others: Iterator[KinkBatch]) -> KinkMeans:
        """Means on the only frame, where the field is known at the points of the first batch."""
        known = zip(first.pixels, self.sums(first, at_first), strict=True)
        return self._by_frame(chain(known, self._integrals(others)))[frame]

    def _integrals(self, batches: Iterator[KinkBatch]) -> Iterator[tuple[PixelsOfStack, Tensor]]:
        for batch in batches:
            at_points = self.evaluate(*batch.points(), self.on.values)
            yield from zip(batch.pixels, self.sums(batch, at_points), strict=True)

    def _by_frame(self, integrals: Iterator[tuple[PixelsOfStack, Tensor]]) -> dict[Frame, KinkMeans]:
        assert self.on.crossings is not None
        beside, frames = self.on.crossings.beside, self.on.frames
        nothing = ((beside.part(slice(0)), self.on.values.new_empty(0)),)
        parts, of_parts = zip(*(tuple(integrals) or nothing), strict=True)
        crossed, sums = PixelsOfStack.concatenate(parts), torch.cat(of_parts)
        if len(frames) == 1:
            return {frames[0]: KinkMeans(crossed, sums, beside)}
        order = crossed.frame.argsort(stable=True)
        counts, counts_beside = (pixels.frame.bincount(minlength=len(frames)).tolist() for pixels in (crossed, beside))
        by_frame = crossed.at(order).split(counts), sums[order].split(counts), beside.split(counts_beside)
        return {frame: KinkMeans(*parts) for frame, *parts in zip(frames, *by_frame, strict=True)}
