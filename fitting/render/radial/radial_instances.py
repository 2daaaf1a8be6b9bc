"""Instances of one radial profile, as quadrature sees them."""

from dataclasses import dataclass
from functools import cached_property

import torch
from torch import Tensor

from fitting.profiles import RadialProfile
from fitting.render.pixels import InstanceIndex
from fitting.render.radial.ellipse import Ellipses


@dataclass(frozen=True)
class RadialInstances:
    """Instances of a profile, all of unit amplitude.

    Attributes:
        form: their ellipses.
        constants: of the profile, (constants, instances).
    """

    profile: RadialProfile
    form: Ellipses
    constants: Tensor

    def __len__(self) -> int:
        return self.form.centre.shape[1]

    def select(self, part: slice) -> "RadialInstances":
        """Instances of some in a row."""
        if part == slice(0, len(self)):
            return self
        return RadialInstances(self.profile, self.form.select(part), self.constants[:, part])

    def of(self, index: InstanceIndex) -> "RadialInstances":
        """Instances of items, to each its own."""
        packed = index.of(self.packed)
        return RadialInstances(self.profile, Ellipses(packed[:2], packed[2:5]), packed[5:])

    @cached_property
    def packed(self) -> Tensor:
        """x, y, A, 2B and C of their ellipses, and then the constants: (5 + constants, instances)."""
        return torch.cat((self.form.centre, self.form.quadratic, self.constants.expand(-1, len(self))))

    def constants_at(self, dimensions: int) -> Tensor:
        """The constants to be broadcast against points (instances, …) of so many dimensions."""
        return self.constants.view(*self.constants.shape, *(1,) * (dimensions - 1))
