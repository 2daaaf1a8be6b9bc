"""Radial profiles integrated over the pixels that the stencil does not serve, for a stack of instances at once."""

from collections.abc import Iterator
from dataclasses import dataclass

from torch import Tensor

from fitting.render.pixels.pixel_list import PixelList
from fitting.render.radial.break_pixels import break_columns, break_values
from fitting.render.radial.cusp_sums import central_columns, central_values
from fitting.render.radial.fixed_sums import FixedSums, fixed_values
from fitting.render.radial.quadrature_pixels import QuadraturePixels
from fitting.render.radial.radial_instances import RadialInstances


def put_values(instances: RadialInstances, quadrature_pixels: QuadraturePixels, images: Tensor) -> None:
    """Write pixel means of unit-amplitude brightness into images (instances, height, width)."""
    if quadrature_pixels.central is not None:
        quadrature_pixels.central.pixels.put(central_values(instances, quadrature_pixels.central), images)
    for breaks in quadrature_pixels.breaks:
        breaks.pixels.put(break_values(instances, breaks), images)
    if quadrature_pixels.fixed is not None:
        quadrature_pixels.fixed.pixels.put(fixed_values(instances, quadrature_pixels.fixed), images)


def put_columns(instances: RadialInstances, quadrature_pixels: QuadraturePixels, images: Tensor) -> None:
    """Write pixel means of the derivative columns into images (instances, columns, height, width)."""
    for pixels, columns in _near_columns(instances, quadrature_pixels):
        pixels.put_columns(columns, images)
    if quadrature_pixels.fixed is not None:
        quadrature_pixels.fixed.pixels.put_columns(FixedSums.of(instances, quadrature_pixels.fixed).columns(), images)


def _near_columns(
    instances: RadialInstances, quadrature_pixels: QuadraturePixels
) -> Iterator[tuple[PixelList, Tensor]]:
    """Derivative columns (pixels, columns) of those near centres and breaks."""
    if quadrature_pixels.central is not None:
        yield quadrature_pixels.central.pixels, central_columns(instances, quadrature_pixels.central)
    for breaks in quadrature_pixels.breaks:
        yield breaks.pixels, break_columns(instances, breaks)


@dataclass(frozen=True)
class QuadraturePixelSums:
    """Brightness and derivatives over these pixels, evaluated once for values and gradients.

    Attributes:
        pixels: they.
        near: columns of those near centres and breaks, (pixels, columns).
        fixed: the others, or None.
    """

    pixels: QuadraturePixels
    near: tuple[tuple[PixelList, Tensor], ...]
    fixed: FixedSums | None

    @classmethod
    def of(cls, instances: RadialInstances, pixels: QuadraturePixels) -> "QuadraturePixelSums":
        """As the instances see them."""
        near = tuple(_near_columns(instances, pixels))
        return cls(pixels, near, None if pixels.fixed is None else FixedSums.of(instances, pixels.fixed))

    def put_values(self, images: Tensor) -> None:
        """Write pixel means of brightness into images (instances, height, width)."""
        for pixels, columns in self.near:
            pixels.put(columns[:, -1], images)
        if self.fixed is not None:
            self.fixed.fixed.pixels.put(self.fixed.values(), images)

    def take(self, weight: Tensor) -> list[Tensor]:
        """Sums over these pixels of `weight` (instances, height, width) times each column, (instances, columns), to be
        added; the weights are zero there afterwards.
        """
        sums = [pixels.index.sums((columns * pixels.take(weight).unsqueeze(-1)).T).T for pixels, columns in self.near]
        if self.fixed is not None:
            sums.append(self.fixed.backproject(self.fixed.fixed.pixels.take(weight)))
        return sums
