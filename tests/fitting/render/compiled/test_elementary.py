"""Exponential and logarithm of compiled loops against mpmath."""

import mpmath
import numpy as np
import pytest

pytest.importorskip("numba")

from fitting.render.compiled.elementary import exponential, logarithm

ULPS = 2.0
"""Units in the last place that each may be off."""


def off(found: float, exact: mpmath.mpf) -> float:
    """Units in the last place between a number and the exact one."""
    return float(abs(mpmath.mpf(found) - exact) / mpmath.mpf(np.spacing(abs(float(exact)))))


def test_exponentials_are_exact_to_two_units_in_the_last_place() -> None:
    random = np.random.default_rng(1)
    points = np.concatenate((random.uniform(-700.0, 700.0, 300), random.uniform(-2.0, 2.0, 300), [0.0, 1e-300, -1e-17]))
    assert max(off(exponential(x), mpmath.exp(mpmath.mpf(x))) for x in points) < ULPS


def test_logarithms_are_exact_to_two_units_in_the_last_place() -> None:
    random = np.random.default_rng(2)
    points = np.concatenate((np.exp(random.uniform(-600.0, 600.0, 300)), random.uniform(0.5, 2.0, 300), [1e-200]))
    assert logarithm(1.0) == 0.0
    assert max(off(logarithm(x), mpmath.log(mpmath.mpf(x))) for x in points) < ULPS


def test_what_is_beyond_float64_stays_a_number_and_no_number_stays_none() -> None:
    assert 0.0 <= exponential(-1e300) < 1e-300
    assert exponential(1e300) > 1e300
    assert np.isnan(exponential(np.nan))
