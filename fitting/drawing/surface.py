"""Components whose brightness is a surface, integrated over pixels or sampled at their centres."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import torch
from torch import Tensor

from fitting.profiles.surface import Surface
from fitting.render.pixels import Frame, windows
from fitting.render.surfaces import SurfaceFrames, surface_images

_LOOKS = 12
"""Points along each axis of a frame at which its light is looked at. By hand, with `_CAUTION`."""
_MOST_LOOKS = 2**20
"""Points that are looked at at once: 8 MB a field."""
_CAUTION = 1e-3
"""Share of what is faintest above which an instance counts as seen: light between the points may be a thousand times
what it is there.
"""
_CLOSE_LENGTHS = 4.0
"""Lengths of `Surface.ellipse` out to where pixels keep their promise (decision 0009)."""


@dataclass(frozen=True)
class SurfaceDrawing:
    """A surface; `integrated` says whether pixels hold the integral of its brightness.

    With `on`, the values and frames of images that are drawn one after the other, those have their common steps once.
    """

    surface: Surface
    integrated: bool
    on: SurfaceFrames | None = None

    @property
    def linear(self) -> tuple[int, ...]:
        """Places of the parameters that scale the light, as the surface says."""
        return self.surface.linear

    def over(self, values: Tensor, frames: tuple[Frame, ...]) -> "SurfaceDrawing":
        """The drawing for images of these values on these frames."""
        return replace(self, on=SurfaceFrames(self.surface, values, frames)) if self.integrated else self

    def image(self, values: Tensor, frame: Frame) -> Tensor:
        """Light, (instances, height, width)."""
        if not self.integrated:
            return surface_images.sample(self.surface.brightness, values, frame)
        if self.on is None:
            return surface_images.integrate(self.surface, values, frame)
        return surface_images.field_means(self.on.brightness, frame)

    def derivatives(self, values: Tensor, frame: Frame) -> Tensor:
        """Derivatives, (instances, parameters, height, width)."""
        if not self.integrated:
            return surface_images.sample(self.surface.derivatives, values, frame)
        if self.on is None:
            return surface_images.integrate_derivatives(self.surface, values, frame)
        return surface_images.field_means(self.on.derivatives, frame)

    def reaches(self, values: Tensor, frames: Sequence[Frame], faintest: Sequence[float]) -> Tensor:
        """Instances that are seen: all where a frame comes within a few lengths of every centre; else by a look at a
        coarse grid of points, with caution for what lies between them.
        """
        edges = windows(frames, values) - 0.5
        near_x, near_y = _nearest(values, edges)
        away = torch.hypot(near_x - values[:, 0], near_y - values[:, 1])
        close = (away < _CLOSE_LENGTHS * self.surface.ellipse(values)[2]).all(1, keepdim=True)
        reached = close.repeat(1, len(values))
        levels = _CAUTION * values.new_tensor(faintest)[:, None]
        for unsure in (~close[:, 0]).nonzero().flatten().split(max(1, _MOST_LOOKS // (_LOOKS**2 * len(values)))):
            if len(unsure):
                reached[unsure] = self._brightest(values, edges[:, unsure]) > levels[unsure]
        return reached

    def _brightest(self, values: Tensor, edges: Tensor) -> Tensor:
        """The most light at a grid of points in frames and at the point nearest to each centre, where alone a small
        source shows: (frames, instances). `edges` are left, right, low and high, (4, frames, 1).
        """
        left, right, low, high = edges
        steps = torch.linspace(0.0, 1.0, _LOOKS, dtype=values.dtype, device=values.device)
        grid_x = (left + (right - left) * steps).repeat(1, _LOOKS)
        grid_y = (low + (high - low) * steps).repeat_interleave(_LOOKS, dim=1)
        x, y = (
            torch.cat((grid.expand(len(values), -1, -1), near.T.unsqueeze(-1)), dim=-1) - values[:, place, None, None]
            for place, (grid, near) in enumerate(zip((grid_x, grid_y), _nearest(values, edges), strict=True))
        )
        light = self.surface.brightness(x.flatten(1), y.flatten(1), values)
        return light.abs().view_as(x).amax(-1).T


def _nearest(values: Tensor, edges: Tensor) -> tuple[Tensor, Tensor]:
    """The point of each frame that is nearest to each centre, x and y: (frames, instances) each."""
    left, right, low, high = edges
    return values[:, 0].clamp(left, right), values[:, 1].clamp(low, high)
