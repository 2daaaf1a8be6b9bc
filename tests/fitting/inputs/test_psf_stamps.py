"""Analytic PSFs against independent quadrature."""

import math

import numpy as np
import pytest
from scipy.integrate import dblquad

from fitting.inputs.psf_stamps import gaussian_stamp, moffat_stamp
from fitting.spec import GaussianPsf, MoffatPsf

PIXELS = [(0, 0), (1, 0), (1, 1), (0, 3), (2, 4)]


def integral(function, x: int, y: int) -> float:  # type: ignore[no-untyped-def]
    """Integral over a pixel, cut at 0 where the pixel straddles it, so that a cusp lies in a corner."""
    spans = [[(-0.5, 0.0), (0.0, 0.5)] if centre == 0 else [(centre - 0.5, centre + 0.5)] for centre in (x, y)]
    return sum(dblquad(function, *ys, *xs, epsabs=0.0, epsrel=1e-10)[0] for xs in spans[0] for ys in spans[1])


@pytest.mark.parametrize(("fwhm", "beta"), [(4.7, 3.0), (2.0, 4.765), (0.6, 2.5), (2.0, 1.3)])
def test_a_moffat_psf_holds_pixel_integrals(fwhm: float, beta: float) -> None:
    stamp = moffat_stamp(MoffatPsf.model_validate({"moffat": {"fwhm": fwhm, "beta": beta}}))
    core = fwhm / (2 * math.sqrt(2 ** (1 / beta) - 1))
    half = stamp.shape[0] // 2
    pixels = [(x, y) for x, y in PIXELS if max(x, y) <= half]
    exact = np.array([integral(lambda v, u: (1 + (u * u + v * v) / core**2) ** -beta, x, y) for x, y in pixels])
    found = np.array([stamp[half + y, half + x] for x, y in pixels])
    assert found / found[0] == pytest.approx(exact / exact[0], rel=1e-8)


@pytest.mark.parametrize("fwhm", [0.5, 2.0, 4.7])
def test_a_gaussian_psf_holds_pixel_integrals(fwhm: float) -> None:
    stamp = gaussian_stamp(GaussianPsf.model_validate({"gaussian": {"fwhm": fwhm}}))
    sigma = fwhm / math.sqrt(8 * math.log(2))
    half = stamp.shape[0] // 2
    for x, y in [(x, y) for x, y in PIXELS if max(x, y) <= half]:
        exact = integral(lambda v, u: math.exp(-(u * u + v * v) / (2 * sigma**2)) / (2 * math.pi * sigma**2), x, y)
        assert stamp[half + y, half + x] == pytest.approx(exact, rel=1e-7, abs=1e-15)


@pytest.mark.parametrize("convention", ["discrete", "effective"])
@pytest.mark.parametrize("fwhm", [0.01, 1.0, 4.7, 100.0])
def test_an_analytic_psf_is_odd_symmetric_wide_and_sums_to_one(fwhm: float, convention: str) -> None:
    gaussian = GaussianPsf.model_validate({"gaussian": {"fwhm": fwhm}, "convention": convention})
    moffat = MoffatPsf.model_validate({"moffat": {"fwhm": fwhm, "beta": 2.5}, "convention": convention})
    for stamp in (gaussian_stamp(gaussian), moffat_stamp(moffat)):
        assert stamp.shape[0] == stamp.shape[1]
        assert stamp.shape[0] % 2 == 1
        assert stamp.shape[0] >= 7 * fwhm
        assert stamp.sum() == pytest.approx(1.0)
        assert np.allclose(stamp, stamp[::-1].T, rtol=1e-12, atol=0.0)


def test_an_effective_psf_is_sampled_at_pixel_centres() -> None:
    stamp = gaussian_stamp(GaussianPsf.model_validate({"gaussian": {"fwhm": 4.0}, "convention": "effective"}))
    half = stamp.shape[0] // 2
    assert stamp[half, half + 2] / stamp[half, half] == pytest.approx(0.5)
