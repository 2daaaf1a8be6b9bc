"""A point source: the point-spread function itself, at a position between pixels.

The PSF image is interpolated by B-splines (Unser 1999, IEEE Signal Processing Magazine 16, 22): exact at its samples,
nearly so between them where the PSF is sampled well, and the weights of a shifted stamp still add up to one. They are
separable, so an image is two small matrix products, and so are its derivatives by position. No spline reaches more than
a sample beyond the stamp, so that nothing rings there and their weights add up to the stamp's sum wherever the source
is.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from math import comb, factorial
from typing import Any

import torch
from torch import Tensor

from fitting.inputs import stamp_fwhm
from fitting.render.pixels import Frame, windows

_DARK = 1e-5
"""What is fainter than this, beside the peak, is left to straight lines at once."""


@dataclass(frozen=True)
class PointSource:
    """Point sources on one image: parameters x, y (pixels) and flux (data units).

    Args:
        kernel: the PSF's stamp, (odd, odd), summing to one, as the image's pixels see a point at a pixel's centre.
        oversampling: its samples to a pixel of the image, along each axis.
        integrated: whether it holds integrals over its own pixels, of which a pixel of the image is the sum; else the
            response of the image's pixels.
        steps: pixels of the frames to one of the image, along each axis; light is counted per pixel of the image. On
            pixels finer than its own, integrals are of the light that makes its own pixels' integrals.
        spline: the splines' degree; None for that which suits the kernel.
    """

    kernel: Tensor
    oversampling: int = 1
    integrated: bool = True
    steps: int = 1
    spline: int | None = None

    linear = (2,)

    @cached_property
    def degree(self) -> int:
        """Of the splines, by how many samples the PSF is wide."""
        return spline_degree(stamp_fwhm(self.kernel.cpu().numpy())) if self.spline is None else self.spline

    @cached_property
    def _parts(self) -> list[tuple[int, Tensor]]:
        """Splines that add up to the PSF, each with its degree and coefficients, and none of which reaches more than a
        sample beyond the stamp.

        Splines of a high degree that end there cannot meet the light at the stamp's edge: what they leave is left to
        quintic and then to cubic ones, and the last of it to straight lines.
        """
        rest, parts = self.kernel, []
        for degree in dict.fromkeys(min(self._degree_that_fits, most) for most in (9, 5, 3)):
            fade_y, fade_x = (_faded(size, (degree + 1) // 2, self.kernel) for size in self.kernel.shape)
            inner = self._inner_coefficients(rest * fade_y[:, None] * fade_x, degree)
            along_y, along_x = (_samples_of_splines(size, degree, self.kernel) for size in self.kernel.shape)
            rest = rest - along_y @ inner @ along_x.mT
            parts.append((degree, inner))
            if float(rest.abs().max()) <= _DARK * float(self.kernel.abs().max()):
                break
        return [*parts, (1, rest)]

    @property
    def _degree_that_fits(self) -> int:
        """The splines' degree, or the highest whose splines find room in half of the stamp."""
        return max(min(self.degree, ((min(self.kernel.shape) + 1) // 4) * 2 + 1), 1)

    def _inner_coefficients(self, kernel: Tensor, degree: int) -> Tensor:
        """Coefficients of the splines that end within a sample of the stamp, as near as can be to its samples."""
        along_y, along_x = (_samples_of_splines(size, degree, kernel) for size in kernel.shape)
        by_row = torch.linalg.lstsq(along_y, kernel).solution
        return torch.linalg.lstsq(along_x, by_row.mT).solution.mT.contiguous()

    def response(self, steps: int) -> Tensor:
        """The PSF at so many steps to a pixel of the image, about its middle, summing to about one: (odd, odd), or
        (even, even) where `steps` is even, half a step off the middle on either side.
        """
        like: dict[str, Any] = {"dtype": self.kernel.dtype, "device": self.kernel.device}
        offsets = [
            steps_about(size // 2 * steps // self.oversampling + steps, steps, **like) * self.oversampling
            for size in self.kernel.shape
        ]
        total = torch.zeros(())
        for degree, coefficients in self._parts:
            along_y, along_x = (
                b_spline(offset[:, None] - _nodes(size, offset), degree)[0]
                for offset, size in zip(offsets, coefficients.shape, strict=True)
            )
            total = total + along_y @ coefficients @ along_x.mT
        return total * (self.oversampling / steps) ** 2

    def image(self, values: Tensor, frame: Frame) -> Tensor:
        """The PSF at each position times its flux, (instances, height, width)."""
        light: Any = 0.0
        for degree, coefficients in self._parts:
            along_y, along_x = self._weights(values, frame, degree, coefficients)
            light = light + along_y[0] @ coefficients @ along_x[0].mT
        return values[:, 2, None, None] * light

    def derivatives(self, values: Tensor, frame: Frame) -> Tensor:
        """By x, y and flux."""
        flux = values[:, 2, None, None]
        total: Any = 0.0
        for degree, coefficients in self._parts:
            (value_y, slope_y), (value_x, slope_x) = self._weights(values, frame, degree, coefficients)
            across = coefficients @ value_x.mT
            by_x = -flux * (value_y @ coefficients @ slope_x.mT)
            total = total + torch.stack((by_x, -flux * (slope_y @ across), value_y @ across), dim=1)
        return total

    def reaches(self, values: Tensor, frames: Sequence[Frame], faintest: Sequence[float]) -> Tensor:
        """Those whose stamp meets a frame."""
        fine = self.steps / self.oversampling
        height, width = (fine * (size // 2 + 1) + 1.0 for size in self.kernel.shape)
        x, y = values[:, 0], values[:, 1]
        left, right, low, high = windows(frames, values)
        inside = (x > left - width) & (x < right + width) & (y > low - height) & (y < high + height)
        brightest = self.kernel.abs().max() * self.oversampling**2
        return inside & (values[:, 2].abs() * brightest > values.new_tensor(faintest)[:, None])

    def _weights(
        self, values: Tensor, frame: Frame, degree: int, coefficients: Tensor
    ) -> tuple[tuple[Tensor, Tensor], tuple[Tensor, Tensor]]:
        """B-splines and their slopes, (instances, pixels, coefficients), along y and x."""
        axes = []
        step = self.oversampling / self.steps
        inner = self.oversampling if self.integrated and self.steps == 1 else 1
        for first, count, centre, size in zip(
            (frame.y0, frame.x0), (frame.height, frame.width), (values[:, 1], values[:, 0]), coefficients.shape,
            strict=True,
        ):  # fmt: skip
            like: dict[str, Any] = {"dtype": values.dtype, "device": values.device}
            pixel = (torch.arange(first, first + count, **like) - centre[:, None]) * step
            offset = pixel[..., None] - _nodes(size, values)
            if self.integrated and self.steps > self.oversampling:
                value, slope = pixel_of_spline(offset, degree, step)
                axes.append((value, slope * step))
                continue
            if inner == 1:
                value, slope = b_spline(offset, degree)
                axes.append((value * self.oversampling, slope * (step * self.oversampling)))
                continue
            within = torch.arange(inner, **like) - 0.5 * (inner - 1)
            value, slope = (part.sum(-1) for part in b_spline(offset[..., None] + within, degree))
            axes.append((value, slope * step))
        return axes[0], axes[1]


def _samples_of_splines(size: int, degree: int, like: Tensor) -> Tensor:
    """Values at a stamp's samples of the splines that end within a sample of it, (size, splines)."""
    inner = size - (degree - 1)
    return b_spline(_nodes(size, like)[:, None] - _nodes(inner, like), degree)[0]


def _nodes(size: int, like: Tensor) -> Tensor:
    """Places of samples about the middle one."""
    return torch.arange(size, dtype=like.dtype, device=like.device) - size // 2


def _faded(size: int, most: int, like: Tensor) -> Tensor:
    """One, and falling towards zero over so many samples at both edges, of a third of them at most: (size,)."""
    count = min(most, size // 3)
    fade = torch.ones(size, dtype=like.dtype, device=like.device)
    for place in range(count):
        weight = math.sin(0.5 * math.pi * (place + 0.5) / count) ** 2
        fade[place] = fade[size - 1 - place] = weight
    return fade


def steps_about(reach: int, steps: int, **like: Any) -> Tensor:
    """Places about 0, pixels, at so many steps to a pixel and as many of them to either side as `reach`: pixels'
    centres are 0 where `steps` is odd, and lie between two where it is even.
    """
    return (torch.arange(-reach, reach + steps % 2, **like) + 0.5 * (1 - steps % 2)) / steps


def spline_degree(fwhm: float) -> int:
    """The degree that moves a PSF best whose FWHM is so many samples.

    Where it is sampled badly, higher degrees are worse: they believe in frequencies beyond those of the samples.
    Measured on Gaussian and Moffat PSFs (`tests/fitting/drawing/test_point_source.py`).
    """
    return next((degree for limit, degree in ((1.6, 3), (2.8, 5), (3.6, 7)) if fwhm < limit), 9)


def pixel_of_spline(offset: Tensor, degree: int, width: float) -> tuple[Tensor, Tensor]:
    """Mean over a pixel of some width, sample spacings, of the light whose integrals over pixels of width 1 are the
    central B-spline β of an odd degree; and its derivative.

    β is the B-spline of one degree less, averaged over a width of 1: the light is that one.
    """
    far = 0.5 * degree + 1.0  # beyond, it is dark
    ends = [(offset + side * 0.5 * width).clamp(-far, far) for side in (1.0, -1.0)]
    # The integral of the lower B-spline up to a place is Σ_j β(place − 1/2 − j).
    value = torch.zeros_like(offset)
    for back in range(degree + 2):
        value += b_spline(ends[0] - 0.5 - back, degree)[0] - b_spline(ends[1] - 0.5 - back, degree)[0]
    slope = b_spline(ends[0], degree - 1)[0] - b_spline(ends[1], degree - 1)[0]
    return value / width, slope / width


def b_spline(offset: Tensor, degree: int) -> tuple[Tensor, Tensor]:
    """The central B-spline of a degree, and its derivative: a sum of truncated powers.

    Where straight lines meet, the slope is the mean of theirs.
    """
    size = offset.abs()
    if degree == 0:
        return 0.5 * ((size < 0.5).to(size) + (size <= 0.5)), torch.zeros_like(size)
    value, slope = torch.zeros_like(size), torch.zeros_like(size)
    for knot in range(degree // 2 + 1):
        rest = ((degree + 1) / 2 - knot - size).clamp(min=0.0)
        weight = (-1) ** knot * comb(degree + 1, knot) / factorial(degree)
        power = rest ** (degree - 1) if degree > 1 else 0.5 * ((size < 1.0).to(size) + (size <= 1.0))
        value += weight * power * rest
        slope -= weight * degree * power
    return value, slope * offset.sign()
