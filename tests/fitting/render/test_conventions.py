"""What a pixel holds: integral or sample, where it is, and how a PSF acts on it."""

import numpy as np
import pytest
from scipy.integrate import dblquad
from scipy.signal import convolve2d
from scipy.special import gammaincinv

from tests.fitting.scene import GALAXY, flat_sky, rendered, sersic


def brightness(y: float | np.ndarray, x: float | np.ndarray, **changes: float) -> np.ndarray:
    """The Sérsic formula at a point, pa counter-clockwise from +y."""
    g = GALAXY | changes
    sine, cosine = np.sin(np.radians(g["pa"])), np.cos(np.radians(g["pa"]))
    along = -(x - g["x"]) * sine + (y - g["y"]) * cosine
    across = (x - g["x"]) * cosine + (y - g["y"]) * sine
    radius = np.hypot(along, across / g["q"]) / g["r_e"]
    return np.asarray(g["i_e"] * np.exp(-gammaincinv(2 * g["n"], 0.5) * (radius ** (1 / g["n"]) - 1)))


def kernel() -> np.ndarray:
    """A lopsided PSF, wider than high."""
    y, x = np.mgrid[-3:4, -5:6]
    stamp = np.exp(-0.5 * ((x - 0.7) ** 2 / 2.0 + (y + 0.4) ** 2)) + 0.02 * (x > 2)
    return np.asarray(stamp / stamp.sum())


@pytest.mark.parametrize("pixel", [(24, 20), (15, 23), (20, 27), (33, 8)])
def test_a_pixel_holds_the_integral_of_the_brightness_over_it(pixel: tuple[int, int]) -> None:
    x, y = pixel
    expected, _ = dblquad(brightness, x - 0.5, x + 0.5, y - 0.5, y + 0.5, epsabs=0.0, epsrel=1e-9)
    assert rendered([sersic()])[y, x] == pytest.approx(expected, rel=2e-6)


def test_a_discrete_psf_acts_on_pixel_integrals() -> None:
    wide = rendered([sersic(x=GALAXY["x"] + 5, y=GALAXY["y"] + 5)], shape=(51, 51))
    expected = convolve2d(wide, kernel(), mode="same")[5:-5, 5:-5]
    assert rendered([sersic()], psf=kernel()) == pytest.approx(expected, rel=1e-10)


def test_the_two_conventions_differ_in_the_core() -> None:
    discrete = rendered([sersic()], psf=kernel())
    effective = rendered([sersic()], psf=kernel(), psf_convention="effective")
    assert abs(effective[20, 20] / discrete[20, 20] - 1.0) > 1e-3


def test_a_sky_is_not_dimmed_by_a_psf() -> None:
    assert rendered([flat_sky(7.0)], psf=kernel()) == pytest.approx(7.0, rel=1e-14)


def test_a_galaxy_beyond_the_edge_is_blurred_into_the_frame() -> None:
    outside = sersic(x=-2.0, y=20.0, r_e=0.5, q=1.0, n=1.0)
    assert rendered([outside], psf=kernel())[20, 0] > 3.0 * rendered([outside])[20, 0]


def test_a_window_shows_the_same_pixels_as_the_whole_frame() -> None:
    whole = rendered([flat_sky(), sersic()])
    part = rendered([flat_sky(), sersic()], shape=(20, 25), origin=(9, 12))
    assert part == pytest.approx(whole[12:32, 9:34], rel=1e-12)


def test_a_blurred_window_shows_the_same_pixels_as_the_whole_frame() -> None:
    whole = rendered([sersic()], psf=kernel())
    part = rendered([sersic()], shape=(20, 25), origin=(9, 12), psf=kernel())
    assert part == pytest.approx(whole[12:32, 9:34], rel=1e-11)


def test_position_angle_turns_from_up_towards_left() -> None:
    model = rendered([sersic(x=20, y=20, q=0.2, pa=45.0)])
    assert model[26, 14] > 5.0 * model[26, 26]


def test_components_add_up() -> None:
    one, two = sersic("a"), sersic("b", x=30.2, y=12.0, n=3.0)
    both = rendered([one, two, flat_sky()])
    # Components of one stack share the finest rule that any of them needs: equal within the promise, not to rounding.
    assert both == pytest.approx(rendered([one]) + rendered([two]) + 3.0, rel=1e-6)
