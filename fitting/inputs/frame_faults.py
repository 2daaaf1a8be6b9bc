"""Faults of images that lack what the request's frame needs: world coordinates, a scale, one grid for all."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np

from fitting.files import coordinates_refusal, sky_coordinates
from fitting.inputs.astrometry import sky_of
from fitting.inputs.image_data import ImageData
from fitting.spec import ComponentSpec, Fault, FitRequest

_SAME = 0.05
"""Pixels: grids whose corners lie so near to each other are one; chosen by hand, below what registration tells."""


def frame_faults(request: FitRequest, images: Sequence[ImageData]) -> Iterator[Fault]:
    """Faults of images that lack what the request's frame or its magnitudes need."""
    for index, image in enumerate(images):
        shown = request.seen_in(image.name)
        if request.frame_in_use == "sky":
            yield from _sky_faults(f"$.images[{index}]", image, shown)
        if image.zero_point is None and any("magnitude" in item.parameters for item in shown):
            message = f"is needed, since components that {image.name} shows have magnitudes"
            yield Fault(f"$.images[{index}].zero_point", message, "the magnitude of one data unit")
    in_pixels = request.frame_in_use == "pixel" or any(
        {"x", "y"} & item.parameters.keys() for item in request.components
    )
    for index, image in enumerate(images[1:] if in_pixels else (), start=1):
        reason = _apart(images[0], image)
        if reason is not None:
            message = f"x and y need one grid for all images, but {image.name} {reason} {images[0].name}"
            yield Fault(f"$.images[{index}].data", message, 'the same pixels, or "frame": "sky" with ra and dec')


def _sky_faults(path: str, image: ImageData, shown: Sequence[ComponentSpec]) -> Iterator[Fault]:
    """Faults of an image that cannot be placed on the sky."""
    if sky_of(image) is not None:
        return
    if any("ra" in item.description_in("sky").names for item in shown):
        expected = "a celestial WCS; or x and y in the components, and a pixel_scale"
        refusal = coordinates_refusal(image.header)
        why = (
            "has no world coordinates" if refusal is None else f"has no world coordinates that can be used ({refusal})"
        )
        yield Fault(f"{path}.data", f"{why}, so ra and dec have no place in it", expected)
    elif image.pixel_scale is None:
        yield Fault(f"{path}.pixel_scale", "is needed in frame sky, since the image has no WCS", "arcsec per pixel")


def _apart(first: ImageData, second: ImageData) -> str | None:
    """Why two images do not share a grid, or None."""
    grids = sky_coordinates(first.header), sky_coordinates(second.header)
    if grids[0] is None or grids[1] is None:
        sizes = _size(first), _size(second)
        return None if sizes[0] == sizes[1] else f"is of {sizes[1]} pixels, unlike"
    (height, width), (x0, y0) = first.data.shape, first.origin
    corners = np.array([[x0, y0], [x0 + width, y0], [x0, y0 + height], [x0 + width, y0 + height]], dtype=float)
    here = np.array(grids[0].sky(corners))
    there = np.array(grids[1].sky(corners))
    step = np.array(grids[0].sky(corners + np.array([1.0, 0.0])))
    far = _separation(here, there).max() > _SAME * _separation(here, step).max()
    return "has its pixels elsewhere on the sky than" if far else None


def _size(image: ImageData) -> tuple[int, int]:
    """Width and height of the full frame, as far as they are known."""
    if image.frame is not None:
        return image.frame[1], image.frame[0]
    return image.origin[0] + image.data.shape[1], image.origin[1] + image.data.shape[0]


def _separation(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    """Small angles between positions (…, 2) in degrees."""
    turn = (a[:, 0] - b[:, 0] + 180.0) % 360.0 - 180.0
    return np.asarray(np.hypot(turn * np.cos(np.radians(a[:, 1])), a[:, 1] - b[:, 1]))
