"""Pixels that ellipses, boxes and polygons of a request leave out."""

from __future__ import annotations

import math
from collections.abc import Iterable

import numpy as np

from fitting.inputs.image_data import Mask
from fitting.spec import MaskShape
from fitting.spec.images.mask_shapes import MaskBox, MaskEllipse


def shaped_mask(shapes: Iterable[MaskShape], shape: tuple[int, ...], origin: tuple[int, int] = (0, 0)) -> Mask:
    """Pixels whose centre one of the shapes holds, (height, width).

    Example:
        >>> disc = MaskShape.model_validate({"ellipse": {"x": 2, "y": 1, "a": 1}})
        >>> shaped_mask([disc], (3, 5)).astype(int).tolist()
        [[0, 0, 1, 0, 0], [0, 1, 1, 1, 0], [0, 0, 1, 0, 0]]

    Args:
        origin: (x, y) in the full frame of the array's first pixel.
    """
    mask = np.zeros(shape, dtype=bool)
    for item in shapes:
        if item.ellipse is not None:
            _fill_ellipse(mask, item.ellipse, origin)
        elif item.box is not None:
            _fill_box(mask, item.box, origin)
        elif item.polygon is not None:
            _fill_polygon(mask, [(x - origin[0], y - origin[1]) for x, y in item.polygon])
    return mask


def _fill_ellipse(mask: Mask, ellipse: MaskEllipse, origin: tuple[int, int]) -> None:
    x, y = ellipse.x - origin[0], ellipse.y - origin[1]
    rows, columns = _range(y, ellipse.a, mask.shape[0]), _range(x, ellipse.a, mask.shape[1])
    angle = math.radians(ellipse.pa)
    down, right = np.ogrid[rows, columns]
    along = (down - y) * math.cos(angle) - (right - x) * math.sin(angle)
    across = (right - x) * math.cos(angle) + (down - y) * math.sin(angle)
    mask[rows, columns] |= along**2 + (across / ellipse.q) ** 2 <= ellipse.a**2


def _range(middle: float, reach: float, length: int) -> slice:
    """The pixels of an axis within a reach."""
    return slice(min(max(math.ceil(middle - reach), 0), length), min(max(math.floor(middle + reach) + 1, 0), length))


def _fill_box(mask: Mask, box: MaskBox, origin: tuple[int, int]) -> None:
    rows, columns = (
        slice(None) if ends is None else slice(max(ends[0] - start, 0), max(ends[1] - start, 0))
        for ends, start in ((box.y, origin[1]), (box.x, origin[0]))
    )
    mask[rows, columns] = True


def _fill_polygon(mask: Mask, vertices: list[tuple[float, float]]) -> None:
    """Rows in turn pass edges from outside to inside and back: each edge toggles what is right of where it crosses."""
    height, width = mask.shape
    toggles = np.zeros((height, width + 1), dtype=np.int32)
    for (x0, y0), (x1, y1) in zip(vertices, vertices[1:] + vertices[:1], strict=True):
        low, high = sorted((y0, y1))
        rows = np.arange(min(max(math.ceil(low), 0), height), min(max(math.ceil(high), 0), height))
        if rows.size:
            crossing = x0 + (rows - y0) / (y1 - y0) * (x1 - x0)
            np.add.at(toggles, (rows, np.clip(np.ceil(crossing), 0, width).astype(np.intp)), 1)
    mask |= np.cumsum(toggles[:, :-1], axis=1) % 2 == 1
