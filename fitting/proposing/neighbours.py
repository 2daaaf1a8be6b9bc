"""Neighbours of a target: which are fitted along with it, and which are masked."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from fitting.first_values import Galaxy, b_n
from fitting.proposing.sources import Source

Array = NDArray[np.float64]
Shape = dict[str, Any]

_FAINT = 0.3
"""Of a pixel's noise: a mask reaches to where a source has faded to that; chosen by hand."""
_ON_TARGET = 0.1
"""Of the target's light at a source: a mask reaches no farther than to where the source is that part of it."""
_TARGET_RADII = 2.0
"""Half-light radii of a target, within which a neighbour's light is its fit's concern."""
_MOST_FITTED = 8
"""Neighbours that are fitted at most, where photfit chooses; the others are masked. Chosen by hand."""
_BLURS = 2.0
"""Sigmas of the PSF by which a mask reaches beyond a source."""


@dataclass(frozen=True)
class Neighbourhood:
    """What becomes of the sources beside a target: fitted, and shapes of a mask for those that are masked."""

    fitted: tuple[Source, ...]
    masked: tuple[Source, ...]
    shapes: tuple[Shape, ...]


def settle_neighbours(
    treatment: str,
    target: Source,
    others: Sequence[Source],
    noise: float,
    blur: float,
    psf: Array | None,
    origin: tuple[int, int],
) -> Neighbourhood:
    """Fit or mask each neighbour.

    Args:
        treatment: auto, fit, mask or ignore.
        noise: of a pixel.
        blur: sigma of the PSF, pixels.
        psf: the PSF on pixels of the image; None where there is none.
        origin: of the array in the full frame.
    """
    if treatment == "ignore":
        return Neighbourhood((), (), ())
    fitted: list[Source] = []
    masked: list[Source] = []
    shapes: list[Shape] = []
    # The nearest beside their light first: where only some are fitted, those matter most.
    for source in sorted(others, key=lambda item: -item.flux / (1.0 + _distance(target, item)) ** 2):
        shape = mask_of(source, noise, blur, psf, target)
        covers = _distance(target, source) < shape["a"] + max(2.0 * blur, 1.0)
        wanted = treatment == "fit" or (
            treatment == "auto" and len(fitted) < _MOST_FITTED and _touches(target, source, noise, blur, psf)
        )
        if wanted or covers:
            fitted.append(source)
        else:
            masked.append(source)
            place = {"x": round(shape["x"] + origin[0], 3), "y": round(shape["y"] + origin[1], 3)}
            shapes.append({"ellipse": {**shape, **place}})
    return Neighbourhood(tuple(fitted), tuple(masked), tuple(shapes))


def mask_of(source: Source, noise: float, blur: float, psf: Array | None, target: Source | None) -> Shape:
    """The ellipse, in pixels of the array, that holds a source's light as far as it matters."""
    light = source.point or source.galaxy
    faint = _FAINT * noise
    if target is not None:
        faint = max(faint, _ON_TARGET * _brightness(target.galaxy, light.x, light.y))
    reach = _reach(source, faint, psf)
    soft = _BLURS * blur + 1.0
    a = min(reach + soft, 1e5)
    q = 1.0 if source.point is not None else (reach * light.q + soft) / (reach + soft)
    return {"x": light.x, "y": light.y, "a": round(a, 3), "q": round(q, 4), "pa": round(light.pa, 3)}


def _reach(source: Source, faint: float, psf: Array | None) -> float:
    """Radius along the major axis at which a source has faded to a brightness, pixels."""
    if source.point is not None and psf is not None:
        rows, columns = np.nonzero(psf * source.point.flux > faint)
        half = psf.shape[0] // 2
        return float(np.hypot(columns - half, rows - half).max()) if rows.size else 1.0
    galaxy = source.galaxy
    if galaxy.i_e <= 0.0 or faint <= 0.0:
        return 4.0 * galaxy.r_e
    depth = math.log(galaxy.i_e / faint) / b_n(galaxy.n) + 1.0
    return min(max(depth, 0.0) ** galaxy.n, 30.0) * galaxy.r_e


def _touches(target: Source, source: Source, noise: float, blur: float, psf: Array | None) -> bool:
    """Whether a neighbour's light reaches the part of the target that its fit hangs on."""
    away = _distance(target, source)
    return away < _TARGET_RADII * target.galaxy.r_e + 2.0 * blur + _reach(source, noise, psf)


def _brightness(galaxy: Galaxy, x: float, y: float) -> float:
    angle = math.radians(galaxy.pa)
    along = (y - galaxy.y) * math.cos(angle) - (x - galaxy.x) * math.sin(angle)
    across = ((x - galaxy.x) * math.cos(angle) + (y - galaxy.y) * math.sin(angle)) / galaxy.q
    return galaxy.light_at(max(math.hypot(along, across), 1.0))


def _distance(target: Source, source: Source) -> float:
    light = source.point or source.galaxy
    return math.hypot(light.x - target.galaxy.x, light.y - target.galaxy.y)
