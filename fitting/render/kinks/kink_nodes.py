"""What rules for pixels that kinks cross are given, sides of lines, and hand out, points over pixels and on lines."""

from collections.abc import Callable
from dataclasses import dataclass

from torch import Tensor

from fitting.profiles.kinks import KinkLines

Side = Callable[[Tensor, Tensor], Tensor]
"""Offsets x, y (pixels, …, lines) to which side of each pixel's own lines a point lies on: zero on the line."""


@dataclass(frozen=True)
class EdgeNodes:
    """Points on kinks: the integral of f along them is the sum of `weight` f |∇s| / |∂s|, with s as `Side` and ∂ its
    derivative along (`along_x`, `along_y`).

    All (points, pixels); `weight` is zero where a kink is not met.
    """

    x: Tensor
    y: Tensor
    along_x: Tensor
    along_y: Tensor
    angle: Tensor
    weight: Tensor


@dataclass(frozen=True)
class KinkNodes:
    """Offsets from the centre and weights over pixels, or over parts of them, (points, parts).

    Attributes:
        edge: finds points on kinks.
        owner: place among the pixels of each part, (parts,); None where each is a pixel.
    """

    x: Tensor
    y: Tensor
    weight: Tensor
    edge: Callable[[], EdgeNodes]
    owner: Tensor | None = None


def side_of_lines(kinks: KinkLines, values: Tensor, angle: Tensor) -> Side:
    """Of pixels whose surfaces have values (pixels, parameters), and lines at angles (pixels, lines)."""
    if kinks.straight:
        by_x, by_y = kinks.steepness(values, angle)

        def straight(x: Tensor, y: Tensor) -> Tensor:
            shape = (len(by_x), *(1,) * (x.ndim - 2), by_x.shape[1])
            return by_x.view(shape) * x + by_y.view(shape) * y

        return straight

    def bent(x: Tensor, y: Tensor) -> Tensor:
        lines = angle.view(len(angle), *(1,) * (x.ndim - 2), angle.shape[1]).expand_as(x)
        return kinks.side(x.flatten(1), y.flatten(1), values, lines.flatten(1)).view(x.shape)

    return bent
