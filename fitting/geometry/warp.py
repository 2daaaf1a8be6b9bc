"""Radial warp: axis ratio and position angle that change with radius.

At the radius R of the central ellipse the axis ratio is q · exp(Σ_i w_i(R) ln q_i) and the position angle
pa + Σ_i w_i(R) pa_i, where w_i is the cubic spline that is 1 at node i, 0 at the others and at the centre, level at the
centre and from the last node on. So q and pa are those of the centre, and node i has the axis ratio q · q_i and the
angle pa + pa_i. (AstroPhot's warp models give q and pa at the nodes; the sense is the same.)
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cache

import numpy as np
import torch
from scipy.interpolate import CubicSpline
from torch import Tensor

from fitting.geometry.modifier import Own
from fitting.profiles.axes import DEGREES
from fitting.profiles.surface import Rounding


@cache
def _pieces(nodes: tuple[float, ...], device: torch.device) -> tuple[Tensor, Tensor]:
    """Knots (intervals + 1,) and coefficients (4, intervals, nodes) of the w_i, highest power first."""
    knots = np.array([0.0, *nodes])
    spline = CubicSpline(knots, np.eye(len(knots))[:, 1:], bc_type="clamped")
    return torch.as_tensor(knots, device=device), torch.as_tensor(spline.c, device=device)


@dataclass(frozen=True)
class Warp:
    """A warp with nodes at fixed radii, pixels, rising and positive."""

    nodes: tuple[float, ...]

    @property
    def reads(self) -> tuple[str, ...]:
        return ("q", *self.own)

    @property
    def own(self) -> dict[str, Rounding]:
        numbers = range(1, len(self.nodes) + 1)
        ratios = {f"warp_{number}_q": Rounding() for number in numbers}
        return ratios | {f"warp_{number}_pa": Rounding(3.0) for number in numbers}

    def _weights(self, radius: Tensor) -> tuple[Tensor, Tensor]:
        """w_i and dw_i/dR at a radius, each (nodes, …)."""
        knots, coefficients = _pieces(self.nodes, radius.device)
        inside = radius.clamp(max=self.nodes[-1])
        piece = (torch.bucketize(inside, knots) - 1).clamp(0, len(self.nodes) - 1)
        offset = (inside - knots[piece])[..., None]
        cubic, square, line, constant = (power[piece] for power in coefficients)
        weights = ((cubic * offset + square) * offset + line) * offset + constant
        slopes = (3.0 * cubic * offset + 2.0 * square) * offset + line
        slopes = torch.where((radius < self.nodes[-1])[..., None], slopes, 0.0)
        return weights.movedim(-1, 0), slopes.movedim(-1, 0)

    def bend(self, radius: Tensor, own: Sequence[Tensor]) -> tuple[Tensor, Tensor]:
        """ln of the axis ratio over that of the centre, and the turn (radians), at a radius; of its own parameters."""
        weights, _ = self._weights(radius)
        ratios, angles = own[: len(self.nodes)], own[len(self.nodes) :]
        log_ratio = torch.stack([weight * ratio.log() for weight, ratio in zip(weights, ratios, strict=True)]).sum(0)
        turn = torch.stack([weight * angle for weight, angle in zip(weights, angles, strict=True)]).sum(0)
        return log_ratio, turn * DEGREES

    def __call__(
        self, x: Tensor, y: Tensor, own: Own
    ) -> tuple[Tensor, Tensor, Callable[[Tensor, Tensor], tuple[Tensor, Tensor, Own]]]:
        """x along the major axis, y across it over q."""
        q, *nodes = own
        count = len(self.nodes)
        ratios, angles = nodes[:count], nodes[count:]
        radius = torch.hypot(x, y).clamp(min=1e-100)
        weights, slopes = self._weights(radius)
        log_ratio = sum(weight * ratio.log() for weight, ratio in zip(weights, ratios, strict=True))
        angle = sum(weight * turn for weight, turn in zip(weights, angles, strict=True)) * DEGREES
        # The axis turns counter-clockwise by `angle` on the image, where y is q y; y points clockwise of x.
        sine, cosine, stretch = torch.sin(angle), torch.cos(angle), torch.exp(-log_ratio) / q
        along, across = x * cosine - q * y * sine, x * sine + q * y * cosine
        moved = across * stretch

        def pullback(by_x: Tensor, by_y: Tensor) -> tuple[Tensor, Tensor, Own]:
            by_across = by_y * stretch
            by_log_ratio = -by_y * moved
            by_angle = (by_across * along - by_x * across) * DEGREES
            by_width = by_across * cosine - by_x * sine
            log_slope = sum(slope * ratio.log() for slope, ratio in zip(slopes, ratios, strict=True))
            turn_slope = sum(slope * turn for slope, turn in zip(slopes, angles, strict=True))
            by_radius = (by_log_ratio * log_slope + by_angle * turn_slope) / radius
            own_ratios = tuple(by_log_ratio * weight / ratio for weight, ratio in zip(weights, ratios, strict=True))
            own_angles = tuple(by_angle * weight for weight in weights)
            return (
                by_x * cosine + by_across * sine + by_radius * x,
                by_width * q + by_radius * y,
                (by_width * y + by_log_ratio / q, *own_ratios, *own_angles),
            )

        return along, moved, pullback
