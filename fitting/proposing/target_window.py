"""The target of a proposal: where it is, and the part of the image that its fit needs."""

from __future__ import annotations

import math
from dataclasses import replace

from fitting.files import sky_coordinates
from fitting.first_values import stamp_sigma
from fitting.inputs import ImageData
from fitting.proposing.sources import find_sources, source_at
from fitting.spec import Fault, ProposalSpec, RequestInvalid
from fitting.spec.proposal_spec import SkyPlace

_FIRST = 100
"""Half width of the part in which a target is looked for first, pixels; doubled while the target is large in it."""
_RADII = 8.0
"""Half width of a window, half-light radii of the target: a disc has 1e-4 of its light beyond, and there
is sky enough."""
_LEAST, _BLURS = 40.0, 10.0
"""Half width of a window at least: pixels, and sigmas of the PSF beside them; chosen by hand."""
_MOST = 500
"""Half width of a window at most, pixels: a million pixels are fitted in seconds."""
_VAGUE = 0.1
"""Of the shorter side of an image, how far from its centre a source is in the centre yet."""
_MOST_SOURCES = 20
"""Sources that are measured to learn the target's size."""


def target_place(spec: ProposalSpec, image: ImageData) -> tuple[float, float] | None:
    """Where the target is, in pixels of the array; None where none was named.

    Raises:
        RequestInvalid: it lies outside the image, or on a sky that the image does not know.
    """
    height, width = image.data.shape
    if spec.target is None:
        return None
    if spec.target == "centre":
        return (width - 1) / 2.0, (height - 1) / 2.0
    if isinstance(spec.target, SkyPlace):
        wcs = sky_coordinates(image.header)
        if wcs is None:
            raise RequestInvalid(
                [Fault("$.target", "is on the sky, and the image has no celestial WCS", "[x, y] in pixels")]
            )
        x, y = wcs.pixel(spec.target.ra, spec.target.dec)
    else:
        x, y = spec.target
    at = x - image.origin[0], y - image.origin[1]
    if not (-0.5 <= at[0] < width - 0.5 and -0.5 <= at[1] < height - 0.5):
        left, bottom = image.origin
        message = f"lies outside the image, at x {x:.6g}, y {y:.6g}"
        right = f"x from {left} to {left + width - 1}, y from {bottom} to {bottom + height - 1}"
        raise RequestInvalid([Fault("$.target", message, right)])
    return at


def target_slack(spec: ProposalSpec, image: ImageData) -> float:
    """Pixels by which the target may be off its place: none, but the centre of an image is a vague one."""
    return _VAGUE * min(image.data.shape) if spec.target == "centre" else 0.0


def cut(image: ImageData, x: tuple[int, int], y: tuple[int, int]) -> ImageData:
    """A part of an image; columns and rows of the array, half open."""
    part = slice(*y), slice(*x)
    origin = (image.origin[0] + x[0], image.origin[1] + y[0])
    return replace(image, data=image.data[part], variance=image.variance[part], mask=image.mask[part], origin=origin)


def window_around(image: ImageData, at: tuple[float, float], threshold: float, slack: float) -> ImageData:
    """The part of an image that a fit of the target needs; the image itself where that is most of it."""
    half = _FIRST
    blur = 0.0 if image.psf is None else stamp_sigma(image.psf) / image.psf_oversampling
    while True:
        part = _square(image, at, half)
        if part.mask.all():
            return image
        place = at[0] - part.origin[0] + image.origin[0], at[1] - part.origin[1] + image.origin[1]
        found = find_sources(part, threshold, _MOST_SOURCES, None)
        galaxies = {str(number): source.galaxy for number, source in enumerate(found.sources)}
        name = source_at(galaxies, place, blur, slack)
        size = (
            0.0
            if name is None
            else galaxies[name].r_e + math.dist(place, (galaxies[name].x, galaxies[name].y)) / _RADII
        )
        if 4.0 * size < half or part.data.shape == image.data.shape or half >= _MOST:
            break
        half *= 2
    part = _square(image, at, math.ceil(min(max(_RADII * size, _LEAST + _BLURS * blur), _MOST)))
    return image if part.data.size > 0.8 * image.data.size or part.mask.all() else part


def _square(image: ImageData, at: tuple[float, float], half: int) -> ImageData:
    height, width = image.data.shape
    x, y = round(at[0]), round(at[1])
    return cut(
        image,
        (max(x - half, 0), min(x + half + 1, width)),
        (max(y - half, 0), min(y + half + 1, height)),
    )
