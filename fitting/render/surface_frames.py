"""A stack of surfaces on frames of one image, drawn one after the other: what they have in common is found once.

What creases ask for is found and integrated for all frames together.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import chain

import torch
from torch import Tensor

from fitting.profiles.surface import Surface
from fitting.render.crease_sums import CreaseBatch, crease_batches
from fitting.render.creased import surface_crossings
from fitting.render.crossed import Crossings, PixelsOfStack
from fitting.render.ellipse import Ellipses, ellipses
from fitting.render.frame import Frame
from fitting.render.stencil import STENCIL_MARGIN
from fitting.render.surface_plan import RoundedSurface, surface_core_key

Evaluate = Callable[[Tensor, Tensor, Tensor], Tensor]
"""Offsets x, y (instances, points) and values (instances, parameters) to (instances, …, points)."""


@dataclass(frozen=True)
class Creased:
    """Of one frame, as places among its pixels, row after row, and whose they are, (pixels,) each.

    Attributes:
        instance, target: of pixels that creases cross.
        sums: what is integrated over them, (pixels, …).
        beside_instance, beside_target: of pixels whose mean follows from five samples.
        five: those samples among those of the frame widened for the stencil, the pixel's own first, (pixels, 5).
    """

    instance: Tensor
    target: Tensor
    sums: Tensor
    beside_instance: Tensor
    beside_target: Tensor
    five: Tensor


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
    def rounded(self) -> tuple[RoundedSurface, ...]:
        """What their quadrature is chosen by."""
        return surface_core_key(self.surface, self.values)

    @cached_property
    def _fixed(self) -> Surface:
        return self.surface.at(self.values)

    @cached_property
    def brightness(self) -> "FieldOnFrames":
        """Their brightness."""
        return FieldOnFrames(self, self._fixed.brightness, CreaseBatch.sums)

    @cached_property
    def derivatives(self) -> "FieldOnFrames":
        """Its derivatives by every parameter: those of moving edges included."""
        creases = self.surface.creases
        moving = creases is not None and creases.jump
        return FieldOnFrames(self, self._fixed.derivatives, self._sums_with_edges if moving else CreaseBatch.sums)

    def _sums_with_edges(self, batch: CreaseBatch, at_points: Tensor) -> list[Tensor]:
        moving = batch.moving_edges(self._fixed, self.values)
        return [own + edge for own, edge in zip(batch.sums(at_points), moving, strict=True)]

    @cached_property
    def found(self) -> Crossings | None:
        """Where creases are on the frames; None where there are none."""
        if self.surface.creases is None:
            return None
        return surface_crossings(self.surface, self.values, self.rounded, self.frames)

    def batches(self) -> Iterator[CreaseBatch]:
        """All pixels that creases cross."""
        if self.found is None:
            return iter(())
        return crease_batches(self.surface, self.values, self.form, self.rounded, self.found)


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
    sums: Callable[[CreaseBatch, Tensor], list[Tensor]]

    def creased(self, frame: Frame) -> Creased | None:
        """What creases ask for; None where they cross no frame."""
        return None if self.on.found is None else self._creased[frame]

    @cached_property
    def _creased(self) -> dict[Frame, Creased]:
        return self._by_frame(self._integrals(self.on.batches()))

    def alone(self, frame: Frame, first: CreaseBatch, at_first: Tensor, others: Iterator[CreaseBatch]) -> Creased:
        """The same of the only frame, where the field is known at the points of the first batch."""
        known = zip(first.pixels, self.sums(first, at_first), strict=True)
        return self._by_frame(chain(known, self._integrals(others)))[frame]

    def _integrals(self, batches: Iterator[CreaseBatch]) -> Iterator[tuple[PixelsOfStack, Tensor]]:
        for batch in batches:
            at_points = self.evaluate(*batch.points(), self.on.values)
            yield from zip(batch.pixels, self.sums(batch, at_points), strict=True)

    def _by_frame(self, integrals: Iterator[tuple[PixelsOfStack, Tensor]]) -> dict[Frame, Creased]:
        assert self.on.found is not None
        beside, frames = self.on.found.beside, self.on.frames
        nothing = ((beside.at(slice(0)), self.on.values.new_empty(0)),)
        pixels, sums = zip(*(tuple(integrals) or nothing), strict=True)
        crossed = PixelsOfStack.joined(pixels)
        crossed_parts = _split(frames, crossed.frame, (crossed.instance, _target(frames, crossed), torch.cat(sums)))
        beside_parts = _split(frames, beside.frame, (beside.instance, _target(frames, beside), _five(frames, beside)))
        parts = zip(frames, crossed_parts, beside_parts, strict=True)
        return {frame: Creased(*own, *near) for frame, own, near in parts}


def _split(frames: Sequence[Frame], frame: Tensor, fields: Sequence[Tensor]) -> Sequence[tuple[Tensor, ...]]:
    """Fields (pixels, …) of pixels of these frames as those of each frame."""
    if len(frames) == 1:
        return (tuple(fields),)
    order, counts = frame.argsort(stable=True), frame.bincount(minlength=len(frames)).tolist()
    return tuple(zip(*(field[order].split(counts) for field in fields), strict=True))


def _target(frames: Sequence[Frame], pixels: PixelsOfStack, margin: int = 0) -> Tensor:
    """Places among the pixels of their frames with a margin."""
    if len(frames) == 1:
        return pixels.target(frames[0].widened(margin))
    wide = [frame.widened(margin) for frame in frames]
    corners = pixels.x.new_tensor([(frame.x0, frame.y0, frame.width) for frame in wide])
    first_x, first_y, width = (corner[pixels.frame] for corner in corners.unbind(1))
    return (pixels.y - first_y).mul_(width).add_(pixels.x).sub_(first_x)


def _five(frames: Sequence[Frame], pixels: PixelsOfStack) -> Tensor:
    """Places of the five samples of pixels among those of their frames widened for the stencil, (pixels, 5)."""
    widths = [frame.widened(STENCIL_MARGIN).width for frame in frames]
    steps = pixels.x.new_tensor([(0, 1, -1, width, -width) for width in widths])
    return _target(frames, pixels, STENCIL_MARGIN)[:, None] + (steps[pixels.frame] if len(frames) > 1 else steps)
