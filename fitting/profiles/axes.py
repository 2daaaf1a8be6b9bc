"""From offsets on the image to a position along and across a component's major axis, and derivatives back."""

import torch
from torch import Tensor

DEGREES = torch.pi / 180.0


def along_and_across(x: Tensor, y: Tensor, pa: Tensor) -> tuple[Tensor, Tensor]:
    """Offsets along an axis at `pa` (degrees from +y, counter-clockwise) and across it, clockwise."""
    sine, cosine = torch.sin(pa * DEGREES), torch.cos(pa * DEGREES)
    return y * cosine - x * sine, x * cosine + y * sine


def by_centre_and_angle(
    along: Tensor, across: Tensor, by_along: Tensor, by_across: Tensor, pa: Tensor
) -> tuple[Tensor, Tensor, Tensor]:
    """Derivatives by the centre's x and y and by pa (degrees), from those by the position along and across."""
    sine, cosine = torch.sin(pa * DEGREES), torch.cos(pa * DEGREES)
    by_x = by_along * sine - by_across * cosine
    by_y = -by_along * cosine - by_across * sine
    return by_x, by_y, (by_across * along - by_along * across) * DEGREES
