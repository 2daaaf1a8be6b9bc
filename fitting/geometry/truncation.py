"""Soft truncation of a profile inside or outside a radius, after GALFIT's truncation functions.

outer: P(R) = ½[1 − tanh k(2(R − R_b)/w − 1)]: 0.99 at the break R_b, 0.01 at R_b + w;
inner: P(R) = ½[1 + tanh k(2(R − R_b)/w + 1)]: 0.99 at the break R_b, 0.01 at R_b − w;
k = artanh 0.98. GALFIT (Peng et al. 2010, AJ 139, 2097) means the same two radii and meets
them approximately. R is the radius of the modified isophotes along the major axis, pixels.
"""

import math
from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from typing import ClassVar, Literal, Self

from torch import Tensor

from fitting.geometry.angles import Angles
from fitting.geometry.modifier import Fields
from fitting.profiles.surface import Rounding

STEEPNESS = math.atanh(0.98)


@dataclass(frozen=True)
class Truncation:
    """One truncation: its break radius and the width over which the light goes from 99 % to 1 %, pixels."""

    side: Literal["inner", "outer"]

    jumps: ClassVar[tuple[float, ...]] = ()

    @cached_property
    def reads(self) -> tuple[str, ...]:
        return tuple(self.parameters)

    @cached_property
    def parameters(self) -> dict[str, Rounding]:
        return {f"{self.side}_truncation": Rounding(), f"{self.side}_truncation_width": Rounding()}

    def at(self, values: Fields) -> Self:
        """Itself."""
        return self

    def __call__(
        self, log_radius: Tensor, angles: Angles, values: Fields
    ) -> tuple[Tensor, Callable[[Tensor], tuple[Tensor, Tensor, Fields]]]:
        """The factor and its pullback."""
        edge, width = values
        sign = 1.0 if self.side == "inner" else -1.0
        radius = log_radius.exp()
        depth = 2.0 * (radius - edge) / width
        # ½(1 + tanh z) = 1/(1 + e^{−2z}): no digits are lost where it is small.
        factor = (2.0 * STEEPNESS * (sign * depth + 1.0)).sigmoid()

        def pullback(by: Tensor) -> tuple[Tensor, Tensor, Fields]:
            slope = by * factor * (1.0 - factor) * (4.0 * STEEPNESS * sign) / width
            return slope * radius, log_radius.new_zeros(()), (-slope, -slope * 0.5 * depth)

        return factor, pullback
