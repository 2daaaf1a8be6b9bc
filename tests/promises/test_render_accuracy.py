"""What rendering promises, held against exact pixel integrals that were made without the engine.

Relative errors: 1e-5 of a pixel within five pixels of the centre, 1e-4 elsewhere inside four half-light radii, 1e-5 of
the flux, and 1e-4 of every pixel with a PSF.
"""

from dataclasses import dataclass
from typing import Any

import numpy as np
import pytest
from scipy.special import gammaincinv

from tests.fitting.scene import rendered, sersic
from tests.references.make_sersic_table import NEAR, TABLE, elliptical_radius
from tests.references.sersic_pixels import Array, total_flux

CORE_ERROR = 1e-5
BODY_ERROR = 1e-4
FLUX_ERROR = 1e-5
BLURRED_ERROR = 1e-4
BODY_RADII = 4.0

with np.load(TABLE) as _table:
    REFERENCE = {name: _table[name] for name in _table.files}


def model_of(case: Array, side: int, **fields: Any) -> Array:
    """The engine's image of a case x, y, q, pa, n, r_e with i_e = 1, (side, side)."""
    parameters = dict(zip(("x", "y", "q", "pa", "n", "r_e"), case.tolist(), strict=True))
    return rendered([sersic(**parameters, i_e=1.0)], shape=(side, side), **fields)


def label(case: Array) -> str:
    x, y, q, pa, n, r_e = case[:6]
    return f"n={n:g} r_e={r_e:g} q={q:g} pa={pa:g} x={x:g} y={y:g}"


@dataclass(frozen=True)
class Errors:
    """Relative errors of one case's pixels: near the centre, elsewhere inside four half-light radii, and beyond these.

    Beyond, where a thin galaxy has faded to nothing a pixel from its centre, they are relative to the pixel or to the
    brightness at four radii, whichever is more.
    """

    core: Array
    body: Array
    beyond: Array


def errors_of(number: int) -> Errors:
    """Errors of case `number` of the table."""
    case = REFERENCE["cases"][number]
    x0, y0, q, pa, n, r_e, side = case[:7]
    own = REFERENCE["pixel_case"] == number
    x, y, exact = (REFERENCE[name][own] for name in ("pixel_x", "pixel_y", "pixel_value"))
    inside = elliptical_radius(x - x0, y - y0, q, pa) <= BODY_RADII * r_e
    near = np.hypot(x - x0, y - y0) <= NEAR
    faintest = np.exp(-gammaincinv(2.0 * n, 0.5) * (BODY_RADII ** (1.0 / n) - 1.0))
    got = model_of(case[:6], int(side))[y, x]
    error = np.abs(got - exact) / np.where(inside, exact, np.maximum(exact, faintest))
    return Errors(error[near & inside], error[inside & ~near], error[~inside])


CASES = pytest.mark.parametrize(
    "number", range(len(REFERENCE["cases"])), ids=[label(case) for case in REFERENCE["cases"]]
)


@CASES
def test_pixels_near_the_centre_are_exact(number: int) -> None:
    assert errors_of(number).core.max() <= CORE_ERROR


@CASES
def test_pixels_inside_four_half_light_radii_are_exact(number: int) -> None:
    assert errors_of(number).body.max(initial=0.0) <= BODY_ERROR


@CASES
def test_pixels_beyond_four_half_light_radii_stay_dark(number: int) -> None:
    assert errors_of(number).beyond.max(initial=0.0) <= BODY_ERROR


@CASES
def test_a_frame_holds_the_light_that_falls_on_it(number: int) -> None:
    case = REFERENCE["cases"][number]
    assert model_of(case[:6], int(case[6])).sum() == pytest.approx(case[7], rel=FLUX_ERROR)


@pytest.mark.parametrize(("n", "q"), [(0.1, 0.15), (0.17, 0.15), (0.12, 0.4), (0.3, 0.15), (0.45, 0.7)])
def test_galaxies_with_an_edge_are_exact_down_to_the_faintness_of_a_gaussian(n: float, q: float) -> None:
    """n below ½, beside 16 × 16 points in each of 4 × 4 parts of a pixel: inside where I falls to i_e exp(−15 ln 2)
    relative to a pixel or to that, beyond it relative to i_e.
    """
    case = np.array([20.2, 18.9, q, 38.0, n, 9.0])
    nodes, weights = np.polynomial.legendre.leggauss(16)
    offsets = ((np.arange(4)[:, None] - 1.5 + 0.5 * nodes) / 4.0).ravel()
    shares = np.tile(weights / 8.0, 4)
    places = (np.arange(40)[:, None] + offsets).ravel()
    radius = elliptical_radius(places[None, :] - case[0], places[:, None] - case[1], q, 38.0) / 9.0
    b = gammaincinv(2.0 * n, 0.5)
    light = np.exp(-b * (radius ** (1.0 / n) - 1.0)).reshape(40, 64, 40, 64)
    exact = np.einsum("yaxb,a,b->yx", light, shares, shares)
    inside = radius.reshape(40, 64, 40, 64).min((1, 3)) <= (1.0 + 15.0 * np.log(2.0) / b) ** n
    got = model_of(case, 40)
    error = np.abs(got - exact)
    # The least relative error of a pixel at the edge itself, where the light ends, is a few per cent above the rest.
    assert (error / np.maximum(exact, 2.0**-15))[inside].max() <= 1.1 * CORE_ERROR
    assert error[~inside].max() <= 2e-6
    assert got.sum() == pytest.approx(exact.sum(), rel=1e-7)


@pytest.mark.parametrize("n", [0.5, 1.0, 2.5])
@pytest.mark.parametrize("q", [0.1, 0.6, 1.0])
def test_a_wide_frame_holds_the_total_flux(n: float, q: float) -> None:
    """So wide that less than 1e-7 of the flux falls outside; for larger n no frame of a test's size is."""
    x, y, pa, r_e, side = 200.4997, 200.13, 33.0, 2.0, 401
    got = model_of(np.array([x, y, q, pa, n, r_e]), side).sum()
    assert got == pytest.approx(total_flux(q, n, r_e, 1.0), rel=FLUX_ERROR)


@pytest.mark.parametrize(
    "number", range(len(REFERENCE["blurred_cases"])), ids=[label(case) for case in REFERENCE["blurred_cases"]]
)
def test_a_blurred_image_is_the_convolution_of_exact_pixels(number: int) -> None:
    exact = REFERENCE["blurred_images"][number]
    got = model_of(REFERENCE["blurred_cases"][number], len(exact), psf=REFERENCE["kernel"])
    assert got == pytest.approx(exact, rel=BLURRED_ERROR, abs=0.0)
