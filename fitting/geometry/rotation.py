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

from fitting.geometry.modifier import Fields
from fitting.geometry.superellipse import TINY
from fitting.profiles.axes import DEGREES
from fitting.profiles.surface import Rounding

BAR = 0.23
"""c of Peng et al. 2010, section 3, radians: how fast the bar lets go of the arms."""
LEAST_SPAN = 1e-2
"""The least r_out − r_in, in r_out: the onset stays a function with a slope. By hand."""


@dataclass(frozen=True)
class Turn:
    """An angle θ of a radius, radians; `slopes` are its derivatives by the radius and by each parameter of the law."""

    angle: Tensor
    slopes: Callable[[], tuple[Tensor, Fields]]


def hyperbolic_onset(radius: Tensor, inner: Tensor, outer: Tensor, total: Tensor) -> Turn:
    """T(r), and its derivatives by r, r_in, r_out and θ_out (radians)."""
    size = total.abs() + BAR
    bar = 2.0 * BAR / size - 1.00001
    rise = 2.0 - bar.atanh()
    wanted = outer - inner
    span = torch.maximum(wanted, LEAST_SPAN * outer)
    steep = 2.0 * rise / span
    onset = (radius * steep).add_(4.0 - outer * steep).sigmoid_()

    def slopes() -> tuple[Tensor, Fields]:
        free = (wanted > LEAST_SPAN * outer).to(radius.dtype)
        place = (radius - outer).div_(span)
        slope = (1.0 - onset).mul_(onset).mul_(2.0)
        by_radius = slope * (rise / span)
        by_span = by_radius * place
        by_rise = 2.0 * BAR / size.square() / (1.0 - bar * bar) * total.sign()
        by_outer = by_span.mul(-torch.where(free > 0, 1.0, LEAST_SPAN)).sub_(by_radius)
        return by_radius, (by_span * free, by_outer, slope.mul_(place).mul_(by_rise))

    return Turn(onset, slopes)


@dataclass(frozen=True)
class Rotation:
    """A spiral by one of the two laws."""

    law: Literal["power", "log"]

    @cached_property
    def reads(self) -> tuple[str, ...]:
        return tuple(self.parameters)

    @cached_property
    def parameters(self) -> dict[str, Rounding]:
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
            log = (radius * (0.5 / outer)).add_(0.5).log_()
            factor = (log * shape).exp_()

            def slopes() -> tuple[Tensor, Fields]:
                share = (factor * shape).div_(radius + outer)
                return share, ((share * radius).div_(-outer), factor * log)

            return Turn(factor, slopes)

        inside, whole = (radius / shape).log1p(), (outer / shape).log1p()

        def slopes_of_log() -> tuple[Tensor, Fields]:
            by_shape = (inside * outer / (outer + shape) - whole * radius / (radius + shape)) / (shape * whole**2)
            return 1.0 / ((radius + shape) * whole), (-inside / whole**2 / (outer + shape), by_shape)

        return Turn(inside / whole, slopes_of_log)

    def _turn(self, radius: Tensor, inner: Tensor, outer: Tensor, total: Tensor, shape: Tensor) -> Turn:
        """θ(r), and its derivatives by r, r_in, r_out, θ_out (degrees) and α (or r_ws)."""
        total = total * DEGREES
        onset = hyperbolic_onset(radius, inner, outer, total)
        winding = self._winding(radius, outer, shape)

        def slopes() -> tuple[Tensor, Fields]:
            onset_by_radius, onset_by_values = onset.slopes()
            winding_by_radius, (winding_by_outer, winding_by_shape) = winding.slopes()
            arms, wound = onset.angle * total, winding.angle * total
            by_inner, by_outer, by_total = (wound * part for part in onset_by_values)
            by_outer.addcmul_(arms, winding_by_outer)
            by_total.addcmul_(onset.angle, winding.angle).mul_(DEGREES)
            by_radius = onset_by_radius.mul_(wound).addcmul_(arms, winding_by_radius)
            return by_radius, (by_inner, by_outer, by_total, arms.mul_(winding_by_shape))

        return Turn((onset.angle * total).mul_(winding.angle), slopes)

    def __call__(
        self, x: Tensor, y: Tensor, values: Fields
    ) -> tuple[Tensor, Tensor, Callable[[Tensor, Tensor], tuple[Tensor, Tensor, Fields]]]:
        """x and y as in the image, from the centre."""
        inner, outer, total, inclination, nodes, shape = values
        towards, tilt = nodes * DEGREES, inclination * DEGREES
        node_sine, node_cosine = torch.sin(towards), torch.cos(towards)
        stretch = tilt.cos().reciprocal_()
        along = (y * node_cosine).addcmul_(x, -node_sine)
        face = (x * (node_cosine * stretch)).addcmul_(y, node_sine * stretch)
        radius = (along * along).addcmul_(face, face).clamp_(min=TINY**2).sqrt_()
        turn = self._turn(radius, inner, outer, total, shape)
        # Seen face on, with the line of nodes where it was; then turned back by θ to where the light came from.
        back = towards - turn.angle
        sine, cosine = back.sin(), back.cos_()
        moved_x, moved_y = (face * cosine).addcmul_(along, sine, value=-1.0), (along * cosine).addcmul_(face, sine)

        def pullback(by_x: Tensor, by_y: Tensor) -> tuple[Tensor, Tensor, Fields]:
            by_turn = (by_x * moved_y).addcmul_(by_y, moved_x, value=-1.0)
            turn_by_radius, turn_by_values = turn.slopes()
            by_radius = turn_by_radius.mul_(by_turn).div_(radius)
            by_along = (by_y * cosine).addcmul_(by_x, sine, value=-1.0).addcmul_(by_radius, along)
            by_face = (by_x * cosine).addcmul_(by_y, sine).addcmul_(by_radius, face)
            by_across = by_face * stretch
            by_nodes = (by_across * along).addcmul_(by_along * face, tilt.cos(), value=-1.0).sub_(by_turn)
            by_tilt = by_face.mul_(face).mul_(tilt.tan() * DEGREES)
            by_inner, by_outer, by_total, by_shape = (by_turn * part for part in turn_by_values)
            return (
                (by_across * node_cosine).addcmul_(by_along, -node_sine),
                (by_along * node_cosine).addcmul_(by_across, node_sine),
                (by_inner, by_outer, by_total, by_tilt, by_nodes.mul_(DEGREES), by_shape),
            )

        return moved_x, moved_y, pullback
