"""The first half of the chain: where points of the image lie in a component's own plane, and derivatives back.

offset → rotation → major axis → bending → axis ratio → warp. In the plane that they lead to isophotes are measured: a
runs along the major axis and b across it (clockwise), over q.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass

import torch
from torch import Tensor

from fitting.geometry.chain import Modifiers
from fitting.geometry.modifier import PointMap
from fitting.profiles.axes import DEGREES, by_centre_and_angle, turned

Gradient = dict[str, Tensor]
"""Derivatives so far, by parameter."""


@dataclass(frozen=True)
class PlaneAxes:
    """Sine and cosine of the position angle, and one over the axis ratio, (instances, 1) each."""

    sine: Tensor
    cosine: Tensor
    stretch: Tensor

    @classmethod
    def of(cls, named: Mapping[str, Tensor]) -> "PlaneAxes":
        """Of values by name."""
        angle = named["pa"] * DEGREES
        return cls(angle.sin(), angle.cos(), named["q"].reciprocal())


def in_own_plane(
    chain: Modifiers, axes: PlaneAxes, x: Tensor, y: Tensor, named: Mapping[str, Tensor]
) -> tuple[Tensor, Tensor, Callable[[Tensor, Tensor, Gradient], None]]:
    """a and b of offsets x, y, and the pullback of derivatives by them, which adds to a gradient."""
    plane_x, plane_y, unrotate = _moved(chain.rotations, x, y, named)
    along, across = turned(plane_x, plane_y, axes.sine, axes.cosine)
    bent_along, bent_across, unbend = _moved(chain.bendings, along, across, named)
    stretched = bent_across * axes.stretch
    a, b, unwarp = _moved(chain.warps, bent_along, stretched, named)

    def pullback(by_a: Tensor, by_b: Tensor, gradient: Gradient) -> None:
        by_along, by_stretched = unwarp(by_a, by_b, gradient)
        add(gradient, ("q",), ((by_stretched * stretched).mul_(-axes.stretch),))
        by_along, by_across = unbend(by_along, by_stretched * axes.stretch, gradient)
        by_x, by_y, by_pa = by_centre_and_angle(along, across, by_along, by_across, named["pa"])
        add(gradient, ("pa",), (by_pa,))
        if chain.rotations:
            # Points are offsets from the centre, which moves against them.
            by_x, by_y = (-part for part in unrotate(-by_x, -by_y, gradient))
        add(gradient, ("x", "y"), (by_x, by_y))

    return a, b, pullback


def _moved(
    links: tuple[PointMap, ...], x: Tensor, y: Tensor, named: Mapping[str, Tensor]
) -> tuple[Tensor, Tensor, Callable[[Tensor, Tensor, Gradient], tuple[Tensor, Tensor]]]:
    """Points after maps, and the pullback through all of them, which adds to a gradient."""
    pullbacks = []
    for link in links:
        x, y, back = link(x, y, tuple(named[name] for name in link.reads))
        pullbacks.append((link, back))

    def pullback(by_x: Tensor, by_y: Tensor, gradient: Gradient) -> tuple[Tensor, Tensor]:
        for link, back in reversed(pullbacks):
            by_x, by_y, own = back(by_x, by_y)
            add(gradient, link.reads, own)
        return by_x, by_y

    return x, y, pullback


def add(gradient: Gradient, names: Iterable[str], parts: Iterable[Tensor]) -> None:
    """Add parts to the derivatives by the parameters of these names."""
    for name, part in zip(names, parts, strict=True):
        gradient[name] = gradient[name] + part if name in gradient else part


def stacked(gradient: Gradient, parameters: Iterable[str], like: Tensor) -> Tensor:
    """Derivatives by all parameters, zero where there is none yet, (instances, parameters, points) as `like`."""
    none = torch.zeros_like(like)
    return torch.stack([gradient.get(name, none).expand_as(like) for name in parameters], dim=1)
