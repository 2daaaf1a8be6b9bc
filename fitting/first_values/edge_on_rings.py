"""First values of a ring seen edge on, whose light may lie in two pieces far from its centre.

Along the plane the light is two Gaussians of dispersion σ at ±r, of which the moments ⟨u²⟩ = r² + σ² and ⟨u⁴⟩ = r⁴ +
6 r² σ² + 3 σ⁴ tell both: 2 r⁴ = 3 ⟨u²⟩² − ⟨u⁴⟩.
"""

from __future__ import annotations

import math

import numpy as np
from scipy.ndimage import label

from fitting.first_values.source_shapes import Array, Mask, gaussian_mean

_SMOOTHING = 1.5
"""Sigma of the smoothing, pixels, so that noise does not part one piece of light into many; chosen by hand."""
_SIGNIFICANT = 4.0
"""Standard deviations by which the smoothed light stands out; chosen by hand."""
_FAINTEST = 0.1
"""Light below this part of the brightest is left out: wings would rule the fourth moment. Chosen by hand."""
_ALIKE = 0.4
"""A second piece of light with this part of the first's flux is the ring's other end; chosen by hand."""
_BOX = 3.0
"""Half the box in which moments are taken again, dispersions beyond the ends; chosen by hand: 99.7 % of a Gaussian."""
_PASSES = 4
"""Times that moments are taken, each in the box of the last; chosen by hand
(`tests/fitting/first_values/test_edge_on_rings.py`)."""
_LEAST = 0.3
"""Least dispersion, pixels, and least radius in units of the light's dispersion along the plane; chosen by hand."""


def measure_ring(
    light: Array, used: Mask, rms: float, blur: float, centre: tuple[float, float] | None
) -> dict[str, float] | None:
    """x, y (pixels of the array), pa, r, sigma_r, sigma_z, i_0 of the brightest light; None where none stands out.

    Args:
        light: sky and other components subtracted.
        rms: noise of one pixel.
        blur: sigma of the PSF, pixels.
        centre: where that is known.
    """
    pixels = _significant(light, used, rms, centre)
    if pixels is None:
        return None
    rows, columns = np.mgrid[: light.shape[0], : light.shape[1]]
    for _ in range(_PASSES):
        found = _moments(columns[pixels], rows[pixels], light[pixels], blur, centre)
        if found is None:
            return None
        along, across = _plane_coordinates(columns, rows, found)
        reach = found["r"] + _BOX * math.hypot(found["sigma_r"], blur) + 1.0
        pixels = used & (np.abs(along) < reach) & (np.abs(across) < _BOX * math.hypot(found["sigma_z"], blur) + 1.0)
    return found


def _significant(light: Array, used: Mask, rms: float, centre: tuple[float, float] | None) -> Mask | None:
    """The piece of light that holds most, or lies nearest to the centre, and the one that is most like it, if any."""
    soft = gaussian_mean(light, used, _SMOOTHING)
    noise = rms / (2.0 * math.sqrt(math.pi) * _SMOOTHING)
    bright = used & (soft > max(_SIGNIFICANT * noise, _FAINTEST * float(soft.max(initial=0.0, where=used))))
    pieces, count = label(bright)
    if count == 0 or not (soft[bright] > 0.0).any():
        return None
    fluxes = np.bincount(pieces.ravel(), np.where(bright, light, 0.0).ravel())[1:]
    order = list(np.argsort(-fluxes))
    if centre is not None:
        rows, columns = np.nonzero(bright)
        distances = np.hypot(columns - centre[0], rows - centre[1])
        first = int(pieces[rows[distances.argmin()], columns[distances.argmin()]]) - 1
        order = [first, *(piece for piece in order if piece != first)]
    chosen = order[:1] + [piece for piece in order[1:2] if _ALIKE * fluxes[order[0]] < fluxes[piece]]
    return np.isin(pieces, [piece + 1 for piece in chosen])


def _moments(
    x: Array, y: Array, light: Array, blur: float, centre: tuple[float, float] | None
) -> dict[str, float] | None:
    """The ring of these pixels' moments."""
    total = float(light.sum())
    if total <= 0.0:
        return None
    middle = (float((x * light).sum()) / total, float((y * light).sum()) / total) if centre is None else centre
    offsets = np.stack((x - middle[0], y - middle[1]))
    values, vectors = np.linalg.eigh((offsets * light) @ offsets.T / total)
    if values[0] <= 0.0:
        return None
    along = vectors[:, 1] @ offsets
    square, fourth = float(values[1]), float((along**4 * light).sum()) / total
    r = (0.5 * max(3.0 * square**2 - fourth, (_LEAST * square) ** 2)) ** 0.25
    sigma_r, sigma_z = (
        math.sqrt(max(spread - blur**2, _LEAST**2)) for spread in (max(square - r**2, 0.02 * square), float(values[0]))
    )
    pa = math.degrees(math.atan2(-vectors[0, 1], vectors[1, 1])) % 180.0
    i_0 = total / (4.0 * math.pi * sigma_r * sigma_z)
    return {"x": middle[0], "y": middle[1], "pa": pa, "r": r, "sigma_r": sigma_r, "sigma_z": sigma_z, "i_0": i_0}


def _plane_coordinates(columns: Array, rows: Array, ring: dict[str, float]) -> tuple[Array, Array]:
    """Coordinates of pixels along and across a ring's plane."""
    x, y = columns - ring["x"], rows - ring["y"]
    sine, cosine = math.sin(math.radians(ring["pa"])), math.cos(math.radians(ring["pa"]))
    return y * cosine - x * sine, x * cosine + y * sine
