"""Bending of the major axis, as GALFIT's B1, B2, …

v' = v + Σ_m B_m (u / R_scale)^m with u along and v across the major axis, pixels, before the axis ratio stretches v
(Peng et al. 2010, AJ 139, 2097). Mode 1 shears, which an ellipse takes up by q and pa; mode 2 is a banana.
"""

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property

import torch
from torch import Tensor

from fitting.geometry.modifier import Fields
from fitting.profiles.surface import Rounding


@dataclass(frozen=True)
class Bending:
    """Modes of bending, in units of pixels at one scale length along the major axis.

    Args:
        modes: powers m.
        scale: name of the profile's scale length.
    """

    modes: tuple[int, ...]
    scale: str

    @cached_property
    def reads(self) -> tuple[str, ...]:
        return (self.scale, *self.parameters)

    @cached_property
    def parameters(self) -> dict[str, Rounding]:
        return {f"bending_{mode}": Rounding(0.1) for mode in self.modes}

    def __call__(
        self, x: Tensor, y: Tensor, values: Fields
    ) -> tuple[Tensor, Tensor, Callable[[Tensor, Tensor], tuple[Tensor, Tensor, Fields]]]:
        """x along the major axis, y across it."""
        scale, *amplitudes = values
        relative = x / scale
        moved = y + sum(a * relative**mode for a, mode in zip(amplitudes, self.modes, strict=True))

        def pullback(by_x: Tensor, by_y: Tensor) -> tuple[Tensor, Tensor, Fields]:
            terms = zip(amplitudes, self.modes, strict=True)
            slope = by_y * sum(mode * a * relative ** (mode - 1) for a, mode in terms) / scale
            return by_x + slope, by_y, (-slope * relative, *(by_y * relative**mode for mode in self.modes))

        return x, torch.as_tensor(moved), pullback
