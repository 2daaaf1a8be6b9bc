"""From the geometry of a request to the links of the chain."""

from collections.abc import Callable, Iterable
from typing import Any

from fitting.geometry.bending import Bending
from fitting.geometry.chain import Modifiers
from fitting.geometry.fourier import Fourier
from fitting.geometry.rays import DirectionBrightnesses, Directions, DirectionSizes
from fitting.geometry.rotation import Rotation
from fitting.geometry.superellipse import Superellipse
from fitting.geometry.truncation import Truncation
from fitting.geometry.warp import Warp
from fitting.spec.geometry import ModifierSpec, in_order


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


def _truncations(setting: Any) -> tuple[Truncation, ...]:
    sides: Any = (setting,) if isinstance(setting, str) else setting
    return tuple(Truncation(side) for side in sides)


def _directed(word: str, count: int) -> dict[str, Any]:
    directions = Directions(word, count)
    return {"radius_scales": (DirectionSizes(directions),), "dimmings": (DirectionBrightnesses(directions),)}


_LINKS: dict[str, Callable[[Any, str], dict[str, Any]]] = {
    "superellipse": lambda _, scale: {"metric": Superellipse()},
    "fourier": lambda modes, scale: {"radius_scales": (Fourier(modes),)},
    "bending": lambda modes, scale: {"bendings": (Bending(modes, scale),)},
    "warp": lambda nodes, scale: {"warps": (Warp(nodes),)},
    "rotation": lambda law, scale: {"rotations": (Rotation(law),)},
    "truncation": lambda sides, scale: {"dimmings": _truncations(sides)},
    "rays": lambda count, scale: _directed("ray", count),
    "wedges": lambda count, scale: _directed("wedge", count),
}
