"""A point source: the point-spread function itself, at a position between pixels.

The PSF image is interpolated by B-splines of degree nine (Unser 1999, IEEE Signal Processing Magazine 16, 22): exact at
whole pixels, nearly so between them where the PSF is sampled well, no ringing at the stamp's edge, and the weights of a
shifted stamp still add up to one. They are separable, so an image is two small matrix products, and so are its
derivatives by position.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from math import comb, factorial
from typing import Any

import torch
from torch import Tensor

from fitting.render.pixels.frame import Frame, windows

DEGREE = 9
"""Degree of the B-splines. Chosen by hand, beside Unser 1999: tests/fitting/drawing/test_point_source.py holds a
Gaussian between pixels to 1e-4 of its peak.
"""
_BORDER = 12
"""Zeros round the stamp, pixels, over which the spline dies out, by 0.61 a pixel (the largest pole of its filter)."""


@dataclass(frozen=True)
class PointSource:
    """Point sources on one image: parameters x, y (pixels) and flux (data units).

    Args:
        kernel: the PSF's stamp, (odd, odd), summing to one, as the image's pixels see a point at a pixel's centre.
    """

    kernel: Tensor

    linear = (2,)

    @cached_property
    def _coefficients(self) -> Tensor:
        """Coefficients of the spline that goes through the stamp's pixels and through the zeros round it."""
        stamp = torch.nn.functional.pad(self.kernel, (_BORDER,) * 4)
        by_row = torch.linalg.solve(self._collocation(stamp.shape[0]), stamp)
        return torch.linalg.solve(self._collocation(stamp.shape[1]), by_row.mT).mT.contiguous()

    def _collocation(self, size: int) -> Tensor:
        place = torch.arange(size, dtype=self.kernel.dtype, device=self.kernel.device)
        return b_spline(place[:, None] - place)[0]

    def image(self, values: Tensor, frame: Frame) -> Tensor:
        """The PSF at each position times its flux, (instances, height, width)."""
        along_y, along_x = self._weights(values, frame)
        return values[:, 2, None, None] * (along_y[0] @ self._coefficients @ along_x[0].mT)

    def derivatives(self, values: Tensor, frame: Frame) -> Tensor:
        """By x, y and flux."""
        (value_y, slope_y), (value_x, slope_x) = self._weights(values, frame)
        across = self._coefficients @ value_x.mT
        flux = values[:, 2, None, None]
        by_x = -flux * (value_y @ self._coefficients @ slope_x.mT)
        return torch.stack((by_x, -flux * (slope_y @ across), value_y @ across), dim=1)

    def reaches(self, values: Tensor, frames: Sequence[Frame], faintest: Sequence[float]) -> Tensor:
        """Those whose stamp meets a frame."""
        height, width = (size // 2 + _BORDER for size in self.kernel.shape)
        x, y = values[:, 0], values[:, 1]
        left, right, low, high = windows(frames, values)
        inside = (x > left - width) & (x < right + width) & (y > low - height) & (y < high + height)
        return inside & (values[:, 2].abs() * self.kernel.abs().max() > values.new_tensor(faintest)[:, None])

    def _weights(self, values: Tensor, frame: Frame) -> tuple[tuple[Tensor, Tensor], tuple[Tensor, Tensor]]:
        """B-splines and their slopes, (instances, pixels, coefficients), along y and x."""
        axes = []
        for first, count, centre, size in zip(
            (frame.y0, frame.x0), (frame.height, frame.width), (values[:, 1], values[:, 0]), self._coefficients.shape,
            strict=True,
        ):  # fmt: skip
            like: dict[str, Any] = {"dtype": values.dtype, "device": values.device}
            pixel = torch.arange(first, first + count, **like) - centre[:, None]
            node = torch.arange(size, **like) - size // 2
            axes.append(b_spline(pixel[..., None] - node))
        return axes[0], axes[1]


def b_spline(offset: Tensor) -> tuple[Tensor, Tensor]:
    """The central B-spline of `DEGREE`, and its derivative: a sum of truncated powers."""
    size = offset.abs()
    value, slope = torch.zeros_like(size), torch.zeros_like(size)
    for knot in range((DEGREE + 1) // 2):
        rest = ((DEGREE + 1) / 2 - knot - size).clamp(min=0.0)
        weight = (-1) ** knot * comb(DEGREE + 1, knot) / factorial(DEGREE)
        power = rest ** (DEGREE - 1)
        value += weight * power * rest
        slope -= weight * DEGREE * power
    return value, slope * offset.sign()
