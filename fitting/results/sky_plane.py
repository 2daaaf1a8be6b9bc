"""Sky plane: the plane of the sky about a position of an image, towards west and north, and how pixels lie in it.

    linear = ∂(west, north)/∂(x, y), arcsec a pixel

By finite differences of the image's own coordinates over a pixel, each about a tangent point of its own, so that
distortion and the turn of north from place to place are in its derivatives. An ellipse in pixels is an ellipse in the
plane, whatever shear and mirror the map has (`fitting.problem.coordinates.mapped_ellipse`).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from torch import Tensor

from fitting.files import SkyCoordinates, gnomonic_projection, pixel_scale, sky_coordinates
from fitting.inputs import ARCSEC, Array, ImageData, Mask
from fitting.problem.coordinates import mapped_ellipse

_HALF = 0.5
"""Pixels to either side: their coordinates differ by 1e-9 of it through rounding, and far more through distortion."""
_CROSS = np.array([[0.0, 0.0], [_HALF, 0.0], [-_HALF, 0.0], [0.0, _HALF], [0.0, -_HALF]])
"""A position and its neighbours."""
_SAME_SCALE = 1e-6
"""Share by which the request's pixel scale differs from the header's, from which it is another."""


@dataclass(frozen=True)
class SkyPlane:
    """The sky about one position.

    Attributes:
        centre: x, y of the position.
        linear: arcsec towards west and north (rows) by x and y (columns), (2, 2).
        linear_by: its derivatives by x and y of the position (first axis), (2, 2, 2).
        position: ICRS right ascension and declination, degrees, (2,); None without celestial coordinates, where the
            plane has an unknown orientation.
        position_by: their derivatives by x, y, (2, 2).
    """

    centre: Array
    linear: Array
    linear_by: Array
    position: Array | None = None
    position_by: Array | None = None

    @property
    def oriented(self) -> bool:
        """Whether it is known where north is."""
        return self.position is not None

    def linear_at(self, x: Tensor, y: Tensor) -> Tensor:
        """`linear` about positions near the centre, (…,): (…, 2, 2)."""
        by_x, by_y = torch.as_tensor(self.linear_by)
        x0, y0 = self.centre.tolist()
        return torch.as_tensor(self.linear) + (x - x0)[..., None, None] * by_x + (y - y0)[..., None, None] * by_y

    def position_at(self, x: Tensor, y: Tensor) -> tuple[Tensor, Tensor]:
        """ICRS right ascension and declination, degrees, near the centre."""
        assert self.position is not None
        assert self.position_by is not None
        offset = torch.stack((x - self.centre[0], y - self.centre[1]), dim=-1)
        ra, dec = (torch.as_tensor(self.position) + offset @ torch.as_tensor(self.position_by).mT).unbind(-1)
        return ra % 360.0, dec


def sky_planes(image: ImageData, centres: Sequence[tuple[float, float]]) -> list[SkyPlane | None]:
    """The planes about positions (x, y) of the full frame.

    None for a position off the projection, and for all where neither coordinates nor a pixel scale are known. A pixel
    scale of the request goes before that of the header, which keeps its directions.
    """
    places = np.array(centres, dtype=float).reshape(-1, 2)
    wcs = sky_coordinates(image.header)
    if wcs is not None and len(places):
        return _from_coordinates(wcs, places, _given_over_header(image))
    if image.pixel_scale is None:
        return [None] * len(places)
    return [SkyPlane(place, np.eye(2) * image.pixel_scale, np.zeros((2, 2, 2))) for place in places]


def _from_coordinates(wcs: SkyCoordinates, places: Array, factor: float) -> list[SkyPlane | None]:
    """The planes about positions, lengths times a factor."""
    bases = places[:, None, :] + _CROSS
    points = bases[:, :, None, :] + _CROSS
    sky = np.asarray(wcs.sky(points.reshape(-1, 2))).reshape(points.shape)
    ra, dec = sky[..., 0], sky[..., 1]
    east, north = gnomonic_projection(ra[..., :1], dec[..., :1], ra, dec)
    plane = factor * np.stack((-east, north), axis=-1) / ARCSEC  # (positions, bases, neighbours, west north)
    maps = np.stack((plane[:, :, 1] - plane[:, :, 2], plane[:, :, 3] - plane[:, :, 4]), axis=-1)
    maps_by = np.stack((maps[:, 1] - maps[:, 2], maps[:, 3] - maps[:, 4]), axis=1)
    around = sky[:, 0]
    moved = np.stack((around[:, 1] - around[:, 2], around[:, 3] - around[:, 4]), axis=-1)
    moved[:, 0] = (moved[:, 0] + 180.0) % 360.0 - 180.0
    known: Mask = np.asarray(np.isfinite(sky).all(axis=(1, 2, 3)))
    return [
        SkyPlane(place, maps[at, 0], maps_by[at], around[at, 0], moved[at]) if known[at] else None
        for at, place in enumerate(places)
    ]


def _given_over_header(image: ImageData) -> float:
    """The request's pixel scale over the header's; one where it gives none."""
    header = {} if image.header is None else image.header
    known = pixel_scale(header)
    if image.pixel_scale is None or known is None or abs(image.pixel_scale / known - 1.0) < _SAME_SCALE:
        return 1.0
    return image.pixel_scale / known


class _MappedAxes(torch.autograd.Function):
    """q, pa and the stretch of an ellipse after a linear map, with the derivatives that `mapped_ellipse` has."""

    @staticmethod
    def forward(ctx: Any, q: Tensor, pa: Tensor, linear: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        entries = torch.eye(4, dtype=linear.dtype).reshape(4, 2, 2).expand(*linear.shape[:-2], 4, 2, 2)
        mapped = mapped_ellipse(linear, entries, q, pa)
        ctx.save_for_backward(mapped.q_by, mapped.pa_by, mapped.stretch_by)
        return mapped.q, mapped.pa, mapped.stretch

    @staticmethod
    def backward(ctx: Any, *grads: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        total = sum(grad[..., None] * by for grad, by in zip(grads, ctx.saved_tensors, strict=True))
        assert isinstance(total, Tensor)
        return total[..., 0], total[..., 1], total[..., 2:].unflatten(-1, (2, 2))


def ellipse_in_plane(linear: Tensor, q: Tensor, pa: Tensor) -> tuple[Tensor, Tensor, Tensor]:
    """Axis ratio (at most one), position angle (degrees, 0 to 180) and factor of lengths along the major axis of an
    ellipse in pixels, as it lies in the plane; differentiable.

    Args:
        linear: (…, 2, 2).
        q, pa: (…,).
    """
    mapped: Callable[..., tuple[Tensor, Tensor, Tensor]] = _MappedAxes.apply
    ratio, angle, stretch = mapped(q, pa, linear)
    return proper_axes(ratio, angle, stretch)


def proper_axes(q: Tensor, pa: Tensor, length: Tensor) -> tuple[Tensor, Tensor, Tensor]:
    """An ellipse by its axis ratio, position angle and length along the first axis, that axis made the longer one."""
    swapped = q > 1.0
    return (
        torch.where(swapped, 1.0 / q, q),
        torch.where(swapped, pa + 90.0, pa) % 180.0,
        torch.where(swapped, length * q, length),
    )
