"""Radial profiles integrated over the pixels of a core, for a stack of instances at once."""

from collections.abc import Iterator
from dataclasses import dataclass

from torch import Tensor

from fitting.render.break_pixels import break_columns, break_values
from fitting.render.core import Core
from fitting.render.cusp_sums import central_columns, central_values
from fitting.render.fixed_sums import FixedSums, fixed_values
from fitting.render.instances import RadialInstances
from fitting.render.pixel_list import PixelList


def put_values(instances: RadialInstances, core: Core, images: Tensor) -> None:
    """Write pixel means of unit-amplitude brightness into images (instances, height, width)."""
    if core.central is not None:
        core.central.pixels.put(central_values(instances, core.central), images)
    for broken in core.broken:
        broken.pixels.put(break_values(instances, broken), images)
    if core.fixed is not None:
        core.fixed.pixels.put(fixed_values(instances, core.fixed), images)


def put_columns(instances: RadialInstances, core: Core, images: Tensor) -> None:
    """Write pixel means of the derivative columns into images (instances, columns, height, width)."""
    for pixels, columns in _near_columns(instances, core):
        pixels.put_columns(columns, images)
    if core.fixed is not None:
        core.fixed.pixels.put_columns(FixedSums.of(instances, core.fixed).columns(), images)


def _near_columns(instances: RadialInstances, core: Core) -> Iterator[tuple[PixelList, Tensor]]:
    """Derivative columns (pixels, columns) of those near centres and breaks."""
    if core.central is not None:
        yield core.central.pixels, central_columns(instances, core.central)
    for broken in core.broken:
        yield broken.pixels, break_columns(instances, broken)


@dataclass(frozen=True)
class CoreSums:
    """Brightness and derivatives over a core, evaluated once for values and gradients.

    Attributes:
        core: the pixels.
        near: columns of those near centres and breaks, (pixels, columns).
        fixed: the others, or None.
    """

    core: Core
    near: tuple[tuple[PixelList, Tensor], ...]
    fixed: FixedSums | None

    @classmethod
    def of(cls, instances: RadialInstances, core: Core) -> "CoreSums":
        """As the instances see them."""
        near = tuple(_near_columns(instances, core))
        return cls(core, near, None if core.fixed is None else FixedSums.of(instances, core.fixed))

    def put_values(self, images: Tensor) -> None:
        """Write pixel means of brightness into images (instances, height, width)."""
        for pixels, columns in self.near:
            pixels.put(columns[:, -1], images)
        if self.fixed is not None:
            self.fixed.fixed.pixels.put(self.fixed.values(), images)

    def take(self, weight: Tensor) -> list[Tensor]:
        """Sums over the core of `weight` (instances, height, width) times each column, (instances, columns), to be
        added; the weights are zero there afterwards.
        """
        sums = [pixels.members.sums((columns * pixels.take(weight).unsqueeze(-1)).T).T for pixels, columns in self.near]
        if self.fixed is not None:
            sums.append(self.fixed.backproject(self.fixed.fixed.pixels.take(weight)))
        return sums
