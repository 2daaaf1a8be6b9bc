"""Local maps: positions on the sky to pixels, the linear map around each of them, and what it makes of an ellipse.

A linear map makes of an ellipse another ellipse, exactly, whatever shear and mirror are in the map. A unit ellipse with
semi-axes 1 along (−sin pa, cos pa) and q across is the image of the unit circle; its quadratic form Σ = P Pᵀ + q² Q Qᵀ,
with P and Q the mapped axes, gives the mapped ellipse: with t half the trace, d = ((Σ_yy − Σ_xx)/2, −Σ_xy) =
h (cos 2pa', sin 2pa'), its major semi-axis is k = √(t + h), and q' = |det L| q / k².

Of the two ends of its major axis the angle names the one to which the map takes the end that pa names. The sign of h is
that which q = 1 is passed with: an ellipse with q > 1, whose named axes have swapped, stays one.
"""

from dataclasses import dataclass, replace
from typing import Any

import torch
from torch import Tensor

from fitting.inputs import ARCSEC, TangentPlane
from fitting.profiles.axes import DEGREES


@dataclass(frozen=True)
class LocalMap:
    """A plane of pixels around positions on the sky.

    Attributes:
        pixel: x, y, (…, 2).
        by_sky: derivatives of x, y by ra and dec in degrees, (…, 2, 2).
        linear: derivatives of x, y (rows) by arcsec towards west and north (columns), (…, 2, 2).
        linear_by_sky: derivatives of `linear` by ra and dec (third axis from the end), (…, 2, 2, 2).
    """

    pixel: Tensor
    by_sky: Tensor
    linear: Tensor
    linear_by_sky: Tensor


class SkyFrame:
    """The sky as one image has it."""

    def __init__(self, plane: TangentPlane) -> None:
        options: dict[str, Any] = {"dtype": torch.float64}
        self._coefficients = torch.stack([torch.as_tensor(part, **options) for part in (plane.x, plane.y)])
        self._scale = plane.scale
        ra, dec = (torch.tensor(angle, **options) * DEGREES for angle in (plane.ra, plane.dec))
        self._axes = torch.stack(_directions(ra, dec)[::-1])  # north, east, towards

    def around(self, ra: Tensor, dec: Tensor) -> LocalMap:
        """The local map at positions in degrees, any shape."""
        ra, dec = ra * DEGREES, dec * DEGREES
        towards, east, north = _directions(ra, dec)
        cosine, sine = torch.cos(dec)[..., None], torch.sin(dec)[..., None]
        tangents = torch.stack((-east, north), dim=-2)  # (…, 2 west north, 3)
        moves = torch.stack((cosine * east, north), dim=-2)  # of `towards` by ra, dec: (…, 2, 3)
        # Of the tangents by ra and dec, (…, 2 by, 2 of, 3).
        by_ra = torch.stack((cosine * towards - sine * north, -sine * east), dim=-2)
        by_dec = torch.stack((torch.zeros_like(east), -towards), dim=-2)
        return self._through_plane(towards, tangents, moves, torch.stack((by_ra, by_dec), dim=-3))

    def _through_plane(self, towards: Tensor, tangents: Tensor, moves: Tensor, turned: Tensor) -> LocalMap:
        """Projection p → (p·east, p·north) / (p·centre), and polynomials, by the chain rule."""
        north, east, centre = self._axes
        frame = torch.stack((east, north), dim=-1)  # (3, 2)
        depth = (towards @ centre)[..., None]
        plane = (towards @ frame) / depth  # (…, 2 u v)

        def push(direction: Tensor) -> Tensor:
            """Derivative of u, v along directions (…, k, 3): (…, k, 2)."""
            return (direction @ frame - plane[..., None, :] * (direction @ centre)[..., None]) / depth[..., None]

        along, step = push(tangents), push(moves)
        # d along / d τ = [ṫ·f − u̇ t·c − u ṫ·c − along ṗ·c] / depth
        change = (
            push(turned.flatten(-3, -2)).unflatten(-2, (2, 2))
            - (
                step[..., :, None, :] * (tangents @ centre)[..., None, :, None]
                + along[..., None, :, :] * (moves @ centre)[..., :, None, None]
            )
            / depth[..., None, None]
        )
        value, slope, bend = self._polynomials(plane / self._scale)
        slope, bend = slope / self._scale, bend / self._scale**2  # (…, 2 xy, 2 uv), (…, 2 xy, 2, 2)
        by_sky = slope @ step.mT * DEGREES
        linear = slope @ along.mT
        bent = torch.einsum("...xuw,...tw,...au->...txa", bend, step, along)
        straight = torch.einsum("...xu,...tau->...txa", slope, change)
        return LocalMap(value, by_sky, linear * ARCSEC, (bent + straight) * (ARCSEC * DEGREES))

    def _polynomials(self, plane: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """x, y (…, 2), their first (…, 2, 2) and second (…, 2, 2, 2) derivatives by u, v in units of the scale."""
        count = self._coefficients.shape[-1]
        orders = torch.arange(count, dtype=torch.float64, device=plane.device)
        powers = [plane[..., None] ** orders]
        for order in (1, 2):
            factor = orders * (orders - 1.0) if order == 2 else orders
            powers.append(factor * plane[..., None] ** (orders - order).clamp_min(0.0))
        by = [[powers[k][..., axis, :] for k in range(3)] for axis in (0, 1)]

        def total(of_u: int, of_v: int) -> Tensor:
            return torch.einsum("...i,xij,...j->...x", by[0][of_u], self._coefficients, by[1][of_v])

        slope = torch.stack((total(1, 0), total(0, 1)), dim=-1)
        cross = total(1, 1)
        bend = torch.stack((torch.stack((total(2, 0), cross), -1), torch.stack((cross, total(0, 2)), -1)), dim=-2)
        return total(0, 0), slope, bend


def _directions(ra: Tensor, dec: Tensor) -> tuple[Tensor, Tensor, Tensor]:
    """Unit vectors (…, 3) towards positions in radians, and from there east and north."""
    a, b, c, d = torch.sin(ra), torch.cos(ra), torch.sin(dec), torch.cos(dec)
    return (
        torch.stack((d * b, d * a, c), -1),
        torch.stack((-a, b, torch.zeros_like(a)), -1),
        torch.stack((-c * b, -c * a, d), -1),
    )


_ROUNDNESS = 1e-9
"""Share of its size by which the squared axes of a mapped ellipse differ below which the difference is rounding's: a
rounder one has no angle of its own, and follows the map without its shear."""


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
    shearless = _shearless_direction(linear, determinant, sine, cosine)
    mapped = _axes_of_form(form, form_by, determinant, determinant_by, q, shearless)
    towards = torch.atan2(-major[..., 0], major[..., 1]) / DEGREES
    return replace(mapped, pa=mapped.pa + 180.0 * ((towards - mapped.pa) / 180.0).round())


def _axes_of_form(
    form: Tensor, form_by: Tensor, determinant: Tensor, determinant_by: Tensor, q: Tensor, shearless: Tensor
) -> MappedEllipse:
    """Axes, angle and their derivatives of a quadratic form."""
    mean, mean_by = _mean(form), _mean(form_by)
    spread, spread_by = _spread(form), _spread(form_by)
    size = torch.linalg.vector_norm(spread, dim=-1)
    round_ = size <= _ROUNDNESS * mean
    side = torch.where((spread * shearless).sum(-1) < 0.0, -1.0, 1.0)
    height = side * size
    direction = torch.where(round_[..., None], shearless, spread / torch.where(round_, 1.0, height)[..., None])
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


def _shearless_direction(linear: Tensor, determinant: Tensor, sine: Tensor, cosine: Tensor) -> Tensor:
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
