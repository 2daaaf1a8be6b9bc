"""Notices of components that end smaller than a pixel under a PSF that is a kernel for pixel values."""

import numpy as np
import pytest
from scipy.special import erf

from fitting.results import FitResult
from tests.fitting.scene import fitted, flat_sky, image_of, noisy, values_of

X, Y, FLUX, FWHM = 20.3, 19.7, 3e4, 3.0
SIGMA = FWHM / np.sqrt(8.0 * np.log(2.0))


def star(side: int, x: float, y: float) -> np.ndarray:
    """A Gaussian of unit flux, integrated over the pixels exactly."""

    def over(centre: float) -> np.ndarray:
        edges = (np.arange(side + 1) - 0.5 - centre) / (SIGMA * np.sqrt(2.0))
        return 0.5 * np.diff(erf(edges))

    return np.outer(over(y), over(x))


def fit_of(profile: str, convention: str = "discrete", names: tuple[str, ...] = ("s",)) -> FitResult:
    data = noisy(3.0 + FLUX * star(41, X, Y) + (FLUX * star(41, X - 12, Y - 9) if len(names) > 1 else 0.0))
    places = ((20.0, 20.0), (8.0, 11.0))
    components = [flat_sky()] + [
        {"name": name, "profile": profile, "parameters": {"x": x, "y": y}}
        for name, (x, y) in zip(names, places, strict=False)
    ]
    return fitted(components, image_of(data, psf=star(25, 12, 12), psf_convention=convention))


def told(result: FitResult) -> list[str]:
    return [notice.sentence for notice in result.notices if notice.code == "smaller-than-pixel"]


@pytest.mark.parametrize("profile", ["sersic", "gaussian", "moffat"])
def test_a_star_under_a_kernel_for_pixel_values_is_told_with_the_two_ways_on(profile: str) -> None:
    result = fit_of(profile)
    (sentence,) = told(result)
    assert "`point_source`" in sentence
    assert '"convention": "effective"' in sentence
    off = abs(values_of(result)["s.x"] - X)
    assert off < 0.2  # what the sentence says; a Gaussian's is 0.1 and more


def test_the_ways_on_lead_to_where_the_star_is() -> None:
    for result in (fit_of("gaussian", "effective"), fit_of("point_source")):
        assert not told(result)
        assert values_of(result)["s.x"] == pytest.approx(X, abs=0.01)
        assert values_of(result)["s.y"] == pytest.approx(Y, abs=0.01)
    assert abs(values_of(fit_of("gaussian"))["s.x"] - X) > 0.05


def test_several_are_told_at_once_and_what_is_larger_is_not() -> None:
    (sentence,) = told(fit_of("gaussian", names=("s", "t")))
    assert "s, t ended" in sentence
    assert "positions may" in sentence
    broad = noisy(3.0 + 50.0 * np.exp(-0.5 * np.hypot(*(np.mgrid[:41, :41] - 20)) ** 2 / 5.0**2))
    galaxy = {"name": "g", "profile": "gaussian", "parameters": {"x": 20.0, "y": 20.0}}
    assert not told(fitted([flat_sky(), galaxy], image_of(broad, psf=star(25, 12, 12))))
