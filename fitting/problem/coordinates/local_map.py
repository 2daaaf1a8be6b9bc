"""SkyFrame positions to pixels, with the linear map around each of them, and derivatives of both."""

from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor

from fitting.inputs.astrometry import ARCSEC, TangentPlane
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

        def pushed(direction: Tensor) -> Tensor:
            """Derivative of u, v along directions (…, k, 3): (…, k, 2)."""
            return (direction @ frame - plane[..., None, :] * (direction @ centre)[..., None]) / depth[..., None]

        along, step = pushed(tangents), pushed(moves)
        # d along / d τ = [ṫ·f − u̇ t·c − u ṫ·c − along ṗ·c] / depth
        change = (
            pushed(turned.flatten(-3, -2)).unflatten(-2, (2, 2))
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
