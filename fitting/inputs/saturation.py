"""Saturated pixels: those at the level that the header gives, and flat tops, which no light has."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from scipy.ndimage import binary_dilation, label

from fitting.files import saturation_level
from fitting.inputs.image_data import Array, Mask
from fitting.inputs.pixel_scatter import pixel_scatter
from fitting.spec import Notice
from fitting.spec.counts import counted, verb, was

_MOST = 0.1
"""Share of the pixels that may be saturated; a level that more of them reach is none."""
_HIGH = 10.0
"""Noise above the sky from where a flat top is looked for."""
_FEWEST = 4
"""Pixels of a flat top, at least."""
_CHANCE = 1e-7
"""Chance of a flat top by noise: that of neighbours that happen to be the same."""
_SAME = 0.4
"""Chance of two neighbours to be the same, times noise over the step between stored numbers: 1/√(2π), of Gaussians."""
_SHEER = 25.0
"""The same fall where steps are as large as the noise, so that smooth light is flat, too; of `_SHEER_FEWEST` pixels."""
_SHEER_FEWEST = 6
"""Pixels of such a flat top; four are a narrow star's between them."""
_STEEP = 5.0
"""Steps, and noise, by which light falls from the edge of a flat top, at least."""
_BELOW = 0.75
"""Of the level that the header has, from where a top with nothing above counts as clipped there: after sky, bias or a
flat field were taken off it is lower."""
_THICK = 6.0
"""Noise within which the pixels of such a top are; the light around it is five times as far below."""


def saturated_pixels(data: Array, usable: Mask, header: Mapping[str, Any]) -> tuple[Mask, list[Notice]]:
    """Pixels that hold less light than fell on them, and what there is to say of them.

    Args:
        data, usable: (height, width).
        header: of the data.
    """
    none = np.zeros(data.shape, dtype=bool)
    scatter = pixel_scatter(data, usable)
    noise = None if scatter is None else scatter.ratio
    level = saturation_level(header)
    sky = float(np.median(data[usable]))
    notices = []
    found = none
    if level is not None:
        found = usable & (data >= level[1])
        card = f"{level[0]} {level[1]:g}"
        if found.sum() > _MOST * usable.sum():
            reach = verb(int(found.sum()), "reaches", "reach")
            which = f"{found.sum()} of {counted(int(usable.sum()), 'pixel')}"
            sentence = f"{which} {reach} the header's {card}, so it was not used"
            notices.append(Notice("saturation-not-credible", sentence))
            found = none
        elif found.any():
            sentence = _masked(found, f"at or above the header's {card}", "saturated")
            notices.append(Notice("saturated", sentence))
        elif noise is not None and (top := _clipped_top(data, usable, level[1], sky, noise)).any():
            found = top
            sentence = _masked(top, f"of a flat top near the header's {card}", "saturated")
            notices.append(Notice("saturated", sentence))
    flat = none if noise is None else _flat_tops(data, usable & ~found, sky, noise)
    if flat.any():
        highest = ", ".join(f"{value:.6g}" for value in np.unique(data[flat])[::-1][:3])
        number = int(flat.sum())
        looks = f"{was(number)} masked: {verb(number, 'it looks', 'they look')} saturated"
        sentence = f"{counted(number, 'pixel')} of flat tops (equal highest values: {highest}) {looks}"
        notices.append(Notice("flat-tops", sentence))
    return found | flat, notices


def kept_saturated(pixels: Mask, notices: list[Notice]) -> list[Notice]:
    """What there is to say of saturated pixels that a request keeps, from what was to say of them."""
    if not pixels.any():
        return notices
    number = int(pixels.sum())
    sentence = (
        f"{counted(number, 'pixel')} that {verb(number, 'looks', 'look')} saturated {was(number)} kept, as the request "
        f'says ("mask_saturated": false): light is missing in {verb(number, "it", "them")} if so'
    )
    return [Notice("saturated-kept", sentence)]


def _masked(pixels: Mask, which: str, why: str) -> str:
    """A sentence on pixels that were masked."""
    number = int(pixels.sum())
    return f"{counted(number, 'pixel')} {which} {was(number)} masked: {verb(number, 'it is', 'they are')} {why}"


def _flat_tops(data: Array, usable: Mask, sky: float, noise: float) -> Mask:
    """Neighbouring pixels with the same value and nothing higher beside them."""
    flat = np.zeros(data.shape, dtype=bool)
    high = usable & (data > sky + _HIGH * noise)
    same = np.zeros(data.shape, dtype=bool)
    across, down = high[:, 1:] & (data[:, 1:] == data[:, :-1]), high[1:] & (data[1:] == data[:-1])
    same[:, 1:] |= across
    same[:, :-1] |= across
    same[1:] |= down
    same[:-1] |= down
    same &= usable
    if same.sum() < _FEWEST:
        return flat
    step = _step(data[usable])
    same_by_chance = min(_SAME * step / noise, 0.9) if noise > 0.0 else 0.9
    needed = max(_FEWEST, 1.0 + np.log(_CHANCE) / np.log(max(same_by_chance, 1e-300)))
    for value in np.unique(data[same])[::-1][:_MOST_VALUES]:
        areas, count = label(same & (data == value))
        sizes = np.bincount(areas.ravel())[1:]
        for number in (place + 1 for place in range(count) if sizes[place] >= _FEWEST):
            area = areas == number
            around = binary_dilation(area, _SQUARE) & ~area & usable
            if around.any() and data[around].max() > value:
                continue
            fall = value - float(np.median(data[around])) if around.any() else 0.0
            rare = sizes[number - 1] >= needed and fall > _STEEP * max(step, noise)
            sheer = sizes[number - 1] >= _SHEER_FEWEST and fall > _SHEER * max(step, noise)
            if rare or sheer:
                flat |= area
    return flat


_SQUARE = np.ones((3, 3), dtype=bool)
"""A pixel and its eight neighbours."""
_MOST_VALUES = 50
"""Values of flat tops that are looked at, the highest first; chosen by hand, bounds time."""


def _step(values: Array) -> float:
    """The least difference between stored numbers."""
    steps = np.diff(np.unique(values[: 2**20]))
    return float(steps.min()) if steps.size else 0.0


def _clipped_top(data: Array, usable: Mask, level: float, sky: float, noise: float) -> Mask:
    """Pixels of tops that are flat to the noise, with a steep fall around them, somewhat below a level."""
    top = np.zeros(data.shape, dtype=bool)
    highest = float(data[usable].max())
    if not (_BELOW * level <= highest and highest > sky + _HIGH**2 * noise):
        return top
    areas, count = label(usable & (data > highest - _THICK * noise))
    if count == 0:
        return top
    for number in range(1, min(count, _MOST_VALUES) + 1):
        area = areas == number
        around = binary_dilation(area, _SQUARE) & ~area & usable
        if area.sum() >= _FEWEST + 1 and around.any():
            fall = highest - float(np.median(data[around]))
            if fall > _STEEP * _THICK * noise:
                top |= area
    return top
