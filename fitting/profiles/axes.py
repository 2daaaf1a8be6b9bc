"""Axes of a component: offsets along and across its major axis, the squared elliptical radius, derivatives back."""

import torch
from torch import Tensor

DEGREES = torch.pi / 180.0
Form = tuple[Tensor, Tensor, Tensor]


def along_and_across(x: Tensor, y: Tensor, pa: Tensor) -> tuple[Tensor, Tensor]:
    """Offsets along an axis at `pa` (degrees from +y, counter-clockwise) and across it, clockwise."""
    angle = pa * DEGREES
    return turn_to_axis(x, y, angle.sin(), angle.cos())


def turn_to_axis(x: Tensor, y: Tensor, sine: Tensor, cosine: Tensor) -> tuple[Tensor, Tensor]:
    """Offsets along an axis with this sine and cosine, and across it, clockwise."""
    return (y * cosine).addcmul_(x, sine, value=-1.0), (x * cosine).addcmul_(y, sine)


def across_axis(x: Tensor, y: Tensor, pa: Tensor) -> Tensor:
    """Offsets across the axis alone."""
    return (x * torch.cos(pa * DEGREES)).addcmul_(y, torch.sin(pa * DEGREES))


def by_centre_and_angle(
    along: Tensor, across: Tensor, by_along: Tensor, by_across: Tensor, pa: Tensor
) -> tuple[Tensor, Tensor, Tensor]:
    """Derivatives by the centre's x and y and by pa (degrees), from those by the position along and across."""
    angle = pa * DEGREES
    sine, cosine = torch.sin(angle), -torch.cos(angle)
    by_x = (by_along * sine).addcmul_(by_across, cosine)
    by_y = (by_along * cosine).addcmul_(by_across, -sine)
    return by_x, by_y, (by_across * along).sub_(by_along * across).mul_(DEGREES)


def squared_radius(x: Tensor, y: Tensor, form: Form) -> tuple[Tensor, Tensor, Tensor]:
    """ρ = u² + v²/q² with u along and v across the axis, and its slopes ½ ∂ρ/∂x and ½ ∂ρ/∂y."""
    xx, xy, yy = form
    # Each step has one operand that is constant along rows: with two, torch leaves its vectorized loops.
    by_x = (x * xx).addcmul_(y, xy)
    by_y = (x * xy).addcmul_(y, yy)
    return (by_x * x).addcmul_(by_y, y), by_x, by_y


def squared_radius_alone(x: Tensor, y: Tensor, form: Form) -> Tensor:
    """ρ without its slopes."""
    xx, xy, yy = form
    return (x * xx).addcmul_(y, 2.0 * xy).mul_(x).addcmul_(y * y, yy)


def quadratic_form(q: Tensor, pa: Tensor) -> Form:
    """A, B, C of ρ = A x² + 2B xy + C y²."""
    sine, cosine = torch.sin(pa * DEGREES), torch.cos(pa * DEGREES)
    stretch = q**-2
    return sine**2 + stretch * cosine**2, (stretch - 1.0) * sine * cosine, cosine**2 + stretch * sine**2
