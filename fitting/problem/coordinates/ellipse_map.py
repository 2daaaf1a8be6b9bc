"""What a linear map makes of an ellipse: another ellipse, exactly, whatever shear and mirror are in the map.

A unit ellipse with semi-axes 1 along (−sin pa, cos pa) and q across is the image of the unit circle; its quadratic form
Σ = P Pᵀ + q² Q Qᵀ, with P and Q the mapped axes, gives the mapped ellipse: with t half the trace, d = ((Σ_yy − Σ_xx)/2,
−Σ_xy) = h (cos 2pa', sin 2pa'), its major semi-axis is k = √(t + h), and q' = |det L| q / k².

Of the two ends of its major axis the angle names the one to which the map takes the end that pa names.

The sign of h is that which q = 1 is passed with: an ellipse with q > 1, whose named axes have swapped, stays one.
"""

from dataclasses import dataclass, replace

import torch
from torch import Tensor

from fitting.profiles.axes import DEGREES

_ROUND = 1e-9
"""A mapped ellipse rounder than this has no angle of its own, and follows the map without its shear."""


@dataclass(frozen=True)
class MappedEllipse:
    """The mapped ellipse and its derivatives by q, pa and whatever moves the map; values (…,), derivatives (…, k)."""

    q: Tensor
    q_by: Tensor
    pa: Tensor
    pa_by: Tensor
    stretch: Tensor
    stretch_by: Tensor


def mapped_ellipse(linear: Tensor, linear_by: Tensor, q: Tensor, pa: Tensor) -> MappedEllipse:
    """An ellipse after a linear map.

    Args:
        linear: (…, 2, 2).
        linear_by: its derivatives by m things, (…, m, 2, 2).
        q, pa: axis ratio and position angle (degrees), (…,).

    Returns:
        With derivatives in the order q, pa, the m things; `stretch` is the factor of lengths along the major axis.
    """
    sine, cosine = torch.sin(pa * DEGREES), torch.cos(pa * DEGREES)
    axes = torch.stack((torch.stack((-sine, cosine), -1), torch.stack((cosine, sine), -1)), dim=-1)
    major, minor = (linear @ axes).unbind(-1)
    moved = linear_by @ axes[..., None, :, :]
    crossed = _outer(major, minor) + _outer(minor, major)
    by_q = 2.0 * q[..., None, None] * _outer(minor, minor)
    by_pa = DEGREES * (q**2 - 1.0)[..., None, None] * crossed
    half = _outer(moved[..., 0], major[..., None, :]) + (q**2)[..., None, None, None] * _outer(
        moved[..., 1], minor[..., None, :]
    )
    form = _outer(major, major) + (q**2)[..., None, None] * _outer(minor, minor)
    form_by = torch.cat((by_q[..., None, :, :], by_pa[..., None, :, :], half + half.mT), dim=-3)
    determinant = torch.linalg.det(linear)
    determinant_by = (torch.linalg.inv(linear)[..., None, :, :].mT * linear_by).sum((-1, -2)) * determinant[..., None]
    kept = _kept_direction(linear, determinant, sine, cosine)
    mapped = _named(form, form_by, determinant, determinant_by, q, kept)
    towards = torch.atan2(-major[..., 0], major[..., 1]) / DEGREES
    return replace(mapped, pa=mapped.pa + 180.0 * ((towards - mapped.pa) / 180.0).round())


def _named(
    form: Tensor, form_by: Tensor, determinant: Tensor, determinant_by: Tensor, q: Tensor, kept: Tensor
) -> MappedEllipse:
    """Axes, angle and their derivatives of a quadratic form."""
    mean, mean_by = _mean(form), _mean(form_by)
    spread, spread_by = _spread(form), _spread(form_by)
    size = torch.linalg.vector_norm(spread, dim=-1)
    round_ = size <= _ROUND * mean
    side = torch.where((spread * kept).sum(-1) < 0.0, -1.0, 1.0)
    height = side * size
    direction = torch.where(round_[..., None], kept, spread / torch.where(round_, 1.0, height)[..., None])
    along = (spread_by * direction[..., None, :]).sum(-1)
    across = direction[..., None, 0] * spread_by[..., 1] - direction[..., None, 1] * spread_by[..., 0]
    square, square_by = mean + height, mean_by + along
    stretch = square.sqrt()
    turned_by = 0.5 / DEGREES * across / torch.where(round_, 1.0, height)[..., None]
    alone = torch.zeros_like(turned_by)
    alone[..., 1] = determinant.sign()
    area = determinant.abs()
    ratio = area * q / square
    area_by = torch.cat((torch.zeros_like(square_by[..., :2]), determinant.sign()[..., None] * determinant_by), dim=-1)
    ratio_by = (q / square)[..., None] * area_by - (ratio / square)[..., None] * square_by
    ratio_by[..., 0] += area / square
    return MappedEllipse(
        ratio,
        ratio_by,
        0.5 * torch.atan2(direction[..., 1], direction[..., 0]) / DEGREES,
        torch.where(round_[..., None], alone, turned_by),
        stretch,
        0.5 * square_by / stretch[..., None],
    )


def _kept_direction(linear: Tensor, determinant: Tensor, sine: Tensor, cosine: Tensor) -> Tensor:
    """(cos, sin) of twice the angle that the map without its shear would give the major axis, (…, 2)."""
    (a, b), (c, d) = (row.unbind(-1) for row in linear.unbind(-2))
    mirrored = determinant < 0.0
    across, up = torch.where(mirrored, a - d, a + d), torch.where(mirrored, b + c, b - c)
    x = -across * sine + up * cosine
    y = torch.where(mirrored, -(up * sine) - across * cosine, up * sine + across * cosine)
    norm = (x * x + y * y).clamp_min(1e-300)
    return torch.stack(((y * y - x * x) / norm, -2.0 * x * y / norm), dim=-1)


def _outer(a: Tensor, b: Tensor) -> Tensor:
    return a[..., :, None] * b[..., None, :]


def _mean(form: Tensor) -> Tensor:
    return 0.5 * (form[..., 0, 0] + form[..., 1, 1])


def _spread(form: Tensor) -> Tensor:
    return torch.stack((0.5 * (form[..., 1, 1] - form[..., 0, 0]), -form[..., 0, 1]), dim=-1)
