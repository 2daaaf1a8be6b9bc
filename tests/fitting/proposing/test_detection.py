"""Peaks that stand out of the noise, each once."""

import math
from unittest import mock

import numpy as np
import pytest
from scipy.ndimage import gaussian_filter

from fitting.proposing import detection
from fitting.proposing.detection import Detections, detect, scales

SIDE, THRESHOLD = 120, 6.0
ALL = np.ones((SIDE, SIDE), dtype=bool)


def blob(x: float, y: float, sigma: float, peak: float) -> np.ndarray:
    rows, columns = np.mgrid[:SIDE, :SIDE]
    return peak * np.exp(-((columns - x) ** 2 + (rows - y) ** 2) / (2.0 * sigma**2))


def found(light: np.ndarray, noise: np.ndarray | None = None, blur: float = 1.5) -> Detections:
    white = np.random.default_rng(5).normal(0.0, 1.0, light.shape)
    return detect(light + (white if noise is None else noise), np.ones(light.shape), ALL, blur, THRESHOLD)


@pytest.mark.parametrize("sigma", [1.5, 3.0, 7.0])
def test_one_source_is_found_once_at_its_place(sigma: float) -> None:
    (source,) = found(blob(60.0, 50.0, sigma, 40.0 / sigma)).sources
    assert math.dist((source.x, source.y), (60.0, 50.0)) < sigma


@pytest.mark.parametrize("ratio", [1.0, 4.0, 20.0])
def test_neighbours_that_a_valley_parts_are_two(ratio: float) -> None:
    light = blob(55.0, 60.0, 2.0, 200.0) + blob(66.0, 60.0, 2.0, 200.0 / ratio)
    assert sorted(round(source.x) for source in found(light).sources) == [55, 66]


def test_the_bumps_of_a_large_noisy_source_are_not_sources() -> None:
    assert len(found(blob(60.0, 60.0, 15.0, 8.0)).sources) == 1


def test_footprints_are_numbered_as_their_sources() -> None:
    detections = found(blob(30.0, 60.0, 2.0, 50.0) + blob(90.0, 60.0, 2.0, 80.0))
    for source in detections.sources:
        assert detections.labels[round(source.y), round(source.x)] == source.label


@pytest.mark.parametrize("sigma", [0.7, 1.5])
def test_correlated_noise_is_no_source(sigma: float) -> None:
    white = np.random.default_rng(8).normal(0.0, 1.0, (SIDE, SIDE))
    assert found(np.zeros((SIDE, SIDE)), gaussian_filter(white, sigma)).sources == ()


def test_few_photons_are_no_source() -> None:
    for seed in range(5):
        photons = np.random.default_rng(seed).poisson(1.5, (SIDE, SIDE)) - 1.5
        assert found(np.zeros((SIDE, SIDE)), photons).sources == ()


def test_masked_pixels_are_not_looked_at() -> None:
    used = ALL.copy()
    used[40:60, 40:60] = False
    light = np.random.default_rng(1).normal(0.0, 1.0, (SIDE, SIDE))
    light[~used] = 1e6
    assert detect(light, np.ones(light.shape), used, 1.5, THRESHOLD).sources == ()


def test_what_is_a_small_part_of_the_light_taken_off_is_no_source() -> None:
    drawn = blob(60.0, 60.0, 8.0, 1000.0)
    left = blob(64.0, 60.0, 3.0, 30.0) + np.random.default_rng(2).normal(0.0, 1.0, drawn.shape)
    assert detect(left, np.ones(left.shape), ALL, 1.5, THRESHOLD, drawn).sources == ()
    assert len(detect(left, np.ones(left.shape), ALL, 1.5, THRESHOLD).sources) == 1


@pytest.mark.parametrize("shape", [(1, 1), (3, 200), (200, 3)])
def test_images_of_a_few_pixels_are_looked_at_too(shape: tuple[int, int]) -> None:
    data = np.random.default_rng(3).normal(0.0, 1.0, shape)
    assert detect(data, np.ones(shape), np.ones(shape, bool), 1.5, THRESHOLD).sources == ()
    assert scales(shape, 1.5)


def test_sources_that_lie_apart_are_not_held_against_each_other(monkeypatch: pytest.MonkeyPatch) -> None:
    # 225 stars on a lattice: pairs would be 25,000, and take hours in a frame of 4096 pixels.
    rows, columns = np.mgrid[:300, :300]
    star = np.exp(-((rows % 20 - 10) ** 2 + (columns % 20 - 10) ** 2) / 4.5)
    light = 50.0 * star + np.random.default_rng(3).normal(size=star.shape)
    compared = mock.Mock(side_effect=detection._valley_between)
    monkeypatch.setattr(detection, "_valley_between", compared)
    found = detection.detect(light, np.ones_like(light), np.ones(light.shape, bool), 1.5, 6.0)
    assert len(found.sources) == 225
    assert sorted({source.label for source in found.sources}) == list(range(1, 226))
    assert all(found.labels[round(source.y), round(source.x)] == source.label for source in found.sources)
    assert compared.call_count < 2250
