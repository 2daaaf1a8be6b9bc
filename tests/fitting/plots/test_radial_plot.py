"""The radial profile: isophotes of known light, means over them, and their errors."""

from __future__ import annotations

import numpy as np
import pytest

from fitting.plots.finished_fit import Scale
from fitting.plots.isophotes import RadialBrightness, isophotes_of, radial_brightness, single_ellipse
from fitting.plots.radial_plot import MOST_OBJECTS, Units, profile_panels
from fitting.plots.sky_objects import SkyObject
from tests.fitting.plots.legibility import illegible, texts

CENTRE = (70.3, 64.8)


def exponential(radius: np.ndarray) -> np.ndarray:
    """Light of a disc at a semi-major axis."""
    return 400.0 * np.exp(-radius / 12.0)


def disc(ratio: float, angle: float, shape: tuple[int, int] = (130, 140)) -> np.ndarray:
    """A disc whose isophotes have this axis ratio and position angle (from +y), sampled at the pixels' centres."""
    rows, columns = np.indices(shape, dtype=float)
    x, y = columns - CENTRE[0], rows - CENTRE[1]
    turn = np.radians(angle)
    along, across = -x * np.sin(turn) + y * np.cos(turn), x * np.cos(turn) + y * np.sin(turn)
    return exponential(np.hypot(along, across / ratio))


@pytest.mark.parametrize(("ratio", "angle"), [(0.4, 30.0), (0.7, 150.0), (0.95, 80.0)])
def test_isophotes_of_a_disc_are_its_ellipses(ratio: float, angle: float) -> None:
    found = isophotes_of(disc(ratio, angle))
    assert found is not None
    large = found.semi_major > 10.0
    assert found.centre == pytest.approx(CENTRE, abs=0.3)
    assert found.axis_ratio == pytest.approx(ratio, abs=0.15)
    assert found.axis_ratio[large] == pytest.approx(ratio, abs=0.02)
    turned = (np.degrees(found.angle[large]) - 90.0 - angle + 90.0) % 180.0 - 90.0
    assert turned == pytest.approx(0.0, abs=2.0 if ratio < 0.9 else 15.0)


def test_isophotes_of_bulge_and_disc_turn_from_one_to_the_other() -> None:
    rows, columns = np.indices((130, 140), dtype=float)
    bulge = 3000.0 * np.exp(-np.hypot(columns - CENTRE[0], rows - CENTRE[1]) / 2.0)
    found = isophotes_of(bulge + disc(0.4, 30.0))
    assert found is not None
    inner, outer = found.ratio_at(np.array([3.0, 35.0]))
    assert inner > 0.85
    assert outer == pytest.approx(0.4, abs=0.02)


def test_the_radius_of_each_pixel_is_that_of_the_ellipse_through_it() -> None:
    radius = single_ellipse((10.0, 12.0), 0.5, 0.0).radius((25, 21))  # the major axis along +y
    assert radius[22, 10] == pytest.approx(10.0)
    assert radius[12, 15] == pytest.approx(10.0)


@pytest.mark.parametrize("sampled", [True, False], ids=["isophotes of the light", "the given ellipse"])
def test_the_profile_of_a_disc_is_the_formula_within_its_errors(sampled: bool) -> None:
    model = disc(0.6, 40.0)
    sigma = np.full(model.shape, 3.0)
    data = model + sigma * np.random.default_rng(8).normal(size=model.shape)
    isophotes = isophotes_of(model) if sampled else single_ellipse(CENTRE, 0.6, 40.0)
    assert isophotes is not None
    profile = radial_brightness(isophotes, data, model, sigma, {})
    rings = profile.radius > 4.0  # nearer, a ring is a few pixels, and its mean is not the light at the mean radius
    formula = exponential(profile.radius)
    pulls = ((profile.data - formula) / np.hypot(profile.error, 0.01 * formula))[rings]
    assert len(pulls) > 12
    assert np.abs(pulls).max() < 3.5
    assert profile.error == pytest.approx(3.0 / np.sqrt(profile.pixels))
    assert 0.4 < np.mean(profile.pulls**2) < 1.8


def test_pixels_that_are_not_used_do_not_count() -> None:
    model = disc(0.6, 40.0)
    sigma = np.full(model.shape, 3.0)
    data = model.copy()
    data[60:75, 75:90], sigma[60:75, 75:90] = 1e6, np.nan
    profile = radial_brightness(single_ellipse(CENTRE, 0.6, 40.0), data, model, sigma, {})
    assert profile.data == pytest.approx(profile.model)


def test_the_profile_ends_where_the_light_is_lost_in_the_noise_or_the_image_ends() -> None:
    model = disc(0.6, 40.0)
    ellipse = single_ellipse(CENTRE, 0.6, 40.0)
    ends = [
        radial_brightness(ellipse, model, model, np.full(model.shape, sigma), {}).radius[-1]
        for sigma in (1e-6, 300.0, 1200.0)
    ]
    assert ends[0] > ends[1] > ends[2]
    assert ends[0] < 130.0


def test_light_that_is_no_object_has_no_isophotes() -> None:
    assert isophotes_of(np.indices((30, 30))[0].astype(float)) is None
    assert isophotes_of(np.full((30, 30), 5.0)) is None


def test_brightness_is_in_magnitudes_where_scale_and_zero_point_are_known() -> None:
    units = Units(Scale(pixel=0.5, zero_point=25.0))
    assert units.brightness(np.array([100.0, -1.0])) == pytest.approx(
        [25.0 - 2.5 * np.log10(400.0), np.nan], nan_ok=True
    )
    assert units.radius(np.array([10.0])) == pytest.approx([5.0])
    assert "mag" in units.brightness_label
    assert "pixel" in Units(Scale()).brightness_label


def an_object(name: str, parts: int = 1) -> SkyObject:
    radius = np.geomspace(0.4, 60.0, 30)
    light = exponential(radius)
    error = np.full(30, 2.0)
    noise = np.random.default_rng(len(name)).normal(size=30)
    shares = {f"{name}_{part}": light / parts for part in range(parts)}
    return SkyObject(name, RadialBrightness(radius, light + 2.0 * noise, light, error, shares, np.ones(30)), True)


@pytest.mark.parametrize(("count", "scale"), [(1, Scale()), (2, Scale(0.262, 22.5)), (20, Scale())])
def test_the_panels_are_legible(count: int, scale: Scale) -> None:
    objects = [an_object(f"galaxy_{number}", 2) for number in range(count)]
    figure = profile_panels(objects, scale, "a field of galaxies")
    assert illegible(figure) == []
    assert len(figure.axes) == 2 * min(count, MOST_OBJECTS)
    assert Units(scale).brightness_label in texts(figure)
    if count > MOST_OBJECTS:
        assert any("12 of 20" in text for text in texts(figure))
