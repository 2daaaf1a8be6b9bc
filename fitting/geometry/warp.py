"""Radial warp: axis ratio and position angle that change with radius.

At the radius R of the central ellipse the axis ratio is q · exp(Σ_i w_i(R) ln q_i) and the position angle
pa + Σ_i w_i(R) pa_i, where w_i is the cubic spline that is 1 at node i, 0 at the others and at the centre, level at the
centre and from the last node on. So q and pa are those of the centre, and node i has the axis ratio q · q_i and the
angle pa + pa_i. (AstroPhot's warp models give q and pa at the nodes; the sense is the same.)
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import torch
from scipy.interpolate import CubicSpline
from torch import Tensor

from fitting.geometry.modifier import Fields
from fitting.geometry.superellipse import TINY
from fitting.profiles.axes import DEGREES
from fitting.profiles.cached_tensors import cached_tensors
from fitting.profiles.surface import Rounding


@cached_tensors
def _pieces(nodes: tuple[float, ...], device: torch.device) -> tuple[Tensor, Tensor, Tensor]:
    """Starts and widths of the intervals between knots, (intervals, 1) each, and coefficients of the w_i,
    (nodes, 3 · intervals): of the cubes of offsets from the starts, of their squares, of themselves.
    """
    knots = np.array([0.0, *nodes])
    spline = CubicSpline(knots, np.eye(len(knots))[:, 1:], bc_type="clamped")
    starts, widths = (torch.as_tensor(part, device=device)[:, None] for part in (knots[:-1], np.diff(knots)))
    return starts, widths, torch.as_tensor(np.concatenate(spline.c[:3]).T.copy(), device=device)


@dataclass(frozen=True)
class Warp:
    """A warp with nodes at fixed radii, pixels, rising and positive."""

    nodes: tuple[float, ...]

    @cached_property
    def reads(self) -> tuple[str, ...]:
        return ("q", *self.parameters)

    @cached_property
    def parameters(self) -> dict[str, Rounding]:
        numbers = range(1, len(self.nodes) + 1)
        ratios = {f"warp_{number}_q": Rounding() for number in numbers}
        return ratios | {f"warp_{number}_pa": Rounding(3.0) for number in numbers}

    def _powers(self, radius: Tensor) -> Tensor:
        """Cubes, squares and offsets t_k themselves (…, 3 · intervals, points) of radii (…, points): t_k is how far a
        point is into the interval k, or its whole width. w_i(R) = Σ_k [p_ki(t_k) − p_ki(0)] with p_ki its cubics.
        """
        starts, widths, _ = _pieces(self.nodes, radius.device)
        offset = torch.minimum((radius.unsqueeze(-2) - starts).clamp_(min=0.0), widths)
        square = offset * offset
        return torch.cat((square * offset, square, offset), dim=-2)

    def _cubics(self, values: Sequence[Tensor]) -> Tensor:
        """Coefficients, as of the w_i, of ln of the axis ratio over that of the centre and of the turn (radians),
        (…, 2, 3 · intervals), of values (…, 1) of all parameters but q.
        """
        count = len(self.nodes)
        _, _, coefficients = _pieces(self.nodes, values[0].device)
        ratios, angles = torch.cat(tuple(values[:count]), dim=-1), torch.cat(tuple(values[count:]), dim=-1)
        return torch.stack((ratios.log(), angles * DEGREES), dim=-2) @ coefficients

    def bend(self, radius: Tensor, values: Sequence[Tensor]) -> tuple[Tensor, Tensor]:
        """ln of the axis ratio over that of the centre, and the turn (radians), at a radius; values as of
        `_cubics`.
        """
        log_ratio, turn = (self._cubics(values) @ self._powers(radius)).unbind(-2)
        return log_ratio, turn

    def __call__(
        self, x: Tensor, y: Tensor, values: Fields
    ) -> tuple[Tensor, Tensor, Callable[[Tensor, Tensor], tuple[Tensor, Tensor, Fields]]]:
        """x along the major axis, y across it over q."""
        q, *nodes = values
        radius = torch.addcmul(x * x, y, y).clamp_(min=TINY**2).sqrt_()
        powers, cubics = self._powers(radius), self._cubics(nodes)
        log_ratio, angle = (cubics @ powers).unbind(-2)
        # The axis turns counter-clockwise by `angle` on the image, where y is q y; y points clockwise of x.
        sine, cosine, stretch = torch.sin(angle), torch.cos(angle), (-log_ratio).exp_().div_(q)
        wide = q * y
        along, across = (x * cosine).sub_(wide * sine), (x * sine).add_(wide * cosine)
        moved = across * stretch

        def pullback(by_x: Tensor, by_y: Tensor) -> tuple[Tensor, Tensor, Fields]:
            by_across = by_y * stretch
            by_log_ratio = -by_y * moved
            by_angle = (by_across * along).sub_(by_x * across)
            by_width = (by_across * cosine).sub_(by_x * sine)
            log_slope, turn_slope = self._slopes(cubics, powers)
            by_radius = log_slope.mul_(by_log_ratio).add_(turn_slope.mul_(by_angle)).div_(radius)
            weights = (_pieces(self.nodes, powers.device)[2] @ powers).unbind(-2)
            by_degrees = by_angle * DEGREES
            return (
                (by_x * cosine).add_(by_across * sine).add_(by_radius * x),
                (by_width * q).add_(by_radius.mul_(y)),
                (
                    by_width.mul_(y).add_(by_log_ratio / q),
                    *(by_log_ratio * weight / ratio for weight, ratio in zip(weights, nodes, strict=False)),
                    *(by_degrees * weight for weight in weights),
                ),
            )

        return along, moved, pullback

    def _slopes(self, cubics: Tensor, powers: Tensor) -> tuple[Tensor, Tensor]:
        """Derivatives by the radius of ln of the axis ratio and of the turn, like points, level at the centre."""
        count = len(self.nodes)
        cube, square, _ = cubics.split(count, dim=-1)
        slopes = torch.cat((3.0 * cube, 2.0 * square), dim=-1) @ powers[..., count:, :]
        by_log_ratio, by_turn = slopes.unbind(-2)
        return by_log_ratio, by_turn
