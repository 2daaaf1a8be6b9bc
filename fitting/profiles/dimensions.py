"""Shape parameters that are lengths or intensities, in units of a profile's scale and amplitude, and back.

With p a parameter as users know it, S the scale length and A the amplitude, a profile is A f(ρ; s), s = p S^−l A^−b.
Hence ∂/∂p = A f_s S^−l A^−b, and the derivatives by S and A gain −A f_s l s / S and −b f_s s.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor


@dataclass(frozen=True)
class Dimension:
    """Powers of a length and of an intensity in a parameter."""

    length: int = 0
    intensity: int = 0


NUMBER = Dimension()
LENGTH = Dimension(length=1)
PER_LENGTH = Dimension(length=-1)
INTENSITY = Dimension(intensity=1)


@dataclass(frozen=True)
class PureNumbers:
    """Shape parameters of a stack without their dimensions, and the chain rule from them to the users' parameters.

    Attributes:
        shape: s of each parameter, (instances,) each.
        by_own: ∂s/∂p of each.
        by_scale, by_amplitude: ∂s/∂S and ∂s/∂A of each.
    """

    shape: tuple[Tensor, ...]
    by_own: tuple[Tensor, ...]
    by_scale: tuple[Tensor, ...]
    by_amplitude: tuple[Tensor, ...]

    @classmethod
    def of(
        cls, shape: Sequence[Tensor], dimensions: Sequence[Dimension], scale: Tensor, amplitude: Tensor
    ) -> "PureNumbers":
        """From parameters as users know them, scale and amplitude; (instances,) each."""
        one, zero = torch.ones_like(scale), torch.zeros_like(scale)
        pure, by_own, by_scale, by_amplitude = [], [], [], []
        for value, dimension in zip(shape, dimensions, strict=True):
            if dimension == NUMBER:
                parts = (value, one, zero, zero)
            else:
                unit = scale**-dimension.length * amplitude**-dimension.intensity
                own = value * unit
                parts = (own, unit, -dimension.length * own / scale, -dimension.intensity * own / amplitude)
            for part, list_ in zip(parts, (pure, by_own, by_scale, by_amplitude), strict=True):
                list_.append(part)
        return cls(tuple(pure), tuple(by_own), tuple(by_scale), tuple(by_amplitude))
