"""Azimuthal Fourier modes of the isophotes, as GALFIT's F1, F2, …

R' = R (1 + Σ_m a_m cos m(θ − φ_m)), θ from the major axis counter-clockwise, in the ellipse's own coordinates (Peng et
al. 2010, AJ 139, 2097; their θ runs the other way, so that the phases are the same). The factor is not
let below 0.01, where the isophotes would cross the centre.
"""

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from typing import Any, ClassVar, Self

import torch
from torch import Tensor

from fitting.geometry.angles import Angles
from fitting.geometry.modifier import Fields
from fitting.profiles.axes import DEGREES
from fitting.profiles.surface import Rounding

LEAST = 0.01
"""The least factor on the radius: below it isophotes would cross the centre. By hand."""


@dataclass(frozen=True)
class Fourier:
    """Modes m with an amplitude and a phase (degrees) each."""

    modes: tuple[int, ...]

    jumps: ClassVar[tuple[float, ...]] = ()

    @cached_property
    def reads(self) -> tuple[str, ...]:
        return tuple(self.parameters)

    @cached_property
    def parameters(self) -> dict[str, Rounding]:
        roundings: dict[str, Rounding] = {}
        for mode in self.modes:
            roundings |= {f"fourier_{mode}_amplitude": Rounding(0.02), f"fourier_{mode}_phase": Rounding(6.0 / mode)}
        return roundings

    def at(self, values: Fields) -> Self:
        """Itself."""
        return self

    def __call__(self, angles: Angles, values: Fields) -> tuple[Tensor, Callable[[Tensor], tuple[Tensor, Fields]]]:
        """ln of the factor and its pullback."""
        amplitudes, phases = values[::2], values[1::2]
        modes = list(zip(self.modes, amplitudes, phases, strict=True))
        turned = [mode * (angles.radians - phase * DEGREES) for mode, _, phase in modes]
        total: Any = 1.0 + sum(a * turn.cos() for (_, a, _), turn in zip(modes, turned, strict=True))
        factor = total.clamp(min=LEAST)

        def pullback(by: Tensor) -> tuple[Tensor, Fields]:
            share = torch.where(total > LEAST, by / factor, 0.0)
            by_angle = torch.zeros_like(share)
            by_values = []
            for (mode, amplitude, _), turn in zip(modes, turned, strict=True):
                slope = share * (-mode * amplitude) * turn.sin()
                by_angle = by_angle + slope
                by_values += [share * turn.cos(), -slope * DEGREES]
            return by_angle, tuple(by_values)

        return factor.log(), pullback
