"""Structure of one galaxy is no source, and a source on a galaxy is no structure."""

import math

import numpy as np
import pytest
from scipy.ndimage import gaussian_filter

from fitting.inputs import ImageData
from fitting.proposing.sources import SourceList, find_sources

SIDE, RADIUS, FINE = 64, 8.0, 3
CENTRE = (31.3, 31.8)
BLUR = 1.3


def galaxy(kind: str, snr: float) -> np.ndarray:
    """A galaxy of axis ratio 0.7 whose signal to noise is `snr` in noise of 1."""
    rows, columns = (np.indices((SIDE * FINE, SIDE * FINE)) - (FINE - 1) / 2) / FINE
    dx, dy = columns - CENTRE[0], rows - CENTRE[1]
    along, across = (dx + dy) / math.sqrt(2.0), (dy - dx) / math.sqrt(2.0) / 0.7
    radius = np.hypot(along, across)
    light = np.exp(-1.678 * radius / RADIUS)
    if kind == "cusp":
        light = np.exp(-11.67 * (radius / RADIUS) ** (1.0 / 6.0)) * 1e3
    elif kind == "spiral":
        turns = np.log(np.maximum(radius, 0.5) / RADIUS) / math.tan(math.radians(18.0))
        arms = np.cos(2.0 * (np.arctan2(across, along) - turns))
        light = light * (1.0 + 0.7 * np.clip(radius / RADIUS, 0.0, 1.0) * arms)
    elif kind == "ring":
        light += 0.2 * np.exp(-0.5 * ((radius - 1.6 * RADIUS) / (0.2 * RADIUS)) ** 2)
    elif kind == "bar":
        light += 0.6 * np.exp(-((np.abs(along) / (1.2 * RADIUS)) ** 3) - (np.abs(across) / (0.3 * RADIUS)) ** 3)
    light = gaussian_filter(light.reshape(SIDE, FINE, SIDE, FINE).mean((1, 3)), BLUR)
    return snr * light / math.sqrt((light**2).sum())


def sources(light: np.ndarray) -> SourceList:
    noise = np.random.default_rng(64).normal(size=light.shape)
    image = ImageData("a", light + noise, np.ones(light.shape), np.zeros(light.shape, dtype=bool))
    return find_sources(image, 6.0, 50, None)


@pytest.mark.parametrize("snr", [30.0, 200.0, 1500.0])
@pytest.mark.parametrize("kind", ["disc", "cusp", "spiral", "ring", "bar"])
def test_one_galaxy_is_one_source(kind: str, snr: float) -> None:
    (found,) = sources(galaxy(kind, snr)).sources
    assert math.dist((found.galaxy.x, found.galaxy.y), CENTRE) < 1.0


@pytest.mark.parametrize("away", [0.7, 1.5, 2.5])
@pytest.mark.parametrize("kind", ["cusp", "spiral"])
def test_a_star_on_a_galaxy_is_a_source(kind: str, away: float) -> None:
    light = galaxy(kind, 1500.0)
    x, y = CENTRE[0] + away * RADIUS * math.cos(2.0), CENTRE[1] + away * RADIUS * math.sin(2.0)
    rows, columns = np.indices(light.shape)
    star = np.exp(-((columns - x) ** 2 + (rows - y) ** 2) / (2.0 * BLUR**2))
    found = sources(light + star * 0.05 * light.sum() / star.sum()).sources
    assert len(found) == 2
    assert min(math.dist((item.galaxy.x, item.galaxy.y), (x, y)) for item in found) < 0.5
