"""Whether the images of a request can be looked at in its frame."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

import numpy as np

from fitting.inputs.astrometry import celestial_wcs
from fitting.spec import Fault, FitRequest

if TYPE_CHECKING:
    from fitting.inputs.images import ImageData

_SAME = 0.05
"""Grids whose corners lie within this of each other, pixels, are one grid."""


def frame_faults(request: FitRequest, images: Sequence[ImageData]) -> Iterator[Fault]:
    """Faults of images that have no common pixels where the request counts in pixels."""
    if request.frame_in_use == "sky":
        yield Fault("$.frame", "sky is not available yet", '"frame": "pixel"')
    for number, component in enumerate(request.components):
        for name in {"flux", "magnitude"} & component.parameters.keys():
            yield Fault(f"$.components[{number}].parameters.{name}", "is not available yet", "the profile's own")
    if request.frame_in_use == "pixel":
        for index, image in enumerate(images[1:], start=1):
            reason = _apart(images[0], image)
            if reason is not None:
                message = f"frame pixel needs one grid for all images, but {image.name} {reason} {images[0].name}"
                yield Fault(f"$.images[{index}].data", message, 'the same pixels, or "frame": "sky"')


def _apart(first: ImageData, second: ImageData) -> str | None:
    """Why two images do not share a grid, or None."""
    grids = celestial_wcs(first.header), celestial_wcs(second.header)
    if grids[0] is None or grids[1] is None:
        sizes = _size(first), _size(second)
        return None if sizes[0] == sizes[1] else f"is of {sizes[1]} pixels, unlike"
    (height, width), (x0, y0) = first.data.shape, first.origin
    corners = np.array([[x0, y0], [x0 + width, y0], [x0, y0 + height], [x0 + width, y0 + height]], dtype=float)
    here = np.array(grids[0].all_pix2world(corners, 0))
    there = np.array(grids[1].all_pix2world(corners, 0))
    step = np.array(grids[0].all_pix2world(corners + np.array([1.0, 0.0]), 0))
    far = _separation(here, there).max() > _SAME * _separation(here, step).max()
    return "has its pixels elsewhere on the sky than" if far else None


def _size(image: ImageData) -> tuple[int, int]:
    """Width and height of the full frame, as far as they are known."""
    if image.header is not None and "NAXIS1" in image.header and "NAXIS2" in image.header:
        return int(image.header["NAXIS1"]), int(image.header["NAXIS2"])
    return image.origin[0] + image.data.shape[1], image.origin[1] + image.data.shape[0]


def _separation(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    """Small angles between positions (…, 2) in degrees."""
    turn = (a[:, 0] - b[:, 0] + 180.0) % 360.0 - 180.0
    return np.asarray(np.hypot(turn * np.cos(np.radians(a[:, 1])), a[:, 1] - b[:, 1]))
