"""The radius: elliptical, or of superellipses (boxy and discy isophotes)."""

import math
from collections.abc import Callable, Mapping
from types import MappingProxyType

import torch
from torch import Tensor

from fitting.geometry.modifier import Fields
from fitting.profiles.surface import Rounding

TINY = 1e-100
"""Lengths are never below this, pixels: its square, 1e-200, is still a number."""


class Ellipse:
    """R = (a² + b²)^½, a along the major axis and b across it, over q."""

    reads: tuple[str, ...] = ()
    parameters: Mapping[str, Rounding] = MappingProxyType({})
    kinks: tuple[float, ...] = ()

    def __call__(
        self, a: Tensor, b: Tensor, values: Fields
    ) -> tuple[Tensor, Callable[[Tensor], tuple[Tensor, Tensor, Fields]]]:
        """ln R, −∞ at the centre, and its pullback."""
        square = (a * a).addcmul_(b, b)

        def pullback(by: Tensor) -> tuple[Tensor, Tensor, Fields]:
            share = by / square.clamp(min=TINY**2)
            return share * a, share * b, ()

        return square.log().mul_(0.5), pullback


ELLIPSE = Ellipse()


class Superellipse:
    """R = (|a|^p + |b|^p)^{1/p}, p = c0 + 2: c0 > 0 is boxy, c0 < 0 discy (Athanassoula et al. 1990, MNRAS 245, 130).

    As GALFIT's C0 and imfit's c0. The isophotes have kinks on both axes.
    """

    reads = ("c0",)
    parameters: Mapping[str, Rounding] = MappingProxyType({"c0": Rounding(0.05)})
    kinks = (0.0, 0.5 * math.pi, math.pi, 1.5 * math.pi)

    def __call__(
        self, a: Tensor, b: Tensor, values: Fields
    ) -> tuple[Tensor, Callable[[Tensor], tuple[Tensor, Tensor, Fields]]]:
        """ln R and its pullback; worked out relative to the larger coordinate, so that no power overflows."""
        (c0,) = values
        power = c0 + 2.0
        inverse = power.reciprocal()
        size_a, size_b = a.abs().clamp_(min=TINY), b.abs().clamp_(min=TINY)
        log_a, log_b = size_a.log(), size_b.log()
        smaller = (log_a - log_b).abs_().mul_(-power).exp_()
        log_radius = (smaller + 1.0).log().mul(inverse).add_(torch.maximum(log_a, log_b))

        def pullback(by: Tensor) -> tuple[Tensor, Tensor, Fields]:
            # |a|^p / (|a|^p + |b|^p), the share of each coordinate.
            share_a = ((log_a - log_b) * power).sigmoid_()
            share_b = 1.0 - share_a
            by_power = (share_a * log_a).addcmul_(share_b, log_b).sub_(log_radius).mul_(inverse)
            by_a = share_a.mul_(by).mul_(a.sign()).div_(size_a)
            by_b = share_b.mul_(by).mul_(b.sign()).div_(size_b)
            return by_a, by_b, (by * by_power,)

        return log_radius, pullback
