"""The links of a chain of modifiers, by where they stand in it."""

import math
from collections.abc import Mapping
from dataclasses import dataclass, replace

from torch import Tensor

from fitting.geometry.modifier import Dimming, Metric, PointMap, RadiusScale
from fitting.geometry.superellipse import ELLIPSE
from fitting.profiles.surface import Rounding

_SAME = 1e-9
"""Angles that differ by less are one, radians."""


@dataclass(frozen=True)
class Modifiers:
    """The links; all tuples but the radius, which there is one of."""

    rotations: tuple[PointMap, ...] = ()
    bendings: tuple[PointMap, ...] = ()
    warps: tuple[PointMap, ...] = ()
    metric: Metric = ELLIPSE
    radius_scales: tuple[RadiusScale, ...] = ()
    dimmings: tuple[Dimming, ...] = ()

    def at(self, named: Mapping[str, Tensor]) -> "Modifiers":
        """The same for evaluations at these very values, (instances, 1) each."""
        scales = tuple(link.at(tuple(named[name] for name in link.reads)) for link in self.radius_scales)
        dimmings = tuple(link.at(tuple(named[name] for name in link.reads)) for link in self.dimmings)
        return replace(self, radius_scales=scales, dimmings=dimmings)

    @property
    def links(self) -> tuple[PointMap | Metric | RadiusScale | Dimming, ...]:
        """All of them, in order."""
        return (
            *self.rotations, *self.bendings, *self.warps, self.metric, *self.radius_scales, *self.dimmings,
        )  # fmt: skip

    @property
    def kink_lines(self) -> dict[float, bool]:
        """Angles of the lines through the centre along which the brightness has kinks or jumps, radians (to twelve
        digits, so that an angle that two links name is one), and whether it has on both sides of the centre.
        """
        sides = {round(angle % math.tau, 12) for angle in (*self.metric.kinks, *self.jumps)}
        lines: dict[float, bool] = {}
        for angle in sorted(sides):
            opposite = next((known for known in lines if abs(angle - known - math.pi) < _SAME), None)
            lines |= {angle: False} if opposite is None else {opposite: True}
        return lines

    @property
    def jumps(self) -> tuple[float, ...]:
        """Angles of the lines from the centre across which the brightness jumps, radians."""
        links: tuple[RadiusScale | Dimming, ...] = (*self.radius_scales, *self.dimmings)
        return tuple(angle for link in links for angle in link.jumps)

    @property
    def straight(self) -> bool:
        """Whether lines through the centre are straight on the image."""
        return not (self.rotations or self.bendings or self.warps)

    @property
    def own(self) -> dict[str, Rounding]:
        """The parameters that they bring."""
        return {name: rounding for link in self.links for name, rounding in link.own.items()}
