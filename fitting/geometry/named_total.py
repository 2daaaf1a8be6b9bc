"""What the totals of modified isophotes share: values by name, and the disc's inclination, which rotation brings."""

from abc import ABC, abstractmethod
from dataclasses import dataclass

import torch
from torch import Tensor

from fitting.geometry.chain import Modifiers
from fitting.profiles.axes import DEGREES
from fitting.profiles.radial import RadialProfile

Named = dict[str, Tensor]


@dataclass(frozen=True)
class NamedTotal(ABC):
    """A `fitting.geometry.total.TotalFlux` of a profile with modifiers."""

    profile: RadialProfile
    modifiers: Modifiers

    @property
    def parameters(self) -> tuple[str, ...]:
        profile = self.profile
        return ("q", *self.modifiers.own, *profile.shape, profile.scale, profile.amplitude)

    def __call__(self, values: Tensor) -> Tensor:
        flat = values.reshape(-1, values.shape[-1])
        named = dict(zip(self.parameters, flat.unbind(-1), strict=True))
        total = self._face_on(named)
        if self.modifiers.rotations:
            total = total * torch.cos(named["rotation_inclination"] * DEGREES)
        return total.reshape(values.shape[:-1])

    @abstractmethod
    def _face_on(self, named: Named) -> Tensor:
        """The total but for an inclination, (instances,), of parameters (instances,) by name."""
