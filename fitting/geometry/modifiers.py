"""The chain of modifiers: its links by where they stand, and how a request's geometry becomes it."""

import math
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Any

from torch import Tensor

from fitting.geometry.bending import Bending
from fitting.geometry.fourier import Fourier
from fitting.geometry.modifier import Dimming, Metric, PointMap, RadiusScale
from fitting.geometry.rays import DirectionBrightnesses, Directions, DirectionSizes
from fitting.geometry.rotation import Rotation
from fitting.geometry.superellipse import ELLIPSE, Superellipse
from fitting.geometry.truncation import Truncation
from fitting.geometry.warp import Warp
from fitting.profiles.surface import Rounding
from fitting.spec.modifiers import ModifierSpec, in_order

_SAME = 1e-9
"""Angles that differ by less are one, radians: far above rounding, far below any setting."""


@dataclass(frozen=True)
class Modifiers:
    """The links by where they stand in the chain; all tuples but the radius, which there is one of."""

    rotations: tuple[PointMap, ...] = ()
    bendings: tuple[PointMap, ...] = ()
    warps: tuple[PointMap, ...] = ()
    metric: Metric = ELLIPSE
    radius_scales: tuple[RadiusScale, ...] = ()
    dimmings: tuple[Dimming, ...] = ()

    def at(self, named: Mapping[str, Tensor]) -> "Modifiers":
        """The chain for evaluations at these very values, (instances, 1) each."""
        scales = tuple(link.at(tuple(named[name] for name in link.reads)) for link in self.radius_scales)
        dimmings = tuple(link.at(tuple(named[name] for name in link.reads)) for link in self.dimmings)
        return replace(self, radius_scales=scales, dimmings=dimmings)

    @property
    def links(self) -> tuple[PointMap | Metric | RadiusScale | Dimming, ...]:
        """All links, in the order in which they act."""
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
    def parameters(self) -> dict[str, Rounding]:
        """The parameters that they bring."""
        return {name: rounding for link in self.links for name, rounding in link.parameters.items()}


def modifiers_of(geometry: Iterable[ModifierSpec], scale: str) -> Modifiers:
    """The chain of a component's geometry; `scale` is the name of its profile's scale length."""
    links: dict[str, Any] = {}
    for item in in_order(geometry):
        for place, made in _LINKS[item.name](item.setting, scale).items():
            links[place] = made if place == "metric" else (*links.get(place, ()), *made)
    return Modifiers(**links)


def in_pixels(geometry: tuple[ModifierSpec, ...], scale: float) -> tuple[ModifierSpec, ...]:
    """The geometry of an image whose pixels are `scale` to the request's unit of length: nodes of warps are radii."""
    return tuple(
        item.model_copy(update={"setting": tuple(node * scale for node in item.setting)})
        if item.name == "warp"
        else item
        for item in geometry
    )


def _direction_links(word: str, count: int) -> dict[str, Any]:
    directions = Directions(word, count)
    return {"radius_scales": (DirectionSizes(directions),), "dimmings": (DirectionBrightnesses(directions),)}


_LINKS: dict[str, Callable[[Any, str], dict[str, Any]]] = {
    "superellipse": lambda _, scale: {"metric": Superellipse()},
    "fourier": lambda modes, scale: {"radius_scales": (Fourier(modes),)},
    "bending": lambda modes, scale: {"bendings": (Bending(modes, scale),)},
    "warp": lambda nodes, scale: {"warps": (Warp(nodes),)},
    "rotation": lambda law, scale: {"rotations": (Rotation(law),)},
    "truncation": lambda sides, scale: {
        "dimmings": tuple(map(Truncation, (sides,) if isinstance(sides, str) else sides))
    },
    "rays": lambda count, scale: _direction_links("ray", count),
    "wedges": lambda count, scale: _direction_links("wedge", count),
}
