"""The yardstick itself, against integration of other kinds: mpmath in two dimensions, product rules, closed forms."""

import mpmath
import numpy as np
import pytest
from scipy.special import erf, gammaincinv

from tests.references.make_sersic_table import TABLE, elliptical_radius
from tests.references.sersic_pixels import Array, pixel_integral, rectangle_integral, total_flux

# x0, y0, ix, iy, q, pa, n, r_e: centres inside, on a corner, on an edge, just beside one, and outside.
HARD = [
    (0.0, 0.0, 0, 0, 1.0, 0.0, 1.0, 2.0),
    (0.5, 0.5, 1, 1, 0.6, 33.0, 2.5, 5.0),
    (0.4995, 0.2, 0, 0, 0.3, 71.3, 4.0, 2.0),
    (0.5, 0.13, 0, 0, 0.1, 45.0, 1.0, 1.0),
    (-0.2, 0.3, 0, 0, 0.6, 118.0, 8.0, 15.0),
    (0.1, 0.4, 1, -1, 0.1, 164.5, 0.5, 1.0),
    (0.25, -0.25, 4, 3, 0.3, 20.0, 8.0, 1.0),
]
_LONG = (2, 4)
"""mpmath takes many seconds for these."""


def mpmath_integral(x0: float, y0: float, ix: int, iy: int, q: float, pa: float, n: float, r_e: float) -> float:
    """∬ I over one pixel by tanh-sinh quadrature, split where the cusp's coordinates cross it."""
    with mpmath.workdps(16):
        b = mpmath.findroot(lambda b: mpmath.gammainc(2 * n, 0, b, regularized=True) - 0.5, 2 * n - 0.33)
        sine, cosine = mpmath.sin(mpmath.radians(pa)), mpmath.cos(mpmath.radians(pa))

        def brightness(x: mpmath.mpf, y: mpmath.mpf) -> mpmath.mpf:
            radius = mpmath.hypot(-sine * x + cosine * y, (cosine * x + sine * y) / q)
            return mpmath.exp(-b * ((radius / r_e) ** (mpmath.mpf(1) / n) - 1))

        return float(mpmath.quad(brightness, _span(ix, x0), _span(iy, y0), maxdegree=5))


def _span(pixel: int, centre: float) -> list[mpmath.mpf]:
    low, high = mpmath.mpf(pixel) - 0.5 - centre, mpmath.mpf(pixel) + 0.5 - centre
    return [low, 0, high] if low < 0 < high else [low, high]


@pytest.mark.parametrize(
    "case", [pytest.param(case, marks=pytest.mark.slow if place in _LONG else ()) for place, case in enumerate(HARD)]
)
def test_a_pixel_agrees_with_mpmath(case: tuple[float, float, int, int, float, float, float, float]) -> None:
    assert float(pixel_integral(*case, 1.0)) == pytest.approx(mpmath_integral(*case), rel=1e-9)


def gauss_legendre_integral(x: Array, y: Array, q: float, pa: float, n: float, r_e: float) -> Array:
    """∬ I over pixels at offsets x, y (count,) from the centre, none of them near it, by a product rule."""
    nodes, weights = np.polynomial.legendre.leggauss(64)
    points_x = x[:, None, None] + 0.5 * nodes
    points_y = y[:, None, None] + 0.5 * nodes[:, None]
    radius = elliptical_radius(points_x, points_y, q, pa) / r_e
    brightness = np.exp(-gammaincinv(2.0 * n, 0.5) * (radius ** (1.0 / n) - 1.0))
    return np.asarray(np.einsum("pij,i,j->p", brightness, 0.5 * weights, 0.5 * weights))


@pytest.mark.parametrize("n", [0.5, 1.0, 2.5, 8.0])
@pytest.mark.parametrize("q", [0.2, 1.0])
def test_far_pixels_agree_with_a_product_rule(n: float, q: float) -> None:
    generator = np.random.default_rng(3)
    pixels = generator.integers(-60, 61, (200, 2)).astype(float)
    pixels = pixels[np.abs(pixels).max(axis=1) > 4]
    exact = gauss_legendre_integral(pixels[:, 0] - 0.3, pixels[:, 1] + 0.2, q, 28.0, n, 20.0)
    got = pixel_integral(0.3, -0.2, pixels[:, 0], pixels[:, 1], q, 28.0, n, 20.0, 1.0)
    bright = exact > 1e-200
    assert got[bright] == pytest.approx(exact[bright], rel=1e-9, abs=0.0)


def test_a_gaussian_agrees_with_its_closed_form() -> None:
    """n = 1/2 with its axes along the pixels is a product of error functions."""
    x, y = np.mgrid[-12:13, -12:13]
    b, q, r_e = gammaincinv(1.0, 0.5), 0.4, 3.0

    def integral(pixel: Array, centre: float, width: float) -> Array:
        edges = (np.stack((pixel - 0.5, pixel + 0.5)) - centre) / width
        return np.asarray(0.5 * np.sqrt(np.pi) * width * np.diff(erf(edges), axis=0)[0])

    scale = r_e / np.sqrt(b)
    exact = np.exp(b) * integral(x, 0.5, q * scale) * integral(y, -0.2, scale)
    assert pixel_integral(0.5, -0.2, x, y, q, 0.0, 0.5, r_e, 1.0) == pytest.approx(exact, rel=1e-9, abs=1e-14)


@pytest.mark.parametrize("n", [0.5, 1.0, 4.0, 8.0])
def test_the_plane_holds_the_total_flux(n: float) -> None:
    plane = float(rectangle_integral(0.3, 0.2, -1e7, 1e7, -1e7, 1e7, 0.3, 50.0, n, 5.0, 2.0))
    assert plane == pytest.approx(total_flux(0.3, n, 5.0, 2.0), rel=1e-12)


def test_pixels_add_up_to_their_rectangle() -> None:
    y, x = np.mgrid[-30:41, -20:31]
    shape = (0.25, 140.0, 4.0, 6.0, 1.0)
    whole = float(rectangle_integral(0.5, 0.5, -20.5, 30.5, -30.5, 40.5, *shape))
    assert float(pixel_integral(0.5, 0.5, x, y, *shape).sum()) == pytest.approx(whole, rel=1e-12)


def test_the_table_is_what_the_yardstick_gives() -> None:
    with np.load(TABLE) as table:
        cases, owner = table["cases"], table["pixel_case"]
        x, y, value = table["pixel_x"], table["pixel_y"], table["pixel_value"]
    for number in range(0, len(cases), 9):
        x0, y0, q, pa, n, r_e = cases[number, :6]
        own = owner == number
        expected = pixel_integral(x0, y0, x[own], y[own], q, pa, n, r_e, 1.0)
        assert value[own] == pytest.approx(expected, rel=1e-11, abs=0.0)
