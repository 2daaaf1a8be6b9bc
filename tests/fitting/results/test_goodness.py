"""Notices of a finished fit: correlated residuals, and limits that are near."""

import numpy as np
import pytest
from scipy.ndimage import gaussian_filter

from fitting.results import ImageResult, correlation_notice
from fitting.results.goodness import Autocorrelation, inflation, is_correlated
from tests.fitting.scene import fitted, flat_sky, image_of, noisy, rendered, sersic


def image_with(residual: np.ndarray, model: np.ndarray | None = None) -> ImageResult:
    model = np.zeros_like(residual) if model is None else model
    used = np.zeros(residual.shape, dtype=bool)
    return ImageResult("r", model + residual, model, np.ones_like(residual), used, (0, 0), None, {})


@pytest.mark.parametrize("draw", ["standard_normal", "heavy tails"])
def test_white_noise_is_left_in_peace(draw: str) -> None:
    random = np.random.default_rng(1)
    fields = (
        random.standard_normal((40, 40)) if draw == "standard_normal" else random.standard_t(3.0, (40, 40))
        for _ in range(500)
    )
    assert sum(correlation_notice(image_with(field)) is not None for field in fields) <= 1


def test_its_scatter_is_as_expected() -> None:
    random = np.random.default_rng(2)
    found = [Autocorrelation.of(random.standard_normal((40, 50))).at(1, -2) for _ in range(500)]
    pairs = found[0][1]
    assert pairs == 39 * 48
    assert np.std([rho for rho, _ in found]) == pytest.approx(pairs**-0.5, rel=0.1)


def test_smoothed_noise_is_noticed_with_what_it_does_to_uncertainties() -> None:
    random = np.random.default_rng(3)
    field = gaussian_filter(random.standard_normal((100, 100)), 0.7, mode="wrap")
    field /= field.std()
    notice = correlation_notice(image_with(field))
    assert notice is not None
    warning = notice.sentence
    assert "away from the components too" in warning
    means = [
        gaussian_filter(random.standard_normal((30, 30)), 0.7, mode="wrap").mean()
        / gaussian_filter(random.standard_normal((30, 30)), 0.7, mode="wrap").std()
        for _ in range(400)
    ]
    assert inflation(Autocorrelation.of(field)) == pytest.approx(np.std(means) * 30.0, rel=0.15)


def test_structure_that_the_model_lacks_is_called_so() -> None:
    ring = [flat_sky(), sersic(), sersic("b", x=22.0, y=17.0, i_e=12.0, r_e=1.5, n=0.7)]
    result = fitted([flat_sky(), sersic()], image_of(noisy(rendered(ring))))
    (warning,) = [text for text in result.warnings if "correlated" in text]
    assert "lacks structure" in warning


@pytest.mark.parametrize("lacking", ["neighbour", "rings", "narrow"])
def test_only_the_model_is_blamed_for_what_it_lacks_in_places(lacking: str) -> None:
    y, x = np.mgrid[:61, :61] - 30.0
    radius = np.hypot(x, y)
    model = 400.0 * np.exp(-0.5 * radius**2 / 2.0**2)
    light = {
        "neighbour": 30.0 * np.exp(-0.5 * np.hypot(x - 15.0, y - 10.0) ** 2 / 2.0**2),
        "rings": 6.0 * np.sin(0.5 * radius) * np.exp(-radius / 5.0),
        "narrow": 300.0 * np.exp(-0.5 * radius**2 / 5.0**2) - model,
    }[lacking]
    random = np.random.default_rng(4)
    for _ in range(20):
        notice = correlation_notice(image_with(light + random.standard_normal((61, 61)), model))
        assert notice is not None
        assert notice.code == "model-lacks-structure"
        assert "not all over the image" in notice.sentence


def test_correlated_noise_is_told_beside_a_model_that_lacks_structure() -> None:
    y, x = np.mgrid[:80, :80] - 40.0
    random = np.random.default_rng(5)
    source = 30.0 * np.exp(-0.5 * np.hypot(x - 15.0, y - 10.0) ** 2 / 2.0**2)
    for _ in range(20):
        field = gaussian_filter(random.standard_normal((80, 80)), 0.5, mode="wrap")
        notice = correlation_notice(image_with(source + field / field.std(), 400.0 * np.exp(-0.1 * (x**2 + y**2))))
        assert notice is not None
        assert notice.code == "residual-correlated"


def test_a_right_model_on_white_noise_says_nothing() -> None:
    for seed in range(8):
        result = fitted([flat_sky(), sersic()], image_of(noisy(rendered([flat_sky(), sersic()]), seed=seed)))
        assert result.warnings == ()


def test_masked_pixels_and_tiny_images_say_nothing() -> None:
    assert not is_correlated(Autocorrelation.of(np.full((30, 30), np.nan)))
    assert not is_correlated(Autocorrelation.of(np.ones((5, 5))))
    assert correlation_notice(image_with(np.zeros((30, 30)))) is None


MODEL = [flat_sky(), sersic()]


@pytest.fixture(scope="module")
def data() -> np.ndarray:
    return noisy(rendered(MODEL))


def test_a_limit_within_the_uncertainty_is_spoken_of(data: np.ndarray) -> None:
    free = fitted(MODEL, image_of(data))
    n = next(row for row in free.parameters if row.name == "g.n")
    assert n.uncertainty is not None
    held = fitted([flat_sky(), sersic(n={"value": 1.5, "max": n.value + 0.5 * n.uncertainty})], image_of(data))
    far = fitted([flat_sky(), sersic(n={"value": 1.5, "max": n.value + 2.0 * n.uncertainty})], image_of(data))
    assert any("within one uncertainty of a limit" in text and "g.n" in text for text in held.warnings)
    assert far.warnings == ()


def test_an_angle_is_reported_within_one_turn_wherever_it_started(data: np.ndarray) -> None:
    for start in (35.0, 35.0 + 360.0, 35.0 - 180.0):
        result = fitted([flat_sky(), sersic(pa=start)], image_of(data))
        (pa,) = [row for row in result.parameters if row.name == "g.pa"]
        assert pa.value == pytest.approx(35.0, abs=1.0)
