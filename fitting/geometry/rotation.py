"""Rotation of the coordinates with radius: spiral arms, as GALFIT's power and logarithmic spirals.

The disc is seen face on after its inclination i about the line of nodes is undone; there its light is turned
counter-clockwise by

    θ(r) = θ_out · T(r) · [½(r/r_out + 1)]^α            (power)
    θ(r) = θ_out · T(r) · ln(r/r_ws + 1)/ln(r_out/r_ws + 1)   (log)
    T(r) = ½{1 + tanh[(2 − artanh A)(r − r_out)/(r_out − r_in) + 2]},  A = 2c/(|θ_out| + c) − 1.00001, c = 0.23

with θ_out in radians within A (Peng et al. 2010, AJ 139, 2097). q and pa are then
those of the disc seen face on; inside r_in there is a bar.
"""

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from typing import Literal

import torch
from torch import Tensor

from fitting.geometry.modifier import Own
from fitting.profiles.axes import DEGREES
from fitting.profiles.surface import Rounding

BAR = 0.23
LEAST_SPAN = 1e-2


@dataclass(frozen=True)
class Turn:
    """An angle θ of a radius, radians, and its derivatives by the radius and by each parameter of the law."""

    angle: Tensor
    by_radius: Tensor
    by_own: Own


def hyperbolic_onset(radius: Tensor, inner: Tensor, outer: Tensor, total: Tensor) -> Turn:
    """T(r), and its derivatives by r, r_in, r_out and θ_out (radians)."""
    size = total.abs() + BAR
    bar = 2.0 * BAR / size - 1.00001
    rise = 2.0 - bar.atanh()
    wanted = outer - inner
    span = torch.maximum(wanted, LEAST_SPAN * outer)
    free = (wanted > LEAST_SPAN * outer).to(radius.dtype)
    place = (radius - outer) / span
    onset = (2.0 * (rise * place + 2.0)).sigmoid()
    slope = 2.0 * onset * (1.0 - onset)
    by_rise = 2.0 * BAR / size**2 / (1.0 - bar * bar) * total.sign()
    by_span = -rise * place / span
    by_outer = -rise / span + by_span * torch.where(free > 0, 1.0, LEAST_SPAN)
    return Turn(onset, slope * rise / span, (slope * -by_span * free, slope * by_outer, slope * place * by_rise))


@dataclass(frozen=True)
class Rotation:
    """A spiral by one of the two laws."""

    law: Literal["power", "log"]

    @cached_property
    def reads(self) -> tuple[str, ...]:
        return tuple(self.own)

    @cached_property
    def own(self) -> dict[str, Rounding]:
        last = {"rotation_power": Rounding(0.05)} if self.law == "power" else {"rotation_winding": Rounding()}
        return {
            "rotation_inner": Rounding(0.5),
            "rotation_outer": Rounding(),
            "rotation_angle": Rounding(5.0),
            "rotation_inclination": Rounding(2.0),
            "rotation_pa": Rounding(3.0),
        } | last

    def _winding(self, radius: Tensor, outer: Tensor, shape: Tensor) -> Turn:
        """The factor that winds the arms, and its derivatives by r, r_out and α (or r_ws)."""
        if self.law == "power":
            log = (0.5 * (radius / outer + 1.0)).log()
            factor = (shape * log).exp()
            share = factor * shape / (radius + outer)
            return Turn(factor, share, (-share * radius / outer, factor * log))
        own, whole = (radius / shape).log1p(), (outer / shape).log1p()
        by_shape = (own * outer / (outer + shape) - whole * radius / (radius + shape)) / (shape * whole**2)
        return Turn(own / whole, 1.0 / ((radius + shape) * whole), (-own / whole**2 / (outer + shape), by_shape))

    def _turn(self, radius: Tensor, inner: Tensor, outer: Tensor, total: Tensor, shape: Tensor) -> Turn:
        """θ(r), and its derivatives by r, r_in, r_out, θ_out (degrees) and α (or r_ws)."""
        total = total * DEGREES
        onset = hyperbolic_onset(radius, inner, outer, total)
        winding = self._winding(radius, outer, shape)
        by_inner, by_outer, by_total = (total * winding.angle * part for part in onset.by_own)
        arms = total * onset.angle
        by_outer = by_outer + arms * winding.by_own[0]
        by_total = (by_total + onset.angle * winding.angle) * DEGREES
        by_radius = total * (onset.by_radius * winding.angle + onset.angle * winding.by_radius)
        return Turn(arms * winding.angle, by_radius, (by_inner, by_outer, by_total, arms * winding.by_own[1]))

    def __call__(
        self, x: Tensor, y: Tensor, own: Own
    ) -> tuple[Tensor, Tensor, Callable[[Tensor, Tensor], tuple[Tensor, Tensor, Own]]]:
        """x and y as in the image, from the centre."""
        inner, outer, total, inclination, nodes, shape = own
        node_sine, node_cosine = torch.sin(nodes * DEGREES), torch.cos(nodes * DEGREES)
        tilt = inclination * DEGREES
        stretch = 1.0 / tilt.cos()
        along = y * node_cosine - x * node_sine
        across = x * node_cosine + y * node_sine
        face = across * stretch
        radius = torch.hypot(along, face).clamp(min=1e-100)
        turn = self._turn(radius, inner, outer, total, shape)
        # Seen face on, with the line of nodes where it was; then turned back by θ to where the light came from.
        node_x, node_y = face * node_cosine - along * node_sine, along * node_cosine + face * node_sine
        sine, cosine = torch.sin(turn.angle), torch.cos(turn.angle)
        moved_x, moved_y = node_x * cosine + node_y * sine, node_y * cosine - node_x * sine

        def pullback(by_x: Tensor, by_y: Tensor) -> tuple[Tensor, Tensor, Own]:
            by_turn = by_x * moved_y - by_y * moved_x
            by_node_x, by_node_y = by_x * cosine - by_y * sine, by_x * sine + by_y * cosine
            by_radius = by_turn * turn.by_radius / radius
            by_along = by_node_y * node_cosine - by_node_x * node_sine + by_radius * along
            by_face = by_node_x * node_cosine + by_node_y * node_sine + by_radius * face
            by_across = by_face * stretch
            by_tilt = by_face * face * tilt.tan() * DEGREES
            by_nodes = by_along * -across + by_across * along - by_node_x * node_y + by_node_y * node_x
            by_inner, by_outer, by_total, by_shape = (by_turn * part for part in turn.by_own)
            return (
                by_across * node_cosine - by_along * node_sine,
                by_along * node_cosine + by_across * node_sine,
                (by_inner, by_outer, by_total, by_tilt, by_nodes * DEGREES, by_shape),
            )

        return moved_x, moved_y, pullback
