"""Defects of an image that no model describes: saturated stars with their spikes, bad columns and rows.

What is found is written as shapes of a mask, so that the request says what it leaves out.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import binary_dilation, find_objects, label

from fitting.inputs import ImageData, background

Array = NDArray[np.float64]
Mask = NDArray[np.bool_]
Shape = dict[str, Any]

_BLOCK, _LEAST_BLOCK, _BLOCKS = 32, 8, 8
"""Pixels of a block along a column: most and least; blocks of an image at least, where it is large enough."""
_BESIDE = (2, 3, 4)
"""Columns to either side that a column is held against: a bad one may be two wide."""
_FARTHER = (6, 7, 8)
"""Columns farther away, which those are held against."""
_FLAT = 0.1
"""Of a column's offset, what the light beside it changes from there to farther away at most."""
_SURE = 6.0
"""Standard deviations of a block's median by which a bad column stands out."""
_MATTERS = 0.5
"""Of a pixel's noise: a column that is off by less disturbs nothing. Chosen by hand."""
_MOST_COLUMNS = 3
"""Columns side by side, at most, that are bad together; what is wider may be a galaxy seen edge on."""
_SHARP = 0.2
"""Of its offset, what the columns beside a bad one have at most: light is blurred into them, a defect is not."""
_LIKE = 0.5
"""Of a bad column's offset, what those beside it have at least that are bad with it."""
_ROUNDS = 8
"""Times that bad columns are looked for, the worst left out each time."""
_LONG = 0.3
"""Part of a column that is bad at least."""
_WHOLE = 0.7
"""Part of a column's blocks from which all of it counts as bad: its noise hides it in some."""
_PLATEAU = 0.01
"""Of the height of the brightest pixel, what those beside it on a flat top lie below it at most."""
_FEWEST, _MOST = 4, 20_000
"""Pixels of a flat top or of a hole in a star, at least and at most."""
_BRIGHT = 100.0
"""Of a pixel's noise: what surrounds a saturated core is brighter. Chosen by hand."""
_MARGIN = 4
"""Pixels around a core that are looked at with it: more than the three to which its fall is measured."""
_STEEP = 0.7
"""Of a flat top's height, what is left at most three pixels beyond it: a galaxy's core falls more slowly."""
_CUT = 0.85
"""Of a flat top's height, what is left at most one pixel beyond it. The tops of blurred galaxies and of stars 8 pixels
wide keep 0.93, stars cut at two thirds of their height 0.4 to 0.7.
"""
_ENDS = 0.5
"""Of a pixel's noise: where a star's rings have faded to that, it ends."""
_SPIKE = 4.0
"""Standard deviations by which a part of a spike is brighter than what lies beside it."""
_STEP, _HALF_WIDTH, _GAP = 6, 1, 6
"""Along a spike: pixels of a part; half its width; pixels to what it is held against. Chosen by hand."""


@dataclass(frozen=True)
class SaturatedStar:
    """A star whose core is no longer light: centre in pixels of the array, radius of the core and of all, spikes."""

    x: float
    y: float
    core: float
    radius: float
    spikes: tuple[Shape, ...]


def bad_lines(image: ImageData) -> list[Shape]:
    """Boxes of columns, then rows, that stand out of those beside them for a good part of their length."""
    used = ~image.mask
    sigma = _noise(image)
    if not used.any() or sigma <= 0.0 or min(image.data.shape) < 4 * _LEAST_BLOCK:
        return []
    x, y = image.origin
    found = []
    for first, last, low, high in _bad_columns(image.data, used, sigma):
        ends = {} if low == 0 and high == image.data.shape[0] else {"y": [low + y, high + y]}
        found.append({"box": {"x": [first + x, last + x], **ends}})
    for first, last, low, high in _bad_columns(image.data.T, used.T, sigma):
        ends = {} if low == 0 and high == image.data.shape[1] else {"x": [low + x, high + x]}
        found.append({"box": {**ends, "y": [first + y, last + y]}})
    return found


def _noise(image: ImageData) -> float:
    used = ~image.mask
    return float(np.sqrt(np.median(image.variance[used][:1_000_000]))) if used.any() else 0.0


def _bad_columns(data: Array, used: Mask, sigma: float) -> Iterator[tuple[int, int, int, int]]:
    """First and one past the last column, first and one past the last row, of what is bad, the worst first.

    What was found is left out and all looked at again, since a bad column is also one of those that others are held
    against.
    """
    used = used.copy()
    for _ in range(_ROUNDS):
        found = _worst_columns(data, used, sigma)
        for first, last, low, high in found:
            used[low:high, first:last] = False
            yield first, last, low, high
        if not found:
            return


def _worst_columns(data: Array, used: Mask, sigma: float) -> list[tuple[int, int, int, int]]:
    """Bad columns that none nearby stands out more than."""
    height, width = data.shape
    block = min(max(height // _BLOCKS, _LEAST_BLOCK), _BLOCK)
    tops = list(range(0, height - block // 2, block))
    scatter = 1.25 * sigma * math.sqrt((1.0 + 1.6 / (2 * len(_BESIDE))) / block)
    off = np.array([_offsets(data[top : top + block], used[top : top + block], scatter) for top in tops])
    whole = np.median(off, axis=0)
    faint = np.abs(whole) > max(_SURE * 1.25 * scatter / math.sqrt(len(tops)), _MATTERS * sigma)
    flagged = np.abs(off) > max(_SURE * scatter, _MATTERS * sigma)
    flagged |= faint & (off * np.sign(whole) > _LIKE * np.abs(whole))
    enough = flagged.sum(0) >= max(_LONG * len(tops), 2)
    strength = np.where(enough, np.where(flagged, np.abs(off), 0.0).sum(0) / np.maximum(flagged.sum(0), 1), 0.0)
    taken = []
    for peak in np.flatnonzero(strength):
        near = strength[max(peak - max(_BESIDE), 0) : peak + max(_BESIDE) + 1]
        if strength[peak] < near.max():
            continue
        first, last = int(peak), int(peak) + 1
        while first > 0 and strength[first - 1] > _LIKE * strength[peak]:
            first -= 1
        while last < width and strength[last] > _LIKE * strength[peak]:
            last += 1
        if last - first > _MOST_COLUMNS or first == 0 or last == width:
            continue
        rows = np.flatnonzero(flagged[:, peak])
        sure = 2.0 * scatter / math.sqrt(len(rows))
        beside = max(abs(float(np.median(off[rows, first - 1]))), abs(float(np.median(off[rows, last]))))
        if beside < _SHARP * strength[peak] + sure:
            high = height if rows[-1] == len(tops) - 1 else tops[rows[-1]] + block
            ends = (0, height) if len(rows) > _WHOLE * len(tops) else (tops[rows[0]], high)
            taken.append((first, last, *ends))
    return taken


def _offsets(rows: Array, used: Mask, scatter: float) -> Array:
    """Median by which each column of a block differs from those beside it; 0 where most of it is not used.

    0, too, where what lies farther away differs from what is beside it: light that curves is no defect.
    """
    values = np.where(used, rows, np.nan)
    enough = used.mean(0) > 0.5
    out = np.zeros(rows.shape[1])
    if enough.any():
        own = values[:, enough]
        beside = _median_beside(values, _BESIDE, enough, own)
        off = np.nanmedian(own - beside, axis=0)
        curved = np.nanmedian(
            np.where(np.isnan(own), np.nan, beside - _median_beside(values, _FARTHER, enough, own)), axis=0
        )
        out[enough] = np.where(np.abs(curved) < np.maximum(_FLAT * np.abs(off), 3.0 * scatter), off, 0.0)
    return out


def _median_beside(values: Array, aways: tuple[int, ...], enough: Mask, own: Array) -> Array:
    """Row by row the median of columns so far away to either side; of unused ones the column itself stands in."""
    far, width = max(aways), values.shape[1]
    padded = np.pad(values, ((0, 0), (far, far)), mode="reflect")
    others = [padded[:, far + step : far + step + width] for away in aways for step in (-away, away)]
    around = np.array(others)[:, :, enough]
    return np.asarray(np.median(np.where(np.isnan(around), np.nan_to_num(own), around), axis=0))


def saturated_stars(image: ImageData) -> list[SaturatedStar]:
    """Stars with a flat top, or with a hole of unused pixels where they are brightest."""
    used = ~image.mask
    sigma = _noise(image)
    if sigma <= 0.0 or min(image.data.shape) < 8:
        return []
    sky, _ = background(image.data, used)
    light = np.where(used, image.data - sky, 0.0)
    stars: list[SaturatedStar] = []
    for core in _cores(light, used, sigma):
        rows, columns = np.nonzero(core.pixels)
        x, y = float(columns.mean()) + core.left, float(rows.mean()) + core.top
        if any(math.hypot(x - star.x, y - star.y) < star.radius for star in stars):
            continue
        reach = math.sqrt(core.pixels.sum() / math.pi)
        seen = used.copy()
        seen[core.place] &= ~core.pixels
        radius = _fading_radius(light, seen, x, y, reach, sigma)
        stars.append(SaturatedStar(x, y, reach + 1.0, radius, tuple(_spikes(light, used, x, y, radius, sigma, image))))
    return stars


@dataclass(frozen=True)
class _Core:
    """Connected pixels, and the part of an image that holds them with a margin."""

    pixels: Mask
    top: int
    left: int

    @property
    def place(self) -> tuple[slice, slice]:
        height, width = self.pixels.shape
        return slice(self.top, self.top + height), slice(self.left, self.left + width)


def _cores(light: Array, used: Mask, sigma: float) -> Iterator[_Core]:
    """Flat tops, and holes among bright pixels, the largest first."""
    top = float(light.max())
    if top < _BRIGHT * sigma:
        return
    flat, count = label(light >= top * (1.0 - _PLATEAU), np.ones((3, 3)))
    tops = _pieces(flat, count)
    cores = [piece for piece in tops if _falls_at_once(light[piece.place], used[piece.place], piece, top)]
    holes, count = label(~used, np.ones((3, 3)))
    for piece in _pieces(holes, count):
        ring = _ring(piece, 1) & used[piece.place]
        if ring.any() and float(np.median(light[piece.place][ring])) > _BRIGHT * sigma:
            cores.append(piece)
    for core in sorted(cores, key=lambda piece: -int(piece.pixels.sum())):
        seen, around = used[core.place], light[core.place]
        beyond = _ring(core, 3) & ~_ring(core, 2) & seen
        near = _ring(core, 1) & seen
        height = top if not near.any() else max(float(np.median(around[near])), float(around[core.pixels].max()))
        if beyond.any() and float(np.median(around[beyond])) < _STEEP * height:
            yield core


def _falls_at_once(light: Array, used: Mask, core: _Core, top: float) -> bool:
    """Whether light falls from the edge of a flat top, as it does where it was cut; round tops of galaxies bend."""
    near = _ring(core, 1) & used
    return not near.any() or float(np.median(light[near])) < _CUT * top


def _pieces(labels: NDArray[np.int32], count: int) -> Iterator[_Core]:
    """Connected pixels of a core's size, whole or nearly round: no columns."""
    sizes = np.bincount(labels.ravel(), minlength=count + 1)
    boxes = find_objects(labels)
    for number in range(1, count + 1):
        if _FEWEST <= sizes[number] <= _MOST:
            sides = [part.stop - part.start for part in boxes[number - 1]]
            if sizes[number] >= 0.15 * max(sides) ** 2 or min(sides) >= 3:
                top, left = (max(part.start - _MARGIN, 0) for part in boxes[number - 1])
                bottom, right = (part.stop + _MARGIN for part in boxes[number - 1])
                yield _Core(labels[top:bottom, left:right] == number, top, left)


def _ring(core: _Core, away: int) -> Mask:
    """Pixels within so many of a core, without it."""
    return np.asarray(binary_dilation(core.pixels, np.ones((3, 3)), iterations=away)) & ~core.pixels


def _fading_radius(light: Array, used: Mask, x: float, y: float, core: float, sigma: float) -> float:
    """Radius at which the rings around a star have faded, or fade no more."""
    most = min(light.shape) / 3.0
    radius, before, rising = core + 2.0, math.inf, 0
    while radius < most:
        top, left = (max(math.floor(centre - radius) - 2, 0) for centre in (y, x))
        part = np.s_[top : math.ceil(y + radius) + 3, left : math.ceil(x + radius) + 3]
        rows, columns = np.ogrid[: used[part].shape[0], : used[part].shape[1]]
        distance = np.hypot(columns + (left - x), rows + (top - y))
        ring = used[part] & (distance >= radius) & (distance < radius + 1.0)
        level = float(np.median(light[part][ring])) if ring.any() else math.inf
        rising = rising + 1 if level >= before else 0
        if level < _ENDS * sigma or rising == 3:
            break
        before = min(before, level)
        radius += 1.0
    return radius + 2.0


def _spikes(
    light: Array, used: Mask, x: float, y: float, radius: float, sigma: float, image: ImageData
) -> Iterator[Shape]:
    """Boxes and polygons of what reaches out of a star along the axes and the diagonals."""
    left, bottom = image.origin
    for right, up in ((1, 0), (-1, 0), (0, 1), (0, -1), (1, 1), (1, -1), (-1, 1), (-1, -1)):
        length = math.hypot(right, up)
        dx, dy = right / length, up / length
        end = radius
        while _stands_out(light, used, (x + end * dx, y + end * dy), (dx, dy), sigma):
            end += _STEP
        if end == radius:
            continue
        half = _HALF_WIDTH + 1
        near, far = radius - 2.0, end + 1.0
        if right == 0 or up == 0:
            xs = sorted((x + left + near * dx, x + left + far * dx))
            ys = sorted((y + bottom + near * dy, y + bottom + far * dy))
            wide = (half, 0.0) if right == 0 else (0.0, half)
            yield {
                "box": {
                    "x": [round(xs[0] - wide[0]), round(xs[1] + wide[0]) + 1],
                    "y": [round(ys[0] - wide[1]), round(ys[1] + wide[1]) + 1],
                }
            }
        else:
            corners = ((near, -half), (far, -half), (far, half), (near, half))
            yield {
                "polygon": [
                    [round(x + left + along * dx - side * dy, 2), round(y + bottom + along * dy + side * dx, 2)]
                    for along, side in corners
                ]
            }


def _stands_out(
    light: Array, used: Mask, start: tuple[float, float], direction: tuple[float, float], sigma: float
) -> bool:
    """Whether the next part along a direction is brighter than what lies to both sides of it."""

    def values(offset: float) -> Array:
        along, side = np.meshgrid(np.arange(_STEP), np.arange(-_HALF_WIDTH, _HALF_WIDTH + 1) + offset)
        columns = np.rint(start[0] + along * direction[0] - side * direction[1]).astype(int).ravel()
        rows = np.rint(start[1] + along * direction[1] + side * direction[0]).astype(int).ravel()
        inside = (columns >= 0) & (columns < light.shape[1]) & (rows >= 0) & (rows < light.shape[0])
        rows, columns = rows[inside], columns[inside]
        return np.asarray(light[rows, columns][used[rows, columns]])

    middle, sides = values(0.0), [values(-_GAP), values(_GAP)]
    if middle.size < _STEP or any(part.size < _STEP for part in sides):
        return False
    excess = float(np.median(middle)) - max(float(np.median(part)) for part in sides)
    return excess > _SPIKE * 1.25 * sigma * math.sqrt(1.0 / middle.size + 1.0 / sides[0].size)
