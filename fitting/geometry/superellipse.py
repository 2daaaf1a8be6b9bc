"""The radius: elliptical, or of superellipses (boxy and discy isophotes)."""

import math
from collections.abc import Callable, Mapping
from types import MappingProxyType

import torch
from torch import Tensor

from fitting.geometry.modifier import Own
from fitting.profiles.surface import Rounding

TINY = 1e-100


class Ellipse:
    """R = (a² + b²)^½, a along the major axis and b across it, over q."""

    reads: tuple[str, ...] = ()
    own: Mapping[str, Rounding] = MappingProxyType({})
    kinks: tuple[float, ...] = ()

    def __call__(self, a: Tensor, b: Tensor, own: Own) -> tuple[Tensor, Callable[[Tensor], tuple[Tensor, Tensor, Own]]]:
        """ln R and its pullback."""
        square = (a * a).addcmul_(b, b).clamp_(min=TINY**2)

        def pullback(by: Tensor) -> tuple[Tensor, Tensor, Own]:
            share = by / square
            return share * a, share * b, ()

        return square.log().mul_(0.5), pullback


ELLIPSE = Ellipse()


class Superellipse:
    """R = (|a|^p + |b|^p)^{1/p}, p = c0 + 2: c0 > 0 is boxy, c0 < 0 discy (Athanassoula et al. 1990, MNRAS 245, 130).

    As GALFIT's C0 and imfit's c0. The isophotes have kinks on both axes.
    """

    reads = ("c0",)
    own: Mapping[str, Rounding] = MappingProxyType({"c0": Rounding(0.05)})
    kinks = (0.0, 0.5 * math.pi, math.pi, 1.5 * math.pi)

    def __call__(self, a: Tensor, b: Tensor, own: Own) -> tuple[Tensor, Callable[[Tensor], tuple[Tensor, Tensor, Own]]]:
        """ln R and its pullback; worked out relative to the larger coordinate, so that no power overflows."""
        (c0,) = own
        power = c0 + 2.0
        size_a, size_b = a.abs().clamp(min=TINY), b.abs().clamp(min=TINY)
        largest = torch.maximum(size_a, size_b)
        log_ratio = (torch.minimum(size_a, size_b) / largest).log()
        smaller = (power * log_ratio).exp()
        log_sum = smaller.log1p()

        def pullback(by: Tensor) -> tuple[Tensor, Tensor, Own]:
            # |a|^p / (|a|^p + |b|^p), the share of each coordinate.
            minor = smaller / (1.0 + smaller)
            share_a = torch.where(size_a < size_b, minor, 1.0 - minor)
            by_power = (minor * log_ratio - log_sum / power) / power
            by_a = by * share_a * a.sign() / size_a
            by_b = by * (1.0 - share_a) * b.sign() / size_b
            return by_a, by_b, (by * by_power,)

        return largest.log() + log_sum / power, pullback
