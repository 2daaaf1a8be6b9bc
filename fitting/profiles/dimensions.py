"""Shape parameters that are lengths or intensities, in units of a profile's scale and amplitude, and back.

With p a parameter as users know it, S the scale length and A the amplitude, a profile is A f(ρ; s), s = p S^−l A^−b.
Hence ∂/∂p = A f_s S^−l A^−b, and the derivatives by S and A gain −A f_s l s / S and −b f_s s.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

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
        dimensions: of each parameter.
        scale, amplitude: (instances,).
    """

    shape: tuple[Tensor, ...]
    dimensions: tuple[Dimension, ...]
    scale: Tensor
    amplitude: Tensor

    @classmethod
    def of(
        cls, shape: Sequence[Tensor], dimensions: Sequence[Dimension], scale: Tensor, amplitude: Tensor
    ) -> "PureNumbers":
        """From parameters as users know them, scale and amplitude; (instances,) each."""
        pairs = zip(shape, dimensions, strict=True)
        pure = (
            value if dimension == NUMBER else value * _unit(dimension, scale, amplitude) for value, dimension in pairs
        )
        return cls(tuple(pure), tuple(dimensions), scale, amplitude)

    @cached_property
    def by_parameter(self) -> tuple[Tensor, ...]:
        """∂s/∂p of each."""
        return tuple(_unit(dimension, self.scale, self.amplitude) for dimension in self.dimensions)

    @cached_property
    def by_scale(self) -> tuple[Tensor, ...]:
        """∂s/∂S of each."""
        pairs = zip(self.shape, self.dimensions, strict=True)
        return tuple(-dimension.length * value / self.scale for value, dimension in pairs)

    @cached_property
    def by_amplitude(self) -> tuple[Tensor, ...]:
        """∂s/∂A of each."""
        pairs = zip(self.shape, self.dimensions, strict=True)
        return tuple(-dimension.intensity * value / self.amplitude for value, dimension in pairs)


def _unit(dimension: Dimension, scale: Tensor, amplitude: Tensor) -> Tensor:
    """S^−l A^−b."""
    return scale**-dimension.length * amplitude**-dimension.intensity
