"""Lines from a surface's centre along which its brightness has a kink or a jump.

On the image such a line may be bent and twisted; in the surface's own plane, with a along the major axis and b across
it (clockwise), it is straight: the zeros of a sin α + b cos α where a cos α − b sin α > 0, for a line at α from the
major axis, counter-clockwise. Two that are opposite are one line through the centre.
"""

from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch import Tensor

from fitting.profiles.cached_tensors import cached_tensors


@dataclass(frozen=True)
class PlanePoints:
    """Points in a surface's own plane, (instances, points), and the pullback: derivatives by a and b become those by
    every parameter of the surface, (instances, parameters, points).
    """

    a: Tensor
    b: Tensor
    pullback: Callable[[Tensor, Tensor], Tensor]


@dataclass(frozen=True)
class KinkLines:
    """The lines of one surface.

    Attributes:
        angles: α of each line through the centre, radians, no two the same or opposite.
        whole: whether there is a kink on both sides of the centre, or only at α itself, of each.
        jump: whether the brightness jumps across any of them.
        slope_jumps: whether it has kinks, which fade away from the centre.
        straight: whether the lines are straight on the image, too.
        plane: from offsets x, y (instances, points) and values (instances, parameters) to the surface's own plane.
    """

    angles: tuple[float, ...]
    whole: tuple[bool, ...]
    jump: bool
    slope_jumps: bool
    straight: bool
    plane: Callable[[Tensor, Tensor, Tensor], PlanePoints]

    def side(self, x: Tensor, y: Tensor, values: Tensor, angle: Tensor) -> Tensor:
        """a sin α + b cos α (pixels) at offsets and lines (instances, points): its sign is the side of a point."""
        points = self.plane(x, y, values)
        return points.a * angle.sin() + points.b * angle.cos()

    def side_slopes(self, x: Tensor, y: Tensor, values: Tensor, angle: Tensor) -> Tensor:
        """Derivatives of `side` by every parameter, (instances, parameters, points)."""
        return self.plane(x, y, values).pullback(angle.sin(), angle.cos())

    def steepness(self, values: Tensor, angle: Tensor) -> tuple[Tensor, Tensor]:
        """Derivatives of `side` by x and y of lines (instances or 1, lines) that are straight on the image, (instances,
        lines) each.
        """
        x, y = _units(values.device).expand(-1, len(values), -1)
        points = self.plane(x, y, values)
        sine, cosine = angle.sin(), angle.cos()
        (a_x, a_y), (b_x, b_y) = points.a.split(1, dim=1), points.b.split(1, dim=1)
        return a_x * sine + b_x * cosine, a_y * sine + b_y * cosine


@cached_tensors
def _units(device: torch.device) -> Tensor:
    """x and y of two points, one pixel out along each axis, (2, 1, 2)."""
    return torch.eye(2, dtype=torch.float64, device=device)[:, None]
