"""Components whose brightness is a surface, integrated over pixels or sampled at their centres."""

from dataclasses import dataclass

import torch
from torch import Tensor

from fitting.profiles.surface import Surface
from fitting.render.frame import Frame
from fitting.render.surface import integrate, integrate_derivatives, sample

_LOOKS = 12
_CAUTION = 1e-3
_CLOSE_LENGTHS = 4.0
"""Out to where pixels keep their promise."""


@dataclass(frozen=True)
class SurfaceDrawing:
    """A surface; `integrated` says whether pixels hold the integral of its brightness."""

    surface: Surface
    integrated: bool

    @property
    def linear(self) -> tuple[int, ...]:
        """As the surface says."""
        return self.surface.linear

    def image(self, values: Tensor, frame: Frame) -> Tensor:
        """Light, (instances, height, width)."""
        surface = self.surface
        if not self.integrated:
            return sample(surface.brightness, values, frame)
        return integrate(surface, values, frame)

    def derivatives(self, values: Tensor, frame: Frame) -> Tensor:
        """Derivatives, (instances, parameters, height, width)."""
        surface = self.surface
        if not self.integrated:
            return sample(surface.derivatives, values, frame)
        return integrate_derivatives(surface, values, frame)

    def reaches(self, values: Tensor, frame: Frame, faintest: float) -> Tensor:
        """Where a frame comes within a few lengths of every centre; else by a look at a coarse grid of points, with
        caution for what lies between them.
        """
        # The point of the frame nearest to each centre: a small source shows nowhere else.
        near_x = values[:, :1].clamp(frame.x0 - 0.5, frame.x0 + frame.width - 0.5)
        near_y = values[:, 1:2].clamp(frame.y0 - 0.5, frame.y0 + frame.height - 0.5)
        away = torch.hypot(near_x - values[:, :1], near_y - values[:, 1:2])[:, 0]
        close = away < _CLOSE_LENGTHS * self.surface.ellipse(values)[2]
        if close.all():
            return close
        like = {"dtype": values.dtype, "device": values.device}
        x = torch.linspace(frame.x0 - 0.5, frame.x0 + frame.width - 0.5, _LOOKS, **like)
        y = torch.linspace(frame.y0 - 0.5, frame.y0 + frame.height - 0.5, _LOOKS, **like)
        grid_x = torch.cat((x.repeat(_LOOKS).expand(len(values), -1), near_x), dim=1)
        grid_y = torch.cat((y.repeat_interleave(_LOOKS).expand(len(values), -1), near_y), dim=1)
        light = self.surface.brightness(grid_x - values[:, :1], grid_y - values[:, 1:2], values).abs()
        return light.amax(1) > _CAUTION * faintest
